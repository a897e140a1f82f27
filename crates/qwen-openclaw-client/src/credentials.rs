//! The credential of each provider: an explicit key, a stored one, or one from the environment.

use std::sync::Arc;

#[cfg(feature = "portal")]
use qwen_openclaw_auth::portal::{Portal, QwenCliFile};
use qwen_openclaw_auth::{CredentialProvider, Error, StaticCredential};
#[cfg(feature = "store")]
use qwen_openclaw_auth::{CredentialStore, StoredCredential};
use qwen_openclaw_catalog::Provider;

use crate::Routes;

impl Routes {
    /// The credential of a provider; `None` for a custom provider that does not need one.
    pub(crate) fn credentials_of(
        &self,
        provider: &Provider,
    ) -> Result<Option<Arc<dyn CredentialProvider>>, Error> {
        if let Some(credential) = self.credentials.get(provider) {
            return Ok(Some(Arc::clone(credential)));
        }
        if self.explicit_key(provider).is_some() {
            return Ok(Some(Arc::new(StaticCredential::new(self.key(provider)?))));
        }
        self.found(provider)
    }

    /// Whether a provider may go without a key. A key that is configured is needed.
    fn needs_none(&self, provider: &Provider) -> bool {
        self.is_custom(provider) && self.configured_key(provider).is_none()
    }

    #[cfg(not(feature = "store"))]
    fn found(&self, provider: &Provider) -> Result<Option<Arc<dyn CredentialProvider>>, Error> {
        match self.key(provider) {
            Ok(key) => Ok(Some(Arc::new(StaticCredential::new(key)))),
            Err(_) if self.needs_none(provider) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cfg(feature = "store")]
    fn found(&self, provider: &Provider) -> Result<Option<Arc<dyn CredentialProvider>>, Error> {
        let resolved = self.key(provider);
        let Some(store) = self.store_of(provider) else {
            return match resolved {
                Ok(key) => Ok(Some(Arc::new(StaticCredential::new(key)))),
                Err(_) if self.needs_none(provider) => Ok(None),
                Err(error) => Err(error),
            };
        };
        if let Err(error) = &resolved
            && store.lacks(provider.id())
            && !self.profiles.contains_key(provider)
            && !self.has_cli_login(provider)
        {
            // Fail now rather than at the first request.
            return if self.needs_none(provider) {
                Ok(None)
            } else {
                Err(error.clone())
            };
        }
        let mut stored = self.stored(store, provider)?;
        if let Some(id) = self.profiles.get(provider) {
            stored = stored.profile(id.clone());
        }
        Ok(Some(Arc::new(stored.fallback(resolved))))
    }

    /// The stored profiles of a provider.
    #[cfg(feature = "store")]
    pub(crate) fn stored(
        &self,
        store: &Arc<dyn CredentialStore>,
        provider: &Provider,
    ) -> Result<StoredCredential, Error> {
        let mut stored = StoredCredential::new(Arc::clone(store), provider.clone());
        if let Some(known) = self.configured.get(provider) {
            stored = stored.order(known.order.clone());
            if known.is_order_complete {
                stored = stored.only_ordered();
            }
        }
        #[cfg(feature = "portal")]
        let stored = self.with_portal(provider, stored)?;
        Ok(stored)
    }

    /// The store, unless the provider is named like an alias: the profiles of that name belong to the
    /// well-known provider, and its keys are not sent elsewhere.
    #[cfg(feature = "store")]
    pub(crate) fn store_of(&self, provider: &Provider) -> Option<&Arc<dyn CredentialStore>> {
        let is_alias = Provider::canonical_id(provider.id()) != provider.id();
        self.store.as_ref().filter(|_| !is_alias)
    }

    /// Whether the Qwen Code CLI's login could stand in for a key.
    #[cfg(feature = "portal")]
    fn has_cli_login(&self, provider: &Provider) -> bool {
        if *provider != Provider::QWEN_OAUTH {
            return false;
        }
        match QwenCliFile::of(&self.environment) {
            Ok(file) => file.path().exists(),
            // Other errors are reported when the file is used.
            Err(error) => error.kind() != qwen_openclaw_auth::ErrorKind::NoHome,
        }
    }

    #[cfg(all(feature = "store", not(feature = "portal")))]
    fn has_cli_login(&self, _: &Provider) -> bool {
        false
    }

    /// Enables refreshing logins and using the login of the Qwen Code CLI.
    #[cfg(feature = "portal")]
    fn with_portal(
        &self,
        provider: &Provider,
        stored: StoredCredential,
    ) -> Result<StoredCredential, Error> {
        let mut portal = Portal::builder();
        if let Some(http) = &self.http {
            portal = portal.http(http.clone());
        }
        if let Some(url) = self.base_urls.get(provider) {
            let url = qwen_openclaw_http::BaseUrl::parse(url.as_str());
            portal = portal.base_url(url.map_err(Error::refused)?);
        }
        let stored = stored.portal(portal.build()?);
        if *provider != Provider::QWEN_OAUTH {
            return Ok(stored);
        }
        match QwenCliFile::of(&self.environment) {
            Ok(file) => Ok(stored.qwen_cli(file)),
            // Without a home directory there is no such file.
            Err(error) if error.kind() == qwen_openclaw_auth::ErrorKind::NoHome => Ok(stored),
            Err(error) => Err(error),
        }
    }
}
