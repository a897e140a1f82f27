//! The client: sends requests, keeps to limits, and turns error statuses into errors.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::LOCATION, header::USER_AGENT};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tracing::debug;

#[cfg(feature = "reqwest-0-13")]
use crate::backend::HandedIn;
use crate::{
    Body, Error, ErrorKind, Lookup, Request, Response, Secrets, SendRequest, ServerError,
    backend::{Backend, BackendOptions},
    request::request_id,
    retry::retry_after,
    target::{self, ResolveName, Unresolved},
};

mod buffered;
mod fetch;

pub use buffered::BufferedResponse;

/// Largest error body that is read: the service's own are under 2 KiB, a gateway's page may be more.
const ERROR_BODY_LIMIT: usize = 64 << 10;
/// How long an error body may take. A server that stalls here has said all it will.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests. Cheap to clone; clones share connections.
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
    /// Starts to set up a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Starts a GET request.
    pub fn get(&self, url: impl Into<String>) -> Request {
        Request::new(Method::GET, url)
    }

    /// Starts a POST request.
    pub fn post(&self, url: impl Into<String>) -> Request {
        Request::new(Method::POST, url)
    }

    /// Sends `request` once and waits for the head of a successful answer.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] of the server and of the way to it. For an error status the body has
    /// been read: see [`Error::code`] and [`Error::request_id`].
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let (host, secrets) = (request.host(), request.secrets());
        let head_timeout = request.head_timeout.unwrap_or(self.head_timeout);
        let response = self.exchange(request).await?;
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

    /// Sends `request` once and waits for the head of an answer of any status.
    async fn exchange(&self, request: Request) -> Result<http::Response<Body>, Error> {
        let limit = request.head_timeout.unwrap_or(self.head_timeout);
        let (public_only, secrets) = (request.public_only, request.secrets());
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
            self.sender.send(request).await
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
            request_id = request_id(response.headers(), &secrets),
            "response"
        );
        Ok(response)
    }

    /// Sees to it that a request to an address that a server gave does not lead inward, whoever
    /// sends it.
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

    /// Sends `request` once and reads the whole answer as JSON. The body may take as long again as
    /// the head. Where the answer repeats the key that was sent, `[key]` stands in its place.
    ///
    /// # Errors
    ///
    /// As [`Client::send`], also [`ErrorKind::TooLarge`], and [`ErrorKind::Protocol`] when the
    /// answer is not the JSON expected.
    pub async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Error> {
        let answer = self.buffered_json(request, self.json_limit).await?;
        serde_json::from_slice(answer.json()).map_err(|error| {
            Error::new(ErrorKind::Protocol)
                .with_message("the server's answer is not the JSON expected")
                .with_source(error)
        })
    }
}

fn late(host: &str, limit: Duration) -> Error {
    let seconds = limit.as_secs_f32();
    Error::new(ErrorKind::Timeout).with_message(format!("{host} did not answer within {seconds} s"))
}

fn redirected(status: u16, host: &str, headers: &HeaderMap, secrets: &Secrets) -> Error {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    // Only the host: the rest of a location may hold tokens.
    let target = target.and_then(|target| url::Url::parse(target).ok());
    let target = target.as_ref().and_then(url::Url::host_str);
    let target = target.and_then(|host| secrets.clean(host));
    let target = target.as_deref().unwrap_or("another place");
    Error::from_answer(status, ServerError::default(), None).with_message(format!(
        "{host} redirects to {target} (status {status}), and a key does not follow: \
         check the base URL"
    ))
}

async fn failed(status: u16, headers: &HeaderMap, body: Body, secrets: &Secrets) -> Error {
    let body = timeout(ERROR_BODY_TIMEOUT, body.bytes_lossy(ERROR_BODY_LIMIT)).await;
    let server = ServerError::parse(&body.unwrap_or_default()).unwrap_or_default();
    let server = server.masked(secrets);
    let server = server.or_request_id(request_id(headers, secrets));
    Error::from_answer(status, server, retry_after(headers, SystemTime::now()))
}

/// Sets up a [`Client`].
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
    /// Sends through `sender` instead of the built-in reqwest client. Addresses that a server gave
    /// are checked all the same, as its [`lookup`](SendRequest::lookup) wants it.
    pub fn sender(mut self, sender: impl SendRequest + 'static) -> Self {
        self.sender = Some(Arc::new(sender));
        self
    }

    /// Sends through a configured reqwest client, for proxies, certificates or name resolution of
    /// one's own. Turn its redirects off: a key must not follow one.
    ///
    /// Names of addresses that a server gave are checked before, and looked up by `client` once
    /// more: what changes in between gets through, see [`Lookup::Own`].
    #[cfg(feature = "reqwest-0-13")]
    pub fn reqwest(self, client: reqwest::Client) -> Self {
        self.sender(HandedIn(client))
    }

    /// Says that the sender that was handed in reaches the world through a proxy which resolves
    /// names. Addresses that a server gave are then asked for even where their names do not resolve
    /// here; by default a sender with a lookup of its own is not handed such a name. The built-in
    /// one needs no telling.
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

    /// Sets how long making a connection may take. The default is 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Sets how long connection and response head may take together, where the request does not
    /// say. The default is a minute.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// Sets the largest JSON answer that is read. The default is 16 MiB.
    pub fn json_limit(mut self, bytes: usize) -> Self {
        self.json_limit = bytes;
        self
    }

    /// Sets the `User-Agent`. The default is `qwen-openclaw/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Finishes the client. Nothing is connected yet, and the trust store is read at the first
    /// request to another machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setup`] when the user agent cannot stand in a header.
    pub fn build(self) -> Result<Client, Error> {
        let user_agent = HeaderValue::from_str(&self.user_agent).map_err(|error| {
            Error::unsent(ErrorKind::Setup)
                .with_message("the user agent cannot be sent in a header")
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

/// Lets the body of a canned answer be written as bytes or text.
impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

#[cfg(test)]
mod tests;
