//! What of a request has no effect is said, and what the service would refuse is not sent.

use qwen_openclaw_emulator::{Emulator, Reply};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

fn file(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.json");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// The request that these arguments send, and the output.
fn sent(arguments: &[&str]) -> (Value, Ran) {
    let service = Service::start();
    let ran = Qwen::new(&[&["chat"], arguments].concat())
        .at(&service)
        .run()
        .exits_with(0);
    (service.requests()[0].json(), ran)
}

/// A service that gives this answer, in one piece.
fn answering(text: &str) -> Service {
    let chunk =
        json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]});
    let reply = Reply::event_stream().event(chunk.to_string()).done();
    Service::with(Emulator::builder().script(reply))
}

#[test]
fn a_level_without_effect() {
    let (_, ran) = sent(&["-m", "qwen3-coder-plus", "--think", "high", "hi"]);
    ran.says("note: `--think high` has no effect on qwen/qwen3-coder-plus; `models explain");
    let (body, ran) = sent(&["-m", "MiniMax-M2.5", "--think", "off", "hi"]);
    assert_eq!(body.get("enable_thinking"), None);
    ran.says("note: qwen/MiniMax-M2.5 cannot stop thinking");
    let (_, ran) = sent(&["-m", "qwen3.6-plus", "--think", "off", "hi"]);
    assert!(!ran.stderr.contains("note:"), "{}", ran.stderr);
}

#[test]
fn a_budget_that_does_not_fit() {
    let arguments = [
        "-m",
        "qwen3.8-max",
        "--max-tokens",
        "1000",
        "--think-budget",
        "5000",
    ];
    let (body, ran) = sent(&[&arguments[..], &["--think", "low", "hi"]].concat());
    assert_eq!(body["thinking_budget"], 999);
    assert_eq!(body.get("reasoning_effort"), None);
    ran.says("lowered from 5000 to 999 tokens")
        .says("the thinking budget replaces the level of `--think`");
}

#[test]
fn a_body_of_another_program() {
    let body = json!({
        "model": "qwen3.6-plus",
        "messages": [
            {"role": "developer", "content": [
                {"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}},
            ]},
            {"role": "user", "content": "What is 2+2?"},
        ],
        "max_tokens": 1_000_000,
        "seed": 7,
        "stream": false,
    });
    let (_folder, path) = file(&body.to_string());
    let (sent_body, ran) = sent(&["--body", &path]);
    assert_eq!(sent_body["messages"].as_array().unwrap().len(), 2);
    assert_eq!(sent_body["messages"][0]["role"], "system");
    assert_eq!(
        (
            &sent_body["max_tokens"],
            &sent_body["seed"],
            &sent_body["stream"]
        ),
        (&json!(65_536), &json!(7), &json!(true))
    );
    assert!(sent_body.to_string().contains("cache_control"));
    ran.says("`--max-tokens` was lowered from 1000000 to 65536");
    let (sent_body, _) = sent(&["--body", &path, "--no-cache", "-m", "glm-5", "And 3+3?"]);
    assert!(
        !sent_body.to_string().contains("cache_control"),
        "{sent_body}"
    );
    assert_eq!(sent_body["model"], "glm-5");
    assert_eq!(sent_body["messages"][2]["content"], "And 3+3?");
}

#[test]
fn a_conversation_asks_for_a_summary_from_the_start() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let talk = folder.path().join("talk.json");
    let talk = talk.to_str().unwrap();
    for prompt in ["What is 2+2?", "And 3+3?"] {
        let arguments = ["chat", "-m", "qwen4-max", "--session", talk, prompt];
        Qwen::new(&arguments).at(&service).run().exits_with(0);
    }
    // What is attached belongs to what the encrypted reasoning is bound to.
    let url = "https://example.com/cat.png";
    let looks = |more: &[&str]| {
        let arguments = ["chat", "-m", "qwen4-max", "--session", talk];
        let ran = Qwen::new(&[&arguments[..], more].concat());
        ran.at(&service).run().exits_with(0);
        service.requests().last().unwrap().json().to_string()
    };
    assert!(looks(&["--image", url, "What is it?"]).contains(url));
    assert!(looks(&["And its color?"]).contains(url));
    let single = ["chat", "-m", "qwen4-max", "What is 2+2?"];
    Qwen::new(&single).at(&service).run().exits_with(0);
    let bodies: Vec<Value> = service.requests().iter().map(|r| r.json()).collect();
    for body in &bodies[..4] {
        assert_eq!(body["thinking_display"], "summarized");
        assert_eq!(body["preserve_thinking"], true);
    }
    assert_eq!(bodies[4].get("thinking_display"), None);
}

#[test]
fn an_answer_that_does_not_fit_its_schema() {
    let schema = json!({
        "type": "object",
        "properties": {"n": {"type": "integer", "format": "int32"}},
        "required": ["n"],
    });
    let (_folder, path) = file(&schema.to_string());
    let ask = |answer: &str, json: &[&str]| {
        let service = answering(answer);
        // The schema is only in the prompt of this model.
        let arguments = ["chat", "-m", "qwen3.6-plus", "--json-schema", &path];
        let all = [&arguments[..], json, &["hi"]].concat();
        Qwen::new(&all).at(&service).run()
    };
    let fits = ask(r#"{"n": 1}"#, &[]).exits_with(0);
    assert_eq!(fits.stdout, "{\"n\": 1}\n");
    fits.says("note: not checked of the schema: format");
    let ran = ask(r#"{"n": "x"}"#, &[]).exits_with(7);
    ran.says("the answer does not fit the JSON schema, at n: it must be of the type integer");
    ask("Sorry.", &[])
        .exits_with(7)
        .says("is not the JSON that was asked for");
    let error = ask(r#"{"m": 1}"#, &["--json"]).exits_with(7).json();
    assert_eq!(error["error"]["type"], "json");
    assert_eq!(error["error"]["partial"]["text"], r#"{"m": 1}"#);
    let lines = ask(r#"{"m": 1}"#, &["--json=stream"]).exits_with(7).stdout;
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "error");
    assert!(!lines.contains("\"result\""), "{lines}");
}

#[test]
fn a_plan_that_may_lack_the_model_is_asked() {
    let arguments = ["chat", "--emulator", "--plan", "coding", "-m"];
    let ask = |more: &[&str]| Qwen::new(&[&arguments[..], more].concat()).run();
    // The emulator is on loopback, where the catalog has no say; the service's refusal counts.
    let ran = ask(&["qwen3.6-plus", "hi"]).exits_with(4);
    ran.says("Status: 4");
}
