//! Everything that decides where requests go, and the routes that follow from it.

use std::{collections::HashMap, sync::Arc};

use qwen_openclaw_auth::{
    ApiKey, CredentialProvider, Environment, Resolved, Resolver, Source, variables,
};
#[cfg(feature = "store")]
use qwen_openclaw_auth::{CredentialStore, ProfileId};
use qwen_openclaw_catalog::{Edition, ModelRef, Plan, Provider, Region};
use qwen_openclaw_http::{ExtraHeaders, UrlText};

use crate::{Connection, ConnectionBuilder, EndpointRules, Error, Route, connection::resolve};

/// Everything that decides where requests go and with which key. The default is nothing: no key, no
/// environment.
///
/// Of credentials, an explicit key comes first, then a stored profile, then the environment. A
/// credential belongs to one provider and goes to no other. For the order of what decides the
/// endpoint see [`EndpointRules`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Routes {
    pub(crate) environment: Environment,
    pub(crate) keys: HashMap<Provider, ApiKey>,
    pub(crate) credentials: HashMap<Provider, Arc<dyn CredentialProvider>>,
    pub(crate) base_urls: HashMap<Provider, UrlText>,
    configured: HashMap<Provider, (UrlText, Source)>,
    pub(crate) own: HashMap<Provider, OwnProvider>,
    plan: Option<Plan>,
    region: Option<Region>,
    workspace: Option<String>,
    edition: Edition,
    plain_http: bool,
    pub(crate) http: Option<qwen_openclaw_http::Client>,
    #[cfg(feature = "store")]
    pub(crate) store: Option<Arc<dyn CredentialStore>>,
    #[cfg(feature = "store")]
    pub(crate) profiles: HashMap<Provider, ProfileId>,
}

/// A server of one's own, or any other that speaks OpenAI's protocol, under an id of its own.
#[derive(Clone, Debug)]
#[must_use]
pub struct OwnProvider {
    pub(crate) id: Provider,
    pub(crate) base_url: UrlText,
    pub(crate) key: Option<ApiKey>,
    pub(crate) headers: ExtraHeaders,
}

impl OwnProvider {
    /// A provider called `id` at `base_url`. The id may be that of a well-known provider or one of
    /// its aliases, which this one then replaces.
    ///
    /// # Errors
    ///
    /// When `id` is not an id: see [`Provider::exactly`].
    pub fn new(id: &str, base_url: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            id: Provider::exactly(id)?,
            base_url: UrlText::from(base_url),
            key: None,
            headers: ExtraHeaders::default(),
        })
    }

    /// Sets the key. Without one, a stored profile of this id is used, otherwise requests carry
    /// none.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sends a header with each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &Provider {
        &self.id
    }
}

impl Routes {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets where keys and `QWEN_BASE_URL` are looked for. The default is nowhere.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Changes the environment that was set, to add files or variables to it.
    pub fn with_environment(mut self, change: impl FnOnce(Environment) -> Environment) -> Self {
        self.environment = change(self.environment);
        self
    }

    /// Sets the key of a provider. It comes before every other, and goes to no other provider.
    pub fn api_key(mut self, provider: Provider, key: ApiKey) -> Self {
        self.keys.insert(provider, key);
        self
    }

    /// Sets what a provider's credential is asked from before each request.
    pub fn credential(
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

    /// Sets the base URL of a provider. It comes before everything else.
    pub fn base_url(mut self, provider: Provider, url: impl Into<String>) -> Self {
        self.base_urls.insert(provider, UrlText::from(url));
        self
    }

    /// Sets the base URL that a configuration names for a provider, and where it stands there. It
    /// comes after the environment.
    pub fn configured_base_url(
        mut self,
        provider: Provider,
        url: impl Into<String>,
        source: Source,
    ) -> Self {
        self.configured
            .insert(provider, (UrlText::from(url), source));
        self
    }

    /// Adds a server of one's own. An exact id of one comes before the alias of a well-known
    /// provider.
    pub fn provider(mut self, own: OwnProvider) -> Self {
        self.own.insert(own.id.clone(), own);
        self
    }

    /// Asks for the endpoint of a plan, for the provider `qwen`. The default is the plan stored with
    /// the key, otherwise that of its prefix: Coding Plan for `sk-sp-`, otherwise Standard.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Asks for the endpoint of a region. The default is the region stored with the key, otherwise
    /// Global; it is never derived from a key.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Names the workspace that requests of the provider `qwen` belong to. The default is that of
    /// the key.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.workspace = Some(id.into());
        self
    }

    /// Sets which edition of the catalog is asked. The default has the rows of all.
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
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

    /// Returns where keys and settings are looked for.
    #[must_use]
    pub fn current_environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the HTTP client that was set.
    #[must_use]
    pub fn http_client(&self) -> Option<&qwen_openclaw_http::Client> {
        self.http.as_ref()
    }

    /// Returns the workspace.
    #[must_use]
    pub fn workspace_id(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    /// Returns whether keys may be sent over plain http.
    #[must_use]
    pub fn allows_plain_http(&self) -> bool {
        self.plain_http
    }

    /// Returns which edition of the catalog is asked.
    #[must_use]
    pub fn catalog_edition(&self) -> Edition {
        self.edition
    }

    /// Reads a ref, such as `qwen/qwen3.5-plus`. An id without a provider belongs to `qwen`, and the
    /// exact id of a server of one's own comes before an alias.
    ///
    /// # Errors
    ///
    /// When it is not a ref.
    pub fn parse(&self, text: &str) -> Result<ModelRef, Error> {
        if let Some((provider, model)) = text.split_once('/')
            && let Ok(own) = Provider::exactly(provider)
            && self.own.contains_key(&own)
        {
            return Ok(ModelRef::new(own, model)?);
        }
        Ok(ModelRef::parse(text)?)
    }

    /// Resolves a ref as things are. Nothing is sent, and no login is renewed.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidRequest`](qwen_openclaw_http::ErrorKind::InvalidRequest) for a ref that means
    /// nothing, for a provider of which nothing is known (with the nearest ones), and as
    /// [`EndpointRules::decide`]. That there is no credential is no error here: see
    /// [`Route::credential_error`].
    pub async fn route(&self, text: &str) -> Result<Route, Error> {
        let model = self.parse(text)?;
        let route = self.route_to(&model.provider).await?;
        Ok(route.with_model(&model.model, self.edition))
    }

    /// Resolves the route to a provider, of whatever model.
    ///
    /// # Errors
    ///
    /// As [`route`](Self::route).
    pub async fn route_to(&self, provider: &Provider) -> Result<Route, Error> {
        let credential = match self.credentials_of(provider) {
            Ok(None) => Ok(None),
            Ok(Some(credentials)) => credentials.peek().await.map(Some),
            Err(error) => Err(error),
        };
        resolve(provider, &self.rules_of(provider)?, credential)
    }

    /// As [`route_to`](Self::route_to) for `qwen`, with the credential for what only a Standard key
    /// may do: see [`standard_credentials`](Self::standard_credentials).
    ///
    /// # Errors
    ///
    /// As [`route`](Self::route).
    pub async fn standard_route(&self) -> Result<Route, Error> {
        let Ok(credentials) = self.standard_credentials() else {
            return self.route_to(&Provider::QWEN).await;
        };
        let credential = credentials.peek().await.map(Some);
        resolve(
            &Provider::QWEN,
            &self.rules_of(&Provider::QWEN)?,
            credential,
        )
    }

    /// Starts a connection to a provider.
    ///
    /// # Errors
    ///
    /// Kind [`Authentication`](qwen_openclaw_http::ErrorKind::Authentication) when it is certain
    /// that there is no credential, and when the environment's base URL is not a text.
    pub fn connect(&self, provider: &Provider) -> Result<ConnectionBuilder, Error> {
        let mut builder = Connection::builder(provider.clone(), self.rules_of(provider)?);
        let credentials = self.credentials_of(provider);
        let is_nowhere = || builder.rules().decide(provider, None).is_err();
        if credentials.is_err() && !provider.is_well_known() && is_nowhere() {
            return Err(provider.unknown().into());
        }
        if let Some(credentials) = credentials? {
            builder = builder.credentials(credentials);
        }
        Ok(self.equip(provider, builder))
    }

    /// As [`connect`](Self::connect), with another credential than the provider's own.
    ///
    /// # Errors
    ///
    /// When the environment's base URL is not a text.
    pub fn connect_with(
        &self,
        provider: &Provider,
        credentials: Arc<dyn CredentialProvider>,
    ) -> Result<ConnectionBuilder, Error> {
        let builder = Connection::builder(provider.clone(), self.rules_of(provider)?);
        Ok(self.equip(provider, builder.credentials(credentials)))
    }

    /// Finds the explicit key of a provider, else that of the environment, and where it comes from.
    /// Stored profiles, which come between the two, are not looked at.
    ///
    /// # Errors
    ///
    /// When there is none, or when the one that counts is no key.
    pub fn key(&self, provider: &Provider) -> Result<Resolved, qwen_openclaw_auth::Error> {
        let resolver = Resolver::new(provider.clone()).environment(&self.environment);
        match self.explicit_key(provider) {
            Some(key) => resolver.explicit(key.clone()),
            None => resolver,
        }
        .resolve()
    }

    /// The rules for the endpoint of a provider.
    ///
    /// # Errors
    ///
    /// When `QWEN_BASE_URL` is not a text.
    pub fn rules_of(&self, provider: &Provider) -> Result<EndpointRules, Error> {
        let own = self.own.get(provider).map(|own| &own.base_url);
        let environment = match self.environment.get(variables::QWEN_BASE_URL) {
            Some(variable) if *provider == Provider::QWEN => {
                Some((UrlText::from(variable.value()?), variable.source()))
            }
            _ => None,
        };
        Ok(EndpointRules {
            explicit: self.base_urls.get(provider).or(own).cloned(),
            plan: self.plan,
            region: self.region,
            environment,
            configured: self.configured.get(provider).cloned(),
            plain_http: self.plain_http,
        })
    }

    pub(crate) fn explicit_key(&self, provider: &Provider) -> Option<&ApiKey> {
        let own = self.own.get(provider).and_then(|own| own.key.as_ref());
        self.keys.get(provider).or(own)
    }

    fn equip(&self, provider: &Provider, mut builder: ConnectionBuilder) -> ConnectionBuilder {
        if let Some(http) = &self.http {
            builder = builder.http(http.clone());
        }
        if let Some(id) = &self.workspace
            && *provider == Provider::QWEN
        {
            builder = builder.workspace(id);
        }
        if let Some(own) = self.own.get(provider) {
            builder = builder.headers(&own.headers);
        }
        builder
    }
}
