//! On a terminal: dimmed reasoning, and a model that must not drive it.

use qwen_openclaw_emulator::{Emulator, Reply};

use crate::{
    pty::OnTerminal,
    run::{KEY, Qwen, Ran, Service},
};

/// A service that thinks a little, and answers with `text`.
fn saying(text: &str) -> Service {
    thinking("Hm.", text)
}

fn thinking(reasoning: &str, text: &str) -> Service {
    let event = |field: &str, text: &str| {
        let delta = serde_json::json!({ field: text });
        serde_json::json!({ "choices": [{ "index": 0, "delta": delta }] }).to_string()
    };
    let reply = Reply::event_stream()
        .event(event("reasoning_content", reasoning))
        .event(event("content", text))
        .event(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
        .done();
    Service::with(Emulator::builder().script(reply))
}

/// Asks the service one question from a terminal.
fn asked(service: &Service, no_color: &str) -> Ran {
    let mut terminal = OnTerminal::new(&["chat", "-m", "qwen3-coder-plus", "hi"])
        .env("QWEN_BASE_URL", &service.emulator.base_url())
        .env("QWEN_API_KEY", KEY)
        .env("NO_COLOR", no_color)
        .start();
    terminal.ends().exits_with(0)
}

#[test]
fn a_conversation_without_a_key_does_not_begin() {
    let ran = OnTerminal::new(&["chat"]).start().ends().exits_with(3);
    assert!(ran.stdout.contains("error: no API key"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("/exit"), "{}", ran.stdout);
}

#[test]
fn an_unknown_model_is_warned_of_once() {
    let mut terminal = OnTerminal::new(&["chat", "--emulator", "-m", "nosuch"]).start();
    terminal.shows("> ").types("one\ntwo\n/quit\n");
    let ran = terminal.ends();
    for (text, times) in [(" is not in the catalog", 1), ("does not exist", 2)] {
        assert_eq!(ran.stdout.matches(text).count(), times, "{}", ran.stdout);
    }
}

#[test]
fn a_model_cannot_drive_it() {
    const EVIL: &str = "clear\u{1b}[2J and title\u{1b}]0;x\u{7} and \u{9b}31m, \u{202e}back";
    let ran = asked(&thinking(EVIL, EVIL), "");
    assert!(ran.stdout.contains("clear␛[2J"), "{}", ran.stdout);
    for forbidden in ["\u{1b}[2J", "\u{1b}]0", "\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!ran.stdout.contains(forbidden), "{:?}", ran.stdout);
    }
    // A pipe gets what the model said, to the byte.
    let piped = Qwen::new(&["chat", "-m", "qwen3-coder-plus", "hi"])
        .at(&thinking(EVIL, EVIL))
        .run()
        .exits_with(0);
    assert_eq!(piped.stdout, format!("{EVIL}\n"));
    assert!(piped.stderr.contains(EVIL), "{:?}", piped.stderr);
}

#[test]
fn reasoning_is_dimmed_unless_colors_are_unwanted() {
    for (no_color, dimmed) in [("", true), ("1", false)] {
        let ran = asked(&saying("Hello."), no_color);
        assert!(ran.stdout.contains("Hm."), "{}", ran.stdout);
        assert_eq!(
            ran.stdout.contains("\u{1b}[2mHm."),
            dimmed,
            "{:?}",
            ran.stdout
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut terminal = OnTerminal::new(&["chat", "--emulator", "hi"])
        .stdout(full.unwrap())
        .start();
    terminal.shows("could not write the output");
    terminal.ends().exits_with(1);
}
