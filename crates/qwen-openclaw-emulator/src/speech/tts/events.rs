//! Speech as the events of a stream.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{order::Order, payload, usage::Usage};
use crate::{
    route::Exchange,
    speech::{
        audio::Speech,
        text::{self, Word},
    },
};

/// How much audio a piece has, in milliseconds.
pub(in crate::speech) const PIECE: u64 = 200;

/// What events say as the reason to finish before the last.
const NOT_YET: &str = "null";

/// The events of Qwen TTS: samples without a header. The usage comes with the last event, inferred.
pub(super) fn pieces(exchange: &Exchange<'_>, order: &Order, file: &Speech) -> Vec<String> {
    let sound = super::super::audio::Sound {
        format: super::super::audio::Format::Pcm,
        ..order.sound
    };
    let speech = Speech::new(&order.text, sound).at_least(file.milliseconds());
    let event = |data: Vec<u8>| {
        let output = json!({"audio": audio(exchange, &data), "finish_reason": NOT_YET});
        payload(exchange, output, Value::Null)
    };
    speech.pieces(PIECE).map(event).collect()
}

/// The events of the other models: the start of a sentence, its audio, and its end with the usage so far.
pub(super) fn sentences(exchange: &Exchange<'_>, order: &Order) -> Vec<String> {
    let mut events = Vec::new();
    let mut total = Usage::of(order.speaker, "", 0);
    let mut start = 0;
    for (index, text) in text::sentences(&order.text).into_iter().enumerate() {
        let speech = Speech::new(text, order.sound);
        let mut push = |output: Value, usage: Value| {
            events.push(payload(exchange, output, usage));
        };
        let output = |kind: &str, words: Vec<Value>, data: &[u8]| {
            json!({
                "audio": audio(exchange, data),
                "finish_reason": NOT_YET,
                "sentence": {"index": index, "words": words},
                "type": kind,
            })
        };
        let with_text = |mut output: Value| {
            output["original_text"] = text.trim().into();
            output
        };
        push(
            with_text(output("sentence-begin", Vec::new(), &[])),
            Value::Null,
        );
        if index == 0 {
            let header = Speech::open_header(&order.sound);
            if !header.is_empty() {
                push(
                    output("sentence-synthesis", Vec::new(), &header),
                    Value::Null,
                );
            }
        }
        for piece in speech.pieces(PIECE) {
            push(
                output("sentence-synthesis", Vec::new(), &piece),
                Value::Null,
            );
        }
        total.add(Usage::of(order.speaker, text, speech.milliseconds()));
        let words = if order.words {
            words(text, &speech, start)
        } else {
            Vec::new()
        };
        push(with_text(output("sentence-end", words, &[])), total.json());
        start += speech.milliseconds();
    }
    events
}

fn audio(exchange: &Exchange<'_>, data: &[u8]) -> Value {
    json!({
        "data": STANDARD.encode(data),
        "id": format!("audio_{}", exchange.id),
        "url": "",
    })
}

/// The words of a sentence. Places are those in the sentence without the blanks around it, times those in
/// the audio of all sentences; both is inferred.
pub(in crate::speech) fn words(text: &str, speech: &Speech, start: u64) -> Vec<Value> {
    let characters: Vec<char> = text.chars().collect();
    let blank = characters
        .iter()
        .take_while(|character| character.is_whitespace())
        .count();
    let json = |word: &Word| {
        let text: String = characters[word.start..word.end].iter().collect();
        json!({
            "begin_index": word.start - blank,
            "begin_time": start + speech.starts(word.start),
            "end_index": word.end - blank,
            "end_time": start + speech.starts(word.end),
            "text": text,
        })
    };
    text::words(&characters).iter().map(json).collect()
}
