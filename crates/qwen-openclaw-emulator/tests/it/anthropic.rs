//! What is answered in Anthropic's protocol.

use qwen_openclaw_emulator::{Emulator, Region, ToolCalls};
use serde_json::{Value, json};

use crate::client::{Answer, Client};

pub(crate) const PATH: &str = "/apps/anthropic/v1/messages";

/// Sends a request with a key in this protocol's own header.
pub(crate) async fn send(emulator: &Emulator, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut client = Client::connect(emulator).await;
    let mut all = vec![
        ("x-api-key", "sk-test"),
        ("anthropic-version", "2023-06-01"),
    ];
    all.extend(headers);
    client.send("POST", PATH, &all, &body.to_string()).await;
    client.answer().await
}

/// A request with these fields beside the usual ones.
pub(crate) fn request(fields: Value) -> Value {
    let mut body = json!({"model": "qwen3.7-plus", "max_tokens": 4096,
        "messages": [{"role": "user", "content": "What is 2+2? Be brief."}]});
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    body
}

/// The message that answers a request, which must be answered.
async fn message(emulator: &Emulator, fields: Value) -> Value {
    let answer = send(emulator, &[], &request(fields)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn user(content: Value) -> Value {
    json!([{"role": "user", "content": content}])
}

/// The kinds of the blocks of a message.
fn kinds(message: &Value) -> Vec<&str> {
    let blocks = message["content"].as_array().unwrap().iter();
    blocks.filter_map(|block| block["type"].as_str()).collect()
}

fn text(message: &Value) -> String {
    let blocks = message["content"].as_array().unwrap().iter();
    blocks.filter_map(|block| block["text"].as_str()).collect()
}

fn weather() -> Value {
    json!({"name": "get_weather", "description": "Tells the weather",
        "input_schema": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string"}, "unit": {"enum": ["C", "F"]}}}})
}

fn thinking() -> Value {
    json!({"type": "enabled", "budget_tokens": 1024})
}

/// The events of a stream, one a line.
fn events(answer: &Answer) -> String {
    let lines: Vec<String> = answer.events().iter().map(Value::to_string).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_message_has_the_shape_of_the_protocol() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"thinking": thinking(), "system": "Be kind."});
    insta::assert_json_snapshot!("whole", message(&emulator, fields).await);
}

#[tokio::test]
async fn events_are_named_and_in_order() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"thinking": thinking(), "stream": true});
    let answer = send(&emulator, &[], &request(fields)).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/event-stream;charset=utf-8")
    );
    assert!(answer.complete);
    assert_eq!(answer.payloads().len(), answer.chunks.len());
    for (chunk, event) in answer.chunks.iter().zip(answer.events()) {
        let start = format!("event: {}\ndata: {{", event["type"].as_str().unwrap());
        assert!(chunk.starts_with(start.as_bytes()) && chunk.ends_with(b"}\n\n"));
    }
    insta::assert_snapshot!("stream", events(&answer));
}

#[tokio::test]
async fn calls_are_streamed() {
    let emulator = Emulator::start().await.unwrap();
    let time = json!({"name": "get_time", "input_schema": {"type": "object"}});
    let fields = json!({"stream": true, "tools": [weather(), time],
        "messages": user(json!("The weather in Ulm and the time?"))});
    let answer = send(&emulator, &[], &request(fields)).await;
    insta::assert_snapshot!("calls", events(&answer));
}

#[tokio::test]
async fn the_reason_to_stop_is_told() {
    let emulator = Emulator::start().await.unwrap();
    let count = user(json!("Count to 50"));
    for (fields, reason, sequence) in [
        (json!({}), "end_turn", Value::Null),
        (
            json!({"messages": count, "max_tokens": 5}),
            "max_tokens",
            Value::Null,
        ),
        (
            json!({"messages": count, "stop_sequences": ["9,", "4,"]}),
            "stop_sequence",
            json!("4,"),
        ),
        // The limit comes first.
        (
            json!({"messages": count, "max_tokens": 5, "stop_sequences": ["4,"]}),
            "max_tokens",
            Value::Null,
        ),
        (
            json!({"messages": user(json!("Weather in Ulm?")), "tools": [weather()]}),
            "tool_use",
            Value::Null,
        ),
    ] {
        let answer = message(&emulator, fields.clone()).await;
        assert_eq!(answer["stop_reason"], reason, "{fields}");
        assert_eq!(answer["stop_sequence"], sequence, "{fields}");
        let mut streamed = fields.clone();
        streamed["stream"] = json!(true);
        let events = send(&emulator, &[], &request(streamed)).await.events();
        let delta = &events[events.len() - 2];
        assert_eq!(delta["delta"]["stop_reason"], reason, "{fields}");
        assert_eq!(delta["delta"]["stop_sequence"], sequence, "{fields}");
        assert_eq!(
            delta["usage"]["output_tokens"], answer["usage"]["output_tokens"],
            "{fields}"
        );
    }
}

#[tokio::test]
async fn thinking_is_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    for (model, thinking, thinks) in [
        ("qwen3.7-plus", Value::Null, false),
        ("qwen3.7-plus", json!({"type": "disabled"}), false),
        ("qwen3.7-plus", thinking(), true),
        ("qwen3.8-max", json!({"type": "adaptive"}), true),
        ("qwen-plus", thinking(), true),
        // It cannot, and the parameter is ignored.
        ("qwen3-coder-plus", thinking(), false),
    ] {
        let fields = json!({"model": model, "thinking": thinking});
        let answer = message(&emulator, fields).await;
        assert_eq!(
            kinds(&answer)[0] == "thinking",
            thinks,
            "{model} {thinking}"
        );
    }
}

#[tokio::test]
async fn what_is_given_is_understood() {
    let emulator = Emulator::start().await.unwrap();
    let png = "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHg";
    let data = json!({"type": "base64", "media_type": "image/png", "data": png});
    let url = json!({"type": "url", "url": "https://a.example/b.png"});
    let content = json!([{"type": "image", "source": data}, {"type": "image", "source": url},
        {"type": "text", "text": "What are these?"}]);
    let system =
        json!([{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Be honest."}]);
    let fields = json!({"messages": user(content), "system": system, "top_k": 3,
        "metadata": {"user_id": "x"}, "foo": [1],
        "tools": [{"type": "web_search_20250305", "name": "web_search"}]});
    let said = text(&message(&emulator, fields).await);
    assert!(said.contains("“Be kind. Be honest.”"), "{said}");
    let both = "a PNG image of 640×480 pixels (24 bytes); an image at https://a.example/b.png";
    assert!(said.contains(both), "{said}");
    let hello = user(json!("Hello"));
    for (choice, kind) in [
        (json!({"type": "auto"}), "text"),
        (json!({"type": "any"}), "tool_use"),
        (json!({"type": "tool", "name": "get_weather"}), "tool_use"),
        (json!({"type": "none"}), "text"),
    ] {
        let fields = json!({"tools": [weather()], "tool_choice": choice, "messages": hello});
        assert_eq!(kinds(&message(&emulator, fields).await), [kind], "{choice}");
    }
    let both = json!({"messages": user(json!("get_weather and get_time")),
        "tools": [weather(), {"name": "get_time", "input_schema": {"type": "object"}}]});
    assert_eq!(kinds(&message(&emulator, both.clone()).await).len(), 2);
    let mut one = both;
    one["tool_choice"] = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(kinds(&message(&emulator, one).await).len(), 1);
    let start =
        json!([{"role": "user", "content": "Go"}, {"role": "assistant", "content": "Once"}]);
    let said = text(&message(&emulator, json!({"messages": start})).await);
    assert!(said.contains("went on from “Once”"), "{said}");
}

#[tokio::test]
async fn every_agent_ends() {
    for policy in [ToolCalls::Never, ToolCalls::Named, ToolCalls::First] {
        let builder = Emulator::builder().tool_calls(policy);
        let emulator = builder.start().await.unwrap();
        // Some agents add a text to every request.
        for nudge in [false, true] {
            let mut messages = user(json!("Weather in Ulm?"));
            let mut requests = 0;
            let said = loop {
                requests += 1;
                assert!(requests < 5, "no end in sight");
                let fields = json!({"tools": [weather()], "messages": messages});
                let answer = message(&emulator, fields).await;
                if answer["stop_reason"] == "end_turn" {
                    break text(&answer);
                }
                let calls = answer["content"].as_array().unwrap().iter();
                let mut content: Vec<Value> = calls
                    .map(|call| {
                        assert_eq!(call["input"], json!({"city": "Ulm"}));
                        json!({"type": "tool_result", "tool_use_id": call["id"],
                            "content": [{"type": "text", "text": "12 C"}]})
                    })
                    .collect();
                if nudge {
                    content.push(json!({"type": "text", "text": "Weather in Ulm? Go on."}));
                }
                let all = messages.as_array_mut().unwrap();
                all.push(json!({"role": "assistant", "content": answer["content"]}));
                all.push(json!({"role": "user", "content": content}));
            };
            let calls = policy != ToolCalls::Never;
            assert_eq!(requests, if calls { 2 } else { 1 }, "{policy:?}");
            assert_eq!(said.contains("get_weather says “12 C”"), calls, "{said}");
        }
    }
}

#[tokio::test]
async fn a_signature_belongs_to_its_turn() {
    let emulator = Emulator::start().await.unwrap();
    let strict = [("x-emulator-fault", "reasoning-lost")];
    let mut switch = thinking();
    switch["display"] = json!("summarized");
    let mut asked = request(
        json!({"model": "qwen4-max", "thinking": switch, "tools": [weather()],
        "messages": user(json!("Weather in Ulm?"))}),
    );
    let first = send(&emulator, &strict, &asked).await.json();
    assert_eq!(kinds(&first), ["thinking", "tool_use"]);
    let block = &first["content"][0];
    assert!(
        block["thinking"]
            .as_str()
            .unwrap()
            .starts_with("Reads the prompt")
    );
    assert!(block["signature"].as_str().unwrap().len() > 200);
    let call = &first["content"][1];
    let result = json!([{"type": "tool_result", "tool_use_id": call["id"], "content": "12 C"}]);
    for (content, status) in [(first["content"].clone(), 200), (json!([call]), 400)] {
        let mut again = asked.clone();
        let messages = again["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": content}));
        messages.push(json!({"role": "user", "content": result}));
        let answer = send(&emulator, &strict, &again).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    asked["stream"] = json!(true);
    let events = send(&emulator, &[], &asked).await.events();
    let signatures = events
        .iter()
        .filter(|event| event["delta"]["type"] == "signature_delta");
    assert_eq!(signatures.count(), 1);
    // Without the switch there is none.
    let plain = json!({"model": "qwen4-max", "thinking": thinking()});
    assert_eq!(
        message(&emulator, plain).await["content"][0]["signature"],
        ""
    );
}

#[tokio::test]
async fn the_cache_counts_apart() {
    let emulator = Emulator::start().await.unwrap();
    let marker = json!({"type": "ephemeral"});
    let system = json!([{"type": "text", "text": "word ".repeat(2000), "cache_control": marker}]);
    let usage = async || message(&emulator, json!({"system": system})).await["usage"].clone();
    let (first, second) = (usage().await, usage().await);
    let created = first["cache_creation_input_tokens"].as_u64().unwrap();
    assert!(
        created > 2000 && first["cache_read_input_tokens"] == 0,
        "{first}"
    );
    assert_eq!(second["cache_read_input_tokens"], created);
    assert_eq!(second["cache_creation_input_tokens"], 0);
    assert_eq!(first["input_tokens"], second["input_tokens"]);
    assert!(first["input_tokens"].as_u64().unwrap() < 40, "{first}");
}

#[tokio::test]
async fn regions_and_plans_have_their_own_path() {
    let emulator = Emulator::start().await.unwrap();
    let url = emulator.anthropic_url(Region::China);
    assert_eq!(url, format!("{}/cn/apps/anthropic", emulator.origin()));
    for (path, model) in [
        ("/apps/anthropic", "qwen3-max"),
        ("/cn/apps/anthropic", "qwen3-max"),
        ("/coding/apps/anthropic", "glm-4.7"),
        ("/cn/token-plan/apps/anthropic", "qwen3.8-max"),
    ] {
        let mut client = Client::connect(&emulator).await;
        let headers = [("authorization", "Bearer sk-1")];
        let body = request(json!({"model": model})).to_string();
        let path = format!("{path}/v1/messages");
        client.send("POST", &path, &headers, &body).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
}
