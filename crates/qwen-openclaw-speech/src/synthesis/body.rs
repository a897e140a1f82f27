//! Requests as they are sent.

use qwen_openclaw_catalog::synthesis::HttpApi;
use serde_json::{Map, Value, json};

use super::request::{Plan, SpeechRequest};
use crate::AudioFormat;

/// The body of an HTTP request for `text`.
pub(crate) fn http(
    api: HttpApi,
    request: &SpeechRequest,
    plan: &Plan,
    format: AudioFormat,
    text: &str,
) -> Vec<u8> {
    let mut input = Map::new();
    put(&mut input, "text", Some(text));
    match api {
        HttpApi::Generation => {
            put(&mut input, "voice", Some(&*plan.voice));
            put(&mut input, "language_type", language_name(request));
            put(&mut input, "instructions", request.instructions.as_deref());
        }
        _ => input.extend(parameters(request, plan, format)),
    }
    json!({ "model": request.model, "input": input })
        .to_string()
        .into_bytes()
}

/// The settings of a model of the path `SpeechSynthesizer`, over HTTP and in a task.
fn parameters(request: &SpeechRequest, plan: &Plan, format: AudioFormat) -> Map<String, Value> {
    let mut fields = Map::new();
    put(&mut fields, "voice", Some(&*plan.voice));
    put(&mut fields, "format", Some(format.as_str()));
    put(&mut fields, "sample_rate", Some(plan.sample_rate));
    put(&mut fields, "volume", request.volume);
    put(&mut fields, "rate", request.rate.map(short));
    put(&mut fields, "pitch", request.pitch.map(short));
    put(&mut fields, "seed", request.seed);
    let hints = request.language.as_ref().map(|language| json!([language]));
    put(&mut fields, "language_hints", hints);
    put(&mut fields, "instruction", request.instructions.as_deref());
    put(
        &mut fields,
        "word_timestamp_enabled",
        request.words.then_some(true),
    );
    fields
}

/// The message that begins a task.
pub(crate) fn run_task(id: &str, request: &SpeechRequest, plan: &Plan) -> String {
    let mut parameters = parameters(request, plan, plan.streamed_format());
    put(&mut parameters, "text_type", Some("PlainText"));
    let payload = json!({
        "task_group": "audio",
        "task": "tts",
        "function": "SpeechSynthesizer",
        "model": request.model,
        "parameters": parameters,
        "input": {},
    });
    message("run-task", id, payload)
}

pub(crate) fn continue_task(id: &str, text: &str) -> String {
    message("continue-task", id, json!({ "input": { "text": text } }))
}

pub(crate) fn finish_task(id: &str) -> String {
    message("finish-task", id, json!({ "input": {} }))
}

fn message(action: &str, id: &str, payload: Value) -> String {
    let header = json!({ "action": action, "task_id": id, "streaming": "duplex" });
    json!({ "header": header, "payload": payload }).to_string()
}

/// The message that begins a session.
pub(crate) fn session_update(request: &SpeechRequest, plan: &Plan) -> String {
    let mut session = Map::new();
    put(&mut session, "voice", Some(&*plan.voice));
    put(&mut session, "mode", Some("server_commit"));
    put(&mut session, "language_type", language_name(request));
    let format = plan.streamed_format();
    put(&mut session, "response_format", Some(format.as_str()));
    put(&mut session, "sample_rate", Some(plan.sample_rate));
    put(&mut session, "speech_rate", request.rate.map(short));
    put(&mut session, "pitch_rate", request.pitch.map(short));
    put(&mut session, "volume", request.volume);
    put(
        &mut session,
        "instructions",
        request.instructions.as_deref(),
    );
    json!({ "type": "session.update", "session": session }).to_string()
}

pub(crate) fn append(text: &str) -> String {
    json!({ "type": "input_text_buffer.append", "text": text }).to_string()
}

pub(crate) fn session_finish() -> String {
    json!({ "type": "session.finish" }).to_string()
}

fn put(fields: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value.into());
    }
}

/// The same number with the digits it was given with: `1.1`, not `1.10000002384185791`.
fn short(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(number.into())
}

/// The language as these models name it.
fn language_name(request: &SpeechRequest) -> Option<&str> {
    const NAMES: &[(&str, &str)] = &[
        ("zh", "Chinese"),
        ("en", "English"),
        ("de", "German"),
        ("it", "Italian"),
        ("pt", "Portuguese"),
        ("es", "Spanish"),
        ("ja", "Japanese"),
        ("ko", "Korean"),
        ("fr", "French"),
        ("ru", "Russian"),
    ];
    let language = request.language.as_deref()?;
    let named = NAMES
        .iter()
        .find(|(code, _)| language.eq_ignore_ascii_case(code));
    Some(named.map_or(language, |(_, name)| name))
}
