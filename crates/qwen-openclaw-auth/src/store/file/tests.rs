//! What the file looks like, and what survives a change.

use serde_json::{Value, json};

use super::*;
use crate::{ApiKey, ErrorKind};

fn key(text: &str) -> Profile {
    Profile::ApiKey(ApiKey::parse(text).unwrap())
}

fn store(text: &str) -> (tempfile::TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("credentials.json"));
    std::fs::write(store.path(), text).unwrap();
    (folder, store)
}

fn json_of(store: &FileStore) -> Value {
    serde_json::from_slice(&std::fs::read(store.path()).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_not_understood_survives_a_change() {
    let text = json!({
        "version": 1, "lastGood": {"qwen": "qwen:a"},
        "profiles": {
            "qwen:a": {"type": "api_key", "provider": "qwen", "key": "sk-1", "note": "mine"},
            "qwen:b": {"type": "hologram", "x": 1},
            "not an id": {"type": "api_key", "key": "sk-2"},
            "qwen:c": {"type": "api_key", "provider": "openai", "key": "sk-3"},
        },
    });
    let (_folder, store) = store(&text.to_string());
    let a: ProfileId = "qwen:a".parse().unwrap();
    assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&a));
    store.put(&a, &key("sk-4")).await.unwrap();
    let mut expect = text;
    expect["profiles"]["qwen:a"]["key"] = "sk-4".into();
    assert_eq!(json_of(&store), expect);
    for damaged in ["qwen:b", "qwen:c"] {
        let error = store.load(&damaged.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

#[tokio::test]
async fn a_damaged_file_is_moved_aside_only_when_asked() {
    for text in [
        "{\"version\":1,\"profiles\":{\"qwen:a\":{\"key\":\"sk-secret",
        "[]",
    ] {
        let (_folder, store) = store(text);
        let id = "qwen:a".parse().unwrap();
        let error = store.put(&id, &key("sk-1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(!format!("{error} {error:?}").contains("secret"));
        assert_eq!(std::fs::read_to_string(store.path()).unwrap(), text);

        let aside = store.set_corrupt_aside().await.unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(aside).unwrap(), text);
        store.put(&id, &key("sk-1")).await.unwrap();
        assert_eq!(store.set_corrupt_aside().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_newer_form_is_left_alone() {
    let (_folder, store) = store(r#"{"version":2,"profiles":{}}"#);
    let error = store.put(&"qwen:a".parse().unwrap(), &key("sk-1")).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("newer version"), "{error}");
}
