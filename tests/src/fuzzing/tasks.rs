//! Jobs: whatever the service answers, the ledger can be read afterwards, and no record in it says
//! what it must not.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_http::{Body, Client, Error, ErrorKind, Lookup, RetryPolicy, SendRequest};
use qwen_openclaw_tasks::{
    FileJobs, FileKind, JobRecord, JobStore, Likeness, NewTask, Phase, Product, Rates, Replaced,
    Tasks,
};
use serde_json::{Map, Value, json};

use super::{json::Tree, source::Source};

const KEY: &str = "sk-0123456789abcdef";
const ID: &str = "20260101-000000-aaaaaa";

/// Bytes that begin with `=` are the file of a record, `@` the answer to the first poll; all others
/// decide what the service answers.
pub(super) fn check(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        match data.split_first() {
            Some((b'=', file)) => record(file).await,
            Some((b'@', answer)) => job(vec![created("t"), Answer::of(200, answer)]).await,
            Some((_, rest)) => job(answers(&mut Source::new(rest))).await,
            None => {}
        }
    });
}

/// A record that can be read can be written again, and then says the same.
async fn record(file: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{ID}.json"));
    std::fs::write(&path, file).unwrap();
    let store = FileJobs::new(folder.path());
    let list = store.list().await.unwrap();
    assert_eq!(list.records.len() + list.unreadable.len(), 1);
    let Some(record) = list.records.first() else {
        return;
    };
    let Some(next) = record.revision().checked_add(1) else {
        return;
    };
    let mut value = serde_json::to_value(record).unwrap();
    value["revision"] = json!(next);
    let changed: JobRecord = serde_json::from_value(value).unwrap();
    match store.replace(&changed).await {
        Ok(Replaced::Stored) => {}
        Ok(other) => panic!("{other:?}"),
        // What could not be read again is not written; the old record is still there.
        Err(_) => return assert_eq!(std::fs::read(&path).unwrap(), file),
    }
    let loaded = store.load(record.id()).await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&changed));
    let (before, after) = (Tree::of(file), Tree::of(&std::fs::read(&path).unwrap()));
    let (before, after) = (before.unwrap(), after.unwrap());
    const OURS: &[&str] = &[
        "version",
        "revision",
        "id",
        "phase",
        "created_at",
        "sent_at",
        "state",
        "result",
        "results",
        "saved",
        "uploads",
        "part",
        "failure",
        "headers",
    ];
    for (name, value) in before.fields() {
        if OURS.contains(&name.as_str()) {
            continue;
        }
        let (kept, nothing) = (after.field(name), Tree::Plain("null".to_owned()));
        assert!(
            kept == Some(value) || (kept.is_none() && *value == nothing),
            "{name}: {value:?} has become {kept:?}"
        );
    }
}

/// One answer of the service.
#[derive(Clone, Debug)]
enum Answer {
    Body(u16, Vec<u8>, Option<String>),
    /// No answer; whether anything had been sent.
    Broken {
        was_sent: bool,
    },
}

impl Answer {
    fn of(status: u16, body: &[u8]) -> Self {
        Self::Body(status, body.to_vec(), None)
    }
}

fn created(id: &str) -> Answer {
    let body = json!({"request_id": "r", "output": {"task_id": id, "task_status": "PENDING"}});
    Answer::of(200, body.to_string().as_bytes())
}

/// Gives the answers one after the other, and then that there is no such task.
#[derive(Debug)]
struct Service(Mutex<Vec<Answer>>);

#[async_trait]
impl SendRequest for Service {
    fn lookup(&self) -> Lookup {
        Lookup::Never
    }

    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let answer = self.0.lock().unwrap().pop();
        match answer {
            Some(Answer::Body(status, body, wait)) => {
                let mut response = http::Response::builder().status(status);
                if let Some(wait) = wait {
                    response = response.header("retry-after", wait);
                }
                Ok(response.body(Body::full(body)).unwrap())
            }
            Some(Answer::Broken { was_sent: true }) => Err(Error::new(ErrorKind::Network)),
            Some(Answer::Broken { was_sent: false }) => Err(Error::unsent(ErrorKind::Network)),
            None => {
                let gone = json!({"output": {"task_id": "t", "task_status": "UNKNOWN"}});
                Ok(http::Response::new(Body::full(gone.to_string())))
            }
        }
    }
}

async fn job(mut answers: Vec<Answer>) {
    answers.reverse();
    let folder = tempfile::tempdir().unwrap();
    let store = FileJobs::new(folder.path().join("jobs"));
    let http = Client::builder()
        .sender(Service(Mutex::new(answers)))
        .build()
        .unwrap();
    let tasks = Tasks::builder(
        product(),
        "https://tasks.example.com",
        ApiKey::parse(KEY).unwrap(),
    )
    .http(http)
    .store(Arc::new(store.clone()))
    .retry(RetryPolicy::default())
    .deadline(Duration::from_secs(600))
    .build()
    .unwrap();
    let body = json!({"model": "m", "input": {"prompt": "a cat"}});
    let submitted = tasks
        .submit(NewTask::new("m", "/api/v1/services/make", body))
        .await;
    let mut shown = format!("{submitted:?}");
    let mut task = None;
    match submitted {
        Ok(job) => {
            task = job.task_id().map(str::to_owned);
            match job.wait().await {
                Ok(finished) => assert!(!finished.url().is_empty()),
                Err(error) => shown = format!("{shown} {error} {error:?} {:?}", error.code()),
            }
        }
        Err(error) => shown = format!("{shown} {error} {:?}", error.code()),
    }
    let resumed = tasks.resume().await;
    assert!(
        resumed.is_ok(),
        "one record holds up the others: {resumed:?}"
    );

    let list = store.list().await.unwrap();
    assert!(list.unreadable.is_empty(), "{:?}", list.unreadable);
    assert_eq!(list.records.len(), 1, "a job is lost");
    let record = &list.records[0];
    let text = serde_json::to_string(record).unwrap();
    let again: JobRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(again, *record);
    if let Some(task) = task {
        assert_eq!(record.task_id(), Some(&*task), "the task's id is lost");
        assert!(
            record.phase() != Phase::Prepared,
            "a task that is made would be made again"
        );
    }
    assert!(!text.contains(KEY), "the key is in the ledger: {text}");
    assert!(!shown.contains(KEY), "the key is shown: {shown}");
}

fn product() -> Product {
    fn urls(output: &Map<String, Value>) -> Vec<&str> {
        let url = output.get("video_url").and_then(Value::as_str);
        url.into_iter().collect()
    }
    Product {
        name: "video",
        file: FileKind {
            name: "MP4 file",
            matches: |head| head.get(4..8) == Some(b"ftyp"),
        },
        results: urls,
        likeness: |_, _| Likeness::Untold,
        rates: Rates::default(),
    }
}

fn answers(source: &mut Source<'_>) -> Vec<Answer> {
    let mut answers = Vec::new();
    if source.below(4) > 0 {
        answers.push(created("t"));
    }
    while !source.is_empty() && answers.len() < 12 {
        answers.push(answer(source));
    }
    answers
}

fn answer(source: &mut Source<'_>) -> Answer {
    if source.one_in(12) {
        return Answer::Broken {
            was_sent: source.pick(&[false, true]),
        };
    }
    let status = source.pick(&[200, 200, 200, 200, 200, 202, 400, 401, 404, 429, 500, 503]);
    let wait = source.one_in(8).then(|| {
        source
            .pick(&["0", "3", "1000000000", "-1", "soon", ""])
            .to_owned()
    });
    if source.one_in(16) {
        let page = source.pick(&[
            "<html>",
            "",
            "null",
            "[]",
            "{",
            "{\"data\":[]}",
            "\u{feff}{}",
        ]);
        return Answer::Body(status, page.into(), wait);
    }
    let mut body = format!("{{\"output\":{}", output(source));
    for _ in 0..source.below(4) {
        match source.below(4) {
            0 => body.push_str(&format!(",\"request_id\":{}", text(source))),
            1 => body.push_str(&format!(",\"code\":{}", text(source))),
            2 => body.push_str(&format!(",\"message\":{}", text(source))),
            _ => body.push_str(&format!(",\"usage\":{}", counted(source))),
        }
    }
    body.push('}');
    Answer::Body(status, body.into(), wait)
}

fn output(source: &mut Source<'_>) -> String {
    let state = source.pick(&[
        "PENDING",
        "RUNNING",
        "SUCCEEDED",
        "SUCCEEDED",
        "SUCCEEDED",
        "FAILED",
        "CANCELED",
        "UNKNOWN",
        "LATER",
        "",
        "SUSPENDED",
        "running",
    ]);
    let mut output = format!("{{\"task_id\":\"t\",\"task_status\":\"{state}\"");
    for _ in 0..source.below(4) {
        match source.below(6) {
            0..=2 => output.push_str(source.pick(&[
                ",\"video_url\":\"https://files.example.com/a.mp4\"",
                ",\"video_url\":\"https://files.example.com/a.mp4?Expires=18446744073709551615\"",
                ",\"video_url\":\"https://files.example.com/a.mp4?Expires=1790000000&S=x\"",
                ",\"video_url\":\"\"",
                ",\"video_url\":5",
            ])),
            3 => output.push_str(&format!(",\"code\":{}", text(source))),
            4 => output.push_str(&format!(",\"message\":{}", text(source))),
            _ => output.push_str(&format!(",\"orig_prompt\":{}", text(source))),
        }
    }
    output.push('}');
    output
}

fn text(source: &mut Source<'_>) -> String {
    let text = source.pick(&[
        "words",
        "",
        "the key sk-0123456789abcdef is wrong",
        "sk-0123456789abcdef",
        "\\u001b[31mred\\u202e",
        "\\ud83d\\ude00",
        "InvalidParameter",
    ]);
    match source.one_in(8) {
        true => source.pick(&["null", "5", "{}", "\"\\ud83d\""]).to_owned(),
        false => format!("\"{text}\""),
    }
}

/// A `usage`, now and then of a size that no service has a reason for.
fn counted(source: &mut Source<'_>) -> String {
    match source.below(64) {
        0 => {
            let items = source.pick(&[10, 1_000, 60_000, 2_500_000]);
            format!("{{\"list\":[{}0]}}", "0,".repeat(items))
        }
        1 => format!(
            "{{\"text\":\"{}\"}}",
            "x".repeat(source.pick(&[10, 60_000, 6 << 20]))
        ),
        2 => format!("{}1{}", "[".repeat(100), "]".repeat(100)),
        3 => "{\"a\":1,\"a\":2}".to_owned(),
        4 => "{\"factor\":0.30000000000000004,\"much\":1e308}".to_owned(),
        5 => "null".to_owned(),
        _ => format!("{{\"duration\":{},\"video_count\":1}}", source.byte()),
    }
}
