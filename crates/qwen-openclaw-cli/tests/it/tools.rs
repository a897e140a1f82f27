//! `chat --tools` with `--tool-cmd`: commands that answer the model's calls.

#![cfg_attr(not(unix), allow(dead_code, reason = "the commands are those of Unix"))]

use serde_json::Value;

use crate::run::{KEY, Qwen, Ran, Service};

pub(crate) const WEATHER: &str = r#"[{"type": "function", "function": {"name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
    "required": ["city"]}}}]"#;

const MODEL: &str = "qwen3-coder-plus";

/// Asks for the weather, with a command that tells it.
fn ask(service: &Service, command: &str, flags: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let tools = folder.path().join("tools.json");
    std::fs::write(&tools, WEATHER).unwrap();
    let command = format!("get_weather={command}");
    let arguments = ["chat", "-m", MODEL, "--tools", tools.to_str().unwrap()];
    let arguments = [&arguments[..], &["--tool-cmd", &command], flags].concat();
    Qwen::new(&[&arguments[..], &["Weather in Kyiv?"]].concat())
        .at(service)
        .env("DASHSCOPE_API_KEY", KEY)
        .env("OTHER", "seen")
        .run()
}

/// The result that the model was given.
fn result(service: &Service) -> String {
    let requests = service.requests();
    assert_eq!(requests.len(), 2);
    let sent = requests[1].json();
    let last = sent["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(last["role"], "tool");
    assert_eq!(
        last["tool_call_id"],
        sent["messages"][1]["tool_calls"][0]["id"]
    );
    last["content"].as_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn a_command_answers_a_call() {
    let service = Service::start();
    let ran = ask(&service, "/bin/cat", &["--yes"]).exits_with(0);
    let arguments: Value = serde_json::from_str(&result(&service)).unwrap();
    assert!(arguments["city"].is_string(), "{arguments}");
    assert!(!ran.stdout.is_empty() && !ran.stdout.contains("get_weather {"));
    ran.says("[tool call get_weather {");
}

#[cfg(unix)]
#[test]
fn a_command_is_no_shell_and_has_no_keys() {
    for (command, printed) in [
        ("/bin/echo $HOME | wc", "$HOME | wc\n"),
        (
            "/bin/sh -c 'echo \"$QWEN_API_KEY$DASHSCOPE_API_KEY-$OTHER\"'",
            "-seen\n",
        ),
    ] {
        let service = Service::start();
        ask(&service, command, &["--yes"]).exits_with(0);
        assert_eq!(result(&service), printed);
    }
}

#[cfg(unix)]
#[test]
fn what_goes_wrong_is_a_result() {
    for (command, starts, ends) in [
        (
            "/bin/sh -c 'echo half; echo no city >&2; exit 3'",
            "error: the tool failed, exit status: 3\nno city\nhalf",
            "half",
        ),
        (
            "/bin/sleep 600",
            "error: the tool did not finish within 0.2 s",
            "",
        ),
        // What the command has started holds its output open.
        (
            "/bin/sh -c 'sleep 600 & wait'",
            "error: the tool did not finish within 0.2 s",
            "",
        ),
    ] {
        let service = Service::start();
        ask(&service, command, &["--yes", "--tool-timeout", "0.2"]).exits_with(0);
        let result = result(&service);
        assert!(
            result.starts_with(starts) && result.ends_with(ends),
            "{result}"
        );
    }
    let service = Service::start();
    ask(&service, "/usr/bin/yes", &["--yes"]).exits_with(0);
    let result = result(&service);
    assert!(result.ends_with("y\n\n[cut off after 65536 bytes]"));
    assert!(result.len() < 65_600);
}

#[cfg(unix)]
#[test]
fn what_is_wrong_with_a_command_is_said_before_anything_is_sent() {
    let service = Service::start();
    ask(&service, "/bin/cat", &[])
        .exits_with(2)
        .says("error: there is no terminal to ask on before a tool is run\n")
        .says("hint: `--yes` runs");
    ask(&service, "/no/such", &["--yes"])
        .exits_with(2)
        .says("error: the command of the tool `get_weather` is not there: /no/such\n");
    ask(&service, "'/bin/cat", &["--yes"])
        .exits_with(2)
        .says("a ' is not closed");
    ask(
        &service,
        "/bin/cat",
        &["--yes", "--tool-cmd", "get_time=/bin/date"],
    )
    .exits_with(2)
    .says("error: --tool-cmd names `get_time`, which is not a tool of the file of --tools\n");
    assert!(service.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn json_has_the_rounds() {
    let service = Service::start();
    let ran = ask(&service, "/bin/echo 12 C", &["--yes", "--json"]).exits_with(0);
    let result = ran.json();
    let round = &result["tool_rounds"][0];
    assert_eq!(round["calls"][0]["name"], "get_weather");
    assert_eq!(round["results"][0], "12 C\n");
    assert!(round["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert!(!result["text"].as_str().unwrap().is_empty());

    let service = Service::start();
    let ran = ask(&service, "/bin/echo 12 C", &["--yes", "--json=stream"]).exits_with(0);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let event = lines.iter().find(|line| line["type"] == "tool_result");
    assert_eq!(event.unwrap()["result"], "12 C\n");
    assert_eq!(lines.last().unwrap()["type"], "result");
}

#[test]
fn without_a_command_a_call_is_the_answer() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let tools = folder.path().join("tools.json");
    std::fs::write(&tools, WEATHER).unwrap();
    let arguments = ["chat", "-m", MODEL, "--tools", tools.to_str().unwrap()];
    let ran = Qwen::new(&[&arguments[..], &["Weather in Kyiv?"]].concat())
        .at(&service)
        .run()
        .exits_with(0);
    let last = ran.stdout.lines().last().unwrap();
    let arguments: Value =
        serde_json::from_str(last.strip_prefix("get_weather ").unwrap()).unwrap();
    assert!(arguments["city"].is_string());
    assert_eq!(service.requests().len(), 1);
}
