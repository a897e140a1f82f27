//! The error of a request for which there was no answer.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use qwen_openclaw_http::ErrorKind;

use crate::{Attempt, AttemptOutcome, Exceeded};

/// A request that no candidate answered. `E` is the error of an attempt.
///
/// `source` is the error of the last attempt, if there was one.
#[derive(Clone, Debug)]
pub struct RouteError<E> {
    inner: Box<Inner<E>>,
}

#[derive(Clone, Debug)]
struct Inner<E> {
    kind: ErrorKind,
    attempts: Vec<Attempt>,
    last: Option<E>,
    time: SystemTime,
}

impl<E> RouteError<E> {
    pub(crate) fn new(
        kind: ErrorKind,
        attempts: Vec<Attempt>,
        last: Option<E>,
        time: SystemTime,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                attempts,
                last,
                time,
            }),
        }
    }

    /// Returns the kind: [`Budget`](ErrorKind::Budget) if a budget refused the request; otherwise that
    /// of the last attempt; if nothing was tried, that of the failure that the candidate which can be
    /// tried soonest is cooling down after, or else [`InvalidRequest`](ErrorKind::InvalidRequest).
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns what became of each candidate, in order. Those after an error that ends a request are
    /// not listed.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.inner.attempts
    }

    /// Returns the soonest time at which a candidate that is cooling down can be tried again.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.attempts().iter().filter_map(Attempt::retry_at).min()
    }

    /// Returns how long it takes until [`retry_at`](Self::retry_at), since the error occurred.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let until = self.retry_at()?.duration_since(self.inner.time);
        Some(until.unwrap_or_default())
    }

    /// Returns the budget that has no room, if that is why nothing answered.
    #[must_use]
    pub fn exceeded(&self) -> Option<&Exceeded> {
        let attempts = self.attempts().iter().rev();
        let mut exceeded = attempts.filter_map(|attempt| match &attempt.outcome {
            AttemptOutcome::OverBudget(exceeded) => Some(&**exceeded),
            _ => None,
        });
        exceeded.next()
    }

    /// Returns the error of the last attempt; `None` if nothing was tried.
    #[must_use]
    pub fn last(&self) -> Option<&E> {
        self.inner.last.as_ref()
    }

    /// Returns the error of the last attempt, as [`last`](Self::last).
    #[must_use]
    pub fn into_last(self) -> Option<E> {
        self.inner.last
    }
}

impl<E> fmt::Display for RouteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried = self.attempts().iter().any(Attempt::was_tried);
        f.write_str(if tried {
            "no model answered"
        } else {
            "no model could be tried"
        })?;
        let mut lead = ": ";
        for attempt in self.attempts() {
            write!(f, "{lead}{attempt}")?;
            lead = "; ";
        }
        match self.retry_after() {
            // Rounded up, so that the time it names is not too early.
            Some(wait) => write!(f, "; retry in {} s", wait.as_millis().div_ceil(1_000)),
            None => Ok(()),
        }
    }
}

impl<E: Error + 'static> Error for RouteError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let last = self.last()?;
        Some(last)
    }
}
