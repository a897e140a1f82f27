//! Each form of a request and its answer, as the vendor documents them.

use std::path::Path;

use qwen_openclaw_image::{
    Finished, ImageRequest,
    catalog::image::Size,
    task::{JobStore, MemoryJobs, Phase},
};
use serde_json::{Value, json};

use crate::service::{MESSAGES, MESSAGES_TASK, OPENAI, PNG, PROMPT_TASK, Service};

/// Makes images and saves them as `a.png`, and returns the names with the one request there was.
async fn make(service: &Service, request: &ImageRequest) -> (Finished, Vec<String>, Value) {
    let store = MemoryJobs::new();
    let folder = tempfile::tempdir().unwrap();
    let job = service.client(&store).submit(request).await.unwrap();
    let done = job.wait().await.unwrap();
    let saved = done.save(folder.path().join("a.png")).await.unwrap();
    assert_eq!(saved.record().phase(), Phase::Saved);
    assert_eq!(
        store.list().await.unwrap().records,
        [saved.record().clone()]
    );
    let name = |path: &Path| {
        assert_eq!(std::fs::read(path).unwrap(), PNG);
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    let names = saved.record().saved().map(name).collect();
    let mut made = service.made().await;
    assert_eq!(made.len(), 1);
    let made = made.remove(0);
    let header = |name: &str| Some(made.headers.get(name)?.to_str().unwrap());
    assert_eq!(
        header("authorization"),
        Some("Bearer sk-secret-0123456789abcdef")
    );
    let is_task = [MESSAGES_TASK, PROMPT_TASK].contains(&made.url.path());
    assert_eq!(header("x-dashscope-async"), is_task.then_some("enable"));
    for request in service.server.received_requests().await.unwrap() {
        // The URL of a result is its own key.
        let has_key = request.headers.contains_key("authorization");
        assert_eq!(has_key, !request.url.path().starts_with("/files/"));
    }
    (saved, names, made.body_json().unwrap())
}

#[tokio::test]
async fn the_openai_path() {
    let service = Service::start().await;
    let usage = json!({"output_width": 1328, "output_height": 1328, "input_image_count": 0,
        "input_image_type": "qima_input_1k", "output_image_count": 1,
        "output_image_type": "qima_output_1k"});
    let answer = json!({"created": 1_795_600_000, "data": [{"url": service.file("a")}],
        "usage": usage});
    let answer = wiremock::ResponseTemplate::new(200)
        .set_body_json(answer)
        .insert_header("x-request-id", "r-1");
    service.on("POST", OPENAI, answer).await;
    let request = ImageRequest::new("qwen-image-3.0")
        .prompt("a red crane over a pine wood, woodcut")
        .size(Size::new(1328, 1328))
        .prompt_extend(false)
        .seed(7);
    let (saved, names, body) = make(&service, &request).await;
    assert_eq!(names, ["a.png"]);
    assert_eq!(
        body,
        json!({"model": "qwen-image-3.0", "prompt": "a red crane over a pine wood, woodcut",
               "n": 1, "size": "1328x1328", "prompt_extend": false, "seed": 7})
    );
    // The request id is in the head alone.
    assert_eq!(saved.record().request_id(), Some("r-1"));
    assert_eq!(saved.usage(), Some(&usage));
}

#[tokio::test]
async fn a_message_with_the_images_in_the_answer() {
    let service = Service::start().await;
    let choice = |url: String| {
        json!({"finish_reason": "stop",
               "message": {"role": "assistant", "content": [{"image": url}]}})
    };
    let answer = json!({
        "output": {"choices": [choice(service.file("a")), choice(service.file("b"))]},
        "usage": {"height": 2048, "width": 2048, "image_count": 2}, "request_id": "r-1"});
    service.makes(MESSAGES, answer).await;
    let request = ImageRequest::new("qwen-image-2.0")
        .prompt("in winter")
        .image("https://example.com/a.png")
        .count(2);
    let (saved, names, body) = make(&service, &request).await;
    assert_eq!(names, ["a-1.png", "a-2.png"]);
    assert_eq!(
        body["input"]["messages"][0]["content"],
        json!([{"image": "https://example.com/a.png"}, {"text": "in winter"}])
    );
    assert_eq!(body["parameters"], json!({"n": 2}));
    assert_eq!(saved.record().request_id(), Some("r-1"));
}

#[tokio::test]
async fn a_message_with_a_task_as_the_answer() {
    let service = Service::start().await;
    let image = json!({"type": "image", "image": service.file("a")});
    let done = json!({"request_id": "r-3", "output": {"task_status": "SUCCEEDED",
        "finished": true,
        "choices": [{"finish_reason": "stop",
                     "message": {"role": "assistant", "content": [image]}}]},
        "usage": {"size": "2048*2048", "total_tokens": 2, "image_count": 1, "output_tokens": 2,
                  "input_tokens": 0}});
    service.makes_tasks(MESSAGES_TASK, done).await;
    let request = ImageRequest::new("wan2.7-image").prompt("a red crane");
    let (saved, names, body) = make(&service, &request).await;
    assert_eq!(names, ["a.png"]);
    assert_eq!(
        body,
        json!({"model": "wan2.7-image",
               "input": {"messages": [{"role": "user", "content": [{"text": "a red crane"}]}]},
               "parameters": {"n": 1, "size": "2K"}})
    );
    assert_eq!(saved.record().task_id(), Some("task-0"));
    assert_eq!(saved.usage().unwrap()["image_count"], 1);
}

#[tokio::test]
async fn a_prompt_with_a_task_of_which_a_part_failed() {
    let service = Service::start().await;
    let done = json!({"request_id": "r-3", "output": {"task_status": "SUCCEEDED",
        "submit_time": "2026-11-28 10:00:00.000",
        "results": [
            {"code": "InternalError.Timeout", "message": "too late"},
            {"orig_prompt": "a red crane", "actual_prompt": "a crane", "url": service.file("a")},
        ],
        "task_metrics": {"TOTAL": 2, "SUCCEEDED": 1, "FAILED": 1}},
        "usage": {"image_count": 1}});
    service.makes_tasks(PROMPT_TASK, done).await;
    let request = ImageRequest::new("wan2.5-t2i-preview")
        .prompt("a red crane")
        .count(2);
    let (saved, names, body) = make(&service, &request).await;
    // The name was decided before the request was sent.
    assert_eq!(names, ["a-1.png"]);
    assert_eq!(
        body,
        json!({"model": "wan2.5-t2i-preview", "input": {"prompt": "a red crane"},
               "parameters": {"n": 2, "size": "1280*1280"}})
    );
    let failures = saved.record().failures();
    let codes: Vec<_> = failures
        .iter()
        .map(|failure| failure.code.as_deref())
        .collect();
    assert_eq!(codes, [Some("InternalError.Timeout")]);
}

#[tokio::test]
async fn a_local_image_is_uploaded() {
    let service = Service::start().await;
    let policy = json!({"data": {
        "policy": "P", "signature": "S", "upload_dir": "dir", "upload_host": service.server.uri(),
        "expire_in_seconds": 300, "max_file_size_mb": 100, "oss_access_key_id": "K",
        "x_oss_object_acl": "private", "x_oss_forbid_overwrite": "true"}});
    let policy = wiremock::ResponseTemplate::new(200).set_body_json(policy);
    service.on("GET", "/api/v1/uploads", policy).await;
    service
        .on("POST", "/", wiremock::ResponseTemplate::new(200))
        .await;
    let answer = json!({"created": 1, "data": [{"url": service.file("a")}]});
    service.makes(OPENAI, answer).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.png");
    std::fs::write(&path, PNG).unwrap();
    let client = service.client(&MemoryJobs::new());
    let request = ImageRequest::new("qwen-image-3.0").prompt("in winter");
    let request = request.image(path.to_str().unwrap());
    let (request, uploads) = client.upload_images(request).await.unwrap();
    let checked = request
        .check(qwen_openclaw_image::Strictness::Exact)
        .unwrap();
    let job = client
        .submit_checked(&checked, None, uploads.clone())
        .await
        .unwrap();
    assert_eq!(job.record().uploads(), uploads);
    let made = service.made().await;
    let [_, request] = &made[..] else {
        panic!("{} requests", made.len());
    };
    assert_eq!(
        request
            .headers
            .get("x-dashscope-ossresourceresolve")
            .unwrap(),
        "enable"
    );
    let body: Value = request.body_json().unwrap();
    assert_eq!(body["image"], json!([uploads[0].url]));
    assert!(uploads[0].url.starts_with("oss://dir/"));
}
