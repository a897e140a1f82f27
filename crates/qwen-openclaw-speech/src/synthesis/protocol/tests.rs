//! The protocols frame by frame, as documented.

use std::time::Duration;

use super::*;
use crate::{AudioFormat, ErrorKind};

fn task(api: SocketApi, request: &SpeechRequest) -> Task {
    let plan = request.plan().unwrap();
    Task::new(api, "t-1".to_owned(), request, &plan)
}

fn inference() -> Task {
    let request = SpeechRequest::new("cosyvoice-v3-flash")
        .volume(50)
        .rate(1.1)
        .pitch(1.0);
    task(SocketApi::Inference, &request)
}

fn value(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap()
}

/// Checks that exactly these messages are due.
fn sends(task: &mut Task, expected: &[&str]) {
    for expected in expected {
        let sent = task.next_message().unwrap();
        assert_eq!(value(&sent), value(expected));
    }
    assert_eq!(task.next_message(), None);
}

fn hears(task: &mut Task, message: &str) -> Vec<String> {
    let notes = task.read(SocketMessage::Text(message.to_owned())).unwrap();
    notes.iter().map(|note| format!("{note:?}")).collect()
}

const STARTED: &str =
    r#"{"header":{"task_id":"t-1","event":"task-started","attributes":{}},"payload":{}}"#;

#[test]
fn a_task_speaks_text_in_pieces() {
    let mut task = inference();
    let mut text = "First sentence. ".to_owned();
    task.push(&mut text);
    assert_eq!(text, "");
    sends(
        &mut task,
        &[
            r#"{"header":{"action":"run-task","task_id":"t-1","streaming":"duplex"},
            "payload":{"task_group":"audio","task":"tts","function":"SpeechSynthesizer",
            "model":"cosyvoice-v3-flash","parameters":{"text_type":"PlainText",
            "voice":"longanyang","format":"mp3","sample_rate":22050,"volume":50,"rate":1.1,
            "pitch":1.0},"input":{}}}"#,
        ],
    );
    assert!(task.is_owed());
    assert!(hears(&mut task, STARTED).is_empty());
    assert!(!task.is_owed());
    task.push(&mut "Second".to_owned());
    sends(
        &mut task,
        &[
            r#"{"header":{"action":"continue-task","task_id":"t-1","streaming":"duplex"},
            "payload":{"input":{"text":"First sentence. Second"}}}"#,
        ],
    );
    let begun = r#"{"header":{"task_id":"t-1","event":"result-generated","attributes":{}},
        "payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-begin",
        "original_text":"First sentence."}}}"#;
    assert!(hears(&mut task, begun).is_empty());
    let audio = task.read(SocketMessage::Binary(vec![1, 2].into())).unwrap();
    assert!(matches!(&*audio, [Note::Audio(audio)] if audio[..] == [1, 2]));
    let ended = r#"{"header":{"task_id":"t-1","event":"result-generated","attributes":{}},
        "payload":{"output":{"sentence":{"index":0,"words":[{"text":"First","begin_index":0,
        "end_index":5,"begin_time":0,"end_time":263}]},"type":"sentence-end",
        "original_text":"First sentence."},"usage":{"characters":15}}}"#;
    let notes = task.read(SocketMessage::Text(ended.to_owned())).unwrap();
    let [Note::Sentence(sentence), Note::Usage(usage)] = &*notes else {
        panic!("{notes:?}");
    };
    assert_eq!(sentence.text.as_deref(), Some("First sentence."));
    assert_eq!(sentence.words[0].end, Duration::from_millis(263));
    assert_eq!(usage.characters, Some(15));
    task.finish();
    assert!(!task.takes_text());
    sends(
        &mut task,
        &[
            r#"{"header":{"action":"finish-task","task_id":"t-1","streaming":"duplex"},
            "payload":{"input":{}}}"#,
        ],
    );
    assert!(task.is_owed());
    // What is said of another task does not end this one.
    let other = r#"{"header":{"task_id":"t-0","event":"task-finished"},"payload":{}}"#;
    assert!(hears(&mut task, other).is_empty());
    let finished = r#"{"header":{"task_id":"t-1","event":"task-finished",
        "attributes":{"request_uuid":"u"}},"payload":{"usage":{"characters":22}}}"#;
    let notes = hears(&mut task, finished);
    assert!(notes[0].contains("Some(22)"), "{notes:?}");
    assert_eq!(notes[1..], ["Spoken(7)", "PartEnd"]);
    assert!(task.is_done());
}

#[test]
fn a_failed_task_is_the_servers_error() {
    let mut task = inference();
    let failed = r#"{"header":{"task_id":"t-1","event":"task-failed",
        "error_code":"InvalidParameter",
        "error_message":"[tts:]Engine return error code: 418","attributes":{}},"payload":{}}"#;
    let error = task
        .read(SocketMessage::Text(failed.to_owned()))
        .unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameter"));
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("418"), "{error}");
    let error = task.read(SocketMessage::Text("no".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn messages_and_tasks_have_limits() {
    let mut task = inference();
    task.limits = (10, 25);
    hears(&mut task, STARTED);
    task.next_message();
    let mut text = "One two. Three four. Five six. Seven.".to_owned();
    task.push(&mut text);
    assert_eq!(text, " Five six. Seven.");
    assert!(!task.takes_text());
    let mut sent = Vec::new();
    while let Some(message) = task.next_message() {
        let message = value(&message);
        sent.push(match message["header"]["action"].as_str() {
            Some("continue-task") => message["payload"]["input"]["text"].to_string(),
            action => action.unwrap_or_default().to_owned(),
        });
    }
    assert_eq!(
        sent,
        [r#""One two.""#, r#"" Three ""#, r#""four.""#, "finish-task"]
    );
}

#[test]
fn a_session_speaks_text_in_pieces() {
    let request = SpeechRequest::new("qwen3-tts-flash-realtime").language("en");
    let mut task = task(SocketApi::Realtime, &request.format(AudioFormat::Wav));
    task.push(&mut "Hello there.".to_owned());
    // The server speaks first.
    sends(&mut task, &[]);
    let created = r#"{"event_id":"event_1","type":"session.created","session":{"id":"sess_1"}}"#;
    assert!(hears(&mut task, created).is_empty());
    sends(
        &mut task,
        &[
            r#"{"type":"session.update","session":{"voice":"Cherry","mode":"server_commit",
                "language_type":"English","response_format":"pcm","sample_rate":24000}}"#,
            r#"{"type":"input_text_buffer.append","text":"Hello there."}"#,
        ],
    );
    assert!(hears(&mut task, r#"{"type":"session.updated","session":{}}"#).is_empty());
    let delta = r#"{"type":"response.audio.delta","response_id":"r","delta":"AQI="}"#;
    let notes = task.read(SocketMessage::Text(delta.to_owned())).unwrap();
    assert!(matches!(&*notes, [Note::Audio(audio)] if audio[..] == [1, 2]));
    let done = r#"{"type":"response.done","response":{"status":"completed",
        "usage":{"characters":12}}}"#;
    assert_eq!(hears(&mut task, done)[0], "Spoken(12)");
    assert!(hears(&mut task, done)[1].contains("Some(24)"));
    task.finish();
    sends(&mut task, &[r#"{"type":"session.finish"}"#]);
    assert_eq!(
        hears(&mut task, r#"{"type":"session.finished"}"#),
        ["PartEnd"]
    );
    assert!(task.is_done());
}

#[test]
fn an_error_of_a_session_is_the_servers_error() {
    let request = SpeechRequest::new("qwen3-tts-flash-realtime");
    let mut task = task(SocketApi::Realtime, &request);
    let failed = r#"{"event_id":"e","type":"error","error":{"code":"invalid_value",
        "message":"Session update error: session already started or finished or failed."}}"#;
    let error = task
        .read(SocketMessage::Text(failed.to_owned()))
        .unwrap_err();
    assert_eq!(error.code(), Some("invalid_value"));
    let failed = r#"{"type":"response.done","response":{"status":"failed"}}"#;
    let error = task
        .read(SocketMessage::Text(failed.to_owned()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}
