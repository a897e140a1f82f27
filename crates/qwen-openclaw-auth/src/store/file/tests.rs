//! What the file looks like, and what survives a change.

use serde_json::{Value, json};

use super::*;
use crate::{ApiKey, ErrorKind};

fn key(text: &str) -> Profile {
    Profile::from(ApiKey::parse(text).unwrap())
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
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert!(error.to_string().contains("newer version"), "{error}");
    // A login requested by the user is no reason to move it away.
    let error = store.set_corrupt_aside().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert!(store.path().exists());
}

#[tokio::test]
async fn a_damaged_profile_is_discarded_when_asked() {
    let text = r#"{"version":1,"profiles":{"qwen:a":{"type":"oauth","expires":-5},
        "qwen:b":{"type":"api_key","key":"sk-1"}},"order":{"qwen":["qwen:a","qwen:b"]}}"#;
    let (_folder, store) = store(text);
    let (a, b) = ("qwen:a".parse().unwrap(), "qwen:b".parse().unwrap());
    let error = store.put(&a, &key("sk-2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(store.discard(&a).await.unwrap());
    assert!(!store.discard(&a).await.unwrap());
    store.put(&a, &key("sk-2")).await.unwrap();
    assert_eq!(store.load(&b).await.unwrap(), Some(key("sk-1")));
    assert_eq!(store.order("qwen").await.unwrap(), [b]);
}

/// A temporary file that a killed process has left holds credentials.
#[tokio::test]
async fn what_a_dead_process_has_left_goes_at_the_next_change() {
    let (folder, store) = store(r#"{"version":1,"profiles":{}}"#);
    let left = folder.path().join(".credentials.json.x1.qwen-openclaw.tmp");
    let others = folder.path().join(".credentials.json.x1.tmp");
    for path in [&left, &others] {
        std::fs::write(path, "secret").unwrap();
    }
    let id = "qwen:a".parse().unwrap();
    store.put(&id, &key("sk-1")).await.unwrap();
    assert!(!left.exists());
    assert!(others.exists(), "a file of another program");
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_that_json_cannot_hold_is_refused() {
    use std::os::unix::ffi::OsStringExt;

    let (_folder, store) = store(r#"{"version":1,"profiles":{}}"#);
    let path = std::ffi::OsString::from_vec(b"/tmp/caf\xe9/oauth_creds.json".to_vec());
    let tied = Profile::QwenCli {
        path: path.into(),
        server: None,
    };
    let id = "qwen-oauth:a".parse().unwrap();
    let error = store.put(&id, &tied).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Write);
    assert_eq!(store.load(&id).await.unwrap(), None);
}

/// A file in which one provider is called by its alias, as a person or another program writes it.
const ALIASED: &str = r#"{
  "version": 1,
  "profiles": {
    "modelstudio:default": {"type": "api_key", "provider": "modelstudio", "key": "sk-1", "x": 1.50},
    "qwen:work": {"type": "api_key", "key": "sk-2"}
  },
  "order": {"modelstudio": ["modelstudio:default", "qwen:work"]}
}"#;

#[tokio::test]
async fn an_entry_under_an_alias_is_found_ordered_renewed_and_removed() {
    let (_folder, store) = store(ALIASED);
    let id: ProfileId = "qwen:default".parse().unwrap();
    let work: ProfileId = "qwen:work".parse().unwrap();
    let both = [id.clone(), work.clone()];
    assert_eq!(store.list().await.unwrap(), both);
    assert_eq!(store.load(&id).await.unwrap(), Some(key("sk-1")));
    for name in ["qwen", "modelstudio", "Modelstudio", "qwencloud"] {
        assert_eq!(store.order(name).await.unwrap(), both, "{name}");
        let ranked = store.ranked(name).await.unwrap();
        assert_eq!(ranked.len(), 2, "{name}");
        assert!(!store.lacks(name), "{name}");
    }

    // Once changed, it is stored under the canonical id, with its unrecognized fields.
    store.put(&id, &key("sk-3")).await.unwrap();
    assert_eq!(store.list().await.unwrap(), both);
    assert_eq!(store.load(&id).await.unwrap(), Some(key("sk-3")));
    let profiles = &json_of(&store)["profiles"];
    assert_eq!(
        profiles["qwen:default"],
        json!({"type": "api_key", "provider": "qwen", "key": "sk-3", "x": 1.5})
    );
    assert_eq!(profiles.get("modelstudio:default"), None);

    // An order by one name replaces that by another.
    let turned = [work.clone(), id.clone()];
    store.set_order("modelstudio", &turned).await.unwrap();
    assert_eq!(store.order("qwen").await.unwrap(), turned);
    assert_eq!(
        json_of(&store)["order"],
        json!({"qwen": turned.map(|id| id.to_string())})
    );
}

#[tokio::test]
async fn an_entry_under_an_alias_is_removed() {
    for by_discarding in [true, false] {
        let (_folder, store) = store(ALIASED);
        let id: ProfileId = "qwen:default".parse().unwrap();
        let removed = if by_discarding {
            store.discard(&id).await
        } else {
            store.swap(&id, Some(&key("sk-1")), None).await
        };
        assert!(removed.unwrap());
        let work: ProfileId = "qwen:work".parse().unwrap();
        assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&work));
        assert_eq!(store.load(&id).await.unwrap(), None);
        assert_eq!(store.order("qwen").await.unwrap(), [work]);
        assert!(
            !std::fs::read_to_string(store.path())
                .unwrap()
                .contains("sk-1")
        );
        assert!(!store.discard(&id).await.unwrap());
    }
}

#[tokio::test]
async fn of_two_names_for_one_profile_neither_is_lost() {
    let text = r#"{"version":1,"profiles":{
        "modelstudio:a":{"type":"api_key","key":"sk-alias"},
        "qwen:a":{"type":"api_key","key":"sk-own"}}}"#;
    let (_folder, store) = store(text);
    let id: ProfileId = "qwen:a".parse().unwrap();
    assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&id));
    assert_eq!(store.load(&id).await.unwrap(), Some(key("sk-own")));
    store.put(&id, &key("sk-new")).await.unwrap();
    let profiles = json_of(&store)["profiles"].clone();
    assert_eq!(profiles["modelstudio:a"]["key"], "sk-alias");
    assert_eq!(profiles["qwen:a"]["key"], "sk-new");
    // Only what the caller has seen is removed; the other is seen then.
    assert!(store.swap(&id, Some(&key("sk-new")), None).await.unwrap());
    assert_eq!(store.load(&id).await.unwrap(), Some(key("sk-alias")));
    assert!(store.swap(&id, Some(&key("sk-alias")), None).await.unwrap());
    assert_eq!(store.list().await.unwrap(), []);

    // A damaged one does not hide the other, and is not written over.
    let text = r#"{"version":1,"profiles":{
        "modelstudio:a":{"type":"api_key","key":"sk-alias"},"qwen:a":{"type":"hologram"}}}"#;
    let (_folder, store) = self::store(text);
    assert_eq!(store.list().await.unwrap(), std::slice::from_ref(&id));
    store.put(&id, &key("sk-new")).await.unwrap();
    assert_eq!(store.load(&id).await.unwrap(), Some(key("sk-new")));
    assert_eq!(json_of(&store)["profiles"]["qwen:a"]["type"], "hologram");
    assert!(store.discard(&id).await.unwrap());
    assert_eq!(json_of(&store)["profiles"], json!({}));
}

#[tokio::test]
async fn numbers_that_nobody_here_knows_are_kept_to_the_digit() {
    let numbers = r#"[0.30000000000000004, 8.5e-3, 1.10, 1E+2, -0.0, 98765432109876543210]"#;
    let text = format!(
        r#"{{"version":1,"top":{numbers},"profiles":{{
        "qwen:a":{{"type":"api_key","key":"sk-1","x":{numbers}}},
        "qwen:b":{{"type":"hologram","x":{numbers}}},
        "qwen-oauth:c":{{"type":"oauth","access":"t","refresh":"r","expires":1,"x":{numbers}}}}}}}"#
    );
    let (_folder, store) = store(&text);
    let count = || {
        let text = std::fs::read_to_string(store.path()).unwrap();
        text.matches(numbers).count()
    };
    assert_eq!(count(), 4);
    store
        .put(&"qwen:a".parse().unwrap(), &key("sk-2"))
        .await
        .unwrap();
    assert_eq!(count(), 4);
    let id = "qwen-oauth:c".parse().unwrap();
    let present = store.load(&id).await.unwrap();
    let Some(Profile::Login(mut login)) = present.clone() else {
        panic!("{present:?}");
    };
    login.generation += 1;
    let new = Profile::Login(login);
    assert!(store.swap(&id, present.as_ref(), Some(&new)).await.unwrap());
    assert_eq!(store.load(&id).await.unwrap(), Some(new));
    assert_eq!(count(), 4);
}
