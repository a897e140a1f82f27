//! Sends one chat until it is answered, or until it is clear that it will not be.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use qwen_openclaw_client::{Call, RequestTemplate, Route};
use qwen_openclaw_http::{ErrorKind as HttpErrorKind, Response};
use tokio::time::{Instant, sleep};

use crate::{
    Error, Progress, ProgressHook, StreamTimeouts, client::Shared, client::timeouts::Stall,
};

/// A chat that can be sent again.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) shared: Arc<Shared>,
    call: Call,
    model: String,
    head_limit: Duration,
    /// When the last request was sent.
    sent: Instant,
    progress: Option<ProgressHook>,
}

impl Attempt {
    pub(crate) fn new(
        shared: Arc<Shared>,
        route: Route,
        body: Bytes,
        model: &str,
        timeouts: StreamTimeouts,
    ) -> Self {
        let wait = shared.options.wait_timeout;
        let head_limit = timeouts.head.saturating_add(wait.unwrap_or_default());
        let mut request = RequestTemplate::post("chat/completions", body)
            .accept("text/event-stream")
            .model(model)
            .head_timeout(head_limit);
        if let Some(wait) = wait {
            request = request.header("x-dashscope-wait-timeout", wait.as_secs().to_string());
        }
        Self {
            call: shared.connection.call(request).on(route),
            shared,
            model: model.to_owned(),
            head_limit,
            sent: Instant::now(),
            progress: None,
        }
    }

    /// Tells `hook` how far the request has come.
    pub(crate) fn progress(mut self, hook: ProgressHook) -> Self {
        self.progress = Some(hook);
        self
    }

    fn tell(&self, progress: Progress) {
        if let Some(hook) = &self.progress {
            hook.call(progress);
        }
    }

    pub(crate) fn sent(&self) -> Instant {
        self.sent
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Returns how many requests have been sent, the running one included.
    pub(crate) fn attempts(&self) -> u32 {
        self.call.attempts()
    }

    /// Sends the request, again and again as far as the policy allows.
    pub(crate) async fn open(&mut self) -> Result<Response, Error> {
        loop {
            self.sent = Instant::now();
            self.tell(Progress::Sending);
            let error = match self.call.once().await {
                Ok(response) => {
                    self.tell(Progress::Accepted);
                    return Ok(response);
                }
                Err(error) => error,
            };
            let wait = self.call.wait_after(&error);
            match wait {
                Some(after) => {
                    let error = error.kind();
                    self.tell(Progress::Retrying { after, error });
                    sleep(after).await;
                }
                None if error.kind() == HttpErrorKind::Timeout && error.status().is_none() => {
                    return Err(Error::stalled(Stall::Head, self.head_limit));
                }
                None => return Err(Error::from(error)),
            }
        }
    }

    /// How long to wait before the request is worth sending again after `error`; `None` if never.
    pub(crate) fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        let wait = self
            .call
            .wait_after_transient(error.is_transient(), error.retry_after());
        if let Some(after) = wait {
            let error = error.kind();
            self.tell(Progress::Retrying { after, error });
        }
        wait
    }
}
