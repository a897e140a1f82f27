//! Files are checked before anything is sent.

use std::fs;

use qwen_openclaw_batch::{BatchFile, BatchWriter, CHAT, EMBEDDINGS, ErrorKind};
use serde_json::{Value, json};

fn chat(id: &str) -> Value {
    json!({
        "custom_id": id, "method": "POST", "url": CHAT,
        "body": {"model": "qwen3.5-flash", "messages": [{"role": "user", "content": "Hi"}]}
    })
}

fn with(pointer: &str, value: Value) -> String {
    let mut line = chat("z");
    *line.pointer_mut(pointer).unwrap() = value;
    line.to_string()
}

fn check(lines: &[String]) -> Result<BatchFile, qwen_openclaw_batch::Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    BatchFile::check(path)
}

#[test]
fn a_good_file_is_described() {
    let mut limited = chat("b");
    limited["body"]["max_tokens"] = 100.into();
    let file = check(&[limited.to_string(), with("/body/messages", json!("你好"))]).unwrap();
    assert_eq!((file.lines, &*file.model), (2, "qwen3.5-flash"));
    assert_eq!(file.endpoint, CHAT);
    // One line does not limit its output.
    assert_eq!(file.estimate.output_limit, None);
    assert_eq!(file.estimate.longest_input, 8);
    let file = check(&[limited.to_string()]).unwrap();
    assert_eq!(file.estimate.output_limit, Some(100));
}

#[test]
fn each_problem_names_its_line() {
    let long = "x".repeat(6 << 20);
    for (line, expected) in [
        ("{".to_owned(), "line 2: it is not a request in JSON"),
        (
            String::new() + "\n" + &with("/body", json!({})),
            "line 2: it is empty",
        ),
        (
            chat("a").to_string(),
            "line 2: its custom_id is that of line 1",
        ),
        (with("/custom_id", json!("")), "line 2: it has no custom_id"),
        (
            with("/method", json!("GET")),
            "line 2: its method must be POST",
        ),
        (
            with("/url", json!("/v1/images")),
            "line 2: its url must be one of /v1/chat/completions, /v1/embeddings, /v1/chat/ds-test",
        ),
        (
            with("/url", json!(EMBEDDINGS)),
            "line 2: its url is not that of the first line, /v1/chat/completions",
        ),
        (with("/body", json!(null)), "line 2: it has no body"),
        (
            with("/body/model", json!("")),
            "line 2: its body has no model",
        ),
        (
            with("/body/model", json!("qwen-plus")),
            "line 2: its model is not that of the first line, qwen3.5-flash",
        ),
        (
            with("/body", json!({"model": "qwen3.5-flash"})),
            "line 2: its body has no messages",
        ),
        (
            with("/custom_id", json!(long)),
            "line 2: it is longer than 6 MB",
        ),
        (
            with("/body/messages", json!("x".repeat(5 << 20))),
            "line 2: its input is far longer than the 262144 tokens that batches of qwen3.5-flash take",
        ),
    ] {
        let error = check(&[chat("a").to_string(), line]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.line(), Some(2));
    }
    let refused = check(&[with("/body/model", json!("qwen3-coder-plus"))]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "line 1: the model qwen3-coder-plus takes no batches"
    );
}

#[test]
fn files_that_are_empty_missing_or_no_files_are_refused() {
    let error = check(&[]).unwrap_err();
    assert!(error.to_string().ends_with("in.jsonl is empty"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let error = BatchFile::check(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let error = BatchFile::check(folder.path().join("none")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
}

#[test]
fn there_are_limits_to_a_file_and_to_a_trial() {
    let lines: Vec<String> = (0..=50_000)
        .map(|n| chat(&n.to_string()).to_string())
        .collect();
    let error = check(&lines).unwrap_err();
    assert_eq!(error.line(), Some(50_001));
    assert_eq!(check(&lines[..50_000]).unwrap().lines, 50_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.jsonl");
    fs::File::create(&path)
        .unwrap()
        .set_len((500 << 20) + 1)
        .unwrap();
    let error = BatchFile::check(&path).unwrap_err();
    assert!(error.to_string().contains("larger than 500 MB"), "{error}");
    let trial = |id: u32| {
        let mut line = chat(&id.to_string());
        line["url"] = "/v1/chat/ds-test".into();
        line["body"]["model"] = "batch-test-model".into();
        line.to_string()
    };
    let lines: Vec<String> = (0..101).map(trial).collect();
    assert_eq!(check(&lines[..100]).unwrap().lines, 100);
    let error = check(&lines).unwrap_err();
    assert_eq!(error.to_string(), "a trial has at most 100 lines and 1 MB");
    let error = check(&[with("/body/model", json!("batch-test-model"))]).unwrap_err();
    assert!(error.to_string().contains("go together"), "{error}");
}

#[test]
fn what_a_writer_writes_passes_and_what_it_refuses_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jsonl");
    let file = fs::File::create(&path).unwrap();
    let mut writer = BatchWriter::new(file, EMBEDDINGS, "text-embedding-v4");
    writer.line("a", json!({"input": "a fox"})).unwrap();
    let again = writer.line("a", json!({"input": "a fox"})).unwrap_err();
    assert_eq!(again.line(), Some(2));
    writer.line("b", json!([1])).unwrap_err();
    writer.line("b", json!({"input": ["a", "b"]})).unwrap();
    assert_eq!(writer.finish().unwrap(), 2);
    let checked = BatchFile::check(&path).unwrap();
    assert_eq!((checked.lines, &*checked.endpoint), (2, EMBEDDINGS));
    assert_eq!(checked.estimate.output_limit, Some(0));
}
