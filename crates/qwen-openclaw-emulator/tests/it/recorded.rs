//! The emulator's chunks against those that the real service sent.
//!
//! The recordings are not part of the repository: `QWEN_OPENCLAW_SHARED` names a folder that has
//! them under `fixtures/model-studio-streams`.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{ask, stream};

/// Reads a recording, or says why not.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn recording(name: &str) -> Option<String> {
    let Some(shared) = env::var_os("QWEN_OPENCLAW_SHARED") else {
        println!("skipped: QWEN_OPENCLAW_SHARED is not set");
        return None;
    };
    let path = PathBuf::from(shared).join("fixtures/model-studio-streams");
    Some(fs::read_to_string(path.join(name)).unwrap())
}

/// What is left of JSON without its values: the fields in their order.
fn shape(json: &str) -> String {
    let mut shape = String::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            values.next().unwrap().unwrap();
            let (text, after) = rest.split_at(values.byte_offset());
            let value = !after.starts_with(':');
            shape.push_str(if value { "\"\"" } else { text });
            rest = after;
        } else {
            shape.push(if first.is_ascii_digit() { '0' } else { first });
            rest = &rest[first.len_utf8()..];
        }
    }
    while shape.contains("00") {
        shape = shape.replace("00", "0");
    }
    shape
}

fn shapes<'a>(payloads: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let chunks = payloads.into_iter().filter(|payload| *payload != "[DONE]");
    chunks.map(shape).collect()
}

async fn ours(body: &Value) -> BTreeSet<String> {
    let emulator = Emulator::start().await.unwrap();
    let payloads = ask(&emulator, body).await.payloads();
    shapes(payloads.iter().map(String::as_str))
}

#[tokio::test]
async fn text_chunks_have_recorded_shapes() {
    let Some(recorded) = recording("alibaba-text.chunks.txt") else {
        return;
    };
    let recorded = shapes(recorded.lines());
    let ours = ours(&stream("qwen3-max", "Hello")).await;
    assert_eq!(ours.len(), 4);
    for shape in ours {
        assert!(recorded.contains(&shape), "{shape}\n{recorded:#?}");
    }
}

#[tokio::test]
async fn tool_call_chunks_have_the_recorded_shapes() {
    let Some(recorded) = recording("alibaba-tool-call.chunks.txt") else {
        return;
    };
    let mut body = stream("qwen3-max", "Weather in Kyiv?");
    body["tools"] = json!([{"type": "function", "function": {"name": "weather",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}}}}]);
    assert_eq!(ours(&body).await, shapes(recorded.lines()));
}

#[test]
fn shapes_keep_fields_and_their_order() {
    let shape = shape(r#"{"a":"x\"y","b":[10,null,{"c":true}]}"#);
    assert_eq!(shape, r#"{"a":"","b":[0,null,{"c":true}]}"#);
}
