//! The connection to one provider: what every call of it shares.

use std::sync::Arc;

use qwen_openclaw_auth::{Credential, CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_http::{Body, ExtraHeaders, RetryPolicy};

use crate::{Call, EndpointRules, Error, RequestTemplate, Route, RoutedEndpoint, drain::Drain};

/// Calls one provider. Cheap to clone; clones share connections.
///
/// It spawns no task but one: when a reply is complete and the end of its body is late,
/// [`drain_rest`](Self::drain_rest) reads that end in the background, for at most 50 ms and 4 KiB,
/// to keep the connection.
#[derive(Clone, Debug)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: qwen_openclaw_http::Client,
    provider: Provider,
    rules: EndpointRules,
    credentials: Option<Arc<dyn CredentialProvider>>,
    headers: ExtraHeaders,
    retry: RetryPolicy,
    drain: Drain,
}

impl Connection {
    /// Starts to set up a connection to `provider`, whose endpoint `rules` decide. Without a
    /// credential, requests carry none.
    pub fn builder(provider: Provider, rules: EndpointRules) -> ConnectionBuilder {
        ConnectionBuilder {
            provider,
            rules,
            credentials: None,
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

    /// Returns when failed requests are sent again.
    #[must_use]
    pub fn retry(&self) -> &RetryPolicy {
        &self.shared.retry
    }

    /// Starts a call. Nothing is sent before [`Call::send`] or [`Call::once`].
    #[must_use]
    pub fn call(&self, request: RequestTemplate) -> Call {
        Call::new(self.clone(), request)
    }

    /// Resolves the route of the next request: the credential as it is now, and the endpoint that
    /// it and the rules lead to.
    ///
    /// # Errors
    ///
    /// As [`EndpointRules::decide`]. That there is no credential is no error here: see
    /// [`Route::credential_error`].
    pub async fn route(&self) -> Result<Route, Error> {
        let credential = match &self.shared.credentials {
            Some(credentials) => credentials.credential().await.map(Some),
            None => Ok(None),
        };
        resolve(&self.shared.provider, &self.shared.rules, credential)
    }

    /// Returns where requests go if no stored credential says otherwise.
    ///
    /// # Errors
    ///
    /// As [`EndpointRules::decide`].
    pub fn endpoint_without_key(&self) -> Result<RoutedEndpoint, Error> {
        self.shared.rules.decide(&self.shared.provider, None)
    }

    /// Resolves the route as far as it is the same for every key: without one.
    ///
    /// # Errors
    ///
    /// As [`EndpointRules::decide`].
    pub fn route_without_key(&self) -> Result<Route, Error> {
        resolve(&self.shared.provider, &self.shared.rules, Ok(None))
    }

    /// Reads the rest of a body whose reply is complete, so that its connection can be used again.
    pub fn drain_rest(&self, body: Body) {
        self.shared.drain.take(body);
    }

    pub(crate) fn route_with(&self, credential: Credential) -> Result<Route, Error> {
        let (provider, rules) = (&self.shared.provider, &self.shared.rules);
        resolve(provider, rules, Ok(Some(credential)))
    }

    pub(crate) fn credentials(&self) -> Option<&Arc<dyn CredentialProvider>> {
        self.shared.credentials.as_ref()
    }

    pub(crate) fn headers(&self) -> &ExtraHeaders {
        &self.shared.headers
    }

    pub(crate) fn drain(&self) -> &Drain {
        &self.shared.drain
    }
}

/// Puts a route together.
pub(crate) fn resolve(
    provider: &Provider,
    rules: &EndpointRules,
    credential: Result<Option<Credential>, qwen_openclaw_auth::Error>,
) -> Result<Route, Error> {
    let known = credential.as_ref().ok().and_then(Option::as_ref);
    Ok(Route {
        endpoint: rules.decide(provider, known)?,
        provider: provider.clone(),
        credential,
        model: None,
    })
}

/// Sets up a [`Connection`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ConnectionBuilder {
    provider: Provider,
    rules: EndpointRules,
    credentials: Option<Arc<dyn CredentialProvider>>,
    headers: ExtraHeaders,
    retry: RetryPolicy,
    http: Option<qwen_openclaw_http::Client>,
}

impl ConnectionBuilder {
    /// Sends requests with this credential. The default is none.
    pub fn credential(self, credential: impl Into<Credential>) -> Self {
        self.credentials(Arc::new(StaticCredential::new(credential)))
    }

    /// Asks for the credential before each request. The default is none.
    pub fn credentials(mut self, credentials: Arc<dyn CredentialProvider>) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sends a header with each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sends headers with each request.
    pub fn headers(mut self, headers: &ExtraHeaders) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Names the workspace that requests belong to, by the header `X-DashScope-WorkSpace`. The
    /// default is that of the key.
    pub fn workspace(self, id: impl Into<String>) -> Self {
        self.header("X-DashScope-WorkSpace", id)
    }

    /// Sets the provider.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// Sets when failed requests are sent again. The default is [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sends through `http`, which connections may share. The default is a client of its own.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Accepts plain http to other machines, where the base URL says so. By default that is
    /// refused.
    pub fn allow_plain_http(mut self) -> Self {
        self.rules = self.rules.allow_plain_http();
        self
    }

    /// Returns the rules that decide the endpoint.
    #[must_use]
    pub fn rules(&self) -> &EndpointRules {
        &self.rules
    }

    /// Finishes. Nothing is sent and no credential is asked for yet.
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
                credentials: self.credentials,
                headers: self.headers,
                retry: self.retry,
                drain: Drain::default(),
            }),
        })
    }
}
