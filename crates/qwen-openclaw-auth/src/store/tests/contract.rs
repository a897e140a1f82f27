//! What every store must do: one suite, run on each.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::timeout;

use crate::{
    ApiKey, CredentialStore, ErrorKind, FileStore, Login, MemoryStore, Profile, ProfileId,
    SecretText, StaticToken,
};

/// A store under test, and another handle on the same profiles, as another process has one.
struct Pair<S> {
    one: S,
    other: S,
}

async fn holds<S: CredentialStore>(fresh: impl Fn() -> Pair<S>) {
    starts_empty(&fresh()).await;
    gives_back_what_it_took(&fresh()).await;
    swaps_only_what_is_expected(&fresh()).await;
    keeps_orders(&fresh()).await;
    ranks_by_order_then_by_kind(&fresh()).await;
    leases_to_one_at_a_time(fresh()).await;
    keeps_notes(&fresh()).await;
    loses_no_swap_of_many(fresh()).await;
}

fn id(text: &str) -> ProfileId {
    text.parse().unwrap()
}

fn key(text: &str) -> Profile {
    Profile::from(ApiKey::parse(text).unwrap())
}

fn login(access: &str) -> Login {
    let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
    let mut login = Login::new(
        ApiKey::parse(access).unwrap(),
        Some(SecretText::new("refresh")),
        expires,
    );
    login.lifetime = Some(Duration::from_secs(21_600));
    login.resource_url = Some("portal.qwen.ai".to_owned());
    login.server = Some("https://login.example".to_owned());
    login.generation = 7;
    login.imported = Some("0123".to_owned());
    login
}

async fn starts_empty<S: CredentialStore>(pair: &Pair<S>) {
    assert_eq!(pair.one.list().await.unwrap(), []);
    assert_eq!(pair.one.load(&id("qwen:a")).await.unwrap(), None);
    assert_eq!(pair.one.order("qwen").await.unwrap(), []);
    assert!(pair.one.lacks("qwen"));
    pair.one.check_writable().await.unwrap();
}

async fn gives_back_what_it_took<S: CredentialStore>(pair: &Pair<S>) {
    let token = StaticToken::new(ApiKey::parse("token").unwrap());
    let expiring = token.clone().expires_at(SystemTime::now());
    let profiles = [
        ("qwen:a", key("sk-1")),
        ("qwen:b", Profile::Token(token)),
        ("qwen:c", Profile::Token(expiring)),
        ("qwen-oauth:d", Profile::Login(login("access"))),
        (
            "qwen-oauth:e",
            Profile::QwenCli {
                path: "/x/y".into(),
                server: Some("https://l.example".to_owned()),
            },
        ),
    ];
    for (name, profile) in &profiles {
        pair.one.put(&id(name), profile).await.unwrap();
    }
    for (name, profile) in &profiles {
        let found = pair.other.load(&id(name)).await.unwrap();
        assert_eq!(found.as_ref(), Some(profile), "{name}");
    }
    let mut names: Vec<_> = profiles.iter().map(|(name, _)| id(name)).collect();
    names.sort();
    assert_eq!(pair.other.list().await.unwrap(), names);
    assert!(pair.other.lacks("openai"));
    assert!(!pair.other.lacks("qwen") && !pair.other.lacks("qwen-oauth"));
}

async fn swaps_only_what_is_expected<S: CredentialStore>(pair: &Pair<S>) {
    let (a, one, two) = (id("qwen:a"), key("sk-1"), key("sk-2"));
    let Pair { one: store, other } = pair;
    assert!(!store.swap(&a, Some(&one), Some(&two)).await.unwrap());
    assert!(store.swap(&a, None, Some(&one)).await.unwrap());
    assert!(!other.swap(&a, None, Some(&two)).await.unwrap());
    assert!(!other.swap(&a, Some(&two), None).await.unwrap());
    assert_eq!(store.load(&a).await.unwrap(), Some(one.clone()));
    assert!(other.swap(&a, Some(&one), Some(&two)).await.unwrap());
    assert_eq!(store.load(&a).await.unwrap(), Some(two.clone()));
    assert!(store.swap(&a, Some(&two), None).await.unwrap());
    assert_eq!(other.load(&a).await.unwrap(), None);
}

async fn keeps_orders<S: CredentialStore>(pair: &Pair<S>) {
    let (a, b, c) = (id("qwen:a"), id("qwen:b"), id("qwen-oauth:c"));
    for id in [&a, &b, &c] {
        pair.one.put(id, &key("sk-1")).await.unwrap();
    }
    let order = [b.clone(), a.clone()];
    pair.one.set_order("qwen", &order).await.unwrap();
    assert_eq!(pair.other.order("qwen").await.unwrap(), order);
    for wrong in [c, id("qwen:x")] {
        let error = pair.one.set_order("qwen", &[wrong]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoProfile);
    }
    let gone = pair.one.load(&b).await.unwrap();
    assert!(pair.one.swap(&b, gone.as_ref(), None).await.unwrap());
    assert_eq!(pair.other.order("qwen").await.unwrap(), [a]);
    pair.other.set_order("qwen", &[]).await.unwrap();
    assert_eq!(pair.one.order("qwen").await.unwrap(), []);
}

async fn ranks_by_order_then_by_kind<S: CredentialStore>(pair: &Pair<S>) {
    let token = StaticToken::new(ApiKey::parse("token").unwrap());
    let profiles = [
        ("qwen:key-a", key("sk-1")),
        ("qwen:key-b", key("sk-2")),
        ("qwen:token", Profile::Token(token)),
        ("qwen:login", Profile::Login(login("access"))),
        ("qwen-oauth:x", Profile::Login(login("access"))),
    ];
    for (name, profile) in &profiles {
        pair.one.put(&id(name), profile).await.unwrap();
    }
    let ranked = async || -> Vec<String> {
        let ranked = pair.one.ranked("qwen").await.unwrap();
        ranked
            .iter()
            .map(|(id, _)| id.account().to_owned())
            .collect()
    };
    assert_eq!(ranked().await, ["login", "token", "key-a", "key-b"]);
    pair.one
        .set_order("qwen", &[id("qwen:key-b")])
        .await
        .unwrap();
    assert_eq!(ranked().await, ["key-b", "login", "token", "key-a"]);
}

async fn leases_to_one_at_a_time<S: CredentialStore>(pair: Pair<S>) {
    let (a, b) = (id("qwen:a"), id("qwen:b"));
    let lease = pair.one.lease(&a).await.unwrap();
    tokio::time::pause();
    let blocked = timeout(Duration::from_secs(1), pair.other.lease(&a)).await;
    tokio::time::resume();
    assert!(blocked.is_err(), "two hold the lease at once");
    // Another profile is another lease, and a lease does not prevent changes to the profile.
    drop(pair.other.lease(&b).await.unwrap());
    pair.other.put(&a, &key("sk-1")).await.unwrap();
    drop(lease);
    drop(pair.other.lease(&a).await.unwrap());
}

async fn keeps_notes<S: CredentialStore>(pair: &Pair<S>) {
    let a = id("qwen:a");
    assert_eq!(pair.other.note(&a).await.unwrap(), None);
    let lease = pair.one.lease(&a).await.unwrap();
    assert_eq!(lease.note().unwrap(), None);
    assert_eq!(pair.other.note(&a).await.unwrap(), None);
    lease.set_note(Some("a long note")).unwrap();
    lease.set_note(Some("short")).unwrap();
    // Without the lease, which is taken.
    #[cfg(unix)]
    assert_eq!(pair.other.note(&a).await.unwrap().as_deref(), Some("short"));
    drop(lease);
    let lease = pair.other.lease(&a).await.unwrap();
    assert_eq!(lease.note().unwrap().as_deref(), Some("short"));
    lease.set_note(None).unwrap();
    assert_eq!(lease.note().unwrap(), None);
}

async fn loses_no_swap_of_many<S: CredentialStore>(pair: Pair<S>) {
    let stores = Arc::new(pair);
    let mut tasks = Vec::new();
    for number in 0..16 {
        let stores = Arc::clone(&stores);
        tasks.push(tokio::spawn(async move {
            let store = if number % 2 == 0 {
                &stores.one
            } else {
                &stores.other
            };
            let id = ProfileId::new("qwen", &format!("account-{number}")).unwrap();
            store.put(&id, &key(&format!("sk-{number}"))).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stores.one.list().await.unwrap().len(), 16);
}

#[tokio::test]
async fn memory() {
    holds(|| {
        let one = MemoryStore::new();
        let other = one.clone();
        Pair { one, other }
    })
    .await;
}

#[tokio::test]
async fn file() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    holds(|| {
        number.set(number.get() + 1);
        let path = folder
            .path()
            .join(format!("{}/credentials.json", number.get()));
        let (one, other) = (FileStore::new(&path), FileStore::new(&path));
        Pair { one, other }
    })
    .await;
}
