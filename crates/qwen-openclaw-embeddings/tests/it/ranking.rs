//! Reranking.

use qwen_openclaw_embeddings::{Client, Document, ErrorKind, RerankRequest, catalog::Provider};
use serde_json::json;

use crate::{bodies, client, serve};

#[tokio::test]
async fn the_compatible_form_is_flat() {
    let answer = json!({
        "object": "list",
        "results": [{"index": 2, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.93}],
        "model": "qwen3-rerank", "id": "r-1", "usage": {"total_tokens": 79},
    });
    let server = serve("/compatible-api/v1/reranks", answer).await;
    let request = RerankRequest::new("qwen3-rerank", "q")
        .texts(["a", "b", "c"])
        .top(2);
    let ranking = client(&server).await.rerank(&request).await.unwrap();
    let results: Vec<_> = ranking
        .results()
        .iter()
        .map(|one| (one.index, one.score))
        .collect();
    assert_eq!(results, [(0, 0.93), (2, 0.5)]);
    assert_eq!(ranking.usage().tokens, Some(79));
    assert_eq!(ranking.request_id(), Some("r-1"));
    assert_eq!(
        bodies(&server).await,
        [json!({"model": "qwen3-rerank", "query": "q", "documents": ["a", "b", "c"], "top_n": 2})]
    );
}

#[tokio::test]
async fn the_native_form_has_input_and_parameters() {
    let answer = json!({
        "output": {"results": [
            {"document": {"text": "a"}, "index": 0, "relevance_score": 1},
            {"document": {"image": "x"}, "index": 1, "relevance_score": 0.2},
        ]},
        "usage": {"total_tokens": 79}, "request_id": "r-2",
    });
    let server = serve("/api/v1/services/rerank/text-rerank/text-rerank", answer).await;
    let request = RerankRequest::new("qwen3-vl-rerank", "q")
        .document("a")
        .document(Document::Image("https://example.com/x.png".to_owned()));
    let ranking = client(&server).await.rerank(&request).await.unwrap();
    assert_eq!(ranking.results().len(), 2);
    assert_eq!(
        bodies(&server).await,
        [json!({
            "model": "qwen3-vl-rerank",
            "input": {
                "query": "q",
                "documents": [{"text": "a"}, {"image": "https://example.com/x.png"}],
            },
            "parameters": {},
        })]
    );
}

#[tokio::test]
async fn other_servers_rank_below_their_base_url() {
    let answer = json!({"results": [{"index": 0, "relevance_score": 0.5}]});
    let server = serve("/compatible-mode/v1/rerank", answer).await;
    let other = qwen_openclaw_client::Connection::builder(
        Provider::exactly("my-vllm").unwrap(),
        qwen_openclaw_client::EndpointRules::new()
            .base_url(format!("{}/compatible-mode/v1", server.uri())),
    );
    let client = Client::over(other).build().unwrap();
    let request = RerankRequest::new("bge", "q").texts(["a"]);
    assert_eq!(client.rerank(&request).await.unwrap().results()[0].index, 0);
}

#[tokio::test]
async fn a_result_that_was_not_asked_for_is_an_error() {
    let result = |index: u64| json!({"index": index, "relevance_score": 0.5});
    for (results, message) in [
        (
            json!([result(0)]),
            "the server returned 1 results instead of 2",
        ),
        (
            json!([result(0), result(0)]),
            "the server returned index 0 twice",
        ),
        (
            json!([result(0), result(2)]),
            "the server returned index 2, which was not asked for",
        ),
    ] {
        let server = serve("/compatible-api/v1/reranks", json!({"results": results})).await;
        let request = RerankRequest::new("qwen3-rerank", "q").texts(["a", "b"]);
        let error = client(&server).await.rerank(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.to_string(), message);
    }
}
