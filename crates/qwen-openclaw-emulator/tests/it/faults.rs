//! Faults, on the wire.

use std::{io::ErrorKind, time::Duration};

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::client::{Answer, Client, ask, stream};

fn body() -> Value {
    stream("qwen3-max", "What is 2+2, “Zoë”?")
}

/// Asks for a fault by header.
async fn hit(fault: &str) -> Answer {
    let emulator = Emulator::start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    client.chat(&body(), &[("x-emulator-fault", fault)]).await;
    client.answer().await
}

/// The text that comes without a fault.
async fn unharmed() -> String {
    ask(&Emulator::start().await.unwrap(), &body())
        .await
        .content()
}

#[tokio::test]
async fn errors_have_the_status_and_code_of_the_service() {
    for (name, status, code) in [
        ("wrong-region", 401, "invalid_api_key"),
        ("limit-requests", 429, "limit_requests"),
        ("limit-burst-rate", 429, "limit_burst_rate"),
        ("insufficient-quota", 429, "insufficient_quota"),
        ("commodity-not-purchased", 429, "CommodityNotPurchased"),
        ("prepaid-bill-overdue", 429, "PrepaidBillOverdue"),
        ("postpaid-bill-overdue", 429, "PostpaidBillOverdue"),
        ("free-tier-exhausted", 403, "AllocationQuota.FreeTierOnly"),
        ("free-tier-quota", 403, "insufficient_quota"),
        ("access-denied", 403, "access_denied"),
        ("model-forbidden", 403, "Model.AccessDenied"),
        ("unpurchased", 403, "AccessDenied.Unpurchased"),
        ("new-scheme", 429, "insufficient_quota"),
        (
            "new-scheme;code=content_policy_violation",
            400,
            "content_policy_violation",
        ),
        ("new-scheme;code=nonsense", 400, "invalid_parameter_error"),
        ("arrearage", 400, "Arrearage"),
        ("data-inspection", 400, "data_inspection_failed"),
        ("audio-status", 430, "Audio.DecoderError"),
        ("internal-error", 500, "internal_error"),
        ("model-serving-error", 503, "ModelServingError"),
        ("model-unavailable", 503, "ModelUnavailable"),
    ] {
        let answer = hit(name).await;
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(answer.json()["error"]["code"], code, "{name}");
        assert_eq!(answer.header("retry-after"), None);
    }
    let native = hit("throttling; retry-after=2").await;
    assert_eq!(
        (native.status, native.header("retry-after")),
        (429, Some("2"))
    );
    assert_eq!(native.json()["code"], "Throttling.RateQuota");
    let gate = hit("plan-gate").await;
    assert_eq!(gate.status, 405);
    assert_eq!(
        gate.json(),
        json!({"error": "Coding Plan is currently only available for Coding Agents"})
    );
    let silent = hit("no-body-429").await;
    assert_eq!((silent.status, silent.text().as_str()), (429, ""));
}

#[tokio::test]
async fn errors_come_in_any_shape() {
    let message = "Access denied, please make sure your account is in good standing.";
    for (shape, code) in [
        ("openai", "/error/code"),
        ("native", "/code"),
        ("anthropic", "/error/type"),
        ("text", "/none"),
    ] {
        let answer = hit(&format!("arrearage;shape={shape}")).await;
        assert_eq!(answer.status, 400, "{shape}");
        let body = answer.json();
        let expected = match shape {
            "anthropic" => json!("invalid_request_error"),
            "text" => Value::Null,
            _ => json!("Arrearage"),
        };
        let found = body.pointer(code).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{shape}");
        let mut places = ["/error/message", "/message", "/error"].into_iter();
        let said = places.find_map(|place| body.pointer(place)?.as_str());
        assert_eq!(said, Some(message), "{shape}");
    }
    let billing = hit("new-scheme;shape=anthropic").await.json();
    assert_eq!(billing["type"], "error");
    assert_eq!(billing["error"]["type"], "billing_error");
    let event = hit("error-as-data;shape=native").await;
    let payload: Value = serde_json::from_str(&event.payloads()[0]).unwrap();
    assert_eq!(payload["code"], "DataInspectionFailed");
}

#[tokio::test]
async fn answers_that_are_not_the_service_s() {
    let page = hit("bad-gateway").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (502, Some("text/html"))
    );
    assert!(page.text().starts_with("<html>"));
    let redirect = hit("redirect").await;
    assert_eq!(redirect.status, 307);
    assert!(
        redirect
            .header("location")
            .unwrap()
            .ends_with("/elsewhere/compatible-mode/v1/chat/completions")
    );
    let prefixed = hit("error-as-data").await;
    assert_eq!(prefixed.status, 400);
    let payload: Value = serde_json::from_str(&prefixed.payloads()[0]).unwrap();
    assert_eq!(payload["error"]["code"], "data_inspection_failed");
    let empty = hit("empty-body").await;
    assert!((empty.status, empty.complete) == (200, true) && empty.chunks.is_empty());
    let whole = hit("json-instead-of-stream").await;
    assert_eq!(
        whole.json()["choices"][0]["message"]["content"],
        unharmed().await
    );
}

#[tokio::test]
async fn errors_inside_the_stream() {
    for (name, pointer) in [
        ("stream-error", "/error/code"),
        ("stream-error-event", "/error/code"),
        ("stream-error-native", "/code"),
    ] {
        let answer = hit(&format!("{name};after=4")).await;
        assert_eq!(answer.status, 200);
        let events = answer.events();
        assert_eq!(events.len(), 5, "{name}");
        assert!(events[4].pointer(pointer).is_some(), "{name}");
        assert!(!answer.text().contains("[DONE]"));
        assert_eq!(
            answer.text().contains("event: error\n"),
            name == "stream-error-event"
        );
        assert!(unharmed().await.starts_with(&answer.content()));
    }
}

#[tokio::test]
async fn bodies_that_break_off() {
    for (name, error) in [
        ("reset", ErrorKind::ConnectionReset),
        ("truncate", ErrorKind::UnexpectedEof),
        ("reset-after-done", ErrorKind::ConnectionReset),
        ("eof-after-done", ErrorKind::UnexpectedEof),
    ] {
        let answer = hit(name).await;
        assert_eq!(answer.error, Some(error), "{name}");
        let done = answer.text().ends_with("data: [DONE]\n\n");
        assert_eq!(done, name.ends_with("done"), "{name}");
        assert!(!answer.text().is_empty());
    }
    for (name, finished) in [("truncate-cleanly", false), ("no-done", true)] {
        let answer = hit(name).await;
        assert!(answer.complete, "{name}");
        assert!(!answer.text().contains("[DONE]"), "{name}");
        assert_eq!(
            answer.text().contains(r#""finish_reason":"stop""#),
            finished,
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn silences_last() {
    for (name, head) in [
        ("headers-stall", false),
        ("stall", true),
        ("no-terminator", true),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let mut client = Client::connect(&emulator).await;
        client.chat(&body(), &[("x-emulator-fault", name)]).await;
        let hour = Duration::from_secs(3600);
        assert_eq!(timeout(hour, client.head()).await.is_ok(), head, "{name}");
        assert!(
            !head || timeout(hour, client.answer_rest()).await.is_err(),
            "{name}"
        );
        drop(client);
        emulator.connections_until(|counts| counts.open == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn delays_can_be_chosen() {
    for (name, least) in [
        ("late-headers", 2000),
        ("late-terminator", 300),
        ("late-terminator;delay=9000", 9000),
    ] {
        let start = Instant::now();
        let answer = hit(name).await;
        assert!(answer.complete);
        assert_eq!(answer.content(), unharmed().await);
        assert!(start.elapsed() >= Duration::from_millis(least), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_without_end() {
    for (name, part) in [
        ("keep-alives", ": keep-alive\n\n"),
        ("never-ending", "and on"),
    ] {
        let emulator = Emulator::start().await.unwrap();
        let mut client = Client::connect(&emulator).await;
        client.chat(&body(), &[("x-emulator-fault", name)]).await;
        client.head().await.unwrap();
        let mut seen = 0;
        while seen < 50 {
            let chunk = String::from_utf8(client.chunk().await.unwrap()).unwrap();
            seen += usize::from(chunk.contains(part));
        }
        drop(client);
        let counts = emulator.connections_until(|counts| counts.open == 0).await;
        assert_eq!(counts.abandoned, 1, "{name}");
    }
}

#[tokio::test]
async fn unusual_writes_lose_nothing() {
    let expected = unharmed().await;
    for name in [
        "dribble",
        "dribble;size=3",
        "split-utf8",
        "one-write",
        "unknown-fields",
        "duplicate-fields",
        "no-usage",
        "second-finish",
    ] {
        let answer = hit(name).await;
        assert!(answer.complete, "{name}");
        assert_eq!(answer.content(), expected, "{name}");
    }
    assert_eq!(hit("one-write").await.chunks.len(), 1);
    let split = hit("split-utf8").await;
    assert!(
        split
            .chunks
            .iter()
            .filter(|chunk| std::str::from_utf8(chunk).is_err())
            .count()
            > 2
    );
    let usage = hit("no-usage").await.events();
    assert!(usage.iter().all(|event| event["usage"].is_null()));
    let finishes = hit("second-finish").await;
    assert!(
        finishes.text().contains(r#""finish_reason":"stop""#)
            && finishes.text().contains(r#""finish_reason":"length""#)
    );
    assert!(
        hit("duplicate-fields")
            .await
            .text()
            .contains(r#""object":"chat.completion.chunk","object""#)
    );
    assert_eq!(
        hit("unknown-fields").await.events()[0]["x_new"]["list"][1],
        json!({"a": null})
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
    let plain = hit("dribble").await.text();
    assert_eq!(
        hit("crlf").await.text().replace("\r\n", "\n").len(),
        plain.len()
    );
    let cr = hit("cr").await.text();
    assert!(!cr.contains('\n') && cr.ends_with("data: [DONE]\r\r"));
    assert!(hit("bom").await.text().starts_with("\u{feff}data: "));
    let comments = hit("comments").await;
    assert!(
        comments
            .text()
            .starts_with(": still here\n\nid: 0\nretry: 3000\n:\ndata: ")
    );
    assert!(hit("no-space").await.text().starts_with("data:{"));
    assert!(
        hit("no-last-blank-line")
            .await
            .text()
            .ends_with("\n\ndata: [DONE]")
    );

    let text = hit("multi-line-data").await.text();
    assert!(
        text.starts_with("data: {\ndata: \"choices\":\ndata: ["),
        "{text}"
    );
    let joined = text
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| {
            let lines: Vec<_> = event.lines().map(|line| &line[6..]).collect();
            lines.join("\n")
        });
    let events: Vec<String> = joined.collect();
    assert_eq!(events.last().unwrap(), "[DONE]");
    for event in &events[..events.len() - 1] {
        serde_json::from_str::<Value>(event).unwrap();
    }

    assert!(
        hit("malformed-event")
            .await
            .text()
            .contains("data: {\"choices\":[{\"delta\":\n\n")
    );
    let huge = hit("huge-line;size=100000").await;
    assert!(huge.content().contains(&"x".repeat(100_000)));
}

#[tokio::test]
async fn rules_choose_their_requests() {
    let emulator = Emulator::builder()
        .fault(FaultRule::new(FaultKind::ModelUnavailable).model("qwen-plus"))
        .start()
        .await
        .unwrap();
    let limit = Fault::new(FaultKind::LimitRequests).retry_after("7");
    emulator.fault(
        FaultRule::new(limit)
            .skip(1)
            .times(2)
            .path("/chat/completions"),
    );
    let mut statuses = Vec::new();
    for model in [
        "qwen3-max",
        "qwen3-max",
        "qwen-plus",
        "qwen3-max",
        "qwen3-max",
    ] {
        statuses.push(ask(&emulator, &stream(model, "Hi")).await.status);
    }
    assert_eq!(statuses, [200, 429, 503, 429, 200]);
    emulator.clear_faults();
    assert_eq!(ask(&emulator, &stream("qwen-plus", "Hi")).await.status, 200);
}

#[tokio::test]
async fn whole_answers_break_too() {
    let emulator = Emulator::start().await.unwrap();
    let mut plain = body();
    plain["stream"] = json!(false);
    let hit = async |fault| {
        let mut client = Client::connect(&emulator).await;
        client.chat(&plain, &[("x-emulator-fault", fault)]).await;
        client.answer().await
    };
    assert_eq!(hit("reset").await.error, Some(ErrorKind::ConnectionReset));
    assert_eq!(hit("truncate").await.error, Some(ErrorKind::UnexpectedEof));
    for name in ["dribble", "split-utf8", "late-terminator", "crlf"] {
        let answer = hit(name).await;
        assert!(answer.complete, "{name}");
        assert!(answer.json()["usage"]["total_tokens"].is_u64(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_happens_and_nothing_is_left_behind() {
    let emulator = Emulator::start().await.unwrap();
    for kind in FaultKind::ALL {
        for stream in [true, false] {
            let mut request = body();
            request["stream"] = json!(stream);
            let mut client = Client::connect(&emulator).await;
            client
                .chat(&request, &[("x-emulator-fault", kind.name())])
                .await;
            let minute = Duration::from_secs(60);
            let _ = timeout(minute, client.answer()).await;
            drop(client);
        }
        assert!(!kind.description().is_empty());
    }
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(counts.requests, 2 * FaultKind::ALL.len());
}

#[tokio::test]
async fn an_unknown_fault_is_an_error() {
    let answer = hit("stal").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["error"]["message"],
        "unknown fault `stal`, did you mean `stall`?"
    );
}
