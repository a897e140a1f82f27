//! A credential provider backed by a store.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use qwen_openclaw_catalog::Provider;

use super::{CredentialStore, profile::Profile, profile_id::ProfileId};
use crate::{
    credential::{Credential, CredentialProvider},
    error::{Error, ErrorKind},
    key::ApiKey,
    resolve::Resolved,
    source::Source,
};

/// A credential provider that uses a stored profile, with an optional fallback.
///
/// The profile is looked up for each request: the first in the provider's order; without an order,
/// a login before a token before a key, and within each kind the account `default` first. Expired
/// tokens are skipped. If a login cannot be renewed, the request fails: no other account is used
/// instead.
pub struct StoredCredential {
    store: Arc<dyn CredentialStore>,
    provider: Provider,
    profile: Option<ProfileId>,
    order: Vec<ProfileId>,
    is_order_complete: bool,
    fallback: Option<Result<Credential, Error>>,
    #[cfg(feature = "portal")]
    logins: logins::Logins,
    #[cfg(feature = "portal")]
    qwen_cli: Option<crate::portal::QwenCliFile>,
}

impl StoredCredential {
    /// Uses the profiles of `provider` in `store`.
    pub fn new(store: Arc<dyn CredentialStore>, provider: Provider) -> Self {
        Self {
            store,
            provider,
            profile: None,
            order: Vec::new(),
            is_order_complete: false,
            fallback: None,
            #[cfg(feature = "portal")]
            logins: logins::Logins::default(),
            #[cfg(feature = "portal")]
            qwen_cli: None,
        }
    }

    /// Uses only this profile, which must belong to the provider.
    #[must_use]
    pub fn profile(mut self, id: ProfileId) -> Self {
        self.profile = Some(id);
        self
    }

    /// Sets the order of the provider's profiles, as a configuration has it. Default: none.
    ///
    /// An order in the store takes precedence. Profiles that are not in the order come last.
    #[must_use]
    pub fn order(mut self, order: impl Into<Vec<ProfileId>>) -> Self {
        self.order = order.into();
        self
    }

    /// Uses no profiles but those in [`order`](Self::order), unless it is empty. By default the others
    /// come last.
    ///
    /// An order in the store takes precedence, and so does [`profile`](Self::profile).
    #[must_use]
    pub fn only_ordered(mut self) -> Self {
        self.is_order_complete = true;
        self
    }

    /// Sets the key to use if the store has no profile for the provider. Default: none.
    ///
    /// Pass the result of [`Resolver::resolve`](crate::Resolver::resolve); its error says why there
    /// is no key.
    #[must_use]
    pub fn fallback(mut self, resolved: Result<Resolved, Error>) -> Self {
        self.fallback = Some(resolved.map(Credential::from));
        self
    }

    /// Falls back to the login in the Qwen Code CLI's file. Default: none.
    ///
    /// It is used while it is valid, if there is neither a profile nor a key for `qwen-oauth`. It
    /// is not renewed, and it is never used for other providers.
    #[cfg(feature = "portal")]
    #[must_use]
    pub fn qwen_cli(mut self, file: crate::portal::QwenCliFile) -> Self {
        self.qwen_cli = Some(file);
        self
    }

    /// Renews logins through `portal`. Default: a portal with default settings, created on first
    /// use.
    #[cfg(feature = "portal")]
    #[must_use]
    pub fn portal(mut self, portal: crate::portal::Portal) -> Self {
        self.logins = logins::Logins::of(portal);
        self
    }

    /// Returns the profile to use. Without one, the error for a profile that the order leaves out.
    async fn chosen(&self) -> Result<Result<(ProfileId, Profile), Option<Error>>, Error> {
        if let Some(id) = &self.profile {
            if id.provider() != self.provider.id() {
                return Err(Error::no_profile(id));
            }
            let profile = self.store.load(id).await?;
            let profile = profile.ok_or_else(|| Error::no_profile(id))?;
            return Ok(Ok((id.clone(), profile)));
        }
        let (ranked, excluded) = self.ranked().await?;
        Ok(ranked.into_iter().next().ok_or(excluded))
    }

    /// Returns the ids of the provider's profiles in the order in which they are used, without tokens
    /// that have expired.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn usable(&self) -> Result<Vec<ProfileId>, Error> {
        let (ranked, _) = self.ranked().await?;
        Ok(ranked.into_iter().map(|(id, _)| id).collect())
    }

    /// Returns the profiles that may be used, in order, and the error for one that the order leaves out.
    async fn ranked(&self) -> Result<(Vec<(ProfileId, Profile)>, Option<Error>), Error> {
        let now = SystemTime::now();
        let mut ranked = self.store.ranked(self.provider.id()).await?;
        let mut excluded = None;
        if !self.order.is_empty() && self.store.order(self.provider.id()).await?.is_empty() {
            let place = |id: &ProfileId| self.order.iter().position(|ordered| ordered == id);
            if self.is_order_complete {
                let left_out = ranked.iter().find(|(id, _)| place(id).is_none());
                excluded = left_out.map(|(id, _)| Error::excluded(id));
                ranked.retain(|(id, _)| place(id).is_some());
            }
            ranked.sort_by_key(|(id, _)| place(id).unwrap_or(usize::MAX));
        }
        ranked.retain(|(_, profile)| match profile {
            Profile::Token(token) => token.expires.is_none_or(|expires| now < expires),
            _ => true,
        });
        Ok((ranked, excluded))
    }

    /// Returns the login in the Qwen Code CLI's file, if the file exists.
    #[cfg(feature = "portal")]
    fn login_of_cli(&self) -> Result<Option<crate::portal::PortalCredential>, Error> {
        let file = self
            .qwen_cli
            .as_ref()
            .filter(|file| self.provider == Provider::QWEN_OAUTH && file.path().exists());
        file.map(|file| self.logins.of_cli(file)).transpose()
    }

    /// Returns the credential of the profile to use, or else the fallback.
    async fn find(&self, ask: Ask) -> Result<Credential, Error> {
        let excluded = match self.chosen().await? {
            Ok((id, profile)) => return self.credential_of(id, &profile, ask).await,
            Err(excluded) => excluded,
        };
        if let Some(Ok(credential)) = &self.fallback {
            return Ok(credential.clone());
        }
        #[cfg(feature = "portal")]
        if let Some(login) = self.login_of_cli()? {
            return ask.of(&login).await;
        }
        match (&self.fallback, excluded) {
            (Some(Err(error)), _) if error.kind() != ErrorKind::Missing => Err(error.clone()),
            (_, Some(excluded)) => Err(excluded),
            (Some(Err(error)), None) => Err(error.clone()),
            _ => Err(Error::missing(
                self.provider.label(),
                self.provider.env_vars(),
                Vec::new(),
                None,
            )),
        }
    }

    async fn credential_of(
        &self,
        id: ProfileId,
        profile: &Profile,
        #[cfg_attr(
            not(feature = "portal"),
            expect(unused_variables, reason = "for logins")
        )]
        ask: Ask,
    ) -> Result<Credential, Error> {
        let fixed = |key: &ApiKey| {
            let source = Source::Profile(id.to_string());
            Ok(Credential::new(key.clone(), source))
        };
        match profile {
            Profile::ApiKey(stored) => {
                Ok(fixed(&stored.key)?.with_endpoint(stored.endpoint.clone()))
            }
            Profile::Token(token) => fixed(&token.token().clone().into_token()),
            #[cfg(feature = "portal")]
            Profile::Login(_) | Profile::QwenCli { .. } => {
                let login = self.logins.at(&self.store, id)?;
                ask.of(&login).await
            }
            #[cfg(not(feature = "portal"))]
            Profile::Login(_) | Profile::QwenCli { .. } => Err(Error::refused(format!(
                "the profile {id} is a login, and this program was built without the feature \
                 `portal`"
            ))),
        }
    }
}

/// Which token to request from a login.
#[derive(Clone, Copy, Debug)]
enum Ask {
    /// A fresh one: renewed if it is about to expire.
    Fresh,
    /// The current one, whatever its state.
    AsItIs,
}

#[cfg(feature = "portal")]
impl Ask {
    async fn of(self, login: &crate::portal::PortalCredential) -> Result<Credential, Error> {
        match self {
            Self::Fresh => login.credential().await,
            Self::AsItIs => login.peek().await,
        }
    }
}

#[async_trait]
impl CredentialProvider for StoredCredential {
    async fn credential(&self) -> Result<Credential, Error> {
        self.find(Ask::Fresh).await
    }

    async fn peek(&self) -> Result<Credential, Error> {
        self.find(Ask::AsItIs).await
    }

    async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
        let Source::Profile(name) = rejected.source() else {
            #[cfg(feature = "portal")]
            if let (Source::File { .. }, Some(login)) = (rejected.source(), self.login_of_cli()?) {
                return login.refresh(rejected).await;
            }
            return Ok(None);
        };
        #[cfg(feature = "portal")]
        if let Ok(id) = name.parse::<ProfileId>()
            && let Some(Profile::Login(_) | Profile::QwenCli { .. }) = self.store.load(&id).await?
        {
            return self.logins.at(&self.store, id)?.refresh(rejected).await;
        }
        // The key may have been replaced since.
        let current = self.credential().await?;
        let replaced =
            current.source() == &Source::Profile(name.clone()) && current.key() != rejected.key();
        Ok(replaced.then_some(current))
    }
}

impl fmt::Debug for StoredCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCredential")
            .field("provider", &self.provider)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// The logins in use, so that requests share their refreshes.
#[cfg(feature = "portal")]
mod logins {
    use std::{
        collections::HashMap,
        sync::{Arc, Mutex, PoisonError},
    };

    use crate::{
        CredentialStore, ProfileId,
        error::Error,
        portal::{Portal, PortalCredential, QwenCliFile},
    };

    #[derive(Default)]
    pub(super) struct Logins {
        used: Mutex<Used>,
    }

    #[derive(Default)]
    struct Used {
        portal: Option<Portal>,
        logins: HashMap<ProfileId, PortalCredential>,
        cli: Option<PortalCredential>,
    }

    impl Used {
        /// Returns the portal, creating it on first use.
        fn portal(&mut self) -> Result<Portal, Error> {
            if let Some(portal) = &self.portal {
                return Ok(portal.clone());
            }
            let portal = Portal::builder().build()?;
            self.portal = Some(portal.clone());
            Ok(portal)
        }
    }

    impl Logins {
        pub(super) fn of(portal: Portal) -> Self {
            let logins = Self::default();
            logins.used().portal = Some(portal);
            logins
        }

        pub(super) fn at(
            &self,
            store: &Arc<dyn CredentialStore>,
            id: ProfileId,
        ) -> Result<PortalCredential, Error> {
            let mut used = self.used();
            if let Some(login) = used.logins.get(&id) {
                return Ok(login.clone());
            }
            let portal = used.portal()?;
            let login = PortalCredential::stored(&portal, Arc::clone(store), id.clone());
            used.logins.insert(id, login.clone());
            Ok(login)
        }

        /// Returns the login in the Qwen Code CLI's file.
        pub(super) fn of_cli(&self, file: &QwenCliFile) -> Result<PortalCredential, Error> {
            let mut used = self.used();
            if let Some(login) = &used.cli {
                return Ok(login.clone());
            }
            let login = PortalCredential::read_only(&used.portal()?, file.clone());
            used.cli = Some(login.clone());
            Ok(login)
        }

        fn used(&self) -> std::sync::MutexGuard<'_, Used> {
            self.used.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use qwen_openclaw_catalog::{Plan, Region};

    use super::*;
    use crate::{KeyEndpoint, MemoryStore, Resolver, StaticToken, StoredKey};

    fn key(text: &str) -> ApiKey {
        ApiKey::parse(text).unwrap()
    }

    async fn store(profiles: &[(&str, Profile)]) -> Arc<MemoryStore> {
        let store = MemoryStore::new();
        for (id, profile) in profiles {
            store.put(&id.parse().unwrap(), profile).await.unwrap();
        }
        Arc::new(store)
    }

    #[tokio::test]
    async fn the_first_usable_profile_is_sent_and_never_another_providers() {
        let past = SystemTime::now() - Duration::from_secs(1);
        let expired = StaticToken::new(key("old")).expires_at(past);
        let store = store(&[
            ("qwen:token", Profile::Token(expired)),
            ("qwen:work", Profile::from(key("sk-work"))),
            ("qwen-oauth:x", Profile::from(key("portal"))),
        ])
        .await;
        let stored = StoredCredential::new(store.clone(), Provider::QWEN);
        let found = stored.credential().await.unwrap();
        assert_eq!(found.key().expose(), "sk-work");
        assert_eq!(found.source().to_string(), "profile: qwen:work");

        let other = StoredCredential::new(store, Provider::QWEN);
        let other = other.profile("qwen-oauth:x".parse().unwrap());
        let error = other.credential().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoProfile);
    }

    #[tokio::test]
    async fn a_complete_order_leaves_out_the_other_profiles() {
        let ids = ["qwen:home", "qwen:work"];
        let store = store(&ids.map(|id| (id, Profile::from(key("sk-1"))))).await;
        let only = |ids: &[&str]| {
            let ids: Vec<ProfileId> = ids.iter().map(|id| id.parse().unwrap()).collect();
            let stored = StoredCredential::new(store.clone(), Provider::QWEN);
            stored.order(ids).only_ordered()
        };
        let used = async |stored: StoredCredential| {
            let found = stored.credential().await;
            found.map(|found| found.source().to_string())
        };
        let work = used(only(&["qwen:gone", "qwen:work"])).await.unwrap();
        assert_eq!(work, "profile: qwen:work");
        assert_eq!(used(only(&[])).await.unwrap(), "profile: qwen:home");

        let error = used(only(&["qwen:gone"])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Excluded);
        assert!(error.to_string().contains("qwen:home"), "{error}");
        let missing = Resolver::new(Provider::QWEN).resolve();
        let error = used(only(&["qwen:gone"]).fallback(missing))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Excluded);
        let other = Resolver::new(Provider::QWEN)
            .explicit(key("sk-2"))
            .resolve();
        let other = used(only(&["qwen:gone"]).fallback(other)).await.unwrap();
        assert_eq!(other, "explicit");
        // What is asked for by name, and the store's own order, come first.
        let named = only(&["qwen:gone"]).profile("qwen:home".parse().unwrap());
        assert_eq!(used(named).await.unwrap(), "profile: qwen:home");
        let order = ["qwen:home".parse().unwrap()];
        store.set_order("qwen", &order).await.unwrap();
        let home = used(only(&["qwen:work"])).await.unwrap();
        assert_eq!(home, "profile: qwen:home");
    }

    #[tokio::test]
    async fn a_stored_key_says_which_endpoint_it_is_for() {
        let endpoint = KeyEndpoint {
            plan: Some(Plan::Coding),
            region: Some(Region::China),
            base_url: None,
        };
        let profile = Profile::ApiKey(StoredKey::new(key("sk-1"), endpoint.clone()));
        let store = store(&[("qwen:work", profile)]).await;
        let stored = StoredCredential::new(store, Provider::QWEN);
        let found = stored.credential().await.unwrap();
        assert_eq!(found.endpoint(), &endpoint);
    }

    #[cfg(feature = "portal")]
    #[tokio::test]
    async fn nothing_of_a_stored_token_is_shown() {
        let token = Profile::Token(StaticToken::new(key("portal-token-0123456789")));
        let store = store(&[("qwen-oauth:x", token)]).await;
        let stored = StoredCredential::new(store, Provider::QWEN_OAUTH);
        assert_eq!(stored.credential().await.unwrap().key().masked(), "[token]");
    }

    #[tokio::test]
    async fn without_a_profile_the_fallback_is_asked() {
        let store = store(&[("qwen:work", Profile::from(key("sk-work")))]).await;
        let none = StoredCredential::new(store.clone(), Provider::QWEN_OAUTH);
        let error = none.credential().await.unwrap_err();
        assert_eq!(error.variables(), ["QWEN_API_KEY"]);
        let elsewhere = Resolver::new(Provider::QWEN_OAUTH).explicit(key("from-elsewhere"));
        let some = StoredCredential::new(store, Provider::QWEN_OAUTH).fallback(elsewhere.resolve());
        let found = some.credential().await.unwrap();
        assert_eq!(found.key().expose(), "from-elsewhere");
        assert_eq!(some.refresh(&found).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_key_that_was_replaced_is_another_credential() {
        let (id, store) = ("qwen:work".parse().unwrap(), MemoryStore::new());
        store.put(&id, &Profile::from(key("sk-1"))).await.unwrap();
        let stored = StoredCredential::new(Arc::new(store.clone()), Provider::QWEN);
        let found = stored.credential().await.unwrap();
        assert_eq!(stored.refresh(&found).await.unwrap(), None);
        store.put(&id, &Profile::from(key("sk-2"))).await.unwrap();
        let renewed = stored.refresh(&found).await.unwrap().unwrap();
        assert_eq!(renewed.key().expose(), "sk-2");
    }
}
