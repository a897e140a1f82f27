//! Turns the bytes of a reply into events, without doing any I/O.

mod assembly;
mod choices;
mod chunk;
mod extra;
mod halves;
mod start;
mod template;
mod tools;

use std::fmt;

use bytes::Bytes;
use qwen_openclaw_http::Secrets;

use self::{
    assembly::Assembly,
    start::{Shape, Start},
};
use crate::{
    Error, ErrorKind, EventRef, Reply,
    reply::sse::{Framer, TooLarge},
};

pub(crate) use self::assembly::Step;

/// The memory limits of a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// One event of the stream, or a whole reply that came as one JSON document, in bytes. The
    /// default is 16 MiB.
    pub event: usize,
    /// All that is kept of a reply, in bytes: text, reasoning, tool calls with their names and ids,
    /// the usage object, fields that this version does not know. The default is 64 MiB.
    pub reply: usize,
    /// The arguments of one tool call, in bytes. The default is 8 MiB.
    pub tool_arguments: usize,
    /// The tool calls of one reply. The default is 512.
    pub tool_calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event: 16 << 20,
            reply: 64 << 20,
            tool_arguments: 8 << 20,
            tool_calls: 512,
        }
    }
}

/// Reads a reply from its bytes: an event stream, or one JSON document where a server answers with
/// that instead.
///
/// Push what arrived, take events until there are no more, and call [`end`](Self::end) at the end
/// of the bytes. The same bytes give the same events however they are cut.
///
/// ```
/// use qwen_openclaw_transport::{EventRef, decode::Decoder};
///
/// let mut decoder = Decoder::default();
/// decoder.push(&b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n"[..]);
/// assert_eq!(decoder.next_event()?, Some(EventRef::Text("Hi")));
/// assert_eq!(decoder.next_event()?, None);
/// assert!(decoder.is_complete());
/// assert_eq!(decoder.into_reply().text(), "Hi");
/// # Ok::<(), qwen_openclaw_transport::Error>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    start: Start,
    framer: Framer,
    document: Vec<u8>,
    assembly: Assembly,
    tap: Option<Tap>,
}

/// A function that sees each chunk before it is read.
struct Tap(Box<Show>);

type Show = dyn FnMut(&[u8]) + Send;

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// Creates a decoder that keeps to `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            start: Start::default(),
            framer: Framer::new(limits.event),
            document: Vec::new(),
            assembly: Assembly::new(limits),
            tap: None,
        }
    }

    /// Shows each chunk to `tap` before it is read, as the server sent it: the data of an event,
    /// `[DONE]` and errors included, or the whole document. For a program that passes a stream on.
    #[must_use]
    pub fn tap(mut self, tap: impl FnMut(&[u8]) + Send + 'static) -> Self {
        self.set_tap(tap);
        self
    }

    pub(crate) fn set_tap(&mut self, tap: impl FnMut(&[u8]) + Send + 'static) {
        self.tap = Some(Tap(Box::new(tap)));
    }

    /// Forgets what was read, to begin another answer.
    pub(crate) fn restart(&mut self) {
        let tap = self.tap.take();
        *self = Self::new(self.assembly.limits);
        self.tap = tap;
    }

    /// Hides `secrets` in what the server says beside the reply.
    pub(crate) fn hide(&mut self, secrets: Secrets) {
        self.assembly.secrets = secrets;
    }

    /// Creates a decoder that reads every chunk in full: the slow side of a comparison.
    #[cfg(any(test, feature = "__fuzz"))]
    #[doc(hidden)]
    #[must_use]
    pub fn without_templates(limits: Limits) -> Self {
        let mut decoder = Self::new(limits);
        decoder.assembly.learns = false;
        decoder
    }

    /// Adds the next bytes. All events of the bytes before must have been taken.
    pub fn push(&mut self, bytes: impl Into<Bytes>) {
        if self.assembly.is_over() {
            return;
        }
        let (shape, bytes) = self.start.pass(bytes.into());
        match shape {
            Shape::Unknown => {}
            Shape::Events => self.framer.push(bytes),
            Shape::Page => {
                let message = "the server answered with a web page instead of a reply; check the \
                               base URL";
                self.assembly.fail(Error::new(ErrorKind::Protocol, message));
            }
            Shape::Document => {
                let limit = self.assembly.limits.event;
                if self.document.len() + bytes.len() > limit {
                    self.assembly.fail(too_large("the reply", limit));
                } else {
                    self.document.extend_from_slice(&bytes);
                }
            }
        }
    }

    /// Takes the next event; `None` when more bytes are needed or the reply is complete.
    ///
    /// # Errors
    ///
    /// What the server reported inside the stream, [`ErrorKind::Protocol`] for what cannot be
    /// read, [`ErrorKind::TooLarge`] above a limit, [`ErrorKind::ToolArguments`] at the end of a
    /// reply with an unusable tool call. The same error comes again at each further call.
    pub fn next_event(&mut self) -> Result<Option<EventRef<'_>>, Error> {
        let step = self.advance()?;
        // There is a step only when there is something to see.
        Ok(step.and_then(|step| self.view(step)))
    }

    pub(crate) fn view(&self, step: Step) -> Option<EventRef<'_>> {
        self.assembly.view(step)
    }

    pub(crate) fn advance(&mut self) -> Result<Option<Step>, Error> {
        loop {
            if let Some(step) = self.assembly.steps.pop_front() {
                return Ok(Some(step));
            }
            if let Some(error) = &self.assembly.failure {
                return Err(error.clone());
            }
            if self.assembly.complete {
                return Ok(None);
            }
            match self.framer.next_frame() {
                Ok(Some(frame)) => {
                    if let Some(tap) = &mut self.tap {
                        (tap.0)(frame.data);
                    }
                    if let Some(step) = self.assembly.on_frame(frame) {
                        return Ok(Some(step));
                    }
                }
                Ok(None) => return Ok(None),
                Err(TooLarge { limit }) => {
                    self.assembly
                        .fail(too_large("an event of the stream", limit));
                }
            }
        }
    }

    /// Puts steps back that were taken, in front of all others.
    pub(crate) fn put_back(&mut self, steps: &[Step]) {
        for step in steps.iter().rev() {
            self.assembly.steps.push_front(*step);
        }
    }

    /// Whether the whole reply has arrived, even if not all of its events were taken.
    pub(crate) fn is_whole(&self) -> bool {
        self.assembly.complete
    }

    /// Whether something of the answer has come since the last call that no event shows.
    #[inline]
    pub(crate) fn take_unseen(&mut self) -> bool {
        std::mem::take(&mut self.assembly.unseen)
    }

    /// Says that the bytes have ended. Events and errors that follow from it are taken as before.
    pub fn end(&mut self) {
        self.end_with(None);
    }

    /// As [`end`](Self::end), where it is known why the bytes ended. A reply whose model has stopped
    /// is complete all the same.
    pub(crate) fn end_with(&mut self, cause: Option<Error>) {
        if self.assembly.is_over() {
            return;
        }
        if self.start.shape() == Shape::Document {
            let document = std::mem::take(&mut self.document);
            if let Some(tap) = &mut self.tap {
                (tap.0)(&document);
            }
            self.assembly.on_last(&document);
        } else {
            // Two, at most.
            while !self.assembly.is_over() {
                let last = self.framer.end();
                if let (Ok(Some(frame)), Some(tap)) = (&last, &mut self.tap) {
                    (tap.0)(frame.data);
                }
                match last {
                    Ok(Some(frame)) if frame.is_error => {
                        self.assembly.on_last_error(frame.data);
                    }
                    Ok(Some(frame)) => self.assembly.on_last(frame.data),
                    Ok(None) => break,
                    Err(TooLarge { limit }) => {
                        self.assembly
                            .fail(too_large("an event of the stream", limit));
                    }
                }
            }
        }
        self.assembly.on_end(cause);
    }

    /// Returns true when the server has said everything: what follows is not part of the reply.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.assembly.complete && self.assembly.steps.is_empty()
    }

    /// Returns what has arrived so far.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        &self.assembly.reply
    }

    pub(crate) fn reply_mut(&mut self) -> &mut Reply {
        &mut self.assembly.reply
    }

    /// Returns what has arrived.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        self.assembly.reply
    }
}

fn too_large(what: &str, limit: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("{what} is larger than {limit} bytes"),
    )
}

#[cfg(test)]
mod tests;
