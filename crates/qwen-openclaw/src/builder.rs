//! Sets up a [`Qwen`].

#[cfg(feature = "config")]
use std::collections::HashMap;
use std::sync::Arc;

use qwen_openclaw_auth::{ApiKey, CredentialProvider, Environment};
#[cfg(feature = "store")]
use qwen_openclaw_auth::{CredentialStore, FileStore, ProfileId, StateDir};
use qwen_openclaw_catalog::{Edition, Plan, Provider, Region};
use qwen_openclaw_client::{CustomProvider, Routes};
use qwen_openclaw_transport::{ModelCapabilities, RetryPolicy, StreamTimeouts};

use crate::{Error, Qwen};

/// Sets up a [`Qwen`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct QwenBuilder {
    pub(crate) routes: Routes,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) stream_timeouts: Option<StreamTimeouts>,
    pub(crate) usage: Option<bool>,
    pub(crate) models: Vec<(Provider, String, ModelCapabilities)>,
    #[cfg(feature = "config")]
    pub(crate) config: Option<Arc<qwen_openclaw_config::Config>>,
    #[cfg(feature = "config")]
    pub(crate) configured: HashMap<Provider, crate::from_openclaw::ProviderSettings>,
    #[cfg(feature = "router")]
    pub(crate) router: Option<qwen_openclaw_router::Router>,
    #[cfg(feature = "batch")]
    pub(crate) batches: Option<qwen_openclaw_batch::Ledger>,
    #[cfg(feature = "batch")]
    pub(crate) batch_polls: Option<qwen_openclaw_batch::PollSchedule>,
    /// An invalid key, reported by `build`.
    failure: Option<qwen_openclaw_auth::Error>,
    #[cfg(feature = "__tasks")]
    pub(crate) video_key: Option<ApiKey>,
    #[cfg(feature = "__tasks")]
    pub(crate) jobs: Option<Arc<dyn qwen_openclaw_tasks::JobStore>>,
    #[cfg(feature = "__tasks")]
    pub(crate) polls: Option<qwen_openclaw_tasks::PollSchedule>,
}

impl QwenBuilder {
    /// Changes the settings that decide where requests go and with which key. The methods below
    /// cover the usual cases.
    pub fn routes(mut self, change: impl FnOnce(Routes) -> Routes) -> Self {
        self.routes = change(self.routes);
        self
    }

    /// Returns the settings that decide where requests go.
    pub fn current_routes(&self) -> &Routes {
        &self.routes
    }

    /// Sets where keys and `QWEN_BASE_URL` are looked up. The default is nowhere.
    pub fn environment(self, environment: Environment) -> Self {
        self.routes(|routes| routes.environment(environment))
    }

    /// Keeps credentials and jobs where the command keeps them: in the state folder of the
    /// [`environment`](Self::environment) set before, which is `$QWEN_OPENCLAW_HOME`, otherwise
    /// `~/.qwen-openclaw`.
    ///
    /// # Errors
    ///
    /// When the home folder is unknown.
    #[cfg(feature = "store")]
    pub fn home(mut self) -> Result<Self, Error> {
        let folder = StateDir::of(self.routes.current_environment())?;
        self.routes = self.routes.store(Arc::new(FileStore::in_folder(&folder)));
        #[cfg(feature = "__tasks")]
        {
            let jobs = qwen_openclaw_tasks::FileJobs::in_folder(&folder);
            self.jobs = Some(Arc::new(jobs));
        }
        #[cfg(feature = "batch")]
        {
            self.batches = Some(qwen_openclaw_batch::Ledger::in_folder(&folder));
        }
        Ok(self)
    }

    /// Sets the key of the provider `qwen`: an [`ApiKey`], or its text. It takes precedence over
    /// every other key. [`build`](Self::build) reports a text that is not a key.
    pub fn api_key<K>(self, key: K) -> Self
    where
        K: TryInto<ApiKey>,
        K::Error: Into<qwen_openclaw_auth::Error>,
    {
        self.api_key_for(Provider::QWEN, key)
    }

    /// Sets the key of a provider, as [`api_key`](Self::api_key) does. It is sent to no other
    /// provider.
    pub fn api_key_for<K>(mut self, provider: Provider, key: K) -> Self
    where
        K: TryInto<ApiKey>,
        K::Error: Into<qwen_openclaw_auth::Error>,
    {
        match key.try_into() {
            Ok(key) => self.routes = self.routes.api_key(provider, key),
            Err(error) => {
                self.failure.get_or_insert(error.into());
            }
        }
        self
    }

    /// Sets the source of a provider's credential, which is asked before each request.
    pub fn credential_for(
        self,
        provider: Provider,
        credential: Arc<dyn CredentialProvider>,
    ) -> Self {
        self.routes(|routes| routes.credential(provider, credential))
    }

    /// Sets the credential store. A stored profile ranks after an explicit key and before the
    /// environment. The default is no store.
    ///
    /// With the feature `portal`, logins are refreshed, and `qwen-oauth` without a profile and a key
    /// uses the Qwen Code CLI's login while it is valid.
    #[cfg(feature = "store")]
    pub fn store(self, store: Arc<dyn CredentialStore>) -> Self {
        self.routes(|routes| routes.store(store))
    }

    /// Sets the profile that a provider uses. The default is the first usable one.
    #[cfg(feature = "store")]
    pub fn profile(self, provider: Provider, id: ProfileId) -> Self {
        self.routes(|routes| routes.profile(provider, id))
    }

    /// Sets the base URL of the provider `qwen`. It takes precedence over everything else that
    /// decides where requests go.
    pub fn base_url(self, url: impl Into<String>) -> Self {
        self.base_url_for(Provider::QWEN, url)
    }

    /// Sets the base URL of a provider.
    pub fn base_url_for(self, provider: Provider, url: impl Into<String>) -> Self {
        self.routes(|routes| routes.base_url(provider, url))
    }

    /// Adds an OpenAI-compatible server as a custom provider.
    ///
    /// ```
    /// use qwen_openclaw::{CustomProvider, Qwen};
    ///
    /// let vllm = CustomProvider::new("my-vllm", "http://127.0.0.1:8000/v1")?;
    /// let qwen = Qwen::builder().provider(vllm).build()?;
    /// let chat = qwen.chat("my-vllm/Qwen/Qwen3-8B").user("Hello!");
    /// # let _ = chat;
    /// # Ok::<(), qwen_openclaw::Error>(())
    /// ```
    pub fn provider(self, custom: CustomProvider) -> Self {
        self.routes(|routes| routes.provider(custom))
    }

    /// Sets the capabilities of a model that the catalog does not know or is wrong about.
    pub fn model(
        mut self,
        provider: Provider,
        id: impl Into<String>,
        capabilities: ModelCapabilities,
    ) -> Self {
        self.models.push((provider, id.into(), capabilities));
        self
    }

    /// Selects the plan's endpoint for the provider `qwen`. The default is the plan stored with the
    /// key, otherwise the one its prefix implies: Coding Plan for `sk-sp-`, otherwise Standard.
    pub fn plan(self, plan: Plan) -> Self {
        self.routes(|routes| routes.plan(plan))
    }

    /// Selects the region. The default is the region stored with the key, otherwise Global; it is
    /// never derived from the key itself.
    pub fn region(self, region: Region) -> Self {
        self.routes(|routes| routes.region(region))
    }

    /// Sets the workspace for requests to the provider `qwen`, images and videos included. The default is the
    /// key's own.
    pub fn workspace(self, id: impl Into<String>) -> Self {
        self.routes(|routes| routes.workspace(id))
    }

    /// Sets the catalog edition. The default merges the rows of all editions.
    pub fn edition(self, edition: Edition) -> Self {
        self.routes(|routes| routes.edition(edition))
    }

    /// Sets when failed requests are retried. The default is [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets how long a stream may be silent. The default depends on the model.
    pub fn stream_timeouts(mut self, timeouts: StreamTimeouts) -> Self {
        self.stream_timeouts = Some(timeouts);
        self
    }

    /// Sets whether to request token usage. By default it is requested from the service's own hosts
    /// and from loopback.
    pub fn usage(mut self, ask: bool) -> Self {
        self.usage = Some(ask);
        self
    }

    /// Allows sending keys to other machines over plain HTTP, which is refused by default.
    pub fn allow_plain_http(self) -> Self {
        self.routes(Routes::allow_plain_http)
    }

    /// Sends through the given HTTP client. The default is a new one.
    pub fn http(self, http: qwen_openclaw_http::Client) -> Self {
        self.routes(|routes| routes.http(http))
    }

    /// Builds the [`Qwen`]. Nothing is sent, and no key is looked up yet.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be set up, and when a text given as a key is not a valid key.
    pub fn build(mut self) -> Result<Qwen, Error> {
        if let Some(error) = self.failure.take() {
            return Err(error.into());
        }
        if self.routes.http_client().is_none() {
            let built = qwen_openclaw_http::Client::builder().build();
            let http = built.map_err(qwen_openclaw_transport::Error::from)?;
            self.routes = self.routes.http(http);
        }
        Ok(Qwen::new(self))
    }
}
