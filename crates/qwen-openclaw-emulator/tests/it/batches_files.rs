//! What batches take and what they refuse, and the work of their lines.

use std::time::Duration;

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    batches::{CHAT, PATH, create, created, line, poll, rows},
    files::{get, uploaded},
    video::{call, slow},
};

const EMBEDDINGS: &str = "/v1/embeddings";
const TEST: &str = "/v1/chat/ds-test";

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
}

/// Creates a batch and returns it once it has ended.
async fn ended(emulator: &Emulator, endpoint: &str, lines: &str) -> Value {
    let batch = created(emulator, endpoint, lines).await;
    assert_eq!(batch["status"], "validating");
    emulator.video().advance(Duration::from_secs(180));
    poll(emulator, &batch).await
}

#[tokio::test]
async fn a_file_with_errors_fails() {
    let emulator = slow().start().await.unwrap();
    let good = line("1", CHAT, &chat("qwen-plus"));
    let problem = async |endpoint: &str, lines: &str| {
        let batch = ended(&emulator, endpoint, lines).await;
        assert_eq!(batch["status"], "failed", "{lines}");
        assert_eq!(
            batch["failed_at"].as_u64().unwrap() - batch["created_at"].as_u64().unwrap(),
            60
        );
        assert_eq!(batch["in_progress_at"], Value::Null);
        assert_eq!(batch["output_file_id"], Value::Null);
        assert_eq!(batch["errors"]["object"], "list");
        let errors = batch["errors"]["data"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let code = errors[0]["code"].as_str().unwrap().to_owned();
        (code, errors[0]["line"].as_u64())
    };
    let with = |field: &str, value: Value| {
        let mut line: Value = serde_json::from_str(&good).unwrap();
        line[field] = value;
        line["custom_id"] = json!("2");
        // Blank lines count as lines, and are none of the requests.
        format!("{good}\n{line}\n")
    };
    for (lines, code) in [
        (with("body", chat("qwen-max")), "mismatched_model"),
        (format!("{good}\n{good}"), "duplicate_custom_id"),
        (format!("{good}\n[1]"), "invalid_json_line"),
        (format!("{good}\n{{"), "invalid_json_line"),
        (with("method", json!("GET")), "invalid_method"),
        (with("url", json!(EMBEDDINGS)), "mismatched_url"),
        (with("url", Value::Null), "missing_required_parameter"),
        (with("body", json!({})), "missing_required_parameter"),
    ] {
        assert_eq!(problem(CHAT, &lines).await, (code.to_owned(), Some(3)));
    }
    assert_eq!(
        problem(CHAT, "\n \n").await,
        ("empty_file".to_owned(), None)
    );
    let many = "{\"a\": 1}\n".repeat(101);
    let large = line("1", TEST, &chat("batch-test-model")).replace("Hello", &"x".repeat(1 << 20));
    assert_eq!(
        problem(TEST, &large).await,
        ("file_too_large".to_owned(), None)
    );
    let lines: String = (0..101)
        .map(|number| line(&number.to_string(), TEST, &chat("batch-test-model")))
        .collect();
    assert_eq!(
        problem(TEST, &lines).await,
        ("too_many_lines".to_owned(), None)
    );
    let long = line("1", CHAT, &chat("qwen-plus")).replace("Hello", &"x".repeat(6 << 20));
    assert_eq!(
        problem(CHAT, &format!("{long}{good}")).await,
        ("line_too_large".to_owned(), Some(1))
    );
    // All that is wrong is told, up to a hundred.
    let batch = ended(&emulator, CHAT, &many).await;
    assert_eq!(batch["errors"]["data"].as_array().unwrap().len(), 100);
    assert_eq!(batch["request_counts"]["total"], 0);
}

#[tokio::test]
async fn fifty_thousand_lines_are_the_most() {
    let emulator = slow().start().await.unwrap();
    let lines: String = (0..50_001)
        .map(|number| line(&number.to_string(), CHAT, &json!({"model": "m"})))
        .collect();
    let batch = ended(&emulator, CHAT, &lines).await;
    assert_eq!(batch["errors"]["data"][0]["code"], "too_many_lines");
    assert_eq!(
        batch["errors"]["data"][0]["message"],
        "The file must have at most 50000 lines."
    );
}

#[tokio::test]
async fn texts_are_embedded() {
    let emulator = slow().start().await.unwrap();
    let body =
        |input: &str| json!({"model": "text-embedding-v4", "input": input, "dimensions": 64});
    let lines = [("a", "the wind"), ("b", ""), ("c", "a cat")]
        .map(|(id, text)| line(id, EMBEDDINGS, &body(text)))
        .concat();
    let batch = ended(&emulator, EMBEDDINGS, &lines).await;
    assert_eq!(batch["status"], "completed");
    let output = rows(&emulator, &batch["output_file_id"]).await;
    let direct = call(
        &emulator,
        "POST",
        "/compatible-mode/v1/embeddings",
        &[],
        &body("a cat").to_string(),
    )
    .await;
    let vector = &output[1]["response"]["body"]["data"];
    assert_eq!(vector, &direct.json()["data"]);
    assert_eq!(vector[0]["embedding"].as_array().unwrap().len(), 64);
    let errors = rows(&emulator, &batch["error_file_id"]).await;
    assert_eq!(errors[0]["custom_id"], "b");
    assert_eq!(errors[0]["error"]["code"], "InvalidParameter");
}

#[tokio::test]
async fn the_test_model_always_says_the_same() {
    let emulator = slow().start().await.unwrap();
    let lines = line("1", TEST, &chat("batch-test-model"));
    let batch = ended(&emulator, TEST, &lines).await;
    assert_eq!(batch["error_file_id"], Value::Null);
    let output = rows(&emulator, &batch["output_file_id"]).await;
    let body = &output[0]["response"]["body"];
    assert_eq!(
        body["choices"][0]["message"],
        json!({"content": "This is a test result."})
    );
    assert_eq!(
        body["usage"],
        json!({"prompt_tokens": 1, "completion_tokens": 6, "total_tokens": 7})
    );
    // The test model is for tests only, and no other is.
    for (endpoint, model) in [(TEST, "qwen-plus"), (CHAT, "batch-test-model")] {
        let batch = ended(&emulator, endpoint, &line("1", endpoint, &chat(model))).await;
        assert_eq!(batch["output_file_id"], Value::Null);
        let errors = rows(&emulator, &batch["error_file_id"]).await;
        assert_eq!(errors[0]["error"]["code"], "model_not_found");
        assert_eq!(errors[0]["response"]["status_code"], 404);
    }
    // Two of them at a time.
    for _ in 0..2 {
        created(&emulator, TEST, &lines).await;
    }
    let file = uploaded(&emulator, "batch", "x.jsonl", &lines).await;
    assert_eq!(create(&emulator, &file, TEST).await.status, 429);
    assert_eq!(create(&emulator, &file, CHAT).await.status, 200);
    emulator.video().advance(Duration::from_secs(180));
    assert_eq!(create(&emulator, &file, TEST).await.status, 200);
}

#[tokio::test]
async fn batch_chat_has_a_path_and_models_of_its_own() {
    let emulator = Emulator::start().await.unwrap();
    let base = "/cn/batch/compatible-mode/v1";
    let path = format!("{base}/chat/completions");
    let ask = async |model: &str, headers: &[(&str, &str)]| {
        call(&emulator, "POST", &path, headers, &chat(model).to_string()).await
    };
    let answer = ask("qwen-plus", &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["object"], "chat.completion");
    let other = ask("qwen4-max", &[]).await;
    assert_eq!(other.status, 404);
    assert_eq!(other.json()["error"]["code"], "model_not_found");
    let throttled = ask("qwen-plus", &[("x-emulator-fault", "limit-requests")]).await;
    assert_eq!(throttled.status, 429);
    // There is nothing else, and nothing in the other region.
    for path in [format!("{base}/models"), path.replace("/cn", "")] {
        let answer = call(&emulator, "POST", &path, &[], "{}").await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn prompts_in_batches_are_shorter() {
    let emulator = slow().start().await.unwrap();
    let body = |model: &str| {
        let content = "word ".repeat(270_000);
        json!({"model": model, "messages": [{"role": "user", "content": content}]})
    };
    let message =
        "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 262144]";
    let lines = line("1", CHAT, &body("qwen3.6-flash"));
    let batch = ended(&emulator, CHAT, &lines).await;
    let errors = rows(&emulator, &batch["error_file_id"]).await;
    assert_eq!(errors[0]["error"]["message"], message);
    for (path, model, status) in [
        ("/cn/batch/compatible-mode/v1", "qwen3.6-flash", 400),
        ("/cn/batch/compatible-mode/v1", "qwen-plus", 200),
        ("/cn/compatible-mode/v1", "qwen3.6-flash", 200),
    ] {
        let path = format!("{path}/chat/completions");
        let answer = call(&emulator, "POST", &path, &[], &body(model).to_string()).await;
        assert_eq!(answer.status, status, "{path} {model}");
        if status == 400 {
            assert_eq!(answer.json()["error"]["message"], message);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_a_batch_is_refused() {
    let emulator = slow().start().await.unwrap();
    let lines = line("1", CHAT, &chat("qwen-plus"));
    let file = uploaded(&emulator, "batch", "x.jsonl", &lines).await;
    let text = uploaded(&emulator, "file-extract", "x.txt", "text").await;
    for (change, message) in [
        (json!({"input_file_id": "file-batch-x"}), "File not found."),
        (
            json!({"input_file_id": text}),
            "The purpose of the input file must be batch.",
        ),
        (
            json!({"input_file_id": "https://example.com/x.jsonl"}),
            "The emulator does not offer this: a batch of a file that is elsewhere",
        ),
        (
            json!({"input_file_id": null}),
            "Required parameter(input_file_id) missing or invalid, please check the request \
             parameters.",
        ),
        (
            json!({"endpoint": "/v1/completions"}),
            "/v1/completions is not one of [\"/v1/chat/completions\", \"/v1/embeddings\", \
             \"/v1/chat/ds-test\"] - 'endpoint'",
        ),
        (
            json!({"completion_window": "23h"}),
            "Range of completion_window should be [24h, 336h] or [1d, 14d]",
        ),
        (json!({"metadata": 1}), "metadata must be an object"),
        (
            json!({"metadata": {"ds_name": "x".repeat(101)}}),
            "Range of ds_name length should be [0, 100]",
        ),
        (
            json!({"metadata": {"ds_description": "x".repeat(201)}}),
            "Range of ds_description length should be [0, 200]",
        ),
        (
            json!({"metadata": {"ds_batch_finish_callback": "ftp://x"}}),
            "ds_batch_finish_callback must be a URL",
        ),
    ] {
        let mut body = json!({
            "input_file_id": file,
            "endpoint": CHAT,
            "completion_window": "14d",
            "metadata": {"ds_batch_finish_callback": "https://example.com"},
        });
        let fields = change.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let answer = call(&emulator, "POST", PATH, &[], &body.to_string()).await;
        assert!([400, 404].contains(&answer.status), "{message}");
        assert_eq!(answer.json()["error"]["message"], message);
    }
    for (method, path, status) in [
        ("GET", format!("{PATH}/batch_x"), 404),
        ("POST", format!("{PATH}/batch_x/cancel"), 404),
        ("GET", format!("{PATH}/batch_x/cancel"), 405),
        ("DELETE", format!("{PATH}/batch_x"), 405),
        ("GET", format!("{PATH}/batch_x/lines"), 404),
        ("GET", "/coding/v1/batches".to_owned(), 404),
    ] {
        let answer = call(&emulator, method, &path, &[], "").await;
        assert_eq!(answer.status, status, "{method} {path}");
    }
    // A file of one region is none of the other's, and a reset forgets all.
    let body = json!({"input_file_id": file, "endpoint": CHAT, "completion_window": "1d"});
    let other = call(
        &emulator,
        "POST",
        &format!("/cn{PATH}"),
        &[],
        &body.to_string(),
    )
    .await;
    assert_eq!(other.json()["error"]["message"], "File not found.");
    assert_eq!(create(&emulator, &file, CHAT).await.status, 200);
    emulator.reset();
    assert_eq!(get(&emulator, PATH).await.json()["data"], json!([]));
}
