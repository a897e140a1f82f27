//! The order of the rules, and the origin that a key is bound to.

use qwen_openclaw_auth::{ApiKey, KeyEndpoint};

use super::*;

const GATEWAY: &str = "https://gateway.example/v1";

fn key(text: &str) -> Credential {
    Credential::from(ApiKey::parse(text).unwrap())
}

fn stored(text: &str, plan: Option<Plan>, region: Option<Region>) -> Credential {
    let mut endpoint = KeyEndpoint::default();
    (endpoint.plan, endpoint.region) = (plan, region);
    key(text).with_endpoint(endpoint)
}

fn variable() -> Source {
    Source::Environment {
        name: "QWEN_BASE_URL".to_owned(),
    }
}

fn configuration() -> Source {
    Source::Config {
        path: "openclaw.json".to_owned(),
    }
}

fn check(
    rules: EndpointRules,
    provider: Provider,
    credential: Option<&Credential>,
    base_url: &str,
    rule: &EndpointRule,
) {
    let endpoint = rules.decide(&provider, credential).unwrap();
    let found = (endpoint.base_url().as_str(), endpoint.rule());
    assert_eq!(found, (base_url, rule));
}

#[test]
fn the_first_rule_that_applies_decides() {
    let coding_china = Endpoint::CodingChina.base_url();
    let known = stored("sk-sp-1", Some(Plan::Coding), Some(Region::China));
    let rules = EndpointRules::new()
        .configured("https://configured.example/v1", configuration())
        .environment("https://environment.example/v1", variable());
    let qwen = || Provider::QWEN;
    check(
        rules.clone().region(Region::Global).base_url(GATEWAY),
        qwen(),
        Some(&known),
        GATEWAY,
        &EndpointRule::Explicit,
    );
    // A region alone keeps the stored plan, and a plan alone the stored region.
    check(
        rules.clone().region(Region::Global),
        qwen(),
        Some(&known),
        Endpoint::CodingGlobal.base_url(),
        &EndpointRule::PlanAndRegion,
    );
    check(
        rules.clone().plan(Plan::Standard),
        qwen(),
        Some(&known),
        Endpoint::StandardChina.base_url(),
        &EndpointRule::PlanAndRegion,
    );
    check(
        rules,
        qwen(),
        Some(&known),
        "https://environment.example/v1",
        &EndpointRule::Environment(variable()),
    );
    let configured = EndpointRules::new().configured(GATEWAY, configuration());
    check(
        configured,
        qwen(),
        Some(&known),
        GATEWAY,
        &EndpointRule::Configured(configuration()),
    );
    let none = EndpointRules::new;
    check(
        none(),
        qwen(),
        Some(&known),
        coding_china,
        &EndpointRule::StoredWithKey,
    );
    check(
        none(),
        qwen(),
        Some(&stored("sk-1", None, Some(Region::China))),
        Endpoint::StandardChina.base_url(),
        &EndpointRule::StoredWithKey,
    );
    check(
        none(),
        qwen(),
        Some(&key("sk-sp-1")),
        Endpoint::CodingGlobal.base_url(),
        &EndpointRule::KeyPrefix,
    );
    for credential in [None, Some(&key("sk-1"))] {
        check(
            none(),
            qwen(),
            credential,
            Endpoint::StandardGlobal.base_url(),
            &EndpointRule::Default,
        );
    }
}

#[test]
fn each_provider_has_its_own_plans() {
    let china = || EndpointRules::new().region(Region::China);
    let asked = &EndpointRule::PlanAndRegion;
    let token = Endpoint::TokenChina.base_url();
    check(china(), Provider::QWEN_TOKEN_PLAN, None, token, asked);
    let coding = china().plan(Plan::Coding);
    check(coding, Provider::QWEN_TOKEN_PLAN, None, token, asked);
    // One host for both regions, and other vendors have none.
    let portal = Endpoint::Portal.base_url();
    let default = &EndpointRule::Default;
    check(china(), Provider::QWEN_OAUTH, None, portal, default);
    let openai = "https://api.openai.com/v1";
    check(china(), Provider::OPENAI, None, openai, default);
    // A key of another plan has no effect.
    let key = key("sk-sp-1");
    let token = Endpoint::TokenGlobal.base_url();
    let none = EndpointRules::new();
    check(none, Provider::QWEN_TOKEN_PLAN, Some(&key), token, default);
}

#[test]
fn an_unknown_provider_needs_a_base_url() {
    let own: Provider = "my-vllm".parse().unwrap();
    let error = EndpointRules::new().decide(&own, None).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("unknown provider \"my-vllm\"")
    );
    let rules = EndpointRules::new().base_url(GATEWAY);
    check(rules, own, None, GATEWAY, &EndpointRule::Explicit);
}

#[test]
fn a_key_stored_for_a_base_url_is_sent_only_there() {
    let own = key("sk-1").with_base_url(GATEWAY);
    let decide = |rules: EndpointRules| rules.decide(&Provider::QWEN, Some(&own));
    let endpoint = decide(EndpointRules::new()).unwrap();
    assert_eq!(endpoint.base_url().as_str(), GATEWAY);
    assert_eq!(endpoint.rule(), &EndpointRule::StoredWithKey);
    for rules in [
        EndpointRules::new().region(Region::China),
        EndpointRules::new().environment("https://elsewhere.example/v1", variable()),
        EndpointRules::new().configured("http://127.0.0.1:1/v1", configuration()),
    ] {
        let error = decide(rules).unwrap_err();
        assert_eq!(error.kind(), qwen_openclaw_http::ErrorKind::InvalidRequest);
        assert_eq!(error.status(), None);
        let text = error.to_string();
        assert!(
            text.contains(GATEWAY) && text.contains("is not sent to"),
            "{text}"
        );
        assert!(!text.contains("sk-1"), "{text}");
    }
    // Another path of the same origin is the same server.
    let same = EndpointRules::new().environment("https://gateway.example:443/v2", variable());
    assert!(decide(same).is_ok());
    // An explicit base URL overrides this.
    let explicit = EndpointRules::new().base_url("https://elsewhere.example/v1");
    assert!(decide(explicit).is_ok());
}

#[test]
fn plain_http_is_rejected_from_any_source() {
    for rules in [
        EndpointRules::new().base_url("http://gateway.example/v1"),
        EndpointRules::new().environment("http://gateway.example/v1", variable()),
    ] {
        assert!(rules.clone().decide(&Provider::QWEN, None).is_err());
        let allowed = rules.allow_plain_http();
        assert!(allowed.decide(&Provider::QWEN, None).is_ok());
    }
}

#[test]
fn the_last_endpoint_is_reused_for_the_same_url_and_rule_only() {
    let (rules, last) = (EndpointRules::new(), LastEndpoint::default());
    let decide = |credential: &Credential| {
        let again = rules.decide_again(&last, &Provider::QWEN, Some(credential));
        let again = again.unwrap();
        let fresh = rules.decide(&Provider::QWEN, Some(credential)).unwrap();
        assert_eq!(format!("{again:?}"), format!("{fresh:?}"));
        again
    };
    let (standard, other) = (key("sk-0123456789"), key("sk-9876543210"));
    let first = decide(&standard);
    assert!(Arc::ptr_eq(&first, &decide(&other)));
    let coding = decide(&key("sk-sp-0123456789"));
    assert_eq!(coding.rule(), &EndpointRule::KeyPrefix);
    // The same URL as the default, for another reason.
    let bound = decide(&stored("sk-0123456789", None, Some(Region::Global)));
    assert_eq!(bound.base_url(), first.base_url());
    assert_eq!(bound.rule(), &EndpointRule::StoredWithKey);
}

#[test]
fn a_reused_endpoint_still_needs_a_key_of_its_origin() {
    let rules = EndpointRules::new().configured(GATEWAY, configuration());
    let last = LastEndpoint::default();
    let free = key("sk-0123456789");
    rules
        .decide_again(&last, &Provider::QWEN, Some(&free))
        .unwrap();
    let mut endpoint = KeyEndpoint::default();
    endpoint.base_url = Some("https://elsewhere.example/v1".to_owned());
    let bound = free.with_endpoint(endpoint);
    rules
        .decide_again(&last, &Provider::QWEN, Some(&bound))
        .unwrap_err();
}
