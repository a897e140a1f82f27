//! Images through the facade, against a service made up from the vendor's documentation.

use qwen_openclaw::{
    ErrorKind, Qwen, QwenBuilder,
    image::{
        Strictness,
        task::{NextStep, Phase},
    },
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

const OPENAI: &str = "/compatible-mode/v1/images/generations";

/// Answers requests to make images, and has one to fetch.
async fn service(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let made = Mock::given(method("POST")).and(path(OPENAI));
    made.respond_with(answer).mount(&server).await;
    let file = ResponseTemplate::new(200).set_body_bytes(b"\x89PNG\r\n\x1a\n");
    let fetched = Mock::given(method("GET")).and(path("/a.png"));
    fetched.respond_with(file).mount(&server).await;
    server
}

fn builder(server: &MockServer) -> QwenBuilder {
    Qwen::builder()
        .base_url(server.uri())
        .api_key("sk-0123456789abcdef")
}

fn made(url: &str) -> Value {
    json!({"created": 1, "data": [{"url": url}], "usage": {"output_image_count": 1}})
}

#[tokio::test]
async fn an_image_is_made_and_saved() {
    let server = service(ResponseTemplate::new(404)).await;
    let url = format!("{}/a.png", server.uri());
    let answer = ResponseTemplate::new(200).set_body_json(made(&url));
    let first = Mock::given(method("POST")).and(path(OPENAI));
    let first = first.respond_with(answer).with_priority(1);
    first.mount(&server).await;
    let qwen = builder(&server).build().unwrap();
    let image = qwen.image("qwen/qwen-image-3.0").prompt("a red crane");
    let job = image.seed(7).submit().await.unwrap();
    assert_eq!(job.record().phase(), Phase::Succeeded);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crane.png");
    job.wait().await.unwrap().save(&path).await.unwrap();
    assert!(path.is_file());
    let requests = server.received_requests().await.unwrap();
    let body: Value = requests[0].body_json().unwrap();
    let expected = json!({"model": "qwen-image-3.0", "prompt": "a red crane", "n": 1,
        "size": "1328x1328", "seed": 7});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_is_refused_has_a_kind() {
    let qwen = Qwen::builder().api_key("sk-0123456789").build().unwrap();
    for (model, said) in [
        ("qwen/painter", "no image model"),
        ("qwen-oauth/qwen-image", "does not generate images"),
        ("nobody/qwen-image", "nobody"),
    ] {
        let error = qwen.image(model).prompt("x").submit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{model}");
        assert!(error.to_string().contains(said), "{error}");
    }
    let many = qwen.image("qwen-image").prompt("x").count(9);
    let error = many.submit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let checked = many.strictness(Strictness::Normalise).check().unwrap();
    assert_eq!(checked.count(), 1);
    let plan = Qwen::builder().api_key("sk-sp-0123456789abcdef");
    let plan = plan.build().unwrap();
    let image = plan.image("qwen-image").prompt("x").submit().await;
    assert_eq!(image.unwrap_err().kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn what_may_have_been_billed_is_told() {
    let server = service(ResponseTemplate::new(502)).await;
    let qwen = builder(&server).build().unwrap();
    let image = qwen.image("qwen-image-3.0").prompt("a red crane");
    let error = image.submit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let steps = error.as_task().unwrap().next_steps();
    assert_eq!(steps, [NextStep::Resubmit, NextStep::Cancel]);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[cfg(feature = "router")]
mod routed {
    use std::time::Duration;

    use qwen_openclaw::routing::{Budget, Limit, Outcome, Period, Router, UsageEntry};

    use super::*;

    async fn entries(router: &Router) -> Vec<UsageEntry> {
        router.usage().latest(10).await.unwrap()
    }

    #[tokio::test]
    async fn images_are_counted_as_the_service_counted_them() {
        let answer = ResponseTemplate::new(200).set_body_json(made("https://a.example/a.png"));
        let server = service(answer).await;
        let router = Router::new();
        let qwen = builder(&server).router(router.clone()).build().unwrap();
        let image = qwen.image("qwen-image-3.0").prompt("a red crane").count(2);
        image.agent("main").submit().await.unwrap();
        let entries = entries(&router).await;
        let [entry] = &entries[..] else {
            panic!("{entries:?}")
        };
        // One of two was made.
        assert_eq!((&*entry.kind, entry.images, entry.sends), ("image", 1, 1));
        assert_eq!(entry.outcome, Outcome::Answered);
        assert_eq!(entry.agent.as_deref(), Some("main"));
        assert_eq!(entry.media, Duration::ZERO);
        // Of other servers the price is not known.
        assert_eq!(entry.cost, None);
    }

    #[tokio::test]
    async fn an_answer_without_images_has_failed() {
        let answer = ResponseTemplate::new(200).set_body_json(json!({"data": []}));
        let server = service(answer).await;
        let router = Router::new();
        let qwen = builder(&server).router(router.clone()).build().unwrap();
        let image = qwen.image("qwen-image-3.0").prompt("a red crane");
        let job = image.submit().await.unwrap();
        assert_eq!(job.wait().await.unwrap_err().kind(), ErrorKind::Failed);
        let entries = entries(&router).await;
        assert_eq!(entries[0].outcome, Outcome::Failed(ErrorKind::Failed));
        assert_eq!(entries[0].images, 0);
    }

    #[tokio::test]
    async fn nothing_is_sent_beyond_a_budget() {
        let server = service(ResponseTemplate::new(500)).await;
        let none = Budget::new("none", Period::Day, Limit::Requests(0));
        let router = Router::builder().budget(none).build();
        let qwen = builder(&server).router(router).build().unwrap();
        let image = qwen.image("qwen-image-3.0").prompt("a red crane");
        let error = image.submit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Budget);
        assert!(server.received_requests().await.unwrap().is_empty());
    }
}
