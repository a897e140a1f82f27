//! How far a request has come before its reply begins.

use std::{fmt, sync::Arc, time::Duration};

use qwen_openclaw_http::ErrorKind;

/// How far a request has come whose reply has not begun.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The request is being sent, for the first time or again.
    Sending,
    /// It failed, and will be sent again.
    Retrying {
        /// The wait before it is sent again.
        after: Duration,
        /// What went wrong.
        error: ErrorKind,
    },
    /// The server has accepted the request. No piece of the reply has arrived yet; if the stream
    /// breaks off before one does, [`Retrying`](Self::Retrying) may follow.
    Accepted,
}

/// A function that is called as a request progresses.
///
/// It is called on the task that waits for the reply, and must not block.
#[derive(Clone)]
pub struct ProgressHook(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressHook {
    /// Calls `hook` with each step.
    pub fn new(hook: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    /// Calls the function.
    pub fn call(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for ProgressHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressHook")
    }
}
