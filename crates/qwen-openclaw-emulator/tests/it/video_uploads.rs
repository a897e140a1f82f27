//! Temporary uploads: policy, form, and the address that requests use.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, VideoRoute};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    video::{call, slow},
};

const MODEL: &str = "wan2.6-i2v";

/// Gets a policy for a model.
pub(crate) async fn policy(emulator: &Emulator, model: &str) -> Value {
    let path = format!("/api/v1/uploads?action=getPolicy&model={model}");
    let answer = call(emulator, "GET", &path, &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].clone()
}

/// The documented form for a policy and a file name.
pub(crate) fn form(policy: &Value, name: &str) -> Vec<(&'static str, String)> {
    let text = |field: &str| policy[field].as_str().unwrap().to_owned();
    vec![
        ("OSSAccessKeyId", text("oss_access_key_id")),
        ("Signature", text("signature")),
        ("policy", text("policy")),
        ("key", format!("{}/{name}", text("upload_dir"))),
        ("x-oss-object-acl", text("x_oss_object_acl")),
        ("x-oss-forbid-overwrite", text("x_oss_forbid_overwrite")),
        ("success_action_status", "200".to_owned()),
        ("file", "\u{89}PNG, more or less".to_owned()),
    ]
}

/// Sends a form.
pub(crate) async fn send(
    emulator: &Emulator,
    fields: &[(&'static str, String)],
    headers: &[(&str, &str)],
) -> Answer {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--b--\r\n");
    let mut all = vec![("content-type", "multipart/form-data; boundary=b")];
    all.extend(headers);
    let mut client = Client::connect(emulator).await;
    client.send("POST", "/dashscope-file", &all, &body).await;
    client.answer().await
}

/// Uploads an image for a model and returns its URL.
pub(crate) async fn upload(emulator: &Emulator, model: &str, content: &[u8]) -> String {
    upload_as(emulator, model, "file.png", content).await
}

/// Uploads a file for a model, as the SDK does, and returns its URL.
pub(crate) async fn upload_as(
    emulator: &Emulator,
    model: &str,
    name: &str,
    content: &[u8],
) -> String {
    let policy = policy(emulator, model).await;
    let mut fields = form(&policy, name);
    let key = fields[3].1.clone();
    fields.pop();
    let mut body = Vec::new();
    for (name, value) in &fields {
        body.extend(part(name, value.as_bytes()));
    }
    body.extend(part("file", content));
    body.extend(b"--b--\r\n");
    let mut client = Client::connect(emulator).await;
    let head = format!(
        "POST /dashscope-file HTTP/1.1\r\nhost: localhost\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write(head.as_bytes()).await;
    client.write(&body).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    format!("oss://{key}")
}

fn part(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// Submits a clip that starts from `url`, with or without the header that resolves uploads.
async fn create(emulator: &Emulator, url: &str, resolve: bool) -> Answer {
    let body = json!({"model": MODEL, "input": {"img_url": url}});
    let mut headers = vec![("x-dashscope-async", "enable")];
    if resolve {
        headers.push(("x-dashscope-ossresourceresolve", "enable"));
    }
    let path = "/api/v1/services/aigc/video-generation/video-synthesis";
    call(emulator, "POST", path, &headers, &body.to_string()).await
}

#[tokio::test]
async fn an_upload_can_be_used_for_its_model_for_two_days() {
    let emulator = slow().start().await.unwrap();
    let policy = policy(&emulator, MODEL).await;
    assert_eq!(
        policy["upload_host"],
        format!("{}/dashscope-file", emulator.origin())
    );
    assert_eq!(policy["expire_in_seconds"], 300);
    let fields = form(&policy, "a cat.png");
    let answer = send(&emulator, &fields, &[]).await;
    assert_eq!((answer.status, &*answer.text()), (200, ""));
    let [upload] = &emulator.video().uploads()[..] else {
        panic!("there is one upload")
    };
    assert_eq!(upload.url(), format!("oss://{}", fields[3].1));
    assert_eq!((upload.model(), upload.bytes()), (MODEL, fields[7].1.len()));

    assert_eq!(create(&emulator, &upload.url(), true).await.status, 200);
    let refused = create(&emulator, &upload.url(), false).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["code"], "InvalidParameter");
    assert!(refused.text().contains("does not appear to be valid"));
    let missing = create(&emulator, "oss://dashscope-instant/none", true).await;
    assert_eq!(missing.json()["code"], "InvalidParameter.DataInspection");

    emulator.video().advance(Duration::from_secs(2 * 86_400));
    let late = create(&emulator, &upload.url(), true).await;
    assert_eq!(late.json()["code"], "InvalidParameter.DataInspection");
    assert_eq!(emulator.video().requests(VideoRoute::Policy), 1);
    assert_eq!(emulator.video().requests(VideoRoute::Upload), 1);
}

#[tokio::test]
async fn an_upload_for_another_model_is_of_no_use() {
    let emulator = slow().start().await.unwrap();
    let policy = policy(&emulator, "wan2.7-i2v").await;
    assert_eq!(
        send(&emulator, &form(&policy, "x.png"), &[]).await.status,
        200
    );
    let url = emulator.video().uploads()[0].url();
    let answer = create(&emulator, &url, true).await;
    assert_eq!(answer.json()["code"], "InvalidParameter.DataInspection");
}

#[tokio::test]
async fn a_form_is_held_to_its_policy() {
    let emulator = slow().start().await.unwrap();
    let policy = policy(&emulator, MODEL).await;
    let good = form(&policy, "x.png");
    let with = |at: usize, value: &str| {
        let mut form = good.clone();
        value.clone_into(&mut form[at].1);
        form
    };
    let moved = |from: usize, to: usize| {
        let mut form = good.clone();
        let field = form.remove(from);
        form.insert(to, field);
        form
    };
    for (form, status, says) in [
        (with(0, "LTAIother"), 403, "InvalidAccessKeyId"),
        (with(1, "forged"), 403, "SignatureDoesNotMatch"),
        (with(2, "e30="), 403, "SignatureDoesNotMatch"),
        (with(3, "elsewhere/x.png"), 403, "Policy Condition failed"),
        (with(4, "public-read"), 403, "Policy Condition failed"),
        (moved(7, 0), 400, "last field"),
        (moved(3, 0), 400, "not in its place"),
        (good[..7].to_vec(), 400, "exactly one file"),
        (good[1..].to_vec(), 400, "OSSAccessKeyId"),
    ] {
        let answer = send(&emulator, &form, &[]).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(says), "{says}: {}", answer.text());
    }
    assert!(emulator.video().uploads().is_empty());
    assert_eq!(send(&emulator, &good, &[]).await.status, 200);
    assert_eq!(send(&emulator, &good, &[]).await.status, 409);
    emulator.video().advance(Duration::from_secs(300));
    let late = send(&emulator, &form(&policy, "y.png"), &[]).await;
    assert!(late.text().contains("Policy expired"), "{}", late.text());
}

#[tokio::test]
async fn a_credential_on_a_form_is_noticed() {
    let emulator = slow().start().await.unwrap();
    let policy = policy(&emulator, MODEL).await;
    let form = form(&policy, "x.png");
    send(&emulator, &form, &[("authorization", "Bearer sk-1")]).await;
    assert_eq!(emulator.video().credentials_seen(), 1);
}

#[tokio::test]
async fn a_policy_is_for_a_model_that_is_known() {
    let emulator = slow().start().await.unwrap();
    for (query, status) in [
        ("?action=getPolicy&model=qwen-vl-max-latest", 200),
        ("?action=getPolicy&model=wan9", 404),
        ("?action=getPolicy", 400),
        ("?model=wan2.6-i2v", 400),
        ("", 400),
    ] {
        let path = format!("/api/v1/uploads{query}");
        let answer = call(&emulator, "GET", &path, &[], "").await;
        assert_eq!(answer.status, status, "{query}");
    }
}
