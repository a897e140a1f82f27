//! On a terminal: a conversation, dimmed reasoning, and a model that must not drive it.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use qwen_openclaw_emulator::{Emulator, Reply};

use crate::run::{KEY, Qwen, Ran, Service};

/// Runs the command on a terminal of its own, where both outputs are one. `None`, with a reason,
/// without the program that makes such terminals.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn on_a_terminal(arguments: &str, env: &[(&str, &str)], typed: &str) -> Option<Ran> {
    let home = tempfile::tempdir().unwrap();
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_qwen-openclaw"));
    let spawned = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: there is no `script` (util-linux)");
        return None;
    };
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    Some(Ran::of(child.wait_with_output().unwrap()))
}

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

#[test]
fn a_conversation() {
    let typed = "What is 6*7?\n\n/model\n/model nope/x\n/modle\n/model qwen3-coder-plus\n\
                 and again\n/clear\nonce more\n/quit\n";
    let Some(ran) = on_a_terminal("chat --emulator", &[], typed) else {
        return;
    };
    let ran = ran.exits_with(0);
    for expected in [
        "qwen/qwen3.5-plus · /model REF, /clear, /quit",
        "6*7 = 42",
        "error: unknown provider \"nope\"; did you mean",
        "unknown command /modle; use /model REF, /clear or /quit",
        "standing in for qwen3-coder-plus",
        "This is turn 2 of our conversation",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}:\n{}", ran.stdout);
    }
    // What was cleared is gone.
    assert_eq!(ran.stdout.matches("of our conversation").count(), 1);
}

#[test]
fn a_conversation_without_a_key_does_not_begin() {
    let Some(ran) = on_a_terminal("chat", &[], "hi\n") else {
        return;
    };
    let ran = ran.exits_with(3);
    assert!(ran.stdout.contains("error: no API key"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("/quit"), "{}", ran.stdout);
}

#[test]
fn an_unknown_model_is_warned_of_once() {
    let arguments = "chat --emulator -m nosuch";
    let Some(ran) = on_a_terminal(arguments, &[], "one\ntwo\n/quit\n") else {
        return;
    };
    let warnings = ran.stdout.matches(" is not in the catalog");
    assert_eq!(warnings.count(), 1, "{}", ran.stdout);
    assert_eq!(
        ran.stdout.matches("does not exist").count(),
        2,
        "{}",
        ran.stdout
    );
}

#[test]
fn a_model_cannot_drive_it() {
    const EVIL: &str = "clear\u{1b}[2J and title\u{1b}]0;x\u{7} and \u{9b}31m, \u{202e}back";
    let service = thinking(EVIL, EVIL);
    let url = service.emulator.base_url();
    let env = [("QWEN_BASE_URL", url.as_str()), ("QWEN_API_KEY", KEY)];
    let Some(ran) = on_a_terminal("chat -m qwen3-coder-plus hi", &env, "") else {
        return;
    };
    let ran = ran.exits_with(0);
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
        let service = saying("Hello.");
        let url = service.emulator.base_url();
        let env = [
            ("QWEN_BASE_URL", url.as_str()),
            ("QWEN_API_KEY", KEY),
            ("NO_COLOR", no_color),
        ];
        let Some(ran) = on_a_terminal("chat -m qwen3-coder-plus hi", &env, "") else {
            return;
        };
        let ran = ran.exits_with(0);
        assert!(ran.stdout.contains("Hm."), "{}", ran.stdout);
        assert_eq!(
            ran.stdout.contains("\u{1b}[2mHm."),
            dimmed,
            "{:?}",
            ran.stdout
        );
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let Some(ran) = on_a_terminal("chat --emulator hi > /dev/full", &[], "") else {
        return;
    };
    let ran = ran.exits_with(1);
    assert!(
        ran.stdout.contains("could not write the output"),
        "{}",
        ran.stdout
    );
}
