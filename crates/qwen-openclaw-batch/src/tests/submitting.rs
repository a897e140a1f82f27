//! From a file to results, and every failure on the way.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{batch::charge, classify};
use qwen_openclaw_http::RetryPolicy;
use serde_json::{Value, json};
use wiremock::MockServer;

use super::service::Service;
use crate::{
    BatchFile, BatchStatus, CHAT, Client, ErrorKind, Ledger, PollSchedule, SaveOptions, Step,
    SubmitOptions,
};

pub(super) fn input(folder: &Path) -> PathBuf {
    let path = folder.join("in.jsonl");
    let lines: Vec<String> = ["a", "b", "c", "d"]
        .map(|id| {
            json!({"custom_id": id, "method": "POST", "url": CHAT, "body": {
                "model": "qwen3.5-plus", "messages": [{"role": "user", "content": "Hi"}]}})
            .to_string()
        })
        .to_vec();
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

pub(super) fn answer(id: &str, input: u64) -> String {
    json!({"id": "r", "custom_id": id, "error": null, "response": {
        "status_code": 200, "request_id": "q", "body": {"object": "chat.completion", "usage": {
            "prompt_tokens": input, "completion_tokens": 10, "total_tokens": input + 10,
            "completion_tokens_details": {"reasoning_tokens": 4}}}}})
    .to_string()
}

pub(super) fn failed(id: &str) -> String {
    json!({"id": "r", "custom_id": id, "response": null,
        "error": {"code": "invalid_parameter_error", "message": "no"}})
    .to_string()
}

pub(super) fn client(base: &str, ledger: Ledger) -> Client {
    let key = ApiKey::parse("sk-0123456789abcdef").unwrap();
    let schedule = PollSchedule::default();
    let schedule = schedule
        .first(Duration::from_millis(5))
        .longest(Duration::from_millis(5));
    let retry = RetryPolicy::default().base(Duration::from_millis(1));
    let client = Client::builder(base, key).ledger(ledger).schedule(schedule);
    let client = client
        .retry(retry)
        .certain_after(Duration::ZERO)
        .build()
        .unwrap();
    // Loopback has no price list.
    let china = classify("https://dashscope.aliyuncs.com/compatible-mode/v1");
    client.price(move |route, usage| charge(china, route.model()?, usage))
}

fn base(server: &MockServer) -> String {
    format!("{}/compatible-mode/v1", server.uri())
}

struct Setting {
    service: Service,
    _server: MockServer,
    client: Client,
    folder: tempfile::TempDir,
}

impl Setting {
    async fn new() -> Self {
        let (service, server) = Service::start().await;
        let client = client(&base(&server), Ledger::memory());
        let folder = tempfile::tempdir().unwrap();
        {
            let mut stored = service.stored();
            // Out of order; `c` failed, and `d` was never done.
            stored.output = format!("{}\n{}\n", answer("b", 200_000), answer("a", 100));
            stored.errors = failed("c") + "\n";
        }
        Self {
            service,
            _server: server,
            client,
            folder,
        }
    }

    fn file(&self) -> BatchFile {
        BatchFile::check(input(self.folder.path())).unwrap()
    }

    fn target(&self) -> SaveOptions {
        SaveOptions::new(self.folder.path().join("out.jsonl"))
    }
}

#[tokio::test]
async fn a_batch_is_submitted_followed_and_saved_in_the_order_of_the_input() {
    let setting = Setting::new().await;
    setting.service.stored().states = vec!["validating", "in_progress", "completed"];
    let options = SubmitOptions::new()
        .window_hours(48)
        .name("n")
        .description("d");
    let batch = setting
        .client
        .submit(&setting.file(), &options)
        .await
        .unwrap();
    assert_eq!(
        (batch.step(), batch.batch_id()),
        (Step::Created, Some("batch_0"))
    );
    let sent = setting.service.stored().batches[0].clone();
    assert_eq!(sent["completion_window"], "48h");
    assert_eq!(
        sent["metadata"],
        json!({"ds_name": "n", "ds_description": "d"})
    );
    let uploaded = setting.service.stored().files[0].clone();
    assert_eq!(uploaded.2, fs::read(setting.file().path).unwrap());
    assert_eq!(uploaded.1, format!("{}.jsonl", batch.id()));
    let mut seen = Vec::new();
    let mut watch = setting.client.watch(batch.id());
    while let Some(record) = watch.next().await {
        seen.push(record.unwrap().status().unwrap().as_str().to_owned());
    }
    assert_eq!(seen, ["validating", "in_progress", "completed"]);
    let saved = setting
        .client
        .save(batch.id(), &setting.target())
        .await
        .unwrap();
    assert!(saved.is_ordered);
    let text = fs::read_to_string(setting.folder.path().join("out.jsonl")).unwrap();
    let expected = [answer("a", 100), answer("b", 200_000), failed("c")];
    assert_eq!(text, expected.join("\n") + "\n");
    let usage = saved.record.usage().unwrap();
    assert_eq!((usage.succeeded, usage.failed, usage.missing), (2, 1, 1));
    assert_eq!(
        (usage.input, usage.output, usage.reasoning),
        (200_100, 20, 8)
    );
    // Each line by its tier: 0.4 and 2.4, 1 and 6 yuan per million.
    assert_eq!(usage.cost().unwrap().to_string(), "CNY 0.200124");
    assert_eq!(usage.price_date.as_deref(), Some("2026-05-27"));
    let left: Vec<_> = fs::read_dir(setting.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[tokio::test]
async fn results_replace_nothing_unless_told_and_never_the_input() {
    let setting = Setting::new().await;
    let batch = setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap();
    let client = &setting.client;
    setting.service.stored().states = vec!["in_progress"];
    let early = client
        .save(batch.id(), &setting.target())
        .await
        .unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Deadline);
    setting.service.stored().states.clear();
    fs::write(setting.folder.path().join("out.jsonl"), "mine").unwrap();
    let exists = client
        .save(batch.id(), &setting.target())
        .await
        .unwrap_err();
    assert!(
        exists.to_string().contains("exists: choose another name"),
        "{exists}"
    );
    let input = SaveOptions::new(setting.folder.path().join("in.jsonl")).overwrite(true);
    let error = client.save(batch.id(), &input).await.unwrap_err();
    assert!(error.to_string().ends_with("is the input"), "{error}");
    client
        .save(batch.id(), &setting.target().overwrite(true))
        .await
        .unwrap();
    // A changed input gives no order, and nothing is lost.
    fs::write(setting.folder.path().join("in.jsonl"), "{}").unwrap();
    let saved = client
        .save(batch.id(), &setting.target().overwrite(true))
        .await
        .unwrap();
    assert!(!saved.is_ordered);
    let text = fs::read_to_string(setting.folder.path().join("out.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 3);
}

#[tokio::test]
async fn a_lost_answer_stores_no_file_and_creates_no_batch_twice() {
    for status in [500, 503, 408] {
        let setting = Setting::new().await;
        // The request arrives, and the answer is an error.
        setting.service.fail("POST /files", status, true);
        setting.service.fail("POST /batches", status, true);
        let batch = setting
            .client
            .submit(&setting.file(), &SubmitOptions::new())
            .await
            .unwrap();
        assert_eq!(batch.batch_id(), Some("batch_0"), "{status}");
        let stored = setting.service.stored();
        assert_eq!(
            (stored.files.len(), stored.batches.len()),
            (1, 1),
            "{status}"
        );
    }
}

#[tokio::test]
async fn what_had_no_effect_is_sent_again() {
    for status in [500, 503, 429] {
        let setting = Setting::new().await;
        setting.service.fail("POST /files", status, false);
        setting.service.fail("POST /batches", status, false);
        let batch = setting
            .client
            .submit(&setting.file(), &SubmitOptions::new())
            .await
            .unwrap();
        assert_eq!(batch.step(), Step::Created);
        let stored = setting.service.stored();
        assert_eq!(
            (stored.files.len(), stored.batches.len()),
            (1, 1),
            "{status}"
        );
        // Only where nothing is said of the effect, the lists are asked.
        let asked = stored
            .calls
            .iter()
            .filter(|call| call.starts_with("GET"))
            .count();
        assert_eq!(asked, if status == 429 { 0 } else { 2 }, "{status}");
    }
}

#[tokio::test]
async fn a_batch_that_appears_late_in_the_list_is_found() {
    let mut setting = Setting::new().await;
    setting.client.certain_after = Duration::from_secs(6);
    setting.service.fail("POST /batches", 504, true);
    for _ in 0..2 {
        let empty = json!({"data": []});
        let call = "GET /batches";
        setting
            .service
            .stored()
            .faults
            .push((call, 200, empty, false));
    }
    let file = setting.file();
    let batch = setting.client.submit(&file, &SubmitOptions::new()).await;
    assert_eq!(batch.unwrap().batch_id(), Some("batch_0"));
    assert_eq!(setting.service.count("GET /batches"), 3);
    assert_eq!(setting.service.count("POST /batches"), 1);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_leaves_it_open_and_a_resume_decides() {
    let setting = Setting::new().await;
    setting.service.fail("POST /batches", 500, true);
    setting.service.fail("GET /batches", 403, false);
    let submitted = setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await;
    assert_eq!(submitted.unwrap_err().status(), Some(403));
    let record = setting.client.ledger().list().unwrap().records.remove(0);
    assert_eq!(record.step(), Step::Creating);
    let error = setting.client.refresh(record.id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    setting.client.cancel(record.id()).await.unwrap_err();
    let resumed = setting.client.resume(record.id()).await.unwrap();
    assert_eq!(resumed.batch_id(), Some("batch_0"));
    assert_eq!(setting.service.count("POST /batches"), 1);
    // Once more changes nothing.
    assert_eq!(setting.client.resume(record.id()).await.unwrap(), resumed);
}

#[tokio::test]
async fn a_rejected_batch_is_refused_and_a_bad_key_is_not() {
    let setting = Setting::new().await;
    setting.service.fail("POST /batches", 400, false);
    let error = setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let record = setting.client.ledger().list().unwrap().records.remove(0);
    assert_eq!(record.step(), Step::Refused);
    assert!(record.is_settled() && record.failure().is_some());
    let setting = Setting::new().await;
    setting.service.fail("POST /batches", 401, false);
    setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap_err();
    let record = setting.client.ledger().list().unwrap().records.remove(0);
    assert_eq!(record.step(), Step::Uploaded);
    setting.client.resume(record.id()).await.unwrap();
    assert_eq!(setting.service.count("POST /files"), 1);
}

#[tokio::test]
async fn a_changed_file_is_not_uploaded_and_a_dropped_batch_sends_nothing() {
    let setting = Setting::new().await;
    let record = setting
        .client
        .prepare(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap();
    let path = setting.folder.path().join("in.jsonl");
    let changed = fs::read_to_string(&path).unwrap().replace("Hi", "Yo");
    fs::write(&path, changed).unwrap();
    let error = setting.client.resume(record.id()).await.unwrap_err();
    assert!(error.to_string().contains("was changed since"), "{error}");
    let dropped = setting.client.cancel(record.id()).await.unwrap();
    assert_eq!(dropped.step(), Step::Dropped);
    assert!(setting.service.stored().calls.is_empty());
    let error = setting.client.refresh(record.id()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("was dropped and has no batch"),
        "{error}"
    );
}

#[tokio::test]
async fn a_canceled_batch_has_the_results_of_what_was_done() {
    let setting = Setting::new().await;
    let batch = setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap();
    let canceled = setting.client.cancel(batch.id()).await.unwrap();
    assert_eq!(canceled.status(), Some(BatchStatus::Cancelling));
    let done = setting.client.wait(batch.id()).await.unwrap();
    assert_eq!(done.status(), Some(BatchStatus::Cancelled));
    let saved = setting
        .client
        .save(batch.id(), &setting.target())
        .await
        .unwrap();
    assert_eq!(saved.record.usage().unwrap().missing, 1);
}

#[tokio::test]
async fn troubles_of_a_poll_are_waited_out_and_other_hosts_are_refused() {
    let setting = Setting::new().await;
    let batch = setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap();
    for status in [500; 6] {
        setting.service.fail("GET /batches/ID", status, false);
    }
    let done = setting.client.wait(batch.id()).await.unwrap();
    assert_eq!(done.status(), Some(BatchStatus::Completed));
    let (_, elsewhere) = Service::start().await;
    let other = client(&base(&elsewhere), setting.client.ledger().clone());
    let error = other.refresh(batch.id()).await.unwrap_err();
    assert!(error.to_string().contains("and this goes to"), "{error}");
}

#[tokio::test]
async fn options_out_of_range_and_keys_of_plans_send_nothing() {
    let setting = Setting::new().await;
    for options in [
        SubmitOptions::new().window_hours(23),
        SubmitOptions::new().window_hours(337),
        SubmitOptions::new().name("x".repeat(101)),
        SubmitOptions::new().description("x".repeat(201)),
    ] {
        let error = setting
            .client
            .submit(&setting.file(), &options)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
    let key = ApiKey::parse("sk-sp-0123456789abcdef").unwrap();
    let plan = Client::builder("https://coding.dashscope.aliyuncs.com/v1", key);
    let plan = plan.build().unwrap();
    let error = plan
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("batches need a Standard key"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("0123456789"));
    assert!(setting.service.stored().calls.is_empty());
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    for body in [json!([]), json!({"id": 7}), json!({"id": "x"}), Value::Null] {
        let setting = Setting::new().await;
        let call = "POST /batches";
        setting
            .service
            .stored()
            .faults
            .push((call, 200, body, false));
        // What is no answer says nothing of the effect: the list decides, and it is sent again.
        let batch = setting
            .client
            .submit(&setting.file(), &SubmitOptions::new())
            .await;
        match batch {
            Ok(batch) => assert_eq!(batch.step(), Step::Created),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Protocol),
        }
        assert!(setting.service.stored().batches.len() <= 1);
    }
    let setting = Setting::new().await;
    let batch = setting
        .client
        .submit(&setting.file(), &SubmitOptions::new())
        .await
        .unwrap();
    setting.service.stored().output = "not JSON\n".to_owned();
    let error = setting
        .client
        .save(batch.id(), &setting.target())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(!setting.folder.path().join("out.jsonl").exists());
}
