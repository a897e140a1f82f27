//! Whether a model thinks, and what.

use super::{Chat, prose::quote, request::ChatRequest};
use crate::models::{Model, Thinking};

/// Tells whether `model` thinks before it answers `request`.
pub(super) fn thinks(request: &ChatRequest, model: &Model) -> bool {
    let switch = request.thinking.as_ref().map(|switch| &*switch.kind);
    let asked = request.enable_thinking.or(match switch {
        Some("disabled") => Some(false),
        Some("enabled" | "adaptive") => Some(true),
        _ => None,
    });
    match model.thinking {
        Thinking::Never => false,
        Thinking::Optional | Thinking::Streaming => asked == Some(true),
        Thinking::Default => asked != Some(false),
        Thinking::Always => true,
    }
}

/// The thoughts that come before the answer.
pub(super) fn thoughts(chat: &Chat<'_>) -> String {
    let prompt = chat.request.prompt();
    let words = prompt.split_whitespace().count();
    let mut thoughts = format!(
        "The user wrote {words} {}: {}. ",
        if words == 1 { "word" } else { "words" },
        quote(&prompt),
    );
    if !chat.request.tools.is_empty() {
        thoughts.push_str("There are tools I could use. Does one of them fit? ");
    }
    if chat.request.response_format.is_some() {
        thoughts.push_str("They want a certain format, so I keep to it. ");
    }
    thoughts.push_str(
        "I am an emulator and cannot really think, but I can say what I see and keep it short.",
    );
    thoughts
}
