//! Synthesis over HTTP.

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    native::{MULTIMODAL, SSE, events, send},
};

pub(crate) const SYNTHESIS: &str = "/services/audio/tts/SpeechSynthesizer";

pub(crate) fn cosyvoice(text: &str, fields: Value) -> Value {
    let mut input = json!({"text": text, "voice": "longanyang"});
    input
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    json!({"model": "cosyvoice-v3-flash", "input": input})
}

pub(crate) fn qwen(model: &str, text: &str) -> Value {
    json!({"model": model, "input": {"text": text, "voice": "Cherry"}})
}

/// Downloads what is at a URL of the emulator.
pub(crate) async fn fetch(emulator: &Emulator, url: &str) -> Answer {
    let path = url.strip_prefix(emulator.origin()).unwrap();
    let mut client = Client::connect(emulator).await;
    client.send("GET", path, &[], "").await;
    client.answer().await
}

/// Speaks a text into a file.
pub(crate) async fn spoken(emulator: &Emulator, text: &str, format: &str) -> (String, Vec<u8>) {
    let body = cosyvoice(text, json!({"format": format, "sample_rate": 16_000}));
    let answer = send(emulator, SYNTHESIS, &body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let url = answer.json()["output"]["audio"]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = fetch(emulator, &url).await;
    assert_eq!(file.status, 200);
    (url, file.bytes())
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().unwrap())
}

#[tokio::test]
async fn a_whole_answer_has_the_url_of_a_file() {
    let emulator = Emulator::start().await.unwrap();
    let body = cosyvoice(
        "Guten Tag, wie geht es?",
        json!({"format": "wav", "sample_rate": 24_000}),
    );
    let answer = send(&emulator, SYNTHESIS, &body, &[]).await.json();
    assert_eq!(answer["output"]["finish_reason"], "stop");
    assert_eq!(answer["usage"], json!({"characters": 23}));
    let audio = &answer["output"]["audio"];
    assert_eq!(audio["data"], "");
    let id = answer["request_id"].as_str().unwrap();
    assert_eq!(audio["id"], format!("audio_{id}"));
    let expires = audio["expires_at"].as_u64().unwrap();
    let url = audio["url"].as_str().unwrap();
    assert!(url.contains(&format!("?Expires={expires}&")), "{url}");
    let file = fetch(&emulator, url).await;
    assert_eq!(file.header("content-type"), Some("audio/wav"));
    let data = file.bytes();
    // 60 ms a character, 24,000 samples of two bytes a second.
    assert_eq!(data.len(), 44 + 23 * 60 * 48);
    assert_eq!(&data[..4], b"RIFF");
    assert_eq!(number(&data[24..28]), 24_000);
    assert_eq!(number(&data[40..44]) as usize, data.len() - 44);
    assert!(data[44..].iter().any(|byte| *byte > 16));
    // The same text sounds the same.
    let again = send(&emulator, SYNTHESIS, &body, &[]).await.json();
    let again = again["output"]["audio"]["url"].as_str().unwrap().to_owned();
    assert_ne!(again, url);
    assert_eq!(fetch(&emulator, &again).await.bytes(), data);
    // A part is that of the whole.
    let path = url.strip_prefix(emulator.origin()).unwrap();
    let mut client = Client::connect(&emulator).await;
    client
        .send("GET", path, &[("range", "bytes=40-1000")], "")
        .await;
    let part = client.answer().await;
    assert_eq!((part.status, part.bytes()), (206, data[40..=1000].to_vec()));
    let forged = url.replace("Signature=", "Signature=x");
    assert_eq!(fetch(&emulator, &forged).await.status, 403);
    emulator
        .video()
        .advance(std::time::Duration::from_secs(86_401));
    assert_eq!(fetch(&emulator, url).await.status, 403);
}

#[tokio::test]
async fn formats_and_rates_are_those_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let text = "This is a sentence of some length.";
    for (format, kind, start) in [
        ("mp3", "audio/mpeg", &b"\xff\xf3"[..]),
        ("wav", "audio/wav", b"RIFF"),
        ("pcm", "audio/pcm", b""),
    ] {
        let slow = cosyvoice(text, json!({"format": format, "rate": 0.5}));
        let answer = send(&emulator, SYNTHESIS, &slow, &[]).await.json();
        let url = answer["output"]["audio"]["url"].as_str().unwrap();
        assert!(url.contains(&format!(".{format}?")), "{url}");
        let file = fetch(&emulator, url).await;
        assert_eq!(file.header("content-type"), Some(kind));
        assert!(file.bytes().starts_with(start), "{format}");
        let (_, fast) = spoken(&emulator, text, format).await;
        assert!(file.bytes().len() > fast.len());
    }
    // A short text has silence after it, so that recognition takes the file.
    let (_, short) = spoken(&emulator, "Hi", "pcm").await;
    assert_eq!(short.len(), 32_000);
    assert!(short[4 * 960..].iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn events_bring_sentences_and_then_the_url() {
    let emulator = Emulator::start().await.unwrap();
    let body = cosyvoice(
        "One two. Three!",
        json!({"format": "pcm", "sample_rate": 16_000, "word_timestamp_enabled": true}),
    );
    let answer = send(&emulator, SYNTHESIS, &body, &[SSE]).await;
    let events = events(&answer);
    let kinds: Vec<_> = events
        .iter()
        .filter_map(|event| event["output"]["type"].as_str())
        .collect();
    let begin = "sentence-begin";
    let piece = "sentence-synthesis";
    let end = "sentence-end";
    assert_eq!(
        kinds,
        [
            begin, piece, piece, piece, end, begin, piece, piece, piece, end
        ]
    );
    let (last, others) = events.split_last().unwrap();
    assert!(
        others
            .iter()
            .all(|event| event["output"]["finish_reason"] == "null")
    );
    assert_eq!(events[4]["output"]["original_text"], "One two.");
    assert_eq!(
        events[4]["output"]["sentence"],
        json!({"index": 0, "words": [
            {"begin_index": 0, "begin_time": 0, "end_index": 3, "end_time": 180, "text": "One"},
            {"begin_index": 4, "begin_time": 240, "end_index": 7, "end_time": 420, "text": "two"},
        ]})
    );
    assert_eq!(events[4]["usage"], json!({"characters": 8}));
    assert_eq!(
        events[9]["output"]["sentence"]["words"],
        json!([{"begin_index": 0, "begin_time": 540, "end_index": 5, "end_time": 840, "text": "Three"}])
    );
    assert_eq!(events[9]["usage"], json!({"characters": 15}));
    assert_eq!(last["output"]["finish_reason"], "stop");
    assert_eq!(last["usage"], json!({"characters": 15}));
    let pieces: Vec<u8> = events
        .iter()
        .flat_map(|event| {
            let data = event["output"]["audio"]["data"].as_str().unwrap();
            STANDARD.decode(data).unwrap()
        })
        .collect();
    let url = last["output"]["audio"]["url"].as_str().unwrap();
    let file = fetch(&emulator, url).await.bytes();
    // The file has silence to the end of a second.
    assert_eq!(pieces.len(), 15 * 1920);
    assert_eq!(file.len(), 32_000);
}

#[tokio::test]
async fn qwen_models_speak_on_the_path_of_chats() {
    let emulator = Emulator::start().await.unwrap();
    let text = "Hello there, how are you?";
    let body = qwen("qwen3-tts-flash", text);
    let answer = send(&emulator, MULTIMODAL, &body, &[]).await.json();
    assert_eq!(
        answer["usage"],
        json!({"characters": 25, "input_tokens": 0, "output_tokens": 0})
    );
    let url = answer["output"]["audio"]["url"].as_str().unwrap();
    let file = fetch(&emulator, url).await.bytes();
    assert_eq!(number(&file[24..28]), 24_000);
    let streamed = events(&send(&emulator, MULTIMODAL, &body, &[SSE]).await);
    let (last, pieces) = streamed.split_last().unwrap();
    let samples: Vec<u8> = pieces
        .iter()
        .flat_map(|event| {
            let data = event["output"]["audio"]["data"].as_str().unwrap();
            STANDARD.decode(data).unwrap()
        })
        .collect();
    assert_eq!(samples, file[44..]);
    assert!(
        last["output"]["audio"]["url"]
            .as_str()
            .unwrap()
            .contains(".wav?")
    );
    let tokens = send(&emulator, MULTIMODAL, &qwen("qwen-tts", text), &[])
        .await
        .json();
    // 1.5 s of 50 tokens each.
    assert_eq!(
        tokens["usage"],
        json!({
            "input_tokens": 7, "input_tokens_details": {"text_tokens": 7},
            "output_tokens": 75, "output_tokens_details": {"audio_tokens": 75, "text_tokens": 0},
            "total_tokens": 82,
        })
    );
}

#[tokio::test]
async fn what_cannot_be_spoken_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let long = "x".repeat(601);
    for (path, body, code, message) in [
        (
            SYNTHESIS,
            cosyvoice(" ", json!({})),
            "InvalidParameter",
            "text must be set",
        ),
        (
            SYNTHESIS,
            cosyvoice("a", json!({"voice": ""})),
            "InvalidParameter",
            "voice must be set",
        ),
        (
            SYNTHESIS,
            cosyvoice("a", json!({"format": "flac"})),
            "InvalidParameter",
            "format must be one of pcm, wav, mp3, opus",
        ),
        (
            SYNTHESIS,
            cosyvoice("a", json!({"format": "opus"})),
            "not_offered_by_emulator",
            "The emulator does not offer this: audio in the format opus",
        ),
        (
            SYNTHESIS,
            cosyvoice("a", json!({"sample_rate": 11_025})),
            "InvalidParameter",
            "sample_rate must be one of 8000, 16000, 22050, 24000, 44100, 48000",
        ),
        (
            SYNTHESIS,
            cosyvoice("a", json!({"rate": 3})),
            "InvalidParameter",
            "rate must be in [0.5, 2]",
        ),
        (
            SYNTHESIS,
            qwen("qwen3-tts-flash", "a"),
            "InvalidParameter",
            "url error, please check url！",
        ),
        (
            SYNTHESIS,
            qwen("nobody", "a"),
            "ModelNotFound",
            "The model `nobody` does not exist or you do not have access to it.",
        ),
        (
            MULTIMODAL,
            qwen("qwen3-tts-flash", &long),
            "InvalidParameter",
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 600]",
        ),
    ] {
        let answer = send(&emulator, path, &body, &[]).await.json();
        assert_eq!(
            (&answer["code"], &answer["message"]),
            (&json!(code), &json!(message))
        );
    }
    let streamed = send(&emulator, SYNTHESIS, &cosyvoice("", json!({})), &[SSE]).await;
    assert_eq!(streamed.status, 400);
    assert!(
        streamed
            .text()
            .starts_with("id:1\nevent:error\n:HTTP_STATUS/400\ndata:")
    );
}
