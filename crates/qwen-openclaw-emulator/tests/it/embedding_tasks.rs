//! Tasks that embed the lines of a file.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, EmulatorBuilder, VideoStatus};
use serde_json::{Value, json};

use crate::{
    client::Answer,
    embeddings::{cosine, taken, vector},
    video::{call, poll, slow},
    video_files::download,
    video_uploads::upload_as,
};

const PATH: &str = "/api/v1/services/embeddings/text-embedding/text-embedding";
const MODEL: &str = "text-embedding-async-v2";

async fn create(emulator: &Emulator, model: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("x-dashscope-async", "enable")];
    all.extend(headers);
    let parameters = json!({"text_type": "document"});
    let body = json!({"model": model, "input": {"url": url}, "parameters": parameters});
    call(emulator, "POST", PATH, &all, &body.to_string()).await
}

/// Uploads a file and creates the task for its lines; returns the task's id.
async fn created(emulator: &Emulator, name: &str, lines: &str) -> String {
    let url = upload_as(emulator, MODEL, name, lines.as_bytes()).await;
    let headers = [("x-dashscope-ossresourceresolve", "enable")];
    let answer = create(emulator, MODEL, &url, &headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let output = answer.json()["output"].clone();
    assert_eq!(output["task_status"], "PENDING");
    output["task_id"].as_str().unwrap().to_owned()
}

/// What is in a file of stored blocks.
fn unpack(file: &[u8]) -> String {
    assert_eq!(file[..4], [0x1f, 0x8b, 8, 0]);
    let (mut at, mut data, mut last) = (10, Vec::new(), false);
    while !last {
        last = file[at] == 1;
        let length = usize::from(u16::from_le_bytes([file[at + 1], file[at + 2]]));
        data.extend(&file[at + 5..at + 5 + length]);
        at += 5 + length;
    }
    assert_eq!(file[at + 4..], (data.len() as u32).to_le_bytes());
    String::from_utf8(data).unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[tokio::test]
async fn the_lines_of_an_upload_become_vectors() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, "lines.txt", "the wind blows\n\na cat\r\n").await;
    assert_eq!(
        poll(&emulator, &id).await["output"]["task_status"],
        "PENDING"
    );
    emulator.video().advance(minutes(1));
    assert_eq!(
        poll(&emulator, &id).await["output"]["task_status"],
        "RUNNING"
    );
    emulator.video().advance(minutes(1));
    let done = poll(&emulator, &id).await;
    assert_eq!(done["output"]["task_status"], "SUCCEEDED");
    assert_eq!(done["usage"], json!({"total_tokens": 5}));
    let url = done["output"]["url"].as_str().unwrap();
    let path = url.strip_prefix(emulator.origin()).unwrap();
    assert!(path.contains(&format!("{id}.gz?")), "{path}");
    let file = download(&emulator, path, &[]).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), Some("application/gzip"));
    let bytes = file.chunks.concat();
    let rows: Vec<Value> = unpack(&bytes)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let texts =
        json!({"model": "text-embedding-v2", "input": {"texts": ["the wind blows", "a cat"]}});
    let reply = taken(PATH, texts).await;
    assert_eq!(rows.len(), 2);
    for (row, wanted) in rows
        .iter()
        .zip(reply["output"]["embeddings"].as_array().unwrap())
    {
        assert_eq!(row["text_index"], wanted["text_index"]);
        let cosine = cosine(&vector(&row["embedding"]), &vector(&wanted["embedding"]));
        assert!((cosine - 1.0).abs() < 1e-5);
    }
    let part = download(&emulator, path, &[("range", "bytes=10-19")]).await;
    assert_eq!(
        (part.status, part.chunks.concat()),
        (206, bytes[10..20].to_vec())
    );
    emulator.video().advance(minutes(25 * 60));
    assert_eq!(download(&emulator, path, &[]).await.status, 403);
}

#[tokio::test]
async fn tasks_are_listed_and_canceled_as_those_of_videos_are() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, "lines.txt", "x").await;
    let [task] = &emulator.video().tasks()[..] else {
        panic!("there is one task")
    };
    assert_eq!(
        (task.id(), task.model(), task.size()),
        (&*id, MODEL, (0, 0))
    );
    let list = call(&emulator, "GET", "/api/v1/tasks", &[], "")
        .await
        .json();
    let row = &list["data"][0];
    assert_eq!(
        (&row["task_id"], &row["model_name"]),
        (&json!(id), &json!(MODEL))
    );
    assert_eq!(
        row["user_api_unique_key"],
        format!("apikey:v1:embeddings:text-embedding:text-embedding:{MODEL}")
    );
    let cancel = format!("/api/v1/tasks/{id}/cancel");
    assert_eq!(call(&emulator, "POST", &cancel, &[], "").await.status, 200);
    assert_eq!(emulator.video().tasks()[0].status(), VideoStatus::Canceled);
}

#[tokio::test]
async fn a_file_elsewhere_is_one_line() {
    let emulator = slow().start().await.unwrap();
    let url = "https://example.com/lines.txt";
    let id = create(&emulator, MODEL, url, &[]).await.json()["output"]["task_id"].clone();
    emulator.video().advance(minutes(2));
    let done = poll(&emulator, id.as_str().unwrap()).await;
    let url = done["output"]["url"].as_str().unwrap();
    let path = url.strip_prefix(emulator.origin()).unwrap();
    let file = download(&emulator, path, &[]).await.chunks.concat();
    assert_eq!(unpack(&file).lines().count(), 1);
}

#[tokio::test]
async fn a_file_of_another_type_fails_the_task() {
    let emulator = slow().start().await.unwrap();
    let id = created(&emulator, "lines.csv", "x").await;
    emulator.video().advance(minutes(2));
    let failed = poll(&emulator, &id).await["output"].clone();
    assert_eq!(failed["task_status"], "FAILED");
    assert_eq!(failed["code"], "InvalidFile.TypeNotTxt");
    assert_eq!(failed["url"], "null");
}

#[tokio::test]
async fn what_is_no_task_is_refused() {
    let emulator = slow().start().await.unwrap();
    let txt = "https://example.com/lines.txt";
    for (model, url, status, code) in [
        ("text-embedding-v4", txt, 403, "AccessDenied"),
        ("nobody", txt, 404, "ModelNotFound"),
        (MODEL, "lines.txt", 400, "InvalidParameter"),
        (MODEL, "oss://none/lines.txt", 400, "InvalidParameter"),
        (MODEL, "", 400, "InvalidParameter"),
    ] {
        let answer = create(&emulator, model, url, &[]).await;
        assert_eq!(answer.status, status, "{model} {url}");
        assert_eq!(answer.json()["code"], code, "{model} {url}");
    }
    let body = json!({"model": MODEL, "input": {"url": txt}}).to_string();
    let answer = call(&emulator, "POST", PATH, &[], &body).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json()["message"],
        "current user api does not support synchronous calls"
    );
    for lines in ["\n".to_owned(), "x\n".repeat(2001)] {
        let url = upload_as(&emulator, MODEL, "lines.txt", lines.as_bytes()).await;
        let headers = [("x-dashscope-ossresourceresolve", "enable")];
        let answer = create(&emulator, MODEL, &url, &headers).await;
        assert_eq!(
            answer.json()["message"],
            "Range of lines should be [1, 2000]"
        );
    }
}

#[tokio::test]
async fn faults_of_tasks_and_files_work() {
    let fault = |fault: &str| -> EmulatorBuilder {
        slow().fault(fault.parse::<qwen_openclaw_emulator::FaultRule>().unwrap())
    };
    let emulator = fault("task-fails;code=InvalidFile.Content;times=1")
        .start()
        .await
        .unwrap();
    let url = "https://example.com/lines.txt";
    let answer = create(&emulator, MODEL, url, &[]).await.json();
    emulator.video().advance(minutes(2));
    let id = answer["output"]["task_id"].as_str().unwrap();
    let failed = poll(&emulator, id).await["output"].clone();
    assert_eq!(
        (&failed["code"], &failed["url"]),
        (&json!("InvalidFile.Content"), &json!("null"))
    );

    let emulator = fault("truncate;size=40;on=result").start().await.unwrap();
    let answer = create(&emulator, MODEL, url, &[]).await.json();
    emulator.video().advance(minutes(2));
    let done = poll(&emulator, answer["output"]["task_id"].as_str().unwrap()).await;
    let url = done["output"]["url"].as_str().unwrap();
    let path = url.strip_prefix(emulator.origin()).unwrap();
    let file = download(&emulator, path, &[]).await;
    assert_eq!(file.status, 200);
    assert!(file.error.is_some() && !file.complete);
}
