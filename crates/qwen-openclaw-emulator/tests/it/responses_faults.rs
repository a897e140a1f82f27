//! Faults, pace, logs and foreign pages on the Responses API.

use std::{
    io::ErrorKind,
    sync::{Arc, Mutex},
    time::Duration,
};

use qwen_openclaw_emulator::{Emulator, FaultKind};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    client::{Answer, Client},
    responses::{create, request, send},
};

const PATH: &str = "/compatible-mode/v1/responses";

async fn hit(fault: &str, stream: bool) -> Answer {
    let emulator = Emulator::start().await.unwrap();
    let body = request(json!({"stream": stream, "input": "What is 2+2, “Zoë”?"}));
    let headers = [("x-emulator-fault", fault)];
    send(&emulator, "POST", PATH, &headers, &body.to_string()).await
}

/// The names of the events, and what is left where a line is none.
fn names(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let lines = text.lines().filter_map(|line| line.strip_prefix("event: "));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn streams_break_as_a_chat_s_do() {
    let plain = hit("late-terminator;delay=1", true).await;
    let all = names(&plain).len();
    assert_eq!(names(&plain).last().unwrap(), "response.completed");
    for (fault, error) in [
        ("truncate", ErrorKind::UnexpectedEof),
        ("reset", ErrorKind::ConnectionReset),
    ] {
        let answer = hit(fault, true).await;
        assert_eq!(answer.error, Some(error), "{fault}");
        assert_eq!(names(&answer).len(), 3, "{fault}");
        assert!(answer.text().ends_with("data: {\"type\":\""), "{fault}");
    }
    let clean = hit("truncate-cleanly;after=5", true).await;
    assert!(clean.complete && names(&clean).len() == 5);
    // Its last event is to this protocol what `[DONE]` is to the chat.
    let open = hit("no-done", true).await;
    assert!(open.complete);
    assert_eq!(names(&open).len(), all - 1);
    let whole = hit("json-instead-of-stream", true).await.json();
    assert_eq!(whole["object"], "response");
    assert_eq!(hit("empty-body", true).await.text(), "");
    let whole = hit("truncate", false).await;
    assert_eq!(whole.error, Some(ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn errors_come_inside_a_stream() {
    for fault in ["stream-error", "stream-error-event"] {
        let answer = hit(fault, true).await;
        assert_eq!(names(&answer)[3], "error");
        let last: Value = serde_json::from_str(answer.payloads().last().unwrap()).unwrap();
        assert_eq!(last["error"]["code"], "data_inspection_failed");
    }
    let answer = hit("limit-requests", true).await;
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].clone()),
        (429, json!("limit_requests"))
    );
    let native = hit("arrearage;shape=native", false).await.json();
    assert_eq!(native["code"], "Arrearage");
}

#[tokio::test]
async fn payloads_change() {
    let unknown = hit("unknown-fields", true).await.events();
    assert!(
        unknown
            .iter()
            .all(|event| event["x_new"]["text"] == "é\u{0}")
    );
    assert_eq!(unknown[0]["response"]["x_new"], json!([true]));
    let last = hit("unknown-finish", true).await.events().pop().unwrap();
    assert_eq!(last["response"]["status"], "tired");
    let last = hit("no-usage", true).await.events().pop().unwrap();
    assert!(last["response"].get("usage").is_none());
    let events = hit("second-finish", true).await.events();
    let ends: Vec<&str> = events
        .iter()
        .rev()
        .take(2)
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(ends, ["response.incomplete", "response.completed"]);
    let twice = hit("duplicate-fields", true).await;
    assert!(
        twice
            .payloads()
            .iter()
            .all(|event| event.matches(r#""type":"response."#).count() == 2)
    );
    let malformed = hit("malformed-event;after=2", true).await.payloads();
    assert_eq!(malformed[2], r#"{"type":"#);
    let huge = hit("huge-line;size=99", true).await.events();
    assert!(huge.iter().any(|event| event["delta"] == "x".repeat(99)));
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
        assert!(
            answer.text().contains("event: response.completed"),
            "{style}"
        );
    }
    let comments = hit("comments", true).await.text();
    assert!(
        comments.contains("\n:\nevent: response.created\ndata: {"),
        "{comments}"
    );
}

#[tokio::test(start_paused = true)]
async fn every_fault_happens_and_nothing_is_left_behind() {
    let emulator = Emulator::start().await.unwrap();
    for kind in FaultKind::ALL {
        for stream in [true, false] {
            let body = request(json!({"stream": stream})).to_string();
            let headers = [
                ("authorization", "Bearer sk-1"),
                ("x-emulator-fault", kind.name()),
            ];
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
        let answer = create(&emulator, &request(json!({"stream": stream}))).await;
        let response = if stream {
            answer.events().pop().unwrap()["response"].clone()
        } else {
            answer.json()
        };
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let usage = |name: &str| response["usage"][name].as_u64().unwrap();
        let tokens = u32::try_from(usage("output_tokens")).unwrap();
        assert_eq!(start.elapsed().as_millis(), u128::from(tokens) * 100);
        emulator.connections_until(|counts| counts.open == 0).await;
        let served = log.lock().unwrap().pop().unwrap();
        assert_eq!(served.model(), Some("qwen3-max"));
        assert_eq!(
            served.completion_tokens().map(|count| count as u64),
            Some(u64::from(tokens))
        );
        assert_eq!(
            served.prompt_tokens().map(|count| count as u64),
            Some(usage("input_tokens"))
        );
    }
    let preflight = [
        ("origin", "https://page.example"),
        ("access-control-request-method", "POST"),
    ];
    let mut client = Client::connect(&emulator).await;
    client.send("OPTIONS", PATH, &preflight, "").await;
    let answer = client.head().await.unwrap();
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-methods"), Some("post"));
}
