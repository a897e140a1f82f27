//! What errors advise.

use std::sync::Arc;

use qwen_openclaw_auth::{ApiKey, Credential, KeyEndpoint, Source, StaticCredential};
use qwen_openclaw_catalog::{Endpoint, Plan, Provider, Region};
use qwen_openclaw_client::Hint;
use qwen_openclaw_transport::{ChatRequest, Client, Error, ErrorKind, Reply};
use serde_json::json;

use crate::canned::{Answer, Canned, Step, text};

const KEY: &str = "sk-sp-0123456789abcdef0123";

async fn hint(endpoint: Endpoint, provider: Provider, key: &str, answer: Answer) -> String {
    hint_for(endpoint, provider, key, Source::Explicit, answer).await
}

async fn hint_for(
    endpoint: Endpoint,
    provider: Provider,
    key: &str,
    source: Source,
    answer: Answer,
) -> String {
    let canned = Canned::new([answer]);
    let http = qwen_openclaw_http::Client::builder()
        .sender(canned)
        .build()
        .unwrap();
    let credential = Credential::new(ApiKey::parse(key).unwrap(), source);
    let credential = Arc::new(StaticCredential::new(credential));
    let client = Client::builder_with(endpoint.base_url(), credential)
        .http(http)
        .provider(provider)
        .build()
        .unwrap();
    let error = client
        .send(&ChatRequest::new("m").user("hi"))
        .await
        .unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains(key),
        "the key is shown: {error}"
    );
    let hint = error.hint().map(ToString::to_string).unwrap_or_default();
    assert!(error.to_string().ends_with(&hint));
    hint
}

const UNAUTHORIZED: Answer = Answer::Status(
    401,
    &[],
    r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided. "}}"#,
);

#[tokio::test(start_paused = true)]
async fn a_plan_key_on_a_standard_endpoint() {
    let hint = hint(Endpoint::StandardGlobal, Provider::QWEN, KEY, UNAUTHORIZED).await;
    assert_eq!(
        hint,
        "the key sk-sp-01...cdef0123 (explicit) was sent to \
         https://dashscope-intl.aliyuncs.com/compatible-mode/v1 (Standard, Global). A key is bound to its region and \
         its plan, and the prefix sk-sp- is that of a Coding Plan; left to try: \
         https://coding-intl.dashscope.aliyuncs.com/v1 (Coding Plan, Global), \
         https://coding.dashscope.aliyuncs.com/v1 (Coding Plan, China)"
    );
}

/// What was stored with the key decides which endpoint is tried next.
#[tokio::test(start_paused = true)]
async fn a_key_that_was_stored_for_another_endpoint() {
    let canned = Canned::new([UNAUTHORIZED]);
    let http = qwen_openclaw_http::Client::builder().sender(canned);
    let key = ApiKey::parse("sk-0123456789abcdef0123").unwrap();
    let mut stored = KeyEndpoint::default();
    stored.plan = Some(Plan::Token);
    stored.region = Some(Region::China);
    let credential = Credential::new(key, Source::Explicit).with_endpoint(stored);
    let credential = Arc::new(StaticCredential::new(credential));
    let base = Endpoint::StandardGlobal.base_url();
    let client = Client::builder_with(base, credential).http(http.build().unwrap());
    let request = ChatRequest::new("m").user("hi");
    let error = client.build().unwrap().send(&request).await.unwrap_err();
    let Some(Hint::WrongKeyOrEndpoint {
        key,
        plan,
        region,
        left_to_try,
        ..
    }) = error.hint()
    else {
        panic!("{error}");
    };
    assert_eq!(
        (*plan, *region),
        (Some(Plan::Standard), Some(Region::Global))
    );
    assert_eq!(
        (key.plan, key.region),
        (Some(Plan::Token), Some(Region::China))
    );
    assert_eq!(
        left_to_try,
        &[
            Endpoint::TokenChina,
            Endpoint::StandardChina,
            Endpoint::TokenGlobal,
        ]
    );
    assert!(
        error
            .to_string()
            .contains("; it was stored for Token Plan, China. A key is bound"),
        "{error}"
    );
}

/// A workspace's host is the service as well.
#[tokio::test(start_paused = true)]
async fn a_key_on_the_host_of_a_workspace() {
    let canned = Canned::new([UNAUTHORIZED]);
    let http = qwen_openclaw_http::Client::builder().sender(canned);
    let key = ApiKey::parse("sk-0123456789abcdef0123").unwrap();
    let base = "https://ws1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1";
    let client = Client::builder(base, key).http(http.build().unwrap());
    let request = ChatRequest::new("m").user("hi");
    let error = client.build().unwrap().send(&request).await.unwrap_err();
    let hint = error.hint().unwrap().to_string();
    assert!(hint.contains("(Standard, China)"), "{hint}");
    assert!(hint.contains(Endpoint::StandardGlobal.base_url()), "{hint}");
}

/// Whatever the host, the gate names the Standard endpoint of the region, and its key.
#[tokio::test(start_paused = true)]
async fn the_gate_of_the_coding_plan() {
    let gate = Answer::Status(
        405,
        &[],
        r#"{"error":"Coding Plan is currently only available for Coding Agents"}"#,
    );
    for (endpoint, standard) in [
        (Endpoint::CodingGlobal, Endpoint::StandardGlobal),
        (Endpoint::CodingChina, Endpoint::StandardChina),
        (Endpoint::TokenChina, Endpoint::StandardChina),
    ] {
        let hint = hint(endpoint, Provider::QWEN, KEY, gate.clone()).await;
        assert!(
            hint.contains(standard.base_url()) && hint.contains("with a Standard key"),
            "{hint}"
        );
    }
    let canned = Canned::new([gate]);
    let requests = canned.clone();
    let http = qwen_openclaw_http::Client::builder().sender(canned);
    let key = ApiKey::parse(KEY).unwrap();
    let client = Client::builder("https://gateway.example/v1", key).http(http.build().unwrap());
    let request = ChatRequest::new("m").user("hi");
    let error = client.build().unwrap().send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(requests.requests(), 1);
    let hint = error.hint().unwrap().to_string();
    assert!(hint.contains(Endpoint::StandardGlobal.base_url()), "{hint}");
}

/// The same answer is a throttle at Model Studio.
#[tokio::test(start_paused = true)]
async fn the_end_of_the_portal_s_quota() {
    let quota = Answer::Status(
        429,
        &[],
        r#"{"error":{"code":"insufficient_quota","message":"Free allocated quota exceeded."}}"#,
    );
    let (portal, provider) = (Endpoint::Portal, Provider::QWEN_OAUTH);
    let source = Source::Profile("qwen-oauth:default".to_owned());
    let login = hint_for(
        portal,
        provider.clone(),
        "0123456789abcdef",
        source,
        quota.clone(),
    );
    let login = login.await;
    assert!(login.contains("Qwen discontinued on 2026-04-15"), "{login}");
    let key = "sk-0123456789abcdef";
    let with_key = hint(portal, provider, key, quota.clone()).await;
    assert!(with_key.contains("waiting does not restore the quota"));
    assert_eq!(
        hint(Endpoint::StandardGlobal, Provider::QWEN, key, quota).await,
        ""
    );
}

/// Inside a stream as well, before and after the first content.
#[tokio::test(start_paused = true)]
async fn the_end_of_the_portal_s_quota_in_a_stream() {
    let event = Step::Bytes(
        "data: {\"error\":{\"code\":\"insufficient_quota\",\"message\":\"m\"}}\n\n".to_owned(),
    );
    let (quota, rate) = (ErrorKind::Quota, ErrorKind::RateLimited);
    for (endpoint, before, kind, sent) in [
        (Endpoint::Portal, vec![], quota, 1),
        (Endpoint::Portal, vec![text("a")], quota, 1),
        (Endpoint::StandardGlobal, vec![], rate, 3),
        (Endpoint::StandardGlobal, vec![text("a")], rate, 1),
    ] {
        let steps = before.into_iter().chain([event.clone()]).collect();
        let canned = Canned::new([Answer::Body(steps)]);
        let http = qwen_openclaw_http::Client::builder().sender(canned.clone());
        let key = ApiKey::parse("sk-0123456789abcdef").unwrap();
        let client = Client::builder(endpoint.base_url(), key).http(http.build().unwrap());
        let request = ChatRequest::new("m").user("hi");
        let error = client.build().unwrap().send(&request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{endpoint:?}");
        assert_eq!(canned.requests(), sent, "{endpoint:?}");
        let hint = (kind == quota).then_some(&Hint::QuotaUsedUp);
        assert_eq!(error.hint(), hint, "{endpoint:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_key() {
    let hint = hint(
        Endpoint::StandardGlobal,
        Provider::QWEN,
        "sk-0123456789abcdef0123",
        UNAUTHORIZED,
    );
    let hint = hint.await;
    assert!(hint.contains(Endpoint::StandardChina.base_url()), "{hint}");
    assert!(!hint.contains(Endpoint::CodingGlobal.base_url()), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn the_portal() {
    let hint = hint(
        Endpoint::Portal,
        Provider::QWEN_OAUTH,
        "sk-0123456789abcdef",
        UNAUTHORIZED,
    )
    .await;
    assert!(
        hint.contains("QWEN_API_KEY serves the provider `qwen` as well as `qwen-oauth`"),
        "{hint}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_at_the_portal() {
    let source = Source::Profile("qwen-oauth:default".to_owned());
    let (portal, provider) = (Endpoint::Portal, Provider::QWEN_OAUTH);
    let hint = hint_for(portal, provider, "0123456789abcdef", source, UNAUTHORIZED).await;
    assert!(hint.contains("Qwen discontinued on 2026-04-15"), "{hint}");
    assert!(!hint.contains("QWEN_API_KEY"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_model_the_plan_lacks() {
    let answer = Answer::Status(
        400,
        &[],
        r#"{"error":{"code":"invalid_parameter_error","message":"model `m` is not supported."}}"#,
    );
    let advice = hint(Endpoint::CodingChina, Provider::QWEN, KEY, answer.clone()).await;
    assert_eq!(
        advice,
        "the Coding Plan may not include this model: use \
         https://dashscope.aliyuncs.com/compatible-mode/v1 (Standard, China), which needs a \
         Standard key of that region as well"
    );
    assert_eq!(
        hint(
            Endpoint::StandardGlobal,
            Provider::QWEN,
            "sk-1234567",
            answer
        )
        .await,
        ""
    );
}

#[tokio::test(start_paused = true)]
async fn money_and_quotas() {
    for (status, code, kind, words) in [
        (400, "Arrearage", ErrorKind::Billing, "balance"),
        (
            403,
            "AllocationQuota.FreeTierOnly",
            ErrorKind::Quota,
            "waiting does not restore the quota",
        ),
    ] {
        let body = format!(r#"{{"code":"{code}","message":"m"}}"#);
        let answer = Answer::Status(status, &[], body.leak());
        let canned = Canned::new([answer]);
        let client = canned.client().build().unwrap();
        let error = client
            .send(&ChatRequest::new("m").user("hi"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.hint().unwrap().to_string().contains(words));
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_go_with_thinking() {
    let answer = Answer::Status(
        400,
        &[],
        r#"{"error":{"code":"invalid_parameter_error","message":"The tool_choice parameter does not support being set to required or object in thinking mode"}}"#,
    );
    let hint = hint(
        Endpoint::StandardGlobal,
        Provider::QWEN,
        "sk-1234567",
        answer,
    )
    .await;
    assert_eq!(hint, "this may require turning thinking off: level `off`");
}

/// A server that repeats the key in an error, also inside a stream.
#[tokio::test(start_paused = true)]
async fn no_error_repeats_the_key() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-test-0123456789","code":"invalid_api_key"}}"#;
    let data = format!("data: {body}\n\n");
    let canned = Canned::new([Answer::Body(vec![Step::Bytes(data)])]);
    let http = qwen_openclaw_http::Client::builder().sender(canned);
    let key = ApiKey::parse("sk-test-0123456789").unwrap();
    let base = Endpoint::of(Plan::Standard, Region::Global).base_url();
    let client = Client::builder(base, key).http(http.build().unwrap());
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    let error = client.build().unwrap().send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.to_string(), "Incorrect API key provided: [key]");
    assert!(!format!("{error:?}").contains("0123456789"), "{error:?}");
}

async fn echoed(chunks: &str) -> Result<Reply, Error> {
    let data = format!("{chunks}data: [DONE]\n\n");
    let canned = Canned::new([Answer::Body(vec![Step::Bytes(data)])]);
    let http = qwen_openclaw_http::Client::builder().sender(canned);
    let key = ApiKey::parse(KEY).unwrap();
    let client = Client::builder("https://a.example/v1", key).http(http.build().unwrap());
    let request = ChatRequest::new("qwen3.5-plus").user("hi");
    client.build().unwrap().send(&request).await
}

/// What is said beside a reply is cleaned; the reply is what the model wrote.
#[tokio::test(start_paused = true)]
async fn ids_do_not_repeat_the_key_and_the_reply_is_not_changed() {
    let words = format!("\u{1b}{KEY}\u{202e}");
    let delta = json!({
        "content": words, "reasoning_content": words,
        "tool_calls": [{"index": 0, "id": words, "function": {
            "name": words, "arguments": json!({ "a": words }).to_string(),
        }}],
    });
    let chunk = json!({
        "id": words, "model": words,
        "choices": [{"index": 0, "delta": delta, "finish_reason": words}],
    });
    let reply = echoed(&format!("data: {chunk}\n\n")).await.unwrap();
    assert_eq!(reply.id(), Some("[key]"));
    assert_eq!(reply.model(), Some("[key]"));
    assert_eq!(reply.finish_reason().unwrap().as_str(), "[key]");
    assert_eq!((reply.text(), reply.reasoning()), (&*words, &*words));
    let call = &reply.tool_calls()[0];
    assert_eq!((call.id(), call.name()), (&*words, &*words));
    assert!(call.arguments().contains(KEY));

    let delta =
        json!({"tool_calls": [{"index": 0, "function": {"name": words, "arguments": "x"}}]});
    let chunk = json!({"choices": [{"delta": delta, "finish_reason": "tool_calls"}]});
    let error = echoed(&format!("data: {chunk}\n\n")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolArguments);
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
}
