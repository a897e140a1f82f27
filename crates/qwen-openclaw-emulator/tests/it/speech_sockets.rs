//! Tasks of speech over WebSocket.

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    socket::{Got, Socket, audio, events, name},
    speech::spoken,
};

fn command(action: &str, task: &str, payload: Value) -> Value {
    json!({"header": {"action": action, "task_id": task, "streaming": "duplex"}, "payload": payload})
}

pub(crate) fn run_tts(task: &str, parameters: Value) -> Value {
    let mut all = json!({"text_type": "PlainText", "voice": "longanyang", "format": "pcm",
        "sample_rate": 16_000});
    all.as_object_mut()
        .unwrap()
        .extend(parameters.as_object().unwrap().clone());
    let payload = json!({"task_group": "audio", "task": "tts", "function": "SpeechSynthesizer",
        "model": "cosyvoice-v3-flash", "parameters": all, "input": {}});
    command("run-task", task, payload)
}

pub(crate) fn run_asr(task: &str, model: &str, parameters: Value) -> Value {
    let mut all = json!({"format": "pcm", "sample_rate": 16_000});
    all.as_object_mut()
        .unwrap()
        .extend(parameters.as_object().unwrap().clone());
    let payload = json!({"task_group": "audio", "task": "asr", "function": "recognition",
        "model": model, "parameters": all, "input": {}});
    command("run-task", task, payload)
}

pub(crate) fn say(task: &str, text: &str) -> Value {
    command("continue-task", task, json!({"input": {"text": text}}))
}

pub(crate) fn finish(task: &str) -> Value {
    command("finish-task", task, json!({"input": {}}))
}

/// Speaks a text in pieces, in a task of its own, and returns what arrived.
async fn speak(socket: &mut Socket, task: &str, texts: &[&str], parameters: Value) -> Vec<Got> {
    socket.send(run_tts(task, parameters)).await;
    let started = socket.next().await.event();
    assert_eq!(
        started,
        json!({"header": {"task_id": task, "event": "task-started", "attributes": {}}, "payload": {}})
    );
    for text in texts {
        socket.send(say(task, text)).await;
    }
    socket.send(finish(task)).await;
    socket.until_event("task-finished").await
}

#[tokio::test]
async fn sentences_are_spoken_as_soon_as_they_are_complete() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = Socket::inference(&emulator).await;
    socket
        .send(run_tts("t-1", json!({"word_timestamp_enabled": true})))
        .await;
    socket.next().await;
    socket.send(say("t-1", "First sentence. Sec")).await;
    let got = socket.until(|got| matches!(got, Got::Event(event) if event["payload"]["output"]["type"] == "sentence-end")).await;
    let first = events(&got);
    assert_eq!(
        first[0]["payload"],
        json!({"output": {"sentence": {"index": 0, "words": []}, "type": "sentence-begin",
            "original_text": "First sentence."}})
    );
    assert_eq!(
        first.last().unwrap()["payload"],
        json!({"output": {"sentence": {"index": 0, "words": [
            {"text": "First", "begin_index": 0, "end_index": 5, "begin_time": 0, "end_time": 300},
            {"text": "sentence", "begin_index": 6, "end_index": 14, "begin_time": 360, "end_time": 840},
        ]}, "type": "sentence-end", "original_text": "First sentence."}, "usage": {"characters": 15}})
    );
    // One frame of audio after each event for it.
    for pair in got[1..got.len() - 1].chunks(2) {
        let [Got::Event(event), Got::Audio(piece)] = pair else {
            panic!("{pair:?}");
        };
        assert_eq!(event["payload"]["output"]["type"], "sentence-synthesis");
        assert!(!piece.is_empty());
    }
    assert_eq!(audio(&got).len(), 15 * 1920);
    socket.send(say("t-1", "ond")).await;
    socket.send(finish("t-1")).await;
    let rest = socket.until_event("task-finished").await;
    let last = rest.last().cloned().unwrap().event();
    assert_eq!(last["payload"], json!({"usage": {"characters": 22}}));
    assert!(last["header"]["attributes"]["request_uuid"].is_string());
    let begin = events(&rest).swap_remove(0);
    assert_eq!(begin["payload"]["output"]["original_text"], "Second");
}

#[tokio::test]
async fn a_connection_takes_one_task_after_the_other() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = Socket::inference(&emulator).await;
    let one = speak(&mut socket, "t-1", &["Hello there."], json!({})).await;
    let two = speak(&mut socket, "t-2", &["Hello", " there."], json!({})).await;
    assert_eq!(audio(&one), audio(&two));
    let wav = speak(
        &mut socket,
        "t-3",
        &["Hello there."],
        json!({"format": "wav"}),
    )
    .await;
    assert_eq!(audio(&wav)[44..], audio(&one));
    let mp3 = speak(
        &mut socket,
        "t-4",
        &["Hello there."],
        json!({"format": "mp3"}),
    )
    .await;
    assert!(audio(&mp3).starts_with(&[0xff, 0xf3]));
    // A task that is canceled says nothing more.
    socket.send(run_tts("t-5", json!({}))).await;
    socket.next().await;
    socket.send(say("t-5", "Never said")).await;
    let cancel = command(
        "finish-task",
        "t-5",
        json!({"input": {"directive": "cancel"}}),
    );
    socket.send(cancel).await;
    assert_eq!(name(&socket.next().await.event()), "task-finished");
    // The region of China is below its prefix.
    let opened = Socket::open(&emulator, "/cn/api-ws/v1/inference/", &[]).await;
    let mut china = opened.unwrap_or_else(|status| panic!("{status}"));
    assert_eq!(
        speak(&mut china, "t-1", &["Hello there."], json!({}))
            .await
            .len(),
        one.len()
    );
    socket.close().await;
    china.close().await;
    let counts = emulator.connections_until(|counts| counts.open == 0).await;
    assert_eq!(counts.abandoned, 0);
}

#[tokio::test]
async fn what_is_spoken_is_heard_while_it_comes() {
    let emulator = Emulator::start().await.unwrap();
    let (_, speech) = spoken(&emulator, "Good, I see. Well done", "pcm").await;
    for model in ["paraformer-realtime-v2", "fun-asr-realtime"] {
        let mut socket = Socket::inference(&emulator).await;
        socket.send(run_asr("t", model, json!({}))).await;
        assert_eq!(name(&socket.next().await.event()), "task-started");
        for piece in speech.chunks(3200) {
            socket.send_audio(piece).await;
        }
        socket.send(finish("t")).await;
        let got = events(&socket.until_event("task-finished").await);
        let sentences: Vec<&Value> = got
            .iter()
            .filter(|event| name(event) == "result-generated")
            .map(|event| &event["payload"])
            .collect();
        let ended: Vec<_> = sentences
            .iter()
            .filter(|payload| payload["output"]["sentence"]["sentence_end"] == true)
            .collect();
        let texts: Vec<_> = ended
            .iter()
            .map(|payload| &payload["output"]["sentence"]["text"])
            .collect();
        assert_eq!(texts, ["Good, I see.", "Well done"]);
        let first = &ended[0]["output"]["sentence"];
        assert_eq!(
            (&first["begin_time"], &first["end_time"]),
            (&json!(0), &json!(720))
        );
        assert_eq!(
            first["words"][0],
            json!({"begin_time": 0, "end_time": 240, "punctuation": ",", "text": "Good"})
        );
        assert_eq!(ended[0]["usage"], json!({"duration": 1}));
        let id = if model.starts_with("fun") {
            json!(1)
        } else {
            Value::Null
        };
        assert_eq!(first["sentence_id"], id);
        // What is tentative grows, and costs nothing.
        let tentative = sentences[0];
        assert_eq!(tentative["usage"], Value::Null);
        assert_eq!(tentative["output"]["sentence"]["end_time"], Value::Null);
        assert_eq!(tentative["output"]["sentence"]["text"], "Go");
        assert_eq!(
            got.last().unwrap()["payload"],
            json!({"output": {}, "usage": null})
        );
        socket.close().await;
    }
}

#[tokio::test]
async fn a_live_stream_may_be_mp3_and_start_anywhere() {
    let emulator = Emulator::start().await.unwrap();
    let (_, speech) = spoken(&emulator, "One two three four five.", "mp3").await;
    let mut socket = Socket::inference(&emulator).await;
    socket
        .send(run_asr("t", "fun-asr-realtime", json!({"format": "mp3"})))
        .await;
    for piece in speech[850..].chunks(777) {
        socket.send_audio(piece).await;
    }
    socket.send(finish("t")).await;
    let got = events(&socket.until_event("task-finished").await);
    let last = &got[got.len() - 2]["payload"]["output"]["sentence"];
    assert_eq!(last["text"], "two three four five.");
    assert_eq!(last["sentence_end"], true);
}

#[tokio::test]
async fn long_silence_closes_a_connection_without_heartbeats() {
    let emulator = Emulator::start().await.unwrap();
    let minute = vec![0; 60 * 32_000];
    let mut socket = Socket::inference(&emulator).await;
    socket
        .send(run_asr("t", "fun-asr-realtime", json!({"heartbeat": true})))
        .await;
    socket.send_audio(&minute).await;
    socket.send(finish("t")).await;
    let got = events(&socket.until_event("task-finished").await);
    let beats = got
        .iter()
        .filter(|event| event["payload"]["output"]["sentence"]["heartbeat"] == true);
    assert_eq!(beats.count(), 6);
    socket
        .send(run_asr("t2", "fun-asr-realtime", json!({})))
        .await;
    socket.send_audio(&minute).await;
    assert_eq!(
        socket.until_event("never").await.last(),
        Some(&Got::Closed(1000))
    );
}

#[tokio::test]
async fn tasks_that_cannot_be_fail() {
    let emulator = Emulator::start().await.unwrap();
    for (commands, code, message) in [
        (
            vec![run_tts("t", json!({"voice": ""}))],
            "InvalidParameter",
            "voice must be set",
        ),
        (
            vec![run_tts("t", json!({"format": "opus"}))],
            "not_offered_by_emulator",
            "The emulator does not offer this: audio in the format opus",
        ),
        (
            vec![run_asr("t", "nobody", json!({}))],
            "ModelNotFound",
            "The model `nobody` does not exist or you do not have access to it.",
        ),
        (
            vec![run_asr(
                "t",
                "fun-asr-realtime",
                json!({"max_sentence_silence": 100}),
            )],
            "InvalidParameter",
            "max_sentence_silence must be in [200, 6000]",
        ),
        (
            vec![say("t", "x")],
            "InvalidParameter",
            "Unexpected action: \"continue-task\"",
        ),
        (
            vec![run_tts("t", json!({})), say("t", &"x".repeat(20_001))],
            "InvalidParameter",
            "The text of a message has at most 20000 characters, that of a task 200000.",
        ),
        (
            vec![
                run_tts("t", json!({"enable_ssml": true})),
                say("t", "<speak>One</speak>"),
                say("t", "<speak>Two</speak>"),
            ],
            "InvalidParameter",
            "With enable_ssml, the text comes in one message.",
        ),
    ] {
        let mut socket = Socket::inference(&emulator).await;
        for command in commands {
            socket.send(command).await;
        }
        let failed = socket
            .until_event("task-failed")
            .await
            .pop()
            .unwrap()
            .event();
        assert_eq!(
            failed,
            json!({"header": {"task_id": "t", "event": "task-failed", "error_code": code,
                "error_message": message, "attributes": {}}, "payload": {}})
        );
        // No task comes after it.
        assert_eq!(socket.next().await, Got::Closed(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_not_waited_for() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = Socket::inference(&emulator).await;
    socket.send(run_tts("t", json!({}))).await;
    assert_eq!(name(&socket.next().await.event()), "task-started");
    let start = tokio::time::Instant::now();
    let failed = socket.next().await.event();
    assert_eq!(start.elapsed().as_secs(), 23);
    assert_eq!(failed["header"]["error_code"], "CLIENT_ERROR");
    assert_eq!(
        failed["header"]["error_message"],
        "request timeout after 23 seconds."
    );
}
