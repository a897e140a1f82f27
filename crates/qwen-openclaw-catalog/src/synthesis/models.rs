//! The rows.

use super::{
    Billing, SynthesisModel,
    price::{Rates, cny_per_10k, usd_characters, usd_per_10k, usd_realtime_per_10k, usd_tokens},
};

const SYNTHESIZER_RATES: &[u32] = &[8_000, 16_000, 22_050, 24_000, 44_100, 48_000];

const REALTIME_RATES: &[u32] = &[8_000, 16_000, 24_000, 48_000];

/// A model of the path `SpeechSynthesizer`. The documentation of that path has no limit of the text.
const fn synthesizer(id: &'static str, voices: &'static [&'static str]) -> SynthesisModel {
    SynthesisModel {
        id,
        formats: &["mp3", "pcm", "wav", "opus"],
        sample_rates: SYNTHESIZER_RATES,
        default_sample_rate: 22_050,
        max_characters: None,
        billing: Billing::Characters,
        voices,
        china: None,
        global: None,
    }
}

const fn generation(id: &'static str, max_characters: u32) -> SynthesisModel {
    SynthesisModel {
        id,
        formats: &["wav"],
        sample_rates: &[24_000],
        default_sample_rate: 24_000,
        max_characters: Some(max_characters),
        billing: Billing::Characters,
        voices: &["Cherry"],
        china: None,
        global: None,
    }
}

const fn realtime(id: &'static str) -> SynthesisModel {
    SynthesisModel {
        id,
        formats: &["pcm", "wav", "mp3", "opus"],
        sample_rates: REALTIME_RATES,
        default_sample_rate: 24_000,
        max_characters: None,
        billing: Billing::Characters,
        voices: &["Cherry"],
        china: None,
        global: None,
    }
}

impl SynthesisModel {
    const fn china(self, rates: Rates) -> Self {
        Self {
            china: Some(rates),
            ..self
        }
    }

    const fn global(self, rates: Rates) -> Self {
        Self {
            global: Some(rates),
            ..self
        }
    }

    const fn by_token(self) -> Self {
        Self {
            billing: Billing::Tokens,
            ..self
        }
    }
}

const LONGANYANG: &[&str] = &["longanyang"];

pub(super) const ALL: &[SynthesisModel] = &[
    generation("qwen3-tts-flash", 600)
        .china(cny_per_10k(0.8))
        .global(usd_per_10k(0.1)),
    realtime("qwen3-tts-flash-realtime").global(usd_realtime_per_10k(0.13)),
    // Its limit is 512 tokens, and no character is counted for less than a token here.
    generation("qwen-tts", 512).by_token(),
    realtime("qwen-tts-realtime").by_token(),
    synthesizer("qwen-audio-3.1-tts-flash", &["longanhuan_v3.1"])
        .by_token()
        .global(usd_tokens(0.23, 1.87)),
    synthesizer("qwen-audio-3.1-tts-plus", &["longanhuan_v3.1"]).global(usd_characters(30.0)),
    synthesizer("qwen-audio-3.0-tts-flash", &["longanhuan_v3.6"]).global(usd_characters(15.0)),
    synthesizer("qwen-audio-3.0-tts-plus", &["longanhuan_v3.6"]).global(usd_characters(20.0)),
    synthesizer("cosyvoice-v3.5-plus", &[]).china(cny_per_10k(1.5)),
    synthesizer("cosyvoice-v3.5-flash", &[]).china(cny_per_10k(0.8)),
    synthesizer("cosyvoice-v3-plus", LONGANYANG).china(cny_per_10k(2.0)),
    synthesizer("cosyvoice-v3-flash", LONGANYANG).china(cny_per_10k(1.0)),
    synthesizer("cosyvoice-v2", &[]).china(cny_per_10k(2.0)),
];
