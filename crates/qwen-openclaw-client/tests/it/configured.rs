//! What a configuration says ranks below everything else.

use qwen_openclaw_client::{
    ConfiguredProvider, EndpointRule, Hint, RequestTemplate, Routes,
    auth::{self, ApiKey, Environment, Source},
    catalog::{Endpoint, Provider},
    http,
};
use qwen_openclaw_emulator::Emulator;

const GATEWAY: &str = "https://gateway.example/v1";

fn file() -> Source {
    Source::Config {
        path: "~/.openclaw/openclaw.json".to_owned(),
    }
}

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

fn configured(id: &str) -> ConfiguredProvider {
    ConfiguredProvider::new(Provider::exactly(id).unwrap(), file())
}

fn own(id: &str) -> ConfiguredProvider {
    configured(id).custom().base_url(GATEWAY)
}

fn unset() -> http::Error {
    http::Error::unsent(http::ErrorKind::Setup).with_message("MY_URL is not set")
}

#[tokio::test]
async fn the_configured_key_comes_last() {
    let provider = configured("qwen").key(key("sk-configured"), file());
    let with = |pairs: &[(&str, &str)]| {
        Routes::new()
            .environment(Environment::from_pairs(pairs.iter().copied()))
            .configured(provider.clone())
    };
    let source = async |routes: Routes| {
        let route = routes.route("qwen/glm-5").await.unwrap();
        route.credential().unwrap().source().to_string()
    };
    let file = "config: ~/.openclaw/openclaw.json";
    assert_eq!(source(with(&[])).await, file);
    let environment = [("DASHSCOPE_API_KEY", "sk-environment")];
    let found = source(with(&environment)).await;
    assert_eq!(found, "env: DASHSCOPE_API_KEY");
    let explicit = with(&environment).api_key(Provider::QWEN, key("sk-explicit"));
    assert_eq!(source(explicit).await, "explicit");
    // It is that provider's alone.
    let portal = with(&[]).route("qwen-oauth/coder-model").await.unwrap();
    assert!(portal.credential().is_none());
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_an_error_only_where_it_is_needed() {
    let error = auth::Error::configured(&Provider::QWEN, "MY_KEY is not set");
    let routes = Routes::new().configured(configured("qwen").unusable_key(error.clone()));
    let route = routes.route("qwen/glm-5").await.unwrap();
    let problem = route.credential_error().unwrap();
    assert_eq!(problem.kind(), auth::ErrorKind::Configured);
    let routes = routes.with_environment(|_| Environment::from_pairs([("QWEN_API_KEY", "sk-1")]));
    let route = routes.route("qwen/glm-5").await.unwrap();
    assert_eq!(route.credential().unwrap().key().expose(), "sk-1");

    // A custom provider that has one configured does not go without.
    let routes = Routes::new().configured(own("acme").unusable_key(error));
    let route = routes.route("acme/m").await.unwrap();
    assert!(route.credential_error().is_some());
}

#[tokio::test]
async fn a_base_url_that_cannot_be_used_is_an_error_only_where_it_is_needed() {
    let routes = Routes::new().configured(configured("qwen").unusable(unset()));
    let error = routes.route("qwen/glm-5").await.unwrap_err();
    assert_eq!(error.to_string(), "MY_URL is not set");
    assert_eq!(error.kind(), http::ErrorKind::Setup);
    let elsewhere = routes.clone().base_url(Provider::QWEN, GATEWAY);
    let route = elsewhere.route("qwen/glm-5").await.unwrap();
    assert_eq!(route.endpoint().rule(), &EndpointRule::Explicit);
    let other = routes.route("qwen-oauth/coder-model").await.unwrap();
    assert_eq!(
        other.endpoint().base_url().as_str(),
        Endpoint::Portal.base_url()
    );
}

#[tokio::test]
async fn a_custom_provider_is_found_by_its_exact_id() {
    let routes = Routes::new().configured(own("modelstudio").key(key("own-key"), file()));
    let route = routes.route("modelstudio/org/model").await.unwrap();
    assert_eq!(route.provider().id(), "modelstudio");
    assert_eq!(route.model(), Some("org/model"));
    assert_eq!(route.endpoint().base_url().as_str(), GATEWAY);
    assert_eq!(route.endpoint().rule(), &EndpointRule::Configured(file()));
    let other = routes.route("dashscope/glm-5").await.unwrap();
    assert_eq!(other.provider(), &Provider::QWEN);
    let keyless = Routes::new().configured(own("acme"));
    let route = keyless.route("acme/m").await.unwrap();
    assert!(route.credential().is_none() && route.credential_error().is_none());
}

#[tokio::test]
async fn headers_go_to_the_origin_of_their_entry_alone() {
    let own = Emulator::start().await.unwrap();
    let other = Emulator::start().await.unwrap();
    let id = Provider::exactly("acme").unwrap();
    let entry = || configured("acme").custom().base_url(own.base_url());
    let sent = async |provider: ConfiguredProvider, base_url: Option<&str>, model: Option<&str>| {
        let mut routes = Routes::new().configured(provider);
        if let Some(url) = base_url {
            routes = routes.base_url(id.clone(), url);
        }
        let connection = routes.connect(&id).unwrap().build().unwrap();
        let mut request = RequestTemplate::get("models");
        if let Some(model) = model {
            request = request.model(model);
        }
        // Without a key, the service refuses.
        let _ = connection.call(request).once().await;
        let requests = own.take_requests().into_iter().chain(other.take_requests());
        let [request] = &requests.collect::<Vec<_>>()[..] else {
            panic!("not one request");
        };
        let header = |name| request.header(name).map(ToOwned::to_owned);
        (header("x-team"), header("x-model"))
    };
    let some = |text: &str| Some(text.to_owned());
    let provider = || {
        let entry = entry().header("x-team", "all").header("x-model", "any");
        entry.model_header("m", "x-model", "m")
    };
    assert_eq!(
        sent(provider(), None, None).await,
        (some("all"), some("any"))
    );
    assert_eq!(
        sent(provider(), None, Some("m")).await,
        (some("all"), some("m"))
    );
    assert_eq!(
        sent(provider(), None, Some("n")).await,
        (some("all"), some("any"))
    );
    let elsewhere = other.base_url();
    assert_eq!(
        sent(provider(), Some(&elsewhere), Some("m")).await,
        (None, None)
    );
    // An entry without a base URL speaks of the provider's own hosts.
    let homeless = configured("acme").custom().header("x-team", "all");
    assert_eq!(sent(homeless, Some(&elsewhere), None).await, (None, None));
}

#[tokio::test]
async fn a_model_that_cannot_be_used_fails_alone() {
    let service = Emulator::start().await.unwrap();
    let provider = own("acme").base_url(service.base_url());
    let routes = Routes::new().configured(provider.unusable_model("m", unset()));
    let id = Provider::exactly("acme").unwrap();
    let connection = routes.connect(&id).unwrap().build().unwrap();
    let ask = async |model: &str| {
        let request = RequestTemplate::get("models").model(model);
        connection
            .call(request)
            .once()
            .await
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(ask("m").await.to_string(), "MY_URL is not set");
    assert!(service.requests().is_empty());
    assert_eq!(ask("n").await.status(), Some(401));
}

#[tokio::test]
async fn a_provider_whose_plugin_is_off_is_refused_wherever_it_leads() {
    let routes = Routes::new().configured(configured("qwen").plugin_is_off("qwen"));
    let routes = routes
        .api_key(Provider::QWEN, key("sk-1"))
        .base_url(Provider::QWEN, GATEWAY);
    let errors = [
        routes.route("qwen/glm-5").await.unwrap_err(),
        routes.standard_route().await.unwrap_err(),
        routes.connect(&Provider::QWEN).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), http::ErrorKind::NotFound);
        let file = file();
        assert_eq!(
            error.to_string(),
            format!("the plugin qwen is switched off ({file})")
        );
        let hint = Hint::PluginIsOff {
            provider: Provider::QWEN,
            plugin: "qwen".to_owned(),
        };
        assert_eq!(error.hint(), Some(&hint));
    }
    assert!(routes.route("qwen-oauth/coder-model").await.is_ok());
}

#[cfg(feature = "store")]
mod stored {
    use std::sync::Arc;

    use qwen_openclaw_client::auth::{
        CredentialStore, KeyEndpoint, MemoryStore, Profile, ProfileId, StoredKey,
    };

    use super::*;

    fn id(text: &str) -> ProfileId {
        text.parse().unwrap()
    }

    async fn store(profiles: &[(&str, KeyEndpoint)]) -> Arc<MemoryStore> {
        let store = Arc::new(MemoryStore::new());
        for (name, endpoint) in profiles {
            let key = key(&format!("sk-of-{}", name.replace(':', "-")));
            let profile = Profile::ApiKey(StoredKey::new(key, endpoint.clone()));
            store.put(&id(name), &profile).await.unwrap();
        }
        store
    }

    async fn used(routes: &Routes, model: &str) -> Option<String> {
        let route = routes.route(model).await.unwrap();
        Some(route.credential()?.source().to_string())
    }

    #[tokio::test]
    async fn a_complete_order_leaves_out_even_the_standard_key() {
        let store = store(&[("qwen:standard", KeyEndpoint::default())]).await;
        let used = async |provider: ConfiguredProvider| {
            let routes = Routes::new().store(store.clone()).configured(provider);
            let route = routes.standard_route().await.unwrap();
            route.credential().map(|found| found.source().to_string())
        };
        let provider = || configured("qwen").order([id("qwen:work")]);
        let standard = Some("profile: qwen:standard".to_owned());
        assert_eq!(used(provider()).await, standard);
        assert_eq!(used(provider().only_ordered()).await, None);
        let listed = configured("qwen").order([id("qwen:standard")]);
        assert_eq!(used(listed.only_ordered()).await, standard);
    }

    #[tokio::test]
    async fn a_stored_order_comes_before_the_configured_one() {
        let none = KeyEndpoint::default;
        let store = store(&[("qwen:default", none()), ("qwen:work", none())]).await;
        let provider = configured("qwen").order([id("qwen:gone"), id("qwen:work")]);
        let routes = Routes::new().store(store.clone());
        assert_eq!(
            used(&routes, "qwen/glm-5").await.unwrap(),
            "profile: qwen:default"
        );
        let routes = routes.configured(provider.key(key("sk-configured"), file()));
        let work = used(&routes, "qwen/glm-5").await.unwrap();
        assert_eq!(work, "profile: qwen:work");
        let order = [id("qwen:default")];
        store.set_order("qwen", &order).await.unwrap();
        let first = used(&routes, "qwen/glm-5").await.unwrap();
        assert_eq!(first, "profile: qwen:default");
    }

    /// Profiles of `dashscope` are those of `qwen`.
    #[tokio::test]
    async fn a_provider_named_like_an_alias_gets_no_key_of_the_well_known_one() {
        let store = store(&[("qwen:default", KeyEndpoint::default())]).await;
        let routes = Routes::new().store(store).configured(own("dashscope"));
        assert_eq!(used(&routes, "dashscope/m").await, None);
        assert!(used(&routes, "qwen/glm-5").await.is_some());
    }

    #[tokio::test]
    async fn a_configured_base_url_is_where_portal_tokens_go_and_no_other_bound_key() {
        let mut bound = KeyEndpoint::default();
        bound.base_url = Some("https://portal.example/v1".to_owned());
        let store = store(&[
            ("qwen-portal:default", bound.clone()),
            ("qwen:default", bound),
        ])
        .await;
        let routes = Routes::new().store(store);
        let routes = routes
            .configured(ConfiguredProvider::new(Provider::QWEN_OAUTH, file()).base_url(GATEWAY))
            .configured(ConfiguredProvider::new(Provider::QWEN, file()).base_url(GATEWAY));
        let route = routes.route("qwen-portal/coder-model").await.unwrap();
        assert_eq!(route.endpoint().base_url().as_str(), GATEWAY);
        assert!(route.credential().is_some());
        let refused = routes.route("qwen/glm-5").await.unwrap_err();
        assert!(refused.to_string().contains("was stored for"), "{refused}");
    }
}
