//! Faults of speech.

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule, VideoRoute};
use serde_json::json;

use crate::{
    client::{Client, ask},
    native::{SSE, send},
    socket::{Got, Socket, events, name},
    speech::{SYNTHESIS, cosyvoice},
    speech_sockets::{finish, run_asr, run_tts, say},
};

const PATH: &str = "/api-ws/v1/inference";

async fn broken(fault: &str) -> Vec<Got> {
    let emulator = Emulator::start().await.unwrap();
    let opened = Socket::open(&emulator, PATH, &[("x-emulator-fault", fault)]).await;
    let mut socket = opened.unwrap_or_else(|status| panic!("{status}"));
    socket.send(run_tts("t", json!({}))).await;
    socket.send(say("t", "Hello there, how are you?")).await;
    socket.send(finish("t")).await;
    socket.until_event("task-finished").await
}

#[tokio::test]
async fn a_handshake_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    for (fault, status) in [
        ("wrong-region", 401),
        ("access-denied", 403),
        ("limit-requests", 429),
        ("model-unavailable", 503),
        ("bad-gateway", 502),
        ("reset-before", 0),
        ("lost-answer", 0),
    ] {
        let opened = Socket::open(&emulator, PATH, &[("x-emulator-fault", fault)]).await;
        assert_eq!(opened.err(), Some(status), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_late_or_never_answered() {
    let emulator = Emulator::start().await.unwrap();
    let start = tokio::time::Instant::now();
    let late = [("x-emulator-fault", "late-headers; delay=3000")];
    let mut socket = Socket::open(&emulator, PATH, &late).await.ok().unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
    socket.send(run_tts("t", json!({}))).await;
    assert_eq!(name(&socket.next().await.event()), "task-started");
    let never = [("x-emulator-fault", "headers-stall")];
    let opened = Socket::open(&emulator, PATH, &never);
    let wait = std::time::Duration::from_secs(3600);
    assert!(tokio::time::timeout(wait, opened).await.is_err());
}

#[tokio::test]
async fn a_task_fails() {
    for (fault, code) in [
        (
            "task-fails; after=2; code=DataInspectionFailed",
            "DataInspectionFailed",
        ),
        ("stream-error", "InternalError"),
    ] {
        let got = broken(fault).await;
        let failed = got.iter().rev().nth(1).cloned().unwrap().event();
        assert_eq!(name(&failed), "task-failed");
        assert_eq!(failed["header"]["error_code"], code);
        assert_eq!(got.last(), Some(&Got::Closed(1000)));
    }
    let got = broken("task-fails; after=2").await;
    assert_eq!(got.len(), 4);
}

#[tokio::test]
async fn a_connection_breaks_inside_a_frame() {
    for fault in ["truncate; after=4", "reset; after=4"] {
        let got = broken(fault).await;
        assert_eq!((got.len(), got.last()), (5, Some(&Got::Broken)), "{fault}");
    }
    let closed = broken("truncate-cleanly; after=4").await;
    assert_eq!((closed.len(), closed.last()), (5, Some(&Got::Closed(1000))));
    let closed = broken("socket-closes; after=4; code=1013").await;
    assert_eq!((closed.len(), closed.last()), (5, Some(&Got::Closed(1013))));
    let closed = broken("socket-closes").await;
    assert_eq!((closed.len(), closed.last()), (4, Some(&Got::Closed(1011))));
}

#[tokio::test]
async fn events_are_changed() {
    let got = broken("malformed-event; after=1").await;
    assert_eq!(got[1], Got::Text(r#"{"header":{"event":"#.to_owned()));
    assert_eq!(name(&got.last().cloned().unwrap().event()), "task-finished");
    let got = broken("unknown-fields").await;
    assert!(
        events(&got)
            .iter()
            .all(|event| event["x_new"]["list"][0] == 1)
    );
    let got = broken("huge-line; after=1; size=70000").await;
    let huge: Vec<_> = events(&got)
        .iter()
        .filter_map(|event| event["x_new"].as_str().map(str::len))
        .collect();
    assert_eq!(huge, [70_000]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_service_says_nothing_more() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault(FaultRule::new(Fault::new(FaultKind::Stall).after(1)).times(1));
    let mut socket = Socket::inference(&emulator).await;
    socket
        .send(run_asr("t", "fun-asr-realtime", json!({})))
        .await;
    assert_eq!(name(&socket.next().await.event()), "task-started");
    socket.send(finish("t")).await;
    let wait = std::time::Duration::from_secs(3600);
    assert!(tokio::time::timeout(wait, socket.next()).await.is_err());
    // The next connection is fine.
    let mut socket = Socket::inference(&emulator).await;
    socket
        .send(run_asr("t", "fun-asr-realtime", json!({})))
        .await;
    socket.send(finish("t")).await;
    assert_eq!(socket.until_event("task-finished").await.len(), 2);
}

#[tokio::test]
async fn a_rule_for_a_model_meets_its_tasks() {
    let emulator = Emulator::start().await.unwrap();
    let throttled = FaultRule::new(FaultKind::Throttling)
        .model("cosyvoice-v3-flash")
        .times(1);
    emulator.fault(throttled);
    let mut socket = Socket::inference(&emulator).await;
    socket
        .send(run_asr("t", "fun-asr-realtime", json!({})))
        .await;
    socket.send(finish("t")).await;
    assert_eq!(socket.until_event("task-finished").await.len(), 2);
    socket.send(run_tts("t", json!({}))).await;
    let failed = socket.next().await.event();
    assert_eq!(failed["header"]["error_code"], "Throttling.RateQuota");
    let closes = Fault::new(FaultKind::SocketCloses).after(1).code("1001");
    emulator.fault(FaultRule::new(closes).model("qwen3-tts-flash-realtime"));
    let mut socket = Socket::realtime(&emulator, "qwen3-tts-flash-realtime").await;
    assert_eq!(name(&socket.next().await.event()), "session.created");
    socket.send(json!({"type": "session.finish"})).await;
    assert_eq!(socket.next().await, Got::Closed(1001));
}

#[tokio::test]
async fn http_breaks_as_for_chats() {
    let emulator = Emulator::start().await.unwrap();
    let body = cosyvoice("Hello there. You!", json!({"format": "wav"}));
    let fault = |name| [SSE, ("x-emulator-fault", name)];
    let cut = send(&emulator, SYNTHESIS, &body, &fault("truncate; after=2")).await;
    assert!(!cut.complete);
    assert_eq!(cut.text().matches("event:result").count(), 2);
    let failed = send(&emulator, SYNTHESIS, &body, &fault("stream-error; after=1")).await;
    assert!(failed.text().contains("event:error"));
    let throttled = send(
        &emulator,
        SYNTHESIS,
        &body,
        &[("x-emulator-fault", "throttling")],
    )
    .await;
    assert_eq!(
        (throttled.status, &throttled.json()["code"]),
        (429, &json!("Throttling.RateQuota"))
    );
    // A file ends before the length that it promised.
    let answer = send(&emulator, SYNTHESIS, &body, &[]).await.json();
    let url = answer["output"]["audio"]["url"].as_str().unwrap();
    emulator.fault(
        FaultRule::new(FaultKind::WrongLength)
            .video(VideoRoute::Result)
            .times(1),
    );
    let path = url.strip_prefix(emulator.origin()).unwrap();
    let mut client = Client::connect(&emulator).await;
    client.send("GET", path, &[], "").await;
    assert!(client.answer().await.error.is_some());
    let mut client = Client::connect(&emulator).await;
    client.send("GET", path, &[], "").await;
    assert_eq!(client.answer().await.status, 200);
    let part = json!({"type": "input_audio", "input_audio": {"data": url}});
    let chat = json!({"model": "qwen3-asr-flash", "stream": true, "messages": [{"role": "user", "content": [part]}]});
    emulator.fault(FaultRule::new(FaultKind::Reset).model("qwen3-asr-flash"));
    assert!(ask(&emulator, &chat).await.error.is_some());
}
