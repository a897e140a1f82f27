//! Which credentials a provider has, in which order.

use std::{sync::Arc, time::SystemTime};

use qwen_openclaw_client::{
    ConfiguredProvider, CustomProvider, Routes,
    auth::{ApiKey, CredentialStore, Environment, MemoryStore, Profile, Source, StaticToken},
    catalog::Provider,
};
use qwen_openclaw_http::ErrorKind;

const QWEN: Provider = Provider::QWEN;

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

fn file() -> Source {
    Source::Config {
        path: "openclaw.json".to_owned(),
    }
}

async fn store(ids: &[&str]) -> Arc<MemoryStore> {
    let store = MemoryStore::new();
    for id in ids {
        let profile = Profile::from(key(&format!("sk-{}", id.replace(':', "-"))));
        store.put(&id.parse().unwrap(), &profile).await.unwrap();
    }
    Arc::new(store)
}

/// The sources of the accounts and the keys that are sent with each.
async fn accounts(routes: &Routes, provider: &Provider) -> Vec<String> {
    let mut found = Vec::new();
    for account in routes.accounts(provider).await.unwrap() {
        let route = routes.route_with(provider, &account).await.unwrap();
        let sent = route.credential().unwrap();
        if let Some(source) = account.source() {
            assert_eq!(source, sent.source());
        }
        let connection = routes.connect_account(provider, &account).unwrap();
        let connected = connection.build().unwrap().route().await.unwrap();
        assert_eq!(connected.credential(), route.credential());
        found.push(format!("{}: {}", sent.source(), sent.key().expose()));
    }
    // The first one is the one that is used without a choice.
    let first = routes.route_to(provider).await.unwrap();
    let first = first.credential().unwrap();
    let first = format!("{}: {}", first.source(), first.key().expose());
    assert_eq!(found.first(), Some(&first));
    found
}

fn environment() -> Routes {
    Routes::new().environment(Environment::from_pairs([("QWEN_API_KEY", "sk-env")]))
}

#[tokio::test]
async fn profiles_come_before_the_environment_and_that_before_the_configuration() {
    let configured = ConfiguredProvider::new(QWEN, file()).key(key("sk-file"), file());
    let routes = environment()
        .configured(configured.clone())
        .store(store(&["qwen:b", "qwen:default", "qwen:a", "qwen-oauth:x"]).await);
    let all = [
        "profile: qwen:default: sk-qwen-default",
        "profile: qwen:a: sk-qwen-a",
        "profile: qwen:b: sk-qwen-b",
        "env: QWEN_API_KEY: sk-env",
        "config: openclaw.json: sk-file",
    ];
    assert_eq!(accounts(&routes, &QWEN).await, all);

    let order = ["qwen:b".parse().unwrap(), "qwen:a".parse().unwrap()];
    let ordered = routes.configured(configured.order(order));
    let ids = accounts(&ordered, &QWEN).await;
    assert_eq!(ids[..3], [all[2], all[1], all[0]]);
}

#[tokio::test]
async fn the_order_of_the_store_wins() {
    let store = store(&["qwen:a", "qwen:b"]).await;
    let ids = |ids: [&str; 2]| ids.map(|id| id.parse().unwrap());
    let kept = ids(["qwen:b", "qwen:a"]);
    store.set_order("qwen", &kept).await.unwrap();
    let configured = ConfiguredProvider::new(QWEN, file()).order(ids(["qwen:a", "qwen:b"]));
    let routes = Routes::new().configured(configured).store(store);
    assert_eq!(
        accounts(&routes, &QWEN).await,
        ["profile: qwen:b: sk-qwen-b", "profile: qwen:a: sk-qwen-a"]
    );
}

#[tokio::test]
async fn what_was_chosen_is_the_only_account() {
    let store = store(&["qwen:a", "qwen:b"]).await;
    let routes = environment().store(store);
    let explicit = routes.clone().api_key(QWEN, key("sk-mine"));
    assert_eq!(accounts(&explicit, &QWEN).await, ["explicit: sk-mine"]);
    let profile = routes.profile(QWEN, "qwen:b".parse().unwrap());
    assert_eq!(
        accounts(&profile, &QWEN).await,
        ["profile: qwen:b: sk-qwen-b"]
    );
}

#[tokio::test]
async fn the_same_key_is_one_account_and_expired_tokens_are_none() {
    let configured = ConfiguredProvider::new(QWEN, file()).key(key("sk-env"), file());
    let store = MemoryStore::new();
    let expired = StaticToken::new(key("old")).expires_at(SystemTime::UNIX_EPOCH);
    let id = "qwen:old".parse().unwrap();
    store.put(&id, &Profile::Token(expired)).await.unwrap();
    let routes = environment().configured(configured).store(Arc::new(store));
    assert_eq!(
        accounts(&routes, &QWEN).await,
        ["env: QWEN_API_KEY: sk-env"]
    );
}

#[tokio::test]
async fn a_server_without_keys_has_one_account_and_a_provider_without_a_key_none() {
    let own = CustomProvider::new("mine", "http://127.0.0.1:1/v1").unwrap();
    let id = own.id().clone();
    let routes = Routes::new().provider(own);
    let accounts = routes.accounts(&id).await.unwrap();
    let [account] = &accounts[..] else {
        panic!("{accounts:?}")
    };
    let route = routes.route_with(&id, account).await.unwrap();
    assert!(route.credential().is_none() && route.credential_error().is_none());

    let error = routes.accounts(&QWEN).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}
