//! OpenClaw's file: what is taken over, and what stays.

use serde_json::json;

use super::*;
use crate::{ErrorKind, MemoryStore};

fn file(value: &Value) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth-profiles.json");
    fs::write(&path, value.to_string()).unwrap();
    (folder, path)
}

fn summary(imported: &[Imported]) -> Vec<(&str, Option<&str>, Import)> {
    let line = |each: &Imported| each.import;
    imported
        .iter()
        .map(|each| {
            let id = each.id.as_ref().map(ProfileId::as_str);
            (each.name.as_str(), id, line(each))
        })
        .collect()
}

#[tokio::test]
async fn openclaws_profiles_are_copied_once() {
    let (_folder, path) = file(&json!({
        "version": 1,
        "profiles": {
            "qwen:default": {"type": "api_key", "provider": "qwen", "key": " sk-1 "},
            "modelstudio:work": {"type": "api_key", "provider": "modelstudio", "key": "sk-2"},
            "qwen:ref": {"type": "api_key", "provider": "qwen",
                         "keyRef": {"source": "env", "provider": "default", "id": "QWEN_API_KEY"}},
            "qwen:tok": {"type": "token", "provider": "qwen", "token": "t", "expires": 1_900_000_000_000_u64},
            "qwen-portal:default": {"type": "oauth", "provider": "qwen-portal", "access": "a",
                                    "refresh": "r", "expires": 1_900_000_000_000_u64},
            "qwen-portal:empty": {"type": "oauth", "provider": "qwen-portal", "access": "a", "refresh": ""},
            "google:me": {"type": "oauth", "provider": "google", "access": "a", "refresh": "r"},
            "bad": 5,
        },
        "order": {"qwen": ["qwen:default"]},
    }));
    let before = fs::read(&path).unwrap();
    let store = MemoryStore::new();
    let taken = [
        ("bad", None, Import::Skipped),
        ("google:me", None, Import::Skipped),
        ("modelstudio:work", Some("qwen:work"), Import::Imported),
        (
            "qwen-portal:default",
            Some("qwen-oauth:default"),
            Import::Imported,
        ),
        ("qwen-portal:empty", None, Import::Skipped),
        ("qwen:default", Some("qwen:default"), Import::Imported),
        ("qwen:ref", None, Import::Skipped),
        ("qwen:tok", Some("qwen:tok"), Import::Imported),
    ];
    let imported = import_openclaw(&store, &path).await.unwrap();
    assert_eq!(summary(&imported), taken);
    let again = import_openclaw(&store, &path).await.unwrap();
    let unchanged = taken.map(|(name, id, import)| match import {
        Import::Imported => (name, id, Import::Unchanged),
        other => (name, id, other),
    });
    assert_eq!(summary(&again), unchanged);
    assert_eq!(fs::read(&path).unwrap(), before);

    // One's own key stays.
    let id = "qwen:default".parse().unwrap();
    let own = Profile::from(ApiKey::parse("sk-own").unwrap());
    store.put(&id, &own).await.unwrap();
    let kept = import_openclaw(&store, &path).await.unwrap();
    assert_eq!(kept[5].import, Import::Kept);
    assert_eq!(store.load(&id).await.unwrap(), Some(own));
}

#[tokio::test]
async fn other_files_are_refused() {
    let store = MemoryStore::new();
    for value in [json!([]), json!({}), json!({"profiles": "secret"})] {
        let (_folder, path) = file(&value);
        let error = import_openclaw(&store, &path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{value}");
        assert!(!format!("{error:?}").contains("secret"));
    }
    let gone = Path::new("/nowhere/auth-profiles.json");
    let error = import_openclaw(&store, gone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Read);
}

#[tokio::test]
async fn a_cli_file_without_a_login_is_said() {
    let store = MemoryStore::new();
    let id = "qwen-oauth:default".parse().unwrap();
    let file = QwenCliFile::new("/nowhere/oauth_creds.json");
    let error = import_qwen_cli(&store, &id, &file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Read);
    assert!(error.to_string().contains("oauth_creds.json"), "{error}");
}
