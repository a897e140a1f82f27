//! `models`: providers, their keys, and their model rows.

use std::{collections::BTreeMap, fmt};

use qwen_openclaw_auth::{ApiKey, SecretText};
use qwen_openclaw_catalog::Provider;
use serde_json::Value;

use super::{
    base_url::{Finding, inspect},
    reader::{Object, Reader},
    rows::{ModelRow, fields, headers},
    secret::{Header, KeySetting},
    text::Text,
};
#[cfg(feature = "schemars")]
use crate::schema;
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

/// The `models` section.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct Models {
    /// How the entries relate to the built-in catalog.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub mode: ModelsMode,
    /// The entries of `models.providers`.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Providers"))]
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
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct ProviderEntry {
    /// The entry's name, as written.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub name: String,
    /// The base URL of requests.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    base_url: Option<BaseUrl>,
    /// The API that the provider speaks, such as `openai-completions`.
    pub api: Option<String>,
    /// The API key.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Secret>"))]
    pub api_key: Option<KeySetting>,
    /// How requests are authenticated. Default: with an API key.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub auth: Option<ProviderAuth>,
    /// Whether the key must go into an `Authorization` header, where it always is.
    pub auth_header: Option<bool>,
    /// Headers for every request.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Headers"))]
    pub headers: Vec<Header>,
    /// The limit for a request from the connection to the end of the response, in seconds.
    pub timeout_seconds: Option<f64>,
    /// Fields for the body of every request.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Fields"))]
    pub params: BTreeMap<String, Value>,
    /// The model rows.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Rows"))]
    pub models: Vec<ModelRow>,
    /// Tokens in the entry, as an old documentation page shows them. They are never written.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub tokens: Option<EntryTokens>,
}

/// A base URL, which may contain a secret by mistake.
#[derive(Clone)]
struct BaseUrl(Text);

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match inspect(self.0.raw()) {
            Finding::Secret(shown) => fmt::Debug::fmt(&shown, f),
            Finding::Fine | Finding::NoPath => fmt::Debug::fmt(&self.0, f),
        }
    }
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
            Some(BaseUrl(text))
        });
        let plain = |name: &str| object.get(name).and_then(|reader| reader.plain());
        for name in ["injectNumCtxForOpenAICompat", "localService", "request"] {
            if let Some(reader) = object.get(name) {
                reader.no_effect("requests are sent without it");
            }
        }
        Some(Self {
            name: name.to_owned(),
            base_url,
            api: plain("api"),
            api_key: object
                .get("apiKey")
                .and_then(|reader| KeySetting::read(&reader)),
            auth: object
                .get("auth")
                .and_then(|reader| ProviderAuth::read(&reader)),
            auth_header: object.get("authHeader").and_then(|reader| {
                let is_in = reader.boolean()?;
                if !is_in {
                    reader.no_effect("the API takes the key in no other header");
                }
                Some(is_in)
            }),
            headers: headers(&object),
            timeout_seconds: object
                .get("timeoutSeconds")
                .and_then(|reader| reader.number()),
            params: fields(&object),
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
        let Some(BaseUrl(text)) = &self.base_url else {
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

impl ProviderAuth {
    fn read(reader: &Reader<'_>) -> Option<Self> {
        let auth = Self::from(reader.plain()?);
        match auth {
            Self::Other(_) => reader.wrong("api-key, token, oauth, or aws-sdk"),
            Self::AwsSdk => reader.no_effect("AWS credentials are not supported, so requests fail"),
            _ => {}
        }
        Some(auth)
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
