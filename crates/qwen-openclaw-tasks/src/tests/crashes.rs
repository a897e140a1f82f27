//! The process is killed, at every step, and another takes up what it has left.
//!
//! The process is this test program, started again by itself; the service is the emulator.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::json;

use super::fake::product;
use crate::{ErrorKind, FileJobs, NewTask, Phase, PollSchedule, Resumed, Tasks};

const BASE: &str = "QWEN_OPENCLAW_TEST_BASE";
const FOLDER: &str = "QWEN_OPENCLAW_TEST_FOLDER";
const DIE_AT: &str = "QWEN_OPENCLAW_TEST_DIE_AT";

/// Each point of the way, in the order in which a job passes them. A record is written as a
/// temporary file, flushed and renamed, nine times.
const POINTS: [&str; 34] = [
    "before-ledger",
    "temporary-file:0",
    "synced:0",
    "renamed:0",
    "prepared",
    "temporary-file:1",
    "synced:1",
    "renamed:1",
    "sending",
    "answered",
    "temporary-file:2",
    "synced:2",
    "renamed:2",
    "submitted",
    "temporary-file:3",
    "synced:3",
    "renamed:3",
    "noted:0",
    "temporary-file:4",
    "renamed:4",
    "noted:1",
    "temporary-file:5",
    "renamed:5",
    "temporary-file:6",
    "renamed:6",
    "download-begun",
    "chunk",
    "downloaded",
    "temporary-file:7",
    "renamed:7",
    "whole-noted",
    "result-renamed",
    "temporary-file:8",
    "renamed:8",
];

/// Not a test of its own: the process that is killed. It does nothing unless it is told to.
#[test]
fn child() {
    let (Ok(base), Ok(folder)) = (env::var(BASE), env::var(FOLDER)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = Path::new(&folder);
        let target = folder.join("result.mp4");
        let job = tasks(&base, folder).submit(task().target(&target)).await;
        let done = job.unwrap().wait().await.unwrap();
        done.save(target).await.unwrap();
    });
}

/// As the emulator takes it.
fn task() -> NewTask {
    let body = json!({
        "model": "wan2.6-t2v",
        "input": {"prompt": "a cat"},
        "parameters": {"size": "1280*720", "duration": 2},
    });
    let path = "/api/v1/services/aigc/video-generation/video-synthesis";
    NewTask::new("wan2.6-t2v", path, body).header("X-DashScope-Async", "enable")
}

fn tasks(base: &str, folder: &Path) -> Tasks {
    let quick = PollSchedule::default()
        .first(Duration::from_millis(20))
        .settled(Duration::from_millis(60));
    Tasks::builder(
        product(),
        base,
        ApiKey::parse(Emulator::key_for(Plan::Standard, Region::Global)).unwrap(),
    )
    .store(Arc::new(FileJobs::new(folder.join("jobs"))))
    .schedule(quick)
    .build()
    .unwrap()
}

async fn emulator() -> Emulator {
    Emulator::builder()
        .video_times(Duration::from_millis(60), Duration::from_millis(160))
        .start()
        .await
        .unwrap()
}

fn spawn(emulator: &Emulator, folder: &Path, die_at: Option<&str>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "tests::crashes::child", "--nocapture"])
        .env(BASE, emulator.base_url())
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match die_at {
        Some(point) => command.env(DIE_AT, point),
        None => command.env_remove(DIE_AT),
    };
    command.spawn().unwrap()
}

/// What was found after a crash.
#[derive(Debug, Eq, PartialEq)]
enum Found {
    Nothing,
    NotSent,
    Ambiguous,
    Saved,
}

/// Takes up what a dead process has left, and checks that nothing was lost, sent twice, or left
/// half under the final name.
async fn take_up(emulator: &Emulator, folder: &Path, name: &str) -> Found {
    let result = folder.join("result.mp4");
    let whole = |when: &str| {
        if let Ok(bytes) = fs::read(&result) {
            assert!(bytes.len() > 100, "{name}, {when}: half a file");
            assert_eq!(&bytes[4..8], b"ftyp", "{name}, {when}");
            assert!(
                bytes.windows(4).any(|four| four == b"moov"),
                "{name}, {when}: half a file"
            );
        }
    };
    whole("after the crash");
    let tasks = emulator.video().tasks().len();
    assert!(tasks <= 1, "{name}: it was sent twice");
    let ours = self::tasks(&emulator.base_url(), folder);
    let list = ours.store().list().await.unwrap();
    assert!(list.unreadable.is_empty(), "{name}: {:?}", list.unreadable);
    assert!(list.records.len() <= 1, "{name}");
    if list.records.is_empty() {
        assert_eq!(tasks, 0, "{name}: a task that nobody knows");
        return Found::Nothing;
    }
    let mut resumed = ours.resume().await.unwrap();
    // What was asked for is told when it is done.
    for _ in 0..100 {
        if tasks == 0 || !matches!(&resumed[..], [Resumed::Ambiguous(..)]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        resumed = ours.resume().await.unwrap();
    }
    let found = match resumed.pop() {
        // Everything was done, the last note included.
        None => {
            assert_eq!(list.records[0].phase(), Phase::Saved, "{name}");
            Found::Saved
        }
        Some(Resumed::NotSent(_)) => {
            assert_eq!(tasks, 0, "{name}");
            Found::NotSent
        }
        Some(Resumed::Ambiguous(record, error)) => {
            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{name}");
            assert_eq!(record.phase(), Phase::Ambiguous, "{name}");
            // With one task in the list there is nothing to doubt.
            assert_eq!(tasks, 0, "{name}");
            Found::Ambiguous
        }
        Some(Resumed::Going(job)) => {
            assert_eq!(tasks, 1, "{name}");
            let saved = job.wait().await.unwrap().save(&result).await.unwrap();
            assert_eq!(saved.record().phase(), Phase::Saved, "{name}");
            let left: Vec<_> = fs::read_dir(folder).unwrap().collect();
            assert_eq!(left.len(), 2, "{name}: {left:?}");
            Found::Saved
        }
        Some(other) => panic!("{name}: {other:?}"),
    };
    whole("after resuming");
    assert_eq!(result.exists(), found == Found::Saved, "{name}");
    assert_eq!(
        emulator.video().tasks().len(),
        tasks,
        "{name}: it was sent again"
    );
    assert_eq!(emulator.video().credentials_seen(), 0, "{name}");
    found
}

async fn ended(mut child: Child) -> bool {
    let wait = move || child.wait().unwrap().success();
    tokio::task::spawn_blocking(wait).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_any_point_loses_nothing() {
    let mut passed = Vec::new();
    for point in POINTS {
        let emulator = emulator().await;
        let folder = tempfile::tempdir().unwrap();
        let finished = ended(spawn(&emulator, folder.path(), Some(point))).await;
        assert!(!finished, "{point} was not passed");
        let found = take_up(&emulator, folder.path(), point).await;
        passed.push((point, found));
    }
    // What is found after each follows the way of a job.
    let expected = |point: &str| match POINTS.iter().position(|known| *known == point).unwrap() {
        // Not in the ledger before the first rename.
        0..=2 => Found::Nothing,
        // In the ledger, and certainly not sent.
        3..=6 => Found::NotSent,
        // On its way, as far as the ledger tells.
        7..=8 => Found::Ambiguous,
        _ => Found::Saved,
    };
    for (point, found) in passed {
        assert_eq!(found, expected(point), "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_time_loses_nothing() {
    for step in 0..16 {
        let emulator = emulator().await;
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawn(&emulator, folder.path(), None);
        // Real time, for the moments between the points, which give no sign.
        tokio::time::sleep(Duration::from_millis(step * 30)).await;
        child.kill().unwrap();
        ended(child).await;
        take_up(
            &emulator,
            folder.path(),
            &format!("kill after {} ms", step * 30),
        )
        .await;
    }
}
