//! Tasks for images: made, asked for, listed, canceled, on the clock of videos.

use std::time::Duration;

use qwen_openclaw_emulator::{
    Emulator, Fault, FaultKind, FaultRule, VideoLimits, VideoRoute, VideoStatus,
};
use serde_json::{Value, json};

use crate::{
    images::{masked, native, png},
    video::{call, poll, slow},
};

pub(crate) const NEW_TASKS: &str = "/api/v1/services/aigc/image-generation/generation";
pub(crate) const TEXT_TASKS: &str = "/api/v1/services/aigc/text2image/image-synthesis";
const EDIT_TASKS: &str = "/api/v1/services/aigc/image2image/image-synthesis";

/// A request in the older form.
pub(crate) fn text(parameters: Value) -> Value {
    json!({"model": "wan2.5-t2i-preview", "input": {"prompt": "a red crane"}, "parameters": parameters})
}

/// Creates a task, and returns its id.
pub(crate) async fn created(emulator: &Emulator, path: &str, body: &Value) -> String {
    let headers = [("x-dashscope-async", "enable")];
    let answer = call(emulator, "POST", path, &headers, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let output = answer.json()["output"].clone();
    assert_eq!(output["task_status"], "PENDING");
    output["task_id"].as_str().unwrap().to_owned()
}

/// The status of a task.
async fn status(emulator: &Emulator, id: &str) -> Value {
    poll(emulator, id).await["output"]["task_status"].clone()
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[tokio::test]
async fn each_path_has_its_results() {
    let emulator = slow().start().await.unwrap();
    let image = "https://x/1.png";
    for (name, path, body) in [
        ("task_wan25", TEXT_TASKS, text(json!({"n": 2}))),
        (
            "task_qwen_image",
            TEXT_TASKS,
            json!({"model": "qwen-image", "input": {"prompt": "x"}, "parameters": {"prompt_extend": false}}),
        ),
        (
            "task_edit",
            EDIT_TASKS,
            json!({"model": "wan2.5-i2i-preview", "input": {"prompt": "x", "images": [image]}, "parameters": {"n": 1}}),
        ),
        (
            "task_edit_of_one",
            EDIT_TASKS,
            json!({"model": "wanx2.1-imageedit", "input": {"prompt": "x",
                "function": "description_edit", "base_image_url": image}}),
        ),
        (
            "task_wan26",
            NEW_TASKS,
            native("wan2.6-t2i", &[], json!({"n": 2, "is_async": true})),
        ),
        (
            "task_wan27",
            NEW_TASKS,
            native("wan2.7-image-pro", &[&png(960, 960)], json!({})),
        ),
        (
            "task_interleaved",
            NEW_TASKS,
            native(
                "wan2.6-image",
                &[],
                json!({"enable_interleave": true, "max_images": 1}),
            ),
        ),
    ] {
        let id = created(&emulator, path, &body).await;
        emulator.video().advance(minutes(2));
        let done = poll(&emulator, &id).await;
        insta::assert_json_snapshot!(name, masked(&emulator, &done));
    }
}

#[tokio::test]
async fn a_task_waits_runs_ends_and_is_forgotten() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, TEXT_TASKS, &text(json!({}))).await;
    assert_eq!(status(&emulator, &id).await, "PENDING");
    emulator.video().advance(minutes(1));
    let running = poll(&emulator, &id).await;
    assert_eq!(running["output"]["task_status"], "RUNNING");
    assert!(running["output"].get("results").is_none() && running.get("usage").is_none());
    emulator.video().advance(minutes(1));
    let done = poll(&emulator, &id).await;
    assert_eq!(done["output"]["task_status"], "SUCCEEDED");
    // Four, as nothing else was said.
    assert_eq!(done["usage"], json!({"image_count": 4}));
    let task = &emulator.video().tasks()[0];
    assert_eq!(
        (task.model(), task.size(), task.seconds()),
        ("wan2.5-t2i-preview", (1280, 1280), 0)
    );
    emulator.video().advance(minutes(24 * 60));
    assert_eq!(status(&emulator, &id).await, "UNKNOWN");
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_that_of_tokio() {
    let emulator = Emulator::start().await.unwrap();
    let id = created(
        &emulator,
        NEW_TASKS,
        &native("wan2.7-image", &[], json!({})),
    )
    .await;
    for (pause, wanted) in [
        (199, "PENDING"),
        (1, "RUNNING"),
        (799, "RUNNING"),
        (1, "SUCCEEDED"),
    ] {
        tokio::time::advance(Duration::from_millis(pause)).await;
        assert_eq!(status(&emulator, &id).await, wanted);
    }
}

#[tokio::test]
async fn what_waits_can_be_canceled_and_all_is_listed() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, TEXT_TASKS, &text(json!({}))).await;
    let cancel = async |id: &str| {
        let path = format!("/api/v1/tasks/{id}/cancel");
        call(&emulator, "POST", &path, &[], "").await.status
    };
    assert_eq!(cancel(&id).await, 200);
    assert_eq!(status(&emulator, &id).await, "CANCELED");
    let other = created(&emulator, NEW_TASKS, &native("wan2.6-t2i", &[], json!({}))).await;
    emulator.video().advance(minutes(1));
    assert_eq!(cancel(&other).await, 400);
    let list = async |query: &str| {
        let path = format!("/api/v1/tasks{query}");
        call(&emulator, "GET", &path, &[], "").await.json()
    };
    let all = list("").await;
    assert_eq!(all["total"], 2);
    assert_eq!(
        all["data"][0]["user_api_unique_key"],
        "apikey:v1:aigc:image-generation:generation:wan2.6-t2i"
    );
    assert_eq!(
        all["data"][1]["user_api_unique_key"],
        "apikey:v1:aigc:text2image:image-synthesis:wan2.5-t2i-preview"
    );
    assert_eq!(
        list("?model_name=wan2.6-t2i&status=RUNNING").await["total"],
        1
    );
    assert_eq!(emulator.video().requests(VideoRoute::Create), 2);
}

#[tokio::test(start_paused = true)]
async fn images_do_not_wait_for_videos() {
    let emulator = Emulator::builder()
        .video_limits(VideoLimits::service().submits(Some(1)).running(Some(1)))
        .start()
        .await
        .unwrap();
    crate::video::created(&emulator, &crate::video::clip()).await;
    let body = text(json!({}));
    let id = created(&emulator, TEXT_TASKS, &body).await;
    let headers = [("x-dashscope-async", "enable")];
    let refused = call(&emulator, "POST", TEXT_TASKS, &headers, &body.to_string()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["code"], "Throttling.RateQuota");
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(status(&emulator, &id).await, "RUNNING");
}

#[tokio::test]
async fn some_of_the_results_can_fail() {
    let emulator = slow().start().await.unwrap();
    let fault = Fault::new(FaultKind::ResultsFail).after(1);
    emulator.fault(FaultRule::new(fault).video(VideoRoute::Create).times(2));
    let old = created(&emulator, TEXT_TASKS, &text(json!({"n": 3}))).await;
    let new = created(
        &emulator,
        NEW_TASKS,
        &native("wan2.6-t2i", &[], json!({"n": 3})),
    )
    .await;
    emulator.video().advance(minutes(2));
    insta::assert_json_snapshot!(
        "task_partly_failed",
        masked(&emulator, &poll(&emulator, &old).await)
    );
    let new = poll(&emulator, &new).await;
    assert_eq!(new["output"]["task_status"], "SUCCEEDED");
    assert_eq!(new["output"]["choices"].as_array().map(Vec::len), Some(1));
    assert_eq!(new["usage"]["image_count"], 1);
}

#[tokio::test]
async fn without_any_result_the_task_fails() {
    let emulator = slow().start().await.unwrap();
    emulator.fault(
        "results-fail; code=DataInspectionFailed"
            .parse::<FaultRule>()
            .unwrap(),
    );
    let id = created(&emulator, TEXT_TASKS, &text(json!({"n": 1}))).await;
    // It is no fault of videos.
    crate::video::created(&emulator, &crate::video::clip()).await;
    emulator.video().advance(minutes(2));
    let failed = poll(&emulator, &id).await;
    assert_eq!(failed["output"]["task_status"], "FAILED");
    assert_eq!(failed["output"]["code"], "DataInspectionFailed");
    assert!(failed["output"].get("results").is_none());
    assert_eq!(emulator.video().tasks()[1].status(), VideoStatus::Succeeded);
}
