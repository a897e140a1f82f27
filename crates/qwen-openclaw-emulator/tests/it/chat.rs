//! What a chat answers.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Answer, Client, ask, stream};

fn last_usage(answer: &Answer) -> Value {
    answer.events().pop().unwrap()["usage"].clone()
}

fn with(mut body: Value, fields: Value) -> Value {
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

#[tokio::test]
async fn a_stream_has_the_quirks_of_the_service() {
    let emulator = Emulator::start().await.unwrap();
    let answer = ask(&emulator, &stream("qwen3-max", "What is 2+2?")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/event-stream;charset=utf-8")
    );
    let id = answer.header("x-request-id").unwrap();
    assert!(answer.complete);

    // Each event is an HTTP chunk, the last is [DONE].
    assert!(answer.chunks.iter().all(|chunk| chunk.ends_with(b"\n\n")));
    assert_eq!(answer.chunks.len(), answer.payloads().len());
    assert_eq!(answer.payloads().last().unwrap(), "[DONE]");

    let payloads = answer.payloads();
    assert!(payloads[0].starts_with(r#"{"choices":[{"delta":{"content":"","role":"assistant"},"index":0,"logprobs":null,"finish_reason":null}],"object":"chat.completion.chunk","usage":null,"created":"#), "{}", payloads[0]);
    assert!(
        payloads[0].contains(r#","system_fingerprint":null,"model":"qwen3-max","id":"chatcmpl-"#)
    );
    assert!(payloads[0].contains(id));

    let mut events = answer.events();
    let usage = events.pop().unwrap();
    assert_eq!(usage["choices"], json!([]));
    let finish = events.pop().unwrap();
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(finish["choices"][0]["delta"], json!({"content": ""}));
    assert!(events.iter().all(|event| event["usage"].is_null()));
    assert!(answer.content().contains("2+2 = 4"), "{}", answer.content());
}

#[tokio::test]
async fn the_same_prompt_gives_the_same_text_streamed_or_not() {
    let emulator = Emulator::start().await.unwrap();
    let body = stream("qwen3-max", "Tell me about 你好 🦀");
    let first = ask(&emulator, &body).await.content();
    let again = ask(&emulator, &body).await.content();
    let whole = ask(&emulator, &with(body.clone(), json!({"stream": false}))).await;
    assert_eq!(first, again);
    assert_eq!(whole.header("content-type"), Some("application/json"));
    let whole = whole.json();
    assert_eq!(whole["choices"][0]["message"]["content"], first);
    assert_eq!(whole["object"], "chat.completion");
    assert!(first.contains("你好 🦀"));
    let other = ask(&emulator, &stream("qwen3-max", "Something else")).await;
    assert_ne!(other.content(), first);
}

#[tokio::test]
async fn usage_adds_up_and_only_comes_when_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let answer = ask(&emulator, &stream("qwen3.5-plus", "Why is the sky blue?")).await;
    let usage = last_usage(&answer);
    let number = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64).unwrap();
    assert!(!answer.reasoning().is_empty());
    assert_eq!(
        number("/prompt_tokens") + number("/completion_tokens"),
        number("/total_tokens")
    );
    assert!(number("/completion_tokens_details/reasoning_tokens") > 10);
    assert_eq!(
        number("/completion_tokens_details/reasoning_tokens")
            + number("/completion_tokens_details/text_tokens"),
        number("/completion_tokens")
    );
    let silent = with(
        stream("qwen3.5-plus", "Hi"),
        json!({"stream_options": null}),
    );
    let events = ask(&emulator, &silent).await.events();
    assert!(events.iter().all(|event| event["usage"].is_null()));
    assert_ne!(events.last().unwrap()["choices"], json!([]));
}

#[tokio::test]
async fn thinking_follows_model_and_switch() {
    let emulator = Emulator::start().await.unwrap();
    for (model, switch, thinks) in [
        ("qwen3-max", json!({}), false),
        ("qwen-plus", json!({}), false),
        ("qwen-plus", json!({"enable_thinking": true}), true),
        ("qwen3.5-plus", json!({}), true),
        ("qwen3.5-plus", json!({"enable_thinking": false}), false),
        ("MiniMax-M2.5", json!({}), true),
        ("glm-5", json!({"thinking": {"type": "disabled"}}), false),
        ("qwen3-32b", json!({"enable_thinking": true}), true),
    ] {
        let answer = ask(&emulator, &with(stream(model, "Hello"), switch)).await;
        assert_eq!(!answer.reasoning().is_empty(), thinks, "{model}");
        assert_eq!(
            last_usage(&answer)
                .get("completion_tokens_details")
                .is_some(),
            thinks
        );
        assert!(!answer.content().is_empty());
    }
    let budget = json!({"enable_thinking": true, "thinking_budget": 5});
    let answer = ask(&emulator, &with(stream("qwen-plus", "Hello"), budget)).await;
    assert_eq!(
        last_usage(&answer)["completion_tokens_details"]["reasoning_tokens"],
        5
    );
}

#[tokio::test]
async fn limits_cut_the_answer() {
    let emulator = Emulator::start().await.unwrap();
    let body = with(stream("qwen3.5-plus", "Hello"), json!({"max_tokens": 4}));
    let answer = ask(&emulator, &body).await;
    let usage = last_usage(&answer);
    assert_eq!(usage["completion_tokens_details"]["text_tokens"], 4);
    assert!(!answer.reasoning().is_empty());
    let finish = &answer.events()[answer.events().len() - 2]["choices"][0];
    assert_eq!(finish["finish_reason"], "length");

    let body = with(
        stream("qwen3.5-plus", "Hello"),
        json!({"max_completion_tokens": 6}),
    );
    let usage = last_usage(&ask(&emulator, &body).await);
    assert_eq!(usage["completion_tokens"], 6);
}

#[tokio::test]
async fn stop_strings_end_the_text() {
    let emulator = Emulator::start().await.unwrap();
    let body = with(
        stream("qwen3-max", "count to 20"),
        json!({"stop": [", 7", "nothing"]}),
    );
    let answer = ask(&emulator, &body).await;
    assert_eq!(answer.content(), "1, 2, 3, 4, 5, 6");
}

#[tokio::test]
async fn several_answers_come_side_by_side() {
    let emulator = Emulator::start().await.unwrap();
    let body = with(stream("qwen3-max", "Hi"), json!({"n": 3}));
    let events = ask(&emulator, &body).await.events();
    for index in 0..3 {
        let finished = events.iter().any(|event| {
            let choice = &event["choices"][0];
            choice["index"] == index && choice["finish_reason"] == "stop"
        });
        assert!(finished, "{index}");
    }
}

#[tokio::test]
async fn turns_and_system_prompt_are_seen() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({"model": "qwen3-max", "messages": [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Ahoy"},
        {"role": "assistant", "content": "Arr"},
        {"role": "user", "content": "Where is the gold?"},
    ]});
    let answer = ask(&emulator, &body).await.json();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    for part in [
        "“You are a pirate.”",
        "turn 2",
        "“Ahoy”",
        "“Where is the gold?”",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_wish_for_one_sentence_is_granted() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({"model": "qwen3-max", "messages": [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "Why is the sky blue?"},
    ]});
    let answer = ask(&emulator, &body).await.json();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.starts_with("The sky is blue because"), "{text}");
}

#[tokio::test]
async fn long_prompts_are_cached() {
    let emulator = Emulator::start().await.unwrap();
    let long = "word ".repeat(400);
    let cached = async |model: &str, tail: &str| {
        let mut body = stream(model, &long);
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "user", "content": tail}));
        let usage = last_usage(&ask(&emulator, &body).await);
        usage["prompt_tokens_details"]["cached_tokens"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(cached("qwen3-max", "one").await, 0);
    let hit = cached("qwen3-max", "two").await;
    assert!(hit > 400, "{hit}");
    assert!(cached("qwen3-max", "two").await > hit);
    assert_eq!(cached("qwen-plus", "two").await, 0);
}

#[tokio::test(start_paused = true)]
async fn marked_prompts_are_cached_for_five_minutes() {
    let emulator = Emulator::start().await.unwrap();
    let mut body = stream("qwen3-max", "");
    body["messages"][0]["content"] = json!([
        {"type": "text", "text": "word ".repeat(1200), "cache_control": {"type": "ephemeral"}}]);
    let details = async || {
        let usage = last_usage(&ask(&emulator, &body).await);
        let details = &usage["prompt_tokens_details"];
        (
            details["cached_tokens"].as_u64().unwrap(),
            details["cache_creation_input_tokens"].as_u64().unwrap(),
        )
    };
    let (read, created) = details().await;
    assert!(read == 0 && created > 1200);
    assert_eq!(details().await, (created, 0));
    tokio::time::advance(std::time::Duration::from_secs(301)).await;
    assert_eq!(details().await, (0, created));
}

fn weather() -> Value {
    json!({"type": "function", "function": {"name": "get_weather", "description": "Looks it up",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}})
}

fn clock() -> Value {
    json!({"type": "function", "function": {"name": "local_time", "parameters": {"type": "object",
        "properties": {"zone": {"enum": ["UTC", "CET"]}}}}})
}

#[tokio::test]
async fn tools_are_called_in_fragments() {
    let emulator = Emulator::start().await.unwrap();
    let body = with(
        stream("qwen3-max", "Weather in Kyiv?"),
        json!({"tools": [weather()]}),
    );
    let answer = ask(&emulator, &body).await;
    let payloads = answer.payloads();
    assert!(payloads[0].starts_with(
        r#"{"choices":[{"delta":{"content":null,"tool_calls":[{"index":0,"id":"call_"#
    ));
    assert!(payloads[0].contains(r#","type":"function","function":{"name":"get_weather","arguments":""}}],"role":"assistant"},"finish_reason":null"#));
    let events = answer.events();
    let deltas: Vec<&Value> = events
        .iter()
        .map(|event| &event["choices"][0]["delta"]["tool_calls"][0])
        .collect();
    let calls: Vec<&&Value> = deltas.iter().filter(|call| call.is_object()).collect();
    assert!(calls.len() >= 4);
    assert!(
        calls[1..]
            .iter()
            .all(|call| call["id"] == "" && call["function"].get("name").is_none())
    );
    let arguments: String = calls
        .iter()
        .filter_map(|call| call["function"]["arguments"].as_str())
        .collect();
    assert_eq!(arguments, r#"{"city": "Kyiv"}"#);
    let announced = &payloads[payloads.len() - 4];
    assert!(announced.starts_with(r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":""},"index":0,"id":"","type":"function"}]},"index":0}],"#), "{announced}");
    let finish = &payloads[payloads.len() - 3];
    assert!(
        finish.starts_with(
            r#"{"choices":[{"finish_reason":"tool_calls","delta":{},"index":0,"logprobs":null}],"#
        ),
        "{finish}"
    );
}

#[tokio::test]
async fn several_tools_are_called_only_when_allowed() {
    let emulator = Emulator::start().await.unwrap();
    let names = async |fields: Value| {
        let body = json!({"model": "qwen3-max", "tools": [weather(), clock()],
            "messages": [{"role": "user", "content": "Weather and local time in Kyiv, CET?"}]});
        let answer = ask(&emulator, &with(body, fields)).await.json();
        let calls = answer["choices"][0]["message"]["tool_calls"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        calls
            .iter()
            .map(|call| call["function"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})).await, ["get_weather"]);
    assert_eq!(
        names(json!({"parallel_tool_calls": true})).await,
        ["get_weather", "local_time"]
    );
    assert!(names(json!({"tool_choice": "none"})).await.is_empty());
    let forced = json!({"tool_choice": {"type": "function", "function": {"name": "local_time"}}});
    assert_eq!(names(forced).await, ["local_time"]);
}

#[tokio::test]
async fn tool_results_are_reported() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({"model": "qwen3-max", "tools": [weather()], "messages": [
        {"role": "user", "content": "Weather in Kyiv?"},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "12 degrees, rain"},
    ]});
    let answer = ask(&emulator, &body).await.json();
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    let text = choice["message"]["content"].as_str().unwrap();
    assert!(
        text.contains("get_weather says “12 degrees, rain”"),
        "{text}"
    );
}

#[tokio::test]
async fn json_is_answered_in_json() {
    let emulator = Emulator::start().await.unwrap();
    let body = with(
        stream("qwen3-max", "In json please: 6*7"),
        json!({"response_format": {"type": "json_object"}}),
    );
    let value: Value = serde_json::from_str(&ask(&emulator, &body).await.content()).unwrap();
    assert!(value["answer"].as_str().unwrap().contains("6*7 = 42"));

    let schema = json!({"type": "object", "properties": {
        "title": {"type": "string"}, "steps": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
        "required": ["title", "steps"]});
    let format = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "r", "schema": schema}}});
    let body = with(stream("qwen3-max", "A recipe for Borscht"), format);
    let value: Value = serde_json::from_str(&ask(&emulator, &body).await.content()).unwrap();
    assert_eq!(value["title"], "Borscht");
    assert_eq!(value["steps"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn images_are_described() {
    let emulator = Emulator::start().await.unwrap();
    let image = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAQ";
    let mut body = stream("qwen3-vl-plus", "");
    body["messages"][0]["content"] = json!([
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": image}}]);
    let answer = ask(&emulator, &body).await;
    assert!(
        answer
            .content()
            .contains("You attached a PNG image of 32×16 pixels"),
        "{}",
        answer.content()
    );
    assert_eq!(
        last_usage(&answer)["prompt_tokens_details"]["image_tokens"],
        66
    );
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let emulator = Emulator::start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    for _ in 0..5 {
        client.chat(&stream("qwen3-max", "Hi"), &[]).await;
        assert!(client.answer().await.complete);
    }
    assert_eq!(emulator.connections().accepted, 1);
    assert_eq!(emulator.connections().requests, 5);
}
