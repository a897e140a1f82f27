//! Video tasks: made, asked for, listed, canceled.

use std::time::Duration;

use qwen_openclaw_emulator::{
    Emulator, EmulatorBuilder, Plan, Region, VideoLimits, VideoRoute, VideoStatus, VideoTask,
};
use serde_json::{Value, json};

use crate::client::{Answer, Client};

const CREATE: &str = "/api/v1/services/aigc/video-generation/video-synthesis";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A request for the cheapest clip.
pub(crate) fn clip() -> Value {
    json!({"model": "wan2.6-t2v", "input": {"prompt": "a cat"},
        "parameters": {"size": "1280*720", "duration": 2}})
}

/// Sends a request with a key.
pub(crate) async fn call(
    emulator: &Emulator,
    method: &str,
    path: &str,
    extra: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut client = Client::connect(emulator).await;
    let mut headers = vec![("authorization", "Bearer sk-1")];
    headers.extend(extra);
    client.send(method, path, &headers, body).await;
    client.answer().await
}

/// Submits a clip.
pub(crate) async fn create(emulator: &Emulator, body: &Value) -> Answer {
    let headers = [("x-dashscope-async", "enable")];
    call(emulator, "POST", CREATE, &headers, &body.to_string()).await
}

/// Submits a clip that is taken, and returns its task.
pub(crate) async fn created(emulator: &Emulator, body: &Value) -> String {
    let answer = create(emulator, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let output = answer.json()["output"].clone();
    assert_eq!(output["task_status"], "PENDING");
    output["task_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn poll(emulator: &Emulator, id: &str) -> Value {
    let answer = call(emulator, "GET", &format!("/api/v1/tasks/{id}"), &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn list(emulator: &Emulator, query: &str) -> Answer {
    call(emulator, "GET", &format!("/api/v1/tasks{query}"), &[], "").await
}

async fn cancel(emulator: &Emulator, id: &str) -> Answer {
    let path = format!("/api/v1/tasks/{id}/cancel");
    call(emulator, "POST", &path, &[], "").await
}

/// Tasks that wait and run for a minute each of emulated time, and no limit.
pub(crate) fn slow() -> EmulatorBuilder {
    let minute = Duration::from_secs(60);
    Emulator::builder()
        .video_times(minute, minute)
        .video_limits(VideoLimits::none())
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[tokio::test]
async fn a_task_waits_runs_and_ends() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, &clip()).await;
    let pending = poll(&emulator, &id).await;
    assert_eq!(pending["output"]["task_status"], "PENDING");
    assert!(pending["output"]["submit_time"].is_string());
    emulator.video().advance(minutes(1));
    let running = poll(&emulator, &id).await;
    assert_eq!(running["output"]["task_status"], "RUNNING");
    assert!(running["output"]["scheduled_time"].is_string());
    assert!(running["output"].get("video_url").is_none());
    emulator.video().advance(minutes(1));
    let done = poll(&emulator, &id).await;
    assert_eq!(done["output"]["task_status"], "SUCCEEDED");
    assert_eq!(done["output"]["orig_prompt"], "a cat");
    // wan2.6 never says what it made of the prompt.
    assert!(done["output"].get("actual_prompt").is_none());
    assert_eq!(
        done["usage"],
        json!({"duration": 2, "size": "1280*720", "input_video_duration": 0,
            "output_video_duration": 2, "video_count": 1, "SR": 720})
    );
    let url = done["output"]["video_url"].as_str().unwrap();
    assert!(url.starts_with(emulator.origin()), "{url}");
    assert!(url.contains("Expires="), "{url}");
}

#[tokio::test]
async fn a_task_is_forgotten_after_a_day() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, &clip()).await;
    emulator.video().advance(DAY);
    for id in [&*id, "never-was"] {
        let answer = poll(&emulator, id).await;
        assert_eq!(
            answer["output"],
            json!({"task_id": id, "task_status": "UNKNOWN"})
        );
    }
    assert_eq!(list(&emulator, "").await.json()["total"], 0);
    assert_eq!(emulator.video().tasks()[0].status(), VideoStatus::Unknown);
}

#[tokio::test]
async fn only_what_waits_can_be_canceled() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, &clip()).await;
    let answer = cancel(&emulator, &id).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["request_id"].is_string());
    let canceled = poll(&emulator, &id).await;
    assert_eq!(canceled["output"]["task_status"], "CANCELED");
    let running = created(&emulator, &clip()).await;
    emulator.video().advance(minutes(1));
    for id in [&*id, &running, "never-was"] {
        let answer = cancel(&emulator, id).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["code"], "UnsupportedOperation");
    }
}

#[tokio::test]
async fn the_list_has_filters_and_pages() {
    let emulator = slow().start().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..5 {
        let mut body = clip();
        if number == 4 {
            body["model"] = "wan2.5-t2v-preview".into();
            body["parameters"]["duration"] = 5.into();
        }
        ids.insert(0, created(&emulator, &body).await);
        emulator.video().advance(Duration::from_secs(20));
    }
    let get = async |query: &str| {
        let answer = list(&emulator, query).await;
        assert_eq!(answer.status, 200, "{query} {}", answer.text());
        answer.json()
    };
    let found = |list: &Value| -> Vec<String> {
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|row| row["task_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = get("/").await;
    assert_eq!(found(&all), ids);
    let row = &all["data"][0];
    assert_eq!(row["status"], "PENDING");
    assert_eq!(row["region"], "ap-southeast-1");
    assert_eq!(
        row["user_api_unique_key"],
        "apikey:v1:aigc:video-generation:video-synthesis:wan2.5-t2v-preview"
    );
    let created = emulator.video().tasks()[4].submitted().as_millis();
    assert_eq!(row["gmt_create"], u64::try_from(created).unwrap());
    assert!(!all.to_string().contains("video_url"));

    let second = get("?page_no=2&page_size=2").await;
    assert_eq!(found(&second), ids[2..4]);
    assert_eq!(
        (
            &second["total"],
            &second["total_page"],
            &second["page_size"]
        ),
        (&json!(5), &json!(3), &json!(2))
    );
    assert_eq!(get("?page_no=9").await["data"], json!([]));
    assert_eq!(
        found(&get("?model_name=wan2.5-t2v-preview").await),
        ids[..1]
    );
    assert_eq!(
        found(&get(&format!("?task_id={}", ids[3])).await),
        ids[3..4]
    );
    assert_eq!(get("?status=RUNNING").await["total"], 3);
    assert_eq!(get("?status=PENDING").await["total"], 2);
    assert_eq!(get("?region=cn-beijing").await["total"], 0);
    for query in ["?page_no=0", "?page_size=x", "?start_time=yesterday"] {
        let answer = list(&emulator, query).await;
        assert_eq!(answer.json()["code"], "InvalidParameter", "{query}");
    }
}

#[tokio::test]
async fn the_list_has_a_window_of_a_day() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, &clip()).await;
    let done = poll(&emulator, &id).await;
    let submitted = done["output"]["submit_time"].as_str().unwrap();
    let digits: String = submitted.chars().filter(char::is_ascii_digit).collect();
    let at = &digits[..14];
    let total = async |query: String| list(&emulator, &query).await.json()["total"].clone();
    assert_eq!(total(format!("?start_time={at}&end_time={at}")).await, 1);
    assert_eq!(total(format!("?start_time={at}")).await, 1);
    assert_eq!(total("?end_time=20200101000000".to_owned()).await, 0);
    let wide = format!("?start_time=20200101000000&end_time={at}");
    assert_eq!(list(&emulator, &wide).await.status, 400);
}

#[tokio::test]
async fn five_run_at_once_and_the_others_wait() {
    let emulator = slow()
        .video_limits(VideoLimits::service().submits(None))
        .start()
        .await
        .unwrap();
    for _ in 0..7 {
        created(&emulator, &clip()).await;
    }
    let count = |status| {
        let tasks = emulator.video().tasks();
        tasks.iter().filter(|task| task.status() == status).count()
    };
    emulator.video().advance(minutes(1) + minutes(1) / 2);
    assert_eq!(count(VideoStatus::Running), 5);
    assert_eq!(count(VideoStatus::Pending), 2);
    emulator.video().advance(minutes(1));
    assert_eq!(count(VideoStatus::Succeeded), 5);
    assert_eq!(count(VideoStatus::Running), 2);
}

#[tokio::test(start_paused = true)]
async fn the_sixth_in_a_second_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    for _ in 0..5 {
        created(&emulator, &clip()).await;
    }
    let refused = create(&emulator, &clip()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["code"], "Throttling.RateQuota");
    assert_eq!(refused.header("retry-after"), None);
    tokio::time::advance(Duration::from_secs(1)).await;
    created(&emulator, &clip()).await;
    let video = emulator.video();
    assert_eq!(video.tasks().len(), 6);
    assert_eq!(video.requests(VideoRoute::Create), 7);
    assert_eq!(video.highest_rate(VideoRoute::Create), 6);
}

#[tokio::test(start_paused = true)]
async fn questions_are_limited_route_by_route() {
    let emulator = Emulator::start().await.unwrap();
    let id = created(&emulator, &clip()).await;
    let path = format!("/api/v1/tasks/{id}");
    let ask = async |method: &str, path: &str| call(&emulator, method, path, &[], "").await;
    for _ in 0..20 {
        assert_eq!(ask("GET", &path).await.status, 200);
    }
    assert_eq!(ask("GET", &path).await.status, 429);
    assert_eq!(ask("GET", "/api/v1/tasks").await.status, 200);
    let video = emulator.video();
    assert_eq!(video.highest_rate(VideoRoute::Poll), 21);
    assert_eq!(video.highest_rate(VideoRoute::List), 1);
    assert_eq!(video.requests(VideoRoute::Cancel), 0);
}

#[tokio::test]
async fn there_is_no_waiting_for_a_clip() {
    let emulator = Emulator::start().await.unwrap();
    let answer = call(&emulator, "POST", CREATE, &[], &clip().to_string()).await;
    assert_eq!(answer.status, 403);
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert_eq!(
        answer.json(),
        json!({"code": "AccessDenied", "request_id": id,
            "message": "current user api does not support synchronous calls"})
    );
}

#[tokio::test]
async fn keys_are_held_to_plan_and_region() {
    let emulator = Emulator::start().await.unwrap();
    let submit = async |path: &str, key: String| {
        let mut client = Client::connect(&emulator).await;
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", &*bearer), ("x-dashscope-async", "enable")];
        client
            .send("POST", path, &headers, &clip().to_string())
            .await;
        client.answer().await
    };
    let china = format!("/cn{CREATE}");
    for (path, key) in [
        (CREATE, "sk-sp-1".to_owned()),
        (CREATE, Emulator::key_for(Plan::Coding, Region::Global)),
        (CREATE, Emulator::key_for(Plan::Standard, Region::China)),
        (&china, Emulator::key_for(Plan::Standard, Region::Global)),
    ] {
        let answer = submit(path, key).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["code"], "InvalidApiKey");
    }
    let key = Emulator::key_for(Plan::Standard, Region::China);
    let answer = submit(&china, key).await;
    assert_eq!(answer.status, 200);
    // Each region is an account of its own.
    let id = answer.json()["output"]["task_id"].clone();
    let here = poll(&emulator, id.as_str().unwrap()).await;
    assert_eq!(here["output"]["task_status"], "UNKNOWN");
    assert_eq!(emulator.video().tasks()[0].region(), Region::China);
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_before_it_is_a_task() {
    let emulator = Emulator::start().await.unwrap();
    let with = |field: &str, value: Value| {
        let mut body = clip();
        body["parameters"][field] = value;
        body
    };
    for (body, status, code) in [
        (with("size", json!("1280x720")), 400, "InvalidParameter"),
        (with("duration", json!(99)), 400, "InvalidParameter"),
        (json!({"model": "wan9"}), 404, "ModelNotFound"),
        (json!([]), 400, "BadRequest.EmptyModel"),
        (
            json!({"model": "wan2.7-i2v", "input": {"prompt": "x", "img_url": "https://x/1.png"}}),
            400,
            "InvalidParameter",
        ),
    ] {
        let answer = create(&emulator, &body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{body}"
        );
    }
    let headers = [("x-dashscope-async", "enable")];
    let broken = call(&emulator, "POST", CREATE, &headers, "{").await;
    assert_eq!(broken.status, 400);
    assert_eq!(emulator.video().tasks().len(), 0);
    // Unknown fields are ignored.
    created(&emulator, &with("extend_everything", json!({"a": [1]}))).await;
}

#[tokio::test]
async fn no_emulator_knows_the_tasks_of_another() {
    let id = created(&slow().start().await.unwrap(), &clip()).await;
    let next = slow().start().await.unwrap();
    created(&next, &clip()).await;
    let answer = poll(&next, &id).await;
    assert_eq!(answer["output"]["task_status"], "UNKNOWN");
}

#[tokio::test]
async fn many_tasks_end_in_the_time_that_five_places_take() {
    let emulator = slow()
        .video_limits(VideoLimits::service().submits(None))
        .start()
        .await
        .unwrap();
    for _ in 0..50 {
        created(&emulator, &clip()).await;
    }
    let unfinished = || {
        let tasks = emulator.video().tasks();
        let done = |task: &&VideoTask| task.status() == VideoStatus::Succeeded;
        50 - tasks.iter().filter(done).count()
    };
    // The queue takes a minute, each of ten rounds another.
    for round in 1..=10 {
        emulator.video().advance(minutes(1));
        assert_eq!(unfinished(), 50 - 5 * (round - 1));
    }
    emulator.video().advance(minutes(2));
    assert_eq!(unfinished(), 0);
}

#[tokio::test]
async fn first_and_last_frame_have_their_path() {
    let emulator = slow().start().await.unwrap();
    let body =
        json!({"model": "wan2.2-kf2v-flash", "input": {"first_frame_url": "https://x/1.png"}});
    let headers = [("x-dashscope-async", "enable")];
    let path = "/api/v1/services/aigc/image2video/video-synthesis";
    let answer = call(&emulator, "POST", path, &headers, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    emulator.video().advance(minutes(2));
    let id = answer.json()["output"]["task_id"].clone();
    let done = poll(&emulator, id.as_str().unwrap()).await;
    assert_eq!(
        done["usage"],
        json!({"video_duration": 5, "SR": 720, "video_count": 1})
    );
    let key = list(&emulator, "").await.json()["data"][0]["user_api_unique_key"].clone();
    assert_eq!(
        key,
        "apikey:v1:aigc:image2video:video-synthesis:wan2.2-kf2v-flash"
    );
}
