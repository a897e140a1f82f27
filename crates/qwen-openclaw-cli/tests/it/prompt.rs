//! Prompts for a secret: never shown, and the terminal echoes again afterwards, whatever happens.

use std::fs;

use serde_json::Value;

use crate::{
    pty::{CTRL_C, CTRL_D, CTRL_Z, OnTerminal, Terminal},
    run::{KEY, Ran},
};

const API_KEY: [&str; 5] = ["models", "auth", "paste-api-key", "--provider", "qwen"];

/// Starts `models auth paste-…` and waits for its prompt.
fn asked(arguments: &[&str], prompt: &str) -> Terminal {
    let mut terminal = OnTerminal::new(arguments).start();
    terminal.shows(prompt);
    assert!(!terminal.echoes(), "what is typed would be shown");
    terminal
}

/// The command ended, and left the terminal as it was.
fn ended(terminal: &mut Terminal, code: i32) -> Ran {
    let ran = terminal.ends().exits_with(code);
    assert!(terminal.echoes(), "the echo is still off");
    ran
}

fn stored(terminal: &Terminal) -> Option<Value> {
    let path = terminal.home().join(".qwen-openclaw/credentials.json");
    let text = fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

#[test]
fn a_key_is_typed_unseen_and_stored() {
    let mut terminal = asked(&API_KEY, "API key for qwen: ");
    // The erase key works, and a key may be pasted with what it was copied with.
    terminal.types(&format!("export QWEN_API_KEY='{KEY}x\u{7f}'\n"));
    let ran = ended(&mut terminal, 0);
    assert_eq!(
        ran.stdout,
        "API key for qwen: \r\nAuth profile: qwen:default (qwen/api_key)\r\n"
    );
    let stored = stored(&terminal).unwrap();
    assert_eq!(stored["profiles"]["qwen:default"]["key"], KEY);
}

#[test]
fn a_token_is_too_and_the_document_stays_alone_on_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    let arguments = [
        "models",
        "auth",
        "paste-token",
        "--provider",
        "qwen-portal",
        "--json",
    ];
    let mut terminal = OnTerminal::new(&arguments)
        .stdout(fs::File::create(&path).unwrap())
        .start();
    terminal
        .shows("Token for qwen-oauth: ")
        .types(&format!("{KEY}\n"));
    let ran = ended(&mut terminal, 0);
    assert_eq!(ran.stdout, "Token for qwen-oauth: \r\n");
    let document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(document["profile"]["type"], "token");
    let stored = stored(&terminal).unwrap();
    assert_eq!(stored["profiles"]["qwen-oauth:default"]["token"], KEY);
}

#[test]
fn what_is_not_a_key_is_refused() {
    for (typed, says) in [
        ("\n".to_owned(), "empty"),
        ("  \t\n".to_owned(), "empty"),
        (CTRL_D.to_owned(), "empty"),
        ("sk-secret two\n".to_owned(), "whitespace"),
        ("sk-secret-ключ\n".to_owned(), "ASCII"),
    ] {
        let mut terminal = asked(&API_KEY, "API key for qwen: ");
        terminal.types(&typed);
        let ran = ended(&mut terminal, 3);
        assert!(ran.stdout.contains(says), "{typed:?}: {}", ran.stdout);
        // The message starts on a line of its own.
        assert!(ran.stdout.contains(": \r\nerror: "), "{:?}", ran.stdout);
        assert_eq!(stored(&terminal), None, "{typed:?}");
    }
}

/// A terminal passes on a line up to some length, and drops the rest without a word.
#[test]
fn a_line_that_may_have_been_cut_is_refused() {
    let mut terminal = asked(&API_KEY, "API key for qwen: ");
    terminal.types(&format!("sk-{}\n", "x".repeat(1023)));
    let ran = ended(&mut terminal, 2);
    assert!(ran.stdout.contains("too long"), "{}", ran.stdout);
    assert_eq!(stored(&terminal), None);
}

#[test]
fn ctrl_c_cancels() {
    for typed in [CTRL_C.to_owned(), format!("sk-secr{CTRL_C}")] {
        let mut terminal = asked(&API_KEY, "API key for qwen: ");
        terminal.types(&typed);
        let ran = ended(&mut terminal, 130);
        assert_eq!(ran.stdout, "API key for qwen: \r\n");
        assert_eq!(stored(&terminal), None);
    }
}

#[test]
fn a_signal_that_ends_it_leaves_the_echo_on() {
    for (signal, code) in [("-TERM", 143), ("-QUIT", 131)] {
        let mut terminal = asked(&API_KEY, "API key for qwen: ");
        terminal.types("sk-secr").signal(signal);
        ended(&mut terminal, code);
        assert_eq!(stored(&terminal), None);
    }
}

#[test]
fn ctrl_z_shows_the_echo_and_asks_again_when_it_goes_on() {
    let mut terminal = asked(&API_KEY, "API key for qwen: ");
    terminal
        .types(CTRL_Z)
        .until_it_echoes()
        .resumes_hidden()
        .shows("API key for qwen: API key for qwen: ")
        .types(&format!("{KEY}\n"));
    ended(&mut terminal, 0);
    assert!(stored(&terminal).is_some());
}

/// The second line of a paste must not be left to the shell, which would run it.
#[test]
fn what_is_pasted_with_the_key_is_discarded() {
    let mut terminal = asked(&API_KEY, "API key for qwen: ");
    terminal.types(&format!("{KEY}\nrm -rf *\n"));
    ended(&mut terminal, 0);
    assert_eq!(terminal.unread(), 0);
}
