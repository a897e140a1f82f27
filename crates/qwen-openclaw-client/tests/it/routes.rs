//! How the settings combine into a route.

use qwen_openclaw_client::{
    CustomProvider, EndpointRule, RouteWarning, Routes,
    auth::{ApiKey, Environment},
    catalog::{Endpoint, Plan, Provider},
};

const PLAN: &str = "sk-sp-0123456789abcdef";
const STANDARD: &str = "sk-0123456789abcdef";

fn environment(pairs: &[(&str, &str)]) -> Routes {
    Routes::new().environment(Environment::from_pairs(pairs.iter().copied()))
}

#[tokio::test]
async fn a_ref_resolves_to_provider_endpoint_key_and_row() {
    let routes = environment(&[("DASHSCOPE_API_KEY", PLAN)]);
    let route = routes
        .route("modelstudio/qwen-vl-max-latest")
        .await
        .unwrap();
    assert_eq!(route.provider(), &Provider::QWEN);
    assert_eq!(
        route.endpoint().base_url().as_str(),
        Endpoint::CodingGlobal.base_url()
    );
    assert_eq!(
        route.credential().unwrap().source().to_string(),
        "env: DASHSCOPE_API_KEY"
    );
    assert_eq!(route.row().unwrap().id(), "qwen-vl-max-latest");
    // The plan of the key decides which models the endpoint offers.
    assert!(route.availability().reason().is_some());

    let explanation = serde_json::to_value(route.explain()).unwrap();
    assert_eq!(explanation["baseUrlRule"], "key prefix");
    assert_eq!(explanation["keySource"], "env: DASHSCOPE_API_KEY");
    assert_eq!(explanation["available"], false);
    assert_eq!(explanation["plan"], "coding");
    assert!(!explanation.to_string().contains(PLAN));
}

#[tokio::test]
async fn a_model_on_which_the_editions_disagree_is_routed_with_a_warning() {
    let routes = environment(&[("QWEN_API_KEY", PLAN)]);
    let route = routes.route("qwen/qwen3.6-plus").await.unwrap();
    assert!(route.availability().is_available());
    let [RouteWarning::MayLackModel(reason)] = &route.warnings()[..] else {
        panic!("{:?}", route.warnings());
    };
    assert_eq!(reason.model(), "qwen3.6-plus");
    assert_eq!(route.explain().warnings, [reason.to_string()]);

    let certain = routes.route("qwen/qwen3.6-flash").await.unwrap();
    assert!(!certain.availability().is_available() && certain.warnings().is_empty());
    let unknown = routes.route("qwen/qwen9-max").await.unwrap();
    assert!(unknown.availability().is_available());
    assert!(matches!(
        unknown.warnings()[..],
        [RouteWarning::UnknownModel(_)]
    ));
}

#[tokio::test]
async fn a_base_url_pasted_with_blanks_and_the_chat_path_is_corrected() {
    let url = " https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions\n";
    for routes in [
        environment(&[("QWEN_BASE_URL", url)]),
        Routes::new().base_url(Provider::QWEN, url),
    ] {
        let route = routes.route("qwen/qwen3.5-plus").await.unwrap();
        let base = route.endpoint().base_url();
        assert_eq!(base.as_str(), Endpoint::CodingGlobal.base_url());
        assert!(route.endpoint().class().is_native());
        let [RouteWarning::RequestPathCut { path, base_url }] = &route.warnings()[..] else {
            panic!("{:?}", route.warnings());
        };
        assert_eq!((*path, &**base_url), ("/chat/completions", base.as_str()));
    }
}

#[tokio::test]
async fn a_base_url_without_a_path_may_be_a_mistake() {
    for (url, has_path) in [
        ("https://gateway.example", false),
        ("https://gateway.example:8443/", false),
        ("https://gateway.example/v1", true),
    ] {
        let routes = Routes::new().base_url(Provider::QWEN, url);
        let route = routes.route("qwen/qwen3.5-plus").await.unwrap();
        match &route.warnings()[..] {
            [] => assert!(has_path, "{url}"),
            [RouteWarning::NoPath { base_url }] => {
                assert!(!has_path && base_url == url.trim_end_matches('/'), "{url}");
            }
            others => panic!("{url}: {others:?}"),
        }
    }
}

#[tokio::test]
async fn a_route_without_a_key_says_why_there_is_none() {
    let route = environment(&[]).route("qwen/qwen3.5-plus").await.unwrap();
    assert!(route.credential().is_none());
    let problem = route.credential_error().unwrap().to_string();
    assert!(problem.contains("QWEN_API_KEY"), "{problem}");
    assert_eq!(route.endpoint().rule(), &EndpointRule::Default);
}

#[tokio::test]
async fn the_environments_base_url_is_only_for_qwen() {
    let routes = environment(&[
        ("QWEN_BASE_URL", "https://gateway.example/v1"),
        ("QWEN_API_KEY", STANDARD),
    ]);
    let route = routes.route("qwen/qwen3.5-plus").await.unwrap();
    assert_eq!(
        route.endpoint().base_url().as_str(),
        "https://gateway.example/v1"
    );
    let route = routes.route("qwen-oauth/coder-model").await.unwrap();
    assert_eq!(route.endpoint().plan(), Some(Plan::Portal));
}

#[tokio::test]
async fn a_custom_provider_needs_no_key_and_gets_no_other_providers_key() {
    let custom = CustomProvider::new("my-vllm", "http://127.0.0.1:8000/v1").unwrap();
    let routes = environment(&[("QWEN_API_KEY", STANDARD)]).provider(custom);
    let route = routes.route("my-vllm/org/model").await.unwrap();
    assert_eq!(
        (route.provider().id(), route.model()),
        ("my-vllm", Some("org/model"))
    );
    assert!(route.credential().is_none() && route.credential_error().is_none());
    assert_eq!(
        route.endpoint().base_url().as_str(),
        "http://127.0.0.1:8000/v1"
    );
    // Its models are unknown, which is not worth a warning.
    assert!(route.row().is_none() && route.unknown_model().is_none());
}

/// A custom provider named exactly like an alias takes precedence.
#[tokio::test]
async fn an_exact_id_takes_precedence_over_an_alias() {
    let custom = CustomProvider::new("modelstudio", "https://gateway.example/v1").unwrap();
    let custom = custom.api_key(ApiKey::parse("own-key").unwrap());
    let routes = environment(&[("QWEN_API_KEY", STANDARD)]).provider(custom);
    let route = routes.route("modelstudio/glm-5").await.unwrap();
    assert_eq!(route.provider().id(), "modelstudio");
    assert_eq!(route.credential().unwrap().key().expose(), "own-key");
    let route = routes.route("dashscope/glm-5").await.unwrap();
    assert_eq!(route.provider(), &Provider::QWEN);
}

#[tokio::test]
async fn an_unknown_provider_gets_suggestions() {
    let error = environment(&[]).route("qwn/glm-5").await.unwrap_err();
    assert!(error.to_string().contains("did you mean qwen"), "{error}");
}

#[cfg(feature = "store")]
#[tokio::test]
async fn a_stored_key_remembers_its_endpoint() {
    use std::sync::Arc;

    use qwen_openclaw_client::{
        auth::{CredentialStore, KeyEndpoint, MemoryStore, Profile, StoredKey},
        catalog::Region,
    };

    let store = Arc::new(MemoryStore::default());
    let mut endpoint = KeyEndpoint::default();
    endpoint.region = Some(Region::China);
    let profile = Profile::ApiKey(StoredKey::new(ApiKey::parse(STANDARD).unwrap(), endpoint));
    store
        .put(&"qwen:work".parse().unwrap(), &profile)
        .await
        .unwrap();
    // The key in the environment is not sent.
    let routes = environment(&[("QWEN_API_KEY", PLAN)]).store(store);
    let route = routes.route("qwen/qwen-vl-max-latest").await.unwrap();
    assert_eq!(
        route.endpoint().base_url().as_str(),
        Endpoint::StandardChina.base_url()
    );
    assert_eq!(route.endpoint().rule(), &EndpointRule::StoredWithKey);
    assert!(route.availability().is_available());
    let asked = routes
        .region(Region::Global)
        .route("qwen/glm-5")
        .await
        .unwrap();
    assert_eq!(
        asked.endpoint().base_url().as_str(),
        Endpoint::StandardGlobal.base_url()
    );
}
