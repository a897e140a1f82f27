//! What is refused in Anthropic's protocol, and in what form.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    anthropic::{PATH, request, send},
    client::{Answer, Client},
};

const ALGO: &str = "<400> InternalError.Algo.InvalidParameter: ";

/// The type and the message of an error.
fn error(answer: &Answer) -> (String, String) {
    let body = answer.json();
    assert_eq!(body["type"], "error");
    let id = answer.header("x-request-id");
    assert_eq!(body["request_id"].as_str(), id);
    let field = |name: &str| body["error"][name].as_str().unwrap().to_owned();
    (field("type"), field("message"))
}

#[tokio::test]
async fn parameters_are_checked() {
    let emulator = Emulator::start().await.unwrap();
    let user = |content: Value| json!({"role": "user", "content": content});
    for (fields, message) in [
        (
            json!({"max_tokens": null}),
            "null is not of type 'integer' - 'max_tokens'",
        ),
        (json!({"messages": []}), "[] is too short - 'messages'"),
        (
            json!({"messages": [{"role": "user"}]}),
            "'content' is a required property - 'messages.0'",
        ),
        (
            json!({"tools": [{}]}),
            "'name' is a required property - 'tools.0'",
        ),
        (
            json!({"temperature": 2}),
            "Temperature should be in [0.0, 2.0)",
        ),
        (
            json!({"messages": [user(json!([{"type": "document"}]))]}),
            "Unexpected item type in content.",
        ),
        (
            json!({"messages": [user(json!([{"type": "tool_result", "tool_use_id": "1"}])), user(json!("x"))]}),
            "messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".",
        ),
        (
            json!({"max_tokens": 0}),
            "Range of max_tokens should be [1, 65536]",
        ),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 2000}, "tools": [{"name": "f"}],
            "tool_choice": {"type": "any"}}),
            "The tool_choice parameter does not support being set to required or object in thinking mode",
        ),
    ] {
        let answer = send(&emulator, &[], &request(fields)).await;
        assert_eq!(answer.status, 400, "{message}");
        let expected = (
            "invalid_request_error".to_owned(),
            format!("{ALGO}{message}"),
        );
        assert_eq!(error(&answer), expected);
    }
    for (fields, message) in [
        (
            json!({"messages": [{"role": "system", "content": "x"}]}),
            "system is not one of ['user', 'assistant'] - 'messages.0.role'",
        ),
        (
            json!({"model": "qwen3.8-max", "max_tokens": 1024,
            "thinking": {"type": "enabled", "budget_tokens": 1024}}),
            "max_tokens [1024] must be greater than thinking_budget [1024]",
        ),
        (
            json!({"messages": [user(json!([{"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": "?"}}]))]}),
            "The data of a data-uri item is not valid base64.",
        ),
    ] {
        let answer = send(&emulator, &[], &request(fields)).await;
        assert_eq!((answer.status, error(&answer).1.as_str()), (400, message));
    }
    let mut without = request(json!({}));
    without.as_object_mut().unwrap().remove("max_tokens");
    let (_, message) = error(&send(&emulator, &[], &without).await);
    assert_eq!(
        message,
        format!("{ALGO}'max_tokens' is a required property")
    );
}

#[tokio::test]
async fn errors_have_their_types() {
    let emulator = Emulator::start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    let body = request(json!({})).to_string();
    let unknown = request(json!({"model": "x"})).to_string();
    for (method, path, key, body, status, kind, message) in [
        (
            "POST",
            PATH,
            "",
            &*body,
            401,
            "authentication_error",
            "No API-key provided.",
        ),
        (
            "POST",
            PATH,
            "sk-sp-1",
            &body,
            401,
            "authentication_error",
            "Incorrect API key provided.",
        ),
        (
            "POST",
            PATH,
            "sk-1",
            &unknown,
            404,
            "not_found_error",
            "The model `x` does not exist or you do not have access to it.",
        ),
        (
            "POST",
            "/coding/apps/anthropic/v1/messages",
            "sk-1",
            &unknown,
            400,
            "invalid_request_error",
            "model `x` is not supported.",
        ),
        (
            "GET",
            PATH,
            "sk-1",
            "",
            405,
            "invalid_request_error",
            "Request method is not supported.",
        ),
        (
            "POST",
            PATH,
            "sk-1",
            "[]",
            400,
            "invalid_request_error",
            "Required body invalid, please check the request body format.",
        ),
        (
            "POST",
            "/apps/anthropic/v1/messages/count_tokens",
            "sk-1",
            &body,
            404,
            "not_found_error",
            "There is no such path: /apps/anthropic/v1/messages/count_tokens",
        ),
    ] {
        client.send(method, path, &[("x-api-key", key)], body).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{message}");
        assert_eq!(error(&answer), (kind.to_owned(), message.to_owned()));
    }
    // The two headers are one as good as the other; an empty one is none.
    let both = [("x-api-key", ""), ("authorization", "Bearer sk-1")];
    client.send("POST", PATH, &both, &body).await;
    assert_eq!(client.answer().await.status, 200);
    // Elsewhere a key does not come in this header.
    let chat = "/compatible-mode/v1/chat/completions";
    client
        .send("POST", chat, &[("x-api-key", "sk-1")], &body)
        .await;
    assert_eq!(client.answer().await.status, 401);
}
