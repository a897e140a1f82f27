//! What the flags of `chat` and `describe` put into a request.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

/// A folder with files.
fn files(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn path(folder: &TempDir, name: &str) -> String {
    PathBuf::from(folder.path())
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

/// The start of an image of 32 pixels a side.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0";

/// The request sent for these arguments, and the output.
fn sent(arguments: &[&str]) -> (Value, Ran) {
    let service = Service::start();
    let ran = Qwen::new(&[&["chat"], arguments].concat())
        .at(&service)
        .run()
        .exits_with(0);
    (service.requests()[0].json(), ran)
}

#[test]
fn thinking() {
    let (body, _) = sent(&["-m", "qwen3.6-flash", "--think", "off", "hi"]);
    assert_eq!(body["enable_thinking"], false);
    let (body, ran) = sent(&[
        "-m",
        "qwen3.6-flash",
        "--think",
        "high",
        "--think-budget",
        "50",
        "hi",
    ]);
    assert_eq!(
        (&body["enable_thinking"], &body["thinking_budget"]),
        (&json!(true), &json!(50))
    );
    assert!(!ran.stderr.is_empty());
}

#[test]
fn tools_and_their_choice() {
    let tools = json!([{"type": "function", "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }}]);
    let folder = files(&[("tools.json", tools.to_string().as_bytes())]);
    let file = path(&folder, "tools.json");
    let (body, ran) = sent(&[
        "-m",
        "qwen3-coder-plus",
        "--tools",
        &file,
        "--tool-choice",
        "get_weather",
        "Weather in Kyiv?",
    ]);
    assert_eq!(body["tools"], tools);
    assert_eq!(body["tool_choice"]["function"]["name"], "get_weather");
    assert!(ran.stdout.starts_with("get_weather {"), "{}", ran.stdout);
}

#[test]
fn answers_that_fit_a_schema() {
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
        "required": ["city", "people"],
    });
    let folder = files(&[("schema.json", schema.to_string().as_bytes())]);
    let (_, ran) = sent(&[
        "-m",
        "qwen3.7-plus",
        "--json-schema",
        &path(&folder, "schema.json"),
        "Kyiv",
    ]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(
        answer["city"].is_string() && answer["people"].is_i64(),
        "{answer}"
    );
}

#[test]
fn search_cache_and_other_fields() {
    let (body, _) = sent(&[
        "-m",
        "qwen3-coder-plus",
        "--search",
        "--system",
        "Be brief.",
        "--cache-system",
        "--extra",
        "top_k=5",
        "--extra",
        "user=me",
        "hi",
    ]);
    assert_eq!(body["enable_search"], true);
    assert_eq!((&body["top_k"], &body["user"]), (&json!(5), &json!("me")));
    assert!(
        body["messages"][0].to_string().contains("ephemeral"),
        "{body}"
    );
}

#[test]
fn images() {
    let folder = files(&[("cat.png", PNG)]);
    let file = path(&folder, "cat.png");
    let (body, _) = sent(&["-m", "qwen3.5-plus", "--image", &file, "What is it?"]);
    let parts = &body["messages"][0]["content"];
    let url = parts[0]["image_url"]["url"].as_str().unwrap();
    assert!(url.starts_with("data:image/png;base64,"), "{url}");
    assert_eq!(parts[1]["text"], "What is it?");
}

#[test]
fn media_that_cannot_be_sent() {
    let service = Service::start();
    let folder = files(&[
        ("empty.png", b""),
        ("cat.jpg", PNG),
        ("notes.png", b"just text"),
    ]);
    for (name, says) in [
        ("empty.png", "is empty"),
        ("cat.jpg", "by its content"),
        ("notes.png", "does not look like an image"),
        ("missing.png", "could not read"),
    ] {
        let file = path(&folder, name);
        let arguments = ["chat", "-m", "qwen3.5-plus", "--image", &file, "hi"];
        Qwen::new(&arguments)
            .at(&service)
            .run()
            .exits_with(4)
            .says(says);
    }
    let cat = files(&[("cat.png", PNG)]);
    let arguments = [
        "chat",
        "-m",
        "qwen3-coder-plus",
        "--image",
        &path(&cat, "cat.png"),
        "hi",
    ];
    Qwen::new(&arguments)
        .at(&service)
        .run()
        .exits_with(4)
        .says("qwen3-coder-plus");
    assert!(service.requests().is_empty());
}

#[test]
fn a_conversation_in_a_file() {
    let service = Service::start();
    let folder = files(&[]);
    let file = path(&folder, "talk.json");
    let ask = |prompt: &str| {
        let arguments = ["chat", "-m", "qwen3-coder-plus", "--session", &file, prompt];
        Qwen::new(&arguments).at(&service).run()
    };
    let first = ask("What is 2+2?").exits_with(0).stdout;
    ask("And 3+3?").exits_with(0);
    let body = service.requests()[1].json();
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[1]["role"], "assistant");
    assert!(
        messages[1]
            .to_string()
            .contains(first.trim().split('"').next().unwrap())
    );
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(kept["messages"].as_array().unwrap().len(), 4);

    // A link stays a link.
    #[cfg(unix)]
    {
        let link = path(&folder, "link.json");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let arguments = ["chat", "-m", "qwen3-coder-plus", "--session", &link, "hi"];
        Qwen::new(&arguments).at(&service).run().exits_with(0);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(kept["messages"].as_array().unwrap().len(), 6);
    }

    // Reported before anything is sent.
    let sent = service.requests().len();
    let nowhere = path(&folder, "no/talk.json");
    Qwen::new(&["chat", "--session", &nowhere, "hi"])
        .at(&service)
        .run()
        .exits_with(4)
        .says("no such folder");
    std::fs::write(&file, "{\"version\": 1, \"messages\": [").unwrap();
    ask("hi").exits_with(2).says("is not a conversation file");
    assert_eq!(service.requests().len(), sent);
}

#[test]
fn describing() {
    let service = Service::start();
    let folder = files(&[("cat.png", PNG)]);
    let file = path(&folder, "cat.png");
    let ran = Qwen::new(&["describe", &file, "--json"])
        .at(&service)
        .run()
        .exits_with(0);
    assert_eq!(ran.json()["model"], "qwen-vl-max-latest");
    assert!(
        ran.json()["text"].as_str().unwrap().contains("PNG"),
        "{}",
        ran.stdout
    );
    assert_eq!(service.requests()[0].json()["model"], "qwen-vl-max-latest");

    let ran = Qwen::new(&["describe", "--emulator", &file])
        .run()
        .exits_with(0);
    assert!(!ran.stdout.trim().is_empty());

    let plan = ["describe", "--plan", "coding", &file];
    let key = crate::run::KEY;
    let ran = Qwen::new(&plan)
        .env("QWEN_API_KEY", key)
        .run()
        .exits_with(4);
    ran.says("https://dashscope-intl.aliyuncs.com/compatible-mode/v1");
}
