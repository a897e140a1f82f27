//! Multimodal embeddings.

use qwen_openclaw_embeddings::{Content, ContentKind, MultimodalRequest};
use serde_json::json;

use crate::{bodies, client, serve};

const PATH: &str = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding";

#[tokio::test]
async fn each_content_has_a_vector() {
    let answer = json!({
        "output": {"embeddings": [
            {"index": 0, "embedding": [0.01, -0.02], "type": "text"},
            {"index": 1, "embedding": [0.05, 0.01], "type": "image"},
            {"index": 2, "embedding": [0.5, 0.5], "type": "hologram"},
        ]},
        "usage": {"input_tokens": 10, "input_tokens_details": {"image_tokens": 896, "text_tokens": 7},
                  "output_tokens": 3, "total_tokens": 906},
        "request_id": "r",
    });
    let server = serve(PATH, answer).await;
    let request = MultimodalRequest::new("qwen3-vl-embedding")
        .content(Content::text("a fox"))
        .content(Content::image("https://example.com/fox.png"))
        .content(Content::video("oss://bucket/fox.mp4"));
    let found = client(&server)
        .await
        .embed_contents(&request)
        .await
        .unwrap();
    let kinds: Vec<_> = found
        .embeddings()
        .iter()
        .map(|one| one.kind.clone())
        .collect();
    let other = ContentKind::Other("hologram".into());
    let expected = [ContentKind::Text, ContentKind::Image, other].map(Some);
    assert_eq!(kinds, expected);
    assert_eq!(found.embeddings()[1].vector, [0.05, 0.01]);
    assert_eq!(found.usage().media_tokens, Some(896));
    assert_eq!(
        bodies(&server).await,
        [json!({
            "model": "qwen3-vl-embedding",
            "input": {"contents": [
                {"text": "a fox"},
                {"image": "https://example.com/fox.png"},
                {"video": "oss://bucket/fox.mp4"},
            ]},
            "parameters": {},
        })]
    );
    let requests = server.received_requests().await.unwrap();
    let resolve = requests[0].headers.get("X-DashScope-OssResourceResolve");
    assert_eq!(resolve.unwrap(), "enable");
}

#[tokio::test]
async fn fused_contents_have_one() {
    let answer = json!({
        "output": {"embeddings": [{"index": 0, "embedding": [1.0], "type": "fusion"}]},
        "usage": {"total_tokens": 5},
    });
    let server = serve(PATH, answer).await;
    let client = client(&server).await;
    let request = MultimodalRequest::new("qwen3-vl-embedding").contents([
        Content::text("a fox"),
        Content::image("https://example.com/fox.png"),
    ]);
    let fused = client
        .embed_contents(&request.clone().fuse())
        .await
        .unwrap();
    assert_eq!(fused.embeddings()[0].kind, Some(ContentKind::Fused));
    let error = client.embed_contents(&request).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server returned 1 vectors instead of 2"
    );
}
