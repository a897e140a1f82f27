//! Voices that are made from recordings: `POST …/audio/tts/customization`.
//!
//! Fields: help.aliyun.com, Model Studio, "voice-clone-design-http-api". The texts of the refusals, the
//! form of ids, and that voices are those of a region are inferred.

use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::{models, tts::order::string};
use crate::{
    answer::Answer, endpoint::Region, inline, lock::lock, refusal::Refusal, route::Exchange, video,
};

/// The path, below DashScope's own API.
pub(crate) const VOICES_PATH: &str = "/services/audio/tts/customization";

/// The voices of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Voices(Mutex<Vec<Voice>>);

#[derive(Clone, Debug)]
struct Voice {
    id: String,
    region: Region,
    family: Family,
    target: String,
    prefix: String,
    language: Value,
    /// Where the recording is, unless the request held it itself.
    recording: String,
    created: String,
    modified: String,
}

/// Which of the two services made a voice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    CosyVoice,
    Qwen,
}

impl Voices {
    /// Forgets every voice.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// Refuses a voice with another model than the one that it was made for.
    pub(super) fn check(&self, voice: &str, model: &str) -> Result<(), Refusal> {
        let voices = lock(&self.0);
        match voices.iter().find(|made| made.id == voice) {
            Some(made) if made.target != model => {
                let target = &made.target;
                Err(Refusal::parameter(format!(
                    "The voice {voice} was made for the model {target}."
                )))
            }
            _ => Ok(()),
        }
    }
}

/// Answers a request whose key has been checked.
pub(super) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let body: Value =
        serde_json::from_slice(&exchange.request.body).map_err(|_| Refusal::unreadable_body())?;
    let model = body["model"].as_str().unwrap_or_default();
    let family = match model {
        "voice-enrollment" => Family::CosyVoice,
        "qwen-voice-enrollment" => Family::Qwen,
        model => return Err(models::missing(exchange.endpoint, model)),
    };
    let input = body["input"]
        .as_object()
        .ok_or_else(|| Refusal::parameter("input must be an object"))?;
    let desk = Desk {
        exchange,
        family,
        input,
    };
    let action = string(input, "action")?.unwrap_or_default();
    let mut voices = lock(&exchange.state.voices.0);
    let (output, count) = match (family, &*action) {
        (Family::CosyVoice, "create_voice") | (Family::Qwen, "create") => {
            let voice = desk.create()?;
            let output = match family {
                Family::CosyVoice => json!({"voice_id": voice.id}),
                Family::Qwen => json!({"target_model": voice.target, "voice": voice.id}),
            };
            voices.push(voice);
            (output, 1)
        }
        (Family::CosyVoice, "list_voice") | (Family::Qwen, "list") => (desk.list(&voices)?, 1),
        (Family::CosyVoice, "query_voice") => {
            let voice = &voices[desk.find(&voices)?];
            (voice.details(), 1)
        }
        (Family::CosyVoice, "update_voice") => {
            let url = desk.url()?;
            let at = desk.find(&voices)?;
            voices[at].recording = url;
            voices[at].modified = desk.now();
            (json!({}), 1)
        }
        (Family::CosyVoice, "delete_voice") => {
            let at = desk.find(&voices)?;
            voices.remove(at);
            (json!({}), 1)
        }
        (Family::Qwen, "delete") => {
            let at = desk.find(&voices)?;
            let voice = voices.remove(at);
            (json!({"voice": voice.id}), 0)
        }
        _ => return Err(Refusal::parameter(format!("Unknown action: {action:?}"))),
    };
    let id = exchange.id.to_string();
    let body = json!({"output": output, "request_id": id, "usage": {"count": count}});
    Ok(Answer::json(200, body.to_string(), exchange.id))
}

/// A request at work.
struct Desk<'a> {
    exchange: &'a Exchange<'a>,
    family: Family,
    input: &'a Map<String, Value>,
}

impl Desk<'_> {
    fn needed(&self, name: &str) -> Result<String, Refusal> {
        let given = string(self.input, name)?.filter(|given| !given.is_empty());
        given.ok_or_else(|| Refusal::parameter(format!("{name} must be set")))
    }

    fn now(&self) -> String {
        video::in_words(self.exchange.state.video.unix_time())
    }

    /// The URL of a recording, which is not fetched.
    fn url(&self) -> Result<String, Refusal> {
        let url = self.needed("url")?;
        let foreign = url.starts_with("http://") || url.starts_with("https://");
        foreign.then_some(url).ok_or_else(video::not_valid)
    }

    fn create(&self) -> Result<Voice, Refusal> {
        let target = self.needed("target_model")?;
        if !models::is_known(&target) {
            return Err(Refusal::unknown_model(self.exchange.endpoint, &target));
        }
        let id = self.exchange.id.to_string().replace('-', "");
        let (name, recording) = match self.family {
            Family::CosyVoice => ("prefix", self.url()?),
            Family::Qwen => {
                let data = self
                    .input
                    .get("audio")
                    .and_then(|audio| audio["data"].as_str());
                let data = data.ok_or_else(|| Refusal::parameter("audio.data must be set"))?;
                if matches!(inline::data(data), Some(Err(_))) {
                    return Err(Refusal::parameter(
                        "The data of a data-uri item is not valid base64.",
                    ));
                }
                ("preferred_name", String::new())
            }
        };
        let prefix = self.needed(name)?;
        let now = self.now();
        Ok(Voice {
            id: match self.family {
                Family::CosyVoice => format!("{target}-{prefix}-{id}"),
                Family::Qwen => format!("{prefix}-{id}"),
            },
            region: self.exchange.endpoint.region,
            family: self.family,
            target,
            prefix,
            language: self.input.get("language").cloned().unwrap_or(Value::Null),
            recording,
            created: now.clone(),
            modified: now,
        })
    }

    /// Whether a voice is one that the request may see.
    fn sees(&self, voice: &Voice) -> bool {
        voice.region == self.exchange.endpoint.region && voice.family == self.family
    }

    fn find(&self, voices: &[Voice]) -> Result<usize, Refusal> {
        let id = self.needed(match self.family {
            Family::CosyVoice => "voice_id",
            Family::Qwen => "voice",
        })?;
        let found = voices
            .iter()
            .position(|voice| voice.id == id && self.sees(voice));
        found.ok_or_else(|| Refusal::parameter(format!("There is no voice {id}.")))
    }

    fn list(&self, voices: &[Voice]) -> Result<Value, Refusal> {
        let number = |name: &str, default: u64| match self.input.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(given) => given
                .as_u64()
                .ok_or_else(|| Refusal::parameter(format!("{name} must be an integer"))),
        };
        let (index, size) = (number("page_index", 0)?, number("page_size", 10)?);
        let prefix = string(self.input, "prefix")?;
        let all: Vec<&Voice> = voices
            .iter()
            .filter(|voice| self.sees(voice))
            .filter(|voice| prefix.as_ref().is_none_or(|prefix| voice.prefix == *prefix))
            .collect();
        let skipped = usize::try_from(index.saturating_mul(size)).unwrap_or(usize::MAX);
        let page = all
            .iter()
            .skip(skipped)
            .take(usize::try_from(size).unwrap_or(usize::MAX));
        let list: Vec<Value> = page.map(|voice| voice.row()).collect();
        Ok(match self.family {
            Family::CosyVoice => json!({"voice_list": list}),
            Family::Qwen => json!({
                "page_index": index,
                "page_size": size,
                "total_count": all.len(),
                "voice_list": list,
            }),
        })
    }
}

impl Voice {
    fn row(&self) -> Value {
        match self.family {
            Family::CosyVoice => json!({
                "gmt_create": self.created,
                "gmt_modified": self.modified,
                "status": "OK",
                "voice_id": self.id,
            }),
            Family::Qwen => json!({
                "gmt_create": self.created,
                "gmt_modified": self.modified,
                "language": self.language,
                "target_model": self.target,
                "voice": self.id,
            }),
        }
    }

    fn details(&self) -> Value {
        json!({
            "gmt_create": self.created,
            "gmt_modified": self.modified,
            "resource_link": self.recording,
            "status": "OK",
            "target_model": self.target,
        })
    }
}
