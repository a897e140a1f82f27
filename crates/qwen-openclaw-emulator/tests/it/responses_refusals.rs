//! What the Responses API refuses.

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::{Value, json};

use crate::responses::{create, request, send};

const ALGO: &str = "<400> InternalError.Algo.InvalidParameter: ";

async fn refused(fields: Value) -> String {
    let emulator = Emulator::start().await.unwrap();
    let answer = create(&emulator, &request(fields.clone())).await;
    assert_eq!(answer.status, 400, "{fields}: {}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "invalid_parameter_error", "{fields}");
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn parameters_are_checked() {
    for (fields, message) in [
        (
            json!({"input": null}),
            "null is not of type 'string', 'array' - 'input'",
        ),
        (
            json!({"input": ["x"]}),
            "\"x\" is not of type 'object' - 'input.0'",
        ),
        (json!({"input": []}), "[] is too short - 'messages'"),
        (
            json!({"tools": [{"type": "function"}]}),
            "'name' is a required property - 'tools.0'",
        ),
        (
            json!({"stream": "yes"}),
            "\"yes\" is not of type 'boolean' - 'stream'",
        ),
        (
            json!({"temperature": 2}),
            "Temperature should be in [0.0, 2.0)",
        ),
        (
            json!({"text": {"format": {"type": "json_object"}}}),
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        ),
        (
            json!({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}),
            "Unexpected item type in content.",
        ),
        (
            json!({"input": [{"role": "user", "content": "x"},
            {"type": "function_call_output", "call_id": "1", "output": ""}]}),
            "messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".",
        ),
        (
            json!({"model": "qwen3.7-plus", "tools": [{"type": "function", "name": "f"}],
            "tool_choice": "required"}),
            "The tool_choice parameter does not support being set to required or object in thinking mode",
        ),
        (
            json!({"model": "qwq-plus", "reasoning": {"effort": "none"}, "stream": true}),
            "The value of the enable_thinking parameter is restricted to True.",
        ),
    ] {
        assert_eq!(refused(fields).await, format!("{ALGO}{message}"));
    }
    for (fields, message) in [
        (json!({"background": true}), "'background' is not supported"),
        (
            json!({"previous_response_id": "x"}),
            "Previous response with id 'x' not found.",
        ),
        (
            json!({"input": [{"role": "tool", "content": "x"}]}),
            "tool is not one of ['user', 'assistant', 'system', 'developer'] - 'input.0.role'",
        ),
        (
            json!({"input": [{"type": "cat"}]}),
            "cat is not one of ['message', 'function_call', 'function_call_output', 'reasoning', 'item_reference'] - 'input.0.type'",
        ),
        (
            json!({"max_output_tokens": 0}),
            "Range of max_output_tokens should be [1, 65536]",
        ),
    ] {
        let said = refused(fields).await;
        assert_eq!(said.trim_start_matches(ALGO), message);
    }
}

#[tokio::test]
async fn a_call_needs_its_output() {
    let call = json!({"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"});
    let said = refused(json!({"input": [{"role": "user", "content": "x"}, call]})).await;
    assert!(said.contains("did not have response messages: 1"), "{said}");
}

#[tokio::test]
async fn bodies_models_keys_and_plans() {
    let emulator = Emulator::start().await.unwrap();
    let path = "/compatible-mode/v1/responses";
    for body in ["", "{", "[]", "7"] {
        let answer = send(&emulator, "POST", path, &[], body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["error"]["code"], "invalid_request_error");
    }
    let unknown = create(&emulator, &request(json!({"model": "x"}))).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
    let conversation = create(&emulator, &request(json!({"conversation": "conv_1"}))).await;
    assert_eq!(conversation.status, 404);
    assert_eq!(conversation.json()["error"]["code"], "not_found");
    let body = request(json!({})).to_string();
    let key = format!(
        "Bearer {}",
        Emulator::key_for(Plan::Standard, Region::China)
    );
    let key = [("authorization", &*key)];
    let mut client = crate::client::Client::connect(&emulator).await;
    client.send("POST", path, &key, &body).await;
    assert_eq!(client.answer().await.status, 401);
    client
        .send("POST", &format!("/cn{path}"), &key, &body)
        .await;
    assert_eq!(client.answer().await.status, 200);
    let coding = send(&emulator, "POST", "/coding/v1/responses", &[], &body).await;
    assert_eq!(coding.status, 404);
}
