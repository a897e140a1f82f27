//! Model rows of OpenClaw's configuration as capabilities.

use std::collections::BTreeMap;

use qwen_openclaw_catalog::{Edition, Modality, Provider, find};
use qwen_openclaw_config::{ModelRow, RowFlags};
use qwen_openclaw_transport::{ModelCapabilities, ThinkingStyle};
use serde_json::Value;

/// What a row says that its model can do.
pub(super) fn capabilities(provider: &Provider, row: &ModelRow) -> ModelCapabilities {
    let is_known = find(provider, &row.id, Edition::Merged).is_some();
    let mut capabilities = ModelCapabilities::new();
    if let Some(thinks) = row.reasoning.filter(|thinks| *thinks || !is_known) {
        capabilities = capabilities.reasoning(thinks);
    }
    if let Some(input) = row.input.as_ref().filter(|_| !is_known) {
        let other = [Modality::Image, Modality::Video, Modality::Audio];
        let other = other.into_iter().filter(|kind| {
            let mut named = input.iter();
            named.any(|name| name.eq_ignore_ascii_case(kind.as_str()))
        });
        capabilities = capabilities.input([Modality::Text].into_iter().chain(other));
    }
    if let Some(tokens) = tokens(row.context_window) {
        capabilities = capabilities.context_window(tokens);
    }
    if let Some(tokens) = tokens(row.max_tokens) {
        capabilities = capabilities.max_output(tokens);
    }
    for (level, sent) in &row.thinking_level_map {
        if let Ok(level) = level.parse() {
            capabilities = capabilities.level(level, sent.clone());
        }
    }
    with_flags(capabilities, provider, &row.compat)
}

/// Capabilities with fields for the body of requests.
pub(super) fn with_fields(
    capabilities: ModelCapabilities,
    fields: &BTreeMap<String, Value>,
) -> ModelCapabilities {
    let fields = fields.iter();
    fields.fold(capabilities, |capabilities, (name, value)| {
        capabilities.field(name, value.clone())
    })
}

/// A limit; zero says nothing.
fn tokens(limit: Option<u64>) -> Option<u32> {
    let limit = limit.filter(|limit| *limit > 0)?;
    Some(u32::try_from(limit).unwrap_or(u32::MAX))
}

fn with_flags(
    mut capabilities: ModelCapabilities,
    provider: &Provider,
    flags: &RowFlags,
) -> ModelCapabilities {
    if let Some(format) = &flags.thinking_format {
        capabilities = capabilities.thinking(match format.as_str() {
            "qwen-chat-template" => ThinkingStyle::ChatTemplate,
            // Qwen's own providers write the switch in every other format.
            _ if provider.is_qwen() => ThinkingStyle::Switch,
            "qwen" => ThinkingStyle::Switch,
            _ => ThinkingStyle::Untouched,
        });
    }
    if let Some(has_it) = flags.supports_developer_role {
        capabilities = capabilities.developer_role(has_it);
    }
    if let Some(ask) = flags.supports_usage_in_streaming {
        capabilities = capabilities.usage(ask);
    }
    if flags.max_tokens_field.as_deref() == Some("max_tokens") {
        capabilities = capabilities.legacy_max_tokens();
    }
    if flags.supports_strict_mode == Some(false) {
        capabilities = capabilities.without_strict_tools();
    }
    if flags.supports_tools == Some(false) {
        capabilities = capabilities.without_tools();
    }
    for (supported, field) in [
        (flags.supports_prompt_cache_key, "prompt_cache_key"),
        (flags.supports_store, "store"),
        (flags.supports_reasoning_effort, "reasoning_effort"),
    ] {
        if supported == Some(false) {
            capabilities = capabilities.without_field(field);
        }
    }
    capabilities
}
