//! Token counts that add up.

use serde_json::{Value, json};

use super::{
    cache::Cached,
    media,
    reply::Composed,
    request::{ChatRequest, Message},
    tokens,
};
use crate::{id::splitmix, models::Model, served::TokenCounts};

/// The size of a prompt, and what the cache needs to recognize it.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    pub(super) tokens: usize,
    /// For the tools and each message after them: everything up to here.
    pub(super) prefixes: Vec<Prefix>,
    pub(super) media: MediaTokens,
}

/// The start of a prompt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Prefix {
    pub(super) hash: u64,
    pub(super) tokens: usize,
    /// Whether the caller marked its end as one to be cached.
    pub(super) marked: bool,
}

/// Input tokens that are not text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct MediaTokens {
    pub(super) image: usize,
    pub(super) video: usize,
    pub(super) audio: usize,
}

/// What the frame around each message and around the whole costs.
const PER_MESSAGE: usize = 4;
const PER_PROMPT: usize = 3;

impl Prompt {
    pub(super) fn measure(request: &ChatRequest, model: &Model) -> Self {
        let mut prompt = Self {
            tokens: PER_PROMPT,
            prefixes: Vec::with_capacity(request.messages.len() + 1),
            media: MediaTokens::default(),
        };
        let mut hash = 0;
        for tool in &request.tools {
            let function = &tool.function;
            for text in [
                &function.name,
                &function.description,
                &function.parameters.to_string(),
            ] {
                prompt.text(text, &mut hash);
            }
        }
        prompt.mark(hash, false);
        for message in &request.messages {
            prompt.message(message, model, &mut hash);
        }
        prompt
    }

    fn message(&mut self, message: &Message, model: &Model, hash: &mut u64) {
        self.tokens += PER_MESSAGE;
        *hash = digest(*hash, &message.role);
        self.text(&message.text(), hash);
        self.text(&message.reasoning_content, hash);
        for call in &message.tool_calls {
            self.text(&call.to_string(), hash);
        }
        for medium in message.parts().iter().flat_map(media::of) {
            let tokens = medium.tokens();
            self.media.image += tokens.image;
            self.media.video += tokens.video;
            self.media.audio += tokens.audio;
            self.tokens += tokens.image + tokens.video + tokens.audio;
            *hash = digest(*hash, medium.address);
        }
        let mut parts = message.parts().iter();
        let marked = parts.any(|part| part.is_cache_marker(model));
        self.mark(*hash, marked);
    }

    fn text(&mut self, text: &str, hash: &mut u64) {
        self.tokens += tokens::count(text);
        *hash = digest(*hash, text);
    }

    fn mark(&mut self, hash: u64, marked: bool) {
        self.prefixes.push(Prefix {
            hash,
            tokens: self.tokens,
            marked,
        });
    }

    fn text_tokens(&self) -> usize {
        self.tokens - self.media.image - self.media.video - self.media.audio
    }
}

fn digest(hash: u64, text: &str) -> u64 {
    let mix = |hash: u64, bytes: &[u8]| {
        let number = bytes
            .iter()
            .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        splitmix(hash ^ number)
    };
    let length = text.len() as u64;
    splitmix(text.as_bytes().chunks(8).fold(hash, mix) ^ length)
}

/// The `usage` of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Usage {
    pub(crate) prompt: usize,
    pub(crate) completion: usize,
    /// `None` when the model does not think.
    pub(crate) reasoning: Option<usize>,
    pub(crate) cached: Cached,
    media: MediaTokens,
    text: usize,
}

impl Usage {
    pub(super) fn of(prompt: &Prompt, cached: Cached, replies: &[Composed]) -> Self {
        let thinks = replies.iter().any(|reply| reply.reasoning.is_some());
        let reasoning = replies.iter().map(Composed::reasoning_tokens).sum();
        let answers: usize = replies.iter().map(Composed::answer_tokens).sum();
        Self {
            prompt: prompt.tokens,
            completion: answers + reasoning,
            reasoning: thinks.then_some(reasoning),
            cached,
            media: prompt.media,
            text: prompt.text_tokens(),
        }
    }

    pub(crate) fn counts(&self) -> TokenCounts {
        TokenCounts {
            prompt: self.prompt,
            completion: self.completion,
        }
    }

    /// The object as the service sends it.
    pub(super) fn json(&self) -> String {
        let completion_details = self.reasoning.map_or_else(String::new, |reasoning| {
            let text = self.completion - reasoning;
            format!(r#""completion_tokens_details":{{"reasoning_tokens":{reasoning},"text_tokens":{text}}},"#)
        });
        format!(
            r#"{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},{completion_details}"prompt_tokens_details":{}}}"#,
            self.prompt,
            self.completion,
            self.prompt + self.completion,
            self.prompt_details(),
        )
    }

    /// The input tokens by kind, without those that there are none of.
    pub(crate) fn input_kinds(&self) -> impl Iterator<Item = (&'static str, usize)> {
        [
            ("text_tokens", self.text),
            ("image_tokens", self.media.image),
            ("video_tokens", self.media.video),
            ("audio_tokens", self.media.audio),
        ]
        .into_iter()
        .filter(|(_, tokens)| *tokens > 0)
    }

    /// What the cache did.
    pub(crate) fn cache_details(&self) -> Value {
        let mut details = json!({"cached_tokens": self.cached.read});
        if let Some(created) = self.cached.created {
            // The same for Qwen4, which is inferred: its page does not name the fields.
            details["cache_creation_input_tokens"] = created.into();
            details["cache_creation"] = json!({"ephemeral_5m_input_tokens": created});
            details["cache_type"] = "ephemeral".into();
        }
        details
    }

    fn prompt_details(&self) -> Value {
        let mut details = self.cache_details();
        if self.media != MediaTokens::default() {
            for (name, tokens) in self.input_kinds() {
                details[name] = tokens.into();
            }
        }
        details
    }
}
