//! What is to be spoken, and what the service refuses in it.
//!
//! The texts of the refusals are inferred where no other comment says so.

use serde_json::{Map, Value};

use super::usage::Usage;
use crate::{
    chat::count_tokens,
    refusal::Refusal,
    route::Exchange,
    speech::{
        audio::{Format, Sound},
        models::{self, Bill, Speaker, Stage},
    },
};

/// A valid request.
#[derive(Clone, Debug)]
pub(in crate::speech) struct Order {
    pub(in crate::speech) speaker: &'static Speaker,
    /// What is spoken.
    pub(in crate::speech) text: String,
    pub(in crate::speech) sound: Sound,
    /// Whether events tell when words are spoken.
    pub(in crate::speech) words: bool,
}

/// The longest text of a request in characters, for Qwen TTS from its page. That the other models take as
/// much as in a message of the WebSocket API is inferred.
const MAX_QWEN: usize = 600;
const MAX_OTHERS: usize = 20_000;
/// The longest text of `qwen-tts` and the longest instructions, in tokens.
const MAX_TOKENS: usize = 512;
const MAX_INSTRUCTIONS: usize = 1_600;

impl Order {
    /// Checks a request's body.
    pub(super) fn read(
        exchange: &Exchange<'_>,
        body: &Value,
        stage: Stage,
    ) -> Result<Self, Refusal> {
        let id = body["model"].as_str().unwrap_or_default();
        let speaker = models::find_speaker(exchange.endpoint, id, stage)?;
        let input = body["input"]
            .as_object()
            .ok_or_else(|| Refusal::parameter("input must be an object"))?;
        let text = string(input, "text")?.unwrap_or_default();
        if text.trim().is_empty() {
            return Err(Refusal::parameter("text must be set"));
        }
        let sound = match stage {
            Stage::Multimodal => {
                check_qwen(speaker, input, &text)?;
                Sound {
                    format: Format::Wav,
                    sample_rate: 24_000,
                    ..sound(input, Names::HTTP, Format::Wav, 24_000)?
                }
            }
            Stage::Synthesizer | Stage::Realtime => {
                in_range(text.chars().count(), MAX_OTHERS)?;
                sound(input, Names::HTTP, Format::Mp3, 22_050)?
            }
        };
        let voice = string(input, "voice")?.unwrap_or_default();
        if voice.is_empty() {
            return Err(Refusal::parameter("voice must be set"));
        }
        exchange.state.voices.check(&voice, id)?;
        let text = match flag(input, "enable_ssml")? {
            true => without_tags(&text),
            false => text,
        };
        Ok(Self {
            speaker,
            text,
            sound,
            words: flag(input, "word_timestamp_enabled")?,
        })
    }

    /// What the speech costs, given its length in milliseconds.
    pub(super) fn usage(&self, milliseconds: u64) -> Usage {
        Usage::of(self.speaker, &self.text, milliseconds)
    }
}

fn check_qwen(speaker: &Speaker, input: &Map<String, Value>, text: &str) -> Result<(), Refusal> {
    match speaker.bill {
        Bill::Tokens => in_range(count_tokens(text), MAX_TOKENS)?,
        Bill::Characters => in_range(text.chars().count(), MAX_QWEN)?,
    }
    let instructions = string(input, "instructions")?.unwrap_or_default();
    if count_tokens(&instructions) > MAX_INSTRUCTIONS {
        return Err(Refusal::algo(format!(
            "Range of instructions length should be [0, {MAX_INSTRUCTIONS}]"
        )));
    }
    const LANGUAGES: [&str; 11] = [
        "Auto",
        "Chinese",
        "English",
        "German",
        "Italian",
        "Portuguese",
        "Spanish",
        "Japanese",
        "Korean",
        "French",
        "Russian",
    ];
    match string(input, "language_type")? {
        Some(language) if !LANGUAGES.contains(&&*language) => Err(Refusal::parameter(format!(
            "language_type must be one of {}",
            LANGUAGES.join(", ")
        ))),
        _ => Ok(()),
    }
}

/// The text is that for chats.
fn in_range(length: usize, most: usize) -> Result<(), Refusal> {
    if length > most {
        let message = format!("Range of input length should be [1, {most}]");
        return Err(Refusal::algo(message));
    }
    Ok(())
}

/// The names of the fields by which a sound is set.
#[derive(Clone, Copy, Debug)]
pub(in crate::speech) struct Names {
    format: &'static str,
    rate: &'static str,
    pitch: &'static str,
}

impl Names {
    pub(in crate::speech) const HTTP: Self = Self {
        format: "format",
        rate: "rate",
        pitch: "pitch",
    };
    pub(in crate::speech) const REALTIME: Self = Self {
        format: "response_format",
        rate: "speech_rate",
        pitch: "pitch_rate",
    };
}

/// Reads how a text is to sound.
pub(in crate::speech) fn sound(
    input: &Map<String, Value>,
    names: Names,
    format: Format,
    sample_rate: u32,
) -> Result<Sound, Refusal> {
    let number = |name: &str, least: f64, most: f64, default: f64| match input.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(given) => given
            .as_f64()
            .filter(|given| (least..=most).contains(given))
            .ok_or_else(|| Refusal::parameter(format!("{name} must be in [{least}, {most}]"))),
    };
    let format = match string(input, names.format)?.as_deref() {
        // dashscope 2.0.2 sends this, and 0 as the sample rate, when nothing is set.
        None | Some("Default") => format,
        Some(name) => Format::read(name)?,
    };
    let sample_rate = match input.get("sample_rate") {
        None | Some(Value::Null) => sample_rate,
        Some(given) if given.as_u64() == Some(0) => sample_rate,
        Some(given) => {
            let known = Sound::SAMPLE_RATES;
            let given = given.as_u64().and_then(|given| u32::try_from(given).ok());
            given.filter(|given| known.contains(given)).ok_or_else(|| {
                let known = known.map(|rate| rate.to_string()).join(", ");
                Refusal::parameter(format!("sample_rate must be one of {known}"))
            })?
        }
    };
    let thousandths = |number: f64| (number * 1000.0).round() as u32;
    number("bit_rate", 6.0, 64_000.0, 32.0)?;
    number("seed", 0.0, 65_535.0, 0.0)?;
    Ok(Sound {
        format,
        sample_rate,
        volume: number("volume", 0.0, 100.0, 50.0)? as u32,
        speed: thousandths(number(names.rate, 0.5, 2.0, 1.0)?),
        pitch: thousandths(number(names.pitch, 0.5, 2.0, 1.0)?),
        voice: Sound::pitch_of(&string(input, "voice")?.unwrap_or_default()),
    })
}

pub(in crate::speech) fn string(
    input: &Map<String, Value>,
    name: &str,
) -> Result<Option<String>, Refusal> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::parameter(format!("{name} must be a string"))),
    }
}

pub(in crate::speech) fn flag(input: &Map<String, Value>, name: &str) -> Result<bool, Refusal> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Refusal::parameter(format!("{name} must be a boolean"))),
    }
}

/// The text of SSML, of which tags are not spoken. Plain text is all text.
pub(in crate::speech) fn without_tags(text: &str) -> String {
    if !text.trim_start().starts_with("<speak") {
        return text.to_owned();
    }
    let mut spoken = String::new();
    let mut inside = false;
    for character in text.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if inside => {}
            _ => spoken.push(character),
        }
    }
    for (name, becomes) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        spoken = spoken.replace(name, becomes);
    }
    spoken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_not_spoken() {
        assert_eq!(without_tags("a < b > c"), "a < b > c");
        assert_eq!(
            without_tags("<speak rate=\"2\">Tom &amp;<break time=\"1s\"/> Jo</speak>"),
            "Tom & Jo"
        );
    }
}
