//! Watches a stream for silence, at the price of one clock reading a wait.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::client::timeouts::{Stall, StreamTimeouts};

/// The clocks of a stream that has begun.
///
/// Except for the whole, only time spent waiting for the server counts: a caller that takes its
/// time between two events makes no stall.
#[derive(Debug)]
pub(crate) struct Clocks {
    bytes: Duration,
    progress: Duration,
    total: Option<Duration>,
    /// When the whole must be there.
    end: Option<Instant>,
    /// Since when no byte has come.
    silent: Option<Instant>,
    /// Since when nothing of the answer has come.
    stuck: Option<Instant>,
    alarm: Option<Alarm>,
}

/// A timer that goes off at some moment not after the deadline. It is moved when it goes off, not at
/// each byte.
#[derive(Debug)]
struct Alarm {
    timer: Pin<Box<Sleep>>,
    /// When the timer goes off, at hand without a look at the timer: with many streams it has left
    /// the caches by the next chunk.
    at: Instant,
    /// Who the timer wakes.
    waker: Waker,
}

impl Clocks {
    pub(crate) fn new(limits: StreamTimeouts) -> Self {
        Self {
            bytes: limits.bytes,
            progress: limits.progress,
            total: limits.total,
            end: None,
            silent: None,
            stuck: None,
            alarm: None,
        }
    }

    /// A request was sent whose answer begins.
    pub(crate) fn on_head(&mut self, sent: Instant) {
        self.end = self.total.map(|total| after(sent, total));
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
        let now = Instant::now();
        let silent = *self.silent.get_or_insert(now);
        let stuck = *self.stuck.get_or_insert(now);
        let (bytes, progress) = (after(silent, self.bytes), after(stuck, self.progress));
        let silence = bytes.min(progress);
        let deadline = self.end.map_or(silence, |end| end.min(silence));

        let alarm = self.alarm.get_or_insert_with(|| Alarm {
            timer: Box::pin(sleep_until(deadline)),
            at: now,
            waker: Waker::noop().clone(),
        });
        // The usual case, at every chunk: an alarm is set, has not gone off, and will wake the task
        // that waits now. There is nothing to tell it.
        if now < alarm.at && alarm.at <= deadline && alarm.waker.will_wake(cx.waker()) {
            return Poll::Pending;
        }
        alarm.waker.clone_from(cx.waker());
        if alarm.timer.deadline() > deadline {
            alarm.timer.as_mut().reset(deadline);
        }
        while alarm.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(if self.end == Some(deadline) {
                    Stall::Total
                } else if bytes <= progress {
                    Stall::Bytes
                } else {
                    Stall::Progress
                });
            }
            alarm.timer.as_mut().reset(deadline);
        }
        alarm.at = alarm.timer.deadline();
        Poll::Pending
    }

    /// The limit that ran out.
    pub(crate) fn limit(&self, stall: Stall) -> Duration {
        match stall {
            Stall::Progress => self.progress,
            Stall::Total => self.total.unwrap_or(self.progress),
            Stall::Head | Stall::Bytes => self.bytes,
        }
    }
}
/// The time so long after `start`. A limit that no clock reaches is none.
fn after(start: Instant, limit: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    start.checked_add(limit).unwrap_or(start + DECADES)
}
