//! Watches a stream for silence, at the price of one clock reading a wait.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::client::timeouts::{Stall, StreamTimeouts};

/// The two clocks of a stream that has begun.
///
/// Only time spent waiting for the server counts: a caller that takes its time between two events
/// makes no stall.
#[derive(Debug)]
pub(crate) struct Clocks {
    limits: StreamTimeouts,
    /// Since when no byte has come.
    silent: Option<Instant>,
    /// Since when nothing of the answer has come.
    stuck: Option<Instant>,
    /// Set to some moment not after the deadline. It is moved when it fires, not at each byte.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Who the alarm wakes.
    waker: Option<Waker>,
}

impl Clocks {
    pub(crate) fn new(limits: StreamTimeouts) -> Self {
        Self {
            limits,
            silent: None,
            stuck: None,
            alarm: None,
            waker: None,
        }
    }

    /// Bytes have come.
    #[inline]
    pub(crate) fn on_bytes(&mut self) {
        self.silent = None;
    }

    /// A piece of the answer has come. Counts and comments are none: a server can send them for
    /// ever.
    #[inline]
    pub(crate) fn on_content(&mut self) {
        self.stuck = None;
    }

    /// Nothing is there: waits, and is ready when that has taken too long.
    pub(crate) fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<Stall> {
        let (silent, stuck) = match (self.silent, self.stuck) {
            (Some(silent), Some(stuck)) => (silent, stuck),
            (silent, stuck) => {
                let now = Instant::now();
                (silent.unwrap_or(now), stuck.unwrap_or(now))
            }
        };
        (self.silent, self.stuck) = (Some(silent), Some(stuck));
        let (bytes, progress) = (
            after(silent, self.limits.bytes),
            after(stuck, self.limits.progress),
        );
        let deadline = bytes.min(progress);

        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // The usual case, at every chunk: an alarm is set, has not gone off, and will wake the task
        // that waits now. There is nothing to tell it.
        let wakes_us = self
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()));
        if wakes_us && !alarm.is_elapsed() && alarm.deadline() <= deadline {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        if alarm.deadline() > deadline {
            alarm.as_mut().reset(deadline);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(if bytes <= progress {
                    Stall::Bytes
                } else {
                    Stall::Progress
                });
            }
            alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    pub(crate) fn limit(&self, stall: Stall) -> std::time::Duration {
        match stall {
            Stall::Head => self.limits.head,
            Stall::Bytes => self.limits.bytes,
            Stall::Progress => self.limits.progress,
        }
    }
}
/// The time so long after `start`. A limit that no clock reaches is none.
fn after(start: Instant, limit: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    start.checked_add(limit).unwrap_or(start + DECADES)
}
