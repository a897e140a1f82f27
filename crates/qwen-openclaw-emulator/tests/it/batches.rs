//! Batches: their states, their list, their limits.

use std::time::Duration;

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    client::Answer,
    files::{get, uploaded},
    video::{call, slow},
};

pub(crate) const PATH: &str = "/compatible-mode/v1/batches";
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// A line that asks a model.
pub(crate) fn line(id: &str, url: &str, body: &Value) -> String {
    json!({"custom_id": id, "method": "POST", "url": url, "body": body}).to_string() + "\n"
}

/// Chats whose second is refused.
fn chats(number: usize) -> String {
    let line = |number: usize| {
        let temperature = if number == 1 { 5 } else { 1 };
        let body = json!({
            "model": "qwen-plus",
            "messages": [{"role": "user", "content": "Say hello"}],
            "temperature": temperature,
        });
        line(&format!("line-{number}"), CHAT, &body)
    };
    (0..number).map(line).collect()
}

pub(crate) async fn create(emulator: &Emulator, file: &str, endpoint: &str) -> Answer {
    let body = json!({
        "input_file_id": file,
        "endpoint": endpoint,
        "completion_window": "24h",
        "metadata": {"ds_name": format!("about {file}")},
    });
    call(emulator, "POST", PATH, &[], &body.to_string()).await
}

/// Creates a batch of a new file.
pub(crate) async fn created(emulator: &Emulator, endpoint: &str, lines: &str) -> Value {
    let file = uploaded(emulator, "batch", "lines.jsonl", lines).await;
    let answer = create(emulator, &file, endpoint).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub(crate) async fn poll(emulator: &Emulator, batch: &Value) -> Value {
    let id = batch["id"].as_str().unwrap();
    let answer = get(emulator, &format!("{PATH}/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn cancel(emulator: &Emulator, batch: &Value) -> Answer {
    let path = format!("{PATH}/{}/cancel", batch["id"].as_str().unwrap());
    call(emulator, "POST", &path, &[], "").await
}

/// The rows of a result.
pub(crate) async fn rows(emulator: &Emulator, file: &Value) -> Vec<Value> {
    let id = file.as_str().unwrap();
    let answer = get(emulator, &format!("/compatible-mode/v1/files/{id}/content")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    assert!(text.ends_with('\n'));
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    rows.collect()
}

fn counts(total: usize, completed: usize, failed: usize) -> Value {
    json!({"total": total, "completed": completed, "failed": failed})
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_batch_goes_from_state_to_state() {
    let emulator = slow().start().await.unwrap();
    let new = created(&emulator, CHAT, &chats(4)).await;
    let at = new["created_at"].as_u64().unwrap();
    assert!(new["id"].as_str().unwrap().starts_with("batch_"));
    assert_eq!(
        new,
        json!({
            "id": new["id"],
            "object": "batch",
            "endpoint": CHAT,
            "errors": null,
            "input_file_id": new["input_file_id"],
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": null,
            "error_file_id": null,
            "created_at": at,
            "in_progress_at": null,
            "expires_at": at + 24 * 3600,
            "finalizing_at": null,
            "completed_at": null,
            "failed_at": null,
            "expired_at": null,
            "cancelling_at": null,
            "cancelled_at": null,
            "request_counts": counts(0, 0, 0),
            "metadata": new["metadata"],
        })
    );
    for (advance, status, count) in [
        (60, "in_progress", counts(4, 0, 0)),
        (30, "in_progress", counts(4, 1, 1)),
        (15, "in_progress", counts(4, 2, 1)),
        (15, "finalizing", counts(4, 3, 1)),
    ] {
        emulator.video().advance(seconds(advance));
        let batch = poll(&emulator, &new).await;
        assert_eq!(
            (&batch["status"], &batch["request_counts"]),
            (&json!(status), &count)
        );
        assert_eq!(batch["output_file_id"], Value::Null);
    }
    emulator.video().advance(seconds(60));
    let done = poll(&emulator, &new).await;
    assert_eq!(done["status"], "completed");
    let times = ["in_progress_at", "finalizing_at", "completed_at"].map(|name| {
        let time = done[name].as_u64().unwrap();
        time - at
    });
    assert_eq!(times, [60, 120, 180]);

    let output = rows(&emulator, &done["output_file_id"]).await;
    let ids: Vec<_> = output.iter().map(|row| &row["custom_id"]).collect();
    assert_eq!(ids, ["line-0", "line-2", "line-3"]);
    let row = &output[0];
    assert_eq!(row["error"], Value::Null);
    assert_eq!(row["response"]["status_code"], 200);
    assert_eq!(row["response"]["request_id"], row["id"]);
    let body = &row["response"]["body"];
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "qwen-plus");
    assert_eq!(
        body["usage"]["prompt_tokens_details"]["cached_tokens"],
        json!(0)
    );
    let errors = rows(&emulator, &done["error_file_id"]).await;
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["custom_id"], "line-1");
    assert_eq!(errors[0]["response"]["status_code"], 400);
    assert_eq!(
        errors[0]["error"]["code"],
        errors[0]["response"]["body"]["error"]["code"]
    );
    assert_eq!(errors[0]["error"]["code"], "invalid_parameter_error");
    // The results are files like others.
    let id = done["output_file_id"].as_str().unwrap();
    assert!(id.starts_with("file-batch_output-"));
    let file = get(&emulator, &format!("/compatible-mode/v1/files/{id}")).await;
    assert_eq!(file.json()["created_at"], done["completed_at"]);
    let late = cancel(&emulator, &new).await;
    assert_eq!(late.status, 400);
    assert_eq!(
        late.json()["error"]["message"],
        "Cannot cancel a batch with status completed."
    );
}

#[tokio::test]
async fn a_canceled_batch_keeps_what_was_answered() {
    let emulator = slow().start().await.unwrap();
    let new = created(&emulator, CHAT, &chats(4)).await;
    emulator.video().advance(seconds(90));
    let canceling = cancel(&emulator, &new).await.json();
    assert_eq!(canceling["status"], "cancelling");
    assert_eq!(canceling["output_file_id"], Value::Null);
    emulator.video().advance(seconds(60));
    let canceled = poll(&emulator, &new).await;
    assert_eq!(canceled["status"], "cancelled");
    assert_eq!(canceled["request_counts"], counts(4, 1, 1));
    assert_eq!(
        canceled["cancelled_at"].as_u64().unwrap() - canceled["cancelling_at"].as_u64().unwrap(),
        60
    );
    assert_eq!(canceled["finalizing_at"], Value::Null);
    assert_eq!(rows(&emulator, &canceled["output_file_id"]).await.len(), 1);
    assert_eq!(cancel(&emulator, &new).await.status, 400);

    // One that did not begin has no files.
    let early = created(&emulator, CHAT, &chats(1)).await;
    assert_eq!(
        cancel(&emulator, &early).await.json()["status"],
        "cancelling"
    );
    emulator.video().advance(seconds(60));
    let canceled = poll(&emulator, &early).await;
    assert_eq!(canceled["status"], "cancelled");
    for null in ["output_file_id", "error_file_id", "in_progress_at"] {
        assert_eq!(canceled[null], Value::Null, "{null}");
    }
}

#[tokio::test]
async fn a_batch_that_takes_too_long_expires() {
    let emulator = Emulator::builder()
        .video_times(seconds(3600), seconds(46 * 3600))
        .start()
        .await
        .unwrap();
    let new = created(&emulator, CHAT, &chats(4)).await;
    emulator.video().advance(seconds(25 * 3600));
    let expired = poll(&emulator, &new).await;
    assert_eq!(expired["status"], "expired");
    assert_eq!(expired["expired_at"], expired["expires_at"]);
    // Half of its time to run was over.
    assert_eq!(expired["request_counts"], counts(4, 1, 3));
    let errors = rows(&emulator, &expired["error_file_id"]).await;
    let codes: Vec<_> = errors.iter().map(|row| &row["error"]["code"]).collect();
    assert_eq!(
        codes,
        ["invalid_parameter_error", "batch_expired", "batch_expired"]
    );
    assert_eq!(errors[1]["custom_id"], "line-2");
    assert_eq!(errors[1]["response"], Value::Null);
    assert_eq!(rows(&emulator, &expired["output_file_id"]).await.len(), 1);
}

#[tokio::test]
async fn lists_are_filtered() {
    let emulator = slow().start().await.unwrap();
    let mut batches = Vec::new();
    for _ in 0..3 {
        batches.insert(0, created(&emulator, CHAT, &chats(1)).await);
        emulator.video().advance(seconds(100));
    }
    let ids: Vec<_> = batches.iter().map(|batch| &batch["id"]).collect();
    let list = async |query: &str| {
        let answer = get(&emulator, &format!("{PATH}{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let found = async |query: &str| {
        let list = list(query).await;
        let rows = list["data"].as_array().unwrap().clone();
        rows.into_iter()
            .map(|mut row| row["id"].take())
            .map(|id| ids.iter().position(|known| **known == id).unwrap())
            .collect::<Vec<_>>()
    };
    let all = list("").await;
    assert_eq!(all["object"], "list");
    assert_eq!(all["has_more"], false);
    assert_eq!((&all["first_id"], &all["last_id"]), (ids[0], ids[2]));
    assert_eq!(list("?limit=2").await["has_more"], true);
    assert_eq!(found("?limit=2").await, [0, 1]);
    let after = format!("?after={}", ids[0].as_str().unwrap());
    assert_eq!(found(&after).await, [1, 2]);
    assert_eq!(found("?status=in_progress").await, [0]);
    assert_eq!(found("?status=completed,finalizing").await, [1, 2]);
    let file = batches[1]["input_file_id"].as_str().unwrap();
    assert_eq!(found(&format!("?input_file_ids=x,{file}")).await, [1]);
    assert_eq!(found(&format!("?ds_name={file}")).await, [1]);
    assert!(found("?create_before=20000101000000").await.is_empty());
    assert_eq!(found("?create_after=20000101000000").await, [0, 1, 2]);
    for (query, message) in [
        ("?limit=101", "Range of limit should be [1, 100]"),
        (
            "?create_after=1",
            "create_after must be in the format of yyyyMMddHHmmss",
        ),
    ] {
        let answer = get(&emulator, &format!("{PATH}{query}")).await;
        assert_eq!(answer.json()["error"]["message"], message);
    }
    let unknown = get(&emulator, &format!("{PATH}?after=batch_x")).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        get(&emulator, &format!("{PATH}?status=done")).await.status,
        400
    );
    // The other region has its own, and no batch is known for longer than 30 days.
    assert_eq!(
        get(&emulator, &format!("/cn{PATH}")).await.json()["data"],
        json!([])
    );
    emulator.video().advance(seconds(30 * 24 * 3600));
    assert!(found("").await.is_empty());
}

#[tokio::test]
async fn calls_are_limited_per_minute() {
    let emulator = slow().start().await.unwrap();
    for _ in 0..100 {
        assert_eq!(get(&emulator, PATH).await.status, 200);
    }
    let refusal = get(&emulator, PATH).await;
    assert_eq!(refusal.status, 429);
    assert_eq!(refusal.json()["error"]["code"], "limit_requests");
    // Each call has a limit of its own, and each region.
    assert_eq!(get(&emulator, &format!("/cn{PATH}")).await.status, 200);
    assert_eq!(get(&emulator, &format!("{PATH}/batch_x")).await.status, 404);
    emulator.video().advance(seconds(60));
    assert_eq!(get(&emulator, PATH).await.status, 200);

    let token = emulator.control_token().to_owned();
    let change = json!({"list": 1, "get": null}).to_string();
    let headers = [
        ("x-emulator-token", &*token),
        ("content-type", "application/json"),
    ];
    let path = "/emulator/quotas/batches";
    let changed = call(&emulator, "POST", path, &headers, &change).await;
    assert_eq!(
        changed.json()["limits"],
        json!({"create": 1000, "get": null, "list": 1, "cancel": 1000})
    );
    assert_eq!(get(&emulator, PATH).await.status, 429);
}

#[tokio::test]
async fn faults_work_on_batches() {
    let emulator = slow().start().await.unwrap();
    let batch = created(&emulator, CHAT, &chats(1)).await;
    let one = format!("{PATH}/{}", batch["id"].as_str().unwrap());
    let body = json!({
        "input_file_id": batch["input_file_id"],
        "endpoint": CHAT,
        "completion_window": "1d",
    })
    .to_string();
    for (method, path) in [
        ("GET", PATH.to_owned()),
        ("GET", one.clone()),
        ("POST", format!("{one}/cancel")),
        ("POST", PATH.to_owned()),
    ] {
        let hit = async |fault: &str| {
            let headers = [("x-emulator-fault", fault)];
            call(&emulator, method, &path, &headers, &body).await
        };
        assert_eq!(hit("limit-requests").await.status, 429, "{path}");
        assert_eq!(hit("bad-gateway").await.status, 502);
        assert!(hit("reset-before").await.error.is_some());
        assert!(!hit("truncate").await.complete);
    }
    // Lost was the answer, not the batch.
    let list = get(&emulator, PATH).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let canceled = poll(&emulator, &batch).await;
    assert_eq!(canceled["status"], "cancelling");
}
