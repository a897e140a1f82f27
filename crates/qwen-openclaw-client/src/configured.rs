//! Providers as a configuration file describes them.

#[cfg(feature = "store")]
use qwen_openclaw_auth::ProfileId;
use qwen_openclaw_auth::{self as auth, ApiKey, Source};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_http::{ErrorKind, UrlText};

use crate::{Error, Hint, Routes, entry_headers::EntryHeaders};

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
    pub(crate) headers: EntryHeaders,
    pub(crate) plugin_that_is_off: Option<String>,
    #[cfg(feature = "store")]
    pub(crate) order: Vec<ProfileId>,
    #[cfg(feature = "store")]
    pub(crate) is_order_complete: bool,
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
            headers: EntryHeaders::default(),
            plugin_that_is_off: None,
            #[cfg(feature = "store")]
            order: Vec::new(),
            #[cfg(feature = "store")]
            is_order_complete: false,
        }
    }

    /// Makes it a custom provider: its exact id takes precedence over aliases, and it needs no key.
    pub fn custom(mut self) -> Self {
        self.is_custom = true;
        self
    }

    /// Sets the base URL. The default is that of the provider; a custom one has none.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        let url = UrlText::from(url);
        self.headers.belong_to(&url);
        self.base_url = Some(Ok(url));
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
    ///
    /// It is sent to the origin of [`base_url`](Self::base_url) alone, without one to the provider's own
    /// hosts alone: a base URL from elsewhere may be another server's.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.all.push(name, value);
        self
    }

    /// Adds a header to each request for one model, in place of one of the same name. It goes where
    /// [`header`](Self::header) says.
    pub fn model_header(
        mut self,
        model: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let model = self.headers.model(model.into());
        model.headers.push(name, value);
        self
    }

    /// Sets why requests for one model cannot be sent.
    pub fn unusable_model(mut self, model: impl Into<String>, error: impl Into<Error>) -> Self {
        let model = self.headers.model(model.into());
        model.unusable.get_or_insert(error.into());
        self
    }

    /// Turns the provider off, because a plugin of this id is: every request fails with
    /// [`NotFound`](ErrorKind::NotFound) and [`Hint::PluginIsOff`], wherever it would have gone.
    pub fn plugin_is_off(mut self, plugin: impl Into<String>) -> Self {
        self.plugin_that_is_off = Some(plugin.into());
        self
    }

    /// Sets the order of the stored profiles. An order in the store takes precedence.
    #[cfg(feature = "store")]
    pub fn order(mut self, profiles: impl Into<Vec<ProfileId>>) -> Self {
        self.order = profiles.into();
        self
    }

    /// Uses no stored profiles but those in [`order`](Self::order), unless it is empty.
    #[cfg(feature = "store")]
    pub fn only_ordered(mut self) -> Self {
        self.is_order_complete = true;
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

    /// Fails if a configuration has turned a provider off.
    pub(crate) fn check_plugin(&self, provider: &Provider) -> Result<(), Error> {
        let Some(known) = self.configured.get(provider) else {
            return Ok(());
        };
        let Some(plugin) = &known.plugin_that_is_off else {
            return Ok(());
        };
        let message = format!("the plugin {plugin} is switched off ({})", known.source);
        let error = qwen_openclaw_http::Error::unsent(ErrorKind::NotFound).with_message(message);
        Err(Error::from(error).with_hint(Some(Hint::PluginIsOff {
            provider: provider.clone(),
            plugin: plugin.clone(),
        })))
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
