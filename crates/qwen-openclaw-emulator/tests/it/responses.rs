//! What the Responses API answers.

use qwen_openclaw_emulator::{Emulator, ToolCalls};
use serde_json::{Value, json};

use crate::client::{Answer, Client};

const PATH: &str = "/compatible-mode/v1/responses";

pub(crate) async fn send(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut client = Client::connect(emulator).await;
    let mut all = vec![("authorization", "Bearer sk-test")];
    all.extend(headers);
    client.send(method, path, &all, body).await;
    client.answer().await
}

/// Asks for a response.
pub(crate) async fn create(emulator: &Emulator, body: &Value) -> Answer {
    send(emulator, "POST", PATH, &[], &body.to_string()).await
}

/// A request with these fields beside the usual ones.
pub(crate) fn request(fields: Value) -> Value {
    let mut body = json!({"model": "qwen3-max", "input": "What is 2+2? Be brief."});
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    body
}

/// The response to a request, which must be answered.
pub(crate) async fn respond(emulator: &Emulator, fields: Value) -> Value {
    let answer = create(emulator, &request(fields)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub(crate) fn text(response: &Value) -> String {
    let items = response["output"].as_array().unwrap().iter();
    let parts = items.filter_map(|item| item["content"].as_array());
    let texts = parts.flatten().filter_map(|part| part["text"].as_str());
    texts.collect()
}

/// The kinds of the items of an output.
fn kinds(response: &Value) -> Vec<&str> {
    let items = response["output"].as_array().unwrap().iter();
    items.filter_map(|item| item["type"].as_str()).collect()
}

pub(crate) fn weather() -> Value {
    json!({"type": "function", "name": "get_weather", "description": "Tells the weather",
        "parameters": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string"}, "unit": {"enum": ["C", "F"]}}}})
}

/// Puts the same time into every answer.
fn timeless(mut answer: Value) -> Value {
    for holder in ["", "/response"] {
        let holder = answer.pointer_mut(holder).and_then(Value::as_object_mut);
        let time = holder.and_then(|holder| holder.get_mut("created_at"));
        if let Some(time) = time {
            let whole = time.is_u64();
            assert!(time.as_f64().unwrap() > 1_750_000_000.0);
            *time = if whole { json!(1) } else { json!(1.0) };
        }
    }
    answer
}

/// The events of a stream, one a line.
fn events(answer: &Answer) -> String {
    let events = answer.events().into_iter();
    let lines: Vec<String> = events.map(|event| timeless(event).to_string()).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_response_has_the_shape_of_the_service() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"model": "qwen3.7-plus", "instructions": "Be kind.", "temperature": 0.5,
        "metadata": {"a": "b"}, "tools": [weather(), {"type": "web_search"}]});
    let response = respond(&emulator, fields).await;
    insta::assert_json_snapshot!("whole", timeless(response));
}

#[tokio::test]
async fn the_events_of_a_stream_are_named_and_numbered() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"model": "qwen3.7-plus", "stream": true});
    let answer = create(&emulator, &request(fields.clone())).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/event-stream;charset=utf-8")
    );
    assert!(answer.complete);
    // Each is an HTTP chunk with its name, and nothing follows the last.
    let payloads = answer.payloads();
    assert_eq!(payloads.len(), answer.chunks.len());
    for (chunk, event) in answer.chunks.iter().zip(answer.events()) {
        let name = event["type"].as_str().unwrap();
        let start = format!("event: {name}\ndata: {{");
        assert!(chunk.starts_with(start.as_bytes()) && chunk.ends_with(b"}\n\n"));
    }
    insta::assert_snapshot!("stream", events(&answer));

    // The end of the stream is the response without one, but for id and time.
    let emulator = Emulator::start().await.unwrap();
    let mut plain = fields;
    plain["stream"] = json!(false);
    let whole = timeless(respond(&emulator, plain).await);
    let mut last = timeless(answer.events().pop().unwrap())["response"].clone();
    last["created_at"] = json!(1);
    assert_eq!(last, whole);
}

#[tokio::test]
async fn calls_are_streamed() {
    let emulator = Emulator::start().await.unwrap();
    let body = request(json!({"stream": true, "parallel_tool_calls": true,
        "input": "The weather in Ulm and the time?",
        "tools": [weather(), {"type": "function", "name": "get_time"}]}));
    insta::assert_snapshot!("calls", events(&create(&emulator, &body).await));
}

#[tokio::test]
async fn the_limit_makes_a_response_incomplete() {
    let emulator = Emulator::start().await.unwrap();
    let fields = json!({"input": "Count to 50", "max_output_tokens": 7});
    let response = respond(&emulator, fields.clone()).await;
    assert_eq!(response["status"], "incomplete");
    assert_eq!(
        response["incomplete_details"],
        json!({"reason": "max_output_tokens"})
    );
    assert_eq!(response["usage"]["output_tokens"], 7);
    assert_eq!(response["output"][0]["status"], "incomplete");
    let mut body = request(fields);
    body["stream"] = json!(true);
    let last = create(&emulator, &body).await.events().pop().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["status"], "incomplete");

    // Thoughts count, and may leave nothing for the answer.
    let fields = json!({"model": "qwen3.7-plus", "max_output_tokens": 7});
    let response = respond(&emulator, fields).await;
    assert_eq!(kinds(&response), ["reasoning"]);
    assert_eq!(
        response["usage"]["output_tokens_details"]["reasoning_tokens"],
        7
    );
}

#[tokio::test]
async fn effort_decides_about_thinking() {
    let emulator = Emulator::start().await.unwrap();
    for (model, fields, thinks) in [
        ("qwen3.7-plus", json!({}), true),
        (
            "qwen3.7-plus",
            json!({"reasoning": {"effort": "none"}}),
            false,
        ),
        ("qwen3.7-plus", json!({"enable_thinking": false}), false),
        (
            "qwen3.7-plus",
            json!({"enable_thinking": false, "reasoning": {"effort": "low"}}),
            true,
        ),
        (
            "qwen3.7-plus",
            json!({"enable_thinking": true, "reasoning": {"effort": "none"}}),
            false,
        ),
        ("qwen-plus", json!({}), false),
        ("qwen-plus", json!({"reasoning": {"effort": "high"}}), true),
        ("qwen3-max", json!({"reasoning": {"effort": "high"}}), false),
        // No budget, so that none has to fit below the limit.
        (
            "qwen3.8-max",
            json!({"max_output_tokens": 9000, "thinking_budget": 0}),
            true,
        ),
    ] {
        let mut body = fields.clone();
        body["model"] = json!(model);
        let response = respond(&emulator, body).await;
        assert_eq!(
            kinds(&response)[0] == "reasoning",
            thinks,
            "{model} {fields}"
        );
    }
}

#[tokio::test]
async fn what_is_given_is_understood() {
    let emulator = Emulator::start().await.unwrap();
    let items = json!({"instructions": "Be kind.", "input": [
        {"role": "developer", "content": "Be honest."},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "What are these?"},
            {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "low"}]}],
        "model": "qwen3.7-plus", "truncation": "auto", "user": "me", "service_tier": "x", "foo": [1]});
    let said = text(&respond(&emulator, items).await);
    assert!(said.contains("“Be kind. Be honest.”"), "{said}");
    assert!(
        said.contains("You attached an image at https://a.example/b.png."),
        "{said}"
    );
    let schema = json!({"type": "object", "required": ["age"],
        "properties": {"age": {"type": "integer"}}});
    let format = json!({"type": "json_schema", "name": "person", "schema": schema, "strict": true});
    let typed = json!({"input": "She is 7", "text": {"format": format}});
    let typed = respond(&emulator, typed).await;
    assert_eq!(text(&typed), r#"{"age": 7}"#);
    assert_eq!(typed["text"]["format"]["name"], "person");
    let forced = json!({"tools": [weather()],
        "tool_choice": {"type": "function", "name": "get_weather"}, "input": "Hello"});
    assert_eq!(kinds(&respond(&emulator, forced).await), ["function_call"]);
    let none = json!({"tools": [weather()], "tool_choice": "none", "input": "Weather in Ulm?"});
    assert_eq!(kinds(&respond(&emulator, none).await), ["message"]);
}

#[tokio::test]
async fn every_agent_ends() {
    for policy in [ToolCalls::Never, ToolCalls::Named, ToolCalls::First] {
        let builder = Emulator::builder().tool_calls(policy);
        let emulator = builder.start().await.unwrap();
        for by_id in [false, true] {
            let mut fields = json!({"tools": [weather()],
                "input": [{"role": "user", "content": "Weather in Ulm?"}]});
            let mut requests = 0;
            let said = loop {
                requests += 1;
                assert!(requests < 5, "no end in sight");
                let response = respond(&emulator, fields.clone()).await;
                let calls: Vec<Value> = response["output"].as_array().unwrap().clone();
                let calls = calls
                    .into_iter()
                    .filter(|item| item["type"] == "function_call");
                let results: Vec<Value> = calls
                    .clone()
                    .map(|call| {
                        assert_eq!(call["arguments"], r#"{"city": "Ulm"}"#);
                        json!({"type": "function_call_output", "call_id": call["call_id"],
                            "output": [{"type": "input_text", "text": "12 C"}]})
                    })
                    .collect();
                if results.is_empty() {
                    break text(&response);
                }
                let input = fields["input"].as_array_mut().unwrap();
                if by_id {
                    *input = results;
                    fields["previous_response_id"] = response["id"].clone();
                } else {
                    input.extend(calls);
                    input.extend(results);
                }
            };
            let calls = policy != ToolCalls::Never;
            assert_eq!(requests, if calls { 2 } else { 1 }, "{policy:?}");
            assert_eq!(said.contains("get_weather says “12 C”"), calls, "{said}");
        }
    }
}

#[tokio::test]
async fn encrypted_reasoning_belongs_to_its_turn() {
    let emulator = Emulator::start().await.unwrap();
    let strict = [("x-emulator-fault", "reasoning-lost")];
    let asked = json!({"model": "qwen4-max", "reasoning": {"summary": "auto"}, "tools": [weather()],
        "input": [{"role": "user", "content": "Weather in Ulm?"}]});
    let first = respond(&emulator, asked.clone()).await;
    let (reasoning, call) = (&first["output"][0], &first["output"][1]);
    let summary = reasoning["summary"][0]["text"].as_str().unwrap();
    assert!(summary.starts_with("Reads the prompt"), "{summary}");
    assert!(reasoning["encrypted_content"].as_str().unwrap().len() > 200);
    let result =
        json!({"type": "function_call_output", "call_id": call["call_id"], "output": "12 C"});

    let again = |items: Vec<Value>| {
        let mut body = asked.clone();
        let input = body["input"].as_array_mut().unwrap();
        input.extend(items);
        body.to_string()
    };
    for (items, status) in [
        (vec![reasoning.clone(), call.clone(), result.clone()], 200),
        (vec![call.clone(), result.clone()], 400),
    ] {
        let answer = send(&emulator, "POST", PATH, &strict, &again(items)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let mut followed = asked.clone();
    followed["input"] = json!([result]);
    followed["previous_response_id"] = first["id"].clone();
    let answer = send(&emulator, "POST", PATH, &strict, &followed.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    // In a stream the ciphertext comes when the item is done.
    let mut streamed = asked;
    streamed["stream"] = json!(true);
    let events = create(&emulator, &streamed).await.events();
    let encrypted: Vec<&str> = events
        .iter()
        .filter(|event| event["item"]["encrypted_content"].is_string())
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(encrypted, ["response.output_item.done"]);
    // Without the switch there is none, and the whole reasoning.
    let plain = respond(&emulator, json!({"model": "qwen4-max"})).await;
    assert!(plain["output"][0].get("encrypted_content").is_none());
}
