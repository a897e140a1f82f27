//! The settings that decide where requests go, and the routes that follow from them.

use std::{collections::HashMap, sync::Arc};

use qwen_openclaw_auth::{
    ApiKey, CredentialProvider, Environment, ErrorKind, Resolved, Resolver, variables,
};
#[cfg(feature = "store")]
use qwen_openclaw_auth::{CredentialStore, ProfileId};
use qwen_openclaw_catalog::{Edition, ModelRef, Plan, Provider, Region};
use qwen_openclaw_http::{ExtraHeaders, UrlText};

use crate::{
    ConfiguredProvider, Connection, ConnectionBuilder, EndpointRules, Error, Route,
    connection::resolve, endpoint::LastEndpoint,
};

/// The settings that decide where requests go and with which key.
///
/// By default nothing is set: no key, no environment. An explicit key takes precedence over a
/// stored profile, that over the environment, and that over a configuration. A credential belongs
/// to one provider and is never sent to another. For how the endpoint is chosen, see
/// [`EndpointRules`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Routes {
    pub(crate) environment: Environment,
    pub(crate) keys: HashMap<Provider, ApiKey>,
    pub(crate) credentials: HashMap<Provider, Arc<dyn CredentialProvider>>,
    pub(crate) base_urls: HashMap<Provider, UrlText>,
    pub(crate) configured: HashMap<Provider, ConfiguredProvider>,
    pub(crate) custom: HashMap<Provider, CustomProvider>,
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

/// A custom provider: your own server, or any other with an OpenAI-compatible API, under its own id.
#[derive(Clone, Debug)]
#[must_use]
pub struct CustomProvider {
    pub(crate) id: Provider,
    pub(crate) base_url: UrlText,
    pub(crate) key: Option<ApiKey>,
    pub(crate) headers: ExtraHeaders,
}

impl CustomProvider {
    /// Creates a provider with this `id` at `base_url`.
    ///
    /// The id may be that of a well-known provider or one of its aliases, which this provider then
    /// replaces.
    ///
    /// # Errors
    ///
    /// When `id` is not valid: see [`Provider::exactly`].
    pub fn new(id: &str, base_url: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            id: Provider::exactly(id)?,
            base_url: UrlText::from(base_url),
            key: None,
            headers: ExtraHeaders::default(),
        })
    }

    /// Sets the key. The default is a stored profile of this id, or else no key.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Adds a header to each request. `Debug` does not show its value.
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
    /// Creates routes without any settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the environment to search for keys and `QWEN_BASE_URL`. The default is empty.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Modifies the current environment, for example to add files or variables.
    pub fn with_environment(mut self, change: impl FnOnce(Environment) -> Environment) -> Self {
        self.environment = change(self.environment);
        self
    }

    /// Sets the key of a provider, which takes precedence over all others of that provider.
    pub fn api_key(mut self, provider: Provider, key: ApiKey) -> Self {
        self.keys.insert(provider, key);
        self
    }

    /// Sets the source of a provider's credential, which is queried before each request.
    pub fn credential(
        mut self,
        provider: Provider,
        credential: Arc<dyn CredentialProvider>,
    ) -> Self {
        self.credentials.insert(provider, credential);
        self
    }

    /// Sets the credential store. The default is none.
    ///
    /// A stored profile takes precedence over the environment, but not over an explicit key. With
    /// the feature `portal`, logins are refreshed, and `qwen-oauth` without a profile or a key uses
    /// the login of the Qwen Code CLI while it is valid.
    #[cfg(feature = "store")]
    pub fn store(mut self, store: Arc<dyn CredentialStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the profile that a provider uses. The default is the first usable one.
    #[cfg(feature = "store")]
    pub fn profile(mut self, provider: Provider, id: ProfileId) -> Self {
        self.profiles.insert(provider, id);
        self
    }

    /// Sets the base URL of a provider, which takes precedence over everything else.
    pub fn base_url(mut self, provider: Provider, url: impl Into<String>) -> Self {
        self.base_urls.insert(provider, UrlText::from(url));
        self
    }

    /// Adds a custom provider, whose exact id takes precedence over aliases of well-known providers.
    pub fn provider(mut self, custom: CustomProvider) -> Self {
        self.custom.insert(custom.id.clone(), custom);
        self
    }

    /// Requests the endpoint of a plan for the provider `qwen`.
    ///
    /// The default is the plan stored with the key, or else that of the key's prefix: Coding Plan for
    /// `sk-sp-`, otherwise Standard.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Requests the endpoint of a region. The default is the region stored with the key, or else
    /// Global.
    ///
    /// The region is never derived from the key itself.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Sets the workspace for requests to the provider `qwen`. The default is that of the key.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.workspace = Some(id.into());
        self
    }

    /// Sets the edition of the catalog. The default merges all editions.
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// Allows sending keys over plain http to other machines. By default it is rejected.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Sets the HTTP client. The default is a new one.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Returns the environment that is searched for keys and settings.
    #[must_use]
    pub fn current_environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the HTTP client that was set.
    #[must_use]
    pub fn http_client(&self) -> Option<&qwen_openclaw_http::Client> {
        self.http.as_ref()
    }

    /// Returns the edition of the catalog.
    #[must_use]
    pub fn catalog_edition(&self) -> Edition {
        self.edition
    }

    /// Parses a model ref, such as `qwen/qwen3.5-plus`.
    ///
    /// A model id without a provider belongs to `qwen`, and the exact id of a custom provider takes
    /// precedence over an alias.
    ///
    /// # Errors
    ///
    /// When the text is not a valid ref.
    pub fn parse(&self, text: &str) -> Result<ModelRef, Error> {
        if let Some((provider, model)) = text.split_once('/')
            && let Ok(custom) = Provider::exactly(provider)
            && self.is_custom(&custom)
        {
            return Ok(ModelRef::new(custom, model)?);
        }
        Ok(ModelRef::parse(text)?)
    }

    /// Resolves a model ref. Nothing is sent, and no login is refreshed.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidRequest`](qwen_openclaw_http::ErrorKind::InvalidRequest) for an invalid ref and
    /// for an unknown provider (with suggestions); otherwise same as [`EndpointRules::decide`]. A
    /// missing credential is not an error here: see [`Route::credential_error`].
    pub async fn route(&self, text: &str) -> Result<Route, Error> {
        let model = self.parse(text)?;
        let route = self.route_to(&model.provider).await?;
        Ok(route.with_model(&model.model, self.edition))
    }

    /// Resolves the route to a provider, without a model.
    ///
    /// # Errors
    ///
    /// Same as [`route`](Self::route).
    pub async fn route_to(&self, provider: &Provider) -> Result<Route, Error> {
        let credential = match self.credentials_of(provider) {
            Ok(None) => Ok(None),
            Ok(Some(credentials)) => credentials.peek().await.map(Some),
            Err(error) => Err(error),
        };
        let rules = self.rules_of(provider)?;
        resolve(provider, &rules, &LastEndpoint::default(), credential)
    }

    /// Resolves the route to `qwen` with its Standard credential.
    ///
    /// See [`route_to`](Self::route_to) and [`standard_credentials`](Self::standard_credentials).
    ///
    /// # Errors
    ///
    /// Same as [`route`](Self::route).
    pub async fn standard_route(&self) -> Result<Route, Error> {
        let Ok(credentials) = self.standard_credentials() else {
            return self.route_to(&Provider::QWEN).await;
        };
        let credential = credentials.peek().await.map(Some);
        let rules = self.rules_of(&Provider::QWEN)?;
        resolve(
            &Provider::QWEN,
            &rules,
            &LastEndpoint::default(),
            credential,
        )
    }

    /// Creates a builder for a connection to a provider.
    ///
    /// # Errors
    ///
    /// Kind [`Authentication`](qwen_openclaw_http::ErrorKind::Authentication) when there is certainly
    /// no credential, and when the environment's base URL is not valid UTF-8.
    pub fn connect(&self, provider: &Provider) -> Result<ConnectionBuilder, Error> {
        let mut builder = Connection::builder(provider.clone(), self.rules_of(provider)?);
        let credentials = self.credentials_of(provider);
        let is_nowhere = || builder.rules().decide(provider, None).is_err();
        let is_configured = self.configured.contains_key(provider);
        let is_known = provider.is_well_known() || is_configured;
        if credentials.is_err() && !is_known && is_nowhere() {
            return Err(provider.unknown().into());
        }
        if let Some(credentials) = credentials? {
            builder = builder.credentials(credentials);
        }
        Ok(self.equip(provider, builder))
    }

    /// Like [`connect`](Self::connect), with `credentials` in place of the provider's own.
    ///
    /// # Errors
    ///
    /// When the environment's base URL is not valid UTF-8.
    pub fn connect_with(
        &self,
        provider: &Provider,
        credentials: Arc<dyn CredentialProvider>,
    ) -> Result<ConnectionBuilder, Error> {
        let builder = Connection::builder(provider.clone(), self.rules_of(provider)?);
        Ok(self.equip(provider, builder.credentials(credentials)))
    }

    /// Finds a provider's explicit key, or else that of the environment, or else the configured one, and
    /// its source.
    ///
    /// Stored profiles, which rank after the explicit key, are not considered.
    ///
    /// # Errors
    ///
    /// When there is no key, or when the one found is not valid.
    pub fn key(&self, provider: &Provider) -> Result<Resolved, qwen_openclaw_auth::Error> {
        let mut resolver = Resolver::new(provider.clone()).environment(&self.environment);
        if let Some(key) = self.explicit_key(provider) {
            resolver = resolver.explicit(key.clone());
        }
        match self.configured_key(provider) {
            None => resolver.resolve(),
            Some(Ok((key, source))) => resolver.config_key(key.clone(), source.clone()).resolve(),
            Some(Err(unusable)) => resolver.resolve().map_err(|error| match error.kind() {
                ErrorKind::Missing => unusable.clone(),
                _ => error,
            }),
        }
    }

    /// Returns the endpoint rules of a provider.
    ///
    /// # Errors
    ///
    /// When `QWEN_BASE_URL` is not valid UTF-8, and
    /// [`NotFound`](qwen_openclaw_http::ErrorKind::NotFound) when a configuration has turned the
    /// provider off (see [`ConfiguredProvider::plugin_is_off`]).
    pub fn rules_of(&self, provider: &Provider) -> Result<EndpointRules, Error> {
        self.check_plugin(provider)?;
        let custom = self.custom.get(provider).map(|custom| &custom.base_url);
        let environment = match self.environment.get(variables::QWEN_BASE_URL) {
            Some(variable) if *provider == Provider::QWEN => {
                Some((UrlText::from(variable.value()?), variable.source()))
            }
            _ => None,
        };
        Ok(EndpointRules {
            explicit: self.base_urls.get(provider).or(custom).cloned(),
            plan: self.plan,
            region: self.region,
            environment,
            configured: self.configured.get(provider).and_then(|known| {
                let url = known.base_url.clone()?;
                Some((url, known.source.clone()))
            }),
            plain_http: self.plain_http,
        })
    }

    pub(crate) fn explicit_key(&self, provider: &Provider) -> Option<&ApiKey> {
        let custom = self
            .custom
            .get(provider)
            .and_then(|custom| custom.key.as_ref());
        self.keys.get(provider).or(custom)
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
        if let Some(known) = self.configured.get(provider) {
            builder = builder.entry(&known.headers);
        }
        if let Some(custom) = self.custom.get(provider) {
            builder = builder.headers(&custom.headers);
        }
        builder
    }
}
