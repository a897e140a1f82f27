//! `emulator`.

use std::io::{BufRead, BufReader};

use crate::run::{KEY, Qwen};

#[test]
fn prints_its_addresses_and_serves() {
    let (mut command, _home) = Qwen::new(&["emulator"]).command();
    let mut child = command.spawn().unwrap();
    // Held to the end: whoever closes this pipe ends the command.
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let standard = lines
        .find(|line| line.contains("/compatible-mode/v1"))
        .unwrap();
    let url = standard
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap();
    let ran = Qwen::new(&["chat", "--base-url", url, "-m", "qwen3-coder-plus", "2+3"])
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(0);
    assert!(ran.stdout.contains('5'));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(lines);
}

#[test]
fn refuses_what_it_cannot_do() {
    for arguments in [
        ["--video-seconds", "-1"],
        ["--video-seconds", "soon"],
        ["--fault", "stal"],
        ["--fault", "throttling;on=nowhere"],
    ] {
        let arguments = [&["emulator"][..], &arguments].concat();
        Qwen::new(&arguments).run().exits_with(2);
    }
}

#[test]
fn lists_its_faults() {
    let ran = Qwen::new(&["emulator", "--list-faults"])
        .run()
        .exits_with(0);
    assert!(
        ran.stdout
            .lines()
            .any(|line| line.starts_with("keep-alives"))
    );
}
