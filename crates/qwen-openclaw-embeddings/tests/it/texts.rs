//! Texts: paths, bodies, splitting, both encodings.

use std::time::Duration;

use qwen_openclaw_embeddings::{EmbeddingRequest, TextType};
use serde_json::json;
use wiremock::{
    Mock, MockServer, Request,
    matchers::{header, method, path},
};

use crate::{KEY, bodies, client, compatible, serve};

const COMPATIBLE: &str = "/compatible-mode/v1/embeddings";
const NATIVE: &str = "/api/v1/services/embeddings/text-embedding/text-embedding";

#[tokio::test]
async fn texts_are_split_to_the_models_limit_and_joined_in_order() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let number = |text: &str| json!([text.parse::<f64>().unwrap(), 0.5]);
        let first: u64 = request.body_json::<serde_json::Value>().unwrap()["input"][0]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap();
        // The earlier a request, the later its answer.
        compatible(request, number).set_delay(Duration::from_millis(40 - first))
    };
    Mock::given(method("POST"))
        .and(path(COMPATIBLE))
        .and(header("authorization", format!("Bearer {KEY}")))
        .respond_with(answer)
        .expect(3)
        .mount(&server)
        .await;
    let texts = (0..23).map(|number| number.to_string());
    let request = EmbeddingRequest::new("text-embedding-v4").dimensions(2);
    let embeddings = client(&server).await.embed(&request, texts).await.unwrap();
    let expected: Vec<Vec<f32>> = (0..23_u8).map(|number| vec![number.into(), 0.5]).collect();
    assert_eq!(embeddings.vectors(), expected);
    assert_eq!(embeddings.usage().tokens, Some(23));
    assert_eq!(
        (embeddings.attempts(), embeddings.request_id()),
        (3, Some("r-1"))
    );
    let mut sizes: Vec<usize> = bodies(&server)
        .await
        .iter()
        .map(|body| {
            assert_eq!(body["dimensions"], 2);
            assert_eq!(body["encoding_format"], "float");
            body["input"].as_array().unwrap().len()
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [3, 10, 10]);
}

#[tokio::test]
async fn base64_is_asked_for_where_the_model_has_it() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(COMPATIBLE))
        // 0.5 and -2.
        .respond_with(|request: &Request| compatible(request, |_| json!("AAAAPwAAAMA=")))
        .mount(&server)
        .await;
    let request = EmbeddingRequest::new("qwen3.7-text-embedding");
    let embeddings = client(&server).await.embed(&request, ["a"]).await.unwrap();
    assert_eq!(embeddings.vectors(), [[0.5, -2.0]]);
    assert_eq!(
        bodies(&server).await,
        [json!({"model": "qwen3.7-text-embedding", "input": ["a"], "encoding_format": "base64"})]
    );
}

#[tokio::test]
async fn what_only_the_service_knows_goes_to_its_own_path() {
    let answer = json!({
        "output": {"embeddings": [
            {"text_index": 1, "embedding": [3.0, 4.0]},
            {"text_index": 0, "embedding": [1, 2]},
        ]},
        "usage": {"total_tokens": 26},
        "request_id": "r-2",
    });
    let server = serve(NATIVE, answer).await;
    let request = EmbeddingRequest::new("text-embedding-v4")
        .text_type(TextType::Query)
        .instruction("find answers");
    let embeddings = client(&server)
        .await
        .embed(&request, ["a", "b"])
        .await
        .unwrap();
    assert_eq!(embeddings.vectors(), [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(embeddings.usage().tokens, Some(26));
    assert_eq!(embeddings.request_id(), Some("r-2"));
    assert_eq!(
        bodies(&server).await,
        [json!({
            "model": "text-embedding-v4",
            "input": {"texts": ["a", "b"]},
            "parameters": {"text_type": "query", "instruct": "find answers"},
        })]
    );
}

#[tokio::test]
async fn no_texts_need_no_request() {
    let server = MockServer::start().await;
    let request = EmbeddingRequest::new("text-embedding-v4");
    let none = client(&server)
        .await
        .embed(&request, [""; 0])
        .await
        .unwrap();
    assert!(none.vectors().is_empty());
    assert!(bodies(&server).await.is_empty());
}
