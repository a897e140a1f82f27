//! A key that belongs to another official endpoint, through the facade: the router asks which.

#![allow(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use qwen_openclaw::{
    ErrorKind, Qwen, QwenBuilder, Route,
    auth::ApiKey,
    catalog::{Endpoint, Provider},
    chat::RetryPolicy,
    client::KeyCheck,
    routing::{Attempt, Router},
};
use qwen_openclaw_tests::in_memory::InMemory;

const MODEL: &str = "qwen/qwen3.5-plus";

/// A router that looks for the endpoint of a key, and a client of the service.
fn probing(service: &InMemory) -> (Router, QwenBuilder) {
    let http = service.client().unwrap();
    let check = KeyCheck::new(http.clone());
    let router = Router::builder().probe_endpoints(check).build();
    let builder = Qwen::builder()
        .http(http)
        .api_key(ApiKey::parse("sk-0123456789abcdef").unwrap())
        .retry(RetryPolicy::none())
        .router(router.clone());
    (router, builder)
}

fn shown(attempts: &[Attempt]) -> Vec<String> {
    attempts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_chat_goes_on_at_the_endpoint_that_accepts_the_key() {
    let china = Endpoint::StandardChina.base_url();
    let global = Endpoint::StandardGlobal.base_url();
    let service = InMemory::new(3).only_at(china);
    let (router, builder) = probing(&service);
    let qwen = builder.build().unwrap();
    let answered = qwen.chat(MODEL).user("hi").send_answered().await.unwrap();
    assert_eq!(answered.answer.text(), " word word word");
    let route: &Route = &answered.route;
    assert_eq!(route.endpoint().base_url().as_str(), china);
    assert_eq!(
        shown(&answered.attempts),
        [
            format!("{MODEL} (explicit): auth"),
            format!("{MODEL} (explicit): answered")
        ]
    );
    // Other endpoints are asked for their models alone: nothing of the chat goes there.
    let seen = service.take_seen();
    let [first, asked @ .., last] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert!(
        first.starts_with(&format!("POST {global}/chat")),
        "{seen:?}"
    );
    assert!(last.starts_with(&format!("POST {china}/chat")), "{seen:?}");
    assert!(!asked.is_empty());
    for request in asked {
        let is_list = request.starts_with("GET ") && request.ends_with("/models 0");
        assert!(is_list, "{request}");
    }

    // It is remembered, also for other models.
    let chat = qwen.chat("qwen/qwen3-coder-plus").user("hi");
    assert_eq!(chat.send_answered().await.unwrap().attempts.len(), 1);
    let seen = service.take_seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(
        seen[0].starts_with(&format!("POST {china}/chat")),
        "{seen:?}"
    );
    router.flush().await;
    let entries = router.usage().latest(9).await.unwrap();
    let last: Vec<_> = entries.iter().map(|entry| entry.is_last).collect();
    assert_eq!(last, [true, true, false]);
}

#[tokio::test]
async fn nothing_is_asked_where_the_caller_says_where_to_send() {
    let service = InMemory::new(1).only_at(Endpoint::StandardChina.base_url());
    let global = Endpoint::StandardGlobal.base_url();
    let (_, builder) = probing(&service);
    let qwen = builder
        .base_url_for(Provider::QWEN, global)
        .build()
        .unwrap();
    let error = qwen.chat(MODEL).user("hi").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let seen = service.take_seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(
        seen[0].starts_with(&format!("POST {global}/chat")),
        "{seen:?}"
    );
}
