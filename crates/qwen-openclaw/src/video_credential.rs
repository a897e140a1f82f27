//! The key that clips are made with, where keys are stored.

use std::sync::Arc;

use async_trait::async_trait;
use qwen_openclaw_auth::{
    ApiKey, Credential, CredentialProvider, CredentialStore, KeyKind, ProfileId, StoredCredential,
};
use qwen_openclaw_catalog::Provider;

use crate::{Error, Qwen};

impl Qwen {
    /// The stored profile `qwen:standard`, which lives beside a plan's key; else the credential of
    /// `qwen`. An explicit key that makes clips comes before both.
    pub(crate) fn video_credential(&self) -> Result<Arc<dyn CredentialProvider>, Error> {
        let settings = &self.inner.settings;
        // Without any credential of `qwen` there is no `qwen:standard` either.
        let own = self.credential_for(&Provider::QWEN)?;
        let makes_clips = |key: &ApiKey| key.kind() != KeyKind::CodingPlan;
        let explicit = settings.keys.get(&Provider::QWEN).is_some_and(makes_clips)
            || settings.credentials.contains_key(&Provider::QWEN);
        match &settings.store {
            Some(store) if !explicit => Ok(Arc::new(StandardFirst {
                store: Arc::clone(store),
                standard: ProfileId::new(Provider::QWEN.id(), "standard")?,
                otherwise: own,
            })),
            _ => Ok(own),
        }
    }
}

/// Uses the profile `qwen:standard` when there is one.
#[derive(Debug)]
struct StandardFirst {
    store: Arc<dyn CredentialStore>,
    standard: ProfileId,
    otherwise: Arc<dyn CredentialProvider>,
}

#[async_trait]
impl CredentialProvider for StandardFirst {
    async fn credential(&self) -> Result<Credential, qwen_openclaw_auth::Error> {
        match self.standard().await? {
            Some(standard) => standard.credential().await,
            None => self.otherwise.credential().await,
        }
    }

    async fn refresh(
        &self,
        rejected: &Credential,
    ) -> Result<Option<Credential>, qwen_openclaw_auth::Error> {
        match self.standard().await? {
            Some(standard) => standard.refresh(rejected).await,
            None => self.otherwise.refresh(rejected).await,
        }
    }
}

impl StandardFirst {
    async fn standard(&self) -> Result<Option<StoredCredential>, qwen_openclaw_auth::Error> {
        let stored = self.store.load(&self.standard).await?.map(|_| {
            let store = Arc::clone(&self.store);
            StoredCredential::new(store, Provider::QWEN)
        });
        Ok(stored.map(|stored| stored.profile(self.standard.clone())))
    }
}
