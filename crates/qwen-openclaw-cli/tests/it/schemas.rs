//! What `--json` prints is what `docs/json/` describes.

use std::path::Path;

use serde_json::Value;

use crate::run::{Qwen, Service};

fn schema(name: &str) -> Option<Value> {
    // The folder is not part of the published crate.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json");
    let text = std::fs::read_to_string(root.join(format!("{name}.schema.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Every field of `value` is described, and is of a type that the description allows.
fn check(value: &Value, schema: &Value, place: &str) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![kind],
    };
    assert!(allowed.contains(&kind), "{place} is of the type {kind}");
    match value {
        // What is not described any further is somebody else's.
        Value::Object(fields) if schema.get("properties").is_some() => {
            for (name, field) in fields {
                let place = format!("{place}.{name}");
                let described = schema["properties"].get(name);
                check(
                    field,
                    described.unwrap_or_else(|| panic!("{place} is not described")),
                    &place,
                );
            }
        }
        Value::Array(items) => {
            for item in items {
                check(item, &schema["items"], place);
            }
        }
        _ => {}
    }
}

#[test]
fn results_and_errors() {
    let service = Service::start();
    let chat = Qwen::new(&["chat", "--json", "-m", "qwen3.5-plus", "hi"])
        .at(&service)
        .run();
    let list = Qwen::new(&["models", "list", "--all", "--plan", "coding", "--json"]).run();
    let url = "https://a.example/cat.png";
    let describe = Qwen::new(&["describe", "--json", url]).at(&service).run();
    let error = Qwen::new(&["chat", "--json", "-m", "unheard-of", "hi"])
        .at(&service)
        .run();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let home = folder.path().to_str().unwrap();
    let video = |arguments: &[&str]| {
        let command = Qwen::new(&[&["video"], arguments, &["--json"]].concat());
        command.at(&service).env("HOME", home).run()
    };
    let output = path.to_str().unwrap();
    let made = video(&["generate", "a cat", "--seconds", "99", "-o", output]);
    let listed = video(&["list"]);
    let estimate = video(&["generate", "a cat", "--estimate"]);
    for (name, ran) in [
        ("video", made),
        ("video-list", listed),
        ("video-estimate", estimate),
        ("chat", chat),
        ("describe", describe),
        ("models-list", list),
        ("error", error),
    ] {
        if let Some(schema) = schema(name) {
            check(&ran.json(), &schema, name);
        }
    }
}

#[test]
fn events() {
    let service = Service::start();
    let ran = Qwen::new(&["chat", "--json=stream", "-m", "qwen3.5-plus", "hi"])
        .at(&service)
        .run();
    let refused = Qwen::new(&["chat", "--json=stream", "hi"]).run();
    let line = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    let lines: Vec<Value> = ran.stdout.lines().map(line).collect();
    let (result, events) = lines.split_last().unwrap();
    assert!(events.len() > 2);
    if let Some(schema) = schema("chat-event") {
        for event in events {
            check(event, &schema, "chat-event");
        }
    }
    for (name, last) in [("chat", result), ("error", &line(refused.stdout.trim()))] {
        if let Some(schema) = schema(name) {
            check(last, &schema, name);
        }
    }
}
