//! Sessions of speech over WebSocket.

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::Emulator;
use serde_json::json;

use crate::{
    socket::{Got, Socket, events, name},
    speech::spoken,
};

#[tokio::test]
async fn a_session_speaks() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = Socket::realtime(&emulator, "qwen3-tts-flash-realtime").await;
    let created = socket.next().await.event();
    assert_eq!(created["type"], "session.created");
    assert_eq!(created["session"]["voice"], "Cherry");
    assert_eq!(created["session"]["sample_rate"], 24_000);
    let settings = json!({"voice": "Ethan", "mode": "commit", "response_format": "pcm", "sample_rate": 16_000});
    socket
        .send(json!({"type": "session.update", "session": settings}))
        .await;
    assert_eq!(socket.next().await.event()["session"]["voice"], "Ethan");
    socket
        .send(json!({"type": "input_text_buffer.append", "text": "Hello there. "}))
        .await;
    socket
        .send(json!({"type": "input_text_buffer.append", "text": "You."}))
        .await;
    socket
        .send(json!({"type": "input_text_buffer.commit"}))
        .await;
    let got = events(&socket.until_event("response.done").await);
    let mut kinds: Vec<_> = got.iter().map(name).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "input_text_buffer.committed",
            "response.created",
            "response.output_item.added",
            "response.content_part.added",
            "response.audio.delta",
            "response.content_part.done",
            "response.output_item.done",
            "response.audio.done",
            "response.done",
        ]
    );
    let spoken: Vec<u8> = got
        .iter()
        .filter_map(|event| event["delta"].as_str())
        .flat_map(|delta| STANDARD.decode(delta).unwrap())
        .collect();
    assert_eq!(spoken.len(), 17 * 1920);
    let response = &got.last().unwrap()["response"];
    assert_eq!(response["status"], "completed");
    assert_eq!(response["usage"], json!({"characters": 17}));
    socket
        .send(json!({"type": "session.update", "session": {}}))
        .await;
    let refused = socket.next().await.event();
    assert_eq!(
        refused["error"],
        json!({"code": "invalid_value", "message": "Session update error: session already started or finished or failed."})
    );
    socket.send(json!({"type": "session.finish"})).await;
    assert_eq!(name(&socket.next().await.event()), "session.finished");
    assert_eq!(socket.next().await, Got::Closed(1000));
}

#[tokio::test]
async fn a_session_commits_sentences_by_itself() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = Socket::realtime(&emulator, "qwen-tts-realtime").await;
    socket.next().await;
    socket
        .send(json!({"type": "input_text_buffer.append", "text": "One. Two"}))
        .await;
    let done = socket
        .until_event("response.done")
        .await
        .pop()
        .unwrap()
        .event();
    // 240 ms of 50 tokens a second.
    assert_eq!(
        done["response"]["usage"]["output_tokens_details"]["audio_tokens"],
        12
    );
    socket.send(json!({"type": "session.finish"})).await;
    let rest = events(&socket.until_event("session.finished").await);
    assert_eq!(
        rest.iter()
            .filter(|event| name(event) == "response.done")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_session_listens() {
    let emulator = Emulator::start().await.unwrap();
    let (_, speech) = spoken(&emulator, "Good morning to you.", "pcm").await;
    let mut socket = Socket::realtime(&emulator, "qwen3-asr-flash-realtime").await;
    assert_eq!(name(&socket.next().await.event()), "session.created");
    let mut all = vec![0; 16_000];
    all.extend(&speech);
    all.extend(vec![0; 32_000]);
    for piece in all.chunks(3200) {
        let audio = STANDARD.encode(piece);
        socket
            .send(json!({"type": "input_audio_buffer.append", "audio": audio}))
            .await;
    }
    let completed = "conversation.item.input_audio_transcription.completed";
    let got = events(&socket.until_event(completed).await);
    let mut kinds: Vec<_> = got.iter().map(name).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "input_audio_buffer.speech_started",
            "conversation.item.input_audio_transcription.text",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.created",
            completed,
        ]
    );
    assert_eq!(
        (&got[0]["audio_start_ms"], &got[0]["item_id"]),
        (&json!(500), &json!("item_1"))
    );
    let last_text = &got[got.len() - 5];
    assert_eq!(
        (&last_text["text"], &last_text["stash"]),
        (&json!("Good morning to "), &json!("you."))
    );
    assert_eq!(got[got.len() - 4]["audio_end_ms"], 500 + 20 * 60);
    assert_eq!(got.last().unwrap()["transcript"], "Good morning to you.");
    assert_eq!(got.last().unwrap()["language"], "en");
    socket.send(json!({"type": "session.finish"})).await;
    assert_eq!(name(&socket.next().await.event()), "session.finished");
}

#[tokio::test]
async fn a_session_may_commit_by_hand() {
    let emulator = Emulator::start().await.unwrap();
    let (_, speech) = spoken(&emulator, "Guten Morgen, schöne Grüße.", "pcm").await;
    let mut socket = Socket::realtime(&emulator, "qwen3-asr-flash-realtime").await;
    socket.next().await;
    let settings = json!({"turn_detection": null, "sample_rate": 16_000});
    socket
        .send(json!({"type": "session.update", "session": settings}))
        .await;
    assert_eq!(name(&socket.next().await.event()), "session.updated");
    let audio = STANDARD.encode(&speech);
    socket
        .send(json!({"type": "input_audio_buffer.append", "audio": audio}))
        .await;
    socket
        .send(json!({"type": "input_audio_buffer.commit"}))
        .await;
    let completed = "conversation.item.input_audio_transcription.completed";
    let got = events(&socket.until_event(completed).await);
    assert!(got.iter().all(|event| !name(event).contains("speech_")));
    assert_eq!(
        got.last().unwrap()["transcript"],
        "Guten Morgen, schöne Grüße."
    );
    assert_eq!(got.last().unwrap()["language"], "de");
    socket
        .send(json!({"type": "input_audio_buffer.append", "audio": "*"}))
        .await;
    assert_eq!(
        socket.next().await.event()["error"]["message"],
        "audio must be base64"
    );
}
