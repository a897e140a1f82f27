//! Embeddings of texts, over both protocols.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::{Emulator, ServedRequest};
use serde_json::{Value, json};

use crate::{client::Answer, video::call};

const OPEN_AI: &str = "/compatible-mode/v1/embeddings";
const NATIVE: &str = "/api/v1/services/embeddings/text-embedding/text-embedding";
const V4: &str = "text-embedding-v4";

/// What the service puts before the texts of its inner checks.
const ALGO: &str = "<400> InternalError.Algo.InvalidParameter: ";

pub(crate) async fn post(emulator: &Emulator, path: &str, body: &Value) -> Answer {
    call(emulator, "POST", path, &[], &body.to_string()).await
}

/// Sends a request that is taken.
pub(crate) async fn taken(path: &str, body: Value) -> Value {
    let emulator = Emulator::start().await.unwrap();
    let answer = post(&emulator, path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Sends a request that is refused, and returns the status and the error in DashScope's own shape.
pub(crate) async fn refused(path: &str, body: Value) -> (u16, Value) {
    let emulator = Emulator::start().await.unwrap();
    let answer = post(&emulator, path, &body).await;
    (answer.status, answer.json())
}

pub(crate) fn vector(value: &Value) -> Vec<f32> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap() as f32).collect()
}

pub(crate) fn cosine(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// The vectors of some texts over the OpenAI-compatible API.
async fn embed(texts: &[&str], extra: Value) -> Vec<Vec<f32>> {
    let mut body = json!({"model": V4, "input": texts});
    body.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    let reply = taken(OPEN_AI, body).await;
    let rows = reply["data"].as_array().unwrap();
    rows.iter().map(|row| vector(&row["embedding"])).collect()
}

#[tokio::test]
async fn a_reply_has_the_shape_of_the_service() {
    let mut reply = taken(OPEN_AI, json!({"model": V4, "input": "the wind blows"})).await;
    let vector = vector(&reply["data"][0]["embedding"]);
    assert_eq!(vector.len(), 1024);
    assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
    reply["data"][0]["embedding"] = json!("checked");
    let id = reply["id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 36);
    assert_eq!(
        reply,
        json!({
            "data": [{"embedding": "checked", "index": 0, "object": "embedding"}],
            "model": V4,
            "object": "list",
            "usage": {"prompt_tokens": 3, "total_tokens": 3},
            "id": id,
        })
    );
}

#[tokio::test]
async fn base64_has_the_same_numbers() {
    let floats = embed(&["a", "b"], json!({"encoding_format": "float"})).await;
    let body = json!({"model": V4, "input": ["a", "b"], "encoding_format": "base64"});
    let reply = taken(OPEN_AI, body).await;
    for (index, floats) in floats.iter().enumerate() {
        let row = &reply["data"][index];
        assert_eq!(row["index"], index);
        let bytes = STANDARD.decode(row["embedding"].as_str().unwrap()).unwrap();
        let read: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
            .collect();
        assert_eq!(&read, floats);
    }
}

#[tokio::test]
async fn texts_that_share_words_are_near() {
    let vectors = embed(
        &[
            "How do I reset my password?",
            "Steps to reset a forgotten password",
            "The ferry to the island leaves at noon",
            "如何重置密码",
            "重置密码的步骤",
        ],
        json!({}),
    )
    .await;
    let near = cosine(&vectors[0], &vectors[1]);
    let far = cosine(&vectors[0], &vectors[2]);
    assert!(near > 0.4 && far < 0.15, "{near} {far}");
    let near = cosine(&vectors[3], &vectors[4]);
    let far = cosine(&vectors[3], &vectors[2]);
    assert!(near > 0.4 && far < 0.15, "{near} {far}");
}

#[tokio::test]
async fn the_same_request_has_the_same_answer() {
    let texts = ["a cat", "a dog"];
    let first = embed(&texts, json!({})).await;
    assert_eq!(embed(&texts, json!({})).await, first);
    // The place in the batch does not matter.
    assert_eq!(embed(&["a dog"], json!({})).await[0], first[1]);
}

#[tokio::test]
async fn fewer_dimensions_are_a_prefix() {
    let whole = &embed(&["the wind blows"], json!({})).await[0];
    for dimensions in [64, 128, 256, 512, 768] {
        let short = &embed(&["the wind blows"], json!({"dimensions": dimensions})).await[0];
        assert_eq!(short.len(), dimensions);
        let prefix = &whole[..dimensions];
        let length = cosine(prefix, prefix).sqrt();
        let cosine = cosine(prefix, short) / length;
        assert!((cosine - 1.0).abs() < 1e-5, "{dimensions} {cosine}");
    }
}

#[tokio::test]
async fn each_model_has_its_limits() {
    for (model, dimension, batch, tokens) in [
        ("qwen3.7-text-embedding", 1024, 20, 128_000),
        (V4, 1024, 10, 8_192),
        ("text-embedding-v3", 1024, 10, 8_192),
        ("text-embedding-v2", 1536, 25, 2_048),
        ("text-embedding-v1", 1536, 25, 2_048),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let ask = async |input: Value| {
            let body = json!({"model": model, "input": input, "encoding_format": "base64"});
            post(&emulator, OPEN_AI, &body).await
        };
        let answer = ask(json!(vec!["x"; batch])).await.json();
        assert_eq!(answer["data"].as_array().unwrap().len(), batch);
        let encoded = answer["data"][0]["embedding"].as_str().unwrap();
        assert_eq!(STANDARD.decode(encoded).unwrap().len(), dimension * 4);
        let answer = ask(json!(vec!["x"; batch + 1])).await;
        assert_eq!(answer.status, 400);
        let message = format!(
            "{ALGO}Value error, batch size is invalid, it should not be larger than {batch}.: input.contents"
        );
        assert_eq!(answer.json()["error"]["message"], message);
        assert_eq!(ask(json!("天".repeat(tokens))).await.status, 200, "{model}");
        for text in ["天".repeat(tokens + 1), String::new()] {
            let answer = ask(json!(text)).await;
            assert_eq!(answer.status, 400);
            let message = format!("{ALGO}Range of input length should be [1, {tokens}]");
            assert_eq!(answer.json()["error"]["message"], message);
        }
    }
}

#[tokio::test]
async fn errors_of_the_model_have_the_id_twice() {
    let (status, mut body) = refused(OPEN_AI, json!({"model": V4, "input": [[1, 2]]})).await;
    let id = body["request_id"].take();
    assert_eq!(body["id"].take(), id);
    assert_eq!(status, 400);
    assert_eq!(
        body,
        json!({
            "error": {
                "message": format!("{ALGO}Value error, contents is neither str nor list of str.: input.contents"),
                "type": "InvalidParameter",
                "param": null,
                "code": "InvalidParameter",
            },
            "id": null,
            "request_id": null,
        })
    );
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    for input in [
        json!([1, 2, 3]),
        json!([[1, 2], [3]]),
        json!(["a", 1]),
        json!([]),
        json!({}),
        json!(1),
        json!(null),
    ] {
        let (status, body) = refused(OPEN_AI, json!({"model": V4, "input": input})).await;
        assert_eq!(status, 400, "{input}");
        assert_eq!(body["error"]["code"], "InvalidParameter", "{input}");
        let native = json!({"model": V4, "input": {"texts": input, "x": 1}});
        let (status, body) = refused(NATIVE, native).await;
        assert_eq!(status, 400, "{input}");
        assert_eq!(
            body["message"],
            format!("{ALGO}Value error, contents is neither str nor list of str.: input.contents")
        );
    }
}

#[tokio::test]
async fn parameters_are_checked() {
    for (extra, message) in [
        (
            json!({"dimensions": 100}),
            "dimension 100 is invalid, it should be one of [1024, 2048, 1536, 768, 512, 256, 128, 64]",
        ),
        (
            json!({"dimensions": "64"}),
            "dimensions must be a positive integer",
        ),
        (
            json!({"dimensions": -1}),
            "dimensions must be a positive integer",
        ),
        (
            json!({"encoding_format": "hex"}),
            r#"hex is not one of ["float", "base64"] - 'encoding_format'"#,
        ),
        (
            json!({"encoding_format": 1}),
            "encoding_format must be a string",
        ),
    ] {
        let mut body = json!({"model": V4, "input": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let (status, body) = refused(OPEN_AI, body).await;
        assert_eq!(status, 400);
        assert_eq!(body["error"]["message"], message);
        assert_eq!(body["error"]["code"], "invalid_parameter_error");
    }
    // The first models ignore what they do not have.
    let body = json!({"model": "text-embedding-v2", "input": "x", "dimensions": 100});
    let reply = taken(OPEN_AI, body).await;
    assert_eq!(vector(&reply["data"][0]["embedding"]).len(), 1536);
}

#[tokio::test]
async fn models_are_told_apart() {
    for (model, status, code) in [
        ("nobody", 404, "model_not_found"),
        ("qwen3-max", 404, "model_not_supported"),
        ("qwen3-vl-embedding", 404, "model_not_supported"),
        ("text-embedding-async-v2", 404, "model_not_supported"),
        ("", 400, "invalid_parameter_error"),
    ] {
        let (got, body) = refused(OPEN_AI, json!({"model": model, "input": "x"})).await;
        assert_eq!(
            (got, &body["error"]["code"]),
            (status, &json!(code)),
            "{model}"
        );
    }
    for (model, status, code) in [
        ("nobody", 404, "ModelNotFound"),
        ("qwen3-vl-embedding", 404, "ModelNotFound"),
        ("", 400, "BadRequest.EmptyModel"),
    ] {
        let body = json!({"model": model, "input": {"texts": ["x"]}});
        let (got, body) = refused(NATIVE, body).await;
        assert_eq!((got, &body["code"]), (status, &json!(code)), "{model}");
    }
    let (status, body) = refused(NATIVE, json!({"model": V4, "input": {}})).await;
    assert_eq!(
        (status, &body["code"]),
        (400, &json!("BadRequest.EmptyInput"))
    );
}

#[tokio::test]
async fn the_native_reply_has_dense_and_sparse_vectors() {
    let ask = async |parameters: Value| {
        let input = json!({"texts": ["the wind blows", "x"]});
        let body = json!({"model": V4, "input": input, "parameters": parameters});
        let reply = taken(NATIVE, body).await;
        assert_eq!(reply["usage"], json!({"total_tokens": 4}));
        assert_eq!(reply["request_id"].as_str().unwrap().len(), 36);
        reply["output"]["embeddings"].clone()
    };
    let dense = ask(json!({"dimension": 128, "output_type": "dense"})).await;
    assert_eq!(vector(&dense[0]["embedding"]).len(), 128);
    assert_eq!(dense[1]["text_index"], 1);
    assert!(dense[0].get("sparse_embedding").is_none());
    let sparse = ask(json!({"output_type": "sparse"})).await;
    assert!(sparse[0].get("embedding").is_none());
    let words = sparse[0]["sparse_embedding"].as_array().unwrap();
    let mut tokens: Vec<_> = words
        .iter()
        .map(|word| word["token"].as_str().unwrap())
        .collect();
    tokens.sort_unstable();
    assert_eq!(tokens, ["blows", "the", "wind"]);
    assert!(words.is_sorted_by_key(|word| word["index"].as_u64().unwrap()));
    assert!(
        words
            .iter()
            .all(|word| (0.0..1.0).contains(&word["value"].as_f64().unwrap()))
    );
    let both = ask(json!({"output_type": "dense&sparse"})).await;
    assert_eq!(both[0]["sparse_embedding"], sparse[0]["sparse_embedding"]);
    assert_eq!(vector(&both[0]["embedding"]).len(), 1024);
}

#[tokio::test]
async fn a_query_is_near_its_document() {
    let ask = async |parameters: Value| {
        let body = json!({"model": V4, "input": {"texts": ["the wind"]}, "parameters": parameters});
        let reply = taken(NATIVE, body).await;
        vector(&reply["output"]["embeddings"][0]["embedding"])
    };
    let document = ask(json!({"text_type": "document"})).await;
    assert_eq!(ask(json!({})).await, document);
    let query = ask(json!({"text_type": "query"})).await;
    let guided = ask(json!({"text_type": "query", "instruct": "Find the weather"})).await;
    for other in [&query, &guided] {
        let cosine = cosine(&document, other);
        assert!(cosine > 0.9 && cosine < 0.999, "{cosine}");
    }
    assert_ne!(query, guided);
    let body = json!({"model": V4, "input": {"texts": ["x"]}, "parameters": {"text_type": "y"}});
    let (status, body) = refused(NATIVE, body).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["message"],
        r#"y is not one of ["query", "document"] - 'text_type'"#
    );
}

#[tokio::test]
async fn both_protocols_have_the_same_vectors() {
    let open_ai = embed(&["the wind"], json!({})).await;
    let body = json!({"model": V4, "input": {"texts": ["the wind"]}});
    for path in [NATIVE.to_owned(), format!("/cn{NATIVE}")] {
        let reply = taken(&path, body.clone()).await;
        assert_eq!(
            vector(&reply["output"]["embeddings"][0]["embedding"]),
            open_ai[0]
        );
    }
}

#[tokio::test]
async fn tokens_are_logged() {
    let log: Arc<Mutex<Vec<ServedRequest>>> = Arc::default();
    let kept = Arc::clone(&log);
    let builder = Emulator::builder();
    let builder = builder.on_request(move |request| kept.lock().unwrap().push(request.clone()));
    let emulator = builder.start().await.unwrap();
    let body = json!({"model": V4, "input": ["the wind", "blows"]});
    post(&emulator, OPEN_AI, &body).await;
    let log = log.lock().unwrap();
    assert_eq!(log[0].model(), Some(V4));
    assert_eq!(log[0].prompt_tokens(), Some(3));
    assert_eq!(log[0].completion_tokens(), Some(0));
}

#[tokio::test]
async fn only_pay_as_you_go_has_embeddings() {
    let body = json!({"model": V4, "input": "x"});
    for path in ["/coding/v1", "/token-plan/v1"] {
        let emulator = Emulator::start().await.unwrap();
        let answer = call(
            &emulator,
            "POST",
            &format!("{path}/embeddings"),
            &[],
            &body.to_string(),
        )
        .await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let emulator = Emulator::start().await.unwrap();
    assert_eq!(call(&emulator, "GET", OPEN_AI, &[], "").await.status, 405);
    assert_eq!(call(&emulator, "GET", NATIVE, &[], "").await.status, 405);
}

/// Every path of vectors, with a request that it takes.
fn every_path() -> [(&'static str, Value); 5] {
    let input = json!({"contents": [{"text": "x"}]});
    let rank = json!({"query": "x", "documents": ["x", "y"]});
    [
        (OPEN_AI, json!({"model": V4, "input": "x"})),
        (NATIVE, json!({"model": V4, "input": {"texts": ["x"]}})),
        (
            "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding",
            json!({"model": "qwen3-vl-embedding", "input": input}),
        ),
        (
            "/api/v1/services/rerank/text-rerank/text-rerank",
            json!({"model": "gte-rerank-v2", "input": rank}),
        ),
        (
            "/compatible-api/v1/reranks",
            json!({"model": "qwen3-rerank", "query": "x", "documents": ["x", "y"]}),
        ),
    ]
}

#[tokio::test]
async fn faults_work_on_every_path() {
    let emulator = Emulator::start().await.unwrap();
    for (path, body) in every_path() {
        let native = path.starts_with("/api/v1");
        let body = body.to_string();
        let hit = async |fault: &str| {
            let headers = [("x-emulator-fault", fault)];
            call(&emulator, "POST", path, &headers, &body).await
        };
        let plain = call(&emulator, "POST", path, &[], &body).await;
        assert_eq!(plain.status, 200, "{}", plain.text());
        let throttled = hit("insufficient-quota; retry-after=2").await;
        assert_eq!(throttled.status, 429, "{path}");
        assert_eq!(throttled.header("retry-after"), Some("2"));
        let error = throttled.json();
        let (code, wanted) = if native {
            (&error["code"], "Throttling.AllocationQuota")
        } else {
            (&error["error"]["code"], "insufficient_quota")
        };
        assert_eq!(code, wanted, "{path}");
        assert_eq!(
            hit("reset-before").await.error,
            Some(ErrorKind::ConnectionReset)
        );
        let cut = hit("truncate").await;
        assert_eq!(cut.error, Some(ErrorKind::UnexpectedEof), "{path}");
        assert_eq!(cut.status, 200);
        assert_eq!(hit("empty-body").await.text(), "", "{path}");
        let dribbled = hit("dribble;size=64").await;
        assert!(dribbled.complete && dribbled.json().is_object(), "{path}");
    }
}
