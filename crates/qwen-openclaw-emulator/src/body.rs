//! The body of an answer that hyper sends.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    answer::EventStream,
    state::{OpenReply, Settings},
};

/// A body of one piece, or of one frame an event. Each frame becomes an HTTP chunk.
#[derive(Debug)]
pub(crate) struct ReplyBody {
    frames: VecDeque<TimedFrame>,
    /// Known for a body of one piece only.
    length: Option<u64>,
    waiting: Option<Pin<Box<Sleep>>>,
    reply: OpenReply,
}

/// A frame, and how long after the one before it is sent.
#[derive(Debug)]
struct TimedFrame {
    bytes: Bytes,
    delay: Duration,
}

impl ReplyBody {
    pub(crate) fn whole(bytes: Bytes, mut reply: OpenReply) -> Self {
        if bytes.is_empty() {
            reply.finish();
        }
        let length = Some(bytes.len() as u64);
        let delay = Duration::ZERO;
        let frame = (!bytes.is_empty()).then_some(TimedFrame { bytes, delay });
        Self {
            length,
            frames: frame.into_iter().collect(),
            waiting: None,
            reply,
        }
    }

    /// A body of these events, and of what follows them.
    pub(crate) fn stream(stream: &EventStream, settings: Settings, reply: OpenReply) -> Self {
        let events = stream.events.iter().map(String::as_str);
        let payloads = events.chain(stream.form.last());
        let mut frames: VecDeque<TimedFrame> = payloads
            .enumerate()
            .zip(settings.delays(&stream.tokens))
            .map(|((number, payload), delay)| TimedFrame {
                bytes: Bytes::from(stream.form.event(number, payload)),
                delay,
            })
            .collect();
        let first = frames
            .front_mut()
            .map(|first| std::mem::take(&mut first.delay));
        Self {
            frames,
            length: None,
            waiting: wait(Instant::now(), first.unwrap_or_default()),
            reply,
        }
    }
}

/// No timer is made for no delay, so that a paused clock stays where it is.
fn wait(since: Instant, delay: Duration) -> Option<Pin<Box<Sleep>>> {
    /// What an endless delay becomes: the clock cannot count that far.
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    let due = || since.checked_add(delay.min(YEAR)).unwrap_or(since);
    (!delay.is_zero()).then(|| Box::pin(sleep_until(due())))
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // A frame is due after the one before it was, not after it was sent: timers count whole
        // milliseconds, and a fast pace has several tokens in each.
        let mut due = None;
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(cx));
            due = Some(waiting.deadline());
            self.waiting = None;
        }
        let Some(frame) = self.frames.pop_front() else {
            return Poll::Ready(None);
        };
        match self.frames.front() {
            None => self.reply.finish(),
            Some(next) => self.waiting = wait(due.unwrap_or_else(Instant::now), next.delay),
        }
        Poll::Ready(Some(Ok(Frame::data(frame.bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
