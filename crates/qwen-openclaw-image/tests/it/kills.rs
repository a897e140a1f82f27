//! The process is killed, at every step, and another takes up what it has left.
//!
//! The process is this test program, started again by itself.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use qwen_openclaw_image::{
    Client, ErrorKind, ImageRequest, Strictness,
    task::{FileJobs, Phase, Resumed},
};
use serde_json::{Value, json};

use crate::service::{self, MESSAGES, PNG, PROMPT_TASK, Service};

const BASE: &str = "QWEN_OPENCLAW_TEST_BASE";
const FOLDER: &str = "QWEN_OPENCLAW_TEST_FOLDER";
const MODEL: &str = "QWEN_OPENCLAW_TEST_MODEL";
const DIE_AT: &str = "QWEN_OPENCLAW_TEST_DIE_AT";

/// A form whose answer has the image, and the points that its job passes.
const AT_ONCE: (&str, &[(&str, Found)]) = (
    "qwen-image-2.0",
    &[
        ("before-ledger", Found::Nothing),
        ("prepared", Found::NotSent),
        ("temporary-file:1", Found::NotSent),
        // On its way, as far as the ledger tells: it may have been made and billed.
        ("renamed:1", Found::Ambiguous),
        ("sending", Found::Ambiguous),
        ("answered", Found::Ambiguous),
        ("temporary-file:2", Found::Ambiguous),
        ("renamed:2", Found::Saved),
        ("noted", Found::Saved),
        ("downloaded", Found::Saved),
        ("whole-noted", Found::Saved),
        ("result-renamed", Found::Saved),
    ],
);

/// A form whose answer has a task, which the service's list tells of.
const AS_A_TASK: (&str, &[(&str, Found)]) = (
    "wan2.5-t2i-preview",
    &[
        ("before-ledger", Found::Nothing),
        ("prepared", Found::NotSent),
        ("sending", Found::Ambiguous),
        ("answered", Found::Saved),
        ("temporary-file:2", Found::Saved),
        ("submitted", Found::Saved),
        ("noted:0", Found::Saved),
        ("noted:1", Found::Saved),
        ("downloaded", Found::Saved),
        ("whole-noted", Found::Saved),
        ("result-renamed", Found::Saved),
    ],
);

/// What was found after a crash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    Nothing,
    NotSent,
    Ambiguous,
    Saved,
}

/// Not a test of its own: the process that is killed. It does nothing unless it is told to.
#[test]
fn child() {
    let told = (env::var(BASE), env::var(FOLDER), env::var(MODEL));
    let (Ok(base), Ok(folder), Ok(model)) = told else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = Path::new(&folder);
        let target = folder.join("a.png");
        let request = ImageRequest::new(model).prompt("a red crane");
        let checked = request.check(Strictness::Exact).unwrap();
        let client = client(&base, folder);
        let job = client.submit_checked(&checked, Some(target.clone()), Vec::new());
        let done = job.await.unwrap().wait().await.unwrap();
        done.save(target).await.unwrap();
    });
}

fn client(base: &str, folder: &Path) -> Client {
    service::client(base, Arc::new(FileJobs::new(folder.join("jobs"))))
}

async fn service() -> Service {
    let service = Service::start().await;
    let content = json!([{"image": service.file("a")}]);
    let choice = json!({"finish_reason": "stop", "message": {"content": content}});
    service
        .makes(MESSAGES, json!({"output": {"choices": [choice]}}))
        .await;
    let result = json!({"orig_prompt": "a red crane", "url": service.file("a")});
    let done: Value = json!({"output": {"task_status": "SUCCEEDED", "results": [result]},
        "usage": {"image_count": 1}});
    service.makes_tasks(PROMPT_TASK, done).await;
    service
}

fn spawn(base: &str, folder: &Path, model: &str, die_at: Option<&str>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "kills::child", "--nocapture"])
        .env(BASE, base)
        .env(FOLDER, folder)
        .env(MODEL, model)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match die_at {
        Some(point) => command.env(DIE_AT, point),
        None => command.env_remove(DIE_AT),
    };
    command.spawn().unwrap()
}

async fn ended(mut child: Child) -> bool {
    let wait = move || child.wait().unwrap().success();
    tokio::task::spawn_blocking(wait).await.unwrap()
}

/// Takes up what a dead process has left, and checks that nothing was sent twice, or left half under
/// the final name.
async fn take_up(service: &Service, folder: &Path, name: &str) -> Found {
    let result = folder.join("a.png");
    if let Ok(bytes) = fs::read(&result) {
        assert_eq!(bytes, PNG, "{name}: half a file");
    }
    let sent = service.made().await.len();
    assert!(sent <= 1, "{name}: it was sent twice");
    let ours = client(&service.server.uri(), folder);
    let list = ours.tasks().store().list().await.unwrap();
    assert!(list.unreadable.is_empty(), "{name}: {:?}", list.unreadable);
    let Some(record) = list.records.first() else {
        assert_eq!(sent, 0, "{name}: a job that nobody knows");
        return Found::Nothing;
    };
    let mut resumed = ours.resume().await.unwrap();
    // What was asked for is told when the task is done.
    for _ in 0..20 {
        if !matches!(&resumed[..], [Resumed::Ambiguous(..)]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        resumed = ours.resume().await.unwrap();
    }
    let found = match resumed.pop() {
        None => {
            assert_eq!(record.phase(), Phase::Saved, "{name}");
            Found::Saved
        }
        Some(Resumed::NotSent(_)) => {
            assert_eq!(sent, 0, "{name}");
            Found::NotSent
        }
        Some(Resumed::Ambiguous(record, error)) => {
            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{name}");
            assert_eq!(record.phase(), Phase::Ambiguous, "{name}");
            Found::Ambiguous
        }
        Some(Resumed::Going(job)) => {
            let saved = job.wait().await.unwrap().save(&result).await.unwrap();
            assert_eq!(saved.record().phase(), Phase::Saved, "{name}");
            Found::Saved
        }
        Some(other) => panic!("{name}: {other:?}"),
    };
    assert_eq!(result.exists(), found == Found::Saved, "{name}");
    // The request of a process that was just killed may still be on its way when they are first counted.
    let made = service.made().await.len();
    assert!(made <= 1, "{name}: it was sent again");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_killed_at_any_point_resumes_and_is_not_sent_twice() {
    for (model, points) in [AT_ONCE, AS_A_TASK] {
        for (point, expected) in points {
            let (service, folder) = (service().await, tempfile::tempdir().unwrap());
            let child = spawn(&service.server.uri(), folder.path(), model, Some(point));
            assert!(!ended(child).await, "{model}: {point} was not passed");
            let name = format!("{model}, {point}");
            let found = take_up(&service, folder.path(), &name).await;
            assert_eq!(found, *expected, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_time_sends_nothing_twice() {
    for model in [AT_ONCE.0, AS_A_TASK.0] {
        for step in 0..8 {
            let (service, folder) = (service().await, tempfile::tempdir().unwrap());
            let mut child = spawn(&service.server.uri(), folder.path(), model, None);
            // Real time, for the moments between the points, which give no sign.
            tokio::time::sleep(Duration::from_millis(step * 25)).await;
            child.kill().unwrap();
            ended(child).await;
            let name = format!("{model}, kill after {} ms", step * 25);
            take_up(&service, folder.path(), &name).await;
        }
    }
}
