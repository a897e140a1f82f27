//! The client: one endpoint, one credential, any number of chats.

mod attempt;
mod clocks;
mod describe;
mod end_hook;
mod models;
mod progress;
mod source;
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
    end_hook::ReplyEnd,
    models::DiscoveredModel,
    progress::{Progress, ProgressHook},
    source::StreamSource,
    stream::ReplyStream,
    timeouts::{Stall, StreamTimeouts},
    tool_loop::{Json, ToolLoop, ToolOutput, Tools},
};
pub(crate) use attempt::Attempt;

/// A chat client for one endpoint. Cheap to clone; clones share connections.
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
    /// Returns a builder for a client of `base_url` that sends `credential`: an
    /// [`ApiKey`](qwen_openclaw_auth::ApiKey), for instance.
    pub fn builder(
        base_url: impl Into<String>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// Like [`builder`](Self::builder), with a provider that is asked for a credential before each request.
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

    /// Returns a builder for a client that sends through `connection`, which decides the endpoint and
    /// the key of each request.
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            connection,
            options: Options::default(),
        }
    }

    /// Sends `request` and waits for the head of the response.
    ///
    /// Failures up to the first piece of the reply are retried within the [`RetryPolicy`]; later ones
    /// are not.
    ///
    /// # Errors
    ///
    /// The server's error, typed, with its request id; or the reason why the request was not sent.
    /// Any [`ErrorKind`](crate::ErrorKind) but `Truncated` and `ToolArguments`.
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

    /// Like [`stream`](Self::stream), on an already resolved route of this client's connection.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream).
    pub async fn stream_on(
        &self,
        route: Route,
        request: &ChatRequest,
    ) -> Result<ReplyStream, Error> {
        let opening = self.stream_on_with_progress(route, request, None);
        opening.await
    }

    /// Like [`stream_on`](Self::stream_on), and tells `hook`, if there is one, how far the request has
    /// come until the reply begins.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream).
    pub async fn stream_on_with_progress(
        &self,
        route: Route,
        request: &ChatRequest,
        hook: Option<ProgressHook>,
    ) -> Result<ReplyStream, Error> {
        let (mut opener, timeouts) = self.opener(route, request)?;
        if let Some(hook) = hook {
            opener = Box::new(opener.progress(hook));
        }
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

    /// Returns which settings of `request` would have no effect on `route`, or would be changed so that
    /// the service accepts them. Nothing is sent.
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

    /// Checks whether the model of `route` can serve `request`: whether it takes what is shown to it,
    /// answers as it is asked to, and can read that much, by an estimate. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with the reason.
    pub fn check_on(&self, route: &Route, request: &ChatRequest) -> Result<(), Error> {
        let model = route.model().unwrap_or(&request.model);
        payload::fits(request, model, &self.body_context(route))
    }

    /// Sends `request` and waits for the whole reply.
    ///
    /// The request is streamed and the events are folded, so the result is always that of
    /// [`stream`](Self::stream), and models that think only in a stream work too.
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

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    connection: ConnectionBuilder,
    options: Options,
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

    /// Sets the provider under which the catalog looks models up. The default depends on the host:
    /// the Token Plan, the portal, otherwise [`Provider::QWEN`].
    pub fn provider(self, provider: Provider) -> Self {
        self.connection(|connection| connection.provider(provider))
    }

    /// Sets the retry policy. The default is [`RetryPolicy::default`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.connection(|connection| connection.retry(policy))
    }

    /// Allows base URLs with plain http to other machines, to which the key is then sent. By default
    /// they are rejected.
    pub fn allow_plain_http(self) -> Self {
        self.connection(ConnectionBuilder::allow_plain_http)
    }

    /// Adds a header to each request, such as `X-DashScope-WorkSpace`. `Debug` does not show its
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

    /// Sets the memory limits of a reply. The default is [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets whether token counts are requested. By default they are on the service's own hosts and on
    /// loopback, regardless of the provider's id, and not elsewhere.
    pub fn usage(mut self, ask: bool) -> Self {
        self.options.body.usage = Some(ask);
        self
    }

    /// Lets the server queue a request for up to `wait` instead of throttling it, with the header
    /// `X-DashScope-Wait-Timeout` in whole seconds. The time limit of the response head grows by as
    /// much. The vendor recommends 3 to 120 seconds. By default the header is not sent.
    pub fn wait_timeout(mut self, wait: Duration) -> Self {
        self.options.wait_timeout = Some(wait);
        self
    }

    /// Sets the capabilities of a model that the catalog does not know, or is wrong about.
    pub fn model(mut self, id: impl Into<String>, traits: ModelCapabilities) -> Self {
        self.options.body.overrides.models.insert(id.into(), traits);
        self
    }

    /// Sets the capabilities of all models for which [`model`](Self::model) sets none, such as those
    /// of a custom provider. The default is what the catalog says.
    pub fn all_models(mut self, traits: ModelCapabilities) -> Self {
        self.options.body.overrides.others = traits;
        self
    }

    /// Calls `change` with each body before it is sent. Afterwards only what the service would refuse
    /// is corrected, by the model's contract.
    pub fn on_body(
        mut self,
        change: impl Fn(&mut serde_json::Map<String, serde_json::Value>) + Send + Sync + 'static,
    ) -> Self {
        self.options.body.hook = Some(BodyHook::new(change));
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if a key must not be sent to the base URL,
    /// [`ErrorKind::Setup`](crate::ErrorKind::Setup) if the HTTP client cannot be set up.
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
