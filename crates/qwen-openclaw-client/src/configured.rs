//! Providers as a configuration file describes them.

#[cfg(feature = "store")]
use qwen_openclaw_auth::ProfileId;
use qwen_openclaw_auth::{self as auth, ApiKey, Source};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_http::{ExtraHeaders, UrlText};

use crate::{Error, Routes};

/// What a configuration file says of a provider.
///
/// It ranks below everything that is set in code and in the environment, and its key below stored
/// profiles too. What cannot be used is an error only for a request that needs it.
#[derive(Clone, Debug)]
#[must_use]
pub struct ConfiguredProvider {
    pub(crate) id: Provider,
    pub(crate) source: Source,
    pub(crate) is_custom: bool,
    pub(crate) base_url: Option<Result<UrlText, Error>>,
    pub(crate) key: Option<Result<(ApiKey, Source), auth::Error>>,
    pub(crate) headers: ExtraHeaders,
    #[cfg(feature = "store")]
    pub(crate) order: Vec<ProfileId>,
}

impl ConfiguredProvider {
    /// Describes the provider of this id, which is what `source` says.
    pub fn new(id: Provider, source: Source) -> Self {
        Self {
            id,
            source,
            is_custom: false,
            base_url: None,
            key: None,
            headers: ExtraHeaders::default(),
            #[cfg(feature = "store")]
            order: Vec::new(),
        }
    }

    /// Makes it a custom provider: its exact id takes precedence over aliases, and it needs no key.
    pub fn custom(mut self) -> Self {
        self.is_custom = true;
        self
    }

    /// Sets the base URL. The default is that of the provider; a custom one has none.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(Ok(UrlText::from(url)));
        self
    }

    /// Sets why requests cannot be sent. A base URL from elsewhere takes precedence.
    pub fn unusable(mut self, error: impl Into<Error>) -> Self {
        self.base_url = Some(Err(error.into()));
        self
    }

    /// Sets the key and where it was found.
    pub fn key(mut self, key: ApiKey, source: Source) -> Self {
        self.key = Some(Ok((key, source)));
        self
    }

    /// Sets why the key cannot be used. A key from elsewhere takes precedence.
    pub fn unusable_key(mut self, error: auth::Error) -> Self {
        self.key = Some(Err(error));
        self
    }

    /// Adds a header to each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets the order of the stored profiles. An order in the store takes precedence.
    #[cfg(feature = "store")]
    pub fn order(mut self, profiles: impl Into<Vec<ProfileId>>) -> Self {
        self.order = profiles.into();
        self
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &Provider {
        &self.id
    }
}

impl Routes {
    /// Adds what a configuration says of a provider, in place of what was added before.
    pub fn configured(mut self, provider: ConfiguredProvider) -> Self {
        self.configured.insert(provider.id.clone(), provider);
        self
    }

    /// Returns whether a provider was added, in code or by a configuration, as a custom one.
    #[must_use]
    pub fn is_custom(&self, provider: &Provider) -> bool {
        let configured = self.configured.get(provider);
        self.custom.contains_key(provider) || configured.is_some_and(|known| known.is_custom)
    }

    /// Returns the configured key of a provider and where it was found, or why it cannot be used;
    /// `None` if none is configured.
    #[must_use]
    pub fn configured_key(
        &self,
        provider: &Provider,
    ) -> Option<&Result<(ApiKey, Source), auth::Error>> {
        self.configured.get(provider)?.key.as_ref()
    }
}
