//! Uploaded files, over both protocols.

use std::time::Duration;

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{client::Answer, video::call};

const OPEN_AI: &str = "/compatible-mode/v1/files";
const NATIVE: &str = "/api/v1/files";
const FORM: [(&str, &str); 1] = [("content-type", "multipart/form-data; boundary=b")];

/// A form of fields and files, which have a name.
fn form(fields: &[(&str, Option<&str>, &str)]) -> String {
    let mut body = String::new();
    for (name, file, content) in fields {
        let file = file
            .map(|file| format!("; filename=\"{file}\""))
            .unwrap_or_default();
        body.push_str(&format!(
            "--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        ));
    }
    body + "--b--\r\n"
}

pub(crate) async fn upload(
    emulator: &Emulator,
    purpose: &str,
    name: &str,
    content: &str,
) -> Answer {
    let body = form(&[("purpose", None, purpose), ("file", Some(name), content)]);
    call(emulator, "POST", OPEN_AI, &FORM, &body).await
}

/// Uploads a file that is taken, and returns its id.
pub(crate) async fn uploaded(
    emulator: &Emulator,
    purpose: &str,
    name: &str,
    content: &str,
) -> String {
    let answer = upload(emulator, purpose, name, content).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn get(emulator: &Emulator, path: &str) -> Answer {
    call(emulator, "GET", path, &[], "").await
}

#[tokio::test]
async fn a_file_is_kept_until_it_is_deleted() {
    let emulator = Emulator::start().await.unwrap();
    let content = "{\"custom_id\": \"1\"}\n";
    let mut file = upload(&emulator, "batch", "lines.jsonl", content)
        .await
        .json();
    let id = file["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("file-batch-"), "{id}");
    assert_eq!(
        get(&emulator, &format!("{OPEN_AI}/{id}")).await.json(),
        file
    );
    let created = file["created_at"].take().as_u64().unwrap();
    assert_eq!(created, emulator.video().now().as_secs());
    assert_eq!(
        file,
        json!({
            "id": id,
            "bytes": content.len(),
            "created_at": null,
            "filename": "lines.jsonl",
            "object": "file",
            "purpose": "batch",
            "status": "processed",
            "status_details": null,
        })
    );
    let read = get(&emulator, &format!("{OPEN_AI}/{id}/content")).await;
    assert_eq!((read.status, &*read.text()), (200, content));
    assert_eq!(
        read.header("content-type"),
        Some("application/octet-stream")
    );

    let path = format!("{OPEN_AI}/{id}");
    let deleted = call(&emulator, "DELETE", &path, &[], "").await;
    assert_eq!(
        deleted.json(),
        json!({"object": "file", "deleted": true, "id": id})
    );
    for (method, path) in [
        ("DELETE", path.clone()),
        ("GET", path.clone()),
        ("GET", format!("{path}/content")),
    ] {
        let answer = call(&emulator, method, &path, &[], "").await;
        assert_eq!(answer.status, 400, "{method} {path}");
        assert_eq!(answer.json()["error"]["message"], "File not found.");
    }
}

#[tokio::test]
async fn lists_have_pages() {
    let emulator = Emulator::start().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..3 {
        emulator.video().advance(Duration::from_secs(60));
        let name = format!("{number}.txt");
        ids.insert(0, uploaded(&emulator, "file-extract", &name, "x").await);
    }
    assert!(ids[0].starts_with("file-fe-"));
    let list = async |query: &str| {
        let answer = get(&emulator, &format!("{OPEN_AI}{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert_eq!(body["object"], "list");
        let rows = body["data"].as_array().unwrap();
        let ids: Vec<_> = rows
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, body["has_more"].as_bool().unwrap())
    };
    assert_eq!(list("").await, (ids.clone(), false));
    assert_eq!(list("?limit=2").await, (ids[..2].to_vec(), true));
    assert_eq!(
        list(&format!("?limit=2&after={}", ids[1])).await,
        (ids[2..].to_vec(), false)
    );
    assert_eq!(list("?purpose=batch").await, (vec![], false));
    assert_eq!(
        list("?create_after=20000101000000").await,
        (ids.clone(), false)
    );
    assert_eq!(list("?create_after=21000101000000").await, (vec![], false));
    for (query, message) in [
        ("?limit=0", "Range of limit should be [1, 2000]"),
        ("?limit=2001", "Range of limit should be [1, 2000]"),
        ("?after=file-batch-1", "File not found."),
        (
            "?create_after=now",
            "create_after must be in the format of yyyyMMddHHmmss",
        ),
    ] {
        let answer = get(&emulator, &format!("{OPEN_AI}{query}")).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["message"], message);
    }
}

#[tokio::test]
async fn what_is_no_upload_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    for (purpose, name, content, message) in [
        (
            "assistants",
            "x.jsonl",
            "{}",
            r#"assistants is not one of ["batch", "file-extract"] - 'purpose'"#,
        ),
        (
            "batch",
            "x.txt",
            "{}",
            "The file of a batch must be .jsonl.",
        ),
        ("batch", "x.jsonl", "", "The file is empty."),
    ] {
        let answer = upload(&emulator, purpose, name, content).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["message"], message);
    }
    let no_file = form(&[("purpose", None, "batch")]);
    let answer = call(&emulator, "POST", OPEN_AI, &FORM, &no_file).await;
    assert_eq!(
        answer.json()["error"]["message"],
        "'file' is a required property"
    );
    let answer = call(&emulator, "POST", OPEN_AI, &[], "{}").await;
    assert_eq!(
        answer.json()["error"]["message"],
        "The body must be multipart/form-data."
    );
    let id = uploaded(&emulator, "file-extract", "x.txt", "text").await;
    let content = get(&emulator, &format!("{OPEN_AI}/{id}/content")).await;
    assert_eq!(content.status, 400);
    assert_eq!(
        content.json()["error"]["message"],
        "Not allowed to download files of purpose: file-extract"
    );
    for (method, path, status) in [
        ("PUT", OPEN_AI.to_owned(), 405),
        ("POST", format!("{OPEN_AI}/{id}"), 405),
        ("GET", format!("{OPEN_AI}/{id}/other"), 404),
        ("GET", "/coding/v1/files".to_owned(), 404),
    ] {
        assert_eq!(
            call(&emulator, method, &path, &[], "").await.status,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn files_are_limited_in_number_and_in_bytes() {
    let emulator = Emulator::builder()
        .max_body(60 << 20)
        .start()
        .await
        .unwrap();
    let large = "x".repeat(50 << 20);
    for _ in 0..2 {
        uploaded(&emulator, "batch", "x.jsonl", &large).await;
    }
    let answer = upload(&emulator, "batch", "x.jsonl", &large).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["error"]["message"],
        "The total size of files should not be larger than 134217728 bytes."
    );
    // What cannot be read back takes no room.
    uploaded(&emulator, "file-extract", "x.txt", &large).await;
    // A body of the size that is taken, and no more.
    let answer = upload(&emulator, "batch", "x.jsonl", &"x".repeat(60 << 20)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["message"], "Payload Too Large");
}

#[tokio::test]
async fn native_files_have_the_shapes_that_the_sdk_reads() {
    let emulator = Emulator::start().await.unwrap();
    let body = form(&[
        ("descriptions", None, "the first"),
        ("files", Some("a.jsonl"), "{}"),
        ("files", Some("b.jsonl"), "{}\n{}"),
    ]);
    let reply = call(&emulator, "POST", NATIVE, &FORM, &body).await.json();
    let uploaded = reply["data"]["uploaded_files"].as_array().unwrap();
    assert_eq!(reply["data"]["failed_uploads"], json!([]));
    let names: Vec<_> = uploaded.iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["a.jsonl", "b.jsonl"]);
    let id = uploaded[0]["file_id"].as_str().unwrap();
    assert_eq!(id.len(), 36);

    let mut file = get(&emulator, &format!("{NATIVE}/{id}")).await.json()["data"].clone();
    let created = file["gmt_create"].take();
    assert_eq!(created.as_str().unwrap().len(), "2025-09-29 14:18:52".len());
    assert_eq!(file["upload_time"].take(), created);
    assert_eq!(
        file,
        json!({
            "file_id": id,
            "name": "a.jsonl",
            "description": "the first",
            "purpose": "fine-tune",
            "size": 2,
            "gmt_create": null,
            "upload_time": null,
        })
    );
    let list = get(&emulator, &format!("{NATIVE}?page_no=2&page_size=1"))
        .await
        .json();
    let Value::Object(data) = &list["data"] else {
        panic!("a list has data")
    };
    assert_eq!(
        (&data["total"], &data["page_no"], &data["page_size"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!(data["files"].as_array().unwrap().len(), 1);
    assert_eq!(data["files"][0]["file_id"], id);

    // The other API, and the other region, have their own.
    assert_eq!(get(&emulator, OPEN_AI).await.json()["data"], json!([]));
    let china = get(&emulator, &format!("/cn{NATIVE}/{id}")).await;
    assert_eq!(china.status, 400);

    let path = format!("{NATIVE}/{id}");
    let deleted = call(&emulator, "DELETE", &path, &[], "").await;
    assert_eq!(deleted.status, 200);
    assert!(deleted.json()["request_id"].is_string());
    let gone = get(&emulator, &path).await;
    assert_eq!(gone.status, 400);
    let error = gone.json();
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("InvalidParameter"), &json!("File not found."))
    );
    let answer = get(&emulator, &format!("{NATIVE}?page_no=0")).await;
    assert_eq!(
        answer.json()["message"],
        "page_no must be a positive integer"
    );
    let answer = call(&emulator, "POST", NATIVE, &FORM, &form(&[("x", None, "y")])).await;
    assert_eq!(answer.json()["message"], "'files' is a required property");
}

#[tokio::test]
async fn faults_work_on_files() {
    let emulator = Emulator::start().await.unwrap();
    let hit = async |method: &str, path: &str, fault: &str| {
        let headers = [FORM[0], ("x-emulator-fault", fault)];
        let body = form(&[("purpose", None, "batch"), ("file", Some("x.jsonl"), "{}")]);
        call(&emulator, method, path, &headers, &body).await
    };
    for path in [OPEN_AI, NATIVE] {
        for method in ["GET", "POST"] {
            assert_eq!(hit(method, path, "limit-requests").await.status, 429);
            assert!(hit(method, path, "reset-before").await.error.is_some());
        }
    }
    // Lost is the answer, not the file.
    assert!(hit("POST", OPEN_AI, "lost-answer").await.error.is_some());
    assert_eq!(
        get(&emulator, OPEN_AI).await.json()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(hit("GET", OPEN_AI, "truncate").await.error.is_some());
}
