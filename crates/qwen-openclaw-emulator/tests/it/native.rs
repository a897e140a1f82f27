//! DashScope's own chat API: what a chat gets there.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::{Emulator, EncryptedDelivery};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Answer, Client, ask, stream};

pub(crate) const TEXT: &str = "/services/aigc/text-generation/generation";
pub(crate) const MULTIMODAL: &str = "/services/aigc/multimodal-generation/generation";
pub(crate) const SSE: (&str, &str) = ("x-dashscope-sse", "enable");

/// A request with one message.
pub(crate) fn request(model: &str, content: impl Into<Value>, parameters: Value) -> Value {
    let message = json!({"role": "user", "content": content.into()});
    json!({"model": model, "input": {"messages": [message]}, "parameters": parameters})
}

/// Sends a request on a connection of its own.
pub(crate) async fn send(
    emulator: &Emulator,
    path: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Answer {
    let mut client = Client::connect(emulator).await;
    client.native(path, body, headers).await;
    client.answer().await
}

async fn fresh(path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let emulator = Emulator::start().await.unwrap();
    let answer = send(&emulator, path, body, headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// The payloads of a stream.
pub(crate) fn events(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// What a field of the messages of a stream amounts to.
fn joined(events: &[Value], field: &str) -> String {
    let fields = events
        .iter()
        .map(|event| &event["output"]["choices"][0]["message"][field]);
    fields
        .map(|field| match field {
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect(),
            field => field.as_str().unwrap_or_default().to_owned(),
        })
        .collect()
}

fn weather() -> Value {
    json!({"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object",
        "properties": {"city": {"type": "string"}}, "required": ["city"]}}})
}

fn image(width: u32, height: u32) -> String {
    let mut data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    data.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    format!("data:image/png;base64,{}", STANDARD.encode(data))
}

#[tokio::test]
async fn whole_answers_have_the_form_of_the_service() {
    let message = json!({"result_format": "message"});
    let tools = json!({"result_format": "message", "tools": [weather()]});
    let several = json!({"n": 2, "max_tokens": 2, "logprobs": true, "top_logprobs": 1});
    for (name, path, body) in [
        (
            "text",
            TEXT,
            request("qwen-plus", "What is 2+2?", json!({})),
        ),
        (
            "message",
            TEXT,
            request("qwen-plus", "What is 2+2?", message),
        ),
        (
            "tools",
            TEXT,
            request("qwen-plus", "The weather in Ulm?", tools),
        ),
        (
            "thinking",
            TEXT,
            request("qwen3.7-max", "Hi", json!({"thinking_budget": 9})),
        ),
        ("several", TEXT, request("qwen3-max", "Hi", several)),
        (
            "multimodal",
            MULTIMODAL,
            request(
                "qwen3-vl-plus",
                json!([{"image": image(64, 48)}, {"text": "What is this?"}]),
                json!({}),
            ),
        ),
    ] {
        let answer = fresh(path, &body, &[]).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        insta::assert_snapshot!(format!("whole_{name}"), answer.text());
    }
}

#[tokio::test]
async fn streams_have_the_form_of_the_service() {
    let short = |mut parameters: Value| {
        parameters["max_tokens"] = json!(6);
        parameters
    };
    let increments = json!({"result_format": "message", "incremental_output": true});
    let with = |fields: Value| {
        let mut parameters = increments.clone();
        let fields = fields.as_object().unwrap().clone();
        parameters.as_object_mut().unwrap().extend(fields);
        parameters
    };
    let thinking = with(json!({"enable_thinking": true, "thinking_budget": 4}));
    let tools = with(json!({"tools": [weather()]}));
    let whole_tools = json!({"result_format": "message", "tools": [weather()]});
    let picture = json!([{"image": "https://a.example/b.png"}, {"text": "What?"}]);
    for (name, path, body) in [
        ("text", TEXT, request("qwen-plus", "Hi", short(json!({})))),
        (
            "increments",
            TEXT,
            request("qwen-plus", "Hi", short(increments.clone())),
        ),
        (
            "thinking",
            TEXT,
            request("qwen-plus", "Hi", short(thinking)),
        ),
        (
            "tools",
            TEXT,
            request("qwen-plus", "The weather in Ulm?", tools),
        ),
        (
            "whole_tools",
            TEXT,
            request("qwen-plus", "The weather in Ulm?", whole_tools),
        ),
        (
            "multimodal",
            MULTIMODAL,
            request("qwen3-vl-plus", picture, short(json!({}))),
        ),
    ] {
        let answer = fresh(path, &body, &[SSE]).await;
        assert_eq!(
            answer.header("content-type"),
            Some("text/event-stream;charset=utf-8")
        );
        assert!(answer.complete);
        // Each event is an HTTP chunk.
        assert_eq!(answer.chunks.len(), events(&answer).len());
        insta::assert_snapshot!(format!("stream_{name}"), answer.text());
    }
}

#[tokio::test]
async fn the_answer_is_that_of_the_other_api() {
    let emulator = Emulator::start().await.unwrap();
    let mut body = stream("qwen3-max", "Tell me about 你好 🦀");
    let endpoint = |text: String| text.replace("AIGC", "Standard");
    let expected = ask(&emulator, &body).await.content();
    body["stream"] = json!(false);
    let usage = ask(&emulator, &body).await.json()["usage"].clone();

    let native = request("qwen3-max", "Tell me about 你好 🦀", json!({}));
    let whole = send(&emulator, TEXT, &native, &[]).await.json();
    let streamed = events(&send(&emulator, TEXT, &native, &[SSE]).await);
    let message = &whole["output"]["choices"][0]["message"];
    assert_eq!(
        message["content"]
            .as_str()
            .map(|text| endpoint(text.to_owned())),
        Some(expected.clone())
    );
    assert_eq!(endpoint(joined(&streamed, "content")), expected);
    assert_eq!(whole["usage"]["input_tokens"], usage["prompt_tokens"]);
    assert_eq!(streamed.last().unwrap()["usage"], whole["usage"]);
}

#[tokio::test]
async fn a_cumulative_stream_repeats_what_was_said() {
    let parameters = json!({"result_format": "message"});
    let body = request("qwen-plus", "What is 2+2?", parameters);
    let all = events(&fresh(TEXT, &body, &[SSE]).await);
    let texts: Vec<&str> = all
        .iter()
        .map(|event| {
            event["output"]["choices"][0]["message"]["content"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert!(
        texts.windows(2).all(|pair| pair[1].starts_with(pair[0])),
        "{texts:?}"
    );
    assert!(texts.last().unwrap().contains("2+2 = 4"));
    let reasons: Vec<&str> = all
        .iter()
        .map(|event| {
            event["output"]["choices"][0]["finish_reason"]
                .as_str()
                .unwrap()
        })
        .collect();
    let (last, others) = reasons.split_last().unwrap();
    assert_eq!(*last, "stop");
    assert!(others.iter().all(|reason| *reason == "null"));
    let spent: Vec<u64> = all
        .iter()
        .map(|event| event["usage"]["output_tokens"].as_u64().unwrap())
        .collect();
    assert!(spent.is_sorted() && spent[0] == 1, "{spent:?}");
}

#[tokio::test]
async fn old_fields_of_the_input_are_read() {
    let emulator = Emulator::start().await.unwrap();
    let turn = json!({"user": "My name is Ann.", "bot": "Hello, Ann."});
    let input = json!({"prompt": "And 2+2?", "history": [turn]});
    let body = json!({"model": "qwen-plus", "input": input});
    let old = send(&emulator, TEXT, &body, &[]).await.json();
    let messages = json!([
        {"role": "user", "content": "My name is Ann."},
        {"role": "assistant", "content": "Hello, Ann."},
        {"role": "user", "content": "And 2+2?"}]);
    let body = json!({"model": "qwen-plus", "input": {"messages": messages}});
    let new = send(&emulator, TEXT, &body, &[]).await.json();
    assert_eq!(old["output"], new["output"]);
    assert_eq!(old["usage"]["input_tokens"], new["usage"]["input_tokens"]);
}

#[tokio::test]
async fn an_agent_comes_to_an_end() {
    let emulator = Emulator::start().await.unwrap();
    let mut body = request(
        "qwen-plus",
        "What is the weather in Ulm?",
        json!({"result_format": "message", "tools": [weather()]}),
    );
    let called = send(&emulator, TEXT, &body, &[]).await.json();
    let choice = &called["output"]["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let call = &choice["message"]["tool_calls"][0];
    let result = json!({"role": "tool", "tool_call_id": call["id"], "content": "12 C"});
    let messages = body["input"]["messages"].as_array_mut().unwrap();
    messages.extend([choice["message"].clone(), result]);
    let told = send(&emulator, TEXT, &body, &[]).await.json();
    let choice = &told["output"]["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    let content = choice["message"]["content"].as_str().unwrap();
    assert!(content.contains("get_weather says “12 C”"), "{content}");
}

#[tokio::test]
async fn several_answers_are_numbered_and_counted_apart() {
    let body = request("qwen3-max", "Hi", json!({"n": 2, "max_tokens": 5}));
    let emulator = Emulator::start().await.unwrap();
    let whole = send(&emulator, TEXT, &body, &[]).await.json();
    assert_eq!(whole["usage"]["output_tokens"], 10);
    let streamed = events(&send(&emulator, TEXT, &body, &[SSE]).await);
    let last: Vec<(&Value, &Value)> = streamed
        .iter()
        .filter(|event| event["output"]["choices"][0]["finish_reason"] == "length")
        .map(|event| {
            let choice = &event["output"]["choices"][0];
            (&choice["index"], &event["usage"]["output_tokens"])
        })
        .collect();
    assert_eq!(last, [(&json!(0), &json!(5)), (&json!(1), &json!(5))]);
}

#[tokio::test]
async fn media_are_described_and_counted() {
    let emulator = Emulator::start().await.unwrap();
    let frames = ["a", "b", "c", "d"].map(|name| format!("https://a.example/{name}.jpg"));
    for (model, part, tells, kind) in [
        (
            "qwen3-vl-plus",
            json!({"image": image(640, 480)}),
            "a PNG image of 640×480",
            "image_tokens",
        ),
        (
            "qwen3-vl-plus",
            json!({"video": "https://a.example/v.mp4", "fps": 2}),
            "a video at",
            "video_tokens",
        ),
        (
            "qwen3-vl-plus",
            json!({"video": frames}),
            "a frame at",
            "video_tokens",
        ),
        (
            "qwen3-omni-flash",
            json!({"audio": "https://a.example/s.wav"}),
            "a sound at",
            "audio_tokens",
        ),
    ] {
        let body = request(model, json!([part, {"text": "What is this?"}]), json!({}));
        let answer = send(&emulator, MULTIMODAL, &body, &[]).await.json();
        let message = &answer["output"]["choices"][0]["message"];
        let said = message["content"][0]["text"].as_str().unwrap();
        assert!(said.contains(tells), "{said}");
        let usage = &answer["usage"];
        assert!(usage[kind].as_u64().unwrap() > 100, "{usage}");
        assert_eq!(usage["input_tokens_details"][kind], usage[kind]);
    }
}

#[tokio::test]
async fn a_model_that_sees_takes_text_alone_on_its_own_path() {
    let body = request(
        "qwen3.5-plus",
        "What is 2+2?",
        json!({"enable_thinking": false}),
    );
    let answer = fresh(MULTIMODAL, &body, &[]).await.json();
    let message = &answer["output"]["choices"][0]["message"];
    let said = message["content"][0]["text"].as_str().unwrap();
    assert!(said.contains("2+2 = 4"), "{said}");
    let details = &answer["usage"]["input_tokens_details"];
    assert_eq!(
        *details,
        json!({"text_tokens": answer["usage"]["input_tokens"]})
    );
}

#[tokio::test]
async fn encrypted_reasoning_comes_and_goes() {
    let parameters = json!({"enable_thinking": true, "thinking_display": "summarized",
        "preserve_thinking": true, "incremental_output": true});
    for (delivery, pieces) in [
        (EncryptedDelivery::AfterReasoning, 1),
        (EncryptedDelivery::InPieces, 3),
        (EncryptedDelivery::WithLastDelta, 1),
    ] {
        let builder = Emulator::builder().encrypted_content(delivery);
        let emulator = builder.start().await.unwrap();
        let mut body = request("qwen4-max", json!([{"text": "Hello?"}]), parameters.clone());
        let streamed = events(&send(&emulator, MULTIMODAL, &body, &[SSE]).await);
        let field = "encrypted_content";
        let with = streamed
            .iter()
            .filter(|event| event["output"]["choices"][0]["message"][field].is_string());
        assert_eq!(with.count(), pieces);
        assert_eq!(
            joined(&streamed, "reasoning_content"),
            "Reads the prompt (1 words)."
        );
        let usage = &streamed.last().unwrap()["usage"];
        assert!(
            usage["output_tokens_details"]["reasoning_tokens"]
                .as_u64()
                .unwrap()
                > 20,
            "{usage}"
        );

        // What was given is taken back in its place, and in no other form.
        let reply = json!({"role": "assistant", "content": joined(&streamed, "content"),
            "reasoning_content": "", "encrypted_content": joined(&streamed, field)});
        let next = json!({"role": "user", "content": "And?"});
        let messages = body["input"]["messages"].as_array_mut().unwrap();
        messages.extend([reply, next]);
        let strict = ("x-emulator-fault", "reasoning-lost");
        assert_eq!(
            send(&emulator, MULTIMODAL, &body, &[strict]).await.status,
            200
        );
        body["input"]["messages"][1][field] = json!("changed");
        let refused = send(&emulator, MULTIMODAL, &body, &[strict]).await;
        assert_eq!(refused.status, 400);
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with("- 'messages.1'"), "{message}");
    }
}

#[tokio::test]
async fn a_marked_prompt_is_cached() {
    let emulator = Emulator::start().await.unwrap();
    let long = "all work and no play ".repeat(400);
    let part = json!([{"text": long, "cache_control": {"type": "ephemeral"}}]);
    let body = request("qwen-plus", part, json!({"result_format": "message"}));
    let first = send(&emulator, TEXT, &body, &[]).await.json();
    let again = send(&emulator, TEXT, &body, &[]).await.json();
    let details = |answer: &Value| answer["usage"]["prompt_tokens_details"].clone();
    let tokens = details(&first)["cache_creation_input_tokens"].clone();
    assert!(tokens.as_u64().unwrap() > 1024, "{first}");
    assert_eq!(details(&first)["cached_tokens"], 0);
    assert_eq!(details(&again)["cached_tokens"], tokens);
    assert_eq!(details(&again)["cache_type"], "ephemeral");
}

#[tokio::test]
async fn the_alias_and_the_other_region_chat_too() {
    let emulator = Emulator::start().await.unwrap();
    let body = request("qwen-plus", "Hi", json!({}));
    for prefix in ["/compatible-mode/v1/api/v1", "/cn/api/v1"] {
        let mut client = Client::connect(&emulator).await;
        let headers = [("authorization", "Bearer sk-test")];
        let path = format!("{prefix}{TEXT}");
        client
            .send("POST", &path, &headers, &body.to_string())
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let china = answer.text().contains("AIGC China");
        assert_eq!(china, prefix.starts_with("/cn"));
    }
}

#[tokio::test]
async fn a_model_that_was_added_is_on_both_paths() {
    let emulator = Emulator::builder().model("mine").start().await.unwrap();
    for path in [TEXT, MULTIMODAL] {
        let body = request("mine", "Hi", json!({}));
        assert_eq!(
            send(&emulator, path, &body, &[]).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_the_pace_and_is_logged_with_its_tokens() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&log);
    let builder = Emulator::builder()
        .tokens_per_second(10)
        .on_request(move |served| kept.lock().unwrap().push(served.clone()));
    let emulator = builder.start().await.unwrap();
    let start = Instant::now();
    let parameters = json!({"max_tokens": 30, "result_format": "message"});
    let body = request("qwen-plus", "What is 2+2?", parameters);
    let answer = send(&emulator, TEXT, &body, &[SSE]).await;
    assert!(answer.complete);
    let (least, most) = (Duration::from_secs(3), Duration::from_secs(4));
    assert!(
        (least..most).contains(&start.elapsed()),
        "{:?}",
        start.elapsed()
    );
    let usage = events(&answer).pop().unwrap()["usage"].clone();
    let log = log.lock().unwrap();
    let tokens = |name: &str| usage[name].as_u64().map(|count| count as usize);
    assert_eq!(log[0].model(), Some("qwen-plus"));
    assert_eq!(log[0].prompt_tokens(), tokens("input_tokens"));
    assert_eq!(log[0].completion_tokens(), Some(30));
}
