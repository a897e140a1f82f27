//! `embed`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::run::{Qwen, Ran, Service};

const SHORT: [&str; 2] = ["--dimensions", "64"];

fn embed(service: &Service, flags: &[&str], stdin: &str) -> Ran {
    let command = Qwen::new(&[&["embed"], &SHORT[..], flags].concat());
    command.at(service).stdin(stdin).run()
}

fn lines(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How many texts each request had, and what they were.
fn sent(service: &Service) -> Vec<Vec<String>> {
    let requests = service.requests();
    let texts = |body: Value| serde_json::from_value(body["input"].clone()).unwrap();
    requests
        .iter()
        .map(|request| texts(request.json()))
        .collect()
}

fn numbered(count: usize) -> String {
    (0..count)
        .map(|number| format!("text {number}\n"))
        .collect()
}

#[test]
fn each_argument_is_a_text() {
    let service = Service::start();
    let ran = embed(&service, &["a red fox", "a blue whale"], "not read").exits_with(0);
    let lines = lines(&ran);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["index"], 1);
    assert_eq!(lines[1]["embedding"].as_array().unwrap().len(), 64);
    assert_eq!(sent(&service), [["a red fox", "a blue whale"]]);
    ran.says("[qwen/text-embedding-v4 · 2 texts · ");
}

#[test]
fn lines_are_embedded_in_order_with_their_ids() {
    let service = Service::start();
    let ran = embed(&service, &[], &format!("\u{feff}{}\n \n", numbered(23))).exits_with(0);
    let indexes: Vec<_> = lines(&ran)
        .iter()
        .map(|line| line["index"].clone())
        .collect();
    assert_eq!(indexes, (0..23).map(Value::from).collect::<Vec<_>>());
    let mut sent = sent(&service);
    sent.sort_by_key(Vec::len);
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [3, 10, 10]);
    assert_eq!(sent[0], ["text 20", "text 21", "text 22"]);

    let input = "{\"id\":7,\"text\":\"a\"}\n\"b\"\n{\"text\":\"c\",\"id\":{\"x\":1}}\n";
    let ran = embed(&service, &["--jsonl"], input).exits_with(0);
    let ids: Vec<_> = lines(&ran).iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, [json!(7), Value::Null, json!({"x": 1})]);
}

#[test]
fn a_line_that_cannot_be_read_is_named_after_what_was_before_it() {
    for (bad, message) in [
        ("nonsense", "line 3 of standard input is not JSON"),
        (
            "{\"id\":1}",
            "line 3 of standard input must be a JSON string, or an object with `text`",
        ),
        ("\"\"", "line 3 of standard input has an empty text"),
    ] {
        let service = Service::start();
        let input = format!("\"a\"\n\n{bad}\n\"b\"\n");
        let ran = embed(&service, &["--jsonl"], &input).exits_with(2);
        assert_eq!(lines(&ran).len(), 1, "{bad}");
        ran.says(message).says("`--skip 1` leaves out what is done");
    }
}

#[test]
fn a_refused_request_names_its_lines_and_can_be_continued() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.jsonl");
    let flags = ["-o", path.to_str().unwrap()];
    let long = format!("{}\n", "word ".repeat(9_000));
    let input = numbered(11) + &long + &numbered(3);
    embed(&service, &flags, &input)
        .exits_with(4)
        .says("error: lines 11 to 15: ")
        .says("Range of input length should be [1, 8192]")
        .says("vectors.jsonl.part")
        .says("`--skip 10` leaves out what is done");
    assert!(!path.exists());
    let part = folder.path().join("vectors.jsonl.part");
    let part = std::fs::read_to_string(part).unwrap();
    assert_eq!(part.lines().count(), 10);

    let flags = [&flags[..], &["--skip", "10"]].concat();
    embed(&service, &flags, &numbered(15)).exits_with(0);
    let rest = std::fs::read_to_string(&path).unwrap();
    assert!(rest.starts_with("{\"index\":10,"), "{rest}");
    assert_eq!(rest.lines().count(), 5);
}

#[test]
fn queries_and_instructions_go_to_the_services_own_path() {
    let service = Service::start();
    let flags = ["--type", "query", "--instruction", "find animals", "whale?"];
    embed(&service, &flags, "").exits_with(0);
    let requests = service.requests();
    assert_eq!(
        requests[0].json(),
        json!({
            "model": "text-embedding-v4",
            "input": {"texts": ["whale?"]},
            "parameters": {"dimension": 64, "text_type": "query", "instruct": "find animals"},
        })
    );
}

#[test]
fn an_estimate_sends_nothing() {
    let service = Service::start();
    let flags = ["--estimate", "--region", "china"];
    let ran = Qwen::new(&[&["embed"], &flags[..]].concat());
    let ran = ran
        .stdin(&"four char lines\n".repeat(1_000))
        .run()
        .exits_with(0);
    assert_eq!(
        ran.stdout,
        "qwen/text-embedding-v4, 1,000 texts, about 4,000 tokens: CNY 0.002 at list price\n"
    );
    assert!(service.requests().is_empty());
}

#[test]
fn without_a_text_nothing_is_sent() {
    let service = Service::start();
    embed(&service, &[""], "")
        .exits_with(2)
        .says("a text is empty");
    embed(&service, &["--jsonl", "a"], "").exits_with(2);
    let ran = embed(&service, &[], "\n\n").exits_with(0);
    assert_eq!(ran.stdout, "");
    assert!(service.requests().is_empty());
}

#[test]
fn a_reader_that_stops_ends_it_quietly() {
    let service = Service::start();
    let (mut command, _home) = Qwen::new(&["embed", "--dimensions", "64"])
        .at(&service)
        .command();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(numbered(10).as_bytes()).unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    // The input goes on: what there is of it is embedded at once when a request is full.
    stdout.read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"index\":0,"), "{first}");
    drop(stdout);
    let _ = stdin.write_all(numbered(200).as_bytes());
    drop(stdin);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert!(!ran.stderr.contains("error"), "{}", ran.stderr);
    assert_eq!(ran.code, Some(0));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_embedded() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.jsonl");
    let flags = ["embed", "--dimensions", "64", "-o", path.to_str().unwrap()];
    let (mut command, _home) = Qwen::new(&flags).at(&service).command();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(numbered(10).as_bytes()).unwrap();
    let process = child.id().to_string();
    // It has more to do only if more texts come, and they do not.
    let written = || {
        folder
            .path()
            .read_dir()
            .unwrap()
            .any(|file| file.unwrap().metadata().is_ok_and(|file| file.len() > 0))
    };
    while !written() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    let kill = std::process::Command::new("kill")
        .args(["-INT", &process])
        .status();
    assert!(kill.unwrap().success());
    let mut rest = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("v.jsonl.part"), "{rest}");
    let part = std::fs::read_to_string(folder.path().join("v.jsonl.part")).unwrap();
    assert!(part.starts_with("{\"index\":0,"), "{part}");
    drop(stdin);
}
