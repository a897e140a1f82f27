//! Sends one request until it is answered, or until it is clear that it will not be.

use std::{sync::Arc, time::Duration};

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

/// An answer that has begun.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) response: Response,
}

impl Opener {
    pub(crate) fn new(shared: Arc<Shared>, body: Bytes, model: &str, stall: StallLimits) -> Self {
        let attempts = shared.options.retry.attempts();
        let queue = shared.options.wait_timeout.unwrap_or_default();
        let (model, head_limit) = (model.to_owned(), stall.head + queue);
        Self {
            shared,
            body,
            model,
            head_limit,
            attempts,
            refreshed: false,
        }
    }

    /// Returns how many requests have been sent, the running one included.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.made()
    }

    /// Sends the request, again and again as far as the policy allows.
    pub(crate) async fn open(&mut self) -> Result<Opened, Error> {
        let mut credential = self.credential().await?;
        loop {
            let error = match self.send(&credential).await {
                Ok(response) => return Ok(Opened { response }),
                Err(error) => error,
            };
            if error.status() == Some(401) && !self.refreshed {
                self.refreshed = true;
                let renewed = self.shared.credential.refresh(&credential).await;
                if let Some(renewed) = renewed.map_err(Error::from_auth)? {
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
            .map_err(Error::from_auth)
    }

    async fn send(&self, credential: &Credential) -> Result<Response, Error> {
        let shared = &self.shared;
        // A login may name its own host; it is held to the same rules as any other.
        let own = credential.base_url().map(BaseUrl::parse).transpose();
        let own = own.map_err(Error::from_http)?;
        let base = own.as_ref().unwrap_or(&shared.base);
        let request = self.request(base, credential)?;
        shared.http.send(request).await.map_err(|error| {
            if error.kind() == qwen_openclaw_http::ErrorKind::Timeout && error.status().is_none() {
                return Error::stalled(Stall::Head, self.head_limit);
            }
            let class = own
                .as_ref()
                .map_or(shared.class, |base| classify(base.as_str()));
            let (base_url, provider) = (base.as_str(), shared.provider);
            Sent {
                base_url,
                class,
                provider,
                credential,
            }
            .explain(Error::from_http(error))
        })
    }

    fn request(&self, base: &BaseUrl, credential: &Credential) -> Result<Request, Error> {
        let options = &self.shared.options;
        let request = self.shared.http.post(base.join("chat/completions"));
        let mut request = request
            .bearer(credential.key().expose())
            .map_err(Error::from_http)?;
        for (name, value) in &options.headers {
            request = request.header(name, value).map_err(Error::from_http)?;
        }
        if let Some(wait) = options.wait_timeout {
            let seconds = wait.as_secs().to_string();
            let header = request.header("x-dashscope-wait-timeout", &seconds);
            request = header.map_err(Error::from_http)?;
        }
        Ok(request
            .accept("text/event-stream")
            .json_bytes(self.body.clone())
            .head_timeout(self.head_limit))
    }
}
