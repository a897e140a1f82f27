//! The credential of each provider: an explicit key, what is stored, a key from the environment.

use std::sync::Arc;

#[cfg(feature = "store")]
use qwen_openclaw_auth::StoredCredential;
#[cfg(feature = "portal")]
use qwen_openclaw_auth::portal::{Portal, QwenCliFile};
use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::Provider;
#[cfg(feature = "store")]
use qwen_openclaw_catalog::Region;

use crate::{Error, Qwen};

impl Qwen {
    /// The credential of a provider: an explicit key, a stored profile, a key from the environment.
    #[cfg(feature = "store")]
    fn credential(&self, provider: &Provider) -> Result<Arc<dyn CredentialProvider>, Error> {
        let settings = &self.inner.settings;
        let (Some(store), false) = (&settings.store, settings.keys.contains_key(provider)) else {
            return Ok(Arc::new(StaticCredential::new(self.key(provider)?)));
        };
        let resolved = self.resolved(provider);
        if store.lacks(provider.id()) && !self.has_cli_login(provider) {
            // Said now, not at the first request.
            if let Err(error) = resolved {
                return Err(error.into());
            }
        }
        let mut stored = StoredCredential::new(Arc::clone(store), provider.clone());
        if let Some(id) = settings.profiles.get(provider) {
            stored = stored.profile(id.clone());
        }
        if *provider == Provider::QWEN && settings.leaves_place_to_key()? {
            stored = stored.to_plan_of_key(settings.region.unwrap_or(Region::Global));
        }
        let stored = stored.fallback(resolved);
        #[cfg(feature = "portal")]
        let stored = self.with_portal(provider, stored)?;
        Ok(Arc::new(stored))
    }

    #[cfg(not(feature = "store"))]
    fn credential(&self, provider: &Provider) -> Result<Arc<dyn CredentialProvider>, Error> {
        Ok(Arc::new(StaticCredential::new(self.key(provider)?)))
    }

    /// Whether the Qwen Code CLI's login could stand in for a key.
    #[cfg(feature = "portal")]
    fn has_cli_login(&self, provider: &Provider) -> bool {
        if *provider != Provider::QWEN_OAUTH {
            return false;
        }
        match QwenCliFile::of(&self.inner.settings.environment) {
            Ok(file) => file.path().exists(),
            // What is wrong is said when it is to be used.
            Err(error) => error.kind() != qwen_openclaw_auth::ErrorKind::NoHome,
        }
    }

    #[cfg(all(feature = "store", not(feature = "portal")))]
    fn has_cli_login(&self, _: &Provider) -> bool {
        false
    }

    /// Lets logins be renewed, and the Qwen Code CLI's be used.
    #[cfg(feature = "portal")]
    fn with_portal(
        &self,
        provider: &Provider,
        stored: StoredCredential,
    ) -> Result<StoredCredential, Error> {
        let settings = &self.inner.settings;
        let mut portal = Portal::builder().http(self.inner.http.clone());
        if let Some(url) = settings.base_urls.get(provider) {
            let url = qwen_openclaw_http::BaseUrl::parse(url.as_str());
            portal = portal.base_url(url.map_err(qwen_openclaw_transport::Error::from)?);
        }
        let stored = stored.portal(portal.build()?);
        if *provider != Provider::QWEN_OAUTH {
            return Ok(stored);
        }
        match QwenCliFile::of(&settings.environment) {
            Ok(file) => Ok(stored.qwen_cli(file)),
            // Without a home folder there is no such file.
            Err(error) if error.kind() == qwen_openclaw_auth::ErrorKind::NoHome => Ok(stored),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn credential_for(
        &self,
        provider: &Provider,
    ) -> Result<Arc<dyn CredentialProvider>, Error> {
        match self.inner.settings.credentials.get(provider) {
            Some(credential) => Ok(Arc::clone(credential)),
            None => self.credential(provider),
        }
    }
}

#[cfg(all(test, feature = "store"))]
#[expect(clippy::unwrap_used, reason = "what cannot be set up fails its test")]
mod tests {
    use qwen_openclaw_auth::{ApiKey, CredentialStore, Environment, MemoryStore, Profile};
    use qwen_openclaw_catalog::{Endpoint, Plan};

    use super::*;

    const PLAN: &str = "sk-sp-0123456789abcdef";
    const STANDARD: &str = "sk-0123456789abcdef";

    /// Where a stored key is sent, if the credential says so.
    async fn place(
        stored: &str,
        environment: &[(&str, &str)],
        region: Option<Region>,
    ) -> Option<String> {
        let store = Arc::new(MemoryStore::default());
        let profile = Profile::ApiKey(ApiKey::parse(stored).unwrap());
        let id = "qwen:default".parse().unwrap();
        store.put(&id, &profile).await.unwrap();
        let environment = Environment::from_pairs(environment.iter().copied());
        let builder = Qwen::builder().environment(environment).store(store);
        let qwen = match region {
            Some(region) => builder.region(region),
            None => builder,
        };
        let credential = qwen
            .build()
            .unwrap()
            .credential_for(&Provider::QWEN)
            .unwrap();
        let credential = credential.credential().await.unwrap();
        credential.base_url().map(str::to_owned)
    }

    #[tokio::test]
    async fn a_stored_key_goes_where_its_plan_is() {
        let of = |plan, region| Some(Endpoint::of(plan, region).base_url().to_owned());
        let coding = of(Plan::Coding, Region::Global);
        assert_eq!(place(PLAN, &[], None).await, coding);
        // Whatever key the environment has, which is not sent.
        let standard = of(Plan::Standard, Region::Global);
        let other = [("QWEN_API_KEY", PLAN)];
        assert_eq!(place(STANDARD, &other, None).await, standard);
        let china = of(Plan::Coding, Region::China);
        assert_eq!(place(PLAN, &[], Some(Region::China)).await, china);
        // Said otherwise: the client's own.
        let url = [("QWEN_BASE_URL", "https://gateway.example/v1")];
        assert_eq!(place(PLAN, &url, None).await, None);
    }
}
