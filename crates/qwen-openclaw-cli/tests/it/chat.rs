//! `chat`, when all goes well, and when its reader goes away.

use std::io::Read;

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use serde_json::Value;

use crate::run::{KEY, Qwen, Ran, Service};

#[test]
fn with_the_emulator_it_needs_nothing() {
    let ran = Qwen::new(&["chat", "--emulator", "Why is the sky blue?"])
        .run()
        .exits_with(0);
    assert!(ran.stdout.contains("blue"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with('\n'));
    ran.says("emulator at http://127.0.0.1:")
        .says("[qwen/qwen3.5-plus · ")
        .says("first token");
}

#[test]
fn every_plan_and_region_has_an_emulator() {
    for plan in ["standard", "coding", "token", "portal"] {
        for region in ["global", "china"] {
            let flags = [
                "chat",
                "--emulator",
                "--plan",
                plan,
                "--region",
                region,
                "hi",
            ];
            let ran = Qwen::new(&flags).run().exits_with(0);
            assert!(!ran.stdout.is_empty(), "{plan} {region}");
        }
    }
}

#[test]
fn the_answer_alone_is_on_standard_output() {
    let service = Service::start();
    let ran = Qwen::new(&["chat", "-m", "qwen3.5-plus", "What is 2+2?"])
        .at(&service)
        .run();
    let ran = ran.exits_with(0);
    assert!(ran.stdout.contains('4'));
    assert!(!ran.stdout.contains("tokens/s") && !ran.stdout.contains('\u{1b}'));
    let request = &service.requests()[0];
    assert_eq!(request.bearer(), Some(KEY));
    assert_eq!(request.json()["stream_options"]["include_usage"], true);
}

#[test]
fn flags_reach_the_request() {
    let service = Service::start();
    let flags = [
        "chat",
        "-m",
        "qwen/qwen3-coder-plus",
        "--system",
        "Be brief.",
        "--max-tokens",
        "50",
        "--temperature",
        "0.5",
        "--no-usage",
        "hi",
    ];
    let ran = Qwen::new(&flags).at(&service).run().exits_with(0);
    assert!(!ran.stderr.contains("tokens"), "{}", ran.stderr);
    let sent = service.requests()[0].json();
    assert_eq!(sent["model"], "qwen3-coder-plus");
    assert_eq!(sent["messages"][0]["role"], "system");
    assert_eq!(sent["max_completion_tokens"], 50);
    assert_eq!(sent["temperature"], 0.5);
    assert!(sent.get("stream_options").is_none());
}

#[test]
fn the_prompt_may_come_from_standard_input() {
    for arguments in [
        &["chat", "-m", "qwen3-coder-plus", "-"][..],
        &["chat", "-m", "qwen3-coder-plus"],
    ] {
        let service = Service::start();
        Qwen::new(arguments)
            .at(&service)
            .stdin("What is 6*7?\n")
            .run()
            .exits_with(0);
        let sent = service.requests()[0].json();
        assert!(sent.to_string().contains("6*7"), "{sent}");
    }
}

#[test]
fn the_key_may_come_from_standard_input() {
    let service = Service::start();
    let url = service.emulator.base_url();
    let arguments = [
        "chat",
        "--base-url",
        &url,
        "--api-key-stdin",
        "-m",
        "qwen3-coder-plus",
        "hi",
    ];
    Qwen::new(&arguments)
        .stdin(&format!("{KEY}\n"))
        .run()
        .exits_with(0);
    assert_eq!(service.requests()[0].bearer(), Some(KEY));
}

#[test]
fn a_dotenv_file_that_is_named_is_read() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.env");
    let url = service.emulator.base_url();
    std::fs::write(
        &path,
        format!("DASHSCOPE_API_KEY='{KEY}'\nQWEN_BASE_URL={url}\n"),
    )
    .unwrap();
    let arguments = [
        "chat",
        "--dotenv",
        path.to_str().unwrap(),
        "-m",
        "qwen3-coder-plus",
        "hi",
    ];
    Qwen::new(&arguments).run().exits_with(0);
    assert_eq!(service.requests()[0].bearer(), Some(KEY));
}

#[test]
fn json_is_one_document() {
    let service = Service::start();
    let ran = Qwen::new(&["chat", "--json", "-m", "qwen3.5-plus", "2+2?"])
        .at(&service)
        .run();
    let result = ran.exits_with(0).json();
    assert!(result["text"].as_str().unwrap().contains('4'));
    assert_eq!(result["ref"], "qwen/qwen3.5-plus");
    assert_eq!(result["finish_reason"], "stop");
    assert!(result["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert!(result["timings"]["total"].as_f64().unwrap() >= 0.0);
}

#[test]
fn json_stream_is_an_event_a_line() {
    let service = Service::start();
    let ran = Qwen::new(&["chat", "--json=stream", "-m", "qwen3.5-plus", "2+2?"])
        .at(&service)
        .run();
    let ran = ran.exits_with(0);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let text: String = lines
        .iter()
        .filter(|line| line["type"] == "text")
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    let last = lines.last().unwrap();
    assert_eq!(last["type"], "result");
    assert_eq!(last["text"], text);
}

#[test]
fn what_arrived_before_an_error_stays() {
    let fault = FaultRule::new(Fault::new(FaultKind::TruncateCleanly).after(6));
    let service = Service::with(Emulator::builder().fault(fault));
    let ran = Qwen::new(&["chat", "-m", "qwen3-coder-plus", "hi"])
        .at(&service)
        .run();
    let ran = ran
        .exits_with(8)
        .says("error: the stream ended before the reply was complete");
    assert!(ran.stdout.trim().len() > 3, "{}", ran.stdout);

    let ran = Qwen::new(&["chat", "--json", "-m", "qwen3-coder-plus", "hi"])
        .at(&service)
        .run();
    let error = &ran.exits_with(8).json()["error"];
    assert_eq!(error["type"], "truncated");
    assert!(!error["partial"]["text"].as_str().unwrap().is_empty());
}

/// A stream that never ends, so that only we can end it.
fn endless() -> Service {
    let fault = Fault::new(FaultKind::NeverEnding).delay(std::time::Duration::from_millis(2));
    Service::with(Emulator::builder().fault(FaultRule::new(fault)))
}

#[test]
fn a_closed_pipe_is_no_error() {
    let service = endless();
    let (mut command, _home) = Qwen::new(&["chat", "-m", "qwen3-coder-plus", "hi"])
        .at(&service)
        .command();
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 16]).unwrap();
    drop(stdout);
    Ran::of(child.wait_with_output().unwrap()).exits_with(0);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_request() {
    let service = endless();
    let (mut command, _home) = Qwen::new(&["chat", "-m", "qwen3-coder-plus", "hi"])
        .at(&service)
        .command();
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 16]).unwrap();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with('\n'));
    Ran::of(child.wait_with_output().unwrap()).exits_with(130);
}
