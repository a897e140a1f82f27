//! Embeddings of texts, images and videos.

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    embeddings::{cosine, refused, taken, vector},
    video::call,
    video_uploads::upload,
};

const PATH: &str = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding";
const VL: &str = "qwen3-vl-embedding";
const SNAPSHOT: &str = "tongyi-embedding-vision-plus-2026-03-06";

fn body(model: &str, contents: Value, parameters: Value) -> Value {
    json!({"model": model, "input": {"contents": contents}, "parameters": parameters})
}

/// The types and the vectors of a request that is taken.
async fn embed(model: &str, contents: Value, parameters: Value) -> Vec<(String, Vec<f32>)> {
    let reply = taken(PATH, body(model, contents, parameters)).await;
    let rows = reply["output"]["embeddings"].as_array().unwrap();
    rows.iter()
        .enumerate()
        .map(|(index, row)| {
            assert_eq!(row["index"], index);
            let vector = vector(&row["embedding"]);
            assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
            (row["type"].as_str().unwrap().to_owned(), vector)
        })
        .collect()
}

fn types(rows: &[(String, Vec<f32>)]) -> Vec<&str> {
    rows.iter().map(|(kind, _)| &**kind).collect()
}

/// The start of a PNG, which has the size, and its data URL.
fn png(width: u32, height: u32) -> (Vec<u8>, String) {
    let mut data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    data.extend(width.to_be_bytes());
    data.extend(height.to_be_bytes());
    let url = format!("data:image/png;base64,{}", STANDARD.encode(&data));
    (data, url)
}

#[tokio::test]
async fn a_reply_has_the_shape_of_the_service() {
    let image = "https://example.com/cat.png";
    let contents = json!([{"text": "a cat"}, {"image": image}]);
    let model = "tongyi-embedding-vision-plus";
    let mut reply = taken(PATH, body(model, contents, json!({}))).await;
    for row in reply["output"]["embeddings"].as_array_mut().unwrap() {
        assert_eq!(vector(&row["embedding"]).len(), 1152);
        row["embedding"] = json!("checked");
    }
    let id = reply["request_id"].clone();
    assert_eq!(
        reply,
        json!({
            "output": {"embeddings": [
                {"index": 0, "embedding": "checked", "type": "text"},
                {"index": 1, "embedding": "checked", "type": "image"},
            ]},
            "usage": {
                "input_tokens": 260,
                "input_tokens_details": {"image_tokens": 258, "text_tokens": 2},
                "output_tokens": 2,
                "total_tokens": 262,
            },
            "request_id": id,
        })
    );
}

#[tokio::test]
async fn models_fuse_as_they_do() {
    let contents = || json!([{"text": "a cat"}, {"image": "https://example.com/1.png"}]);
    let fuse = json!({"enable_fusion": true});
    for (model, parameters, wanted) in [
        (VL, json!({}), &["vl", "vl"][..]),
        (VL, fuse.clone(), &["fusion"]),
        ("qwen2.5-vl-embedding", json!({}), &["fusion"]),
        (SNAPSHOT, json!({}), &["text", "image"]),
        ("multimodal-embedding-v1", fuse, &["text", "image"]),
    ] {
        let rows = embed(model, contents(), parameters).await;
        assert_eq!(types(&rows), wanted, "{model}");
    }
    let together = json!([
        {"text": "a cat", "image": "https://example.com/1.png"},
        {"multi_images": ["https://example.com/1.png", "https://example.com/2.png"]},
        {"video": "https://example.com/1.mp4"},
    ]);
    let rows = embed(SNAPSHOT, together, json!({})).await;
    assert_eq!(types(&rows), ["fused", "multi_images", "video"]);
    // What is fused is near each of its parts.
    let text = embed(SNAPSHOT, json!([{"text": "a cat"}]), json!({})).await;
    assert!(cosine(&rows[0].1, &text[0].1) > 0.5);
}

#[tokio::test]
async fn an_image_is_its_bytes_however_it_comes() {
    let (data, url) = png(64, 64);
    let emulator = Emulator::start().await.unwrap();
    let uploaded = upload(&emulator, VL, &data).await;
    let ask = async |image: &str, resolve: bool| {
        let headers = [("x-dashscope-ossresourceresolve", "enable")];
        let headers = if resolve { &headers[..] } else { &[] };
        let body = body(VL, json!([{"image": image}]), json!({})).to_string();
        call(&emulator, "POST", PATH, headers, &body).await
    };
    let sent = ask(&url, false).await.json();
    let stored = ask(&uploaded, true).await.json();
    assert_eq!(sent["output"], stored["output"]);
    assert_eq!(sent["usage"]["input_tokens"], 66);
    let other = ask(&png(64, 65).1, false).await.json();
    assert_ne!(sent["output"], other["output"]);

    let refused = ask(&uploaded, false).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("does not appear to be valid"));
    let missing = ask("oss://dashscope-instant/none", true).await;
    assert_eq!(missing.json()["code"], "InvalidParameter.DataInspection");
}

#[tokio::test]
async fn a_picture_is_found_by_the_name_of_its_file() {
    let contents = json!([
        {"text": "a black cat"},
        {"image": "https://example.com/black-cat.png"},
        {"image": "https://example.com/red_bus.png"},
    ]);
    let rows = embed(VL, contents, json!({"dimension": 512})).await;
    let (cat, bus) = (
        cosine(&rows[0].1, &rows[1].1),
        cosine(&rows[0].1, &rows[2].1),
    );
    assert!(cat > bus + 0.3, "{cat} {bus}");
    assert_eq!(rows[0].1.len(), 512);
}

#[tokio::test]
async fn what_the_models_do_not_take_is_refused() {
    let image = |count: usize| json!(vec![json!({"image": "https://x.example/1.png"}); count]);
    let large = format!("data:image/png;base64,{}", "AAAA".repeat(3 << 19));
    for (model, contents, parameters, message) in [
        (
            VL,
            image(6),
            json!({}),
            "The number of images must be at most 5",
        ),
        (
            VL,
            json!(vec![json!({"text": "x"}); 21]),
            json!({}),
            "The number of contents must be at most 20",
        ),
        (
            VL,
            json!([{"video": "https://x.example/1.mp4"}, {"video": "https://x.example/2.mp4"}]),
            json!({}),
            "The number of videos must be at most 1",
        ),
        (
            VL,
            json!([{"multi_images": ["https://x.example/1.png"]}]),
            json!({}),
            "Each of contents must have a text, an image or a video that the model takes",
        ),
        (
            "tongyi-embedding-vision-flash",
            json!([{"text": "x", "image": "https://x.example/1.png"}]),
            json!({}),
            "Each of contents must have one of text, image and video",
        ),
        (
            "multimodal-embedding-v1",
            json!([{"image": large}]),
            json!({}),
            "The size of the file must be at most 3 MB",
        ),
        (
            "multimodal-embedding-v1",
            json!([{"text": "天".repeat(513)}]),
            json!({}),
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 512]",
        ),
        (
            VL,
            json!([{"text": "x"}]),
            json!({"dimension": 64}),
            "dimension 64 is invalid, it should be one of [2560, 2048, 1536, 1024, 768, 512, 256]",
        ),
        (
            VL,
            json!([{"text": "x"}]),
            json!({"fps": 2}),
            "fps must be in [0, 1]",
        ),
        (
            VL,
            json!([{"text": "x"}]),
            json!({"output_type": "sparse"}),
            r#"sparse is not one of ["dense"] - 'output_type'"#,
        ),
        (
            VL,
            json!([]),
            json!({}),
            "Required parameter(contents) missing or invalid, please check the request parameters.",
        ),
    ] {
        let (status, error) = refused(PATH, body(model, contents, parameters)).await;
        assert_eq!((status, &error["message"]), (400, &json!(message)));
    }
    let not_valid = "InternalError.Algo.InvalidParameter: The provided URL does not appear to be valid. Ensure it is correctly formatted.";
    for content in [
        json!({"image": "file:///1.png"}),
        json!({"image": "https://"}),
        json!({"image": "data:image/png;base64,*"}),
        json!({"image": "data:text/plain;base64,AAAA"}),
        json!({"video": "data:video/mp4;base64,AAAA"}),
    ] {
        let (status, error) = refused(PATH, body(VL, json!([content]), json!({}))).await;
        assert_eq!(
            (status, &error["message"]),
            (400, &json!(not_valid)),
            "{content}"
        );
    }
    let (status, error) = refused(
        PATH,
        body("text-embedding-v4", json!([{"text": "x"}]), json!({})),
    )
    .await;
    assert_eq!((status, &error["code"]), (404, &json!("ModelNotFound")));
}
