//! Model rows of a provider's entry.

use std::collections::BTreeMap;

use qwen_openclaw_catalog::{
    Level,
    price::{Currency, FlatPrice, Rate},
};
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
    /// What is sent for each thinking level; `None` for a level that the model does not have.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Levels"))]
    pub thinking_level_map: BTreeMap<String, Option<String>>,
    /// Fields for the body of requests to this model.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Fields"))]
    pub params: BTreeMap<String, Value>,
    /// How requests differ from the provider's usual ones.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<RowFlags>"))]
    pub compat: RowFlags,
}

/// The price of a million tokens, in US dollars. All zero means that it is not tracked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct Cost {
    /// The price of input.
    pub input: Option<f64>,
    /// The price of output.
    pub output: Option<f64>,
    /// The price of reading from the cache.
    pub cache_read: Option<f64>,
    /// The price of writing to the cache.
    pub cache_write: Option<f64>,
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
        if let Some(reader) = object.get("baseUrl") {
            reader.no_effect("a model is asked where its provider is");
        }
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
                .filter_map(|(level, reader)| {
                    if level.parse::<Level>().is_err() {
                        reader.no_effect("there is no such level");
                    }
                    let sent = match reader.value {
                        Value::Null => None,
                        _ => Some(reader.plain()?),
                    };
                    Some((level.to_owned(), sent))
                })
                .collect(),
            params: fields(&object),
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
        // The price of the first tier would be wrong for the others.
        if let Some(tiers) = object.get("tieredPricing")
            && tiers.value.as_array().is_none_or(|tiers| !tiers.is_empty())
        {
            tiers.no_effect("the price of this model is not taken from here");
            return None;
        }
        let price = |name: &str| object.get(name).and_then(|reader| reader.number());
        Some(Self {
            input: price("input"),
            output: price("output"),
            cache_read: price("cacheRead"),
            cache_write: price("cacheWrite"),
        })
    }

    /// Returns the price; `None` if it is not tracked.
    #[must_use]
    pub fn price(&self) -> Option<FlatPrice> {
        let rates = [self.input, self.output, self.cache_read, self.cache_write];
        let is_tracked = rates.iter().flatten().any(|rate| *rate > 0.0);
        let [input, output, cache_read, cache_write] = rates.map(|rate| rate.and_then(Rate::new));
        is_tracked.then_some(FlatPrice {
            currency: Currency::Usd,
            input,
            output,
            cache_read,
            cache_write,
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
                    let field = flags.max_tokens_field.as_deref();
                    if !matches!(field, Some("max_tokens" | "max_completion_tokens")) {
                        reader.wrong("max_tokens or max_completion_tokens");
                    }
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
                    reader.no_effect("requests are written without it");
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

/// Fields that belong to the request, not to a configuration.
const RESERVED: [&str; 5] = ["messages", "model", "n", "stream", "stream_options"];

/// Reads `params`: fields for the body of requests. OpenClaw's own settings, whose names are not in
/// the API's spelling, are none, except for the limit of output tokens.
pub(super) fn fields(object: &Object<'_>) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    for (name, reader) in object
        .object("params", &[])
        .iter()
        .flat_map(Object::entries)
    {
        match name {
            "extraBody" | "extra_body" => {
                let extra = reader.object(&[]);
                for (name, reader) in extra.iter().flat_map(Object::entries) {
                    add_field(&mut fields, name, &reader);
                }
            }
            "maxTokens" => add_field(&mut fields, "max_completion_tokens", &reader),
            name => add_field(&mut fields, name, &reader),
        }
    }
    fields
}

fn add_field(fields: &mut BTreeMap<String, Value>, name: &str, reader: &Reader<'_>) {
    if RESERVED.contains(&name) {
        reader.no_effect("each request sets it itself");
    } else if name.contains(|c: char| c.is_ascii_uppercase()) {
        reader.no_effect("it is not a field of a request");
    } else {
        fields.insert(name.to_owned(), reader.value.clone());
    }
}
