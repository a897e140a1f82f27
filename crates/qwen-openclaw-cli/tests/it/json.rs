//! `--json` when something goes wrong: still JSON, still alone on standard output.

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use serde_json::Value;

use crate::run::{Qwen, Ran, Service};

/// The lines of `--json=stream`, each a document of its own.
fn lines(ran: &Ran) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap();
    ran.stdout.lines().map(parse).collect()
}

/// A service whose every answer has this fault.
fn faulty(fault: Fault) -> Service {
    Service::with(Emulator::builder().fault(FaultRule::new(fault)))
}

#[test]
fn a_command_line_that_makes_no_sense() {
    for arguments in [
        &["chat", "--json", "--temperature", "9", "hi"][..],
        &["chat", "--json=stream", "--plan", "gold", "hi"],
        &["chat", "--json=nonsense", "hi"],
        &["models", "list", "--json", "--plain"],
    ] {
        let ran = Qwen::new(arguments).run().exits_with(2);
        let error = &ran.json()["error"];
        assert_eq!(error["type"], "usage", "{arguments:?}");
        let message = error["message"].as_str().unwrap();
        assert!(
            !message.is_empty() && !message.contains("error:"),
            "{message}"
        );
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

#[test]
fn a_prompt_is_no_flag() {
    let ran = Qwen::new(&["chat", "--temperature", "9", "--", "--json"]).run();
    assert_eq!(ran.exits_with(2).stdout, "");
}

#[test]
fn an_error_before_the_stream_is_its_only_line() {
    let ran = Qwen::new(&["chat", "--json=stream", "hi"])
        .run()
        .exits_with(3);
    let lines = lines(&ran);
    assert_eq!(lines.len(), 1, "{}", ran.stdout);
    assert_eq!(lines[0]["type"], "error");
    assert_eq!(lines[0]["ok"], false);
    assert_eq!(lines[0]["error"]["type"], "auth");
}

#[test]
fn an_error_within_the_stream_is_its_last_line() {
    let service = faulty(Fault::new(FaultKind::TruncateCleanly).after(6));
    let ran = Qwen::new(&["chat", "--json=stream", "-m", "qwen3-coder-plus", "hi"])
        .at(&service)
        .run()
        .exits_with(8);
    let lines = lines(&ran);
    let (last, events) = lines.split_last().unwrap();
    let text: String = events
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect();
    assert!(!text.is_empty());
    assert_eq!(last["type"], "error");
    assert_eq!(last["error"]["type"], "truncated");
    assert_eq!(last["error"]["partial"]["text"], text);
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_has_arrived() {
    let (printed, ran) = interrupted("--json=stream");
    let error: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["type"], "interrupted", "{}", ran.stderr);
    let arrived = error["error"]["partial"]["text"].as_str().unwrap();
    assert!(!arrived.is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_one_document() {
    let (printed, ran) = interrupted("--json");
    let error: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(error["error"]["type"], "interrupted", "{}", ran.stderr);
}

/// What is printed when Ctrl-C comes into an answer that would never end.
#[cfg(unix)]
fn interrupted(form: &str) -> (String, Ran) {
    use std::{
        io::{BufRead, BufReader, Read},
        process::Command,
        time::Duration,
    };

    let service = faulty(Fault::new(FaultKind::NeverEnding).delay(Duration::from_millis(2)));
    let (mut command, _home) = Qwen::new(&["chat", form, "-m", "qwen3-coder-plus", "hi"])
        .at(&service)
        .command();
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    match form {
        "--json=stream" => {
            stdout.read_line(&mut printed).unwrap();
        }
        // Nothing is printed before the end.
        _ => {
            while service.requests().is_empty() {
                std::thread::yield_now();
            }
        }
    }
    let process = child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &process]).status();
    assert!(kill.unwrap().success());
    stdout.read_to_string(&mut printed).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap()).exits_with(130);
    (printed, ran)
}
