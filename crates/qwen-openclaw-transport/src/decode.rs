//! Turns the bytes of a reply into events, without doing any I/O.

mod chunk;
mod json;
mod template;
mod tools;

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{
    Error, ErrorKind, EventRef, Reply,
    decode::{chunk::Chunk, template::Template, tools::ToolSlots},
    sse::{Frame, Framer, TooLarge},
};

pub(crate) use json::number;

/// The most that a reply may take in memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// One event of the stream, or a whole reply that came as one JSON document, in bytes. The
    /// default is 16 MiB.
    pub event: usize,
    /// Text, reasoning and tool arguments of a reply together, in bytes. The default is 64 MiB.
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

const BOM: &[u8] = b"\xef\xbb\xbf";

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
    framer: Framer,
    shape: Shape,
    document: Vec<u8>,
    assembly: Assembly,
}

/// What the bytes turned out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    Unknown,
    Events,
    Document,
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
            framer: Framer::new(limits.event),
            shape: Shape::Unknown,
            document: Vec::new(),
            assembly: Assembly::new(limits),
        }
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
        let bytes = bytes.into();
        if self.assembly.is_over() {
            return;
        }
        if self.shape == Shape::Unknown {
            self.recognise(&bytes);
        }
        if self.shape != Shape::Document {
            self.framer.push(bytes);
        } else if self.document.len() + bytes.len() > self.assembly.limits.event {
            self.assembly
                .fail(too_large("the reply", self.assembly.limits.event));
        } else {
            self.document.extend_from_slice(&bytes);
        }
    }

    /// A stream begins with a field name or a colon, a document with a brace, and a page of some
    /// gateway or login wall with an angle bracket. The declared media type is not asked: it is
    /// wrong as often as not where something is wrong.
    fn recognise(&mut self, bytes: &[u8]) {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            None => {}
            Some(b'{') => self.shape = Shape::Document,
            Some(b'<') => {
                let message = "the server answered with a web page instead of a reply; check the \
                               base URL";
                self.assembly.fail(Error::new(ErrorKind::Protocol, message));
            }
            Some(_) => self.shape = Shape::Events,
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

    /// Says that the bytes have ended. Events and errors that follow from it are taken as before.
    pub fn end(&mut self) {
        if self.assembly.is_over() {
            return;
        }
        if self.shape == Shape::Document {
            let document = std::mem::take(&mut self.document);
            let document = document.strip_prefix(BOM).unwrap_or(&document);
            self.assembly.on_data(document);
        } else {
            match self.framer.end() {
                Ok(Some(frame)) => {
                    if let Some(step) = self.assembly.on_frame(frame) {
                        self.assembly.steps.push_back(step);
                    }
                }
                Ok(None) => {}
                Err(TooLarge { limit }) => {
                    self.assembly
                        .fail(too_large("an event of the stream", limit));
                }
            }
        }
        self.assembly.on_end();
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

/// An event as positions in the reply under construction: nothing is copied until somebody asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Text {
        start: usize,
        end: usize,
    },
    Reasoning {
        start: usize,
        end: usize,
    },
    ToolStart {
        index: usize,
    },
    ToolDelta {
        index: usize,
        start: usize,
        end: usize,
    },
    ToolDone {
        index: usize,
    },
    Usage,
    Finish,
}

impl Step {
    pub(crate) fn is_content(self) -> bool {
        !matches!(self, Self::Usage | Self::Finish)
    }
}

/// The text that a chunk adds to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Target {
    Text,
    Reasoning,
    Tool(usize),
}

/// The reply under construction, and what is to be said about it.
#[derive(Debug)]
struct Assembly {
    reply: Reply,
    tools: ToolSlots,
    steps: VecDeque<Step>,
    templates: [(Target, Template); 3],
    /// The template that fitted last.
    likely: usize,
    /// Whether chunks are remembered as templates.
    learns: bool,
    /// The choice that is read, by its `index`: the one seen first.
    choice: Option<u64>,
    failure: Option<Error>,
    complete: bool,
    limits: Limits,
    /// Bytes of text, reasoning and arguments so far.
    size: usize,
}

impl Assembly {
    fn new(limits: Limits) -> Self {
        let template = |target| (target, Template::default());
        Self {
            reply: Reply::default(),
            tools: ToolSlots::default(),
            steps: VecDeque::new(),
            templates: [Target::Text, Target::Reasoning, Target::Tool(0)].map(template),
            likely: 0,
            learns: true,
            choice: None,
            failure: None,
            complete: false,
            limits,
            size: 0,
        }
    }

    fn is_over(&self) -> bool {
        self.complete || self.failure.is_some()
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    /// Reads one event of the stream. A single step is returned, several are queued.
    #[inline]
    fn on_frame(&mut self, frame: Frame<'_>) -> Option<Step> {
        if !frame.is_error {
            for offset in 0..self.templates.len() {
                let i = (self.likely + offset) % self.templates.len();
                let (target, template) = &self.templates[i];
                if let Some(text) = template.text(frame.data) {
                    self.likely = i;
                    return self.append(*target, text);
                }
            }
        }
        match frame.data.trim_ascii() {
            b"" => {}
            b"[DONE]" => self.complete(),
            data if frame.is_error => self.on_error(data),
            _ => self.on_data(frame.data),
        }
        None
    }

    /// Adds text and says so; `None` for empty text and for text above the limits.
    #[inline]
    fn append(&mut self, target: Target, text: template::Text<'_>) -> Option<Step> {
        if text.inner.is_empty() {
            return None;
        }
        self.size += text.inner.len();
        if self.size > self.limits.reply {
            self.fail(too_large("the reply", self.limits.reply));
            return None;
        }
        let buffer = match target {
            Target::Text => &mut self.reply.text,
            Target::Reasoning => &mut self.reply.reasoning,
            Target::Tool(index) => &mut self.reply.tool_calls[index].arguments,
        };
        let start = buffer.len();
        match text.escaped {
            true => json::unescape(text.inner, buffer),
            false => buffer.push_str(text.inner),
        }
        let end = buffer.len();
        Some(match target {
            Target::Text => Step::Text { start, end },
            Target::Reasoning => Step::Reasoning { start, end },
            Target::Tool(index) => {
                if end > self.limits.tool_arguments {
                    self.fail(too_large(
                        "the arguments of a tool call",
                        self.limits.tool_arguments,
                    ));
                    return None;
                }
                // Held back until there is a name to announce the call with.
                if !self.tools.is_announced(index) {
                    return None;
                }
                Step::ToolDelta { index, start, end }
            }
        })
    }

    /// Reads one JSON document: a chunk, a whole completion, or an error.
    fn on_data(&mut self, data: &[u8]) {
        // Bytes that are no UTF-8 are replaced, as in every browser: better a mark in the text
        // than no text.
        let text = String::from_utf8_lossy(data);
        let chunk = match Chunk::parse(&text) {
            Ok(chunk) => chunk,
            Err(error) => {
                let message = "the server sent a piece of the reply that is not JSON";
                self.fail(Error::new(ErrorKind::Protocol, message).with_source(error));
                return;
            }
        };
        if chunk.is_error() {
            return self.on_error(data);
        }
        let before = self.steps.len();
        let only = self.on_chunk(&chunk);
        // A chunk that brought one piece of text and nothing else is a pattern for the next ones.
        if let (Some((target, inner)), 1) = (only, self.steps.len() - before)
            && let std::borrow::Cow::Borrowed(text) = &text
        {
            let start = inner.as_ptr() as usize - text.as_ptr() as usize;
            self.learn(target, data, start, start + inner.len());
        }
    }

    /// Adds everything of a chunk; returns the last text and its target.
    fn on_chunk<'a>(&mut self, chunk: &Chunk<'a>) -> Option<(Target, &'a str)> {
        let mut last = None;
        if self.reply.id.is_none() {
            self.reply.id = chunk.id();
        }
        if self.reply.model.is_none() {
            self.reply.model = chunk.model();
        }
        let choice = chunk.choice();
        if let Some(choice) = &choice
            && *self.choice.get_or_insert(choice.index) == choice.index
        {
            for (target, inner) in choice.texts() {
                self.add(target, inner);
                last = Some((target, inner));
            }
            for fragment in choice.tool_fragments() {
                if let Some(found) = self.on_tool_fragment(&fragment) {
                    last = Some(found);
                }
            }
            if let Some(reason) = choice.finish_reason() {
                self.reply.finish_reason = Some(reason);
            }
        }
        if let Some(usage) = chunk.usage(choice.as_ref()) {
            self.reply.usage = Some(usage);
            self.steps.push_back(Step::Usage);
        }
        last
    }

    fn add(&mut self, target: Target, inner: &str) {
        let text = template::Text {
            inner,
            escaped: inner.contains('\\'),
        };
        if let Some(step) = self.append(target, text) {
            self.steps.push_back(step);
        }
    }

    fn on_tool_fragment<'a>(
        &mut self,
        fragment: &tools::Fragment<'a>,
    ) -> Option<(Target, &'a str)> {
        let calls = &mut self.reply.tool_calls;
        let Some(index) = self
            .tools
            .find_or_add(fragment, calls, self.limits.tool_calls)
        else {
            let limit = self.limits.tool_calls;
            let message = format!("the reply calls more than {limit} tools");
            self.fail(Error::new(ErrorKind::TooLarge, message));
            return None;
        };
        if self.tools.was_added() {
            // Fragments that name no call belong to the newest one: what was learnt is outdated.
            self.forget_tools();
        }
        if self.tools.announce(index, &self.reply.tool_calls[index]) {
            self.steps.push_back(Step::ToolStart { index });
            let end = self.reply.tool_calls[index].arguments.len();
            if end > 0 {
                self.steps.push_back(Step::ToolDelta {
                    index,
                    start: 0,
                    end,
                });
            }
        }
        let inner = fragment.arguments?;
        self.add(Target::Tool(index), inner);
        Some((Target::Tool(index), inner))
    }

    fn learn(&mut self, target: Target, data: &[u8], start: usize, end: usize) {
        if !self.learns {
            return;
        }
        let i = match target {
            Target::Text => 0,
            Target::Reasoning => 1,
            Target::Tool(_) => 2,
        };
        self.templates[i].0 = target;
        self.templates[i].1.learn(data, start, end);
        self.likely = i;
    }

    fn forget_tools(&mut self) {
        self.templates[2].1 = Template::default();
    }

    fn on_error(&mut self, data: &[u8]) {
        let server = qwen_openclaw_http::ServerError::parse(data).unwrap_or_default();
        self.fail(Error::from_stream(server));
    }

    fn on_end(&mut self) {
        if self.is_over() {
            return;
        }
        if self.reply.finish_reason.is_some() {
            return self.complete();
        }
        let message = match self.reply.has_no_content() {
            true => "the stream ended before the reply began",
            false => "the stream ended before the reply was complete",
        };
        self.fail(Error::new(ErrorKind::Truncated, message));
    }

    /// The server has said everything. Only now is it known how the reply ended: reasons may be
    /// corrected and fragments may follow until here.
    fn complete(&mut self) {
        if self.is_over() {
            return;
        }
        let reason = self.reply.finish_reason.as_ref();
        if let Some(reason) = reason.filter(|reason| reason.is_failure()) {
            let message = format!("the server gave up the reply with the reason `{reason}`");
            return self.fail(Error::new(ErrorKind::Server, message));
        }
        // What a limit or the inspection cut is no call, and no mistake of the model either.
        let cut = reason.is_some_and(crate::FinishReason::is_cut);
        for (index, call) in self.reply.tool_calls.iter_mut().enumerate() {
            call.complete = !cut && !call.name.is_empty() && tools::is_object(&call.arguments);
            if call.complete {
                self.steps.push_back(Step::ToolDone { index });
            }
        }
        if !cut && let Some(call) = self.reply.tool_calls.iter().find(|call| !call.complete) {
            let message = match call.name.is_empty() {
                true => "the model called a tool without naming it".to_owned(),
                false => format!(
                    "the model called the tool `{}` with arguments that are no JSON object",
                    call.name.escape_debug()
                ),
            };
            return self.fail(Error::new(ErrorKind::ToolArguments, message));
        }
        if self.reply.finish_reason.is_some() {
            self.steps.push_back(Step::Finish);
        }
        self.complete = true;
    }

    fn view(&self, step: Step) -> Option<EventRef<'_>> {
        let reply = &self.reply;
        Some(match step {
            Step::Text { start, end } => EventRef::Text(&reply.text[start..end]),
            Step::Reasoning { start, end } => EventRef::Reasoning(&reply.reasoning[start..end]),
            Step::ToolStart { index } => {
                let call = &reply.tool_calls[index];
                EventRef::ToolStart {
                    index,
                    id: &call.id,
                    name: &call.name,
                }
            }
            Step::ToolDelta { index, start, end } => EventRef::ToolDelta {
                index,
                json: &reply.tool_calls[index].arguments[start..end],
            },
            Step::ToolDone { index } => EventRef::ToolDone {
                index,
                call: &reply.tool_calls[index],
            },
            Step::Usage => EventRef::Usage(reply.usage.as_ref()?),
            Step::Finish => EventRef::Finish(reply.finish_reason.as_ref()?),
        })
    }
}

#[cfg(test)]
mod tests;
