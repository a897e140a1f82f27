//! The client: one endpoint, one credential.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_client::{Connection, ConnectionBuilder, EndpointRules};
use qwen_openclaw_http::RetryPolicy;

use crate::Error;

/// The time limit of a request unless set otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Speaks and transcribes, with one key at one endpoint. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) connection: Connection,
    pub(crate) timeout: Duration,
}

impl Client {
    /// Creates a builder for a client of `base_url`, which may be that of any endpoint. The key must be
    /// a Standard key of the same region.
    pub fn builder(
        base_url: impl Into<String>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// Like [`builder`](Self::builder), with a provider that is asked for a credential before each
    /// request.
    pub fn builder_with(
        base_url: impl Into<String>,
        credential: Arc<dyn CredentialProvider>,
    ) -> ClientBuilder {
        let base_url: String = base_url.into();
        let rules = EndpointRules::new().base_url(base_url);
        Self::over(Connection::builder(Provider::QWEN, rules).credentials(credential))
    }

    /// Creates a builder for a client that sends through `connection`.
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            connection,
            timeout: TIMEOUT,
        }
    }

    /// Creates a client that shares a connection with other clients.
    #[must_use]
    pub fn on(connection: Connection) -> Self {
        Self {
            connection,
            timeout: TIMEOUT,
        }
    }

    /// Sets how long the server may take; see [`ClientBuilder::timeout`].
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Returns the connection that requests are sent through.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    connection: ConnectionBuilder,
    timeout: Duration,
}

impl ClientBuilder {
    /// Configures the connection that requests are sent through.
    pub fn connection(
        mut self,
        change: impl FnOnce(ConnectionBuilder) -> ConnectionBuilder,
    ) -> Self {
        self.connection = change(self.connection);
        self
    }

    /// Uses `http`, which several clients may share. The default is a new client.
    pub fn http(self, http: qwen_openclaw_http::Client) -> Self {
        self.connection(|connection| connection.http(http))
    }

    /// Sets the retry policy. The default is [`RetryPolicy::default`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.connection(|connection| connection.retry(policy))
    }

    /// Sets how long the server may take to begin its answer, and how long it may then be silent. The
    /// default is 60 seconds. There is always a limit: the service has been seen to accept a request
    /// and never answer it.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if a key must not be sent to the
    /// base URL, [`ErrorKind::Setup`](crate::ErrorKind::Setup) if the HTTP client cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let connection = self.connection.build()?;
        // Said now, not at the first request.
        connection.endpoint_without_key()?;
        Ok(Client {
            connection,
            timeout: self.timeout,
        })
    }
}
