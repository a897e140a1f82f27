//! Batch Chat: a chat at a host of its own that may wait for an hour. Here it waits for nothing.

use crate::{endpoint, fields::Fields, refusal::Refusal, route::Exchange};

/// The models it has.
const MODELS: &[&str] = &[
    "qwen3.7-max",
    "qwen3.6-plus",
    "qwen3.6-flash",
    "qwen3.5-plus",
    "qwen3.5-flash",
    "qwen3-max",
    "qwen-plus",
    "qwen-flash",
    "deepseek-v3.2",
    "qwen3-vl-plus",
    "qwen3-vl-flash",
];

/// Whether a request is one of Batch Chat.
pub(crate) fn is_chat(exchange: &Exchange<'_>) -> bool {
    let path = &exchange.request.path;
    path.starts_with(endpoint::BATCH_CHAT_PATH)
}

/// Refuses a chat there with another model. That it is told so is inferred.
pub(crate) fn check_chat(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    if !is_chat(exchange) {
        return Ok(());
    }
    let body = exchange.request.json();
    let model = Fields::of(&body).model()?;
    if MODELS.contains(&model) {
        Ok(())
    } else {
        Err(Refusal::unknown_model(exchange.endpoint, model))
    }
}
