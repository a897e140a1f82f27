//! The entries of a provider in OpenClaw's configuration, as settings of its routes.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use qwen_openclaw_auth::{self as auth, Source};
use qwen_openclaw_catalog::{Provider, price::FlatPrice};
use qwen_openclaw_client::ConfiguredProvider;
use qwen_openclaw_config::{Config, ProviderAuth, ProviderEntry};
use qwen_openclaw_http::{BaseUrl, Error as HttpError, ErrorKind};
use serde_json::Value;

use super::Group;

/// The API that is spoken.
const API: &str = "openai-completions";

impl Group<'_> {
    pub(super) fn describe(&self, provider: Provider, config: &Config) -> ConfiguredProvider {
        let file = Source::Config {
            path: config.file().to_owned(),
        };
        let mut described = ConfiguredProvider::new(provider.clone(), file.clone());
        if self.is_custom {
            described = described.custom();
        }
        described = match self.base_url(&provider, config) {
            Ok(Some(url)) => described.base_url(url),
            Ok(None) => described,
            Err(error) => described.unusable(error),
        };
        let keys = self
            .entries
            .iter()
            .filter_map(|entry| entry.api_key.as_ref());
        let key = keys
            .filter_map(|key| key.key(config.environment()).transpose())
            .next();
        let auth = self.entries.iter().find_map(|entry| entry.auth.as_ref());
        let is_token = matches!(auth, Some(ProviderAuth::Token | ProviderAuth::OAuth));
        let key = key.map(|key| {
            key.map(|(key, source)| match is_token {
                true => (key.into_token(), source),
                false => (key, source),
            })
        });
        // An old documentation page shows a login in the entry.
        let mut tokens = self
            .entries
            .iter()
            .filter_map(|entry| entry.tokens.as_ref());
        described = match (key, tokens.find_map(|tokens| tokens.access.clone())) {
            (Some(Ok((key, source))), _) => described.key(key, source),
            (Some(Err(error)), _) => {
                described.unusable_key(auth::Error::configured(&provider, error))
            }
            (None, Some(token)) => described.key(token, file),
            (None, None) => described,
        };
        if auth == Some(&ProviderAuth::AwsSdk) {
            let message = format!(
                "`models.providers.{}.auth` in {} asks for AWS credentials, which are not supported",
                provider,
                config.file()
            );
            let error = auth::Error::configured(&provider, message.clone());
            described = described.unusable(setup(message)).unusable_key(error);
        }
        described = self.add_headers(described, config);
        if let Some(plugin) = self.plugin_that_is_off {
            described = described.plugin_is_off(plugin);
        }
        if self.is_order_complete {
            described = described.only_ordered();
        }
        described.order(self.order.clone())
    }

    /// Adds the headers of the entries that lead where requests go, and what keeps a model from being
    /// used.
    fn add_headers(
        &self,
        mut described: ConfiguredProvider,
        config: &Config,
    ) -> ConfiguredProvider {
        let origin = |entry: &ProviderEntry| {
            let url = entry.base_url().ok().flatten()?;
            Some(BaseUrl::parse_allowing_plain_http(url).ok()?.origin())
        };
        let mut origins = self.entries.iter().map(|entry| origin(entry));
        let used = origins.find(Option::is_some).flatten();
        for entry in &self.entries {
            let has_headers = || {
                let mut rows = entry.models.iter();
                !entry.headers.is_empty() || rows.any(|row| !row.headers.is_empty())
            };
            let is_used = origin(entry) == used;
            if !is_used && has_headers() {
                let name = entry.name.escape_debug();
                tracing::warn!(
                    "the headers of models.providers.{name} are not sent: it leads elsewhere"
                );
            }
            for header in entry.headers.iter().filter(|_| is_used) {
                described = match header.value(config.environment()) {
                    Ok(value) => described.header(header.name(), value),
                    Err(error) => described.unusable(setup(error.to_string())),
                };
            }
            for row in &entry.models {
                for header in row.headers.iter().filter(|_| is_used) {
                    described = match header.value(config.environment()) {
                        Ok(value) => described.model_header(&row.id, header.name(), value),
                        Err(error) => described.unusable_model(&row.id, setup(error.to_string())),
                    };
                }
                let api = row.api.as_deref().filter(|api| *api != API);
                if let Some(api) = api.filter(|api| entry.api.as_deref() != Some(api)) {
                    let error = unsupported(&format!("{}/{}", entry.name, row.id), api);
                    described = described.unusable_model(&row.id, error);
                }
            }
        }
        described
    }

    /// The fields of all request bodies, those of the first entry taking precedence.
    pub(super) fn fields(&self) -> BTreeMap<String, Value> {
        let params = self.entries.iter().rev().flat_map(|entry| &entry.params);
        let params = params.map(|(name, value)| (name.clone(), value.clone()));
        params.collect()
    }

    /// The limit for a request; zero says nothing.
    pub(super) fn timeout(&self) -> Option<Duration> {
        let mut limits = self
            .entries
            .iter()
            .filter_map(|entry| entry.timeout_seconds);
        let limit = Duration::try_from_secs_f64(limits.next()?).ok()?;
        Some(limit).filter(|limit| !limit.is_zero())
    }

    pub(super) fn prices(&self) -> HashMap<String, FlatPrice> {
        let rows = self.entries.iter().rev().flat_map(|entry| &entry.models);
        rows.filter_map(|row| Some((row.id.clone(), row.cost?.price()?)))
            .collect()
    }

    /// The first base URL of the entries.
    fn base_url(&self, provider: &Provider, config: &Config) -> Result<Option<String>, HttpError> {
        let place = |entry: &ProviderEntry| {
            let file = config.file();
            format!("`models.providers.{}` in {file}", entry.name.escape_debug())
        };
        for entry in &self.entries {
            let url = entry.base_url().map_err(|error| setup(error.to_string()))?;
            let api = entry.api.as_deref().unwrap_or(API);
            if api == API {
                match url {
                    Some(url) => return Ok(Some(url.to_owned())),
                    None => continue,
                }
            }
            // Vendors have an OpenAI-compatible API beside their own.
            let default = provider.default_base_url();
            let is_vendor = |url| default.is_some_and(|default| have_same_origin(url, default));
            if default.is_none() || url.is_some_and(|url| !is_vendor(url)) {
                return Err(unsupported(&place(entry), api));
            }
        }
        match self.entries.first() {
            Some(entry) if self.is_custom => {
                Err(setup(format!("{} has no base URL", place(entry))))
            }
            _ => Ok(None),
        }
    }
}

fn have_same_origin(url: &str, other: &str) -> bool {
    let origin = |url| Some(BaseUrl::parse(url).ok()?.origin().to_owned());
    origin(url).is_some_and(|origin_of_url| Some(origin_of_url) == origin(other))
}

fn unsupported(place: &str, api: &str) -> HttpError {
    let (place, api) = (place.escape_debug(), api.escape_debug());
    setup(format!(
        "{place} has the API `{api}`; only `{API}` is supported"
    ))
}

fn setup(message: String) -> HttpError {
    HttpError::unsent(ErrorKind::Setup).with_message(message)
}
