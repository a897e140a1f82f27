//! The client: sends requests, enforces limits, and turns error statuses into errors.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::LOCATION, header::USER_AGENT};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tracing::debug;

#[cfg(feature = "reqwest-0-13")]
use crate::backend::CallerClient;
use crate::{
    Body, Error, ErrorKind, Lookup, Request, Response, Secrets, SendRequest, ServerError,
    backend::{Backend, BackendOptions},
    request::request_id,
    retry::retry_after,
    target::{self, ResolveName, Unresolved},
};

mod buffered;
mod fetch;
#[cfg(feature = "ws")]
mod open_socket;

pub use buffered::BufferedResponse;

/// Maximum size of an error body: the service's own are under 2 KiB, a gateway's page may be larger.
const ERROR_BODY_LIMIT: usize = 64 << 10;
/// Time limit for an error body. A server that stalls here will not send more.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// An HTTP client.
///
/// Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    sender: Arc<dyn SendRequest>,
    names: Arc<dyn ResolveName>,
    unresolved: Unresolved,
    user_agent: HeaderValue,
    head_timeout: Duration,
    json_limit: usize,
}

impl Client {
    /// Creates a builder.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Creates a GET request.
    pub fn get(&self, url: impl Into<String>) -> Request {
        Request::new(Method::GET, url)
    }

    /// Creates a POST request.
    pub fn post(&self, url: impl Into<String>) -> Request {
        Request::new(Method::POST, url)
    }

    /// Creates a DELETE request.
    pub fn delete(&self, url: impl Into<String>) -> Request {
        Request::new(Method::DELETE, url)
    }

    /// Sends `request` once and waits for the head of a successful response.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] of the server or the network. For an error status, the body has been read:
    /// see [`Error::code`] and [`Error::request_id`].
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let secrets = request.secrets();
        let head_timeout = request.head_timeout.unwrap_or(self.head_timeout);
        let (host, response) = self.exchange(request, &secrets).await?;
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        match status {
            200..=299 => Ok(Response {
                status,
                request_id: request_id(&head.headers, &secrets),
                headers: head.headers,
                body,
                secrets,
                host,
                head_timeout,
            }),
            300..=399 => Err(redirected(status, &host, &head.headers, &secrets)),
            _ => Err(failed(status, &head.headers, body, &secrets).await),
        }
    }

    /// Sends `request`, which contains `secrets`, once and waits for the head of a response with any
    /// status. Also returns the host.
    async fn exchange(
        &self,
        request: Request,
        secrets: &Secrets,
    ) -> Result<(String, http::Response<Body>), Error> {
        #[cfg(feature = "files")]
        if let Some(file) = request.file.clone() {
            let sent = self.exchange_by(request, secrets, |sender, request| {
                sender.send_file(request.map(drop), file)
            });
            return sent.await;
        }
        self.exchange_by(request, secrets, |sender, request| sender.send(request))
            .await
    }

    /// Like [`exchange`](Self::exchange), by any method of the sender.
    async fn exchange_by<'a, T>(
        &'a self,
        request: Request,
        secrets: &Secrets,
        send: impl FnOnce(&'a dyn SendRequest, http::Request<Bytes>) -> Sending<'a, T>,
    ) -> Result<(String, http::Response<T>), Error> {
        let limit = request.head_timeout.unwrap_or(self.head_timeout);
        let public_only = request.public_only;
        let mut request = request.into_http()?;
        request
            .headers_mut()
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        let host = request.uri().host().unwrap_or_default().to_owned();
        let port = request.uri().port_u16();
        debug!(method = %request.method(), host, path = request.uri().path(), "request");
        let sent = async {
            if public_only {
                self.check_target(&mut request).await?;
            }
            send(&*self.sender, request).await
        };
        let response = match timeout(limit, sent).await {
            Ok(Err(error)) if error.kind() == ErrorKind::Network && !error.was_sent() => {
                let port = port.map_or_else(String::new, |port| format!(":{port}"));
                return Err(error.with_message(format!("could not connect to {host}{port}")));
            }
            Ok(response) => response?,
            Err(_) => return Err(late(&host, limit)),
        };
        debug!(
            host,
            status = response.status().as_u16(),
            request_id = request_id(response.headers(), secrets),
            "response"
        );
        Ok((host, response))
    }

    /// Ensures that a request to a server-supplied URL does not reach into the local network,
    /// whichever sender is used.
    async fn check_target(&self, request: &mut http::Request<Bytes>) -> Result<(), Error> {
        let lookup = self.sender.lookup();
        if lookup == Lookup::Never {
            return Ok(());
        }
        let url = request.uri().to_string();
        let target = target::check(&url, &*self.names, lookup, self.unresolved).await?;
        request.extensions_mut().insert(target);
        Ok(())
    }

    /// Sends `request` once and reads the whole response as JSON.
    ///
    /// The body gets the same time limit again as the head. If the response echoes the key that was
    /// sent, it is replaced by `[key]`.
    ///
    /// # Errors
    ///
    /// Same as [`Client::send`]; also [`ErrorKind::TooLarge`], and [`ErrorKind::Protocol`] when the
    /// response is not the expected JSON.
    pub async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Error> {
        let answer = self.buffered_json(request, self.json_limit).await?;
        serde_json::from_slice(answer.json()).map_err(|error| {
            Error::new(ErrorKind::Protocol)
                .with_message("the server's response is not the expected JSON")
                .with_source(error)
        })
    }
}

/// A request on its way, as [`SendRequest`] has it.
type Sending<'a, T> = Pin<Box<dyn Future<Output = Result<http::Response<T>, Error>> + Send + 'a>>;

fn late(host: &str, limit: Duration) -> Error {
    let seconds = limit.as_secs_f32();
    Error::new(ErrorKind::Timeout)
        .with_message(format!("{host} did not respond within {seconds} s"))
}

fn redirected(status: u16, host: &str, headers: &HeaderMap, secrets: &Secrets) -> Error {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    // Only the host: the rest of a location may contain tokens.
    let target = target.and_then(|target| url::Url::parse(target).ok());
    let target = target.as_ref().and_then(url::Url::host_str);
    let target = target.and_then(|host| secrets.clean(host));
    let target = target.as_deref().unwrap_or("another location");
    Error::from_answer(status, ServerError::default(), None).with_message(format!(
        "{host} redirects to {target} (status {status}), but keys are not sent to redirect \
         targets: check the base URL"
    ))
}

async fn failed(status: u16, headers: &HeaderMap, body: Body, secrets: &Secrets) -> Error {
    let body = timeout(ERROR_BODY_TIMEOUT, body.bytes_lossy(ERROR_BODY_LIMIT)).await;
    let server = ServerError::parse(&body.unwrap_or_default()).unwrap_or_default();
    let server = server.masked(secrets);
    let server = server.or_request_id(request_id(headers, secrets));
    Error::from_answer(status, server, retry_after(headers, SystemTime::now()))
}

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    sender: Option<Arc<dyn SendRequest>>,
    unresolved: Unresolved,
    options: BackendOptions,
    user_agent: String,
    head_timeout: Duration,
    json_limit: usize,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            sender: None,
            unresolved: Unresolved::Refused,
            options: BackendOptions::default(),
            user_agent: concat!("qwen-openclaw/", env!("CARGO_PKG_VERSION")).to_owned(),
            head_timeout: Duration::from_secs(60),
            json_limit: 16 << 20,
        }
    }
}

impl ClientBuilder {
    /// Sends through `sender` instead of the built-in reqwest client.
    ///
    /// Server-supplied URLs are still checked, in the way that its [`lookup`](SendRequest::lookup)
    /// requires.
    pub fn sender(mut self, sender: impl SendRequest + 'static) -> Self {
        self.sender = Some(Arc::new(sender));
        self
    }

    /// Sends through a configured reqwest client, for custom proxies, certificates or name resolution.
    ///
    /// Turn off its redirects: a key must not follow one. Names in server-supplied URLs are checked
    /// first and then looked up again by `client`, so a change in between goes unnoticed; see
    /// [`Lookup::Unchecked`].
    #[cfg(feature = "reqwest-0-13")]
    pub fn reqwest(self, client: reqwest::Client) -> Self {
        self.sender(CallerClient::new(client))
    }

    /// Declares that the custom sender uses a proxy that resolves names.
    ///
    /// Server-supplied URLs are then fetched even if their names do not resolve on this machine. By
    /// default, a sender with its own lookup is not given such a name. The built-in sender does not
    /// need this setting.
    pub fn names_go_to_proxy(mut self) -> Self {
        self.unresolved = Unresolved::ToProxy;
        self
    }

    #[cfg(test)]
    pub(crate) fn names(mut self, names: Arc<dyn ResolveName>) -> Self {
        self.options.names = names;
        self
    }

    #[cfg(test)]
    pub(crate) fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.options.proxy = Some(proxy);
        self
    }

    /// Sets the connect timeout. The default is 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Sets the time limit for the connection and the response head together. The default is one
    /// minute.
    ///
    /// [`Request::head_timeout`] overrides it.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// Sets the maximum size of a JSON response. The default is 16 MiB.
    pub fn json_limit(mut self, bytes: usize) -> Self {
        self.json_limit = bytes;
        self
    }

    /// Sets the `User-Agent`. The default is `qwen-openclaw/` followed by the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Builds the client.
    ///
    /// No connection is made yet, and the trust store is read on the first request to another
    /// machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setup`] when the user agent is not a valid header value.
    pub fn build(self) -> Result<Client, Error> {
        let user_agent = HeaderValue::from_str(&self.user_agent).map_err(|error| {
            Error::unsent(ErrorKind::Setup)
                .with_message("the user agent is not a valid header value")
                .with_source(error)
        })?;
        Ok(Client {
            names: self.options.names.clone(),
            unresolved: self.unresolved,
            sender: self
                .sender
                .unwrap_or_else(|| Arc::new(Backend::new(self.options))),
            user_agent,
            head_timeout: self.head_timeout,
            json_limit: self.json_limit,
        })
    }
}

/// Lets the body of a canned response be written as bytes or text.
impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

#[cfg(test)]
mod tests;
