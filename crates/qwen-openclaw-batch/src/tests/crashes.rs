//! The process is killed at every step, and another goes on with what it has left.
//!
//! The process is this test program, started again by itself.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{
    service::Service,
    submitting::{answer, client, failed, input},
};
use crate::{BatchFile, Ledger, SaveOptions, Step, SubmitOptions};

const BASE: &str = "QWEN_OPENCLAW_TEST_BASE";
const FOLDER: &str = "QWEN_OPENCLAW_TEST_FOLDER";
const DIE_AT: &str = "QWEN_OPENCLAW_TEST_DIE_AT";

/// Each point of the way, in the order in which a batch passes them. A record is written as a temporary
/// file, flushed and renamed, eight times.
const POINTS: [&str; 31] = [
    "temporary-file:0",
    "synced:0",
    "renamed:0",
    "prepared",
    "temporary-file:1",
    "renamed:1",
    "uploading",
    "upload-answered",
    "temporary-file:2",
    "renamed:2",
    "uploaded",
    "temporary-file:3",
    "synced:3",
    "renamed:3",
    "creating",
    "create-answered",
    "temporary-file:4",
    "renamed:4",
    "created",
    "temporary-file:5",
    "renamed:5",
    "fetched:0",
    "fetched:1",
    "joined",
    "temporary-file:6",
    "renamed:6",
    "saving",
    "result-renamed",
    "temporary-file:7",
    "synced:7",
    "renamed:7",
];

/// Not a test of its own: the process that is killed. It does nothing unless it is told to.
#[test]
fn child() {
    let (Ok(base), Ok(folder)) = (env::var(BASE), env::var(FOLDER)) else {
        return;
    };
    let folder = Path::new(&folder);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = client(&base, Ledger::new(folder.join("batches")));
        let file = BatchFile::check(folder.join("in.jsonl")).unwrap();
        let batch = client.submit(&file, &SubmitOptions::new()).await.unwrap();
        client.wait(batch.id()).await.unwrap();
        let target = SaveOptions::new(folder.join("out.jsonl"));
        client.save(batch.id(), &target).await.unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_killed_at_any_point_goes_on_and_nothing_is_sent_twice() {
    for point in POINTS {
        let (service, server) = Service::start().await;
        {
            let mut stored = service.stored();
            stored.output = format!("{}\n{}\n", answer("b", 7), answer("a", 7));
            stored.errors = format!("{}\n{}\n", failed("d"), failed("c"));
        }
        let base = format!("{}/compatible-mode/v1", server.uri());
        let folder = tempfile::tempdir().unwrap();
        input(folder.path());
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "tests::crashes::child", "--nocapture"]);
        child
            .env(BASE, &base)
            .env(FOLDER, folder.path())
            .env(DIE_AT, point);
        child.stdout(Stdio::null()).stderr(Stdio::null());
        let ended = tokio::task::spawn_blocking(move || child.status()).await;
        assert!(
            !ended.unwrap().unwrap().success(),
            "{point} was not reached"
        );

        let client = client(&base, Ledger::new(folder.path().join("batches")));
        let list = client.ledger().list().unwrap();
        assert!(list.unreadable.is_empty(), "{point}: {:?}", list.unreadable);
        let Some(record) = list.records.first() else {
            // Nothing was sent before it was written down.
            assert!(service.stored().calls.is_empty(), "{point}");
            continue;
        };
        let record = client.resume(record.id()).await.unwrap();
        client.wait(record.id()).await.unwrap();
        let target = folder.path().join("out.jsonl");
        let record = match record.step() {
            Step::Saved => record,
            _ => {
                let options = SaveOptions::new(&target);
                client.save(record.id(), &options).await.unwrap().record
            }
        };
        let usage = record.usage().unwrap();
        assert_eq!((usage.succeeded, usage.failed), (2, 2), "{point}");
        let text = fs::read_to_string(&target).unwrap();
        let expected = [answer("a", 7), answer("b", 7), failed("c"), failed("d")];
        assert_eq!(text, expected.join("\n") + "\n", "{point}");
        {
            let stored = service.stored();
            let counts = (stored.files.len(), stored.batches.len());
            assert_eq!(counts, (1, 1), "{point}: {:?}", stored.calls);
        }
        assert_eq!(service.count("POST /batches"), 1, "{point}");
        let names = fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 3, "{point}: input, results and ledger");
    }
}
