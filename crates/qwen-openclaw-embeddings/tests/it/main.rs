//! The crate against a server that answers as the service is documented to.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod contents;
mod failures;
mod ranking;
mod texts;

use qwen_openclaw_embeddings::{Client, auth::ApiKey, http::RetryPolicy};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

const KEY: &str = "sk-test-0123456789abcdef";

async fn client(server: &MockServer) -> Client {
    let base = format!("{}/compatible-mode/v1", server.uri());
    let key = ApiKey::parse(KEY).unwrap();
    Client::builder(base, key)
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

/// Answers POST requests to `at` with `answer`.
async fn serve(at: &str, answer: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(at))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    server
}

/// The bodies of all requests.
async fn bodies(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    let body = |request: &Request| request.body_json().unwrap();
    requests.iter().map(body).collect()
}

/// An answer of the OpenAI-compatible path: a vector for each text, as `vector` says.
fn compatible(request: &Request, vector: impl Fn(&str) -> Value) -> ResponseTemplate {
    let body: Value = request.body_json().unwrap();
    let texts = body["input"].as_array().unwrap();
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let embedding = vector(text.as_str().unwrap());
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    ResponseTemplate::new(200).set_body_json(json!({
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": {"prompt_tokens": texts.len(), "total_tokens": texts.len()},
        "id": "r-1",
    }))
}
