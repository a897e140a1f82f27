//! What goes wrong in each form, and what is said of it.

use qwen_openclaw_image::{
    Error, ErrorKind, ImageRequest, NextStep,
    task::{JobStore, MemoryJobs, Phase},
};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::service::{MESSAGES, MESSAGES_TASK, OPENAI, PROMPT_TASK, Service};

struct Failed {
    error: Error,
    phase: Phase,
    sent: usize,
}

async fn submit(service: &Service, model: &str) -> Failed {
    let store = MemoryJobs::new();
    let request = ImageRequest::new(model).prompt("a red crane");
    let error = match service.client(&store).submit(&request).await {
        Ok(job) => job.wait().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(
        !format!("{error:?} {error}").contains("secret"),
        "{error:?}"
    );
    Failed {
        error,
        phase: store.list().await.unwrap().records[0].phase(),
        sent: service.made().await.len(),
    }
}

#[tokio::test]
async fn refusals_are_final_in_each_form() {
    let openai = json!({"error": {"message": "Field 'prompt' is required",
        "type": "invalid_request_error", "param": "prompt", "code": "InvalidParameter"}});
    let native = json!({"code": "InvalidParameter",
        "message": "num_images_per_prompt must be 1", "request_id": "r-1"});
    for (model, path, body, said) in [
        (
            "qwen-image-3.0",
            OPENAI,
            openai,
            "Field 'prompt' is required",
        ),
        (
            "qwen-image-max",
            MESSAGES,
            native.clone(),
            "num_images_per_prompt must be 1",
        ),
        (
            "wan2.7-image",
            MESSAGES_TASK,
            native.clone(),
            "num_images_per_prompt must be 1",
        ),
        (
            "qwen-image",
            PROMPT_TASK,
            native,
            "num_images_per_prompt must be 1",
        ),
    ] {
        let service = Service::start().await;
        let answer = ResponseTemplate::new(400)
            .set_body_json(body)
            .insert_header("x-request-id", "r-1");
        service.on("POST", path, answer).await;
        let failed = submit(&service, model).await;
        assert_eq!(failed.error.kind(), ErrorKind::InvalidRequest, "{model}");
        assert_eq!(failed.error.code(), Some("InvalidParameter"), "{model}");
        assert_eq!(failed.error.request_id(), Some("r-1"), "{model}");
        assert!(failed.error.to_string().contains(said), "{}", failed.error);
        assert_eq!((failed.phase, failed.sent), (Phase::Refused, 1), "{model}");
    }
}

#[tokio::test]
async fn an_error_with_status_200_is_one() {
    for (model, path) in [("qwen-image-2.0", MESSAGES), ("qwen-image-3.0", OPENAI)] {
        let service = Service::start().await;
        let answer = json!({"code": "DataInspectionFailed", "message": "not that"});
        service.makes(path, answer).await;
        let failed = submit(&service, model).await;
        assert_eq!(
            failed.error.kind(),
            ErrorKind::ContentFilter,
            "{}",
            failed.error
        );
        assert_eq!((failed.phase, failed.sent), (Phase::Refused, 1), "{model}");
    }
}

#[tokio::test]
async fn an_answer_without_images_is_a_failure() {
    let service = Service::start().await;
    let text = json!([{"text": "I cannot draw that"}]);
    let choice = json!({"finish_reason": "stop", "message": {"content": text}});
    service
        .makes(MESSAGES, json!({"output": {"choices": [choice]}}))
        .await;
    let failed = submit(&service, "qwen-image-2.0").await;
    assert_eq!(failed.error.kind(), ErrorKind::Failed);
    assert_eq!((failed.phase, failed.sent), (Phase::Failed, 1));
}

#[tokio::test]
async fn a_failed_task_is_told_with_its_reason() {
    let service = Service::start().await;
    let done = json!({"request_id": "r-3", "output": {"task_status": "FAILED",
        "code": "InvalidParameter", "message": "The size is not match"}});
    service.makes_tasks(PROMPT_TASK, done).await;
    let failed = submit(&service, "qwen-image").await;
    assert_eq!(failed.error.kind(), ErrorKind::Failed);
    assert_eq!(failed.error.code(), Some("InvalidParameter"));
    assert_eq!((failed.phase, failed.sent), (Phase::Failed, 1));
}

#[tokio::test]
async fn what_may_have_been_made_is_left_to_somebody() {
    for answer in [
        ResponseTemplate::new(500).set_body_json(json!({"code": "InternalError", "message": "x"})),
        ResponseTemplate::new(502).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({"request_id": "r-1"})),
    ] {
        let service = Service::start().await;
        service.on("POST", OPENAI, answer).await;
        let failed = submit(&service, "qwen-image-3.0").await;
        assert_eq!(
            failed.error.kind(),
            ErrorKind::Ambiguous,
            "{}",
            failed.error
        );
        assert_eq!((failed.phase, failed.sent), (Phase::Ambiguous, 1));
        let steps = [NextStep::Resubmit, NextStep::Cancel];
        assert_eq!(failed.error.next_steps(), steps);
    }
}

#[tokio::test]
async fn what_is_no_png_file_is_not_saved() {
    let service = Service::start().await;
    let page = ResponseTemplate::new(200).set_body_string("<html>not an image</html>");
    service.on("GET", "/files/page", page).await;
    let url = format!("{}/files/page", service.server.uri());
    service.makes(OPENAI, json!({"data": [{"url": url}]})).await;
    let request = ImageRequest::new("qwen-image-3.0").prompt("a red crane");
    let client = service.client(&MemoryJobs::new());
    let done = client.submit(&request).await.unwrap().wait().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = done.save(folder.path().join("a.png")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("PNG file"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
