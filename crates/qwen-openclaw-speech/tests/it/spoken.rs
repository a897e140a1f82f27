//! Texts spoken over WebSockets while they are written.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, Stream, StreamExt, stream};
use qwen_openclaw_speech::{
    AudioFormat, Error, ErrorKind, SpeechEvent, SpeechRequest, SpeechStream,
};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::pipe::{Log, client, speak};

fn request() -> SpeechRequest {
    let request = SpeechRequest::new("cosyvoice-v3-flash").sample_rate(24_000);
    request.format(AudioFormat::Pcm)
}

/// Texts, each after so many seconds.
fn texts(texts: &'static [(u64, &'static str)]) -> impl Stream<Item = String> + Send + 'static {
    stream::iter(texts).then(|(seconds, text)| async move {
        sleep(Duration::from_secs(*seconds)).await;
        (*text).to_owned()
    })
}

async fn all(speech: &mut SpeechStream) -> Result<Vec<u8>, Error> {
    let mut audio = Vec::new();
    while let Some(event) = speech.next().await {
        if let SpeechEvent::Audio(piece) = event? {
            audio.extend_from_slice(&piece);
        }
    }
    Ok(audio)
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_first_audio_comes_before_the_text_has_ended() {
    let (client, mut opened) = client();
    let log = Log::default();
    let speaker = client.speaker(&request()).unwrap();
    let mut speech = speaker.speak(texts(&[(2, "Hello. "), (5, "World.")]));
    let started = Instant::now();
    let server = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let (url, server) = opened.recv().await.unwrap();
            assert_eq!(
                url,
                "https://dashscope-intl.aliyuncs.com/api-ws/v1/inference"
            );
            speak(server, log).await;
        }
    });
    let first = speech.next().await.unwrap().unwrap();
    assert!(matches!(first, SpeechEvent::Audio(audio) if audio.len() == 7 * 480));
    assert_eq!(started.elapsed(), Duration::from_secs(2));
    assert_eq!(taken(&log), ["run-task", "Hello. "]);
    assert_eq!(all(&mut speech).await.unwrap().len(), 6 * 480);
    assert_eq!(started.elapsed(), Duration::from_secs(7));
    assert_eq!(taken(&log), ["World.", "finish-task"]);
    assert_eq!(speech.usage().characters, Some(13));
    let spoken = speech.spoken();
    assert_eq!((spoken.characters, spoken.bytes), (13, 13 * 480));
    assert_eq!(spoken.duration, Some(Duration::from_millis(130)));
    drop((speech, speaker));
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_used_again() {
    let (client, mut opened) = client();
    let log = Log::default();
    let speaker = client.speaker(&request()).unwrap();
    speaker.connect().await.unwrap();
    let (_, server) = opened.recv().await.unwrap();
    tokio::spawn(speak(server, Arc::clone(&log)));
    for text in ["One.", "Two."] {
        let mut speech = speaker.speak(stream::iter([text.to_owned()]));
        assert_eq!(all(&mut speech).await.unwrap().len(), 4 * 480);
        assert_eq!(taken(&log), ["run-task", text, "finish-task"]);
        assert_eq!(speech.sends(), 1);
    }
    assert!(opened.try_recv().is_err(), "one connection was enough");
    // After a long time it may have been closed.
    sleep(Duration::from_secs(60)).await;
    let mut speech = speaker.speak(stream::iter(["Three.".to_owned()]));
    let (_, server) = {
        let mut next = Box::pin(all(&mut speech));
        tokio::select! {
            found = opened.recv() => found.unwrap(),
            audio = &mut next => panic!("{audio:?}"),
        }
    };
    tokio::spawn(speak(server, Arc::clone(&log)));
    assert_eq!(all(&mut speech).await.unwrap().len(), 6 * 480);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_that_was_closed_is_replaced() {
    let (client, mut opened) = client();
    let speaker = client.speaker(&request()).unwrap();
    speaker.connect().await.unwrap();
    drop(opened.recv().await.unwrap());
    let log = Log::default();
    tokio::spawn({
        let log = Arc::clone(&log);
        async move { speak(opened.recv().await.unwrap().1, log).await }
    });
    let mut speech = speaker.speak(stream::iter(["One.".to_owned()]));
    assert_eq!(all(&mut speech).await.unwrap().len(), 4 * 480);
    assert_eq!(taken(&log), ["run-task", "One.", "finish-task"]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_in_the_text_ends_the_task_and_not_the_speech() {
    let (client, mut opened) = client();
    let log = Log::default();
    tokio::spawn({
        let log = Arc::clone(&log);
        async move { speak(opened.recv().await.unwrap().1, log).await }
    });
    let speaker = client.speaker(&request().format(AudioFormat::Wav)).unwrap();
    let mut speech = speaker.speak(texts(&[(0, "One."), (20, "Two.")]));
    let (mut audio, mut words) = (Vec::new(), Vec::new());
    while let Some(event) = speech.next().await {
        match event.unwrap() {
            SpeechEvent::Audio(piece) => audio.extend_from_slice(&piece),
            SpeechEvent::Sentence(sentence) => words.extend(sentence.words),
            _ => {}
        }
    }
    let tasks = [
        "run-task",
        "One.",
        "finish-task",
        "run-task",
        "Two.",
        "finish-task",
    ];
    assert_eq!(taken(&log), tasks);
    // One file with one header, and times from its start.
    assert_eq!(audio.len(), 44 + 8 * 480);
    assert_eq!((&audio[..4], &audio[44..48]), (&b"RIFF"[..], &[1; 4][..]));
    let begins: Vec<_> = words.iter().map(|word| word.begin.as_millis()).collect();
    assert_eq!(begins, [0, 40]);
    assert_eq!(speech.usage().characters, Some(8));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_says_what_was_spoken() {
    let (client, mut opened) = client();
    tokio::spawn(async move {
        let (_, mut server) = opened.recv().await.unwrap();
        let message = server.next().await.unwrap().unwrap();
        let message: serde_json::Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        let id = &message["header"]["task_id"];
        let started = json!({"header": {"task_id": id, "event": "task-started"}, "payload": {}});
        server
            .send(Message::text(started.to_string()))
            .await
            .unwrap();
        server.next().await.unwrap().unwrap();
        server.send(Message::binary(vec![0; 4_800])).await.unwrap();
        let output = json!({"type": "sentence-end", "original_text": "Hello."});
        let payload = json!({"output": output, "usage": {"characters": 6}});
        let header = json!({"task_id": id, "event": "result-generated"});
        let ended = json!({"header": header, "payload": payload});
        server.send(Message::text(ended.to_string())).await.unwrap();
        server.send(Message::binary(vec![0; 480])).await.unwrap();
    });
    let ends = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ends);
    let speaker = client.speaker(&request()).unwrap();
    let speech = speaker.speak(texts(&[(0, "Hello. "), (60, "World.")]));
    let mut speech = speech.on_end(move |end| seen.lock().unwrap().push(end));
    let error = all(&mut speech).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    let spoken = error.spoken().unwrap();
    assert_eq!((spoken.characters, spoken.bytes), (6, 5_280));
    assert_eq!(spoken.duration, Some(Duration::from_millis(110)));
    assert!(speech.next().await.is_none());
    drop(speech);
    let ends = ends.lock().unwrap();
    let [end] = &**ends else { panic!("{ends:?}") };
    assert_eq!(end.error.as_ref().unwrap().kind(), ErrorKind::Network);
    assert_eq!((end.usage.characters, end.sends), (Some(6), 1));
    assert!(!end.is_complete);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let (client, mut opened) = client();
    let speaker = client.speaker(&request()).unwrap();
    let mut speech = speaker.speak(stream::iter(["Hello.".to_owned()]));
    let started = Instant::now();
    let error = all(&mut speech).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(started.elapsed(), Duration::from_secs(60));
    drop(opened.recv().await);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_speech_closes_the_connection() {
    let (client, mut opened) = client();
    let log = Log::default();
    let server = tokio::spawn({
        let log = Arc::clone(&log);
        async move { speak(opened.recv().await.unwrap().1, log).await }
    });
    let ends = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ends);
    let speaker = client.speaker(&request()).unwrap();
    let speech = speaker.speak(texts(&[(0, "Hello. "), (600, "World.")]));
    let mut speech = speech.on_end(move |end| seen.lock().unwrap().push(end));
    speech.next().await.unwrap().unwrap();
    drop(speech);
    server.await.unwrap();
    assert_eq!(taken(&log), ["run-task", "Hello. ", "closed"]);
    let ends = ends.lock().unwrap();
    assert!(ends[0].error.is_none() && !ends[0].is_complete);
}

#[tokio::test(start_paused = true)]
async fn a_session_has_a_connection_of_its_own() {
    let (client, mut opened) = client();
    let server = tokio::spawn(async move {
        let (url, mut server) = opened.recv().await.unwrap();
        let query = "api-ws/v1/realtime?model=qwen3-tts-flash-realtime";
        assert_eq!(url, format!("https://dashscope-intl.aliyuncs.com/{query}"));
        let mut types = Vec::new();
        let created = json!({"type": "session.created", "session": {"id": "sess_1"}});
        server
            .send(Message::text(created.to_string()))
            .await
            .unwrap();
        while let Some(Ok(Message::Text(message))) = server.next().await {
            let message: serde_json::Value = serde_json::from_str(&message).unwrap();
            types.push(message["type"].as_str().unwrap().to_owned());
            let events = match &**types.last().unwrap() {
                "input_text_buffer.append" => vec![
                    json!({"type": "response.audio.delta", "delta": "AQIDBA=="}),
                    json!({"type": "response.done", "response": {"status": "completed",
                        "usage": {"characters": 6}}}),
                ],
                "session.finish" => vec![json!({"type": "session.finished"})],
                _ => vec![json!({"type": "session.updated"})],
            };
            for event in events {
                server.send(Message::text(event.to_string())).await.unwrap();
            }
        }
        types
    });
    let request = SpeechRequest::new("qwen3-tts-flash-realtime").format(AudioFormat::Wav);
    let speech = client.speak(&request, "Hello.").await.unwrap();
    assert_eq!(speech.audio()[40..], [4, 0, 0, 0, 1, 2, 3, 4]);
    assert_eq!(speech.usage().characters, Some(6));
    assert_eq!(speech.spoken().characters, 6);
    let expected = [
        "session.update",
        "input_text_buffer.append",
        "session.finish",
    ];
    assert_eq!(server.await.unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn without_a_word_nothing_is_sent() {
    let (client, mut opened) = client();
    let speaker = client.speaker(&request()).unwrap();
    let mut speech = speaker.speak(stream::iter([" ", "\n..."].map(String::from)));
    let error = all(&mut speech).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.attempts(), 0);
    assert!(opened.try_recv().is_err());
}
