//! Texts spoken over HTTP: whole, and in pieces.

use std::time::Duration;

use futures_util::stream;
use qwen_openclaw_speech::{
    AudioFormat, Client, ErrorKind, SpeechEvent, SpeechRequest, auth::ApiKey, http::RetryPolicy,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{header, method, path},
};

const SYNTHESIZER: &str = "/api/v1/services/audio/tts/SpeechSynthesizer";
const GENERATION: &str = "/api/v1/services/aigc/multimodal-generation/generation";

fn client(server: &MockServer) -> Client {
    let base = format!("{}/compatible-mode/v1", server.uri());
    let key = ApiKey::parse("sk-0123456789abcdef").unwrap();
    let builder = Client::builder(base, key);
    builder.retry(RetryPolicy::none()).build().unwrap()
}

async fn bodies(server: &MockServer, on: &str) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    let on = requests.iter().filter(|request| request.url.path() == on);
    on.map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect()
}

/// A wav file of 24 kHz with these samples, and something behind them.
fn wav(samples: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend(24_000_u32.to_le_bytes());
    file.extend(48_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(u32::try_from(samples.len()).unwrap().to_le_bytes());
    file.extend(samples);
    file.extend(b"LIST");
    file
}

#[tokio::test]
async fn a_long_text_is_spoken_in_parts_and_is_one_file() {
    let server = MockServer::start().await;
    let url = format!("{}/result/a.wav?Expires=1", server.uri());
    Mock::given(method("POST"))
        .and(path(GENERATION))
        .and(header("authorization", "Bearer sk-0123456789abcdef"))
        .respond_with(move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let characters = body["input"]["text"].as_str().unwrap().chars().count();
            ResponseTemplate::new(200).set_body_json(json!({
                "request_id": "r",
                "output": {"finish_reason": "stop", "audio": {"data": "", "url": url, "id": "a"}},
                "usage": {"characters": characters},
            }))
        })
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/result/a.wav"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(wav(&[7; 4_800])))
        .mount(&server)
        .await;
    let sentence = format!("{}. ", "x".repeat(398));
    let text = sentence.repeat(2);
    let request = SpeechRequest::new("qwen3-tts-flash").language("en");
    let speech = client(&server).speak(&request, &text).await.unwrap();
    let sent = bodies(&server, GENERATION).await;
    let expected = json!({"model": "qwen3-tts-flash", "input": {"text": sentence.trim(),
        "voice": "Cherry", "language_type": "English"}});
    assert_eq!(sent, [expected.clone(), expected]);
    let audio = speech.audio();
    assert_eq!(audio.len(), 44 + 9_600);
    assert_eq!(audio[40..44], 9_600_u32.to_le_bytes());
    assert!(audio[44..].iter().all(|byte| *byte == 7));
    assert_eq!(speech.duration(), Some(Duration::from_millis(200)));
    assert_eq!((speech.usage().characters, speech.sends()), (Some(798), 2));
    let fetched = server.received_requests().await.unwrap();
    let mut fetched = fetched
        .iter()
        .filter(|request| request.method.as_str() == "GET");
    // No key goes to a URL that a server gave.
    assert!(fetched.all(|request| !request.headers.contains_key("authorization")));
}

#[tokio::test]
async fn settings_are_sent_as_documented() {
    let server = MockServer::start().await;
    let answer = json!({"output": {"finish_reason": "stop", "audio": {"data": "AQID"}},
        "usage": {"input_tokens": 3, "output_tokens": 64}});
    Mock::given(path(SYNTHESIZER))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let request = SpeechRequest::new("qwen-audio-3.1-tts-flash")
        .format(AudioFormat::Opus)
        .sample_rate(24_000)
        .volume(60)
        .rate(0.8)
        .seed(7)
        .language("de")
        .instructions("warmly");
    let speech = client(&server).speak(&request, "Guten Tag").await.unwrap();
    assert_eq!(speech.audio()[..], [1, 2, 3]);
    assert_eq!(speech.duration(), None);
    let billed = speech.usage().billed();
    let tokens = qwen_openclaw_speech::catalog::synthesis::Units::tokens(3, 64);
    assert_eq!(billed, Some(tokens));
    let expected = json!({"model": "qwen-audio-3.1-tts-flash", "input": {"text": "Guten Tag",
        "voice": "longanhuan_v3.1", "format": "opus", "sample_rate": 24_000, "volume": 60,
        "rate": 0.8, "seed": 7, "language_hints": ["de"], "instruction": "warmly"}});
    assert_eq!(bodies(&server, SYNTHESIZER).await, [expected]);
}

#[tokio::test]
async fn urls_into_the_callers_network_are_not_fetched() {
    let server = MockServer::start().await;
    let answer = json!({"output": {"audio": {"url": "http://192.168.0.1/a.mp3"}}});
    Mock::given(path(SYNTHESIZER))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let request = SpeechRequest::new("cosyvoice-v3-flash");
    let error = client(&server).speak(&request, "Hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.attempts(), 1);
}

fn events(events: &[Value]) -> ResponseTemplate {
    let mut body = String::new();
    for (id, event) in events.iter().enumerate() {
        body.push_str(&format!(
            "id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{event}\n\n"
        ));
    }
    ResponseTemplate::new(200).set_body_raw(body.trim_end().to_owned(), "text/event-stream")
}

#[tokio::test]
async fn a_model_without_a_socket_speaks_sentences_as_they_come() {
    let server = MockServer::start().await;
    Mock::given(path(GENERATION))
        .and(header("X-DashScope-SSE", "enable"))
        .respond_with(events(&[
            json!({"output": {"finish_reason": "null", "audio": {"data": "AQI="}}}),
            json!({"output": {"finish_reason": "null", "audio": {"data": "AwQ="}}}),
            json!({"output": {"finish_reason": "stop", "audio": {"data": "",
                "url": "http://a.example/a.wav"}}, "usage": {"characters": 4}}),
        ]))
        .mount(&server)
        .await;
    let client = client(&server);
    let speaker = client
        .speaker(&SpeechRequest::new("qwen3-tts-flash"))
        .unwrap();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<String>();
    let texts = stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    });
    let mut speech = speaker.speak(texts);
    for piece in ["On", "e. T", "wo"] {
        sender.send(piece.to_owned()).unwrap();
    }
    // It comes while the text goes on.
    let SpeechEvent::Audio(first) = speech.next().await.unwrap().unwrap() else {
        panic!("no audio");
    };
    assert_eq!((first.len(), &first[44..]), (46, &[1, 2][..]));
    drop(sender);
    let mut audio = first.to_vec();
    while let Some(event) = speech.next().await {
        if let SpeechEvent::Audio(piece) = event.unwrap() {
            audio.extend_from_slice(&piece);
        }
    }
    assert_eq!(audio[44..], [1, 2, 3, 4, 1, 2, 3, 4]);
    assert_eq!((speech.usage().characters, speech.sends()), (Some(8), 2));
    assert_eq!(speech.spoken().characters, 7);
    let sent = bodies(&server, GENERATION).await;
    let texts: Vec<_> = sent.iter().map(|body| &body["input"]["text"]).collect();
    assert_eq!(texts, ["One.", "Two"]);
}

#[tokio::test]
async fn a_stream_that_breaks_or_fails_says_what_was_spoken() {
    let piece = json!({"output": {"finish_reason": "null", "audio": {"data": "AQI="}}});
    let failed = json!({"code": "DataInspectionFailed", "message": "no", "request_id": "r"});
    for (events_of, kind) in [
        (vec![piece.clone()], ErrorKind::Network),
        (vec![piece, failed], ErrorKind::ContentFilter),
    ] {
        let server = MockServer::start().await;
        Mock::given(path(GENERATION))
            .respond_with(events(&events_of))
            .mount(&server)
            .await;
        let speaker = client(&server).speaker(&SpeechRequest::new("qwen3-tts-flash"));
        let mut speech = speaker.unwrap().speak(stream::iter(["Hi.".to_owned()]));
        let error = loop {
            match speech.next().await.unwrap() {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), kind);
        let spoken = error.spoken().unwrap();
        assert_eq!((spoken.characters, spoken.bytes), (0, 46));
    }
}
