//! Faults on the streams of DashScope's own chat API.

use std::{io::ErrorKind, time::Duration};

use qwen_openclaw_emulator::{Emulator, FaultKind};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{Answer, Client},
    native::{SSE, TEXT, events, request, send},
};

fn body() -> Value {
    let parameters = json!({"result_format": "message", "incremental_output": true});
    request("qwen-plus", "What is 2+2, “Zoë”?", parameters)
}

/// Asks for a fault by header.
async fn hit(fault: &str) -> Answer {
    let emulator = Emulator::start().await.unwrap();
    send(
        &emulator,
        TEXT,
        &body(),
        &[SSE, ("x-emulator-fault", fault)],
    )
    .await
}

async fn plain() -> Answer {
    let emulator = Emulator::start().await.unwrap();
    send(&emulator, TEXT, &body(), &[SSE]).await
}

fn content(answer: &Answer) -> String {
    let all = events(answer);
    let messages = all
        .iter()
        .map(|event| &event["output"]["choices"][0]["message"]);
    messages
        .filter_map(|message| message["content"].as_str())
        .collect()
}

#[tokio::test]
async fn errors_have_the_form_of_the_protocol() {
    for (name, status, code) in [
        ("wrong-region", 401, "InvalidApiKey"),
        ("limit-requests", 429, "Throttling.RateQuota"),
        ("insufficient-quota", 429, "Throttling.AllocationQuota"),
        ("arrearage", 400, "Arrearage"),
        ("data-inspection", 400, "DataInspectionFailed"),
        ("internal-error", 500, "InternalError"),
    ] {
        let answer = hit(name).await;
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(answer.json()["code"], code, "{name}");
    }
    let prefixed = hit("error-as-data").await;
    assert_eq!(prefixed.status, 400);
    let text = prefixed.text();
    assert!(
        text.starts_with(
            "id:1\nevent:error\n:HTTP_STATUS/400\ndata:{\"code\":\"DataInspectionFailed\""
        ),
        "{text}"
    );
}

#[tokio::test]
async fn errors_inside_the_stream_are_events_of_their_own() {
    for name in ["stream-error", "stream-error-native", "stream-error-event"] {
        let answer = hit(&format!("{name};after=3")).await;
        assert_eq!(answer.status, 200);
        let id = answer.header("x-request-id").unwrap();
        let text = answer.text();
        let (_, last) = text.trim_end().rsplit_once("\n\n").unwrap();
        assert_eq!(
            last,
            format!(
                "id:4\nevent:error\n:HTTP_STATUS/400\ndata:{{\"code\":\"DataInspectionFailed\",\"message\":\"Output data may contain inappropriate content.\",\"request_id\":\"{id}\"}}"
            ),
            "{name}"
        );
        let said = content(&answer);
        assert!(
            !said.is_empty() && content(&plain().await).starts_with(&said),
            "{name}"
        );
    }
}

#[tokio::test]
async fn bodies_that_break_off() {
    for (name, error, complete) in [
        ("reset", ErrorKind::ConnectionReset, false),
        ("truncate", ErrorKind::UnexpectedEof, false),
        ("reset-after-done", ErrorKind::ConnectionReset, true),
        ("eof-after-done", ErrorKind::UnexpectedEof, true),
    ] {
        let answer = hit(name).await;
        assert_eq!(answer.error, Some(error), "{name}");
        let text = answer.text();
        assert_eq!(
            text.contains(r#""finish_reason":"stop""#),
            complete,
            "{name}"
        );
        let started = text.ends_with(r#"data:{"output":{"choices":[{"mess"#);
        assert_eq!(started, !complete, "{name}");
    }
    let cut = hit("truncate-cleanly").await;
    assert!(cut.complete && !cut.text().contains(r#""finish_reason":"stop""#));
    // There is nothing that could be missing.
    assert_eq!(hit("no-done").await.text(), plain().await.text());
    let whole = hit("json-instead-of-stream").await.json();
    let message = &whole["output"]["choices"][0]["message"];
    assert_eq!(message["content"], content(&plain().await));
    assert!(hit("empty-body").await.chunks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn silences_and_streams_without_end() {
    for (name, part) in [
        ("keep-alives", ": keep-alive\n\n"),
        ("never-ending", " and on"),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let mut client = Client::connect(&emulator).await;
        client
            .native(TEXT, &body(), &[SSE, ("x-emulator-fault", name)])
            .await;
        client.head().await.unwrap();
        let mut seen = 0;
        while seen < 20 {
            let chunk = String::from_utf8(client.chunk().await.unwrap()).unwrap();
            seen += usize::from(chunk.contains(part));
        }
    }
    let emulator = Emulator::start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    client
        .native(TEXT, &body(), &[SSE, ("x-emulator-fault", "stall;after=2")])
        .await;
    client.head().await.unwrap();
    let hour = Duration::from_secs(3600);
    assert!(timeout(hour, client.answer_rest()).await.is_err());
}

#[tokio::test]
async fn unusual_writes_lose_nothing() {
    let expected = content(&plain().await);
    assert!(expected.contains("2+2 = 4"), "{expected}");
    for name in [
        "dribble",
        "split-utf8",
        "one-write",
        "unknown-fields",
        "duplicate-fields",
        "no-usage",
        "second-finish",
        "no-space",
        "crlf",
    ] {
        let answer = hit(name).await;
        assert!(answer.complete, "{name}");
        assert_eq!(content(&answer), expected, "{name}");
    }
    let usage = events(&hit("no-usage").await);
    assert!(
        usage
            .iter()
            .all(|event| event.get("usage").is_none() && event["request_id"].is_string())
    );
    let twice = hit("second-finish").await.text();
    assert!(
        twice.contains(r#""finish_reason":"stop""#)
            && twice.contains(r#""finish_reason":"length""#)
    );
    let doubled = hit("duplicate-fields").await.text();
    assert!(doubled.contains(r#""finish_reason":"null","finish_reason":"null""#));
    assert_eq!(
        events(&hit("unknown-fields").await)[0]["output"]["choices"][0]["message"]["x_new"],
        json!([true])
    );
    assert!(
        hit("unknown-finish")
            .await
            .text()
            .contains(r#""finish_reason":"tired""#)
    );
}

#[tokio::test]
async fn unusual_event_streams() {
    let cr = hit("cr").await.text();
    assert!(!cr.contains('\n') && cr.starts_with("id:1\revent:result\r:HTTP_STATUS/200\rdata:{"));
    let text = hit("crlf").await.text();
    assert_eq!(text.replace("\r\n", "\n"), plain().await.text());
    assert!(hit("bom").await.text().starts_with("\u{feff}id:1\n"));
    assert!(hit("no-last-blank-line").await.text().ends_with('}'));
    let lines = hit("multi-line-data").await.text();
    assert!(
        lines.starts_with("id:1\nevent:result\n:HTTP_STATUS/200\ndata:{\ndata:\"output\":\ndata:{"),
        "{lines}"
    );
    let start = "data:{\"output\":{\"choices\":[{\"message\":\n\n";
    assert!(hit("malformed-event").await.text().contains(start));
    let huge = hit("huge-line;size=100000").await;
    assert!(content(&huge).contains(&"x".repeat(100_000)));
}

#[tokio::test(start_paused = true)]
async fn every_fault_happens_and_nothing_is_left_behind() {
    let emulator = Emulator::start().await.unwrap();
    for kind in FaultKind::ALL {
        for headers in [&[SSE][..], &[]] {
            let mut client = Client::connect(&emulator).await;
            let fault = [("x-emulator-fault", kind.name())];
            let all = [headers, &fault].concat();
            client.native(TEXT, &body(), &all).await;
            let _ = timeout(Duration::from_secs(60), client.answer()).await;
        }
    }
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(counts.requests, 2 * FaultKind::ALL.len());
}
