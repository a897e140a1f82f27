//! A service that repeats the key and drives terminals wherever it says something.

use std::{error::Error as _, sync::Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_http::{Body, Lookup, SendRequest};
use serde_json::{Value, json};

use super::fake::{ORIGIN, product, task};
use crate::{Error, ErrorKind, JobRecord, JobStore, MemoryJobs, Phase, Tasks};

const KEY: &str = "sk-secret-key-0123456789";

/// Answers the creation with one document and everything else with another.
#[derive(Debug)]
struct Echo(Mutex<(u16, Value, Value)>);

#[async_trait]
impl SendRequest for Echo {
    async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, qwen_openclaw_http::Error> {
        let answers = self.0.lock().unwrap();
        let (status, answer) = match request.method().as_str() {
            "POST" => (answers.0, &answers.1),
            _ => (200, &answers.2),
        };
        let response = Response::builder().status(status);
        let response = response.header("x-request-id", format!("header-{KEY}"));
        Ok(response.body(Body::full(answer.to_string())).unwrap())
    }

    fn lookup(&self) -> Lookup {
        Lookup::Never
    }
}

fn tasks(status: u16, created: Value, asked: Value) -> (Tasks, MemoryJobs) {
    let store = MemoryJobs::new();
    let echo = Echo(Mutex::new((status, created, asked)));
    let http = qwen_openclaw_http::Client::builder().sender(echo);
    let tasks = Tasks::builder(product(), ORIGIN, ApiKey::parse(KEY).unwrap());
    let tasks = tasks.http(http.build().unwrap());
    let tasks = tasks.store(std::sync::Arc::new(store.clone()));
    (tasks.build().unwrap(), store)
}

/// Words with the key in several spellings, and with what drives a terminal.
fn words() -> String {
    let escaped = KEY.replace('s', "%73");
    format!("\u{1b}[2J{KEY}\u{202e} {escaped}\u{61c}\u{9b} no")
}

#[track_caller]
fn is_clean(text: &str) {
    assert!(!text.contains("0123456789"), "{text}");
    let drives = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{61c}".contains(c);
    assert!(!text.contains(drives), "{text:?}");
}

#[track_caller]
fn says_nothing(error: &Error) {
    is_clean(&format!("{error:?}"));
    is_clean(&error.to_string());
    is_clean(error.code().unwrap_or_default());
    is_clean(error.request_id().unwrap_or_default());
    let mut cause = error.source();
    while let Some(error) = cause {
        is_clean(&format!("{error} {error:?}"));
        cause = error.source();
    }
}

#[track_caller]
fn holds_nothing(record: &JobRecord) {
    is_clean(&serde_json::to_string(record).unwrap());
    is_clean(&format!("{record:?}"));
    for text in [record.task_id(), record.request_id()] {
        is_clean(text.unwrap_or_default());
    }
    let failure = record.failure().cloned().unwrap_or_default();
    is_clean(&failure.message.unwrap_or_default());
    is_clean(&failure.code.unwrap_or_default());
    is_clean(record.state().map_or("", |state| state.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_stored_without_the_key() {
    for status in [200, 400] {
        let refusal = json!({"code": words(), "message": words(), "request_id": words()});
        let (tasks, store) = tasks(status, refusal, json!({"data": []}));
        let error = tasks.submit(task()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{status}");
        assert!(error.to_string().contains("[key]"), "{error}");
        says_nothing(&error);
        let records = store.list().await.unwrap().records;
        assert_eq!(records[0].phase(), Phase::Refused);
        holds_nothing(&records[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_stored_without_the_key() {
    let words = words();
    let created = json!({
        "request_id": words, "output": {"task_id": words, "task_status": words},
    });
    let failed = json!({
        "request_id": words,
        "output": {"task_id": words, "task_status": "FAILED", "code": words, "message": words},
        "usage": {KEY: KEY},
    });
    let (tasks, store) = tasks(200, created, failed);
    let job = tasks.submit(task()).await.unwrap();
    holds_nothing(job.record());
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("[key]"), "{error}");
    says_nothing(&error);
    let records = store.list().await.unwrap().records;
    assert_eq!(records[0].phase(), Phase::Failed);
    holds_nothing(&records[0]);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_stored_without_the_key() {
    let created = json!({"output": {"task_id": "t", "task_status": "PENDING"}});
    let url = format!("https://files.example.com/result.mp4?key={KEY}");
    let made = json!({"output": {"task_status": "SUCCEEDED", "url": url}});
    let (tasks, store) = tasks(200, created, made);
    tasks.submit(task()).await.unwrap().wait().await.unwrap();
    let records = store.list().await.unwrap().records;
    assert_eq!(records[0].phase(), Phase::Succeeded);
    holds_nothing(&records[0]);
}

#[tokio::test(start_paused = true)]
async fn ids_of_the_list_are_said_without_the_key() {
    let row = |n: u32| json!({"task_id": format!("{n} {}", words())});
    let list = json!({"total_page": 1, "data": [row(1), row(2)]});
    let (tasks, _) = tasks(200, json!({}), list);
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    says_nothing(&error);
}
