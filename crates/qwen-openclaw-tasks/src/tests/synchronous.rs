//! Requests whose answer has the results: jobs without a task.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::fake::*;
use crate::{ErrorKind, JobStore, MemoryJobs, NewTask, NextStep, Phase, Resumed};

fn at_once() -> NewTask {
    let body = json!({"model": "some-model", "input": {"prompt": "a cat"}});
    NewTask::new("some-model", "/api/v1/services/make", body).synchronous()
}

fn service(answer: Value) -> Fake {
    Fake::new().with(|state| state.at_once = Some(answer))
}

fn one() -> Fake {
    service(json!({
        "request_id": "r", "output": {"results": [{"url": RESULT}]}, "usage": {"image_count": 1},
    }))
}

async fn only(store: &MemoryJobs) -> crate::JobRecord {
    let mut records = store.list().await.unwrap().records;
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[tokio::test(start_paused = true)]
async fn what_is_made_at_once_is_done_at_once() {
    let fake = one();
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(at_once()).await.unwrap();
    let record = only(&store).await;
    assert_eq!(job.record(), &record);
    assert!(record.is_synchronous());
    assert_eq!((record.phase(), record.task_id()), (Phase::Succeeded, None));
    assert_eq!(record.request_id(), Some("r"));
    assert_eq!(record.usage(), Some(&json!({"image_count": 1})));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let saved = job.wait().await.unwrap().save(&path).await.unwrap();
    assert_eq!(saved.record().phase(), Phase::Saved);
    assert_eq!(std::fs::read(path).unwrap(), fake.state().content);
    assert_eq!(fake.created(), 1);
    assert_eq!(fake.count("GET /api/v1/tasks"), 0);
    assert!(tasks.resume().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_list_in_place_of_an_output_is_read_too() {
    let fake = service(json!({"created": 1, "data": [{"url": RESULT}], "usage": {"n": 1}}));
    let (tasks, store) = fake.tasks();
    // The fake's product looks for `results` and `url`, not for `data`.
    let job = tasks.submit(at_once()).await.unwrap();
    assert_eq!(only(&store).await.phase(), Phase::Failed);
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("without a result"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_with_status_200_is_one() {
    let fake = service(json!({"code": "InvalidParameter", "message": "no", "request_id": "r"}));
    let (tasks, store) = fake.tasks();
    let error = tasks.submit(at_once()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("InvalidParameter"));
    assert_eq!(only(&store).await.phase(), Phase::Refused);
    assert_eq!(fake.created(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_made_is_not_sent_again_by_itself() {
    for fault in [
        Fault::Lost,
        Fault::Broken,
        Fault::Nonsense,
        Fault::Status(500, "InternalError"),
        Fault::Page(502),
    ] {
        let fake = one().with(|state| state.create.push_back(fault));
        let (tasks, store) = fake.tasks();
        let started = Instant::now();
        let error = tasks.submit(at_once()).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(1), "{fault:?}");
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{fault:?}");
        let said = error.to_string();
        assert!(said.contains("if so, they are billed"), "{fault:?}: {said}");
        assert_eq!(error.next_steps(), [NextStep::Resubmit, NextStep::Cancel]);
        let record = only(&store).await;
        assert_eq!(record.phase(), Phase::Ambiguous, "{fault:?}");
        assert_eq!(record.next_steps(), error.next_steps());
        // There is nothing to look for.
        let resumed = tasks.resume().await.unwrap();
        let [Resumed::Ambiguous(_, error)] = &resumed[..] else {
            panic!("{fault:?}: {resumed:?}");
        };
        assert_eq!(error.next_steps(), [NextStep::Resubmit, NextStep::Cancel]);
        let error = tasks.adopt(record.id(), "task-0-0").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{fault:?}");
        assert_eq!(fake.state().seen.len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_sent_again_or_dropped_when_somebody_says_so() {
    let fake = one().with(|state| state.create.extend([Fault::Lost; 2]));
    let (tasks, store) = fake.tasks();
    let error = tasks.submit(at_once()).await.unwrap_err();
    let job = tasks.resubmit(error.job_id().unwrap()).await;
    assert_eq!(job.unwrap_err().kind(), ErrorKind::Ambiguous);
    let job = tasks.resubmit(error.job_id().unwrap()).await.unwrap();
    assert_eq!(job.record().phase(), Phase::Succeeded);
    assert_eq!(fake.created(), 3);

    let fake = one().with(|state| state.create.push_back(Fault::Lost));
    let (tasks, other) = fake.tasks();
    let error = tasks.submit(at_once()).await.unwrap_err();
    let mut job = tasks.job(error.job_id().unwrap()).await.unwrap();
    assert_eq!(job.cancel().await.unwrap().phase(), Phase::Canceled);
    assert_eq!(only(&other).await.phase(), Phase::Canceled);
    assert_eq!(fake.state().seen.len(), 1);
    assert_eq!(only(&store).await.phase(), Phase::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn what_certainly_made_nothing_is_sent_again() {
    let faults = [Fault::Connect, Fault::Status(429, "Throttling.RateQuota")];
    let fake = one().with(|state| state.create.extend(faults));
    let (tasks, store) = fake.tasks();
    tasks.submit(at_once()).await.unwrap();
    assert_eq!(fake.created(), 3);
    assert_eq!(only(&store).await.phase(), Phase::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn what_is_done_takes_no_place_among_those_that_run() {
    let fake = one();
    let tasks = fake.builder().running(Some(1)).build().unwrap();
    for _ in 0..3 {
        tasks.submit(at_once()).await.unwrap();
    }
    assert_eq!(fake.created(), 3);
    assert_eq!(fake.count("GET /api/v1/tasks"), 0);
}

#[tokio::test(start_paused = true)]
async fn results_that_came_are_saved_and_the_others_named() {
    let fake = service(json!({"output": {"results": [
        {"code": "InternalError.Timeout", "message": "too late"}, {"url": RESULT},
    ]}}));
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(at_once().count(2)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let done = job.wait().await.unwrap();
    let saved = done.save(folder.path().join("a.mp4")).await.unwrap();
    let record = only(&store).await;
    assert_eq!(saved.record(), &record);
    assert_eq!(record.phase(), Phase::Saved);
    // The name was decided when two were asked for.
    let names: Vec<_> = record.saved().filter_map(Path::file_name).collect();
    assert_eq!(names, ["a-1.mp4"]);
    let [failure] = record.failures() else {
        panic!("{:?}", record.failures());
    };
    assert_eq!(failure.code.as_deref(), Some("InternalError.Timeout"));
    assert_eq!(failure.message.as_deref(), Some("too late"));
}

#[tokio::test(start_paused = true)]
async fn a_job_of_which_nothing_came_has_failed_as_the_first_result() {
    let fake = service(json!({"output": {"results": [
        {"code": "DataInspectionFailed", "message": "not that"},
    ]}}));
    let (tasks, _store) = fake.tasks();
    let job = tasks.submit(at_once()).await.unwrap();
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.code(), Some("DataInspectionFailed"));
    assert!(error.to_string().contains("not that"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_could_not_be_saved_under_each_of_its_names() {
    let fake = one();
    let (tasks, store) = fake.tasks();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/a.mp4");
    let task = at_once().count(2).target(missing);
    let error = tasks.submit(task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(fake.state().seen.is_empty());
    assert!(store.list().await.unwrap().records.is_empty());
}
