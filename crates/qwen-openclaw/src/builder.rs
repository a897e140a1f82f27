//! The front door: which key and which endpoint each provider gets.

#[cfg(feature = "video")]
use std::sync::OnceLock;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

#[cfg(feature = "portal")]
use qwen_openclaw_auth::portal::{Portal, QwenCliFile};
use qwen_openclaw_auth::{
    ApiKey, CredentialProvider, Environment, KeyKind, Resolved, Resolver, StaticCredential,
    variables,
};
#[cfg(feature = "store")]
use qwen_openclaw_auth::{CredentialStore, ProfileId, StoredCredential};
use qwen_openclaw_catalog::{Edition, Endpoint, ModelRef, Plan, Provider, Region};
use qwen_openclaw_transport::{Client, Describe, Media, RetryPolicy, StallLimits};

use crate::{Chat, Error, Target};

/// Qwen Cloud, ready to use. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Qwen {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) settings: QwenBuilder,
    pub(crate) http: qwen_openclaw_http::Client,
    clients: Mutex<HashMap<Provider, Client>>,
    #[cfg(feature = "video")]
    pub(crate) video: OnceLock<qwen_openclaw_video::Client>,
}

impl Qwen {
    /// Takes keys and settings from the environment of the process and from `~/.openclaw/.env`,
    /// as OpenClaw does. A key is looked for when it is first needed.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be set up.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder()
            .environment(Environment::capture().with_openclaw_dotenv())
            .build()
    }

    /// Starts with nothing: no key, no environment.
    pub fn builder() -> QwenBuilder {
        QwenBuilder::default()
    }

    /// Starts a chat with a model, such as `qwen/qwen3.5-plus`. An id without a provider belongs
    /// to `qwen`.
    pub fn chat(&self, model: impl Into<String>) -> Chat {
        Chat::new(self.clone(), model.into())
    }

    /// Asks what an image shows, with the key of the provider `qwen`. Nothing is sent before
    /// [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_image(&self, image: impl Into<Media>) -> Result<Describe, Error> {
        let describe = self.client(Provider::Qwen)?.describe_image(image);
        Ok(describe.edition(self.inner.settings.edition))
    }

    /// Asks what a clip shows, with the key of the provider `qwen`. Nothing is sent before
    /// [`Describe::send`].
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn describe_video(&self, video: impl Into<Media>) -> Result<Describe, Error> {
        let describe = self.client(Provider::Qwen)?.describe_video(video);
        Ok(describe.edition(self.inner.settings.edition))
    }

    /// Says what a model ref means here, without sending anything.
    ///
    /// # Errors
    ///
    /// Kind `Refused` for an unknown provider, with the nearest ones, and for an address that no
    /// key may be sent to.
    pub fn resolve(&self, model: &str) -> Result<Target, Error> {
        let model = ModelRef::parse(model)?;
        let base_url = self.base_url(model.provider)?;
        Ok(Target::new(model, base_url, self.inner.settings.edition))
    }

    /// Returns the client of a provider, for what the facade does not offer.
    ///
    /// # Errors
    ///
    /// Kind `Auth` without a usable credential, kind `Refused` for an address that no key may be
    /// sent to.
    pub fn client(&self, provider: Provider) -> Result<Client, Error> {
        let clients = || {
            let clients = self.inner.clients.lock();
            clients.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(client) = clients().get(&provider) {
            return Ok(client.clone());
        }
        let client = self.connect(provider)?;
        // Two that connect at once agree on the first.
        Ok(clients().entry(provider).or_insert(client).clone())
    }

    /// Returns the base URL that requests of a provider are sent to: an explicit one, else plan
    /// and region, else `QWEN_BASE_URL` (for `qwen` alone), else the provider's default; a Coding
    /// Plan key takes the Coding Plan. Stored profiles are not looked at: where nothing else says
    /// where to send, a stored key is sent to the endpoint of its own plan.
    ///
    /// # Errors
    ///
    /// When `QWEN_BASE_URL` is no text.
    pub fn base_url(&self, provider: Provider) -> Result<String, Error> {
        let settings = &self.inner.settings;
        if let Some(url) = settings.base_urls.get(&provider) {
            return Ok(url.clone());
        }
        let region = settings.region.unwrap_or(Region::Global);
        match provider {
            Provider::Qwen => {}
            Provider::QwenTokenPlan => {
                return Ok(Endpoint::of(Plan::Token, region).base_url().to_owned());
            }
            other => return Ok(other.default_base_url().to_owned()),
        }
        if let Some(plan) = settings.plan {
            return Ok(Endpoint::of(plan, region).base_url().to_owned());
        }
        if let Some(url) = settings.environment_url()? {
            return Ok(url.to_owned());
        }
        // A broken or missing key is said when it is needed.
        let key = self.key(provider).ok();
        let plan = match key.map(|found| found.key().kind()) {
            Some(KeyKind::CodingPlan) => Plan::Coding,
            _ => Plan::Standard,
        };
        Ok(Endpoint::of(plan, region).base_url().to_owned())
    }

    /// Finds the explicit key of a provider, else that of the environment, and where it comes from.
    /// Stored profiles, which come between the two, are not looked at.
    ///
    /// # Errors
    ///
    /// Kind `Auth` when there is none, or when the one that counts is no key.
    pub fn key(&self, provider: Provider) -> Result<Resolved, Error> {
        Ok(self.resolved(provider)?)
    }

    fn resolved(&self, provider: Provider) -> Result<Resolved, qwen_openclaw_auth::Error> {
        let settings = &self.inner.settings;
        let resolver = Resolver::new(provider).environment(&settings.environment);
        let resolver = match settings.keys.get(&provider) {
            Some(key) => resolver.explicit(key.clone()),
            None => resolver,
        };
        resolver.resolve()
    }

    /// The credential of a provider: an explicit key, a stored profile, a key from the environment.
    #[cfg(feature = "store")]
    fn credential(&self, provider: Provider) -> Result<Arc<dyn CredentialProvider>, Error> {
        let settings = &self.inner.settings;
        let (Some(store), false) = (&settings.store, settings.keys.contains_key(&provider)) else {
            return Ok(Arc::new(StaticCredential::new(self.key(provider)?)));
        };
        let resolved = self.resolved(provider);
        if store.lacks(provider.id()) && !self.has_cli_login(provider) {
            // Said now, not at the first request.
            if let Err(error) = resolved {
                return Err(error.into());
            }
        }
        let mut stored = StoredCredential::new(Arc::clone(store), provider);
        if let Some(id) = settings.profiles.get(&provider) {
            stored = stored.profile(id.clone());
        }
        if provider == Provider::Qwen && settings.leaves_place_to_key()? {
            stored = stored.to_plan_of_key(settings.region.unwrap_or(Region::Global));
        }
        let stored = stored.fallback(resolved);
        #[cfg(feature = "portal")]
        let stored = self.with_portal(provider, stored)?;
        Ok(Arc::new(stored))
    }

    #[cfg(not(feature = "store"))]
    fn credential(&self, provider: Provider) -> Result<Arc<dyn CredentialProvider>, Error> {
        Ok(Arc::new(StaticCredential::new(self.key(provider)?)))
    }

    /// Whether the Qwen Code CLI's login could stand in for a key.
    #[cfg(feature = "portal")]
    fn has_cli_login(&self, provider: Provider) -> bool {
        if provider != Provider::QwenOauth {
            return false;
        }
        match QwenCliFile::of(&self.inner.settings.environment) {
            Ok(file) => file.path().exists(),
            // What is wrong is said when it is to be used.
            Err(error) => error.kind() != qwen_openclaw_auth::ErrorKind::NoHome,
        }
    }

    #[cfg(all(feature = "store", not(feature = "portal")))]
    fn has_cli_login(&self, _: Provider) -> bool {
        false
    }

    /// Lets logins be renewed, and the Qwen Code CLI's be used.
    #[cfg(feature = "portal")]
    fn with_portal(
        &self,
        provider: Provider,
        stored: StoredCredential,
    ) -> Result<StoredCredential, Error> {
        let settings = &self.inner.settings;
        let mut portal = Portal::builder().http(self.inner.http.clone());
        if let Some(url) = settings.base_urls.get(&provider) {
            let url = qwen_openclaw_http::BaseUrl::parse(url);
            portal = portal.base_url(url.map_err(qwen_openclaw_transport::Error::from)?);
        }
        let stored = stored.portal(portal.build()?);
        if provider != Provider::QwenOauth {
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
        provider: Provider,
    ) -> Result<Arc<dyn CredentialProvider>, Error> {
        match self.inner.settings.credentials.get(&provider) {
            Some(credential) => Ok(Arc::clone(credential)),
            None => self.credential(provider),
        }
    }

    fn connect(&self, provider: Provider) -> Result<Client, Error> {
        let settings = &self.inner.settings;
        let credential = self.credential_for(provider)?;
        let mut builder = Client::builder_with(self.base_url(provider)?, credential)
            .http(self.inner.http.clone())
            .provider(provider);
        if let Some(policy) = &settings.retry {
            builder = builder.retry(policy.clone());
        }
        if let Some(limits) = settings.stall {
            builder = builder.stall(limits);
        }
        if let Some(ask) = settings.usage {
            builder = builder.usage(ask);
        }
        if settings.plain_http {
            builder = builder.allow_plain_http();
        }
        if let (Provider::Qwen, Some(id)) = (provider, &settings.workspace) {
            builder = builder.header("X-DashScope-WorkSpace", id);
        }
        Ok(builder.build()?)
    }
}

/// Sets up a [`Qwen`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct QwenBuilder {
    environment: Environment,
    pub(crate) keys: HashMap<Provider, ApiKey>,
    pub(crate) credentials: HashMap<Provider, Arc<dyn CredentialProvider>>,
    base_urls: HashMap<Provider, String>,
    plan: Option<Plan>,
    region: Option<Region>,
    pub(crate) workspace: Option<String>,
    edition: Edition,
    pub(crate) retry: Option<RetryPolicy>,
    stall: Option<StallLimits>,
    usage: Option<bool>,
    pub(crate) plain_http: bool,
    http: Option<qwen_openclaw_http::Client>,
    #[cfg(feature = "store")]
    pub(crate) store: Option<Arc<dyn CredentialStore>>,
    #[cfg(feature = "store")]
    profiles: HashMap<Provider, ProfileId>,
    #[cfg(feature = "video")]
    pub(crate) video_key: Option<ApiKey>,
    #[cfg(feature = "video")]
    pub(crate) jobs: Option<Arc<dyn qwen_openclaw_video::task::JobStore>>,
    #[cfg(feature = "video")]
    pub(crate) polls: Option<qwen_openclaw_video::task::PollSchedule>,
}

impl QwenBuilder {
    /// The base URL of `qwen` that the environment says, unless a region does.
    fn environment_url(&self) -> Result<Option<&str>, qwen_openclaw_auth::Error> {
        match self.region {
            Some(_) => Ok(None),
            None => self.environment.value(variables::QWEN_BASE_URL),
        }
    }

    /// Whether nothing but the key says where requests to `qwen` go.
    #[cfg(feature = "store")]
    fn leaves_place_to_key(&self) -> Result<bool, qwen_openclaw_auth::Error> {
        let is_said = self.base_urls.contains_key(&Provider::Qwen) || self.plan.is_some();
        Ok(!is_said && self.environment_url()?.is_none())
    }

    /// Sets where keys and `QWEN_BASE_URL` are looked for. The default is nowhere.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets the key of the provider `qwen`. It comes before every other.
    pub fn api_key(self, key: ApiKey) -> Self {
        self.api_key_for(Provider::Qwen, key)
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
        self.base_url_for(Provider::Qwen, url)
    }

    /// Sets the base URL of a provider.
    pub fn base_url_for(mut self, provider: Provider, url: impl Into<String>) -> Self {
        self.base_urls.insert(provider, url.into());
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
        let clients = Mutex::default();
        let settings = self;
        Ok(Qwen {
            inner: Arc::new(Inner {
                settings,
                http,
                clients,
                #[cfg(feature = "video")]
                video: OnceLock::new(),
            }),
        })
    }
}

#[cfg(all(test, feature = "store"))]
mod tests {
    use qwen_openclaw_auth::{MemoryStore, Profile};

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
            .credential_for(Provider::Qwen)
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
