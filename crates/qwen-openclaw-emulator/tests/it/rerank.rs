//! Documents in the order in which they answer a query.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    embeddings::{refused, taken},
    video::call,
    video_uploads::upload,
};

const FLAT: &str = "/compatible-api/v1/reranks";
const NATIVE: &str = "/api/v1/services/rerank/text-rerank/text-rerank";

const QUERY: &str = "What is a text ranking model?";
const DOCUMENTS: [&str; 3] = [
    "Bread rises in a warm place.",
    "A text ranking model puts texts in order.",
    "A model of a ship stands on the shelf.",
];

fn flat(extra: Value) -> Value {
    let mut body = json!({"model": "qwen3-rerank", "query": QUERY, "documents": DOCUMENTS});
    body.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    body
}

fn native(model: &str, query: Value, documents: Value, parameters: Value) -> Value {
    let input = json!({"query": query, "documents": documents});
    json!({"model": model, "input": input, "parameters": parameters})
}

/// The places of the results, after a look at their scores.
fn order(results: &Value) -> Vec<u64> {
    let results = results.as_array().unwrap();
    let score = |result: &Value| result["relevance_score"].as_f64().unwrap();
    assert!(results.is_sorted_by(|one, other| score(one) >= score(other)));
    assert!(
        results
            .iter()
            .all(|result| (0.0..=1.0).contains(&score(result)))
    );
    let places = results
        .iter()
        .map(|result| result["index"].as_u64().unwrap());
    places.collect()
}

#[tokio::test]
async fn the_flat_reply_has_the_shape_of_the_service() {
    let mut reply = taken(FLAT, flat(json!({"top_n": 2, "instruct": "Rank."}))).await;
    assert_eq!(order(&reply["results"]), [1, 2]);
    for result in reply["results"].as_array_mut().unwrap() {
        result["relevance_score"] = json!("checked");
    }
    let id = reply["id"].clone();
    assert_eq!(id.as_str().unwrap().len(), 36);
    assert_eq!(
        reply,
        json!({
            "object": "list",
            "results": [
                {"index": 1, "relevance_score": "checked"},
                {"index": 2, "relevance_score": "checked"},
            ],
            "model": "qwen3-rerank",
            "id": id,
            // The query has seven tokens, the documents seven, nine and ten.
            "usage": {"total_tokens": 7 * 3 + 7 + 9 + 10},
        })
    );
    assert_eq!(
        order(&taken(&format!("/cn{FLAT}"), flat(json!({}))).await["results"]),
        [1, 2, 0]
    );
}

#[tokio::test]
async fn the_native_reply_has_the_shape_of_the_service() {
    for model in ["gte-rerank-v2", "qwen3.7-text-rerank", "qwen3-rerank"] {
        let parameters = json!({"return_documents": true, "top_n": 1});
        let body = native(model, json!(QUERY), json!(DOCUMENTS), parameters);
        let mut reply = taken(NATIVE, body).await;
        let score = reply["output"]["results"][0]["relevance_score"].take();
        assert!(score.as_f64().unwrap() > 0.8, "{score}");
        let id = reply["request_id"].clone();
        assert_eq!(
            reply,
            json!({
                "output": {"results": [
                    {"document": {"text": DOCUMENTS[1]}, "index": 1, "relevance_score": null},
                ]},
                "usage": {"total_tokens": 47},
                "request_id": id,
            })
        );
    }
}

#[tokio::test]
async fn documents_are_returned_when_asked_for() {
    let documents = json!([{"text": "a cat"}, "a dog"]);
    let body = flat(json!({"query": "dog", "documents": documents, "return_documents": true}));
    let reply = taken(FLAT, body).await;
    assert_eq!(
        reply["results"][0],
        json!({"index": 1, "relevance_score": reply["results"][0]["relevance_score"], "document": {"text": "a dog"}})
    );
    let reply = taken(FLAT, flat(json!({"return_documents": false}))).await;
    assert!(reply["results"][0].get("document").is_none());
}

#[tokio::test]
async fn equal_documents_stay_in_order() {
    let reply = taken(
        FLAT,
        flat(json!({"documents": ["x", "y", "x", "z"], "query": "x"})),
    )
    .await;
    assert_eq!(order(&reply["results"]), [0, 2, 1, 3]);
}

#[tokio::test]
async fn pictures_are_ranked_with_texts() {
    let documents = json!([
        {"image": "https://example.com/red_bus.png"},
        {"text": "nothing of the kind"},
        {"image": "https://example.com/black-cat.png"},
        {"video": "https://example.com/black_cat.mp4"},
    ]);
    let ask = |query: Value| {
        native(
            "qwen3-vl-rerank",
            query,
            documents.clone(),
            json!({"fps": 0.5}),
        )
    };
    let reply = taken(NATIVE, ask(json!({"text": "a black cat"}))).await;
    assert_eq!(order(&reply["output"]["results"])[..2], [2, 3]);
    // The query is counted with each document.
    assert_eq!(reply["usage"]["total_tokens"], 3 * 4 + 258 * 2 + 4 + 2048);
    let image = json!({"image": "https://example.com/red_bus.png"});
    let reply = taken(NATIVE, ask(image)).await;
    assert_eq!(order(&reply["output"]["results"])[0], 0);
    assert_eq!(reply["output"]["results"][0]["relevance_score"], 1.0);
}

#[tokio::test]
async fn an_uploaded_picture_can_be_ranked() {
    let emulator = Emulator::start().await.unwrap();
    let model = "qwen3-vl-rerank";
    let picture = upload(&emulator, model, b"\x89PNG\r\n\x1a\n").await;
    let documents = json!([{"text": "a cat"}, {"image": picture}]);
    let body = native(model, json!({"image": picture}), documents, json!({})).to_string();
    let resolve = [("x-dashscope-ossresourceresolve", "enable")];
    let reply = call(&emulator, "POST", NATIVE, &resolve, &body)
        .await
        .json();
    assert_eq!(order(&reply["output"]["results"]), [1, 0]);
    assert_eq!(reply["output"]["results"][0]["relevance_score"], 1.0);
    let refused = call(&emulator, "POST", NATIVE, &[], &body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("does not appear to be valid"));
}

#[tokio::test]
async fn long_texts_are_cut() {
    let long = "天".repeat(5000);
    let documents = json!([long, "天"]);
    let body = native(
        "gte-rerank-v2",
        json!("天"),
        documents,
        json!({"return_documents": true}),
    );
    let reply = taken(NATIVE, body).await;
    assert_eq!(reply["usage"]["total_tokens"], 2 + 4000 + 1);
    let mut lengths: Vec<usize> = reply["output"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["document"]["text"].as_str().unwrap().chars().count())
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [1, 4000]);
}

#[tokio::test]
async fn what_the_models_do_not_take_is_refused() {
    let missing = |name: &str| {
        format!(
            "Required parameter({name}) missing or invalid, please check the request parameters."
        )
    };
    let long = "天".repeat(4000);
    for (extra, message) in [
        (json!({"query": null}), missing("query")),
        (json!({"documents": []}), missing("documents")),
        (json!({"documents": "x"}), missing("documents")),
        (json!({"documents": [1]}), "documents must have text".to_owned()),
        (json!({"documents": [""]}), "documents must not be empty".to_owned()),
        (json!({"query": ""}), "query must not be empty".to_owned()),
        (
            json!({"documents": [{"image": "https://example.com/1.png"}]}),
            "documents must have text".to_owned(),
        ),
        (json!({"top_n": 0}), "top_n must be a positive integer".to_owned()),
        (json!({"return_documents": 1}), "return_documents must be a boolean".to_owned()),
        (
            json!({"documents": vec!["x"; 501]}),
            "The number of documents should not be larger than 500".to_owned(),
        ),
        (
            json!({"documents": vec![long; 31]}),
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 120000]"
                .to_owned(),
        ),
    ] {
        let (status, body) = refused(FLAT, flat(extra)).await;
        assert_eq!((status, &body["error"]["message"]), (400, &json!(message)));
        assert_eq!(body["error"]["code"], "invalid_parameter_error");
    }
    let images = json!(vec![json!({"image": "https://example.com/1.png"}); 41]);
    let (status, body) = refused(
        NATIVE,
        native("qwen3-vl-rerank", json!("x"), images, json!({})),
    )
    .await;
    assert_eq!(status, 400);
    assert_eq!(
        body["message"],
        "The number of images should not be larger than 40"
    );
}

#[tokio::test]
async fn models_and_paths_are_told_apart() {
    for (model, code) in [
        ("nobody", "model_not_found"),
        ("gte-rerank", "model_not_found"),
        ("gte-rerank-v2", "model_not_supported"),
        ("qwen3-max", "model_not_supported"),
    ] {
        let (status, body) = refused(FLAT, flat(json!({"model": model}))).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (404, &json!(code)),
            "{model}"
        );
    }
    let body = native("gte-rerank", json!("x"), json!(["x"]), json!({}));
    let (status, body) = refused(NATIVE, body).await;
    assert_eq!((status, &body["code"]), (404, &json!("ModelNotFound")));

    let emulator = Emulator::start().await.unwrap();
    for (path, status) in [
        (FLAT, 405),
        ("/compatible-mode/v1/reranks", 404),
        ("/compatible-api/v1/chat/completions", 404),
        ("/compatible-mode/v1/compatible-api/v1/reranks", 404),
    ] {
        let answer = call(&emulator, "GET", path, &[], "").await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.json()["error"].is_object());
    }
    // The keys are those of pay-as-you-go.
    let headers = [("authorization", "Bearer sk-sp-1")];
    let mut client = crate::client::Client::connect(&emulator).await;
    client
        .send("POST", FLAT, &headers, &flat(json!({})).to_string())
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["code"], "invalid_api_key");
}
