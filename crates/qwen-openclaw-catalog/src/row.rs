//! The catalog row as OpenClaw writes it to its configuration.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    chat::{ChatModel, find},
    edition::Edition,
    modality::Modality,
    provider::Provider,
    thinking::{Family, Level},
};

/// A model row in OpenClaw's own shape and names, for `models.providers.*.models`.
///
/// Its prices are zero, which in that file means "not tracked"; use [`price`](crate::price) for real
/// ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Row {
    /// The id.
    pub id: Cow<'static, str>,
    /// The display name.
    pub name: Cow<'static, str>,
    /// Whether the model is marked as a reasoning model.
    pub reasoning: bool,
    /// The kinds of input.
    pub input: &'static [Modality],
    /// The prices, all zero.
    pub cost: RowCost,
    /// The context window in tokens.
    pub context_window: u32,
    /// The maximum output in tokens.
    pub max_tokens: u32,
    /// How levels are mapped before they are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_level_map: Option<LevelMap>,
    /// The flags of the model that differ from those of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<RowCompat>,
}

/// The prices of a [`Row`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RowCost {
    /// The price of input.
    pub input: u32,
    /// The price of output.
    pub output: u32,
    /// The price of reading from the cache.
    pub cache_read: u32,
    /// The price of writing to the cache.
    pub cache_write: u32,
}

/// A mapping of thinking levels to the levels that are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LevelMap {
    /// The level sent for `minimal`.
    pub minimal: Level,
    /// The level sent for `high`.
    pub high: Level,
    /// The level sent for `max`.
    pub max: Level,
}

/// The compatibility flags of a [`Row`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RowCompat {
    /// The model accepts `reasoning_effort`.
    pub supports_reasoning_effort: bool,
    /// The efforts that the model accepts.
    pub supported_reasoning_efforts: &'static [Level],
    /// How levels are mapped to the supported efforts.
    pub reasoning_effort_map: LevelMap,
    /// `capable` if OpenClaw lets the model write code that calls tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_mode: Option<&'static str>,
}

impl Row {
    /// The context window that OpenClaw writes for an unknown model.
    pub const UNKNOWN_CONTEXT: u32 = 262_144;

    /// The maximum output that OpenClaw writes for an unknown model.
    pub const UNKNOWN_MAX_TOKENS: u32 = 65_536;

    /// The context window that OpenClaw assumes for a model discovered at an endpoint.
    pub const DISCOVERED_CONTEXT: u32 = 1_000_000;

    /// Returns the full row of a catalog model.
    ///
    /// The file requires limits, so an unknown limit gets the value used for unknown models.
    #[must_use]
    pub fn of(model: &ChatModel) -> Self {
        let maps = model.thinking().family() == Family::Qwen38;
        Self {
            thinking_level_map: maps.then_some(QWEN38_LEVELS),
            compat: maps.then(|| RowCompat {
                supports_reasoning_effort: true,
                supported_reasoning_efforts: &[Level::Low, Level::Medium, Level::Xhigh],
                reasoning_effort_map: QWEN38_LEVELS,
                code_mode: model.code_mode(),
            }),
            ..Self::plain(model)
        }
    }

    /// Returns the short row for a model id of the provider `qwen`, known or not.
    #[must_use]
    pub fn definition(id: &str) -> Self {
        match find(&Provider::QWEN, id, Edition::Merged) {
            Some(model) => Self::plain(model),
            None => Self {
                id: id.to_owned().into(),
                name: id.to_owned().into(),
                reasoning: false,
                input: &[Modality::Text],
                cost: RowCost::default(),
                context_window: Self::UNKNOWN_CONTEXT,
                max_tokens: Self::UNKNOWN_MAX_TOKENS,
                thinking_level_map: None,
                compat: None,
            },
        }
    }

    /// Returns the row for a model that an endpoint lists and the catalog lacks.
    ///
    /// The model is assumed to accept images and, on the Token Plan, to support thinking.
    #[must_use]
    pub fn discovered(provider: &Provider, id: &str) -> Self {
        Self {
            reasoning: *provider == Provider::QWEN_TOKEN_PLAN,
            input: &[Modality::Text, Modality::Image],
            context_window: Self::DISCOVERED_CONTEXT,
            ..Self::definition(id)
        }
    }

    fn plain(model: &ChatModel) -> Self {
        Self {
            id: model.id().into(),
            name: model.name().into(),
            reasoning: model.reasoning(),
            input: model.input(),
            cost: RowCost::default(),
            context_window: model.context().unwrap_or(Self::UNKNOWN_CONTEXT),
            max_tokens: model.max_output().unwrap_or(Self::UNKNOWN_MAX_TOKENS),
            thinking_level_map: None,
            compat: None,
        }
    }
}

const QWEN38_LEVELS: LevelMap = LevelMap {
    minimal: Level::Low,
    high: Level::Xhigh,
    max: Level::Xhigh,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_map_agrees_with_the_thinking_contract() {
        let model = find(&Provider::QWEN, "qwen3.8-max", Edition::Merged).unwrap();
        let map = Row::of(model).thinking_level_map.unwrap();
        let decided = |level| model.thinking().effort(Some(level));
        assert_eq!(decided(Level::Minimal), Some(map.minimal));
        assert_eq!(decided(Level::High), Some(map.high));
        assert_eq!(decided(Level::Max), Some(map.max));
    }

    #[test]
    fn an_unknown_id_gets_the_assumed_limits() {
        let row = Row::definition("my-model");
        assert_eq!((row.context_window, row.max_tokens), (262_144, 65_536));
        let row = Row::discovered(&Provider::QWEN_TOKEN_PLAN, "qwen-new");
        assert_eq!((row.reasoning, row.context_window), (true, 1_000_000));
    }

    #[test]
    fn only_the_families_with_efforts_have_flags() {
        let glm = find(&Provider::QWEN, "glm-5", Edition::Merged).unwrap();
        let json = serde_json::to_value(Row::of(glm)).unwrap();
        assert!(json.get("compat").is_none() && json.get("thinkingLevelMap").is_none());
        assert_eq!(json["cost"]["cacheRead"], 0);
    }
}
