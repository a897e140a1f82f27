//! The credential for services that require a Standard key.

use std::sync::Arc;

use qwen_openclaw_auth::{CredentialProvider, Error};
use qwen_openclaw_catalog::Provider;

use crate::Routes;

impl Routes {
    /// Returns the credential for services that require a Standard key of `qwen`, such as tasks.
    ///
    /// An explicit key that does not belong to a plan, or a profile set by the caller, comes first;
    /// then the stored profile `qwen:standard`, which can exist alongside a plan's key; then the
    /// credential of `qwen`.
    ///
    /// # Errors
    ///
    /// Same as [`Routes::connect`].
    pub fn standard_credentials(&self) -> Result<Arc<dyn CredentialProvider>, crate::Error> {
        // Without any credential of `qwen` there is no `qwen:standard` either.
        let own = self.credentials_of(&Provider::QWEN)?;
        let own =
            own.ok_or_else(|| Error::refused("the provider `qwen` was set up without a key"))?;
        Ok(self.standard_before(own))
    }

    #[cfg(not(feature = "store"))]
    fn standard_before(&self, own: Arc<dyn CredentialProvider>) -> Arc<dyn CredentialProvider> {
        own
    }

    #[cfg(feature = "store")]
    fn standard_before(&self, own: Arc<dyn CredentialProvider>) -> Arc<dyn CredentialProvider> {
        use qwen_openclaw_auth::KeyKind;

        let explicit = self
            .explicit_key(&Provider::QWEN)
            .is_some_and(|key| key.kind() != KeyKind::CodingPlan)
            || self.credentials.contains_key(&Provider::QWEN)
            || self.profiles.contains_key(&Provider::QWEN);
        let known = self.configured.get(&Provider::QWEN);
        let order = known.filter(|known| known.is_order_complete);
        match &self.store {
            Some(store) if !explicit => Arc::new(stored::StandardFirst {
                store: Arc::clone(store),
                order: order.map(|known| known.order.clone()).unwrap_or_default(),
                otherwise: own,
            }),
            _ => own,
        }
    }
}

#[cfg(feature = "store")]
mod stored {
    use std::sync::Arc;

    use qwen_openclaw_auth::{
        Credential, CredentialProvider, CredentialStore, Error, ProfileId, StoredCredential,
        async_trait,
    };
    use qwen_openclaw_catalog::Provider;

    /// Uses the profile `qwen:standard` if it exists.
    #[derive(Debug)]
    pub(super) struct StandardFirst {
        pub(super) store: Arc<dyn CredentialStore>,
        /// The only profiles that are used if the store has no order; empty means any.
        pub(super) order: Vec<ProfileId>,
        pub(super) otherwise: Arc<dyn CredentialProvider>,
    }

    #[async_trait]
    impl CredentialProvider for StandardFirst {
        async fn credential(&self) -> Result<Credential, Error> {
            match self.standard().await? {
                Some(standard) => standard.credential().await,
                None => self.otherwise.credential().await,
            }
        }

        async fn peek(&self) -> Result<Credential, Error> {
            match self.standard().await? {
                Some(standard) => standard.peek().await,
                None => self.otherwise.peek().await,
            }
        }

        async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
            match self.standard().await? {
                Some(standard) => standard.refresh(rejected).await,
                None => self.otherwise.refresh(rejected).await,
            }
        }
    }

    impl StandardFirst {
        async fn standard(&self) -> Result<Option<StoredCredential>, Error> {
            let id = ProfileId::new(Provider::QWEN.id(), "standard")?;
            let is_left_out = !self.order.is_empty() && !self.order.contains(&id);
            if is_left_out && self.store.order(id.provider()).await?.is_empty() {
                return Ok(None);
            }
            let stored = self.store.load(&id).await?.map(|_| {
                let store = Arc::clone(&self.store);
                StoredCredential::new(store, Provider::QWEN)
            });
            Ok(stored.map(|stored| stored.profile(id)))
        }
    }
}
