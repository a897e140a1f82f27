//! The catalog row as OpenClaw writes it into its configuration.

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
/// Prices are zero there, which in that file means "not counted"; use
/// [`price`](crate::price) for real ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Row {
    /// The id.
    pub id: Cow<'static, str>,
    /// The name to show.
    pub name: Cow<'static, str>,
    /// Whether the model counts as one that thinks.
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
    /// Flags of the model, where they differ from those of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<RowCompat>,
}

/// The prices of a [`Row`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RowCost {
    /// Input.
    pub input: u32,
    /// Output.
    pub output: u32,
    /// Reading from the cache.
    pub cache_read: u32,
    /// Writing to the cache.
    pub cache_write: u32,
}

/// Levels that stand for others.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LevelMap {
    /// What `minimal` becomes.
    pub minimal: Level,
    /// What `high` becomes.
    pub high: Level,
    /// What `max` becomes.
    pub max: Level,
}

/// The flags of a [`Row`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RowCompat {
    /// The model takes `reasoning_effort`.
    pub supports_reasoning_effort: bool,
    /// The efforts it takes.
    pub supported_reasoning_efforts: &'static [Level],
    /// How levels are mapped to them.
    pub reasoning_effort_map: LevelMap,
    /// `capable` for a model that OpenClaw lets write code that calls tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_mode: Option<&'static str>,
}

impl Row {
    /// The context window that OpenClaw writes for a model it does not know.
    pub const UNKNOWN_CONTEXT: u32 = 262_144;

    /// The answer limit that OpenClaw writes for a model it does not know.
    pub const UNKNOWN_MAX_TOKENS: u32 = 65_536;

    /// The context window that OpenClaw assumes for a model it discovered at an endpoint.
    pub const DISCOVERED_CONTEXT: u32 = 1_000_000;

    /// Returns the full row of a model in the catalog.
    ///
    /// A limit that is not known is written as for an unknown model, as the file demands one.
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

    /// Returns the short row for an id of the provider `qwen`, known or not.
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

    /// Returns the row for an id that an endpoint listed and the catalog lacks.
    ///
    /// Images are assumed to work; on the Token Plan, thinking as well.
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
    fn a_row_maps_levels_as_the_contract_decides_them() {
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
