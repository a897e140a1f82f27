//! Faults of video tasks and of their files, and what is left afterwards.

use std::{io::ErrorKind, time::Duration};

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule, VideoRoute, VideoStatus};
use serde_json::json;

use crate::{
    client::Answer,
    video::{call, clip, create, created, poll, slow},
    video_files::{download, finished},
};

const CREATE: &str = "/api/v1/services/aigc/video-generation/video-synthesis";

/// Submits a clip and asks for a fault by header.
async fn create_with(emulator: &Emulator, fault: &str) -> Answer {
    let headers = [("x-dashscope-async", "enable"), ("x-emulator-fault", fault)];
    call(emulator, "POST", CREATE, &headers, &clip().to_string()).await
}

async fn once(kind: impl Into<Fault>, route: VideoRoute) -> Emulator {
    let emulator = slow().start().await.unwrap();
    emulator.fault(FaultRule::new(kind).video(route).times(1));
    emulator
}

async fn total(emulator: &Emulator) -> u64 {
    let list = call(emulator, "GET", "/api/v1/tasks", &[], "").await;
    list.json()["total"].as_u64().unwrap()
}

#[tokio::test]
async fn a_submit_whose_answer_is_lost_is_in_the_list() {
    let emulator = once(FaultKind::LostAnswer, VideoRoute::Create).await;
    let lost = create(&emulator, &clip()).await;
    assert_eq!(
        (lost.status, lost.error),
        (0, Some(ErrorKind::ConnectionReset))
    );
    let list = call(&emulator, "GET", "/api/v1/tasks", &[], "")
        .await
        .json();
    assert_eq!(list["total"], 1);
    let task = &emulator.video().tasks()[0];
    assert_eq!(list["data"][0]["task_id"], task.id());
    assert_eq!(task.body(), &clip());
    // Once means once.
    created(&emulator, &clip()).await;
}

#[tokio::test]
async fn a_submit_that_is_reset_before_is_nowhere() {
    let emulator = once(FaultKind::ResetBefore, VideoRoute::Create).await;
    let lost = create(&emulator, &clip()).await;
    assert_eq!(
        (lost.status, lost.error),
        (0, Some(ErrorKind::ConnectionReset))
    );
    assert_eq!(total(&emulator).await, 0);
    assert_eq!(emulator.video().requests(VideoRoute::Create), 1);
    created(&emulator, &clip()).await;
}

#[tokio::test]
async fn one_submit_can_make_two_tasks() {
    let emulator = slow().start().await.unwrap();
    let answer = create_with(&emulator, "duplicate-task").await;
    assert_eq!(answer.status, 200);
    assert_eq!(total(&emulator).await, 2);
    let tasks = emulator.video().tasks();
    assert_ne!(tasks[0].id(), tasks[1].id());
    assert!(
        tasks
            .iter()
            .any(|task| answer.json()["output"]["task_id"] == task.id())
    );
}

#[tokio::test]
async fn a_task_fails_with_a_code() {
    let emulator = slow().start().await.unwrap();
    let answer = create_with(&emulator, "task-fails; code=DataInspectionFailed").await;
    let id = answer.json()["output"]["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    emulator.video().advance(Duration::from_secs(120));
    let failed = poll(&emulator, &id).await;
    assert_eq!(failed["output"]["task_status"], "FAILED");
    assert_eq!(failed["output"]["code"], "DataInspectionFailed");
    assert!(failed["output"]["message"].is_string());
    assert!(failed.get("usage").is_none());
    assert!(failed["output"].get("video_url").is_none());
}

#[tokio::test]
async fn a_task_is_slow() {
    let emulator = slow().start().await.unwrap();
    create_with(&emulator, "slow-task; delay=3600000").await;
    let status = || emulator.video().tasks()[0].status();
    emulator.video().advance(Duration::from_secs(3600));
    assert_eq!(status(), VideoStatus::Running);
    emulator.video().advance(Duration::from_secs(60));
    assert_eq!(status(), VideoStatus::Succeeded);
}

#[tokio::test]
async fn a_task_vanishes_at_once_or_when_asked_for() {
    let emulator = once(FaultKind::TaskVanishes, VideoRoute::Poll).await;
    let id = created(&emulator, &clip()).await;
    assert_eq!(total(&emulator).await, 1);
    for _ in 0..2 {
        assert_eq!(
            poll(&emulator, &id).await["output"]["task_status"],
            "UNKNOWN"
        );
    }
    assert_eq!(create_with(&emulator, "task-vanishes").await.status, 200);
    assert_eq!(total(&emulator).await, 0);

    let id = created(&emulator, &clip()).await;
    assert!(emulator.video().lose(&id) && !emulator.video().lose("never-was"));
    assert_eq!(
        poll(&emulator, &id).await["output"]["task_status"],
        "UNKNOWN"
    );
}

#[tokio::test]
async fn polls_are_throttled_and_fail_and_recover() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, &clip()).await;
    let rules = [
        "throttling; on=poll; retry-after=1; times=1",
        "throttling; on=poll; times=1",
        "internal-error; on=poll; times=1",
        "bad-gateway; on=poll; times=1",
    ];
    for rule in rules {
        emulator.fault(rule.parse::<FaultRule>().unwrap());
    }
    let path = format!("/api/v1/tasks/{id}");
    // None of this is about the list.
    assert_eq!(total(&emulator).await, 1);
    for (status, code, retry_after) in [
        (429, Some("Throttling.RateQuota"), Some("1")),
        (429, Some("Throttling.RateQuota"), None),
        (500, Some("InternalError"), None),
        (502, None, None),
        (200, None, None),
    ] {
        let answer = call(&emulator, "GET", &path, &[], "").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("retry-after"), retry_after);
        if let Some(code) = code {
            assert_eq!(answer.json()["code"], code);
        }
    }
    // What a fault answered was asked all the same.
    assert_eq!(emulator.video().requests(VideoRoute::Poll), 5);
}

/// Downloads a clip twice: with the fault, and after it.
async fn broken(fault: Fault) -> (Answer, Vec<u8>) {
    let emulator = once(fault, VideoRoute::Result).await;
    let path = finished(&emulator, &clip()).await;
    let broken = download(&emulator, &path, &[]).await;
    let good = download(&emulator, &path, &[]).await;
    assert!(good.complete);
    (broken, good.chunks.concat())
}

#[tokio::test]
async fn downloads_break_off_and_go_on() {
    let emulator = once(Fault::new(FaultKind::Reset).size(700), VideoRoute::Result).await;
    let path = finished(&emulator, &clip()).await;
    let whole = {
        let mut client = crate::client::Client::connect(&emulator).await;
        client.send("GET", &path, &[], "").await;
        let head = client.head().await.unwrap();
        let length: usize = head.header("content-length").unwrap().parse().unwrap();
        assert_eq!(client.exactly(700).await.unwrap().len(), 700);
        assert_eq!(
            client.rest().await.unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        length
    };
    let rest = download(&emulator, &path, &[("range", "bytes=700-")]).await;
    assert_eq!(rest.status, 206);
    assert_eq!(rest.chunks.concat().len(), whole - 700);
    // A part breaks off like a whole.
    emulator.fault(
        FaultRule::new(Fault::new(FaultKind::Truncate).size(9))
            .video(VideoRoute::Result)
            .times(1),
    );
    let part = download(&emulator, &path, &[("range", "bytes=700-")]).await;
    assert_eq!(
        (part.status, part.error),
        (206, Some(ErrorKind::UnexpectedEof))
    );
}

#[tokio::test]
async fn files_have_a_wrong_length_or_are_none() {
    let (short, whole) = broken(Fault::new(FaultKind::WrongLength)).await;
    assert_eq!(
        short.header("content-length"),
        Some(&*whole.len().to_string())
    );
    assert_eq!(short.error, Some(ErrorKind::UnexpectedEof));
    let (clean, whole) = broken(Fault::new(FaultKind::TruncateCleanly).size(500)).await;
    assert!(clean.complete);
    assert_eq!(clean.chunks.concat(), whole[..500]);
    let (page, _) = broken(Fault::new(FaultKind::NotMp4)).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("video/mp4"))
    );
    assert!(page.text().starts_with("<html>"));
    let (late, whole) = broken(Fault::new(FaultKind::Dribble).size(997)).await;
    assert!(late.complete && late.chunks.concat() == whole);
}

#[tokio::test]
async fn a_fault_of_files_waits_for_a_file() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault("not-mp4; times=1".parse::<FaultRule>().unwrap());
    let path = finished(&emulator, &clip()).await;
    let page = download(&emulator, &path, &[]).await;
    assert!(page.text().starts_with("<html>"));
    let error = "stall; on=bogus".parse::<FaultRule>().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("cancel, result, policy, upload"),
        "{error}"
    );
}

#[tokio::test]
async fn files_are_refused_in_the_words_of_the_object_store() {
    for (kind, status, code) in [
        (FaultKind::InternalError, 500, "InternalError"),
        (FaultKind::AccessDenied, 403, "AccessDenied"),
    ] {
        let (refused, _) = broken(Fault::new(kind)).await;
        assert_eq!(refused.status, status);
        let wanted = format!("<Code>{code}</Code>");
        assert!(refused.text().contains(&wanted), "{}", refused.text());
    }
    // A fault of streams is none of a file's.
    let (file, whole) = broken(Fault::new(FaultKind::KeepAlives)).await;
    assert!(file.complete && file.chunks.concat() == whole);
}

#[tokio::test]
async fn results_are_elsewhere_nowhere_or_where_nobody_should_go() {
    let emulator = slow().start().await.unwrap();
    let path = finished(&emulator, &clip()).await;
    let location = async |kind: FaultKind| {
        emulator.fault(FaultRule::new(kind).video(VideoRoute::Result).times(1));
        let answer = download(&emulator, &path, &[]).await;
        assert_eq!(answer.status, 307);
        answer.header("location").unwrap().to_owned()
    };
    let lower = path.to_lowercase();
    assert_eq!(
        location(FaultKind::RedirectLoop).await,
        format!("{}{lower}", emulator.origin())
    );
    assert_eq!(
        location(FaultKind::RedirectPrivate).await,
        format!("http://10.0.0.1{lower}")
    );
    assert_eq!(
        location(FaultKind::Redirect).await,
        format!("{}/elsewhere{lower}", emulator.origin())
    );
    // The other place has the file, too.
    let moved = download(&emulator, &format!("/elsewhere{path}"), &[]).await;
    assert_eq!(moved.status, 200);
}

#[tokio::test]
async fn a_fault_of_tasks_leaves_other_answers_alone() {
    let emulator = slow().start().await.unwrap();
    emulator.fault(FaultKind::TaskFails);
    let path = "/api/v1/tasks";
    let list = call(&emulator, "GET", path, &[], "").await;
    assert!(list.complete && list.header("content-length").is_some());
    assert_eq!(list.json()["data"], json!([]));
}
