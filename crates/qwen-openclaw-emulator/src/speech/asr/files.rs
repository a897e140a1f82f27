//! Tasks for recorded files.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Deaf, listen, result};
use crate::{
    refusal::Refusal,
    route::Exchange,
    speech::{
        audio::Heard,
        models::{self, Listener, Seat},
    },
    video,
};

/// The path of tasks, below DashScope's own API.
pub(crate) const TRANSCRIPTION_PATH: &str = "/services/audio/asr/transcription";

/// The most files of a task.
const MAX_FILES: usize = 100;

/// Why a file of several cannot be transcribed.
const NO_DOWNLOAD: (&str, &str) = (
    "InvalidFile.DownloadFailed",
    "The audio file cannot be downloaded.",
);

/// Why the one file cannot be. That it is this code whatever the reason is inferred.
const FORBIDDEN: (&str, &str) = ("FILE_403_FORBIDDEN", "FILE_403_FORBIDDEN");

/// The order of a task.
#[derive(Clone, Debug)]
pub(crate) struct Transcripts {
    listener: &'static Listener,
    files: Vec<File>,
    options: Options,
}

/// A file, and what is heard in it unless it is missing.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) url: String,
    heard: Option<Arc<Heard>>,
}

/// How transcripts are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) channels: Vec<u64>,
    pub(super) language: Option<String>,
    pub(super) words: bool,
    pub(super) speakers: bool,
}

impl Transcripts {
    /// Checks a request's body. The texts of the refusals are inferred.
    pub(crate) fn read(
        exchange: &Exchange<'_>,
        books: &video::Books,
        body: &Value,
    ) -> Result<Self, Refusal> {
        let id = body["model"].as_str().unwrap_or_default();
        let seats = [Seat::File, Seat::Files];
        let listener = models::find_listener(exchange.endpoint, id, &seats)?;
        let none = Map::new();
        let parameters = match &body["parameters"] {
            Value::Null => &none,
            Value::Object(parameters) => parameters,
            _ => return Err(Refusal::parameter("parameters must be an object")),
        };
        let options = Options::read(parameters)?;
        let mut files = Vec::new();
        for url in urls(&body["input"], listener.seat)? {
            let heard = match listen(exchange, books, &url, id) {
                Ok(heard) => Some(heard),
                Err(Deaf::Missing) => None,
                Err(Deaf::Refused(refusal)) => return Err(refusal),
            };
            files.push(File { url, heard });
        }
        Ok(Self {
            listener,
            files,
            options,
        })
    }

    /// The model's id.
    pub(crate) const fn model(&self) -> &str {
        self.listener.id
    }

    /// Why the task fails: none of its files can be transcribed.
    pub(crate) fn failure(&self) -> Option<(&'static str, &'static str)> {
        let all = self.files.iter().all(|file| file.heard.is_none());
        all.then_some(match self.listener.seat {
            Seat::File => FORBIDDEN,
            _ => NO_DOWNLOAD,
        })
    }

    /// Adds what became of each file to the output of a task that failed for this reason.
    pub(crate) fn add_failures(&self, code: &str, message: &str, output: &mut Value) {
        if self.listener.seat != Seat::File {
            let failed = |file: &File| match file.heard {
                None => failed(file, NO_DOWNLOAD),
                Some(_) => failed(file, (code, message)),
            };
            output["results"] = self.files.iter().map(failed).collect();
            output["task_metrics"] = self.metrics(0);
        }
    }

    /// Adds what became of each file to the output of a finished task. `url` gives the URL of a file's
    /// transcript.
    pub(crate) fn add_results(&self, output: &mut Value, url: impl Fn(usize) -> String) {
        if self.listener.seat == Seat::File {
            output["result"] = json!({"transcription_url": url(0)});
            return;
        }
        let result = |(number, file): (usize, &File)| match file.heard {
            None => failed(file, NO_DOWNLOAD),
            Some(_) => json!({
                "file_url": file.url,
                "subtask_status": "SUCCEEDED",
                "transcription_url": url(number),
            }),
        };
        output["results"] = self.files.iter().enumerate().map(result).collect();
        let heard = self.files.iter().filter(|file| file.heard.is_some());
        output["task_metrics"] = self.metrics(heard.count());
    }

    fn metrics(&self, succeeded: usize) -> Value {
        let total = self.files.len();
        json!({"FAILED": total - succeeded, "SUCCEEDED": succeeded, "TOTAL": total})
    }

    /// The usage: the seconds of each channel of each file.
    pub(crate) fn usage(&self) -> Value {
        let heard = self.files.iter().filter_map(|file| file.heard.as_ref());
        let seconds: u64 = heard.map(|heard| heard.seconds()).sum();
        let seconds = seconds * self.options.channels.len() as u64;
        match self.listener.seat {
            Seat::File => json!({"seconds": seconds}),
            _ => json!({"duration": seconds}),
        }
    }

    /// The file with a transcript; `None` where there is none.
    pub(crate) fn file(&self, number: usize) -> Option<String> {
        let file = self.files.get(number)?;
        let heard = file.heard.as_ref()?;
        let transcript = match self.listener.seat {
            Seat::File => result::one(&file.url, heard, &self.options),
            _ => result::of_several(&file.url, heard, &self.options),
        };
        Some(transcript.to_string())
    }
}

fn failed(file: &File, (code, message): (&str, &str)) -> Value {
    json!({
        "code": code,
        "file_url": file.url,
        "message": message,
        "subtask_status": "FAILED",
    })
}

fn urls(input: &Value, seat: Seat) -> Result<Vec<String>, Refusal> {
    if seat == Seat::File {
        let url = input["file_url"].as_str().filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| Refusal::parameter("file_url must be set"))?;
        return Ok(vec![url.to_owned()]);
    }
    let urls = input["file_urls"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if !(1..=MAX_FILES).contains(&urls.len()) {
        return Err(Refusal::parameter(format!(
            "file_urls must have from 1 to {MAX_FILES} entries"
        )));
    }
    urls.iter()
        .map(|url| {
            let url = url.as_str().map(str::to_owned);
            url.ok_or_else(|| Refusal::parameter("file_urls must be strings"))
        })
        .collect()
}

impl Options {
    fn read(parameters: &Map<String, Value>) -> Result<Self, Refusal> {
        let flag = |name: &str| match parameters.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Refusal::parameter(format!("{name} must be a boolean"))),
        };
        for name in [
            "disfluency_removal_enabled",
            "timestamp_alignment_enabled",
            "enable_itn",
        ] {
            flag(name)?;
        }
        if let Some(count) = parameters.get("speaker_count")
            && !count
                .as_u64()
                .is_some_and(|count| (2..=100).contains(&count))
        {
            return Err(Refusal::parameter("speaker_count must be in [2, 100]"));
        }
        let filter = parameters.get("special_word_filter");
        if let Some(filter) = filter.filter(|filter| !filter.is_null()) {
            let text = filter.as_str().map(serde_json::from_str::<Value>);
            if !matches!(text, Some(Ok(_))) {
                return Err(Refusal::parameter(
                    "special_word_filter must be a string of JSON",
                ));
            }
        }
        let channels = match parameters.get("channel_id") {
            None | Some(Value::Null) => vec![0],
            Some(given) => {
                let given = given.as_array().map(Vec::as_slice).unwrap_or_default();
                let channels: Option<Vec<u64>> = given.iter().map(Value::as_u64).collect();
                channels
                    .filter(|channels| !channels.is_empty())
                    .ok_or_else(|| Refusal::parameter("channel_id must be a list of integers"))?
            }
        };
        let hint = match parameters.get("language_hints") {
            Some(Value::Array(hints)) => hints.first(),
            _ => parameters.get("language"),
        };
        Ok(Self {
            channels,
            language: hint.and_then(Value::as_str).map(str::to_owned),
            words: flag("enable_words")?,
            speakers: flag("diarization_enabled")?,
        })
    }
}
