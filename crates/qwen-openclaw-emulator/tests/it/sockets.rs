//! What sockets have in common: handshakes, logs, quotas, and the pace.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use qwen_openclaw_emulator::{Emulator, Quota, ServedRequest};
use serde_json::json;

use crate::{
    socket::{Got, Socket},
    speech::cosyvoice,
    speech_sockets::{finish, run_tts, say},
    video::call,
};

#[tokio::test]
async fn sockets_are_counted_and_limited_like_requests() {
    let log = Arc::new(Mutex::new(Vec::<ServedRequest>::new()));
    let kept = Arc::clone(&log);
    let builder = Emulator::builder();
    let builder = builder.on_request(move |request| kept.lock().unwrap().push(request.clone()));
    let emulator = builder.start().await.unwrap();
    emulator.quota(Quota::new().requests(2));
    let mut socket = Socket::inference(&emulator).await;
    let mut run = run_tts("t", json!({}));
    run["payload"]["model"] = json!("qwen-audio-3.1-tts-flash");
    for _ in 0..2 {
        socket.send(run.clone()).await;
        socket.send(say("t", "Hello there.")).await;
        socket.send(finish("t")).await;
        let last = socket
            .until_event("task-finished")
            .await
            .pop()
            .unwrap()
            .event();
        assert_eq!(
            last["payload"]["usage"],
            json!({"input_tokens": 3, "output_tokens": 36, "total_tokens": 39})
        );
    }
    socket.send(run).await;
    let failed = socket.next().await.event();
    assert_eq!(failed["header"]["error_code"], "Throttling.AllocationQuota");
    socket.close().await;
    emulator.connections_until(|counts| counts.open == 0).await;
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(
        (log[0].status(), log[0].path()),
        (Some(101), "/api-ws/v1/inference")
    );
    assert_eq!(log[0].model(), Some("qwen-audio-3.1-tts-flash"));
    assert_eq!(
        (log[0].prompt_tokens(), log[0].completion_tokens()),
        (Some(6), Some(72))
    );
    assert!(log[0].is_complete());
}

#[tokio::test]
async fn a_client_that_leaves_in_a_task_abandons_it() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = Socket::inference(&emulator).await;
    socket.send(run_tts("t", json!({}))).await;
    socket.next().await;
    socket.close().await;
    drop(Socket::inference(&emulator).await);
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!((counts.requests, counts.abandoned), (2, 2));
    let socket = Socket::inference(&emulator).await;
    socket.close().await;
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!((counts.requests, counts.abandoned), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn pieces_come_at_the_pace_that_is_set() {
    let builder = Emulator::builder().first_chunk_delay(Duration::from_secs(2));
    let builder = builder.chunk_delay(Duration::from_millis(100));
    let emulator = builder.start().await.unwrap();
    let mut socket = Socket::inference(&emulator).await;
    socket.send(run_tts("t", json!({}))).await;
    socket.send(say("t", "0123456789")).await;
    socket.send(finish("t")).await;
    // 600 ms of audio in three pieces.
    let mut pauses = Vec::new();
    let begin = socket.until(|got| matches!(got, Got::Event(event) if event["payload"]["output"]["type"] == "sentence-begin")).await;
    assert_eq!(begin.len(), 2);
    for _ in 0..3 {
        let start = tokio::time::Instant::now();
        socket.until(|got| matches!(got, Got::Audio(_))).await;
        pauses.push(start.elapsed().as_millis());
    }
    assert_eq!(pauses, [2000, 100, 100]);
}

#[tokio::test]
async fn only_handshakes_open_sockets() {
    let emulator = Emulator::start().await.unwrap();
    let path = "/api-ws/v1/inference";
    let wrong = [("authorization", "Bearer nonsense")];
    assert_eq!(Socket::open(&emulator, path, &wrong).await.err(), Some(401));
    let unknown = "/api-ws/v1/realtime?model=nobody";
    assert_eq!(Socket::open(&emulator, unknown, &[]).await.err(), Some(404));
    let plain = call(&emulator, "GET", path, &[], "").await;
    assert_eq!(plain.status, 400);
    let body = cosyvoice("x", json!({})).to_string();
    assert_eq!(call(&emulator, "POST", path, &[], &body).await.status, 405);
}
