//! The models that speak: how they are asked, what audio they make, and what it costs.
//!
//! Requests need a Standard key; see [`aigc_origin_for`](crate::aigc_origin_for) for the host.
//!
//! Source: help.aliyun.com model-studio, pages "cosyvoice-tts-http-api", "cosyvoice-websocket-api",
//! "qwen-tts-api" and "qwen-tts-realtime", as of 2026-11. What those pages do not say is `None`, or an
//! empty list. The voices listed are those that the pages name; the service has more, and cloned ones.
//!
//! ```
//! use qwen_openclaw_catalog::{classify, synthesis};
//!
//! let model = synthesis::find("qwen3-tts-flash").expect("it is in the catalog");
//! assert_eq!(model.max_characters(), Some(600));
//! assert_eq!(model.voices(), ["Cherry"]);
//!
//! let china = classify("https://dashscope.aliyuncs.com/compatible-mode/v1");
//! let used = synthesis::Units::Characters(10_000);
//! let charge = synthesis::charge(china, model.id(), used).expect("the price is known");
//! assert_eq!(charge.cost.to_string(), "CNY 0.80");
//! ```

mod models;
mod price;

use serde::Serialize;

use self::price::Rates;
pub use self::price::{SynthesisPrice, Units, charge, price};

/// The id of the default model.
pub const DEFAULT_MODEL: &str = "qwen3-tts-flash";

/// The path that a model is asked on over HTTP.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HttpApi {
    /// `/api/v1/services/audio/tts/SpeechSynthesizer`.
    Synthesizer,
    /// `/api/v1/services/aigc/multimodal-generation/generation`.
    Generation,
}

/// The WebSocket that a model is asked on, where text is sent in pieces.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SocketApi {
    /// `/api-ws/v1/inference`: tasks, several in succession on a connection.
    Inference,
    /// `/api-ws/v1/realtime`: one session on a connection.
    Realtime,
}

/// How a model is asked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Apis {
    /// Over HTTP; `None` for a model that only has a WebSocket.
    pub http: Option<HttpApi>,
    /// Over a WebSocket; `None` for a model that has none.
    pub socket: Option<SocketApi>,
}

/// Returns how a model is asked, which its id tells even if it is not in the catalog.
#[must_use]
pub fn apis(model: &str) -> Apis {
    let model = model.to_ascii_lowercase();
    let (http, socket) = if model.contains("realtime") {
        (None, Some(SocketApi::Realtime))
    } else if model.starts_with("cosyvoice") || model.starts_with("qwen-audio") {
        (Some(HttpApi::Synthesizer), Some(SocketApi::Inference))
    } else {
        (Some(HttpApi::Generation), None)
    };
    Apis { http, socket }
}

/// How the use of a model is counted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Billing {
    /// By the characters of the text.
    Characters,
    /// By tokens of text and audio.
    Tokens,
}

/// A model that speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct SynthesisModel {
    id: &'static str,
    formats: &'static [&'static str],
    sample_rates: &'static [u32],
    default_sample_rate: u32,
    max_characters: Option<u32>,
    billing: Billing,
    voices: &'static [&'static str],
    #[serde(skip)]
    china: Option<Rates>,
    #[serde(skip)]
    global: Option<Rates>,
}

impl SynthesisModel {
    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the formats of its audio, the default first.
    #[must_use]
    pub const fn formats(&self) -> &'static [&'static str] {
        self.formats
    }

    /// Returns the sample rates of its audio in hertz.
    #[must_use]
    pub const fn sample_rates(&self) -> &'static [u32] {
        self.sample_rates
    }

    /// Returns the sample rate unless another one is asked for.
    #[must_use]
    pub const fn default_sample_rate(&self) -> u32 {
        self.default_sample_rate
    }

    /// Returns the maximum length of the text of one HTTP request, in characters; `None` if unknown.
    #[must_use]
    pub const fn max_characters(&self) -> Option<u32> {
        self.max_characters
    }

    /// Returns how its use is counted.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        self.billing
    }

    /// Returns the voices that the documentation names, the default first. There are more.
    #[must_use]
    pub const fn voices(&self) -> &'static [&'static str] {
        self.voices
    }

    /// Returns how it is asked.
    #[must_use]
    pub fn apis(&self) -> Apis {
        apis(self.id)
    }
}

/// Returns every model that speaks, the default first.
#[must_use]
pub fn models() -> &'static [SynthesisModel] {
    models::ALL
}

/// Returns the row of a model, matching the exact id and ignoring case.
#[must_use]
pub fn find(model: &str) -> Option<&'static SynthesisModel> {
    models()
        .iter()
        .find(|row| row.id.eq_ignore_ascii_case(model))
}

/// Returns the characters of a text as they are counted: a Chinese character for two.
///
/// The documentation of CosyVoice counts so; that the other models do is inferred, and errs on the
/// side of shorter requests and higher estimates.
#[must_use]
pub fn characters(text: &str) -> u64 {
    text.chars().map(weight).sum()
}

/// Returns what one character counts for; see [`characters`].
#[must_use]
pub const fn weight(character: char) -> u64 {
    match character {
        '\u{2e80}'..='\u{2fdf}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_protocol() {
        let check = |model, http, socket| {
            assert_eq!(apis(model), Apis { http, socket }, "{model}");
        };
        let (synthesizer, inference) = (HttpApi::Synthesizer, SocketApi::Inference);
        check("cosyvoice-v9", Some(synthesizer), Some(inference));
        check(
            "qwen-audio-3.1-tts-flash",
            Some(synthesizer),
            Some(inference),
        );
        check("qwen3-tts-flash", Some(HttpApi::Generation), None);
        check("qwen-tts", Some(HttpApi::Generation), None);
        let realtime = Some(SocketApi::Realtime);
        check("qwen3-tts-flash-realtime", None, realtime);
        check("qwen3-tts-vc-realtime-2026-01-15", None, realtime);
    }

    #[test]
    fn rows_are_complete_and_found() {
        assert_eq!(models()[0].id(), DEFAULT_MODEL);
        for model in models() {
            assert_eq!(find(&model.id().to_uppercase()), Some(model));
            assert!(model.sample_rates().contains(&model.default_sample_rate()));
            assert!(!model.formats().is_empty(), "{}", model.id());
        }
        assert_eq!(find("qwen3-tts"), None);
    }

    #[test]
    fn chinese_characters_count_for_two() {
        assert_eq!(characters("Guten Tag"), 9);
        assert_eq!(characters("你好, Welt"), 10);
    }
}
