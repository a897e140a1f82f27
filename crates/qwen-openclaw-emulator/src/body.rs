//! The body of an answer that hyper sends.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::state::{OpenReply, State};

/// A body of one piece, or of one frame an event. Each frame becomes an HTTP chunk.
#[derive(Debug)]
pub(crate) struct ReplyBody {
    frames: VecDeque<Bytes>,
    /// Known for a body of one piece only.
    length: Option<u64>,
    delay: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    reply: OpenReply,
}

impl ReplyBody {
    pub(crate) fn whole(bytes: Bytes, state: Arc<State>) -> Self {
        let mut reply = OpenReply::new(state);
        if bytes.is_empty() {
            reply.finish();
        }
        Self {
            length: Some(bytes.len() as u64),
            frames: (!bytes.is_empty()).then_some(bytes).into_iter().collect(),
            delay: Duration::ZERO,
            waiting: None,
            reply,
        }
    }

    /// A body of events with these payloads, and the `[DONE]` that follows them.
    pub(crate) fn stream(payloads: Vec<String>, state: Arc<State>) -> Self {
        let frame = |payload: &str| Bytes::from(format!("data: {payload}\n\n"));
        let frames = payloads.iter().map(String::as_str).chain(["[DONE]"]);
        Self {
            frames: frames.map(frame).collect(),
            length: None,
            delay: state.config.chunk_delay,
            waiting: wait(state.config.first_chunk_delay),
            reply: OpenReply::new(state),
        }
    }
}

/// No timer is made for no delay, so that a paused clock stays where it is.
fn wait(delay: Duration) -> Option<Pin<Box<Sleep>>> {
    (!delay.is_zero()).then(|| Box::pin(sleep(delay)))
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        }
        let Some(frame) = self.frames.pop_front() else {
            return Poll::Ready(None);
        };
        if self.frames.is_empty() {
            self.reply.finish();
        } else {
            self.waiting = wait(self.delay);
        }
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
