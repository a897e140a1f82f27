//! The client: one endpoint, one credential, any number of chats.

mod attempt;
mod clocks;
mod describe;
mod models;
mod stream;
pub(crate) mod timeouts;
mod tool_loop;

use std::{sync::Arc, time::Duration};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::{Edition, Plan, Provider, classify, find};
use qwen_openclaw_client::{Connection, ConnectionBuilder, EndpointRules, Route};
use qwen_openclaw_http::RetryPolicy;

use crate::{
    ChatRequest, Error, ModelCapabilities, Reply, RequestNote, payload,
    payload::context::{BodyHook, BodyOptions, Context},
    reply::decode::Limits,
};

pub use self::{
    describe::{Describe, Description},
    models::DiscoveredModel,
    stream::ReplyStream,
    timeouts::{Stall, StreamTimeouts},
    tool_loop::{Json, ToolLoop, ToolOutput, Tools},
};
pub(crate) use attempt::Attempt;

/// Chats with the models of one endpoint. Cheap to clone; clones share connections.
///
/// ```no_run
/// use qwen_openclaw_auth::ApiKey;
/// use qwen_openclaw_transport::{ChatRequest, Client, Event};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let key = ApiKey::parse("sk-...")?;
/// let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
/// let client = Client::builder(base, key).build()?;
/// let mut reply = client.stream(&ChatRequest::new("qwen3.5-plus").user("Hello!")).await?;
/// while let Some(event) = reply.next().await {
///     if let Event::Text(text) = event? {
///         print!("{text}");
///     }
/// }
/// let reply = reply.finish().await?;
/// println!("{:?}", reply.usage());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What every chat of a client uses.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) connection: Connection,
    pub(crate) options: Options,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) stream_timeouts: Option<StreamTimeouts>,
    pub(crate) limits: Limits,
    pub(crate) wait_timeout: Option<Duration>,
    pub(crate) body: BodyOptions,
}

impl Client {
    /// Starts to set up a client for `base_url`, to be used with `credential`: an
    /// [`ApiKey`](qwen_openclaw_auth::ApiKey), for instance.
    pub fn builder(
        base_url: impl Into<String>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// As [`builder`](Self::builder), with a credential that is asked for before each request.
    pub fn builder_with(
        base_url: impl Into<String>,
        credential: Arc<dyn CredentialProvider>,
    ) -> ClientBuilder {
        let base_url: String = base_url.into();
        // Whose models these are, the host tells.
        let provider = match classify(&base_url).plan() {
            Some(Plan::Token) => Provider::QWEN_TOKEN_PLAN,
            Some(Plan::Portal) => Provider::QWEN_OAUTH,
            _ => Provider::QWEN,
        };
        let rules = EndpointRules::new().base_url(base_url);
        Self::over(Connection::builder(provider, rules).credentials(credential))
    }

    /// Starts to set up a client that calls through `connection`, which decides for each request
    /// where it goes and with which key.
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            connection,
            options: Options::default(),
        }
    }

    /// Sends `request` and waits until the server begins to answer.
    ///
    /// Failures before that are tried again as the [`RetryPolicy`] says, and so are those that
    /// come after it but before the first piece of the reply. After the first piece nothing is
    /// sent again.
    ///
    /// # Errors
    ///
    /// What the server said instead of a reply, typed, with its request id; or what kept the
    /// request from being sent. Any [`ErrorKind`](crate::ErrorKind) but `Truncated` and `ToolArguments`.
    pub async fn stream(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        // Boxed: what is needed to open a stream would otherwise lie in the caller's future for
        // as long as the reply lasts.
        let opened = async {
            let route = self.shared.connection.route().await.map_err(Error::from)?;
            let (opener, timeouts) = self.opener(route, request)?;
            ReplyStream::open(opener, timeouts).await
        };
        Box::pin(opened).await
    }

    /// As [`stream`](Self::stream), along a route of this client's connection that has been resolved
    /// already.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream).
    pub async fn stream_on(
        &self,
        route: Route,
        request: &ChatRequest,
    ) -> Result<ReplyStream, Error> {
        let (opener, timeouts) = self.opener(route, request)?;
        // Boxed, as in `stream`.
        Box::pin(ReplyStream::open(opener, timeouts)).await
    }

    fn opener(
        &self,
        route: Route,
        request: &ChatRequest,
    ) -> Result<(Box<Attempt>, StreamTimeouts), Error> {
        let body = payload::body(request, &self.body_context(&route))?;
        let timeouts = self.stream_timeouts(&request.model);
        let shared = Arc::clone(&self.shared);
        let opener = Attempt::new(shared, route, body, &request.model, timeouts);
        Ok((Box::new(opener), timeouts))
    }

    /// Returns what of `request` would have no effect on `route`, or would be changed so that the
    /// service takes it. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a request that would be
    /// refused before it is sent.
    pub fn notes_on(
        &self,
        route: &Route,
        request: &ChatRequest,
    ) -> Result<Vec<RequestNote>, Error> {
        payload::notes(request, &self.body_context(route))
    }

    /// Sends `request` and waits for the whole reply.
    ///
    /// This is [`stream`](Self::stream), folded: the two cannot disagree, and models that refuse
    /// to think outside of a stream work all the same.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream) and [`ReplyStream::next`]; what had arrived is in
    /// [`Error::partial`].
    pub async fn send(&self, request: &ChatRequest) -> Result<Reply, Error> {
        let mut stream = self.stream(request).await?;
        stream.fold().await
    }

    /// Returns the connection that requests are sent through.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.shared.connection
    }

    fn body_context<'a>(&'a self, route: &'a Route) -> Context<'a> {
        Context {
            provider: route.provider(),
            class: route.endpoint().class(),
            options: &self.shared.options.body,
        }
    }

    fn stream_timeouts(&self, model: &str) -> StreamTimeouts {
        self.shared.options.stream_timeouts.unwrap_or_else(|| {
            // A model nobody knows may think: patience costs less than a lost reply.
            let provider = self.shared.connection.provider();
            match find(provider, model, Edition::default()) {
                Some(row) if !row.reasoning() => StreamTimeouts::default(),
                _ => StreamTimeouts::thinking(),
            }
        })
    }
}

/// Sets up a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    connection: ConnectionBuilder,
    options: Options,
}

impl ClientBuilder {
    /// Changes the connection that requests are sent through.
    pub fn connection(
        mut self,
        change: impl FnOnce(ConnectionBuilder) -> ConnectionBuilder,
    ) -> Self {
        self.connection = change(self.connection);
        self
    }

    /// Sends through `http`, which clients may share. The default is a client of its own.
    pub fn http(self, http: qwen_openclaw_http::Client) -> Self {
        self.connection(|connection| connection.http(http))
    }

    /// Says whose models these are, for what the catalog knows of them. The default goes by the
    /// host: the Token Plan, the portal, otherwise [`Provider::QWEN`].
    pub fn provider(self, provider: Provider) -> Self {
        self.connection(|connection| connection.provider(provider))
    }

    /// Sets when failed requests are sent again. The default is [`RetryPolicy::default`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.connection(|connection| connection.retry(policy))
    }

    /// Sends the key over plain http to other machines too, where the base URL says so. By default
    /// that is refused.
    pub fn allow_plain_http(self) -> Self {
        self.connection(ConnectionBuilder::allow_plain_http)
    }

    /// Sends a header with each request, such as `X-DashScope-WorkSpace`. `Debug` does not show its
    /// value.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.connection(|connection| connection.header(name, value))
    }

    /// Sets how long the server may be silent. The default depends on the model:
    /// [`StreamTimeouts::default`], or [`StreamTimeouts::thinking`] for those that think.
    pub fn stream_timeouts(mut self, timeouts: StreamTimeouts) -> Self {
        self.options.stream_timeouts = Some(timeouts);
        self
    }

    /// Sets how large a reply may be. The default is [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Asks for token counts, or does not. By default they are asked for on the service's own
    /// hosts and on loopback, whatever the provider is called, and not elsewhere.
    pub fn usage(mut self, ask: bool) -> Self {
        self.options.body.usage = Some(ask);
        self
    }

    /// Lets the server queue a request for up to `wait` instead of answering with a throttle, by
    /// the header `X-DashScope-Wait-Timeout` in whole seconds. The limit for the response head
    /// grows by as much. The vendor advises 3 to 120 seconds. The default is not to ask.
    pub fn wait_timeout(mut self, wait: Duration) -> Self {
        self.options.wait_timeout = Some(wait);
        self
    }

    /// Says what a model takes, where the catalog does not know it or is wrong.
    pub fn model(mut self, id: impl Into<String>, traits: ModelCapabilities) -> Self {
        self.options.body.overrides.models.insert(id.into(), traits);
        self
    }

    /// Says what all models take that [`model`](Self::model) does not name, such as those of a
    /// custom provider. The default is what the catalog says.
    pub fn all_models(mut self, traits: ModelCapabilities) -> Self {
        self.options.body.overrides.others = traits;
        self
    }

    /// Lets `change` have the last word on each body before it is sent. Only what a model's contract
    /// insists on, because the service would refuse the request, is corrected after it.
    pub fn on_body(
        mut self,
        change: impl Fn(&mut serde_json::Map<String, serde_json::Value>) + Send + Sync + 'static,
    ) -> Self {
        self.options.body.hook = Some(BodyHook::new(change));
        self
    }

    /// Finishes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the base URL is not one a key may be sent to,
    /// [`ErrorKind::Setup`](crate::ErrorKind::Setup) when the HTTP client cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let connection = self.connection.build().map_err(Error::from)?;
        // Said now, not at the first request.
        connection.endpoint_without_key().map_err(Error::from)?;
        let options = self.options;
        Ok(Client {
            shared: Arc::new(Shared {
                connection,
                options,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use qwen_openclaw_auth::ApiKey;

    use super::*;

    #[test]
    fn debug_shows_no_header_and_no_password() {
        let key = ApiKey::parse("sk-secret-0123456789").unwrap();
        let builder = Client::builder("https://me:secret@a.example", key.clone());
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("a.example") && !shown.contains("secret"),
            "{shown}"
        );

        let builder = Client::builder("https://a.example", key).header("x-tenant", "secret");
        let client = builder.build().unwrap();
        let shown = format!("{client:?}");
        assert!(
            shown.contains("x-tenant") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
