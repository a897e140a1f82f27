//! The files with transcripts.

use serde_json::{Value, json};

use super::files::Options;
use crate::speech::{
    audio::{Heard, Timed},
    text::{self, heard_sentences},
};

/// A pause that ends a sentence, in milliseconds.
const PAUSE: u64 = 1300;

/// The transcript of a model that takes several files.
pub(super) fn of_several(url: &str, heard: &Heard, options: &Options) -> Value {
    let sentences = heard_sentences(&heard.text, PAUSE);
    let sentence = |(index, sentence): (usize, &&[Timed])| {
        let mut json = timed(sentence);
        json["sentence_id"] = (index + 1).into();
        json["words"] = text::timed_words(sentence, true);
        if options.speakers {
            json["speaker_id"] = 0.into();
        }
        json
    };
    let json: Vec<Value> = sentences.iter().enumerate().map(sentence).collect();
    let length = match (sentences.first(), sentences.last()) {
        (Some(first), Some(last)) => text::end(last) - text::start(first),
        _ => 0,
    };
    let channel = |channel: &u64| {
        json!({
            "channel_id": channel,
            "content_duration_in_milliseconds": length,
            "sentences": json,
            "text": heard.text(),
        })
    };
    json!({
        "file_url": url,
        "properties": {
            "audio_format": heard.encoding,
            "channels": options.channels,
            "original_duration_in_milliseconds": heard.milliseconds,
            "original_sampling_rate": heard.sample_rate,
        },
        "transcripts": options.channels.iter().map(channel).collect::<Vec<_>>(),
    })
}

/// The transcript of a model that takes one file.
pub(super) fn one(url: &str, heard: &Heard, options: &Options) -> Value {
    let language = options.language.as_deref().unwrap_or(heard.language());
    let sentence = |(index, sentence): (usize, &[Timed])| {
        let mut json = timed(sentence);
        json["sentence_id"] = index.into();
        json["language"] = language.into();
        json["emotion"] = "neutral".into();
        if options.words {
            json["words"] = text::timed_words(sentence, true);
        }
        json
    };
    let sentences = heard_sentences(&heard.text, PAUSE);
    let sentences: Vec<Value> = sentences.into_iter().enumerate().map(sentence).collect();
    let channel = |channel: &u64| {
        json!({
            "channel_id": channel,
            "sentences": sentences,
            "text": heard.text(),
        })
    };
    json!({
        "audio_info": {"format": heard.encoding, "sample_rate": heard.sample_rate},
        "file_url": url,
        "transcripts": options.channels.iter().map(channel).collect::<Vec<_>>(),
    })
}

fn timed(sentence: &[Timed]) -> Value {
    let text: String = sentence.iter().map(|timed| timed.character).collect();
    json!({
        "begin_time": text::start(sentence),
        "end_time": text::end(sentence),
        "text": text,
    })
}
