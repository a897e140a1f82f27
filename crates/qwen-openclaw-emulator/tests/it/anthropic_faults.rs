//! Faults, pace, logs and foreign pages in Anthropic's protocol.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
    time::Duration,
};

use qwen_openclaw_emulator::{Emulator, FaultKind, Quota};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    anthropic::{PATH, request, send},
    client::{Answer, Client},
};

async fn hit(fault: &str, stream: bool) -> Answer {
    let emulator = Emulator::start().await.unwrap();
    let messages = json!([{"role": "user", "content": "What is 2+2, “Zoë”?"}]);
    let body = request(json!({"stream": stream, "messages": messages}));
    send(&emulator, &[("x-emulator-fault", fault)], &body).await
}

fn names(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let lines = text.lines().filter_map(|line| line.strip_prefix("event: "));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn streams_break_as_a_chat_s_do() {
    for (fault, error) in [
        ("truncate", ErrorKind::UnexpectedEof),
        ("reset", ErrorKind::ConnectionReset),
    ] {
        let answer = hit(fault, true).await;
        assert_eq!(answer.error, Some(error), "{fault}");
        assert_eq!(
            names(&answer),
            ["message_start", "content_block_start", "ping"]
        );
    }
    let clean = hit("truncate-cleanly;after=5", true).await;
    assert!(clean.complete && names(&clean).len() == 5);
    let open = hit("no-done", true).await;
    assert_eq!(names(&open).last().unwrap(), "message_delta");
    let whole = hit("json-instead-of-stream", true).await.json();
    assert_eq!(whole["type"], "message");
    assert_eq!(
        hit("reset", false).await.error,
        Some(ErrorKind::ConnectionReset)
    );
}

#[tokio::test]
async fn errors_have_the_form_of_the_protocol() {
    for fault in ["stream-error", "stream-error-event"] {
        let answer = hit(fault, true).await;
        assert_eq!(names(&answer)[3], "error");
        let last: Value = serde_json::from_str(answer.payloads().last().unwrap()).unwrap();
        assert_eq!(last["type"], "error");
        assert_eq!(last["error"]["type"], "api_error");
    }
    for (fault, status, kind) in [
        ("limit-requests", 429, "rate_limit_error"),
        ("insufficient-quota", 429, "billing_error"),
        ("access-denied", 403, "permission_error"),
        ("wrong-region", 401, "authentication_error"),
        ("internal-error", 500, "api_error"),
        ("model-unavailable", 503, "overloaded_error"),
        ("new-scheme;code=request_timeout", 504, "timeout_error"),
    ] {
        let answer = hit(fault, true).await;
        assert_eq!(answer.status, status, "{fault}");
        assert_eq!(answer.json()["error"]["type"], kind, "{fault}");
    }
    let open_ai = hit("arrearage;shape=openai", false).await.json();
    assert_eq!(open_ai["error"]["code"], "Arrearage");
}

#[tokio::test]
async fn payloads_change() {
    let unknown = hit("unknown-fields", true).await.events();
    assert!(unknown.iter().all(|event| event["x_new"].is_object()));
    let deltas = unknown.iter().filter(|event| event["delta"].is_object());
    assert!(deltas.clone().count() > 3);
    assert!(
        deltas
            .into_iter()
            .all(|event| event["delta"]["x_new"] == json!([true]))
    );
    let tired = hit("unknown-finish", true).await.events();
    assert_eq!(tired[tired.len() - 2]["delta"]["stop_reason"], "tired");
    let bare = hit("no-usage", true).await.text();
    assert!(!bare.contains("usage"), "{bare}");
    let second = hit("second-finish", true).await.events();
    let reasons = second
        .iter()
        .filter_map(|event| event["delta"]["stop_reason"].as_str());
    assert_eq!(reasons.collect::<Vec<_>>(), ["end_turn", "max_tokens"]);
    let huge = hit("huge-line;size=99", true).await.events();
    assert!(
        huge.iter()
            .any(|event| event["delta"]["text"] == "x".repeat(99))
    );
    for style in [
        "crlf",
        "cr",
        "bom",
        "comments",
        "no-space",
        "multi-line-data",
        "one-write",
        "split-utf8",
    ] {
        let answer = hit(style, true).await;
        assert!(answer.complete, "{style}");
        assert!(answer.text().contains("event: message_stop"), "{style}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_happens_and_nothing_is_left_behind() {
    let emulator = Emulator::start().await.unwrap();
    for kind in FaultKind::ALL {
        for stream in [true, false] {
            let body = request(json!({"stream": stream})).to_string();
            let headers = [("x-api-key", "sk-1"), ("x-emulator-fault", kind.name())];
            let mut client = Client::connect(&emulator).await;
            client.send("POST", PATH, &headers, &body).await;
            let _ = timeout(Duration::from_secs(60), client.answer()).await;
        }
    }
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(counts.requests, 2 * FaultKind::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn pace_log_and_foreign_pages() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&log);
    let builder = Emulator::builder().tokens_per_second(10).cors();
    let builder = builder.on_request(move |request| kept.lock().unwrap().push(request.clone()));
    let emulator = builder.start().await.unwrap();
    for stream in [true, false] {
        let start = Instant::now();
        let answer = send(&emulator, &[], &request(json!({"stream": stream}))).await;
        let usage = if stream {
            let events = answer.events();
            events[events.len() - 2]["usage"].clone()
        } else {
            answer.json()["usage"].clone()
        };
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let tokens = usage["output_tokens"].as_u64().unwrap();
        assert_eq!(start.elapsed().as_millis(), u128::from(tokens) * 100);
        emulator.connections_until(|counts| counts.open == 0).await;
        let served = log.lock().unwrap().pop().unwrap();
        assert_eq!(served.model(), Some("qwen3.7-plus"));
        assert_eq!(
            served.completion_tokens().map(|count| count as u64),
            Some(tokens)
        );
    }
}

#[tokio::test]
async fn quotas_know_the_key_of_the_protocol() {
    let emulator = Emulator::start().await.unwrap();
    emulator.quota(Quota::new().key("sk-test").requests(1));
    let body = request(json!({}));
    assert_eq!(send(&emulator, &[], &body).await.status, 200);
    let refused = send(&emulator, &[], &body).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["type"], "error");
}
