//! What a caller wants to be done when a reply has ended.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::runtime::Handle;

use crate::{Error, Reply};

/// How a reply ended. Passed to the hook of [`ReplyStream::on_end`](crate::ReplyStream::on_end).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ReplyEnd<'a> {
    /// The reply is complete.
    Complete(&'a Reply),
    /// It broke off. What had arrived is in [`Error::partial`].
    Failed(&'a Error),
    /// The caller dropped the stream. This is what had arrived.
    Canceled(&'a Reply),
}

impl<'a> ReplyEnd<'a> {
    /// Returns what arrived; `None` when the server did not begin to answer.
    #[must_use]
    pub fn reply(&self) -> Option<&'a Reply> {
        match *self {
            Self::Complete(reply) | Self::Canceled(reply) => Some(reply),
            Self::Failed(error) => error.partial(),
        }
    }

    /// Returns the error that it ended with.
    #[must_use]
    pub fn error(&self) -> Option<&'a Error> {
        match *self {
            Self::Failed(error) => Some(error),
            Self::Complete(_) | Self::Canceled(_) => None,
        }
    }
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The hook of a stream.
pub(crate) struct EndHook(Box<dyn FnOnce(ReplyEnd<'_>) -> Running + Send>);

impl EndHook {
    pub(crate) fn new<F>(hook: impl FnOnce(ReplyEnd<'_>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(Box::new(|end| Box::pin(hook(end))))
    }

    /// Adds a hook that is called, and finished, after this one.
    pub(crate) fn and(self, next: Self) -> Self {
        Self(Box::new(|end| {
            let (first, second) = (self.call(end), next.call(end));
            Box::pin(async {
                first.await;
                second.await;
            })
        }))
    }

    pub(crate) fn call(self, end: ReplyEnd<'_>) -> Running {
        (self.0)(end)
    }
}

/// A hook that runs, and what is given to the caller when it is done.
pub(crate) struct Ending {
    running: Option<Running>,
    error: Option<Error>,
}

impl Ending {
    pub(crate) fn new(running: Option<Running>, error: Option<Error>) -> Self {
        Self { running, error }
    }

    /// Finishes the hook; gives the error once.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Error>> {
        if let Some(running) = &mut self.running {
            ready!(running.as_mut().poll(cx));
            self.running = None;
        }
        Poll::Ready(self.error.take())
    }

    /// Lets the hook finish without its stream.
    pub(crate) fn detach(self) {
        if let Some(running) = self.running
            && Handle::try_current().is_ok()
        {
            tokio::spawn(running);
        }
    }
}

impl fmt::Debug for EndHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndHook")
    }
}
