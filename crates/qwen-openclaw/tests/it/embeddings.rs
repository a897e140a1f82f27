//! Embeddings and reranking without a router.

use qwen_openclaw::{
    ErrorKind, Qwen,
    auth::ApiKey,
    embeddings::{Content, MultimodalRequest, TextType},
};
use qwen_openclaw_emulator::{Emulator, Plan, Region};

async fn qwen() -> (Emulator, Qwen) {
    with_key(&Emulator::key_for(Plan::Standard, Region::Global)).await
}

async fn with_key(key: &str) -> (Emulator, Qwen) {
    let emulator = Emulator::start().await.unwrap();
    let qwen = Qwen::builder()
        .base_url(emulator.base_url())
        .api_key(ApiKey::parse(key).unwrap());
    (emulator, qwen.build().unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn what_is_alike_is_near() {
    let (_emulator, qwen) = qwen().await;
    let texts = [
        "the capital of France",
        "France has a capital",
        "bread in the oven",
    ];
    let embeddings = qwen.embed("text-embedding-v4").send(texts).await.unwrap();
    let [france, capital, bread] = embeddings.vectors() else {
        panic!("not three vectors");
    };
    assert_eq!(france.len(), 1_024);
    assert!(cosine(france, capital) > cosine(france, bread));
    let query = qwen.embed("text-embedding-v4").text_type(TextType::Query);
    let query = query.send([texts[0]]).await.unwrap();
    assert_eq!(query.vectors()[0].len(), 1_024);
}

#[tokio::test]
async fn both_encodings_have_the_same_numbers() {
    use qwen_openclaw::embeddings::Encoding;

    let (_emulator, qwen) = qwen().await;
    let embed = async |encoding| {
        let request = qwen.embed("qwen3.7-text-embedding").dimensions(256);
        let request = request.with(|request| request.encoding(encoding));
        request.send(["a red fox"]).await.unwrap().into_vectors()
    };
    assert_eq!(embed(Encoding::Float).await, embed(Encoding::Base64).await);
}

#[tokio::test]
async fn a_text_and_an_image_can_be_one() {
    let (_emulator, qwen) = qwen().await;
    let contents = [
        Content::text("a fox"),
        Content::image("https://example.com/fox.png"),
    ];
    let request = MultimodalRequest::new("qwen/qwen3-vl-embedding").contents(contents);
    let each = qwen.embed_contents(request.clone()).await.unwrap();
    assert_eq!(each.embeddings().len(), 2);
    let fused = qwen
        .embed_contents(request.fuse().dimensions(512))
        .await
        .unwrap();
    assert_eq!(fused.embeddings()[0].vector.len(), 512);
}

#[tokio::test]
async fn a_plans_key_is_refused_before_anything_is_sent() {
    let (emulator, qwen) = with_key("sk-sp-0123456789abcdef").await;
    let Err(error) = qwen.embed("text-embedding-v4").send(["a"]).await else {
        panic!("it was answered");
    };
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("Standard key"), "{error}");
    assert!(emulator.take_requests().is_empty());
}
