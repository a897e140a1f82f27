//! What an error is taken for: kind, scope, attempts and hint.

use std::{fs, path::Path, time::Duration};

use qwen_openclaw_client::{
    Connection, EndpointRules, Error, Hint, RequestTemplate,
    auth::{ApiKey, Credential, Source},
    catalog::{Endpoint, Plan, Provider, Region},
    http::{ErrorKind, ErrorScope, RetryPolicy},
};
use qwen_openclaw_emulator::{
    Emulator, Fault, FaultKind, FaultRule, Plan as EmulatedPlan, Region as EmulatedRegion,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

/// Sends a chat that fails; returns the error and how many requests it took.
async fn failing(provider: Provider, base_url: String) -> (Error, u32) {
    let rules = EndpointRules::new().base_url(base_url);
    let key = ApiKey::parse("sk-0123456789").unwrap();
    let connection = Connection::builder(provider, rules)
        .credential(Credential::new(key, Source::Explicit))
        .retry(RetryPolicy::default().base(Duration::ZERO))
        .build()
        .unwrap();
    let body = r#"{"model":"qwen3-max","messages":[{"role":"user","content":"hi"}]}"#;
    let mut call = connection.call(RequestTemplate::post("chat/completions", body));
    let error = call.send().await.unwrap_err();
    (error, call.attempts())
}

async fn at_emulator(fault: &str) -> (Error, u32) {
    let fault: Fault = fault.parse().unwrap();
    let emulator = Emulator::builder().fault(FaultRule::new(fault));
    let emulator = emulator.start().await.unwrap();
    let (error, attempts) = failing(Provider::QWEN, emulator.base_url()).await;
    assert_eq!(emulator.requests().len(), attempts as usize);
    (error, attempts)
}

#[tokio::test]
async fn refusals_of_the_service_are_read_as_it_means_them() {
    use ErrorKind::{
        Authentication, Billing, ContentFilter, Permission, Quota, RateLimited, Server,
    };
    use ErrorScope::{Account, Model, Provider, Request};
    use Hint::{ActivateModel, CheckBalance, NoAccessToModel, QuotaUsedUp};
    let gate = Hint::PlanIsForCodingAgents {
        standard: Endpoint::of(Plan::Standard, Region::Global),
    };
    let table = [
        ("insufficient-quota", RateLimited, Model, 3, None),
        ("no-body-429", RateLimited, Model, 3, None),
        ("throttling", RateLimited, Model, 3, None),
        ("arrearage", Billing, Account, 1, Some(CheckBalance)),
        (
            "arrearage;shape=native",
            Billing,
            Account,
            1,
            Some(CheckBalance),
        ),
        (
            "arrearage;shape=anthropic",
            Billing,
            Account,
            1,
            Some(CheckBalance),
        ),
        (
            "arrearage;shape=text",
            Billing,
            Account,
            1,
            Some(CheckBalance),
        ),
        (
            "prepaid-bill-overdue",
            Billing,
            Account,
            1,
            Some(CheckBalance),
        ),
        ("free-tier-exhausted", Quota, Model, 1, Some(QuotaUsedUp)),
        (
            "free-tier-exhausted;shape=text",
            Quota,
            Model,
            1,
            Some(QuotaUsedUp),
        ),
        ("free-tier-quota", Quota, Model, 1, Some(QuotaUsedUp)),
        (
            "model-forbidden",
            Permission,
            Model,
            1,
            Some(NoAccessToModel),
        ),
        (
            "model-forbidden;shape=native",
            Permission,
            Model,
            1,
            Some(NoAccessToModel),
        ),
        ("model-forbidden;shape=text", Permission, Model, 1, None),
        ("access-denied", Permission, Model, 1, Some(NoAccessToModel)),
        ("unpurchased", Billing, Model, 1, Some(ActivateModel)),
        (
            "unpurchased;shape=text",
            Billing,
            Model,
            1,
            Some(ActivateModel),
        ),
        ("plan-gate", Permission, Account, 1, Some(gate)),
        (
            "data-inspection;shape=text",
            ContentFilter,
            Request,
            1,
            None,
        ),
        ("model-unavailable", Server, Model, 3, None),
        ("bad-gateway", Server, Provider, 3, None),
    ];
    for (fault, kind, scope, attempts, hint) in table {
        let (error, made) = at_emulator(fault).await;
        let found = (error.kind(), error.scope(), made);
        assert_eq!(found, (kind, scope, attempts), "{fault}: {error:?}");
        assert_eq!(error.hint(), hint.as_ref(), "{fault}");
    }
    let (error, attempts) = at_emulator("wrong-region").await;
    assert_eq!(
        (error.kind(), error.scope(), attempts),
        (Authentication, Account, 1)
    );
    assert!(matches!(
        error.hint(),
        Some(Hint::WrongKeyOrEndpoint { plan: None, left_to_try, .. }) if left_to_try.is_empty()
    ));
}

#[tokio::test]
async fn the_newer_scheme_means_the_same_in_every_shape() {
    use ErrorKind::{
        Authentication, ContentFilter, InvalidRequest, NotFound, Permission, RateLimited, Server,
    };
    use ErrorScope::{Account, Model, Provider, Request};
    for (key, kind, scope) in [
        ("invalid_request", InvalidRequest, Request),
        ("missing_parameter", InvalidRequest, Request),
        ("content_policy_violation", ContentFilter, Request),
        ("invalid_url", InvalidRequest, Request),
        ("invalid_file", InvalidRequest, Request),
        ("auth_failed", Authentication, Account),
        ("invalid_api_key", Authentication, Account),
        ("permission_denied", Permission, Model),
        ("resource_not_found", NotFound, Request),
        ("request_too_large", InvalidRequest, Request),
        ("rate_limit_exceeded", RateLimited, Model),
        ("concurrency_limit_exceeded", RateLimited, Model),
        ("insufficient_quota", RateLimited, Model),
        ("internal_error", Server, Model),
        ("service_unavailable", Server, Provider),
        ("request_timeout", Server, Provider),
    ] {
        for shape in ["openai", "native", "anthropic", "text"] {
            let fault = format!("new-scheme;code={key};shape={shape}");
            let (error, attempts) = at_emulator(&fault).await;
            let expected = if kind.is_transient() { 3 } else { 1 };
            assert_eq!((error.kind(), error.scope()), (kind, scope), "{fault}");
            assert_eq!(attempts, expected, "{fault}");
        }
    }
}

/// Whatever the host, the gate names the Standard endpoint.
#[tokio::test]
async fn the_gate_of_the_plan_on_its_own_endpoint() {
    let emulator = Emulator::builder().fault(FaultKind::PlanGate);
    let emulator = emulator.start().await.unwrap();
    let coding = emulator.base_url_for(EmulatedPlan::Coding, EmulatedRegion::China);
    let (error, attempts) = failing(Provider::QWEN, coding).await;
    assert_eq!((error.kind(), attempts), (ErrorKind::Permission, 1));
    assert!(error.as_http().is_plan_gate());
    let hint = error.hint().unwrap().to_string();
    assert!(
        hint.contains("https://dashscope-intl.aliyuncs.com/compatible-mode/v1")
            && hint.contains("Standard key"),
        "{hint}"
    );
}

/// The rows that `docs/errors.md` has for the portal: status, codes, kind, retried, scope.
fn portal_rows() -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = fs::read_to_string(path).unwrap();
    let section = page
        .split("\n## ")
        .find(|part| part.starts_with("At the portal"));
    let lines = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let inner = line.trim_matches('|').split('|');
        inner.map(|cell| cell.trim().to_owned()).collect()
    };
    lines.skip(2).map(cells).collect()
}

#[tokio::test]
async fn the_portal_differs_as_the_page_says() {
    let rows = portal_rows();
    assert_eq!(rows.len(), 1);
    for row in rows {
        let [statuses, codes, kind, retried, scope, ..] = &row[..] else {
            panic!("{row:?}");
        };
        for status in statuses.split(", ") {
            for code in codes.split('`').skip(1).step_by(2) {
                let status = status.parse().unwrap();
                let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
                let (error, attempts) = answered(Provider::QWEN_OAUTH, status, &body).await;
                assert_eq!(error.kind().as_str(), kind, "{status} {code}");
                assert_eq!(error.scope().as_str(), scope, "{status} {code}");
                assert_eq!(attempts > 1, retried == "yes", "{status} {code}");
                assert_eq!(error.hint(), Some(&Hint::QuotaUsedUp));
            }
        }
    }
}

/// A server that answers any chat like this.
async fn answered(provider: Provider, status: u16, body: &str) -> (Error, u32) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(status).set_body_string(body))
        .mount(&server)
        .await;
    failing(provider, format!("{}/v1", server.uri())).await
}

#[tokio::test]
async fn the_same_429_ends_a_quota_at_the_portal_and_throttles_elsewhere() {
    use ErrorKind::{Quota, RateLimited};
    let quota =
        r#"{"error":{"code":"insufficient_quota","message":"Free allocated quota exceeded."}}"#;
    let typed = r#"{"error":{"type":"insufficient_quota","message":"m","code":null}}"#;
    let text = r#"{"error":"Free allocated quota exceeded."}"#;
    let rate = r#"{"error":{"code":"limit_requests","message":"Requests rate limit exceeded."}}"#;
    for (provider, body, kind, attempts) in [
        (Provider::QWEN_OAUTH, quota, Quota, 1),
        (Provider::QWEN_OAUTH, typed, Quota, 1),
        (Provider::QWEN_OAUTH, text, Quota, 1),
        (Provider::QWEN_OAUTH, rate, RateLimited, 3),
        (Provider::QWEN_OAUTH, "", RateLimited, 3),
        (Provider::QWEN, quota, RateLimited, 3),
        (Provider::QWEN_TOKEN_PLAN, quota, RateLimited, 3),
        (Provider::OPENAI, quota, RateLimited, 3),
    ] {
        let (error, made) = answered(provider.clone(), 429, body).await;
        assert_eq!((error.kind(), made), (kind, attempts), "{provider} {body}");
        assert_eq!(error.hint().is_some(), kind == Quota, "{provider} {body}");
    }
}
