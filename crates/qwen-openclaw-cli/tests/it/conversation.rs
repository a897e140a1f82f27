//! A conversation on a terminal: what is typed, what is sent, and what stays.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use serde_json::Value;

use crate::{
    pty::{ALT_ENTER, BACKSPACE, CTRL_C, CTRL_D, OnTerminal, Terminal, UP},
    run::{KEY, Service},
};

mod editing;
mod history;
mod interrupted;
mod orders;
mod screen;
mod tools;

/// A model that neither thinks nor needs a newer catalog.
const CHAT: [&str; 3] = ["chat", "-m", "qwen3-coder-plus"];

/// Starts a conversation, and waits for its prompt.
fn started(service: &Service) -> Terminal {
    with(service, &[])
}

fn with(service: &Service, flags: &[&str]) -> Terminal {
    let mut terminal = OnTerminal::new(&[&CHAT[..], flags].concat())
        .at(service)
        .start();
    terminal.awaits("> ");
    terminal
}

/// The messages of a request, as role and text.
fn messages(service: &Service, request: usize) -> Vec<(String, String)> {
    let sent = service.requests()[request].json();
    let messages = sent["messages"].as_array().unwrap().iter();
    messages
        .map(|message| {
            let role = message["role"].as_str().unwrap().to_owned();
            (role, text_of(&message["content"]))
        })
        .collect()
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}

/// The last question of a request.
fn asked(service: &Service, request: usize) -> String {
    let (role, text) = messages(service, request).pop().unwrap();
    assert_eq!(role, "user");
    text
}

/// Drops the line that was typed.
fn drops(terminal: &mut Terminal) -> &mut Terminal {
    terminal.types(CTRL_C).awaits("> ")
}

fn leaves(terminal: &mut Terminal) {
    terminal.awaits("> ").types(CTRL_D);
    terminal.ends().exits_with(0);
    assert!(terminal.echoes(), "the echo is still off");
}

/// Waits until the service has received a request.
fn until_asked(service: &Service) {
    while service.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
}
