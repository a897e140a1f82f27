//! What the service refuses, and how.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Client, ask, stream};

/// Sends a request with these fields and checks that it is refused, or taken when `message` is
/// empty.
async fn check(emulator: &Emulator, model: &str, fields: Value, message: &str) {
    let mut body = stream(model, "Hi");
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let answer = ask(emulator, &body).await;
    if message.is_empty() {
        assert_eq!(answer.status, 200, "{fields}: {}", answer.text());
        return;
    }
    assert_eq!(answer.status, 400, "{fields}");
    let error = answer.json();
    assert_eq!(error["error"]["message"], message, "{fields}");
    assert_eq!(error["error"]["type"], "invalid_request_error");
    assert_eq!(error["request_id"], answer.header("x-request-id").unwrap());
}

fn algo(message: &str) -> String {
    format!("<400> InternalError.Algo.InvalidParameter: {message}")
}

fn tool(name: &str) -> Value {
    json!([{"type": "function", "function": {"name": name, "parameters": {}}}])
}

fn user(content: Value) -> Value {
    json!([{"role": "user", "content": content}])
}

#[tokio::test]
async fn thinking() {
    let emulator = Emulator::start().await.unwrap();
    let on = json!({"enable_thinking": true});
    check(
        &emulator,
        "qwen3-32b",
        json!({"enable_thinking": true, "stream": false}),
        "parameter.enable_thinking must be set to false for non-streaming calls",
    )
    .await;
    check(&emulator, "qwen3-32b", on.clone(), "").await;
    check(
        &emulator,
        "qwen-plus",
        json!({"enable_thinking": true, "stream": false}),
        "",
    )
    .await;
    check(
        &emulator,
        "qwq-plus",
        json!({"enable_thinking": false}),
        &algo("The value of the enable_thinking parameter is restricted to True."),
    )
    .await;
    check(
        &emulator,
        "qwen3-coder-plus",
        on,
        "The model does not support enable_thinking.",
    )
    .await;
    for budget in [0, -1, 40_000] {
        check(
            &emulator,
            "qwen-plus",
            json!({"enable_thinking": true, "thinking_budget": budget}),
            &algo("The thinking_budget parameter must be a positive integer and not greater than 32768"),
        )
        .await;
    }
}

#[tokio::test]
async fn thinking_budgets() {
    let emulator = Emulator::start().await.unwrap();
    let both = json!({"reasoning_effort": "low", "thinking_budget": 100});
    let together = "'reasoning_effort' and 'thinking_budget' cannot be set simultaneously";
    for (model, message) in [
        ("qwen3.8-max", together),
        ("qwen3.8-flash", together),
        ("qwen3.7-max", ""),
        ("qwen4-max", ""),
    ] {
        check(&emulator, model, both.clone(), message).await;
    }
    let no_room =
        "max_completion_tokens [16384] must be greater than thinking_budget [32768]".to_owned();
    for (model, fields, message) in [
        ("qwen3.8-max", json!({}), &*no_room),
        ("qwen3.8-max", json!({"enable_thinking": false}), ""),
        ("qwen3.8-max", json!({"reasoning_effort": "low"}), ""),
        ("qwen3.8-max", json!({"thinking_budget": 16_383}), ""),
        (
            "qwen3.8-max",
            json!({"thinking_budget": 16_384}),
            "max_completion_tokens [16384] must be greater than thinking_budget [16384]",
        ),
        ("qwen3.7-max", json!({}), ""),
        ("qwen4-max", json!({}), ""),
    ] {
        let mut fields = fields;
        fields["max_completion_tokens"] = json!(16_384);
        check(&emulator, model, fields, message).await;
    }
}

#[tokio::test]
async fn roles() {
    let emulator = Emulator::start().await.unwrap();
    for (role, position) in [("developer", 0), ("narrator", 1)] {
        let mut messages = user(json!("Hi"));
        let other = json!({"role": role, "content": "Be brief."});
        messages.as_array_mut().unwrap().insert(position, other);
        let message = format!(
            "{role} is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.{position}.role'"
        );
        check(
            &emulator,
            "qwen3-max",
            json!({"messages": messages}),
            &message,
        )
        .await;
    }
}

#[tokio::test]
async fn json_mode() {
    let emulator = Emulator::start().await.unwrap();
    let format = json!({"type": "json_object"});
    check(
        &emulator,
        "qwen3-max",
        json!({"response_format": format}),
        &algo("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."),
    )
    .await;
    let asked = user(json!("as JSON"));
    check(
        &emulator,
        "qwen3-max",
        json!({"response_format": format, "messages": asked}),
        "",
    )
    .await;
    check(
        &emulator,
        "qwen-plus",
        json!({"response_format": format, "messages": asked, "enable_thinking": true}),
        &algo("Json mode response is not supported when enable_thinking is true"),
    )
    .await;
    let schema = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": {}}});
    for format in [format, schema] {
        let fields = json!({
            "response_format": format, "messages": asked, "enable_thinking": true,
        });
        for model in [
            "qwen3.7-max",
            "qwen3.7-plus",
            "qwen3.8-flash",
            "glm-5.2",
            "qwen4-max",
        ] {
            check(&emulator, model, fields.clone(), "").await;
        }
        for model in ["qwen3.5-plus", "qwen3.6-plus", "glm-5.1", "kimi-k2.6"] {
            let refused = algo("Json mode response is not supported when enable_thinking is true");
            check(&emulator, model, fields.clone(), &refused).await;
        }
    }
}

#[tokio::test]
async fn tools() {
    let emulator = Emulator::start().await.unwrap();
    check(
        &emulator,
        "qwen3-max",
        json!({"tools": tool("search")}),
        &algo("Tool names are not allowed to be [search]"),
    )
    .await;
    let forced = json!({"type": "function", "function": {"name": "add"}});
    for choice in [json!("required"), forced.clone()] {
        let fields = json!({"tools": tool("add"), "tool_choice": choice});
        check(&emulator, "qwen3-max", fields.clone(), "").await;
        check(
            &emulator,
            "qwen3.5-plus",
            fields,
            &algo("The tool_choice parameter does not support being set to required or object in thinking mode"),
        )
        .await;
    }
    check(
        &emulator,
        "qwen3-max",
        json!({"tools": tool("add"), "tool_choice": "any"}),
        &algo(r#"tool_choice is one of the strings that should be ["none","auto"]"#),
    )
    .await;
    check(
        &emulator,
        "qwen3-max",
        json!({"tools": tool("other"), "tool_choice": forced}),
        &algo("tool_choice names add, which is not among the tools"),
    )
    .await;
    check(
        &emulator,
        "qwen3-max",
        json!({"tools": tool("add"), "n": 2}),
        &algo("n should be 1 when tools are given"),
    )
    .await;
}

#[tokio::test]
async fn sampling() {
    let emulator = Emulator::start().await.unwrap();
    let range = algo("Temperature should be in [0.0, 2.0)");
    for (temperature, message) in [(0.0, ""), (1.99, ""), (2.0, &*range), (-0.1, &*range)] {
        check(
            &emulator,
            "qwen3-max",
            json!({"temperature": temperature}),
            message,
        )
        .await;
    }
    let range = algo("Range of top_p should be (0.0, 1.0]");
    for (top_p, message) in [(1.0, ""), (0.0, &*range), (1.1, &*range)] {
        check(&emulator, "qwen3-max", json!({"top_p": top_p}), message).await;
    }
    check(
        &emulator,
        "qwen3-max",
        json!({"presence_penalty": 3}),
        &algo("Presence_penalty should be in [-2.0, 2.0]"),
    )
    .await;
    check(
        &emulator,
        "qwen3-max",
        json!({"n": 5}),
        &algo("Range of n should be [1, 4]"),
    )
    .await;
    check(
        &emulator,
        "qwen-max",
        json!({"max_tokens": 9000}),
        &algo("Range of max_tokens should be [1, 8192]"),
    )
    .await;
    check(
        &emulator,
        "qwen-max",
        json!({"stop": ["a", 7]}),
        &algo("'stop' must not mix strings and token ids"),
    )
    .await;
}

#[tokio::test]
async fn input() {
    let emulator = Emulator::start().await.unwrap();
    let image = json!([{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]);
    let refused = algo("Unexpected item type in content.");
    check(
        &emulator,
        "qwen3-max",
        json!({"messages": user(image.clone())}),
        &refused,
    )
    .await;
    check(
        &emulator,
        "qwen3-vl-plus",
        json!({"messages": user(image)}),
        "",
    )
    .await;

    let long = format!("data:image/png;base64,{}", "A".repeat(10_485_760));
    check(
        &emulator,
        "qwen3-vl-plus",
        json!({"messages": user(json!([{"type": "image_url", "image_url": {"url": long}}]))}),
        &algo("Exceeded limit on max bytes per data-uri item : 10485760'"),
    )
    .await;
    check(
        &emulator,
        "qwen-max",
        json!({"messages": user(json!("word ".repeat(40_000)))}),
        &algo("Range of input length should be [1, 30720]"),
    )
    .await;
    check(
        &emulator,
        "qwen3-max",
        json!({"messages": []}),
        &algo("[] is too short - 'messages'"),
    )
    .await;
    check(
        &emulator,
        "qwen3-omni-flash",
        json!({"modalities": ["text", "audio"], "stream": false}),
        &algo("'audio' output only support with stream=true"),
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_no_request() {
    let emulator = Emulator::builder().max_body(1000).start().await.unwrap();
    for body in ["", "{", "[1]", "\u{0}"] {
        let mut client = Client::connect(&emulator).await;
        let headers = [("authorization", "Bearer sk-1")];
        client
            .send(
                "POST",
                "/compatible-mode/v1/chat/completions",
                &headers,
                body,
            )
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.json()["error"]["message"],
            "Required body invalid, please check the request body format."
        );
    }
    let answer = ask(&emulator, &stream("qwen3-max", &"x".repeat(2000))).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["message"], "Payload Too Large");
    let answer = ask(&emulator, &stream("qwen3-max", "still here")).await;
    assert_eq!(answer.status, 200);
}
