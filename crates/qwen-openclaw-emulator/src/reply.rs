//! Replies served byte for byte.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

/// A reply served exactly as specified: the head, one network write per chunk, and the ending.
///
/// ```
/// use std::time::Duration;
/// use qwen_openclaw_emulator::{End, Reply};
///
/// let reply = Reply::event_stream()
///     .event(r#"{"choices":[{"delta":{"content":"Hel"},"index":0}]}"#)
///     .pause(Duration::from_millis(20))
///     .chunk("data: {\"choi")          // an event cut in two
///     .end(End::Reset);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) head: HeadTime,
    pub(crate) framing: Framing,
    pub(crate) steps: Vec<Step>,
    pub(crate) write_size: Option<usize>,
    pub(crate) end: End,
}

/// When the head of a reply is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HeadTime {
    After(Duration),
    Never,
}

/// How the client learns where the body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Framing {
    /// `Transfer-Encoding: chunked`, each chunk of the reply an HTTP chunk of its own.
    Chunked,
    /// `Content-Length`, the total of all chunks.
    Length,
    /// The body ends when the connection closes.
    UntilClose,
    /// Nothing is added: no status line and no headers, only the chunks.
    Raw,
}

/// One step of sending the body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Write(Bytes),
    Pause(Duration),
}

/// How a reply ends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum End {
    /// Complete, and the connection stays open for the next request. The default.
    #[default]
    Complete,
    /// The same as [`End::Complete`], but the end of the body is signaled this much later.
    Late(Duration),
    /// The server closes its side without signaling the end of the body.
    Eof,
    /// The connection is reset (RST).
    Reset,
    /// Nothing more is sent, and the connection stays open until the client disconnects.
    Hang,
    /// The chunk is repeated until the client disconnects, with a pause before each.
    Endless {
        /// The chunk to repeat.
        chunk: Bytes,
        /// The pause.
        every: Duration,
    },
}

impl Reply {
    /// Creates a reply with any status, even an undefined one, and no body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            head: HeadTime::After(Duration::ZERO),
            framing: Framing::Chunked,
            steps: Vec::new(),
            write_size: None,
            end: End::Complete,
        }
    }

    /// Creates an event stream with status 200.
    pub fn event_stream() -> Self {
        Self::new(200).header("content-type", "text/event-stream;charset=UTF-8")
    }

    /// Creates a JSON reply.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status)
            .header("content-type", "application/json")
            .framing(Framing::Length)
            .chunk(body.to_string())
    }

    /// Creates a text reply.
    pub fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(status)
            .header("content-type", content_type)
            .framing(Framing::Length)
            .chunk(body)
    }

    /// Creates a reply without HTTP: the client receives only the chunks.
    pub fn raw() -> Self {
        Self::new(0).framing(Framing::Raw)
    }

    /// Adds a header, written verbatim.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Writes the head only after this time. Default: at once.
    pub fn head_after(mut self, delay: Duration) -> Self {
        self.head = HeadTime::After(delay);
        self
    }

    /// Never writes the head. The connection stays open until the client disconnects.
    pub fn head_never(mut self) -> Self {
        self.head = HeadTime::Never;
        self
    }

    /// Sets how the body is framed. Default: [`Framing::Chunked`].
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Adds bytes to the body: one network write, and with [`Framing::Chunked`] one HTTP chunk.
    /// An empty chunk does nothing.
    pub fn chunk(mut self, bytes: impl Into<Bytes>) -> Self {
        self.steps.push(Step::Write(bytes.into()));
        self
    }

    /// Adds several chunks.
    pub fn chunks<B: Into<Bytes>>(self, chunks: impl IntoIterator<Item = B>) -> Self {
        chunks.into_iter().fold(self, Self::chunk)
    }

    /// Adds a chunk with the event `data: PAYLOAD` and its blank line.
    pub fn event(self, payload: impl AsRef<str>) -> Self {
        self.chunk(format!("data: {}\n\n", payload.as_ref()))
    }

    /// Adds several events, each a chunk of its own.
    pub fn events<S: AsRef<str>>(self, payloads: impl IntoIterator<Item = S>) -> Self {
        payloads.into_iter().fold(self, Self::event)
    }

    /// Adds the event `[DONE]`.
    pub fn done(self) -> Self {
        self.event("[DONE]")
    }

    /// Waits before whatever comes next.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    /// Cuts everything after the head into writes of at most this many bytes, framing included.
    /// Default: one write a chunk.
    pub fn write_size(mut self, bytes: usize) -> Self {
        self.write_size = Some(bytes.max(1));
        self
    }

    /// Sets how the reply ends. Default: [`End::Complete`].
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// The status that a client gets to see.
    pub(crate) fn sent_status(&self) -> Option<u16> {
        let seen = self.framing != Framing::Raw && self.head != HeadTime::Never;
        seen.then_some(self.status)
    }

    /// The length of the body.
    pub(crate) fn length(&self) -> usize {
        let length = |step: &Step| match step {
            Step::Write(bytes) => bytes.len(),
            Step::Pause(_) => 0,
        };
        self.steps.iter().map(length).sum()
    }
}
