//! What the service says: whole answers, events of a stream, messages of a socket.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use qwen_openclaw_http::{Error as HttpError, ServerError, json};

use super::{
    stream::{Sentence, Word},
    usage::Usage,
};
use crate::Error;

/// An answer, or an event of one that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) audio: Vec<u8>,
    pub(crate) url: Option<String>,
    pub(crate) sentence: Option<Sentence>,
    pub(crate) usage: Usage,
    /// Whether nothing follows.
    pub(crate) is_last: bool,
}

impl Answer {
    /// Reads the body of an answer or the data of an event.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Error> {
        let unreadable = || Error::protocol("the answer is not JSON as documented");
        let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
        let (mut output, mut usage, mut code) = (None, None, None);
        json::fields(text, |name, value| match name {
            "output" => output = Some(value),
            "usage" => usage = Some(value),
            "code" => code = json::text(value).filter(|code| !code.is_empty()),
            _ => {}
        })
        .map_err(|error| unreadable().with_source(error))?;
        if code.is_some() {
            return Err(reported(body));
        }
        let mut answer = Self {
            usage: usage.map(Usage::read).unwrap_or_default(),
            ..Self::default()
        };
        if let Some(output) = output {
            answer.read_output(output)?;
        }
        Ok(answer)
    }

    fn read_output(&mut self, output: &str) -> Result<(), Error> {
        let (mut audio, mut data, mut spoken) = (None, None, SpokenSentence::default());
        let _ = json::fields(output, |name, value| match name {
            "audio" => audio = Some(value),
            // The word "null" stands for none, until the last event.
            "finish_reason" => self.is_last = json::string(value) == Some("stop"),
            _ => spoken.field(name, value),
        });
        let _ = json::fields(audio.unwrap_or_default(), |name, value| match name {
            "data" => data = json::text(value),
            "url" => {
                self.url = json::text(value)
                    .filter(|url| !url.is_empty())
                    .map(Into::into)
            }
            _ => {}
        });
        if let Some(data) = data {
            self.audio = decoded(&data)?;
        }
        self.sentence = spoken.ended();
        Ok(())
    }
}

pub(crate) fn decoded(data: &str) -> Result<Vec<u8>, Error> {
    BASE64_STANDARD
        .decode(data)
        .map_err(|error| Error::protocol("the audio is not valid base64").with_source(error))
}

/// The error that a body describes.
pub(crate) fn reported(body: &[u8]) -> Error {
    HttpError::from_stream(ServerError::parse(body).unwrap_or_default()).into()
}

/// What an `output` says of a sentence.
#[derive(Debug, Default)]
pub(crate) struct SpokenSentence {
    has_ended: bool,
    text: Option<String>,
    words: Vec<Word>,
}

impl SpokenSentence {
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        match name {
            "type" => self.has_ended = json::string(value) == Some("sentence-end"),
            "original_text" => self.text = json::text(value).map(Into::into),
            "sentence" => {
                let _ = json::fields(value, |name, value| {
                    if name == "words" {
                        self.words = json::elements(value).into_iter().filter_map(word).collect();
                    }
                });
            }
            _ => {}
        }
    }

    pub(crate) fn ended(self) -> Option<Sentence> {
        self.has_ended.then_some(Sentence {
            text: self.text,
            words: self.words,
        })
    }
}

fn word(json: &str) -> Option<Word> {
    let (mut text, mut begin, mut end) = (None, None, None);
    json::fields(json, |name, value| match name {
        "text" => text = json::text(value),
        "begin_time" => begin = json::number(value),
        "end_time" => end = json::number(value),
        _ => {}
    })
    .ok()?;
    Some(Word {
        text: text?.into(),
        begin: Duration::from_millis(begin?),
        end: Duration::from_millis(end?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_has_a_url_and_an_event_has_audio() {
        let answer = br#"{"request_id":"6b0e","output":{"finish_reason":"stop","audio":{"data":"",
            "url":"http://dashscope-result-bj.example/a.mp3?Expires=1","id":"audio_6b0e",
            "expires_at":1795686400}},"usage":{"characters":9}}"#;
        let answer = Answer::read(answer).unwrap();
        let url = "http://dashscope-result-bj.example/a.mp3?Expires=1";
        assert_eq!(answer.url.as_deref(), Some(url));
        assert_eq!((answer.audio.len(), answer.is_last), (0, true));
        assert_eq!(answer.usage.characters, Some(9));

        let event = br#"{"output":{"type":"sentence-end","finish_reason":"null",
            "original_text":"First.","sentence":{"index":0,"words":[
            {"text":"First","begin_index":0,"end_index":5,"begin_time":0,"end_time":263},{}]},
            "audio":{"data":"AQI="}}}"#;
        let event = Answer::read(event).unwrap();
        assert_eq!((event.audio, event.is_last), (vec![1, 2], false));
        let sentence = event.sentence.unwrap();
        assert_eq!(sentence.text.as_deref(), Some("First."));
        let word = Word {
            text: "First".into(),
            begin: Duration::ZERO,
            end: Duration::from_millis(263),
        };
        assert_eq!(sentence.words, [word]);
    }

    #[test]
    fn an_error_in_a_stream_is_one() {
        let body = br#"{"code":"InvalidParameter","message":"no such voice","request_id":"r-1"}"#;
        let error = Answer::read(body).unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameter"));
        assert_eq!(error.request_id(), Some("r-1"));
        let empty = br#"{"code":"","message":"","output":null,"usage":null}"#;
        assert!(Answer::read(empty).is_ok());
        for bad in [
            &b"not JSON"[..],
            b"\xff",
            br#"{"output":{"audio":{"data":"?"}}}"#,
        ] {
            let error = Answer::read(bad).unwrap_err();
            assert_eq!(error.kind(), qwen_openclaw_http::ErrorKind::Protocol);
        }
    }
}
