//! Streams that the real service sent, byte for byte: text, tool call and usage are exactly those.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says why it skips"
)]

use std::path::{Path, PathBuf};

use qwen_openclaw::{Qwen, auth::ApiKey, chat::Reply};
use qwen_openclaw_emulator::{Emulator, Reply as Answer, Script};
use serde_json::Value;

/// The recordings are not part of this repository.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("QWEN_OPENCLAW_SHARED");
    if folder.is_none() {
        println!("skipped: QWEN_OPENCLAW_SHARED does not name the folder of the recordings");
    }
    Some(PathBuf::from(folder?).join("fixtures/model-studio-streams"))
}

fn chunks(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(format!("{name}.chunks.txt"))).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Serves the chunks and reads them, in writes of `size` bytes or one an event.
async fn read(chunks: &[String], size: Option<usize>) -> Reply {
    let mut answer = Answer::event_stream().events(chunks).done();
    if let Some(size) = size {
        answer = answer.write_size(size);
    }
    let emulator = Emulator::builder()
        .script(Script::from(answer))
        .start()
        .await
        .unwrap();
    let qwen = Qwen::builder()
        .base_url(emulator.base_url())
        .api_key(ApiKey::parse("sk-test").unwrap())
        .build()
        .unwrap();
    qwen.chat("qwen3-max")
        .user("hi")
        .force()
        .send()
        .await
        .unwrap()
}

/// What the chunks say, read by a general JSON reader.
fn told(chunks: &[String]) -> (String, String, Value) {
    let (mut text, mut arguments, mut usage) = (String::new(), String::new(), Value::Null);
    for chunk in chunks {
        let chunk: Value = serde_json::from_str(chunk).unwrap();
        let delta = &chunk["choices"][0]["delta"];
        text.push_str(delta["content"].as_str().unwrap_or_default());
        let function = &delta["tool_calls"][0]["function"];
        arguments.push_str(function["arguments"].as_str().unwrap_or_default());
        if !chunk["usage"].is_null() {
            usage = chunk["usage"].clone();
        }
    }
    (text, arguments, usage)
}

fn check_usage(reply: &Reply, told: &Value) {
    let usage = reply.usage().unwrap();
    assert_eq!(Some(usage.input_tokens), told["prompt_tokens"].as_u64());
    assert_eq!(
        Some(usage.output_tokens),
        told["completion_tokens"].as_u64()
    );
    assert_eq!(Some(usage.total_tokens), told["total_tokens"].as_u64());
    assert_eq!(
        serde_json::from_str::<Value>(usage.raw().unwrap()).unwrap(),
        *told
    );
}

#[tokio::test]
async fn the_recorded_text() {
    let Some(folder) = folder() else { return };
    let chunks = chunks(&folder, "alibaba-text");
    let (text, _, usage) = told(&chunks);
    assert!(
        text.len() > 1000 && chunks.len() > 50,
        "the recording is not what it was"
    );
    for size in [None, Some(1), Some(7), Some(4096)] {
        let reply = read(&chunks, size).await;
        assert_eq!(reply.text(), text, "{size:?}");
        assert!(reply.tool_calls().is_empty());
        assert_eq!(reply.finish_reason().unwrap().as_str(), "stop");
        check_usage(&reply, &usage);
    }
}

#[tokio::test]
async fn the_recorded_tool_call() {
    let Some(folder) = folder() else { return };
    let chunks = chunks(&folder, "alibaba-tool-call");
    let (text, arguments, usage) = told(&chunks);
    for size in [None, Some(1), Some(7), Some(4096)] {
        let reply = read(&chunks, size).await;
        assert_eq!(reply.text(), text);
        let [call] = reply.tool_calls() else {
            panic!("{:?}", reply.tool_calls())
        };
        assert_eq!(call.name(), "weather");
        assert!(call.id().starts_with("call_"), "{}", call.id());
        assert_eq!(call.arguments(), arguments);
        assert_eq!(call.parse::<Value>().unwrap()["location"], "San Francisco");
        assert_eq!(reply.finish_reason().unwrap().as_str(), "tool_calls");
        check_usage(&reply, &usage);
    }
}
