//! Models by id, the native list, tokens of a prompt, and temporary keys.

use std::time::Duration;

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    native::{TEXT, request, send},
};

async fn get(emulator: &Emulator, path: &str) -> Answer {
    let mut client = Client::connect(emulator).await;
    client
        .send("GET", path, &[("authorization", "Bearer sk-1")], "")
        .await;
    client.answer().await
}

#[tokio::test]
async fn a_model_is_found_by_its_id() {
    let emulator = Emulator::start().await.unwrap();
    let model = get(&emulator, "/compatible-mode/v1/models/qwen-plus").await;
    assert_eq!(
        model.json(),
        json!({"id": "qwen-plus", "object": "model", "created": 1_767_225_600, "owned_by": "system"})
    );
    for path in [
        "/coding/v1/models/qwen3.7-plus",
        "/token-plan/v1/models/glm-5.2",
        "/cn/compatible-mode/v1/models/qwen-max",
    ] {
        assert_eq!(get(&emulator, path).await.status, 200, "{path}");
    }
    for path in [
        "/compatible-mode/v1/models/qwen0",
        "/coding/v1/models/qwen-plus",
    ] {
        let refused = get(&emulator, path).await;
        let id = refused.header("x-request-id").unwrap().to_owned();
        let model = path.rsplit('/').next().unwrap();
        assert_eq!(refused.status, 404, "{path}");
        assert_eq!(
            refused.json(),
            json!({"error": {
                "message": format!("The model `{model}` does not exist or you do not have access to it."),
                "type": "invalid_request_error", "param": null, "code": "model_not_found",
            }, "request_id": id})
        );
    }
}

#[tokio::test]
async fn the_native_list_says_who_made_a_model() {
    let emulator = Emulator::start().await.unwrap();
    let row = async |model: &str| {
        let page = get(&emulator, &format!("/api/v1/models?model={model}")).await;
        page.json()["output"]["models"][0].clone()
    };
    for (model, provider, open) in [
        ("qwen-plus", "qwen", false),
        ("qwen3-32b", "qwen", true),
        ("glm-5.2", "zhipu", true),
        ("deepseek-v4-pro", "deepseek", true),
    ] {
        assert_eq!(
            row(model).await,
            json!({"model": model, "source": "system", "provider": provider, "opensource": open})
        );
    }
}

#[tokio::test]
async fn a_prompt_has_as_many_tokens_as_its_chat() {
    let emulator = Emulator::start().await.unwrap();
    let tool = json!([{"type": "function", "function": {"name": "f", "description": "does"}}]);
    for (parameters, input) in [
        (json!({}), json!({"prompt": "What is 你好?"})),
        (
            json!({"result_format": "message", "tools": tool}),
            json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}),
        ),
    ] {
        let body = json!({"model": "qwen-plus", "input": input, "parameters": parameters});
        let cut = send(&emulator, "/tokenizer", &body, &[]).await;
        assert_eq!(cut.status, 200, "{}", cut.text());
        let cut = cut.json();
        let chat = send(&emulator, TEXT, &body, &[]).await.json();
        assert_eq!(cut["usage"]["input_tokens"], chat["usage"]["input_tokens"]);
        let count = cut["usage"]["input_tokens"].as_u64().unwrap() as usize;
        for field in ["token_ids", "tokens"] {
            assert_eq!(cut["output"][field].as_array().unwrap().len(), count);
        }
    }
    let body = json!({"model": "qwen-plus", "input": {"prompt": "Hi"}});
    let cut = send(&emulator, "/tokenizer", &body, &[]).await.json();
    assert_eq!(
        cut["output"]["tokens"],
        json!([
            "<|im_start|>",
            "user",
            "\n",
            "Hi",
            "<|im_end|>",
            "<|im_start|>",
            "assistant",
            "\n"
        ])
    );
    assert_eq!(cut["output"]["token_ids"][0], 151_644);
    let body = json!({"model": "qwen0", "input": {"prompt": "Hi"}});
    let refused = send(&emulator, "/tokenizer", &body, &[]).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (404, Some("ModelNotFound"))
    );
}

/// Chats with a key and returns the status.
async fn chat(emulator: &Emulator, prefix: &str, key: &str) -> u16 {
    let mut client = Client::connect(emulator).await;
    let bearer = format!("Bearer {key}");
    let body = request("qwen-plus", "Hi", json!({})).to_string();
    let path = format!("{prefix}{TEXT}");
    client
        .send("POST", &path, &[("authorization", &bearer)], &body)
        .await;
    client.answer().await.status
}

#[tokio::test]
async fn a_temporary_key_is_good_for_a_while() {
    let emulator = Emulator::builder()
        .require_key("sk-real")
        .start()
        .await
        .unwrap();
    let mut client = Client::connect(&emulator).await;
    let real = [("authorization", "Bearer sk-real")];
    let mut issue = async |query: &str| {
        let path = format!("/api/v1/tokens{query}");
        client.send("POST", &path, &real, "").await;
        client.answer().await
    };
    let issued = issue("?expire_in_seconds=100").await.json();
    let key = issued["token"].as_str().unwrap();
    assert!(
        key.starts_with("st-") && issued["expires_at"].is_u64(),
        "{issued}"
    );
    assert_eq!(chat(&emulator, "/api/v1", key).await, 200);
    assert_eq!(chat(&emulator, "/cn/api/v1", key).await, 401);
    assert_eq!(chat(&emulator, "/api/v1", "st-other").await, 401);
    emulator.video().advance(Duration::from_secs(100));
    assert_eq!(chat(&emulator, "/api/v1", key).await, 401);

    let default = issue("").await.json();
    let key = default["token"].as_str().unwrap().to_owned();
    emulator.video().advance(Duration::from_secs(58));
    assert_eq!(chat(&emulator, "/api/v1", &key).await, 200);
    emulator.video().advance(Duration::from_secs(3));
    assert_eq!(chat(&emulator, "/api/v1", &key).await, 401);

    for wrong in ["0", "1801", "x", "-1"] {
        let refused = issue(&format!("?expire_in_seconds={wrong}")).await;
        assert_eq!(refused.status, 400);
        let said: Value = refused.json()["message"].clone();
        assert_eq!(said, "Range of expire_in_seconds should be [1, 1800]");
    }
}
