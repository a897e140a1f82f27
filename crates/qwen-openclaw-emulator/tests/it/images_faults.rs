//! Faults on the paths of images, and on their files.

use std::io::ErrorKind;

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule, VideoRoute};
use serde_json::{Value, json};

use crate::{
    client::Answer,
    images::{OPEN_AI, SYNC, native, post},
    images_tasks::{NEW_TASKS, TEXT_TASKS, created, text},
    video::{call, poll, slow},
    video_files::download,
};

async fn faulty(emulator: &Emulator, path: &str, body: &Value, fault: &str) -> Answer {
    let headers = [("x-dashscope-async", "enable"), ("x-emulator-fault", fault)];
    let headers = if path.contains("/multimodal-") || path == OPEN_AI {
        &headers[1..]
    } else {
        &headers
    };
    call(emulator, "POST", path, headers, &body.to_string()).await
}

#[tokio::test]
async fn every_path_can_fail() {
    let emulator = slow().start().await.unwrap();
    let edit =
        json!({"model": "wan2.5-i2i-preview", "input": {"prompt": "x", "images": ["https://x/1"]}});
    for (path, body) in [
        (OPEN_AI, json!({"model": "qwen-image-3.0", "prompt": "x"})),
        (SYNC, native("qwen-image-max", &[], json!({}))),
        (NEW_TASKS, native("wan2.7-image", &[], json!({}))),
        (TEXT_TASKS, text(json!({}))),
        ("/api/v1/services/aigc/image2image/image-synthesis", edit),
    ] {
        let throttled = faulty(&emulator, path, &body, "throttling; retry-after=1").await;
        assert_eq!(throttled.status, 429, "{path}");
        assert_eq!(throttled.header("retry-after"), Some("1"));
        assert_eq!(throttled.json()["code"], "Throttling.RateQuota");
        let flagged = faulty(&emulator, path, &body, "data-inspection")
            .await
            .json();
        let code = flagged["error"]["code"]
            .as_str()
            .or(flagged["code"].as_str());
        let wanted = if path == OPEN_AI {
            "data_inspection_failed"
        } else {
            "DataInspectionFailed"
        };
        assert_eq!(code, Some(wanted));
        let lost = faulty(&emulator, path, &body, "reset-before").await;
        assert_eq!(
            (lost.status, lost.error),
            (0, Some(ErrorKind::ConnectionReset)),
            "{path}"
        );
        let cut = faulty(&emulator, path, &body, "truncate").await;
        assert_eq!((cut.status, cut.complete), (200, false), "{path}");
    }
    // Of all those, what was cut had been a task.
    assert_eq!(emulator.video().tasks().len(), 3);
    assert_eq!(emulator.video().requests(VideoRoute::Create), 12);
}

#[tokio::test]
async fn tasks_have_the_faults_of_videos() {
    let emulator = slow().start().await.unwrap();
    let body = text(json!({}));
    let lost = faulty(&emulator, TEXT_TASKS, &body, "lost-answer").await;
    assert_eq!(lost.status, 0);
    faulty(&emulator, TEXT_TASKS, &body, "duplicate-task").await;
    assert_eq!(emulator.video().tasks().len(), 3);
    let new = native("wan2.6-t2i", &[], json!({}));
    let failing = faulty(&emulator, NEW_TASKS, &new, "task-fails").await;
    let id = failing.json()["output"]["task_id"].clone();
    emulator
        .video()
        .advance(std::time::Duration::from_secs(120));
    let failed = poll(&emulator, id.as_str().unwrap()).await;
    assert_eq!(failed["output"]["task_status"], "FAILED");
    assert_eq!(failed["output"]["code"], "InternalError");
}

async fn interleaved(emulator: &Emulator, fault: &str) -> Answer {
    let parameters = json!({"enable_interleave": true, "stream": true, "max_images": 1});
    let body = native("wan2.6-image", &[], parameters);
    let headers = [("x-dashscope-sse", "enable"), ("x-emulator-fault", fault)];
    call(emulator, "POST", SYNC, &headers, &body.to_string()).await
}

#[tokio::test]
async fn the_stream_of_text_and_images_can_break() {
    let emulator = Emulator::start().await.unwrap();
    let frames = |answer: &Answer| answer.text().matches("event:result").count();
    let reset = interleaved(&emulator, "reset; after=2").await;
    assert_eq!(
        (reset.status, reset.error),
        (200, Some(ErrorKind::ConnectionReset))
    );
    let cut = interleaved(&emulator, "truncate-cleanly; after=2").await;
    assert_eq!((frames(&cut), cut.complete), (2, true));
    assert!(!cut.text().contains("[DONE]"));
    let error = interleaved(&emulator, "stream-error; after=1").await;
    assert_eq!((error.status, frames(&error)), (200, 1));
    let text = error.text();
    let (_, last) = text.trim_end().rsplit_once("\n\n").unwrap();
    let payload = last
        .strip_prefix("id:2\nevent:error\n:HTTP_STATUS/400\ndata:")
        .unwrap();
    let payload: Value = serde_json::from_str(payload).unwrap();
    assert_eq!(payload["code"], "DataInspectionFailed");
    let whole = interleaved(&emulator, "json-instead-of-stream").await;
    assert_eq!(whole.header("content-type"), Some("application/json"));
    let output = whole.json()["output"].clone();
    assert_eq!(output["choices"][0]["finish_reason"], "stop");
    let last = output["choices"][0]["message"]["content"]
        .as_array()
        .unwrap()
        .last()
        .cloned();
    assert_eq!(last.unwrap()["type"], "image");
    let split = interleaved(&emulator, "dribble; size=50").await;
    assert!(split.complete && frames(&split) > 5);
}

#[tokio::test]
async fn files_break_off_or_are_none() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, TEXT_TASKS, &text(json!({"n": 1}))).await;
    emulator
        .video()
        .advance(std::time::Duration::from_secs(120));
    let done = poll(&emulator, &id).await;
    let url = done["output"]["results"][0]["url"].as_str().unwrap();
    let task = url.strip_prefix(emulator.origin()).unwrap().to_owned();
    // A file of an answer at once breaks like one of a task.
    let body = json!({"model": "qwen-image-3.0", "prompt": "x", "size": "512x512"});
    let answer = post(&emulator, OPEN_AI, &body).await.json();
    let url = answer["data"][0]["url"].as_str().unwrap();
    let at_once = url.strip_prefix(emulator.origin()).unwrap().to_owned();
    for path in [task, at_once] {
        let once = |fault: Fault| {
            emulator.fault(FaultRule::new(fault).video(VideoRoute::Result).times(1));
        };
        once(Fault::new(FaultKind::Reset).size(1000));
        let reset = download(&emulator, &path, &[]).await;
        assert_eq!((reset.status, reset.complete), (200, false));
        once(Fault::new(FaultKind::WrongLength));
        let short = download(&emulator, &path, &[]).await;
        assert_eq!(short.error, Some(ErrorKind::UnexpectedEof));
        once(Fault::new(FaultKind::NotMp4));
        let page = download(&emulator, &path, &[]).await;
        assert_eq!(page.header("content-type"), Some("image/png"));
        assert!(page.text().starts_with("<html>"));
        once(Fault::new(FaultKind::AccessDenied));
        let denied = download(&emulator, &path, &[]).await;
        assert!(denied.text().contains("<Code>AccessDenied</Code>"));
        let whole = download(&emulator, &path, &[]).await;
        assert!(whole.complete && whole.chunks.concat().starts_with(b"\x89PNG"));
    }
}
