//! Sends one request until it is answered, or until it is clear that it will not be.

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use qwen_openclaw_auth::Credential;
use qwen_openclaw_catalog::classify;
use qwen_openclaw_http::{Attempts, BaseUrl, Request, Response};
use tokio::time::sleep;
use tracing::debug;

use crate::{Error, StallLimits, client::Shared, remedy::Sent, stall::Stall};

/// A request that can be sent again.
#[derive(Debug)]
pub(crate) struct Opener {
    pub(crate) shared: Arc<Shared>,
    body: Bytes,
    model: String,
    head_limit: Duration,
    attempts: Attempts,
    refreshed: bool,
}

impl Opener {
    pub(crate) fn new(shared: Arc<Shared>, body: Bytes, model: &str, stall: StallLimits) -> Self {
        let attempts = shared.options.retry.attempts();
        let queue = shared.options.wait_timeout.unwrap_or_default();
        let (model, head_limit) = (model.to_owned(), stall.head.saturating_add(queue));
        Self {
            shared,
            body,
            model,
            head_limit,
            attempts,
            refreshed: false,
        }
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Returns how many requests have been sent, the running one included.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.made()
    }

    /// Sends the request, again and again as far as the policy allows.
    pub(crate) async fn open(&mut self) -> Result<Response, Error> {
        let mut credential = self.credential().await?;
        loop {
            let error = match self.send(&credential).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            if error.status() == Some(401) && !self.refreshed {
                self.refreshed = true;
                let renewed = self.shared.credential.refresh(&credential).await;
                if let Some(renewed) = renewed.map_err(Error::from)? {
                    credential = renewed;
                    continue;
                }
            }
            match self.wait_after(&error) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
            credential = self.credential().await?;
        }
    }

    /// How long to wait before the request is worth sending again after `error`; `None` if never.
    pub(crate) fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        let wait = error
            .is_transient()
            .then(|| self.attempts.after_transient(error.retry_after()))??;
        debug!(model = self.model, kind = ?error.kind(), ?wait, "trying again");
        Some(wait)
    }

    async fn credential(&self) -> Result<Credential, Error> {
        self.shared
            .credential
            .credential()
            .await
            .map_err(Error::from)
    }

    async fn send(&self, credential: &Credential) -> Result<Response, Error> {
        let shared = &self.shared;
        let base = shared.base_for(credential)?;
        let mut request =
            shared.authorized(shared.http.post(base.join("chat/completions")), credential)?;
        if let Some(wait) = shared.options.wait_timeout {
            let seconds = wait.as_secs().to_string();
            let header = request.header("x-dashscope-wait-timeout", &seconds);
            request = header.map_err(Error::from)?;
        }
        let request = request
            .accept("text/event-stream")
            .json_bytes(self.body.clone())
            .head_timeout(self.head_limit);
        shared.drain.settle().await;
        shared.http.send(request).await.map_err(|error| {
            if error.kind() == qwen_openclaw_http::ErrorKind::Timeout && error.status().is_none() {
                return Error::stalled(Stall::Head, self.head_limit);
            }
            shared.explain(error, &base, credential)
        })
    }
}

impl Shared {
    /// The address that requests with `credential` go to. A login may name its own host; it is
    /// held to the same rules as any other.
    pub(crate) fn base_for(&self, credential: &Credential) -> Result<Cow<'_, BaseUrl>, Error> {
        match credential.base_url() {
            Some(own) => BaseUrl::parse(own).map(Cow::Owned).map_err(Error::from),
            None => Ok(Cow::Borrowed(&self.base)),
        }
    }

    /// Adds the key, and the headers that go with every request.
    pub(crate) fn authorized(
        &self,
        request: Request,
        credential: &Credential,
    ) -> Result<Request, Error> {
        let key = credential.key().expose();
        let request = request.bearer(key).map_err(Error::from)?;
        let request = self.options.headers.apply(request);
        request.map_err(Error::from)
    }

    /// Adds what to do to an answer of the server.
    pub(crate) fn explain(
        &self,
        error: qwen_openclaw_http::Error,
        base: &BaseUrl,
        credential: &Credential,
    ) -> Error {
        let (base_url, provider) = (base.as_str(), &self.provider);
        let sent = Sent {
            base_url,
            class: classify(base_url),
            provider,
            credential,
        };
        sent.explain(Error::from(error))
    }
}
