//! One call: authorized, renewed once after a 401, sent again as far as the policy allows.

use std::{fmt, time::Duration};

use qwen_openclaw_auth::Credential;
use qwen_openclaw_http::{Attempts, BufferedResponse, Response};
use tokio::time::sleep;
use tracing::debug;

use crate::{Connection, Error, Hint, RequestTemplate, Route};

/// A call that is made, once or as often as the policy allows. Made by
/// [`Connection::call`].
///
/// It counts its attempts from beginning to end, so that a caller who goes on after a success (a
/// stream that broke before its first piece) stays within the same policy.
pub struct Call {
    connection: Connection,
    request: RequestTemplate,
    check: Option<Check>,
    attempts: Attempts,
    refreshed: bool,
    /// The credential that a refresh has given, for the next request.
    newer: Option<Credential>,
    route: Option<Route>,
}

/// Refuses a route before anything is sent along it.
type Check = Box<dyn Fn(&Route) -> Result<(), Error> + Send + Sync>;

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

    /// Uses `route` for the first request, where it has been resolved already.
    #[must_use]
    pub fn on(mut self, route: Route) -> Self {
        self.route = Some(route);
        self
    }

    /// Refuses routes that `check` refuses, before anything is sent along them.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&Route) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Box::new(check));
        self
    }

    /// Returns how many requests have been sent under the policy, the running one included.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.made()
    }

    /// Sends the request once; again only with a newer credential after a 401.
    ///
    /// # Errors
    ///
    /// Why there is no route or no credential, and as [`qwen_openclaw_http::Client::send`], with a
    /// [`Hint`] where it is known what to do.
    pub async fn once(&mut self) -> Result<Response, Error> {
        loop {
            let route = self.next_route().await?;
            let http = self.connection.http();
            let request = self
                .request
                .build(http, &route, self.connection.headers())?;
            self.connection.drain().wait_for_a_free_one().await;
            let error = match http.send(request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
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
            let hint = Hint::of(&error, &route, self.request.host());
            return Err(Error::from(error).with_hint(hint));
        }
    }

    /// As [`once`](Self::once), and reads the whole answer, of up to `limit` bytes, which should be
    /// JSON.
    ///
    /// # Errors
    ///
    /// As [`once`](Self::once), and when the body breaks off, takes longer than the head may, or is
    /// longer.
    pub async fn answer_once(&mut self, limit: usize) -> Result<BufferedResponse, Error> {
        let response = self.once().await?;
        Ok(self.connection.http().read(response, limit).await?)
    }

    /// Sends the request until it is answered, as often as the policy allows.
    ///
    /// # Errors
    ///
    /// As [`once`](Self::once): the last failure.
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

    /// As [`send`](Self::send), and reads the whole answer, of up to `limit` bytes, which should be
    /// JSON.
    ///
    /// # Errors
    ///
    /// As [`answer_once`](Self::answer_once): the last failure.
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

    /// Returns how long to wait before the request is worth sending again after `error`; `None` if
    /// never. Each answer counts as one attempt.
    pub fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        // Whoever gives credentials has made its own attempts.
        let is_transient = error.is_transient() && error.as_auth().is_none();
        self.wait_after_transient(is_transient, error.retry_after())
    }

    /// As [`wait_after`](Self::wait_after), for a failure that was found in an answer.
    pub fn wait_after_transient(
        &mut self,
        is_transient: bool,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let wait = is_transient.then(|| self.attempts.after_transient(retry_after))??;
        debug!(?wait, "trying again");
        Some(wait)
    }

    /// The route of the next request: that of a credential that was just renewed, the one that was
    /// handed in, or one that is resolved now.
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
