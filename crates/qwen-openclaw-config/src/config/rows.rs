//! Model rows of a provider's entry.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    reader::{Object, Reader},
    secret::Header,
};
#[cfg(feature = "schemars")]
use crate::schema;

const ROW: &[&str] = &[
    "agentRuntime",
    "api",
    "baseUrl",
    "compat",
    "contextTokens",
    "contextWindow",
    "cost",
    "headers",
    "id",
    "input",
    "maxTokens",
    "mediaInput",
    "metadataSource",
    "name",
    "params",
    "reasoning",
    "thinkingLevelMap",
];

/// A model row of a provider's entry. What it does not say is left to the catalog.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct ModelRow {
    /// The model id, as the provider spells it.
    pub id: String,
    /// The display name.
    pub name: Option<String>,
    /// The API for this model, if it differs from the provider's.
    pub api: Option<String>,
    /// Whether the model thinks.
    pub reasoning: Option<bool>,
    /// The kinds of input, such as `text` and `image`.
    pub input: Option<Vec<String>>,
    /// The price of a million tokens.
    pub cost: Option<Cost>,
    /// The context window in tokens.
    pub context_window: Option<u64>,
    /// The maximum output in tokens.
    pub max_tokens: Option<u64>,
    /// Headers for requests to this model.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Headers"))]
    pub headers: Vec<Header>,
    /// The thinking levels that are sent in place of others.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Levels"))]
    pub thinking_level_map: BTreeMap<String, String>,
    /// How requests differ from the provider's usual ones.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<RowFlags>"))]
    pub compat: RowFlags,
}

/// The price of a million tokens, in the provider's currency. Zero means that it is not tracked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct Cost {
    /// The price of input.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<f64>"))]
    pub input: f64,
    /// The price of output.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<f64>"))]
    pub output: f64,
    /// The price of reading from the cache.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<f64>"))]
    pub cache_read: f64,
    /// The price of writing to the cache.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<f64>"))]
    pub cache_write: f64,
}

/// The `compat` of a model row: what the model's API can do. What it does not say is left to the
/// endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct RowFlags {
    /// How thinking is requested: `qwen`, `qwen-chat-template`, `openai`, or another format.
    pub thinking_format: Option<String>,
    /// Whether `reasoning_effort` is accepted.
    pub supports_reasoning_effort: Option<bool>,
    /// Whether tools are accepted.
    pub supports_tools: Option<bool>,
    /// Whether `strict` in a tool's definition is accepted.
    pub supports_strict_mode: Option<bool>,
    /// Whether `prompt_cache_key` is accepted.
    pub supports_prompt_cache_key: Option<bool>,
    /// Whether `stream_options.include_usage` is accepted.
    pub supports_usage_in_streaming: Option<bool>,
    /// Whether `store` is accepted.
    pub supports_store: Option<bool>,
    /// Whether messages of the role `developer` are accepted.
    pub supports_developer_role: Option<bool>,
    /// The field for the output limit: `max_tokens` or `max_completion_tokens`.
    pub max_tokens_field: Option<String>,
    /// Flags that this version does not know, as written.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub other: BTreeMap<String, Value>,
}

impl ModelRow {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let object = reader.object(ROW)?;
        let plain = |name: &str| object.get(name).and_then(|reader| reader.plain());
        let integer = |name: &str| object.get(name).and_then(|reader| reader.integer());
        let Some(id) = plain("id").filter(|id| !id.trim().is_empty()) else {
            reader.wrong("a model row with an id");
            return None;
        };
        Some(Self {
            id,
            name: plain("name"),
            api: plain("api"),
            reasoning: object.get("reasoning").and_then(|reader| reader.boolean()),
            input: object.get("input").map(|reader| reader.plain_texts()),
            cost: object.get("cost").and_then(|reader| Cost::read(&reader)),
            context_window: integer("contextWindow"),
            max_tokens: integer("maxTokens"),
            headers: headers(&object),
            thinking_level_map: object
                .object("thinkingLevelMap", &[])
                .iter()
                .flat_map(Object::entries)
                // A level that is not to be sent is null.
                .filter(|(_, reader)| !reader.value.is_null())
                .filter_map(|(level, reader)| Some((level.to_owned(), reader.plain()?)))
                .collect(),
            compat: object
                .get("compat")
                .map(|reader| RowFlags::read(&reader))
                .unwrap_or_default(),
        })
    }
}

impl Cost {
    fn read(reader: &Reader<'_>) -> Option<Self> {
        let object = reader.object(&[
            "input",
            "output",
            "cacheRead",
            "cacheWrite",
            "tieredPricing",
        ])?;
        let price = |name: &str| {
            let price = object.get(name).and_then(|reader| reader.number());
            price.unwrap_or_default()
        };
        Some(Self {
            input: price("input"),
            output: price("output"),
            cache_read: price("cacheRead"),
            cache_write: price("cacheWrite"),
        })
    }
}

impl RowFlags {
    fn read(reader: &Reader<'_>) -> Self {
        let Some(object) = reader.object(&[]) else {
            return Self::default();
        };
        let mut flags = Self::default();
        for (name, reader) in object.entries() {
            let flag = match name {
                "thinkingFormat" => {
                    flags.thinking_format = reader.plain();
                    continue;
                }
                "maxTokensField" => {
                    flags.max_tokens_field = reader.plain();
                    continue;
                }
                "supportsReasoningEffort" => &mut flags.supports_reasoning_effort,
                "supportsTools" => &mut flags.supports_tools,
                "supportsStrictMode" => &mut flags.supports_strict_mode,
                "supportsPromptCacheKey" => &mut flags.supports_prompt_cache_key,
                "supportsUsageInStreaming" => &mut flags.supports_usage_in_streaming,
                "supportsStore" => &mut flags.supports_store,
                "supportsDeveloperRole" => &mut flags.supports_developer_role,
                other => {
                    flags.other.insert(other.to_owned(), reader.value.clone());
                    continue;
                }
            };
            *flag = reader.boolean();
        }
        flags
    }
}

pub(super) fn headers(object: &Object<'_>) -> Vec<Header> {
    let headers = object.object("headers", &[]);
    headers
        .iter()
        .flat_map(Object::entries)
        .filter_map(|(name, reader)| Header::read(name, &reader))
        .collect()
}
