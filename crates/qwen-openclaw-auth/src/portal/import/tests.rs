//! OpenClaw's file: what is taken over, and what stays.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::*;
use crate::{ApiKey, ErrorKind, MemoryStore};

fn file(value: &Value) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth-profiles.json");
    fs::write(&path, value.to_string()).unwrap();
    (folder, path)
}

async fn import_file(store: &MemoryStore, path: &Path) -> Result<Vec<Imported>, Error> {
    let from = [OpenClawStore::read(path)?];
    Ok(import_openclaw(store, &from).await?.profiles)
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
    let imported = import_file(&store, &path).await.unwrap();
    assert_eq!(summary(&imported), taken);
    let again = import_file(&store, &path).await.unwrap();
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
    let kept = import_file(&store, &path).await.unwrap();
    assert_eq!(kept[5].import, Import::Kept);
    assert_eq!(store.load(&id).await.unwrap(), Some(own));
}

#[tokio::test]
async fn other_files_are_refused() {
    let store = MemoryStore::new();
    for value in [json!([]), json!({}), json!({"profiles": "secret"})] {
        let (_folder, path) = file(&value);
        let error = import_file(&store, &path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{value}");
        assert!(!format!("{error:?}").contains("secret"));
    }
    let bad: &[u8] = b"{\"secret\":";
    for (profiles, state) in [(bad, b"{}".as_slice()), (b"{\"profiles\":{}}", bad)] {
        let error = OpenClawStore::parse(Path::new("x"), Some(profiles), Some(state)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(!format!("{error:?}").contains("secret"));
    }
    let gone = Path::new("/nowhere/auth-profiles.json");
    let error = import_file(&store, gone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Read);
}

/// A store as it is in a database: the profiles of `names`, each with a key of its own.
fn database(path: &str, names: &[&str], state: &Value) -> OpenClawStore {
    let profile = |name: &&str| {
        let provider = name.split(':').next();
        let value = json!({"type": "api_key", "provider": provider, "key": format!("sk-{path}")});
        ((*name).to_owned(), value)
    };
    let profiles: serde_json::Map<_, _> = names.iter().map(profile).collect();
    let profiles = json!({"version": 1, "profiles": profiles}).to_string();
    let state = state.to_string();
    OpenClawStore::parse(
        Path::new(path),
        Some(profiles.as_bytes()),
        Some(state.as_bytes()),
    )
    .unwrap()
}

async fn order_after(store: &MemoryStore, from: &[OpenClawStore]) -> Vec<String> {
    let outcome = import_openclaw(store, from).await.unwrap();
    let order = store.order("qwen").await.unwrap();
    assert!(outcome.orders.is_empty() || outcome.orders["qwen"] == order);
    order.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn of_two_stores_the_first_counts_and_the_order_of_any() {
    let shared = database("shared", &["qwen:a", "qwen:b"], &json!(null));
    let agent = OpenClawStore::parse(
        Path::new("agent"),
        None,
        Some(br#"{"version":1,"order":{"modelstudio":["qwen:b","qwen:gone",7,"qwen:b"],"x":5}}"#),
    )
    .unwrap();
    assert!(agent.is_empty() && !shared.is_empty());
    let later = database(
        "later",
        &["qwen:b"],
        &json!({"order": {"qwen": ["qwen:a"]}}),
    );
    let store = MemoryStore::new();
    assert_eq!(
        order_after(&store, &[agent, shared, later]).await,
        ["qwen:b"]
    );
    let Some(Profile::ApiKey(stored)) = store.load(&"qwen:b".parse().unwrap()).await.unwrap()
    else {
        panic!("it was not imported");
    };
    assert_eq!(stored.key().expose(), "sk-shared");
}

#[tokio::test]
async fn the_profile_that_worked_last_comes_first_where_there_is_no_order() {
    let names = ["qwen:default", "qwen:work"];
    let store = MemoryStore::new();
    let good = database("x", &names, &json!({"lastGood": {"qwen": "qwen:work"}}));
    assert_eq!(order_after(&store, &[good]).await, ["qwen:work"]);
    // It is first anyway, unknown, of another provider, or not a name.
    for name in [
        json!("qwen:default"),
        json!("qwen:gone"),
        json!("qwen-oauth:x"),
        json!([]),
    ] {
        let names = ["qwen:default", "qwen:work", "qwen-oauth:x"];
        let from = database("x", &names, &json!({"lastGood": {"qwen": name}}));
        assert_eq!(
            order_after(&MemoryStore::new(), &[from]).await,
            [""; 0],
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_order_of_ones_own_stays() {
    let state = json!({"order": {"qwen": ["qwen:b", "qwen:a"]}});
    let from = [database("x", &["qwen:a", "qwen:b", "qwen:c"], &state)];
    let store = MemoryStore::new();
    let own = "qwen:own".parse().unwrap();
    let key = Profile::from(ApiKey::parse("sk-own").unwrap());
    store.put(&own, &key).await.unwrap();
    store
        .set_order("qwen", std::slice::from_ref(&own))
        .await
        .unwrap();
    assert_eq!(order_after(&store, &from).await, ["qwen:own"]);
    // One that was cleared is not set again by an import of nothing new.
    store.set_order("qwen", &[]).await.unwrap();
    assert_eq!(order_after(&store, &from).await, [""; 0]);
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
