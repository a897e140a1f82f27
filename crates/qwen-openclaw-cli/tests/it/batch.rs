//! `batch`: from a file to results.

use std::{fs, path::Path};

use qwen_openclaw_emulator::{Emulator, Reply, Script};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    run::{Qwen, Ran, Service},
    schemas::described,
};

/// A folder with a home and a file of two requests.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> = ["a", "b"].map(line).to_vec();
        fs::write(folder.path().join("in.jsonl"), lines.join("\n")).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, service: &Service, arguments: &[&str]) -> Ran {
        let command = Qwen::new(&[&["batch"], arguments].concat()).at(service);
        command.env("HOME", &self.path("")).run()
    }
}

fn line(id: &str) -> String {
    let body = json!({
        "model": "qwen3.5-plus", "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hi"}],
    });
    json!({"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": body})
        .to_string()
}

fn batch(status: &str, output: Option<&str>) -> Value {
    json!({
        "id": "batch_1", "object": "batch", "status": status, "input_file_id": "file-batch-1",
        "output_file_id": output, "request_counts": {"total": 2, "completed": 2, "failed": 0},
    })
}

fn result(id: &str) -> String {
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10});
    json!({"id": "r", "custom_id": id, "error": null, "response":
        {"status_code": 200, "body": {"usage": usage}}})
    .to_string()
}

/// A service that gives one answer to each call.
fn service() -> Service {
    let only = |path: &str, reply: Reply| Script::from(reply).repeat_last().only(path);
    let json = |value: &Value| Reply::json(200, value);
    let file = json!({"id": "file-batch-1", "filename": "x", "bytes": 1});
    let results = format!("{}\n{}\n", result("b"), result("a"));
    let builder = Emulator::builder()
        .script(only("/files", json(&file)))
        .script(only("/batches", json(&batch("validating", None))))
        .script(only(
            "/batches/batch_1",
            json(&batch("completed", Some("out"))),
        ))
        .script(only(
            "/batches/batch_1/cancel",
            json(&batch("cancelling", None)),
        ))
        .script(only(
            "/files/out/content",
            Reply::text(200, "application/jsonl", results),
        ));
    Service::with(builder)
}

#[test]
fn a_file_is_submitted_and_its_results_are_saved_in_its_order() {
    let (service, place) = (service(), Place::new());
    let input = place.path("in.jsonl");
    let submitted = place
        .run(&service, &["submit", &input, "--json"])
        .exits_with(0);
    described("batch", &submitted.json());
    let id = submitted.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(submitted.json()["batch_id"], "batch_1");
    let output = place.path("out.jsonl");
    let saved = place.run(
        &service,
        &["results", "batch_1", "--wait", "-o", &output, "--json"],
    );
    let saved = saved.exits_with(0).says("completed, 2 of 2 lines");
    described("batch", &saved.json());
    assert_eq!(saved.json()["usage"]["input_tokens"], 14);
    let text = fs::read_to_string(&output).unwrap();
    assert_eq!(text, format!("{}\n{}\n", result("a"), result("b")));
    let again = place.run(&service, &["results", &id, "-o", &place.path("in.jsonl")]);
    again.exits_with(4);
    assert_eq!(fs::read_to_string(&input).unwrap().lines().count(), 2);
    let listed = place.run(&service, &["list", "--json"]).exits_with(0);
    described("batch-list", &listed.json());
    assert_eq!(listed.json()["batches"][0]["step"], "saved");
    // What was used is counted once, for the service `batch`.
    let usage = Qwen::new(&["usage", "--by", "kind", "--json"]);
    let usage = usage.env("HOME", &place.path("")).run().exits_with(0);
    let rows = usage.json()["rows"].clone();
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "batch");
    assert_eq!(row.unwrap()["input_tokens"], 14, "{rows}");
}

#[test]
fn a_dry_run_sends_nothing_and_a_bad_line_is_named() {
    let (service, place) = (service(), Place::new());
    let input = place.path("in.jsonl");
    let checked = place.run(&service, &["submit", &input, "--dry-run", "--json"]);
    let checked = checked.exits_with(0);
    described("batch-estimate", &checked.json());
    assert_eq!(checked.json()["estimate"]["output_limit"], 200);
    let said = place
        .run(&service, &["submit", &input, "--dry-run"])
        .exits_with(0);
    assert!(
        said.stdout.starts_with("2 lines for qwen3.5-plus at"),
        "{}",
        said.stdout
    );
    fs::write(Path::new(&input), format!("{}\n{}", line("a"), line("a"))).unwrap();
    let bad = place.run(&service, &["submit", &input]).exits_with(4);
    bad.says("line 2: its custom_id is that of line 1");
    assert!(service.requests().is_empty());
    assert!(
        place
            .run(&service, &["list"])
            .exits_with(0)
            .stderr
            .contains("no batches")
    );
}

#[test]
fn an_interrupted_submission_is_resumed_and_a_batch_can_be_canceled() {
    let (service, place) = (service(), Place::new());
    let input = place.path("in.jsonl");
    let submit = ["submit", &*input];
    // Another endpoint has no service at all.
    let lost = Qwen::new(&[&["batch"], &submit[..]].concat()).at(&service);
    let lost = lost
        .env("HOME", &place.path(""))
        .env("QWEN_BASE_URL", "http://127.0.0.1:9/v1");
    lost.run().exits_with(6).says("batch resume");
    let listed = place
        .run(&service, &["list", "--unfinished", "--json"])
        .exits_with(0);
    let id = listed.json()["batches"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(listed.json()["batches"][0]["step"], "prepared");
    let canceled = place
        .run(&service, &["cancel", &id, "--json"])
        .exits_with(0);
    assert_eq!(canceled.json()["step"], "dropped");
    assert!(service.requests().is_empty());
    let submitted = place
        .run(&service, &["submit", &input, "--json"])
        .exits_with(0);
    let id = submitted.json()["id"].as_str().unwrap().to_owned();
    let canceled = place
        .run(&service, &["cancel", &id, "--json"])
        .exits_with(0);
    assert_eq!(canceled.json()["status"], "cancelling");
    place
        .run(&service, &["status", "nope"])
        .exits_with(2)
        .says("no such batch");
    place
        .run(&service, &["resume"])
        .exits_with(0)
        .says("nothing to resume");
}
