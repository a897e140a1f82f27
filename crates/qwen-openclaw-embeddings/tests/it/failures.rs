//! What goes wrong, and what is kept.

use std::time::Duration;

use qwen_openclaw_embeddings::{
    Client, EmbeddingRequest, ErrorKind, Hint, MultimodalRequest, RerankRequest, TextType,
    auth::ApiKey, http::RetryPolicy,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, method},
};

use crate::{KEY, bodies, client, compatible, serve};

fn v4() -> EmbeddingRequest {
    EmbeddingRequest::new("text-embedding-v4")
}

#[tokio::test]
async fn an_error_names_its_texts_and_keeps_what_was_before() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let body: Value = request.body_json().unwrap();
        if body["input"].as_array().unwrap().contains(&json!("15")) {
            let error = json!({"error": {"code": "data_inspection_failed", "message": "Input data \
                may contain inappropriate content.", "type": "data_inspection_failed"}});
            return ResponseTemplate::new(400).set_body_json(error);
        }
        compatible(request, |text| json!([text.parse::<f64>().unwrap()]))
    };
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let client = client(&server).await;
    let texts = || (0..40).map(|number: u32| number.to_string());
    let error = client.embed(&v4(), texts()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContentFilter);
    assert_eq!(error.inputs(), Some(10..20));
    let kept: Vec<f32> = error
        .embedded()
        .vectors()
        .iter()
        .map(|vector| vector[0])
        .collect();
    let expected: Vec<f32> = (0..10_u8).map(f32::from).collect();
    assert_eq!(kept, expected);
    assert_eq!(error.embedded().usage().tokens, Some(10));
    assert_eq!(error.attempts(), 1);

    let texts: Vec<String> = texts().collect();
    let mut stream = client.stream(&v4(), futures_util::stream::iter(texts));
    for index in 0..10 {
        assert_eq!(stream.next().await.unwrap().unwrap().index, index);
    }
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.inputs(), Some(10..20));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn an_answer_that_is_not_the_one_asked_for_is_an_error() {
    let item = |index: u64, embedding: Value| json!({"index": index, "embedding": embedding});
    let two = || vec![item(0, json!([1, 2])), item(1, json!([3, 4]))];
    for (data, message) in [
        (
            two()[..1].to_vec(),
            "the server returned 1 vectors instead of 2",
        ),
        (
            vec![two()[0].clone(), two()[0].clone()],
            "the server returned index 0 twice",
        ),
        (
            vec![two()[0].clone(), item(7, json!([3, 4]))],
            "the server returned index 7, which was not asked for",
        ),
        (
            vec![two()[0].clone(), item(1, json!([3]))],
            "the server's vector at index 1 has 1 numbers instead of 2",
        ),
        (
            vec![item(0, json!([1e39, 0])), two()[1].clone()],
            "the server's vector at index 0 has a number that is not finite",
        ),
        // NaN.
        (
            vec![item(0, json!("AADAfwAAAAA=")), two()[1].clone()],
            "the server's vector at index 0 has a number that is not finite",
        ),
        (
            vec![item(0, json!(null)), two()[1].clone()],
            "the server's answer is not the JSON that was asked for",
        ),
    ] {
        let server = serve("/compatible-mode/v1/embeddings", json!({"data": data})).await;
        let request = v4().dimensions(2);
        let error = client(&server)
            .await
            .embed(&request, ["a", "b"])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{message}");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.inputs(), Some(0..2));
    }
}

#[tokio::test]
async fn an_error_with_a_status_of_success_is_the_servers() {
    let body = json!({"code": "Throttling.RateQuota", "message": "slow down", "request_id": "r-9"});
    let server = serve("/compatible-mode/v1/embeddings", body).await;
    let error = client(&server).await.embed(&v4(), ["a"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.to_string(), "slow down");
    let server = serve("/compatible-mode/v1/embeddings", json!({"ok": true})).await;
    let error = client(&server).await.embed(&v4(), ["a"]).await.unwrap_err();
    assert_eq!(error.to_string(), "the server's answer has no results");
}

#[tokio::test]
async fn throttled_requests_are_sent_again() {
    let server = MockServer::start().await;
    let slow_down = ResponseTemplate::new(429).insert_header("retry-after", "0");
    Mock::given(any())
        .respond_with(slow_down)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(|request: &Request| compatible(request, |_| json!([1])))
        .mount(&server)
        .await;
    let client = Client::builder(format!("{}/v1", server.uri()), ApiKey::parse(KEY).unwrap())
        .retry(RetryPolicy::default().base(Duration::ZERO))
        .build()
        .unwrap();
    let embeddings = client.embed(&v4(), ["a"]).await.unwrap();
    assert_eq!(embeddings.attempts(), 2);
}

#[tokio::test]
async fn a_request_without_an_answer_ends_at_the_deadline() {
    let server = MockServer::start().await;
    let never = ResponseTemplate::new(200).set_delay(Duration::from_secs(600));
    Mock::given(any()).respond_with(never).mount(&server).await;
    let client = client(&server).await.timeout(Duration::from_millis(50));
    let error = client.embed(&v4(), ["a"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn what_no_server_takes_is_not_sent() {
    let server = MockServer::start().await;
    let client = client(&server).await;
    let empty = client.embed_contents(&MultimodalRequest::new("m")).await;
    assert_eq!(empty.unwrap_err().kind(), ErrorKind::InvalidRequest);
    let empty = client.rerank(&RerankRequest::new("m", "q")).await;
    assert_eq!(empty.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(bodies(&server).await.is_empty());
}

#[tokio::test]
async fn a_plans_key_is_not_sent() {
    let server = MockServer::start().await;
    let key = ApiKey::parse("sk-sp-0123456789abcdef").unwrap();
    let client = Client::builder(server.uri(), key).build().unwrap();
    let error = client.embed(&v4(), ["a"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.attempts(), 0);
    assert!(matches!(
        error.hint(),
        Some(Hint::TasksNeedStandardKey { .. })
    ));
    let message = error.to_string();
    assert!(
        message.starts_with("embeddings and reranking need a Standard key"),
        "{message}"
    );
    assert!(!format!("{message}{error:?}").contains("456789abcdef"));
    let native = client.embed(&v4().text_type(TextType::Query), ["a"]).await;
    assert_eq!(native.unwrap_err().kind(), ErrorKind::Authentication);
    assert!(bodies(&server).await.is_empty());
}
