//! `models`: providers, their keys, and their model rows.

use std::collections::BTreeMap;

use qwen_openclaw_auth::{ApiKey, SecretText};
use qwen_openclaw_catalog::Provider;
use serde_json::Value;

use super::{
    base_url::{Finding, inspect},
    reader::{Object, Reader},
    secret::{Header, KeySetting},
    text::Text,
};
use crate::{error::Error, problem::ProblemKind};

const MODELS: &[&str] = &["mode", "providers", "pricing", "bedrockDiscovery", "proxy"];

const PROVIDER: &[&str] = &[
    "agentRuntime",
    "api",
    "apiKey",
    "auth",
    "authHeader",
    "baseUrl",
    "contextTokens",
    "contextWindow",
    "headers",
    "injectNumCtxForOpenAICompat",
    "localService",
    "maxTokens",
    "models",
    "params",
    "region",
    "request",
    "timeoutSeconds",
];

/// The tokens that an old documentation page shows in an entry.
const TOKENS: [&str; 3] = ["accessToken", "refreshToken", "expiresAt"];

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

/// The `models` section.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Models {
    /// How the entries relate to the built-in catalog.
    pub mode: ModelsMode,
    /// The entries of `models.providers`.
    pub providers: Vec<ProviderEntry>,
}

/// How configured models relate to the built-in catalog.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ModelsMode {
    /// They are added to it.
    #[default]
    Merge,
    /// They take its place.
    Replace,
    /// A mode that this version does not know, as written.
    Other(String),
}

/// An entry of `models.providers`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProviderEntry {
    /// The entry's name, as written.
    pub name: String,
    base_url: Option<Text>,
    /// The API that the provider speaks, such as `openai-completions`.
    pub api: Option<String>,
    /// The API key.
    pub api_key: Option<KeySetting>,
    /// How requests are authenticated; `None` means with an API key.
    pub auth: Option<ProviderAuth>,
    /// Whether the key goes into an `Authorization` header; `None` leaves it to the API.
    pub auth_header: Option<bool>,
    /// Headers for every request.
    pub headers: Vec<Header>,
    /// The limit for a request, in seconds.
    pub timeout_seconds: Option<f64>,
    /// Fields for the body of every request.
    pub params: BTreeMap<String, Value>,
    /// The model rows.
    pub models: Vec<ModelRow>,
    /// Tokens in the entry, as an old documentation page shows them. They are never written.
    pub tokens: Option<EntryTokens>,
}

/// How a provider authenticates requests.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProviderAuth {
    /// With an API key.
    ApiKey,
    /// With the token of a login.
    OAuth,
    /// With a static token.
    Token,
    /// With AWS credentials.
    AwsSdk,
    /// A way that this version does not know, as written.
    Other(String),
}

/// Tokens in a provider's entry. `Debug` shows none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntryTokens {
    /// The access token, if it is well-formed.
    pub access: Option<ApiKey>,
    /// The refresh token.
    pub refresh: Option<SecretText>,
    /// When the access token expires, as written.
    pub expires_at: Option<String>,
}

/// A model row of a provider's entry. What is not configured is `None`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
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
    pub headers: Vec<Header>,
    /// The thinking levels that are sent in place of others.
    pub thinking_level_map: BTreeMap<String, String>,
    /// How requests differ from the provider's usual ones.
    pub compat: RowFlags,
}

/// The price of a million tokens, in the provider's currency. Zero means that it is not tracked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Cost {
    /// The price of input.
    pub input: f64,
    /// The price of output.
    pub output: f64,
    /// The price of reading from the cache.
    pub cache_read: f64,
    /// The price of writing to the cache.
    pub cache_write: f64,
}

/// The `compat` of a model row: what the model's API can do. What is not configured is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
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
    pub other: BTreeMap<String, Value>,
}

impl Models {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let Some(object) = reader.object(MODELS) else {
            return Self::default();
        };
        let providers = object.object("providers", &[]);
        Self {
            mode: object.get("mode").and_then(|reader| reader.plain()).map_or(
                ModelsMode::Merge,
                |mode| match mode.as_str() {
                    "merge" => ModelsMode::Merge,
                    "replace" => ModelsMode::Replace,
                    _ => ModelsMode::Other(mode),
                },
            ),
            providers: providers
                .iter()
                .flat_map(Object::entries)
                .filter_map(|(name, reader)| ProviderEntry::read(name, &reader))
                .collect(),
        }
    }

    /// Finds the entry of exactly this name.
    #[must_use]
    pub fn exact(&self, name: &str) -> Option<&ProviderEntry> {
        self.providers.iter().find(|entry| entry.name == name)
    }

    /// Finds the entry for a provider: by that name, by its canonical id, by one of its aliases, and
    /// each of them ignoring case.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&ProviderEntry> {
        let known = Provider::by_name(name);
        let others = known.iter().flat_map(|provider| {
            std::iter::once(provider.id()).chain(provider.aliases().iter().copied())
        });
        std::iter::once(name).chain(others).find_map(|name| {
            self.exact(name).or_else(|| {
                let same = |entry: &&ProviderEntry| entry.name.eq_ignore_ascii_case(name);
                self.providers.iter().find(same)
            })
        })
    }
}

impl ProviderEntry {
    fn read(name: &str, reader: &Reader<'_>) -> Option<Self> {
        let known: Vec<&str> = PROVIDER.iter().chain(&TOKENS).copied().collect();
        let object = reader.object(&known)?;
        let base_url = object.get("baseUrl").and_then(|reader| {
            let text = reader.text()?;
            let known = text.get().ok().map(ToOwned::to_owned);
            match inspect(known.as_deref().unwrap_or(text.raw())) {
                Finding::Secret(_) => reader.note(ProblemKind::SecretInUrl),
                Finding::NoPath if known.is_some() => {
                    reader.note(ProblemKind::BaseUrlWithoutPath);
                }
                Finding::NoPath | Finding::Fine => {}
            }
            Some(text)
        });
        let plain = |name: &str| object.get(name).and_then(|reader| reader.plain());
        Some(Self {
            name: name.to_owned(),
            base_url,
            api: plain("api"),
            api_key: object
                .get("apiKey")
                .and_then(|reader| KeySetting::read(&reader)),
            auth: plain("auth").map(ProviderAuth::from),
            auth_header: object.get("authHeader").and_then(|reader| reader.boolean()),
            headers: headers(&object),
            timeout_seconds: object
                .get("timeoutSeconds")
                .and_then(|reader| reader.number()),
            params: values(&object, "params"),
            models: object
                .get("models")
                .iter()
                .flat_map(Reader::elements)
                .filter_map(|reader| ModelRow::read(&reader))
                .collect(),
            tokens: EntryTokens::read(&object),
        })
    }

    /// Returns the base URL, if one is configured.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SecretInUrl`](crate::ErrorKind::SecretInUrl) when it contains a user, a password,
    /// or a key, and the errors of [`Text::get`].
    pub fn base_url(&self) -> Result<Option<&str>, Error> {
        let Some(text) = &self.base_url else {
            return Ok(None);
        };
        let url = text.get()?.trim();
        match inspect(url) {
            Finding::Secret(shown) => {
                Err(Error::secret_in_url(text.path(), shown).in_file(text.file()))
            }
            Finding::Fine | Finding::NoPath => Ok(Some(url).filter(|url| !url.is_empty())),
        }
    }

    /// Finds a model row by the model's id.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&ModelRow> {
        self.models.iter().find(|row| row.id == id)
    }
}

impl From<String> for ProviderAuth {
    fn from(text: String) -> Self {
        match text.as_str() {
            "api-key" => Self::ApiKey,
            "oauth" => Self::OAuth,
            "token" => Self::Token,
            "aws-sdk" => Self::AwsSdk,
            _ => Self::Other(text),
        }
    }
}

impl EntryTokens {
    fn read(object: &Object<'_>) -> Option<Self> {
        if TOKENS.iter().all(|name| object.get(name).is_none()) {
            return None;
        }
        object.reader.note(ProblemKind::StoredTokens);
        let plain = |name: &str| object.get(name).and_then(|reader| reader.plain());
        Some(Self {
            access: plain("accessToken").and_then(|token| ApiKey::parse(token).ok()),
            refresh: plain("refreshToken").map(SecretText::new),
            expires_at: object.get("expiresAt").map(|reader| match reader.value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
        })
    }
}

impl ModelRow {
    fn read(reader: &Reader<'_>) -> Option<Self> {
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

fn headers(object: &Object<'_>) -> Vec<Header> {
    let headers = object.object("headers", &[]);
    headers
        .iter()
        .flat_map(Object::entries)
        .filter_map(|(name, reader)| Header::read(name, &reader))
        .collect()
}

fn values(object: &Object<'_>, name: &str) -> BTreeMap<String, Value> {
    let values = object.object(name, &[]);
    values
        .iter()
        .flat_map(Object::entries)
        .map(|(name, reader)| (name.to_owned(), reader.value.clone()))
        .collect()
}
