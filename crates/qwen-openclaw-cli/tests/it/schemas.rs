//! What `--json` prints is what `docs/json/` describes.

use std::path::Path;

use qwen_openclaw_emulator::{Emulator, Reply, Script};
use serde_json::{Value, json};

use crate::{
    config_home::ConfigHome,
    models_status::Home,
    run::{KEY, Qwen, Service},
    usage::{cooling, used},
};

fn schema(name: &str) -> Option<Value> {
    // The folder is not part of the published crate.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json");
    let text = std::fs::read_to_string(root.join(format!("{name}.schema.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A document is as its description says.
pub(crate) fn described(name: &str, document: &Value) {
    if let Some(schema) = schema(name) {
        check(document, &schema, name);
    }
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
            let required = schema["required"].as_array().into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                assert!(fields.contains_key(name), "{place} has no {name}");
            }
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
    let priced = Qwen::new(&["models", "list", "--region", "china", "--json"]).run();
    let explain = Qwen::new(&[
        "models",
        "explain",
        "qwen3.6-plus",
        "--plan",
        "coding",
        "--json",
    ])
    .run();
    let place = ["--auth-choice", "qwen-token-plan"];
    let onboard = Qwen::new(&[&["onboard", "--emulator", "--json"], &place[..]].concat()).run();
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
    let embed = |flags: &[&str]| {
        let command = Qwen::new(&[&["embed", "--json"], flags].concat());
        let line = r#"{"id":"a","text":"a fox"}"#;
        command.at(&service).stdin(line).run()
    };
    let rerank = |flags: &[&str]| {
        let command = Qwen::new(&[&["rerank", "animals"], flags].concat());
        command.at(&service).run()
    };
    let embedded = embed(&["--jsonl"]);
    let tokens = embed(&["--jsonl", "--estimate", "--region", "china"]);
    let line = Qwen::new(&["embed", "a fox"]).at(&service).run();
    let ranked = rerank(&["--json", "a fox", "a house"]);
    let ranked_line = rerank(&["a fox"]);
    let image = |arguments: &[&str]| {
        let command = Qwen::new(&[&["image"], arguments, &["--json"]].concat());
        command.at(&service).env("HOME", home).run()
    };
    let crane = folder.path().join("a.png");
    let crane = [
        "generate",
        "a cat",
        "-n",
        "2",
        "-o",
        crane.to_str().unwrap(),
    ];
    let several = image(&crane);
    let drawn = image(&["generate", "a cat", "--estimate"]);
    let drawings = image(&["list"]);
    let audio = folder.path().join("a.wav");
    let speak = |flags: &[&str]| {
        let command = Qwen::new(&[&["speak", "--json"], flags].concat());
        command.at(&service).run()
    };
    let words = ["-m", "cosyvoice-v3-flash", "--stream", "--words"];
    let audio = ["Hello.", "-o", audio.to_str().unwrap()];
    let spoken = speak(&[&words[..], &audio].concat());
    let spoken_estimate = speak(&["--estimate", "--region", "china", "Hello."]);
    let voices = speak(&["--voices"]);
    for (name, ran) in [
        ("embed", embedded),
        ("embed-estimate", tokens),
        ("embed-line", line),
        ("rerank", ranked),
        ("rerank-line", ranked_line),
        ("speak", spoken),
        ("speak-estimate", spoken_estimate),
        ("speak-voices", voices),
        ("video", made),
        ("video-list", listed),
        ("video-estimate", estimate),
        ("image", several),
        ("image-estimate", drawn),
        ("image-list", drawings),
        ("chat", chat),
        ("describe", describe),
        ("models-list", list),
        ("models-list", priced),
        ("models-explain", explain),
        ("onboard", onboard),
        ("error", error),
    ] {
        if let Some(schema) = schema(name) {
            check(&ran.json(), &schema, name);
        }
    }
}

#[test]
fn stored_credentials() {
    let home = tempfile::tempdir().unwrap();
    let auth = |arguments: &[&str]| {
        let mut all = vec!["models", "auth"];
        all.extend(arguments);
        all.push("--json");
        Qwen::new(&all)
            .env("HOME", home.path().to_str().unwrap())
            .stdin("sk-0123456789")
            .run()
            .exits_with(0)
    };
    let service = Service::with(Emulator::builder().auto_approve());
    service.emulator.oauth().interval(Some(1));
    let url = service.emulator.oauth().url();
    let portal = ["login", "--provider", "qwen-portal", "--enable-portal"];
    let login = [&portal[..], &["--oauth-base-url", &url]].concat();
    let agent = home.path().join(".openclaw/agents/main/agent");
    std::fs::create_dir_all(&agent).unwrap();
    let profiles = r#"{"version":1,"profiles":{"google:x":{"type":"api_key","provider":"google"},
        "qwen:x":{"type":"api_key","provider":"qwen","key":"sk-9876543210"}}}"#;
    std::fs::write(agent.join("auth-profiles.json"), profiles).unwrap();
    for (name, arguments) in [
        ("models-auth-login", &login[..]),
        (
            "models-auth-login",
            &["paste-api-key", "--provider", "qwen"],
        ),
        ("models-auth-import", &["import", "openclaw"]),
        ("models-auth-list", &["list"]),
        (
            "models-auth-order",
            &["order", "set", "x", "--provider", "qwen"],
        ),
        ("models-auth-logout", &["logout", "qwen:x"]),
    ] {
        let ran = auth(arguments);
        if let Some(schema) = schema(name) {
            check(&ran.json(), &schema, name);
            for required in schema["required"].as_array().unwrap() {
                let required = required.as_str().unwrap();
                assert!(ran.json().get(required).is_some(), "{name}: {required}");
            }
        }
    }
}

/// Everything that a reply may hold beside its text.
#[test]
fn replies_that_say_more() {
    let call = json!({"index": 0, "id": "a", "type": "custom", "custom": {"name": "sql"}});
    let delta = json!({"content": "a", "reasoning_content": "b", "refusal": "c",
        "encrypted_content": "gAAA", "annotations": [{"type": "file"}], "tool_calls": [call]});
    let choice = json!({"index": 0, "delta": delta, "finish_reason": "tool_calls",
        "logprobs": {"content": []}});
    let event = Reply::event_stream().event(json!({"choices": [choice]}).to_string());
    let whole = event.clone().done();
    let broken = event.event(r#"{"error":{"code":"Arrearage","message":"overdue"}}"#);
    for (reply, name) in [(whole, "chat"), (broken, "error")] {
        let service = Service::with(Emulator::builder().script(Script::from(reply).repeat_last()));
        let ask = |json: &str| Qwen::new(&["chat", json, "hi"]).at(&service).run();
        let result = ask("--json").json();
        let held = if name == "chat" {
            &result
        } else {
            &result["error"]["partial"]
        };
        for field in ["refusal", "encrypted_content", "message_extra", "extra"] {
            assert!(held.get(field).is_some(), "{name}: {result}");
        }
        if name == "error" {
            assert_eq!(result["error"]["scope"], "account");
        }
        let lines = ask("--json=stream").stdout;
        let lines: Vec<Value> = lines
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let (last, events) = lines.split_last().unwrap();
        assert!(events.iter().any(|event| event["type"] == "refusal"));
        if let (Some(schema), Some(of_events)) = (schema(name), schema("chat-event")) {
            check(&result, &schema, name);
            check(last, &schema, name);
            for event in events {
                check(event, &of_events, "chat-event");
                let types = of_events["properties"]["type"]["enum"].as_array();
                assert!(types.unwrap().contains(&event["type"]), "{event}");
            }
        }
    }
}

#[test]
fn commands_of_the_configuration() {
    let home = ConfigHome::empty();
    for (name, line, code) in [
        ("models-set", "models set qwen/zzz", 0),
        ("models-set", "models set-image qwen3.5-plus", 0),
        ("models-aliases", "models aliases add z zzz/zzz", 0),
        ("models-aliases-list", "models aliases list", 0),
        ("models-aliases", "models aliases remove z", 0),
        ("models-fallbacks", "models fallbacks add zzz/zzz", 0),
        ("models-fallbacks-list", "models fallbacks list", 0),
        ("models-fallbacks", "models fallbacks remove zzz/zzz", 0),
        ("models-fallbacks", "models image-fallbacks clear", 0),
        ("config-set", "config set agents.defaults.model Nope", 0),
        ("config-set", "config unset agents.defaults.model", 0),
        ("config-path", "config path", 0),
        ("config-validate", "config validate --strict", 0),
        ("plugins-switch", "plugins disable qwen", 0),
        ("plugins-list", "plugins list", 0),
        ("gateway", "gateway restart", 0),
        ("gateway", "gateway status", 0),
        ("error", "models set zzz/zzz", 1),
        ("error", "config get zzz", 1),
    ] {
        let ran = home.run(&format!("{line} --json")).exits_with(code);
        if let Some(schema) = schema(name) {
            check(&ran.json(), &schema, name);
        }
    }
    for (text, arguments) in [("{ x: 1 }", " --strict"), ("{ x: ", "")] {
        let home = ConfigHome::with(text);
        let ran = home.run(&format!("config validate --json{arguments}"));
        if let Some(schema) = schema("config-validate") {
            check(&ran.exits_with(1).json(), &schema, "config-validate");
        }
    }
    let broken = ConfigHome::with("{ x: ").run("config get x --json");
    if let Some(schema) = schema("error") {
        check(&broken.exits_with(1).json(), &schema, "error");
    }
}

#[test]
fn usage() {
    let home = used();
    let set = "usage budget set team --limit 5USD --per month";
    for (name, line) in [
        ("usage", "usage"),
        ("usage-budget-list", "usage budget list"),
        ("usage-budget", set),
        ("usage-budget-list", "usage budget list"),
        ("usage", "usage --by day"),
        ("usage-budget", "usage budget remove team"),
        ("usage-cooldowns-list", "usage cooldowns list"),
        ("usage-cooldowns-clear", "usage cooldowns clear"),
    ] {
        let ran = home.run(&format!("{line} --json")).exits_with(0);
        if let Some(schema) = schema(name) {
            check(&ran.json(), &schema, name);
        }
    }
    let home = cooling();
    for (name, line) in [
        ("usage-cooldowns-list", "usage cooldowns list"),
        ("status", "status"),
        ("models-list", "models list"),
    ] {
        let ran = home.run(&format!("{line} --json")).exits_with(0);
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

#[test]
fn what_is_set_up() {
    let config = "{
      agents: { defaults: { model: { primary: 'x', fallbacks: ['anthropic/m', 'qwen-portal/coder-model'] },
                            models: { 'qwen/qwen3.5-plus': { alias: 'x' } } } },
      models: { providers: { qwen: { apiKey: 'sk-literal-0123456789', bogus: 1 },
                             mine: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: '${NOT_SET}' } } },
    }";
    let profiles = serde_json::json!({
        "qwen-oauth:x": {"type": "oauth", "access": "secret-a", "expires": 1_577_836_800_000_u64},
        "qwen:default": {"type": "api_key", "key": KEY},
        "anthropic:t": {"type": "token", "token": "secret-t", "expires": 4_102_444_800_000_u64},
    });
    let home = Home::new(config, &profiles);
    let service = Service::start();
    let video = ["video", "generate", "a cat", "--seconds", "2", "--no-wait"];
    home.run(&video).at(&service).run().exits_with(0);
    for (name, arguments, code) in [
        ("models-status", &["models", "status"][..], 0),
        ("status", &["status"], 0),
        ("doctor", &["doctor", "--emulator", "--fix"], 1),
    ] {
        let arguments = [arguments, &["--json"]].concat();
        let ran = home.run(&arguments).env("QWEN_API_KEY", KEY).run();
        let document = ran.exits_with(code).json();
        if let Some(schema) = schema(name) {
            check(&document, &schema, name);
        }
    }
}
