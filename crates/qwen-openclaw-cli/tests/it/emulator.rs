//! `emulator`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use crate::{
    config_home::ConfigHome,
    run::{KEY, Qwen},
    stand_in::StandIn,
};

#[test]
fn prints_its_addresses_and_serves() {
    let service = StandIn::start(&[]);
    let url = service.url();
    let ran = Qwen::new(&["chat", "--base-url", url, "-m", "qwen3-coder-plus", "2+3"])
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(0);
    assert!(ran.stdout.contains('5'));
}

/// With models of its own, it stands in for any provider.
#[test]
fn serves_the_models_that_it_is_given() {
    let service = StandIn::start(&["--model", "claude-x", "--model", "claude-y"]);
    let config = format!(
        "{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{}', apiKey: '{KEY}' }} }} }} }}",
        service.url()
    );
    let home = ConfigHome::with(&config);
    for (model, code) in [("claude-x", 0), ("claude-y", 0), ("claude-z", 4)] {
        let model = format!("anthropic/{model}");
        let ran = home
            .qwen(&["chat", "-m", &model, "2+3"])
            .run()
            .exits_with(code);
        assert_eq!(ran.stdout.contains('5'), code == 0, "{}", ran.stdout);
    }
}

/// Starts the emulator, asks it one thing, and returns what it wrote to standard error.
fn logged(arguments: &[&str]) -> String {
    let (mut command, _home) = Qwen::new(&[&["emulator"], arguments].concat()).command();
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
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
    let (host, path) = url["http://".len()..].split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let body = r#"{"model": "qwen3-max\nx", "messages": []}"#;
    write!(
        stream,
        "POST /{path}/chat/completions?key=secret HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         authorization: Bearer {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    drop(lines);
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn logs_each_request() {
    let log = logged(&[]);
    let line = log.strip_suffix(" ms\n").unwrap();
    let (line, milliseconds) = line.rsplit_once(' ').unwrap();
    milliseconds.parse::<u64>().unwrap();
    assert_eq!(
        line,
        "POST /compatible-mode/v1/chat/completions qwen3-max\u{fffd}x 404"
    );
    assert_eq!(logged(&["--quiet"]), "");
}

#[test]
fn warns_of_an_address_that_others_reach() {
    let log = logged(&["--quiet", "--host", "0.0.0.0"]);
    assert!(
        log.starts_with("warning: --host 0.0.0.0 gives every machine"),
        "{log}"
    );
}

#[test]
fn refuses_what_it_cannot_do() {
    for arguments in [
        ["--video-seconds", "-1"],
        ["--video-seconds", "soon"],
        ["--fault", "stal"],
        ["--model", ""],
        ["--fault", "throttling;on=nowhere"],
        ["--tps", "0"],
        ["--tools", "always"],
        ["--host", "example.com"],
        ["--control-token", "too-short"],
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
