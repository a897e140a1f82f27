//! The connection to one provider: what all calls to it share.

use std::sync::Arc;

use qwen_openclaw_auth::{Credential, CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_http::{Body, ExtraHeaders, RetryPolicy};

use crate::{
    Call, EndpointRules, Error, Hint, RequestTemplate, Route, RoutedEndpoint, ServiceHost,
    drain::Drain, endpoint::LastEndpoint, entry_headers::EntryHeaders, portal,
};

/// A client for one provider.
///
/// Cheap to clone; clones share connections. The only background task it spawns is that of
/// [`drain_rest`](Self::drain_rest): when a reply is complete but its body has not ended, it reads
/// on for at most 50 ms and 4 KiB to keep the connection alive.
#[derive(Clone, Debug)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: qwen_openclaw_http::Client,
    provider: Provider,
    rules: EndpointRules,
    last_endpoint: LastEndpoint,
    credentials: Option<Arc<dyn CredentialProvider>>,
    workspace: Option<String>,
    entry: EntryHeaders,
    headers: ExtraHeaders,
    retry: RetryPolicy,
    drain: Drain,
}

impl Connection {
    /// Creates a builder for a connection to `provider`, whose endpoint `rules` decide.
    ///
    /// Without a credential, requests are not authorized.
    pub fn builder(provider: Provider, rules: EndpointRules) -> ConnectionBuilder {
        ConnectionBuilder {
            provider,
            rules,
            credentials: None,
            workspace: None,
            entry: EntryHeaders::default(),
            headers: ExtraHeaders::default(),
            retry: RetryPolicy::default(),
            http: None,
        }
    }

    /// Returns the provider.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.shared.provider
    }

    /// Returns the HTTP client.
    #[must_use]
    pub fn http(&self) -> &qwen_openclaw_http::Client {
        &self.shared.http
    }

    /// Returns the workspace, if it was set. `None` is the workspace of the key.
    #[must_use]
    pub fn workspace(&self) -> Option<&str> {
        self.shared.workspace.as_deref()
    }

    /// Returns the retry policy.
    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.shared.retry
    }

    /// Creates a call. Nothing is sent until one of its methods, such as [`Call::send`], is called.
    #[must_use]
    pub fn call(&self, request: RequestTemplate) -> Call {
        Call::new(self.clone(), request)
    }

    /// Resolves the route of the next request from the current credential and the rules.
    ///
    /// # Errors
    ///
    /// Same as [`EndpointRules::decide`]. A missing credential is not an error here: see
    /// [`Route::credential_error`].
    pub async fn route(&self) -> Result<Route, Error> {
        let credential = match &self.shared.credentials {
            Some(credentials) => credentials.credential().await.map(Some),
            None => Ok(None),
        };
        self.resolve(credential)
    }

    /// Returns where requests go unless a stored credential says otherwise.
    ///
    /// # Errors
    ///
    /// Same as [`EndpointRules::decide`].
    pub fn endpoint_without_key(&self) -> Result<RoutedEndpoint, Error> {
        self.shared.rules.decide(&self.shared.provider, None)
    }

    /// Resolves the route without a credential, as far as it is the same for every key.
    ///
    /// # Errors
    ///
    /// As [`EndpointRules::decide`].
    pub fn route_without_key(&self) -> Result<Route, Error> {
        self.resolve(Ok(None))
    }

    /// Returns the error for what the server reported inside a response that began as a success, with
    /// the meaning and the [`Hint`] that an error response has.
    #[must_use]
    pub fn reported(&self, error: qwen_openclaw_http::Error) -> Error {
        let Ok(route) = self.route_without_key() else {
            return error.into();
        };
        let error = portal::reread(error, &route);
        let hint = Hint::of(&error, &route, ServiceHost::Api);
        Error::from(error).with_hint(hint)
    }

    /// Reads the rest of a body whose reply is complete, so that its connection can be reused.
    pub fn drain_rest(&self, body: Body) {
        self.shared.drain.take(body);
    }

    pub(crate) fn route_with(&self, credential: Credential) -> Result<Route, Error> {
        self.resolve(Ok(Some(credential)))
    }

    fn resolve(
        &self,
        credential: Result<Option<Credential>, qwen_openclaw_auth::Error>,
    ) -> Result<Route, Error> {
        let Shared {
            provider,
            rules,
            last_endpoint,
            ..
        } = &*self.shared;
        resolve(provider, rules, last_endpoint, credential)
    }

    pub(crate) fn credentials(&self) -> Option<&Arc<dyn CredentialProvider>> {
        self.shared.credentials.as_ref()
    }

    pub(crate) fn headers(&self) -> &ExtraHeaders {
        &self.shared.headers
    }

    pub(crate) fn entry(&self) -> &EntryHeaders {
        &self.shared.entry
    }

    pub(crate) fn drain(&self) -> &Drain {
        &self.shared.drain
    }
}

/// Assembles a route.
pub(crate) fn resolve(
    provider: &Provider,
    rules: &EndpointRules,
    last_endpoint: &LastEndpoint,
    credential: Result<Option<Credential>, qwen_openclaw_auth::Error>,
) -> Result<Route, Error> {
    let known = credential.as_ref().ok().and_then(Option::as_ref);
    Ok(Route {
        endpoint: rules.decide_again(last_endpoint, provider, known)?,
        provider: provider.clone(),
        credential,
        model: None,
    })
}

/// Configures a [`Connection`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ConnectionBuilder {
    provider: Provider,
    rules: EndpointRules,
    credentials: Option<Arc<dyn CredentialProvider>>,
    workspace: Option<String>,
    entry: EntryHeaders,
    headers: ExtraHeaders,
    retry: RetryPolicy,
    http: Option<qwen_openclaw_http::Client>,
}

impl ConnectionBuilder {
    /// Sends requests with this credential. The default is none.
    pub fn credential(self, credential: impl Into<Credential>) -> Self {
        self.credentials(Arc::new(StaticCredential::new(credential)))
    }

    /// Gets the credential from `credentials` before each request. The default is none.
    pub fn credentials(mut self, credentials: Arc<dyn CredentialProvider>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Adds a header to each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Adds the headers of a configuration's entry.
    pub(crate) fn entry(mut self, entry: &EntryHeaders) -> Self {
        self.entry = entry.clone();
        self
    }

    /// Adds headers to each request.
    pub fn headers(mut self, headers: &ExtraHeaders) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Sets the workspace, which is sent in the header `X-DashScope-WorkSpace`. The default is the
    /// workspace of the key.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        self.workspace = Some(id.clone());
        self.header("X-DashScope-WorkSpace", id)
    }

    /// Sets the provider.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// Sets the retry policy. The default is [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Uses `http`, which several connections may share. The default is a new client.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Allows base URLs with plain http to other machines. By default they are rejected.
    pub fn allow_plain_http(mut self) -> Self {
        self.rules = self.rules.allow_plain_http();
        self
    }

    /// Returns the rules that decide the endpoint.
    #[must_use]
    pub fn rules(&self) -> &EndpointRules {
        &self.rules
    }

    /// Builds the connection. Nothing is sent and no credential is looked up yet.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be set up.
    pub fn build(self) -> Result<Connection, Error> {
        let http = match self.http {
            Some(http) => http,
            None => qwen_openclaw_http::Client::builder().build()?,
        };
        Ok(Connection {
            shared: Arc::new(Shared {
                http,
                provider: self.provider,
                rules: self.rules,
                last_endpoint: LastEndpoint::default(),
                credentials: self.credentials,
                workspace: self.workspace,
                entry: self.entry,
                headers: self.headers,
                retry: self.retry,
                drain: Drain::default(),
            }),
        })
    }
}
