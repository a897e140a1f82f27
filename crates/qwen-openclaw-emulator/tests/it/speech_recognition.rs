//! Recognition over HTTP: short audio in chats, and files as tasks.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_emulator::{Emulator, FaultRule};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, ask},
    native::{MULTIMODAL, SSE, events, send},
    speech::{fetch, spoken},
    video::{call, poll},
    video_uploads::{form, policy},
};

const TRANSCRIPTION: &str = "/api/v1/services/audio/asr/transcription";

fn chat(url: &str, fields: Value) -> Value {
    let part = json!({"type": "input_audio", "input_audio": {"data": url}});
    let mut body = json!({
        "model": "qwen3-asr-flash",
        "messages": [{"role": "user", "content": [part]}],
    });
    body.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    body
}

fn data_url(format: &str, data: &[u8]) -> String {
    format!("data:audio/{format};base64,{}", STANDARD.encode(data))
}

/// PCM of 24 kHz as a WAV file.
fn wav(pcm: &[u8]) -> Vec<u8> {
    let length = u32::try_from(pcm.len()).unwrap();
    let mut file = b"RIFF".to_vec();
    file.extend((length + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(24_000_u32.to_le_bytes());
    file.extend(48_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(pcm);
    file
}

#[tokio::test]
async fn an_omni_model_speaks_what_it_writes() {
    let emulator = Emulator::start().await.unwrap();
    let asked = |modalities: Value| {
        json!({
            "model": "qwen3-omni-flash", "stream": true, "modalities": modalities,
            "audio": {"voice": "Cherry", "format": "wav"},
            "messages": [{"role": "user", "content": "Who are you?"}],
        })
    };
    let answer = ask(&emulator, &asked(json!(["text", "audio"]))).await;
    let (mut text, mut pcm, mut ids) = (String::new(), Vec::new(), Vec::new());
    for line in answer.text().lines() {
        let Some(payload) = line.strip_prefix("data: {") else {
            continue;
        };
        let chunk: Value = serde_json::from_str(&format!("{{{payload}")).unwrap();
        let delta = &chunk["choices"][0]["delta"];
        text += delta["content"].as_str().unwrap_or_default();
        if let Some(data) = delta["audio"]["data"].as_str() {
            pcm.extend(STANDARD.decode(data).unwrap());
            ids.push(delta["audio"]["id"].clone());
        }
    }
    assert!(!text.is_empty());
    // 60 ms of 16-bit samples for each character.
    assert_eq!(pcm.len(), text.chars().count() * 1_440 * 2);
    assert!(ids.len() > 1 && ids.iter().all(|id| *id == ids[0]));
    let heard = chat(&data_url("wav", &wav(&pcm)), json!({}));
    let heard = ask(&emulator, &heard).await.json();
    assert_eq!(heard["choices"][0]["message"]["content"], text);

    let silent = ask(&emulator, &asked(json!(["text"]))).await;
    assert!(!silent.text().contains(r#""audio""#));
    let mut other = asked(json!(["text", "audio"]));
    other["model"] = "qwen3-max".into();
    assert!(!ask(&emulator, &other).await.text().contains(r#""audio""#));
}

const TEXT: &str = "Hello there, this is what was said.";

#[tokio::test]
async fn a_chat_gives_back_what_was_spoken() {
    let emulator = Emulator::start().await.unwrap();
    for format in ["wav", "mp3"] {
        let (url, file) = spoken(&emulator, TEXT, format).await;
        for url in [data_url(format, &file), url] {
            let answer = ask(&emulator, &chat(&url, json!({}))).await.json();
            let choice = &answer["choices"][0];
            assert_eq!(choice["message"]["content"], TEXT);
            assert_eq!(
                choice["message"]["annotations"],
                json!([{"type": "audio_info", "language": "en", "emotion": "neutral"}])
            );
            assert_eq!(choice["finish_reason"], "stop");
            // 35 characters of 60 ms are 2.1 s, of which the third is started.
            let tokens = answer["usage"]["completion_tokens"].as_u64().unwrap();
            assert_eq!(
                answer["usage"],
                json!({
                    "completion_tokens": tokens, "completion_tokens_details": {"text_tokens": tokens},
                    "prompt_tokens": 75, "prompt_tokens_details": {"audio_tokens": 75, "text_tokens": 0},
                    "seconds": 3, "total_tokens": 75 + tokens,
                })
            );
        }
    }
}

#[tokio::test]
async fn a_stream_repeats_the_annotations() {
    let emulator = Emulator::start().await.unwrap();
    let (url, _) = spoken(&emulator, "你好，世界。今天天气很好，我们去公园。", "wav").await;
    let fields = json!({"stream": true, "stream_options": {"include_usage": true},
        "asr_options": {"language": "yue", "enable_itn": false}});
    let answer = ask(&emulator, &chat(&url, fields)).await;
    let events = answer.events();
    let (usage, chunks) = events.split_last().unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["seconds"], 2);
    let mut text = String::new();
    for chunk in chunks {
        let delta = &chunk["choices"][0]["delta"];
        assert_eq!(delta["role"], Value::Null);
        assert_eq!(delta["annotations"][0]["language"], "yue");
        text.push_str(delta["content"].as_str().unwrap());
    }
    assert_eq!(text, "你好，世界。今天天气很好，我们去公园。");
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "stop"
    );
}

#[tokio::test]
async fn the_native_path_listens_too() {
    let emulator = Emulator::start().await.unwrap();
    let (url, _) = spoken(&emulator, TEXT, "mp3").await;
    let body = json!({"model": "qwen3-asr-flash", "input": {"messages": [
        {"role": "system", "content": [{"text": "names"}]},
        {"role": "user", "content": [{"audio": url}]}]},
        "parameters": {"asr_options": {"enable_itn": true}}});
    let answer = send(&emulator, MULTIMODAL, &body, &[]).await.json();
    let message = &answer["output"]["choices"][0]["message"];
    assert_eq!(message["content"], json!([{"text": TEXT}]));
    assert_eq!(message["annotations"][0]["language"], "en");
    assert_eq!(answer["usage"]["seconds"], 3);
    assert_eq!(
        answer["usage"]["input_tokens_details"],
        json!({"text_tokens": 1})
    );
    let streamed = events(&send(&emulator, MULTIMODAL, &body, &[SSE]).await);
    let text =
        |event: &Value| event["output"]["choices"][0]["message"]["content"][0]["text"].clone();
    assert_eq!(text(&streamed[0]), "Hello");
    assert_eq!(text(&streamed[1]), "Hello there");
    assert_eq!(text(streamed.last().unwrap()), TEXT);
    // The other models send short audio at once.
    let audio = json!({"type": "input_audio", "input_audio": {"data": url}});
    let body = json!({"model": "qwen-audio-3.1-asr-flash",
        "input": {"messages": [{"role": "user", "content": [audio]}]}});
    let streamed = events(&send(&emulator, MULTIMODAL, &body, &[SSE]).await);
    assert_eq!(streamed.len(), 1);
    assert_eq!(text(&streamed[0]), TEXT);
}

#[tokio::test]
async fn audio_is_held_to_its_limits() {
    let emulator = Emulator::start().await.unwrap();
    let short = [b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x10\0\0\0".to_vec(), vec![0; 16]].concat();
    let huge = data_url("wav", &vec![0; 8 << 20]);
    for (url, code, message) in [
        (
            data_url("wav", &short),
            "InvalidFile.AudioLengthError",
            "Audio length must be between 1s and 300s.",
        ),
        (
            huge,
            "invalid_parameter_error",
            "<400> InternalError.Algo.InvalidParameter: Exceeded limit on max bytes per data-uri item : 10485760'",
        ),
        (
            "data:audio/wav;base64,***".to_owned(),
            "invalid_parameter_error",
            "The data of a data-uri item is not valid base64.",
        ),
    ] {
        let answer = ask(&emulator, &chat(&url, json!({}))).await;
        assert_eq!(answer.status, 400);
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!(code), &json!(message))
        );
    }
    let gone = ask(&emulator, &chat("https://files.invalid/a.wav", json!({}))).await;
    assert_eq!(gone.status, 400);
    let foreign = chat("https://a.example/b.wav", json!({}));
    let text = |answer: Answer| answer.json()["choices"][0]["message"]["content"].clone();
    let first = text(ask(&emulator, &foreign).await);
    assert!(first.as_str().unwrap().len() > 10);
    assert_eq!(text(ask(&emulator, &foreign).await), first);
}

async fn submitted(emulator: &Emulator, body: &Value) -> String {
    let headers = [("x-dashscope-async", "enable")];
    let answer = call(emulator, "POST", TRANSCRIPTION, &headers, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["output"]["task_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn files_of_a_task_have_outcomes_of_their_own() {
    let emulator = Emulator::start().await.unwrap();
    let (url, _) = spoken(&emulator, "Hello world. It works!", "wav").await;
    let missing = "https://files.invalid/b.wav";
    let body = json!({"model": "paraformer-v2", "input": {"file_urls": [url, missing]},
        "parameters": {"channel_id": [0, 1], "diarization_enabled": true}});
    let id = submitted(&emulator, &body).await;
    assert_eq!(
        poll(&emulator, &id).await["output"]["task_status"],
        "PENDING"
    );
    emulator.video().advance(Duration::from_secs(5));
    let done = poll(&emulator, &id).await;
    let output = &done["output"];
    assert_eq!(output["task_status"], "SUCCEEDED");
    assert_eq!(
        output["task_metrics"],
        json!({"TOTAL": 2, "SUCCEEDED": 1, "FAILED": 1})
    );
    assert_eq!(
        output["results"][1],
        json!({"file_url": missing, "code": "InvalidFile.DownloadFailed",
            "message": "The audio file cannot be downloaded.", "subtask_status": "FAILED"})
    );
    // Two seconds that were started, of two channels.
    assert_eq!(done["usage"], json!({"duration": 4}));
    let result = output["results"][0]["transcription_url"].as_str().unwrap();
    let file = fetch(&emulator, result).await;
    assert_eq!(file.header("content-type"), Some("application/json"));
    let file = file.json();
    assert_eq!(file["file_url"], json!(url));
    assert_eq!(
        file["properties"],
        json!({"audio_format": "pcm_s16le", "channels": [0, 1],
            "original_duration_in_milliseconds": 1320, "original_sampling_rate": 16_000})
    );
    let transcript = &file["transcripts"][1];
    assert_eq!(transcript["channel_id"], 1);
    assert_eq!(transcript["text"], "Hello world. It works!");
    let sentence = &transcript["sentences"][0];
    assert_eq!(sentence["text"], "Hello world.");
    assert_eq!(
        (&sentence["sentence_id"], &sentence["speaker_id"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(sentence["words"][0]["text"], "Hello ");
    assert_eq!(sentence["words"][1]["text"], "world");
    assert_eq!(sentence["words"][1]["punctuation"], ".");
    let begin = sentence["words"][1]["begin_time"].as_u64().unwrap();
    assert!(begin.abs_diff(360) < 10, "{begin}");
    let other = fetch(&emulator, &result.replace("-0.json", "-1.json")).await;
    assert_eq!(other.status, 403);
}

/// Uploads a file for a model and returns its URL.
async fn uploaded(emulator: &Emulator, model: &str, file: &[u8]) -> String {
    let policy = policy(emulator, model).await;
    let mut fields = form(&policy, "speech.mp3");
    fields.retain(|(name, _)| *name != "file");
    let part =
        |name: &str| format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
    let mut body = Vec::new();
    for (name, value) in &fields {
        body.extend(format!("{}{value}\r\n", part(name)).into_bytes());
    }
    body.extend(part("file").into_bytes());
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    let mut client = Client::connect(emulator).await;
    let head = format!(
        "POST /dashscope-file HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write(head.as_bytes()).await;
    client.write(&body).await;
    assert_eq!(client.answer().await.status, 200);
    emulator.video().uploads().last().unwrap().url()
}

#[tokio::test]
async fn uploaded_speech_is_heard() {
    let emulator = Emulator::start().await.unwrap();
    let (_, file) = spoken(&emulator, TEXT, "mp3").await;
    let url = uploaded(&emulator, "fun-asr", &file).await;
    let body = json!({"model": "fun-asr", "input": {"file_urls": [url]}}).to_string();
    let mut headers = vec![("x-dashscope-async", "enable")];
    let refused = call(&emulator, "POST", TRANSCRIPTION, &headers, &body).await;
    assert_eq!(refused.status, 400);
    headers.push(("x-dashscope-ossresourceresolve", "enable"));
    let answer = call(&emulator, "POST", TRANSCRIPTION, &headers, &body).await;
    let id = answer.json()["output"]["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    emulator.video().advance(Duration::from_secs(5));
    let done = poll(&emulator, &id).await;
    let result = done["output"]["results"][0]["transcription_url"]
        .as_str()
        .unwrap();
    let file = fetch(&emulator, result).await.json();
    assert_eq!(file["transcripts"][0]["text"], TEXT);
    assert_eq!(file["properties"]["audio_format"], "mp3");
}

#[tokio::test]
async fn a_task_can_be_made_to_fail() {
    let emulator = Emulator::start().await.unwrap();
    let urls = ["https://a.example/b.wav", "https://files.invalid/c.wav"];
    let body = json!({"model": "fun-asr", "input": {"file_urls": urls}});
    emulator.fault(
        "task-fails; code=DataInspectionFailed"
            .parse::<FaultRule>()
            .unwrap(),
    );
    let id = submitted(&emulator, &body).await;
    emulator.video().advance(Duration::from_secs(5));
    let output = poll(&emulator, &id).await["output"].clone();
    assert_eq!(
        (&output["task_status"], &output["code"]),
        (&json!("FAILED"), &json!("DataInspectionFailed"))
    );
    let codes: Vec<_> = output["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["code"])
        .collect();
    assert_eq!(
        codes,
        ["DataInspectionFailed", "InvalidFile.DownloadFailed"]
    );
}

#[tokio::test]
async fn one_file_has_a_result_of_another_shape() {
    let emulator = Emulator::start().await.unwrap();
    let url = "https://a.example/interview.mp3";
    let body = json!({"model": "qwen3-asr-flash-filetrans", "input": {"file_url": url},
        "parameters": {"enable_words": true, "language": "de"}});
    let id = submitted(&emulator, &body).await;
    emulator.video().advance(Duration::from_secs(5));
    let done = poll(&emulator, &id).await;
    let result = done["output"]["result"]["transcription_url"]
        .as_str()
        .unwrap();
    let file = fetch(&emulator, result).await.json();
    assert_eq!(
        file["audio_info"],
        json!({"format": "pcm_s16le", "sample_rate": 16_000})
    );
    let sentences = file["transcripts"][0]["sentences"].as_array().unwrap();
    assert_eq!(sentences[0]["sentence_id"], 0);
    assert_eq!(
        (&sentences[0]["language"], &sentences[0]["emotion"]),
        (&json!("de"), &json!("neutral"))
    );
    assert!(!sentences[0]["words"].as_array().unwrap().is_empty());
    let last = sentences.last().unwrap()["end_time"].as_u64().unwrap();
    let seconds = done["usage"]["seconds"].as_u64().unwrap();
    assert!(last <= seconds * 1000, "{last} {seconds}");
    // A file that cannot be fetched is the failure of the task.
    let body = json!({"model": "qwen3-asr-flash-filetrans",
        "input": {"file_url": "https://files.invalid/a.wav"}});
    let id = submitted(&emulator, &body).await;
    emulator.video().advance(Duration::from_secs(5));
    let output = poll(&emulator, &id).await["output"].clone();
    assert_eq!(output["task_status"], "FAILED");
    assert_eq!(output["code"], "FILE_403_FORBIDDEN");
    assert_eq!(output["message"], "FILE_403_FORBIDDEN");
}

#[tokio::test]
async fn tasks_that_cannot_be_are_refused() {
    let emulator = Emulator::start().await.unwrap();
    let many: Vec<String> = (0..101)
        .map(|number| format!("https://a.example/{number}"))
        .collect();
    for (body, message) in [
        (
            json!({"model": "fun-asr", "input": {}}),
            "file_urls must have from 1 to 100 entries",
        ),
        (
            json!({"model": "fun-asr", "input": {"file_urls": many}}),
            "file_urls must have from 1 to 100 entries",
        ),
        (
            json!({"model": "qwen3-asr-flash-filetrans", "input": {"file_urls": ["https://a.example"]}}),
            "file_url must be set",
        ),
        (
            json!({"model": "qwen3-asr-flash", "input": {"file_url": "https://a.example"}}),
            "url error, please check url！",
        ),
        (
            json!({"model": "fun-asr", "input": {"file_urls": ["https://a.example"]},
                "parameters": {"special_word_filter": {"a": 1}}}),
            "special_word_filter must be a string of JSON",
        ),
    ] {
        let headers = [("x-dashscope-async", "enable")];
        let answer = call(
            &emulator,
            "POST",
            TRANSCRIPTION,
            &headers,
            &body.to_string(),
        )
        .await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["message"], message);
    }
    let body = json!({"model": "fun-asr", "input": {"file_urls": ["https://a.example/b"]}});
    let sync = call(&emulator, "POST", TRANSCRIPTION, &[], &body.to_string()).await;
    assert_eq!(sync.status, 403);
}
