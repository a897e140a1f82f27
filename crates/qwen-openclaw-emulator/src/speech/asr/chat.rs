//! Short audio: a chat whose message is the audio and whose answer is the text.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Deaf, listen};
use crate::{
    answer::{Answer, EventStream},
    chat::{count_tokens, split_tokens},
    clock,
    endpoint::{Plan, Protocol},
    event_form::EventForm,
    refusal::Refusal,
    route::Exchange,
    served::TokenCounts,
    speech::models::{self, Seat},
    video,
};

/// Tokens of a second of audio that was started.
const TOKENS_A_SECOND: usize = 25;

/// The longest data URI.
const MAX_DATA: usize = 10 * 1024 * 1024;

/// The longest audio in milliseconds. The shortest is a second.
const MAX_LENGTH: u64 = 300_000;

/// From this length on `qwen-audio-*-asr` streams parts of its text, in milliseconds.
const LONG: u64 = 60_000;

/// Answers a chat with a model that listens; `None` for other models and endpoints.
pub(in crate::speech) fn in_chat(exchange: &Exchange<'_>) -> Option<Result<Answer, Refusal>> {
    #[derive(Deserialize)]
    struct Named {
        model: String,
    }
    if exchange.endpoint.protocol != Protocol::OpenAi(Plan::Standard) {
        return None;
    }
    let named: Named = serde_json::from_slice(&exchange.request.body).ok()?;
    let listener = models::listener_named(&named.model)?;
    (listener.seat == Seat::Chat).then(|| {
        let body = read(exchange)?;
        let stream = body["stream"].as_bool().unwrap_or_default();
        let options = &body["asr_options"];
        let transcript = Transcript::of(exchange, &body, &body["messages"], options)?;
        Ok(if stream {
            let usage = body["stream_options"]["include_usage"].as_bool();
            transcript.chunks(exchange, usage.unwrap_or_default())
        } else {
            let body = transcript.completion(exchange);
            Answer::json(200, body, exchange.id).tokens(transcript.counts())
        })
    })
}

/// Answers a request on `…/multimodal-generation/generation`.
pub(in crate::speech) fn multimodal(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let asked = exchange.request.header("x-dashscope-sse");
    let stream = asked.is_some_and(|value| value.eq_ignore_ascii_case("enable"));
    let answer = read(exchange).and_then(|body| {
        let model = body["model"].as_str().unwrap_or_default();
        models::find_listener(exchange.endpoint, model, &[Seat::Chat, Seat::Multimodal])?;
        let parameters = &body["parameters"];
        let messages = &body["input"]["messages"];
        let transcript = Transcript::of(exchange, &body, messages, &parameters["asr_options"])?;
        let incremental = parameters["incremental_output"].as_bool();
        Ok(transcript.native(exchange, stream, incremental.unwrap_or_default()))
    });
    match answer {
        Err(refusal) if stream => Ok(Answer::native_error_stream(&refusal, exchange.id)),
        answered => answered,
    }
}

fn read(exchange: &Exchange<'_>) -> Result<Value, Refusal> {
    serde_json::from_slice(&exchange.request.body).map_err(|_| Refusal::unreadable_body())
}

/// What was said, with what stands around it in an answer.
#[derive(Debug)]
struct Transcript {
    model: String,
    text: String,
    language: String,
    milliseconds: u64,
    context_tokens: usize,
}

impl Transcript {
    fn of(
        exchange: &Exchange<'_>,
        body: &Value,
        messages: &Value,
        options: &Value,
    ) -> Result<Self, Refusal> {
        let model = body["model"].as_str().unwrap_or_default();
        let messages = messages.as_array().map(Vec::as_slice).unwrap_or_default();
        let url = messages.iter().rev().find_map(audio).ok_or_else(|| {
            // Inferred.
            Refusal::algo("The message has no audio: input_audio must be set.")
        })?;
        if url.starts_with("data:") && url.len() > MAX_DATA {
            return Err(Refusal::algo(format!(
                "Exceeded limit on max bytes per data-uri item : {MAX_DATA}'"
            )));
        }
        let language = match &options["language"] {
            Value::Null => None,
            Value::String(language) => Some(language.clone()),
            _ => return Err(Refusal::parameter("language must be a string")),
        };
        if !options["enable_itn"].is_null() && !options["enable_itn"].is_boolean() {
            return Err(Refusal::parameter("enable_itn must be a boolean"));
        }
        let books = exchange.state.video.books();
        let heard = listen(exchange, &books, url, model).map_err(|deaf| match deaf {
            Deaf::Refused(refusal) => refusal,
            Deaf::Missing => video::no_download(),
        })?;
        drop(books);
        if !(1000..=MAX_LENGTH).contains(&heard.milliseconds) {
            return Err(Refusal::coded(
                400,
                "InvalidFile.AudioLengthError",
                "Audio length must be between 1s and 300s.",
            ));
        }
        let context = messages
            .iter()
            .filter(|message| message["role"] == "system");
        Ok(Self {
            model: model.to_owned(),
            text: heard.text(),
            language: language.unwrap_or_else(|| heard.language().to_owned()),
            milliseconds: heard.milliseconds,
            context_tokens: context.map(|message| count_tokens(&text(message))).sum(),
        })
    }

    fn seconds(&self) -> usize {
        usize::try_from(self.milliseconds.div_ceil(1000)).unwrap_or(usize::MAX)
    }

    fn counts(&self) -> TokenCounts {
        TokenCounts {
            prompt: self.seconds() * TOKENS_A_SECOND + self.context_tokens,
            completion: count_tokens(&self.text),
        }
    }

    fn annotations(&self) -> Value {
        json!([{"type": "audio_info", "language": self.language, "emotion": "neutral"}])
    }

    fn usage(&self) -> Value {
        let TokenCounts { prompt, completion } = self.counts();
        json!({
            "completion_tokens": completion,
            "completion_tokens_details": {"text_tokens": completion},
            "prompt_tokens": prompt,
            "prompt_tokens_details": {
                "audio_tokens": prompt - self.context_tokens,
                "text_tokens": self.context_tokens,
            },
            "seconds": self.seconds(),
            "total_tokens": prompt + completion,
        })
    }

    fn completion(&self, exchange: &Exchange<'_>) -> String {
        let message = json!({
            "annotations": self.annotations(),
            "content": self.text,
            "role": "assistant",
        });
        let choice =
            json!({"finish_reason": "stop", "index": 0, "logprobs": null, "message": message});
        self.envelope(exchange, "chat.completion", &[choice], self.usage())
    }

    fn chunks(&self, exchange: &Exchange<'_>, with_usage: bool) -> Answer {
        let chunk = |choices: &[Value], usage: Value| {
            self.envelope(exchange, "chat.completion.chunk", choices, usage)
        };
        let choice = |content: &str, finish: Value| {
            let annotations = self.annotations();
            let delta = json!({"annotations": annotations, "content": content, "role": null});
            json!({"delta": delta, "finish_reason": finish, "index": 0, "logprobs": null})
        };
        let mut events = Vec::new();
        let mut tokens = Vec::new();
        for piece in split_tokens(&self.text) {
            events.push(chunk(&[choice(piece, Value::Null)], Value::Null));
            tokens.push(1);
        }
        events.push(chunk(&[choice("", "stop".into())], Value::Null));
        if with_usage {
            events.push(chunk(&[], self.usage()));
        }
        let stream = EventStream {
            events,
            tokens,
            whole: self.completion(exchange),
            form: EventForm::Data,
        };
        Answer::stream(stream, exchange.id).tokens(self.counts())
    }

    /// The fields in the order in which the service has them.
    fn envelope(
        &self,
        exchange: &Exchange<'_>,
        object: &str,
        choices: &[Value],
        usage: Value,
    ) -> String {
        format!(
            r#"{{"choices":{},"object":"{object}","usage":{usage},"created":{},"system_fingerprint":null,"model":{},"id":"{}"}}"#,
            json!(choices),
            clock::since_epoch().as_secs(),
            json!(self.model),
            exchange.id.completion(),
        )
    }

    /// The answer of DashScope's own API. Its usage is inferred from that of the other API.
    fn native(&self, exchange: &Exchange<'_>, stream: bool, incremental: bool) -> Answer {
        let payload = |text: &str, finish: &str| {
            let content = if text.is_empty() {
                json!([])
            } else {
                json!([{"text": text}])
            };
            let message = json!({
                "annotations": self.annotations(),
                "content": content,
                "role": "assistant",
            });
            json!({
                "output": {"choices": [{"finish_reason": finish, "message": message}]},
                "request_id": exchange.id.to_string(),
                "usage": {
                    "input_tokens_details": {"text_tokens": self.context_tokens},
                    "output_tokens_details": {"text_tokens": count_tokens(&self.text)},
                    "seconds": self.seconds(),
                },
            })
            .to_string()
        };
        let whole = payload(&self.text, "stop");
        if !stream {
            return Answer::json(200, whole, exchange.id).tokens(self.counts());
        }
        let mut events = Vec::new();
        let mut tokens = Vec::new();
        let mut sent = String::new();
        // The other models send the whole text of short audio at once.
        let in_parts = self.model.starts_with("qwen3-asr") || self.milliseconds >= LONG;
        for piece in split_tokens(&self.text).into_iter().filter(|_| in_parts) {
            sent.push_str(piece);
            events.push(payload(if incremental { piece } else { &sent }, "null"));
            tokens.push(1);
        }
        let rest = if incremental && in_parts {
            ""
        } else {
            &self.text
        };
        events.push(payload(rest, "stop"));
        let stream = EventStream {
            events,
            tokens,
            whole,
            form: EventForm::Native,
        };
        Answer::stream(stream, exchange.id).tokens(self.counts())
    }
}

/// The audio of a user's message.
fn audio(message: &Value) -> Option<&str> {
    let parts = message["content"].as_array()?;
    parts.iter().find_map(|part| {
        let data = part["input_audio"]["data"].as_str();
        data.or_else(|| part["audio"].as_str())
    })
}

/// The text of a message.
fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
