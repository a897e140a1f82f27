//! One call: authorized, with one credential refresh after a 401 and retries within the policy.

use std::{fmt, pin::Pin, time::Duration};

use qwen_openclaw_auth::Credential;
use qwen_openclaw_http::{Attempts, BufferedResponse, Client, Request, Response};
#[cfg(feature = "ws")]
use qwen_openclaw_http::{Socket, SocketOptions};
use tokio::time::sleep;
use tracing::debug;

use crate::{Connection, Error, Hint, RequestTemplate, Route, portal};

/// A call, created by [`Connection::call`].
///
/// It counts its attempts from start to finish, so that a caller that retries after a success (a
/// stream that broke before its first chunk) stays within the same policy.
pub struct Call {
    connection: Connection,
    request: RequestTemplate,
    check: Option<Check>,
    attempts: Attempts,
    refreshed: bool,
    /// The refreshed credential for the next request.
    newer: Option<Credential>,
    route: Option<Route>,
}

/// Rejects a route before anything is sent.
type Check = Box<dyn Fn(&Route) -> Result<(), Error> + Send + Sync>;

/// A request on its way. Boxed, as the compiler does not see that an async closure's is `Send`.
type Sending<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, qwen_openclaw_http::Error>> + Send + 'a>>;

impl Call {
    pub(crate) fn new(connection: Connection, request: RequestTemplate) -> Self {
        Self {
            attempts: connection.retry().attempts(),
            connection,
            request,
            check: None,
            refreshed: false,
            newer: None,
            route: None,
        }
    }

    /// Uses an already resolved `route` for the first request.
    #[must_use]
    pub fn on(mut self, route: Route) -> Self {
        self.route = Some(route);
        self
    }

    /// Checks each route before anything is sent; if `check` fails, so does the call.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&Route) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Box::new(check));
        self
    }

    /// Returns how many requests have been sent under the policy, including the current one.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.made()
    }

    /// Sends the request once, and again only with a refreshed credential after a 401.
    ///
    /// # Errors
    ///
    /// When there is no route or no credential; otherwise same as
    /// [`qwen_openclaw_http::Client::send`], with a [`Hint`] if the remedy is known.
    pub async fn once(&mut self) -> Result<Response, Error> {
        self.once_by(|http, request| Box::pin(http.send(request)))
            .await
    }

    /// Opens a WebSocket with the request, and tries again only with a refreshed credential after a
    /// 401.
    ///
    /// # Errors
    ///
    /// Same as [`once`](Self::once) and [`qwen_openclaw_http::Client::open_socket`].
    #[cfg(feature = "ws")]
    pub async fn open_socket(&mut self, options: &SocketOptions) -> Result<Socket, Error> {
        self.once_by(|http, request| Box::pin(http.open_socket(request, options.clone())))
            .await
    }

    async fn once_by<T>(
        &mut self,
        send: impl for<'a> Fn(&'a Client, Request) -> Sending<'a, T>,
    ) -> Result<T, Error> {
        loop {
            let route = self.next_route().await?;
            let http = self.connection.http();
            let (entry, headers) = (self.connection.entry(), self.connection.headers());
            let request = self.request.build(http, &route, entry, headers)?;
            self.connection.drain().wait_for_a_free_one().await;
            let error = match send(http, request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => portal::reread(error, &route),
            };
            if error.status() == Some(401)
                && !self.refreshed
                && let (Some(provider), Some(rejected)) =
                    (self.connection.credentials(), route.credential())
            {
                self.refreshed = true;
                self.newer = provider.refresh(rejected).await?;
                if self.newer.is_some() {
                    continue;
                }
            }
            let hint = Hint::of(&error, &route, self.request.service_host());
            return Err(Error::from(error).with_hint(hint));
        }
    }

    /// Like [`once`](Self::once), and reads the JSON response body, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// Same as [`once`](Self::once); also when the body is cut short, too long, or exceeds the time
    /// limit of the head.
    pub async fn answer_once(&mut self, limit: usize) -> Result<BufferedResponse, Error> {
        let response = self.once().await?;
        Ok(self.connection.http().read(response, limit).await?)
    }

    /// Sends the request and retries failures within the policy.
    ///
    /// # Errors
    ///
    /// The last failure; see [`once`](Self::once).
    pub async fn send(&mut self) -> Result<Response, Error> {
        loop {
            let error = match self.once().await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            match self.wait_after(&error) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Like [`send`](Self::send), and reads the JSON response body, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// The last failure; see [`answer_once`](Self::answer_once).
    pub async fn answer(&mut self, limit: usize) -> Result<BufferedResponse, Error> {
        loop {
            let error = match self.answer_once(limit).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match self.wait_after(&error) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Returns how long to wait before retrying after `error`; `None` if it should not be retried.
    ///
    /// Each call of this method counts as one attempt.
    pub fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        // Whoever gives credentials has made its own attempts.
        let is_transient = error.is_transient() && error.as_auth().is_none();
        self.wait_after_transient(is_transient, error.retry_after())
    }

    /// Like [`wait_after`](Self::wait_after), for a failure found in a response.
    pub fn wait_after_transient(
        &mut self,
        is_transient: bool,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let wait = is_transient.then(|| self.attempts.after_transient(retry_after))??;
        debug!(?wait, "trying again");
        Some(wait)
    }

    /// The route of the next request: with a just-refreshed credential, as given by the caller, or
    /// resolved now.
    async fn next_route(&mut self) -> Result<Route, Error> {
        let route = match (self.newer.take(), self.route.take()) {
            (Some(credential), _) => self.connection.route_with(credential)?,
            (None, Some(route)) => route,
            (None, None) => self.connection.route().await?,
        };
        if let Some(error) = route.credential_error() {
            return Err(error.clone().into());
        }
        if let Some(check) = &self.check {
            check(&route)?;
        }
        Ok(route)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("request", &self.request)
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}
