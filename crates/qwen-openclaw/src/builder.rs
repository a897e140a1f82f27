//! Sets the front door up.

use std::{collections::HashMap, sync::Arc};

use qwen_openclaw_auth::{ApiKey, CredentialProvider, Environment, variables};
#[cfg(feature = "store")]
use qwen_openclaw_auth::{CredentialStore, ProfileId};
use qwen_openclaw_catalog::{Edition, Plan, Provider, Region};
use qwen_openclaw_http::UrlText;
use qwen_openclaw_transport::{RetryPolicy, StallLimits};

use crate::{Error, Qwen};

/// Sets up a [`Qwen`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct QwenBuilder {
    pub(crate) environment: Environment,
    pub(crate) keys: HashMap<Provider, ApiKey>,
    pub(crate) credentials: HashMap<Provider, Arc<dyn CredentialProvider>>,
    pub(crate) base_urls: HashMap<Provider, UrlText>,
    pub(crate) plan: Option<Plan>,
    pub(crate) region: Option<Region>,
    pub(crate) workspace: Option<String>,
    pub(crate) edition: Edition,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) stall: Option<StallLimits>,
    pub(crate) usage: Option<bool>,
    pub(crate) plain_http: bool,
    pub(crate) http: Option<qwen_openclaw_http::Client>,
    #[cfg(feature = "store")]
    pub(crate) store: Option<Arc<dyn CredentialStore>>,
    #[cfg(feature = "store")]
    pub(crate) profiles: HashMap<Provider, ProfileId>,
    #[cfg(feature = "video")]
    pub(crate) video_key: Option<ApiKey>,
    #[cfg(feature = "video")]
    pub(crate) jobs: Option<Arc<dyn qwen_openclaw_video::task::JobStore>>,
    #[cfg(feature = "video")]
    pub(crate) polls: Option<qwen_openclaw_video::task::PollSchedule>,
}

impl QwenBuilder {
    /// The base URL of `qwen` that the environment says, unless a region does.
    pub(crate) fn environment_url(&self) -> Result<Option<&str>, qwen_openclaw_auth::Error> {
        match self.region {
            Some(_) => Ok(None),
            None => self.environment.value(variables::QWEN_BASE_URL),
        }
    }

    /// Whether nothing but the key says where requests to `qwen` go.
    #[cfg(feature = "store")]
    pub(crate) fn leaves_place_to_key(&self) -> Result<bool, qwen_openclaw_auth::Error> {
        let is_said = self.base_urls.contains_key(&Provider::QWEN) || self.plan.is_some();
        Ok(!is_said && self.environment_url()?.is_none())
    }

    /// Sets where keys and `QWEN_BASE_URL` are looked for. The default is nowhere.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets the key of the provider `qwen`. It comes before every other.
    pub fn api_key(self, key: ApiKey) -> Self {
        self.api_key_for(Provider::QWEN, key)
    }

    /// Sets the key of a provider. It comes before every other, and goes to no other provider.
    pub fn api_key_for(mut self, provider: Provider, key: ApiKey) -> Self {
        self.keys.insert(provider, key);
        self
    }

    /// Sets what a provider's credential is asked from before each request.
    pub fn credential_for(
        mut self,
        provider: Provider,
        credential: Arc<dyn CredentialProvider>,
    ) -> Self {
        self.credentials.insert(provider, credential);
        self
    }

    /// Sets where credentials are stored. A stored profile comes after an explicit key and before
    /// the environment. The default is nowhere.
    ///
    /// With the feature `portal`, logins are renewed, and for `qwen-oauth` without a profile and a
    /// key the Qwen Code CLI's login is used while it is good.
    #[cfg(feature = "store")]
    pub fn store(mut self, store: Arc<dyn CredentialStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the profile that a provider uses. The default is the first that is usable.
    #[cfg(feature = "store")]
    pub fn profile(mut self, provider: Provider, id: ProfileId) -> Self {
        self.profiles.insert(provider, id);
        self
    }

    /// Sets the base URL of the provider `qwen`. It comes before plan, region and `QWEN_BASE_URL`.
    pub fn base_url(self, url: impl Into<String>) -> Self {
        self.base_url_for(Provider::QWEN, url)
    }

    /// Sets the base URL of a provider.
    pub fn base_url_for(mut self, provider: Provider, url: impl Into<String>) -> Self {
        self.base_urls.insert(provider, UrlText::from(url));
        self
    }

    /// Sets the plan whose endpoint the provider `qwen` uses. The default is that of the key:
    /// Coding Plan for `sk-sp-`, otherwise Standard.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Sets the region. The default is Global; it is never derived from a key.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Names the workspace that requests of the provider `qwen` belong to, clips included. The
    /// default is that of the key.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.workspace = Some(id.into());
        self
    }

    /// Sets which edition of the catalog is asked. The default has the rows of all.
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// Sets when failed requests are sent again. The default is [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets how long a server may be silent. The default depends on the model.
    pub fn stall(mut self, limits: StallLimits) -> Self {
        self.stall = Some(limits);
        self
    }

    /// Asks for token counts, or does not. By default they are asked for on the service's own
    /// hosts and on loopback.
    pub fn usage(mut self, ask: bool) -> Self {
        self.usage = Some(ask);
        self
    }

    /// Sends keys over plain http to other machines too. By default that is refused.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Sends through `http`. The default is a client of its own.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Finishes. Nothing is sent and no key is looked for yet.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be set up.
    pub fn build(self) -> Result<Qwen, Error> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => {
                let built = qwen_openclaw_http::Client::builder().build();
                built.map_err(qwen_openclaw_transport::Error::from)?
            }
        };
        Ok(Qwen::new(self, http))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key_wherever_it_was_put() {
        let builder = Qwen::builder().base_url("sk-secret-0123456789");
        let builder = builder.base_url_for(Provider::QWEN_OAUTH, "https://a.example:sk-secret/v1");
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("a.example") && !shown.contains("secret"),
            "{shown}"
        );

        let qwen = builder.build().unwrap();
        let target = qwen.resolve("qwen/qwen3.5-plus").unwrap();
        let error = qwen.client(&Provider::QWEN).unwrap_err();
        let shown = format!("{qwen:?} {target:?} {error} {error:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
