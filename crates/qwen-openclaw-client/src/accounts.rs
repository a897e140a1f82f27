//! The accounts of a provider: every credential that its requests may be sent with.

use std::sync::Arc;

use qwen_openclaw_auth::{CredentialProvider, Source, StaticCredential};
use qwen_openclaw_catalog::Provider;

use crate::{ConnectionBuilder, Error, Route, Routes, connection::resolve, endpoint::LastEndpoint};

/// A credential that the requests of a provider may be sent with. Made by [`Routes::accounts`].
#[derive(Clone, Debug)]
pub struct Account {
    source: Option<Source>,
    credentials: Option<Arc<dyn CredentialProvider>>,
}

impl Account {
    /// The one that the settings decide on, whichever that is when a request is sent.
    fn decided(credentials: Option<Arc<dyn CredentialProvider>>) -> Self {
        Self {
            source: None,
            credentials,
        }
    }

    /// Returns where the credential is found; `None` for the one that [`Routes::connect`] uses, which
    /// is the only one of its provider.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }
}

impl Routes {
    /// Returns the accounts of a provider, in OpenClaw's order.
    ///
    /// A key, a credential or a profile that was set for the provider is its only account. Otherwise
    /// they are the stored profiles that may be used (in the order of the store, or else the configured
    /// one, or else logins, tokens, keys), then the key in the environment, then the configured one.
    /// Without `Routes::store` there are at most two. The first account is the one that
    /// [`connect`](Self::connect) uses.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), if there is no account at all, and when the store cannot be read.
    pub async fn accounts(&self, provider: &Provider) -> Result<Vec<Account>, Error> {
        if self.credentials.contains_key(provider) || self.explicit_key(provider).is_some() {
            return Ok(vec![Account::decided(self.credentials_of(provider)?)]);
        }
        let mut accounts = self.profiles_of(provider).await?;
        accounts.extend(self.keys_of(provider));
        if accounts.len() > 1 {
            return Ok(accounts);
        }
        Ok(vec![Account::decided(self.credentials_of(provider)?)])
    }

    /// Resolves the route to a provider with one of its accounts, without a model. Nothing is sent, and
    /// no login is refreshed.
    ///
    /// # Errors
    ///
    /// Same as [`route`](Self::route).
    pub async fn route_with(&self, provider: &Provider, account: &Account) -> Result<Route, Error> {
        let credential = match &account.credentials {
            Some(credentials) => credentials.peek().await.map(Some),
            None => Ok(None),
        };
        let rules = self.rules_of(provider)?;
        resolve(provider, &rules, &LastEndpoint::default(), credential)
    }

    /// Like [`connect`](Self::connect), with one of the provider's accounts.
    ///
    /// # Errors
    ///
    /// When the environment's base URL is not valid UTF-8.
    pub fn connect_account(
        &self,
        provider: &Provider,
        account: &Account,
    ) -> Result<ConnectionBuilder, Error> {
        match &account.credentials {
            Some(credentials) => self.connect_with(provider, Arc::clone(credentials)),
            None => self.connect(provider),
        }
    }

    #[cfg(not(feature = "store"))]
    async fn profiles_of(&self, _: &Provider) -> Result<Vec<Account>, Error> {
        Ok(Vec::new())
    }

    #[cfg(feature = "store")]
    async fn profiles_of(&self, provider: &Provider) -> Result<Vec<Account>, Error> {
        if self.profiles.contains_key(provider) {
            return Ok(Vec::new());
        }
        let Some(store) = self.store_of(provider) else {
            return Ok(Vec::new());
        };
        let account = |id: qwen_openclaw_auth::ProfileId| {
            let stored = self.stored(store, provider)?;
            Ok(Account {
                source: Some(Source::Profile(id.to_string())),
                credentials: Some(Arc::new(stored.profile(id))),
            })
        };
        let usable = self.stored(store, provider)?.usable().await?;
        usable.into_iter().map(account).collect()
    }

    /// The keys that rank after the profiles. One that cannot be used is left out.
    fn keys_of(&self, provider: &Provider) -> Vec<Account> {
        #[cfg(feature = "store")]
        if self.profiles.contains_key(provider) {
            return Vec::new();
        }
        let mut keys = Vec::new();
        if let Ok(found) = self.key(provider) {
            keys.push((found.key().clone(), found.source().clone()));
        }
        if let Some(Ok((key, source))) = self.configured_key(provider)
            && keys.iter().all(|(other, _)| other != key)
        {
            keys.push((key.clone(), source.clone()));
        }
        let account = |(key, source): (_, Source)| Account {
            source: Some(source.clone()),
            credentials: Some(Arc::new(StaticCredential::new(
                qwen_openclaw_auth::Credential::new(key, source),
            ))),
        };
        keys.into_iter().map(account).collect()
    }
}
