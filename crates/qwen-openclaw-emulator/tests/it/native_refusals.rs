//! DashScope's own chat API: what is refused there.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    client::Client,
    native::{MULTIMODAL, SSE, TEXT, request, send},
};

/// What the service puts before the texts of its inner checks.
const ALGO: &str = "<400> InternalError.Algo.InvalidParameter: ";

/// Sends a request, and expects the refusal whole and as an event.
async fn refused(path: &str, body: &Value, status: u16, code: &str, message: &str) {
    let emulator = Emulator::start().await.unwrap();
    let whole = send(&emulator, path, body, &[]).await;
    assert_eq!(whole.status, status, "{}", whole.text());
    let id = whole.header("x-request-id").unwrap().to_owned();
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert_eq!(
        whole.text(),
        json!({"code": code, "message": message, "request_id": id}).to_string()
    );
    let event = send(&emulator, path, body, &[SSE]).await;
    assert_eq!(event.status, status, "{}", event.text());
    let id = event.header("x-request-id").unwrap().to_owned();
    let data = json!({"code": code, "message": message, "request_id": id});
    assert_eq!(
        event.text(),
        format!("id:1\nevent:error\n:HTTP_STATUS/{status}\ndata:{data}\n\n")
    );
}

async fn invalid(path: &str, body: Value, message: &str) {
    refused(path, &body, 400, "InvalidParameter", message).await;
}

#[tokio::test]
async fn a_model_is_on_one_of_the_paths() {
    let wrong = "url error, please check url！";
    for model in [
        "qwen3-vl-plus",
        "qwen3.5-plus",
        "qwen3.8-max",
        "qwen3-omni-flash",
    ] {
        invalid(TEXT, request(model, "Hi", json!({})), wrong).await;
    }
    for model in ["qwen-plus", "qwen3-max", "glm-5", "deepseek-v4-pro"] {
        invalid(MULTIMODAL, request(model, "Hi", json!({})), wrong).await;
    }
    let message = "The model `qwen0` does not exist or you do not have access to it.";
    let body = request("qwen0", "Hi", json!({}));
    refused(TEXT, &body, 404, "ModelNotFound", message).await;
}

#[tokio::test]
async fn the_input_must_be_one() {
    let neither = r#"Either "prompt" or "messages" must exist and cannot both be none"#;
    invalid(TEXT, json!({"model": "qwen-plus"}), neither).await;
    let misplaced = json!({"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}]});
    invalid(TEXT, misplaced, neither).await;
    let none = json!({"input": {"prompt": "Hi"}});
    invalid(TEXT, none, &format!("{ALGO}'model' is a required property")).await;
    let empty = json!({"model": "qwen-plus", "input": {"messages": []}});
    invalid(TEXT, empty, &format!("{ALGO}[] is too short - 'messages'")).await;
    let parts = json!([{"text": "Hi"}]);
    let body = request("qwen-plus", parts, json!({}));
    invalid(TEXT, body, "input content must be a string.").await;
    let body = request("qwen3-vl-plus", json!([{"picture": "x"}]), json!({}));
    let no_modal = "The item of content should be a message of a certain modal.";
    invalid(MULTIMODAL, body, no_modal).await;
    let emulator = Emulator::start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    let path = format!("/api/v1{TEXT}");
    let headers = [("authorization", "Bearer sk-1")];
    client.send("POST", &path, &headers, "{").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["message"],
        "Required body invalid, please check the request body format."
    );
}

#[tokio::test]
async fn the_form_of_the_answer_has_rules() {
    let ask = |model: &str, parameters: Value| request(model, "Hi", parameters);
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    for (parameters, message) in [
        (
            json!({"result_format": "xml"}),
            "xml is not one of ['text', 'message'] - 'parameters.result_format'".to_owned(),
        ),
        (
            json!({"enable_thinking": true}),
            format!(
                r#"{ALGO}The result_format parameter must be "message" when enable_thinking is true"#
            ),
        ),
        (
            json!({"tools": tool}),
            format!(r#"{ALGO}The result_format parameter must be "message" when tools are given"#),
        ),
        (
            json!({"n": 2}),
            format!(
                r#"{ALGO}The result_format parameter must be "message" when n is greater than 1"#
            ),
        ),
        (
            json!({"temperature": 2.0}),
            format!("{ALGO}Temperature should be in [0.0, 2.0)"),
        ),
        (
            json!({"seed": -1}),
            format!("{ALGO}Range of seed should be [0, 9223372036854775807]"),
        ),
        (
            json!({"max_tokens": 0}),
            format!("{ALGO}Range of max_tokens should be [1, 32768]"),
        ),
    ] {
        invalid(TEXT, ask("qwen-plus", parameters), &message).await;
    }
    let body = ask("qwen3.7-max", json!({"result_format": "text"}));
    let message = format!(
        r#"{ALGO}The result_format parameter must be "message" when enable_thinking is true"#
    );
    invalid(TEXT, body, &message).await;
}

#[tokio::test]
async fn thinking_streams_increments_only() {
    let emulator = Emulator::start().await.unwrap();
    let must = r#"The incremental_output parameter must be "true" when enable_thinking is true"#;
    let cannot = "The incremental_output parameter of this model cannot be set to False.";
    for (model, parameters, message) in [
        ("qwen-plus", json!({"enable_thinking": true}), Some(must)),
        (
            "qwen-plus",
            json!({"enable_thinking": true, "incremental_output": true}),
            None,
        ),
        ("qwen-plus", json!({}), None),
        ("qwen3.7-max", json!({}), None),
        (
            "qwen3.7-max",
            json!({"incremental_output": false}),
            Some(must),
        ),
        (
            "qwen3.7-max",
            json!({"incremental_output": false, "enable_thinking": false}),
            None,
        ),
        (
            "qwen3-32b",
            json!({"incremental_output": false, "enable_thinking": false}),
            Some(cannot),
        ),
        (
            "qwq-plus",
            json!({"incremental_output": false}),
            Some(cannot),
        ),
        ("qwq-plus", json!({}), None),
        ("qwen3-max", json!({"incremental_output": false}), None),
    ] {
        let mut parameters = parameters;
        parameters["result_format"] = json!("message");
        let body = request(model, "Hi", parameters);
        let answer = send(&emulator, TEXT, &body, &[SSE]).await;
        let Some(message) = message else {
            assert_eq!(answer.status, 200, "{body}: {}", answer.text());
            continue;
        };
        assert_eq!(answer.status, 400, "{body}");
        let said = json!(format!("{ALGO}{message}")).to_string();
        assert!(answer.text().contains(&said), "{}", answer.text());
    }
    // Without a stream there are no increments to speak of.
    let parameters = json!({"incremental_output": false, "result_format": "message"});
    let body = request("qwen3.7-max", "Hi", parameters);
    assert_eq!(send(&emulator, TEXT, &body, &[]).await.status, 200);
    let body = request("qwq-plus", "Hi", json!({}));
    let message = "This model only support stream mode, please enable the stream parameter to access the model.";
    let answer = send(&emulator, TEXT, &body, &[]).await;
    assert_eq!(answer.json()["message"], message);
}

#[tokio::test]
async fn addresses_are_checked() {
    let wrong = "InternalError.Algo.InvalidParameter: The provided URL does not appear to be valid. Ensure it is correctly formatted.";
    for address in ["file:///a.png", "a.png", "https://", "oss://"] {
        let body = request("qwen3-vl-plus", json!([{"image": address}]), json!({}));
        invalid(MULTIMODAL, body, wrong).await;
    }
    let body = request(
        "qwen3-vl-plus",
        json!([{"image": "oss://x/y.png"}]),
        json!({}),
    );
    invalid(MULTIMODAL, body.clone(), wrong).await;
    let emulator = Emulator::start().await.unwrap();
    let resolve = ("x-dashscope-ossresourceresolve", "enable");
    let answer = send(&emulator, MULTIMODAL, &body, &[resolve]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["code"], "InvalidParameter.DataInspection");
    let body = request(
        "qwen3-vl-plus",
        json!([{"image": "data:image/png;base64,!"}]),
        json!({}),
    );
    invalid(
        MULTIMODAL,
        body,
        "The data of a data-uri item is not valid base64.",
    )
    .await;
}

#[tokio::test]
async fn methods_keys_and_asynchronous_calls() {
    let emulator = Emulator::start().await.unwrap();
    let body = request("qwen-plus", "Hi", json!({}));
    let answer = send(&emulator, TEXT, &body, &[("x-dashscope-async", "enable")]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["code"], "AccessDenied");
    let mut client = Client::connect(&emulator).await;
    let path = format!("/api/v1{TEXT}");
    client
        .send("GET", &path, &[("authorization", "Bearer sk-1")], "")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.json()["code"], "BadRequest.MethodNotSupported");
    client.send("POST", &path, &[SSE], &body.to_string()).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 401);
    // The gate before the service answers whole, whatever was asked for.
    assert_eq!(answer.json()["code"], "InvalidApiKey");
}
