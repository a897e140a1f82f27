//! Each thing that the service refuses or takes, with a test of its own.

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{ask, stream};

/// What the service puts before the texts of its inner checks.
const ALGO: &str = "<400> InternalError.Algo.InvalidParameter: ";

/// Sends a request with these fields and checks what comes: a 400 with the text, or 200.
async fn check(model: &str, fields: Value, refused: Option<String>) {
    let emulator = Emulator::start().await.unwrap();
    let mut body = stream(model, "Hi");
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let answer = ask(&emulator, &body).await;
    let Some(message) = refused else {
        assert_eq!(answer.status, 200, "{}", answer.text());
        return;
    };
    let text = answer.text();
    assert_eq!(answer.status, 400, "{text}");
    let error = &answer.json()["error"];
    assert_eq!(error["message"], message);
    assert_eq!(error["code"], "invalid_parameter_error");
    assert_eq!(error["type"], "invalid_request_error");
}

/// A line is a test: what it is about, the model, the fields, and the answer.
macro_rules! table {
    (@answer taken) => { None };
    (@answer plain $message:literal) => { Some($message.to_owned()) };
    (@answer algo $message:literal) => { Some(format!("{ALGO}{}", $message)) };
    ($($name:ident: $model:literal, $fields:expr => $kind:ident $($message:literal)?;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                check($model, $fields, table!(@answer $kind $($message)?)).await;
            }
        )*
    };
}

table! {
    // Messages and their order.
    role_developer: "qwen3-max", messages(&[developer()]) =>
        plain "developer is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.0.role'";
    no_user_message: "qwen3-max", messages(&[system()]) =>
        algo "messages do not contain elements with the role of user";
    system_and_user: "qwen3-max", messages(&[system(), user()]) => taken;
    result_without_call: "qwen3-max", messages(&[user(), result("a")]) =>
        algo "messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".";
    result_at_the_start: "qwen3-max", messages(&[result("a"), user()]) =>
        algo "messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".";
    result_of_another_call: "qwen3-max", messages(&[user(), calls(&["a"]), result("a"), result("b")]) =>
        algo "messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".";
    result_too_late: "qwen3-max", messages(&[user(), calls(&["a"]), result("a"), user(), result("a")]) =>
        algo "messages with role \"tool\" must be a response to a preceeding message with \"tool_calls\".";
    call_without_result: "qwen3-max", messages(&[user(), calls(&["a"]), user()]) =>
        plain "An assistant message with \"tool_calls\" must be followed by tool messages responding to each \"tool_call_id\". The following tool_call_ids did not have response messages: a";
    last_call_without_result: "qwen3-max", messages(&[user(), calls(&["a"])]) =>
        plain "An assistant message with \"tool_calls\" must be followed by tool messages responding to each \"tool_call_id\". The following tool_call_ids did not have response messages: a";
    one_of_two_calls_without_result: "qwen3-max", messages(&[user(), calls(&["a", "b"]), result("a"), user()]) =>
        plain "An assistant message with \"tool_calls\" must be followed by tool messages responding to each \"tool_call_id\". The following tool_call_ids did not have response messages: b";
    results_in_any_order: "qwen3-max", messages(&[user(), calls(&["a", "b"]), result("b"), result("a"), user()]) => taken;
    the_same_ids_again: "qwen3-max", messages(&[user(), calls(&["a"]), result("a"), calls(&["a"]), result("a")]) => taken;
    no_content: "qwen3-max", messages(&[user(), json!({"role": "assistant", "content": null}), user()]) =>
        plain "The content field is a required field.";
    content_left_out: "qwen3-max", messages(&[json!({"role": "user"})]) =>
        plain "The content field is a required field.";
    empty_calls_are_no_calls: "qwen3-max", messages(&[user(), json!({"role": "assistant", "content": null, "tool_calls": []}), user()]) =>
        plain "The content field is a required field.";
    no_content_beside_calls: "qwen3-max", messages(&[user(), calls(&["a"]), result("a")]) => taken;
    empty_content: "qwen3-max", messages(&[user(), json!({"role": "assistant", "content": ""}), user()]) => taken;

    // Thinking.
    thinking_only_without_a_stream: "qwq-plus", json!({"stream": false, "stream_options": null}) =>
        plain "This model only support stream mode, please enable the stream parameter to access the model.";
    thinking_only_of_others_without_a_stream: "kimi-k2.7-code", json!({"stream": false, "stream_options": null}) =>
        plain "This model only support stream mode, please enable the stream parameter to access the model.";
    thinking_only_in_a_stream: "qwq-plus", json!({}) => taken;
    open_weights_without_a_stream: "qwen3-32b", json!({"stream": false, "stream_options": null}) =>
        plain "parameter.enable_thinking must be set to false for non-streaming calls";
    open_weights_without_thinking: "qwen3-32b", json!({"stream": false, "stream_options": null, "enable_thinking": false}) => taken;
    open_weights_in_a_stream: "qwen3-32b", json!({}) => taken;
    several_answers_while_thinking: "qwen-plus", json!({"n": 2, "enable_thinking": true}) =>
        plain "n should be 1 in thinking mode";
    several_answers: "qwen-plus", json!({"n": 2}) => taken;
    one_answer_while_thinking: "qwen-plus", json!({"n": 1, "enable_thinking": true}) => taken;

    // JSON.
    json_while_thinking_older: "qwen3.6-plus", as_json(json!({"type": "json_object"})) =>
        algo "Json mode response is not supported when enable_thinking is true";
    json_while_thinking_glm_5: "glm-5", as_json(json!({"type": "json_object"})) =>
        algo "Json mode response is not supported when enable_thinking is true";
    json_while_thinking_glm_5_1: "glm-5.1", as_json(json!({"type": "json_object"})) =>
        algo "Json mode response is not supported when enable_thinking is true";
    json_while_thinking_37_max: "qwen3.7-max", as_json(json!({"type": "json_object"})) => taken;
    json_while_thinking_37_plus: "qwen3.7-plus", as_json(json!({"type": "json_object"})) => taken;
    json_while_thinking_38_max: "qwen3.8-max", as_json(json!({"type": "json_object"})) => taken;
    json_while_thinking_38_flash: "qwen3.8-flash", as_json(json!({"type": "json_object"})) => taken;
    json_while_thinking_glm_5_2: "glm-5.2", as_json(json!({"type": "json_object"})) => taken;
    schema_while_thinking_38_max: "qwen3.8-max", as_json(json!({"type": "json_schema", "json_schema": {"schema": {}}})) => taken;
    format_of_another_type: "qwen3-max", as_json(json!({"type": "xml"})) =>
        plain "xml is not one of ['text', 'json_object', 'json_schema'] - 'response_format.type'";
    format_without_type: "qwen3-max", as_json(json!({})) =>
        algo "'type' is a required property - 'response_format'";
    format_that_is_a_word: "qwen3-max", as_json(json!("json_object")) =>
        algo "\"json_object\" is not of type 'object' - 'response_format'";
    format_without_json_schema: "qwen3-max", as_json(json!({"type": "json_schema"})) =>
        plain "'json_schema' is a required property - 'response_format'";
    format_without_schema: "qwen3-max", as_json(json!({"type": "json_schema", "json_schema": {"name": "x"}})) =>
        plain "'schema' is a required property - 'response_format.json_schema'";
    format_text: "qwen3-max", json!({"response_format": {"type": "text"}}) => taken;

    // Media.
    image_with_a_short_side: "qwen3-vl-plus", image(&png(9, 100)) =>
        algo "The image length and width do not meet the model restrictions. [height:100 or width:9 must be larger than 10]";
    image_of_one_pixel: "qwen3-vl-plus", image(&png(1, 1)) =>
        algo "The image length and width do not meet the model restrictions. [height:1 or width:1 must be larger than 10]";
    image_at_the_limit: "qwen3-vl-plus", image(&png(10, 10)) =>
        algo "The image length and width do not meet the model restrictions. [height:10 or width:10 must be larger than 10]";
    image_above_the_limit: "qwen3-vl-plus", image(&png(11, 11)) => taken;
    image_elsewhere: "qwen3-vl-plus", image("https://example.com/x.png") => taken;
    broken_base64: "qwen3-vl-plus", image("data:image/png;base64,iVBOR") =>
        plain "The data of a data-uri item is not valid base64.";
    not_base64: "qwen3-vl-plus", image("data:image/png;base64,*_*_") =>
        plain "The data of a data-uri item is not valid base64.";
    empty_base64: "qwen3-vl-plus", image("data:image/png;base64,") =>
        plain "The data of a data-uri item is not valid base64.";
    broken_base64_of_audio: "qwen3-omni-flash", part(json!({"type": "input_audio", "input_audio": {"data": "data:;base64,A", "format": "wav"}})) =>
        plain "The data of a data-uri item is not valid base64.";

    // Sampling.
    negative_seed: "qwen3-max", json!({"seed": -1}) =>
        algo "Range of seed should be [0, 9223372036854775807]";
    large_seed: "qwen3-max", json!({"seed": 9_223_372_036_854_775_808_u64}) =>
        algo "Range of seed should be [0, 9223372036854775807]";
    seed_with_a_fraction: "qwen3-max", json!({"seed": 1.5}) =>
        algo "Range of seed should be [0, 9223372036854775807]";
    largest_seed: "qwen3-max", json!({"seed": 9_223_372_036_854_775_807_u64}) => taken;
    too_many_logprobs: "qwen3-max", json!({"logprobs": true, "top_logprobs": 6}) =>
        algo "Range of top_logprobs should be [0, 5]";
    some_logprobs: "qwen3-max", json!({"logprobs": true, "top_logprobs": 5}) => taken;
}

fn messages(messages: &[Value]) -> Value {
    json!({"messages": messages})
}

fn user() -> Value {
    json!({"role": "user", "content": "Hi"})
}

fn system() -> Value {
    json!({"role": "system", "content": "Be brief."})
}

fn developer() -> Value {
    json!({"role": "developer", "content": "Be brief."})
}

/// An assistant message with calls of these ids.
fn calls(ids: &[&str]) -> Value {
    let call = |id: &&str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let calls: Vec<Value> = ids.iter().map(call).collect();
    json!({"role": "assistant", "content": null, "tool_calls": calls})
}

fn result(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "done"})
}

fn as_json(format: Value) -> Value {
    json!({"response_format": format, "messages": [{"role": "user", "content": "as JSON"}]})
}

fn part(part: Value) -> Value {
    messages(&[json!({"role": "user", "content": [part, {"type": "text", "text": "What is it?"}]})])
}

fn image(url: &str) -> Value {
    part(json!({"type": "image_url", "image_url": {"url": url}}))
}

/// The start of a PNG, which has the size.
fn png(width: u32, height: u32) -> String {
    let mut data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    data.extend(width.to_be_bytes());
    data.extend(height.to_be_bytes());
    format!("data:image/png;base64,{}", STANDARD.encode(data))
}
