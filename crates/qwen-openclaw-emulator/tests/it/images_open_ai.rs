//! What the service rejects in requests for images in the OpenAI-compatible form.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    images::{OPEN_AI, png, post},
    video::call,
};

#[tokio::test]
async fn the_open_ai_path_names_the_field() {
    let emulator = Emulator::start().await.unwrap();
    let with = |field: &str, value: Value| {
        let mut body = json!({"model": "qwen-image-3.0", "prompt": "a red crane"});
        body[field] = value;
        body
    };
    let image = "https://x/1.png";
    for (body, param, message) in [
        (
            json!({"model": "qwen-image-3.0"}),
            "prompt",
            "Field 'prompt' is required",
        ),
        (json!({"prompt": "x"}), "model", "Field 'model' is required"),
        (
            with("prompt", json!(" ")),
            "prompt",
            "Field 'prompt' must not be empty",
        ),
        (
            with("prompt", json!(1)),
            "prompt",
            "prompt must be a string",
        ),
        (
            with("prompt", json!("x ".repeat(4501))),
            "prompt",
            "Field 'prompt' must not be longer than 4500 tokens",
        ),
        (
            with("model", json!("qwen-image-max")),
            "model",
            "Model 'qwen-image-max' is not supported by this endpoint",
        ),
        (
            with("image", json!(null)),
            "image",
            "Field 'image' must be a string or a list of 1 to 3 strings",
        ),
        (
            with("image", json!([])),
            "image",
            "Field 'image' must be a string or a list of 1 to 3 strings",
        ),
        (
            with("image", json!([image, image, image, image])),
            "image",
            "Field 'image' must be a string or a list of 1 to 3 strings",
        ),
        (
            with("image", json!([1])),
            "image",
            "Field 'image' must be a string or a list of 1 to 3 strings",
        ),
        (with("image", json!("1.png")), "image", "image format error"),
        (
            with("image", json!("data:image/png;base64,AAAA")),
            "image",
            "Invalid image format or corrupted file",
        ),
        (with("n", json!("2")), "n", "n must be in [1, 6]"),
        (with("n", json!(0)), "n", "n must be in [1, 6]"),
        (with("n", json!(7)), "n", "n must be in [1, 6]"),
        (
            with("size", json!("1328*1328")),
            "size",
            "Expected format: '<width>x<height>'",
        ),
        (
            with("size", json!("511x512")),
            "size",
            "The size is not match 511x512",
        ),
        (
            with("size", json!("2048x2049")),
            "size",
            "The size is not match 2048x2049",
        ),
        (
            with("size", json!("4104x512")),
            "size",
            "The size is not match 4104x512",
        ),
        (
            with("seed", json!(-1)),
            "seed",
            "seed must be in [0, 2147483647]",
        ),
        (
            with("seed", json!(2_147_483_648_u64)),
            "seed",
            "seed must be in [0, 2147483647]",
        ),
        (
            with("watermark", json!("no")),
            "watermark",
            "watermark must be a boolean",
        ),
        (
            with("prompt_extend", json!(1)),
            "prompt_extend",
            "prompt_extend must be a boolean",
        ),
        (
            with("enable_thinking", json!(1)),
            "enable_thinking",
            "enable_thinking must be a boolean",
        ),
        (
            with("prompt_extend_mode", json!("slow")),
            "prompt_extend_mode",
            "Field 'prompt_extend_mode' must be 'direct' or 'agent'",
        ),
        (
            json!({"model": "qwen-image-3.0", "prompt": "x", "image": image, "prompt_extend_mode": "agent"}),
            "prompt_extend_mode",
            "Field 'prompt_extend_mode' must not be 'agent' with images",
        ),
    ] {
        let answer = post(&emulator, OPEN_AI, &body).await;
        assert_eq!(answer.status, 400, "{message}");
        // The id of the request is in the header alone.
        assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
        assert_eq!(
            answer.json(),
            json!({"error": {"message": message, "type": "invalid_request_error",
                "param": param, "code": "InvalidParameter"}})
        );
    }
    let unknown = post(&emulator, OPEN_AI, &with("model", json!("gpt-image-1"))).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
    for broken in ["{", "[]", ""] {
        let answer = call(&emulator, "POST", OPEN_AI, &[], broken).await;
        assert_eq!(answer.status, 400);
    }
    // What is taken.
    for body in [
        with("size", json!("auto")),
        with("prompt_extend_mode", json!("agent")),
        with("image", json!(image)),
        with("image", json!([image, png(1, 1)])),
        with("prompt", json!("x ".repeat(4499))),
        with("n", json!(6)),
    ] {
        assert_eq!(post(&emulator, OPEN_AI, &body).await.status, 200, "{body}");
    }
}
