//! What speech costs.

use serde_json::{Value, json};

use crate::{
    chat::count_tokens,
    served::TokenCounts,
    speech::models::{Bill, Speaker, Stage},
};

/// The usage of some spoken text.
#[derive(Clone, Copy, Debug)]
pub(in crate::speech) struct Usage {
    bill: Bill,
    stage: Stage,
    characters: usize,
    text_tokens: usize,
    audio_tokens: usize,
}

/// Tokens a second of audio, from the page of `qwen-tts-realtime`. For the other models that are billed by
/// tokens it is inferred.
const TOKENS_A_SECOND: u64 = 50;

impl Usage {
    pub(in crate::speech) fn of(speaker: &Speaker, text: &str, milliseconds: u64) -> Self {
        let audio_tokens = (milliseconds * TOKENS_A_SECOND).div_ceil(1000);
        Self {
            bill: speaker.bill,
            stage: speaker.stage,
            characters: text.chars().count(),
            text_tokens: count_tokens(text),
            audio_tokens: usize::try_from(audio_tokens).unwrap_or(usize::MAX),
        }
    }

    /// Adds what another text costs that the same model spoke.
    pub(in crate::speech) fn add(&mut self, other: Self) {
        self.characters += other.characters;
        self.text_tokens += other.text_tokens;
        self.audio_tokens += other.audio_tokens;
    }

    pub(in crate::speech) fn json(&self) -> Value {
        let Self {
            characters,
            text_tokens,
            audio_tokens,
            ..
        } = self;
        match (self.bill, self.stage) {
            // The zeros are in the example of the page.
            (Bill::Characters, Stage::Multimodal) => {
                json!({"characters": characters, "input_tokens": 0, "output_tokens": 0})
            }
            (Bill::Characters, _) => json!({"characters": characters}),
            // No page has it: inferred, without the details.
            (Bill::Tokens, Stage::Synthesizer) => json!({
                "input_tokens": text_tokens,
                "output_tokens": audio_tokens,
                "total_tokens": text_tokens + audio_tokens,
            }),
            (Bill::Tokens, _) => json!({
                "input_tokens": text_tokens,
                "input_tokens_details": {"text_tokens": text_tokens},
                "output_tokens": audio_tokens,
                "output_tokens_details": {"audio_tokens": audio_tokens, "text_tokens": 0},
                "total_tokens": text_tokens + audio_tokens,
            }),
        }
    }

    /// The tokens as they are logged; none for models that are billed by characters.
    pub(in crate::speech) const fn tokens(&self) -> Option<TokenCounts> {
        match self.bill {
            Bill::Characters => None,
            Bill::Tokens => Some(TokenCounts {
                prompt: self.text_tokens,
                completion: self.audio_tokens,
            }),
        }
    }
}
