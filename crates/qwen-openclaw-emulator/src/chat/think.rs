//! Whether a model thinks, and what.

use super::{Chat, prose::quote, request::ChatRequest};
use crate::models::{Model, Thinking};

/// Tells whether `model` thinks before it answers `request`.
pub(crate) fn thinks(request: &ChatRequest, model: &Model) -> bool {
    let effort = request.reasoning_effort.as_deref();
    // That it counts more than `enable_thinking` is inferred from the Responses API.
    if effort == Some("none") && model.is_qwen4() {
        return false;
    }
    let switch = request.thinking.as_ref().map(|switch| &*switch.kind);
    let asked = request.enable_thinking.or(match switch {
        Some("disabled") => Some(false),
        Some("enabled" | "adaptive") => Some(true),
        _ => None,
    });
    match model.thinking {
        Thinking::Never => false,
        Thinking::Optional => asked == Some(true),
        Thinking::Default | Thinking::Streaming => asked != Some(false),
        Thinking::Always => true,
    }
}

/// Tells whether a request gets its reasoning as a summary and a ciphertext, given that the model
/// thinks. Models that do not have this ignore the fields, which is inferred.
pub(super) fn summarizes(request: &ChatRequest, model: &Model) -> bool {
    let asked = request.thinking_display.as_deref() == Some("summarized");
    asked && request.preserve_thinking && model.is_qwen4()
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

/// What the caller gets to read of thoughts that are encrypted.
pub(super) fn summary(chat: &Chat<'_>) -> String {
    let words = chat.request.prompt().split_whitespace().count();
    let tools = if chat.request.tools.is_empty() {
        ""
    } else {
        " and checks the tools"
    };
    format!("Reads the prompt ({words} words){tools}.")
}
