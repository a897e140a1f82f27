//! What becomes of each request, for logs.

use std::{fmt, sync::Arc, time::Duration};

use http::Method;

/// A request and how it was answered. Passed to the observer of
/// [`EmulatorBuilder::on_request`](crate::EmulatorBuilder::on_request).
#[derive(Clone, Debug)]
pub struct ServedRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) model: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) tokens: Option<TokenCounts>,
    pub(crate) elapsed: Duration,
    pub(crate) complete: bool,
}

/// The tokens of an answer: as many as its `usage` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TokenCounts {
    pub(crate) prompt: usize,
    pub(crate) completion: usize,
}

impl ServedRequest {
    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the model in the request's body, as the client wrote it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Returns the status; `None` if no response head was sent.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns the number of input tokens; `None` where the model counts none.
    #[must_use]
    pub fn prompt_tokens(&self) -> Option<usize> {
        self.tokens.map(|tokens| tokens.prompt)
    }

    /// Returns the number of output tokens, reasoning included; `None` where the model counts none.
    #[must_use]
    pub fn completion_tokens(&self) -> Option<usize> {
        self.tokens.map(|tokens| tokens.completion)
    }

    /// Returns the time from the end of the request to the end of the response, on tokio's clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns false if the client disconnected before the end of the response.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

/// Who is told of each request.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&ServedRequest) + Send + Sync>);

impl Observer {
    pub(crate) fn new(observer: impl Fn(&ServedRequest) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observer))
    }

    pub(crate) fn tell(&self, served: &ServedRequest) {
        (self.0)(served);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
