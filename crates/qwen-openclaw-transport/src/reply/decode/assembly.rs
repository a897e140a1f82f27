//! The reply under construction, and the events that it gives.

mod chunks;
mod end;

use std::collections::VecDeque;

use qwen_openclaw_http::{Secrets, json};

use super::{
    Limits,
    choices::Choices,
    chunk::Chunk,
    halves::{self, Halves},
    template::{self, Template},
    too_large,
    tools::ToolSlots,
};
use crate::{
    Error, ErrorKind, EventRef, Reply,
    reply::sse::{DONE, Frame},
};

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
    Refusal {
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
pub(super) enum Target {
    Text,
    Reasoning,
    Refusal,
    Encrypted,
    Tool(usize),
}

/// The reply under construction, and what is to be said about it.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) reply: Reply,
    tools: ToolSlots,
    pub(super) steps: VecDeque<Step>,
    templates: [(Target, Template); 3],
    /// The template that fitted last.
    likely: usize,
    /// Whether chunks are remembered as templates.
    pub(super) learns: bool,
    choices: Choices,
    halves: Halves,
    pub(super) failure: Option<Error>,
    pub(super) complete: bool,
    /// Whether reasoning has come as a text: then its details say it again.
    has_plain_reasoning: bool,
    /// Whether something of the answer has come that no event shows, or not yet.
    pub(super) unseen: bool,
    pub(super) limits: Limits,
    /// Bytes that the reply holds.
    size: usize,
    /// What was sent and may be repeated in ids and errors. The reply itself is never changed.
    pub(super) secrets: Secrets,
}

impl Assembly {
    pub(super) fn new(limits: Limits) -> Self {
        let template = |target| (target, Template::default());
        Self {
            reply: Reply::default(),
            tools: ToolSlots::default(),
            steps: VecDeque::new(),
            templates: [Target::Text, Target::Reasoning, Target::Tool(0)].map(template),
            likely: 0,
            learns: true,
            choices: Choices::default(),
            halves: Halves::default(),
            failure: None,
            complete: false,
            has_plain_reasoning: false,
            unseen: false,
            limits,
            size: 0,
            secrets: Secrets::default(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.complete || self.failure.is_some()
    }

    pub(super) fn fail(&mut self, error: Error) {
        if self.failure.is_none() {
            self.release_all();
        }
        let secrets = &self.secrets;
        self.failure.get_or_insert_with(|| error.masked(secrets));
    }

    /// Reads one event of the stream. A single step is returned, several are queued.
    #[inline]
    pub(super) fn on_frame(&mut self, frame: Frame<'_>) -> Option<Step> {
        if !frame.is_error {
            for _ in 0..self.templates.len() {
                let (target, template) = &self.templates[self.likely];
                if let Some(text) = template.text(frame.data) {
                    return self.append(*target, text);
                }
                self.likely = (self.likely + 1) % self.templates.len();
            }
        }
        match frame.data.trim_ascii() {
            b"" => {}
            DONE => self.complete(),
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
        if text.escaped && halves::may_end(text.inner) || !self.halves.is_empty() {
            return self.append_with_halves(target, text);
        }
        let buffer = self.buffer(target);
        let start = buffer.len();
        if text.escaped {
            json::unescape(text.inner, buffer);
        } else {
            buffer.push_str(text.inner);
        }
        let end = buffer.len();
        match target {
            Target::Text => Some(Step::Text { start, end }),
            _ => self.step(target, start, end),
        }
    }

    /// As [`append`](Self::append), where a half of a pair waits, or comes last.
    #[cold]
    fn append_with_halves(&mut self, target: Target, text: template::Text<'_>) -> Option<Step> {
        let waiting = self.halves.take(target);
        let verbatim = !text.escaped && text.inner.contains('\\');
        let joined;
        let inner = match &waiting {
            Some(half) if !verbatim => {
                joined = format!("{half}{}", text.inner);
                &joined
            }
            _ => text.inner,
        };
        let (inner, half) = if verbatim {
            (inner, None)
        } else {
            halves::split(inner)
        };
        if let Some(half) = half {
            self.halves.put(target, half);
        }
        if inner.is_empty() {
            return None;
        }
        let buffer = self.buffer(target);
        let start = buffer.len();
        if verbatim {
            json::unescape(waiting.as_deref().unwrap_or_default(), buffer);
            buffer.push_str(inner);
        } else {
            json::unescape(inner, buffer);
        }
        let end = buffer.len();
        self.step(target, start, end)
    }

    #[inline]
    fn buffer(&mut self, target: Target) -> &mut String {
        let reply = &mut self.reply;
        match target {
            Target::Text => &mut reply.text,
            Target::Reasoning => &mut reply.reasoning,
            Target::Refusal => &mut reply.refusal,
            Target::Encrypted => &mut reply.encrypted_content,
            Target::Tool(index) => &mut reply.tool_calls[index].arguments,
        }
    }

    /// Says what was appended; `None` where nobody is to see it, or not yet.
    fn step(&mut self, target: Target, start: usize, end: usize) -> Option<Step> {
        Some(match target {
            Target::Text => Step::Text { start, end },
            Target::Reasoning => Step::Reasoning { start, end },
            Target::Refusal => Step::Refusal { start, end },
            Target::Encrypted => {
                self.unseen = true;
                return None;
            }
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
                    self.unseen = true;
                    return None;
                }
                Step::ToolDelta { index, start, end }
            }
        })
    }

    /// Lets go of what waited for more, since nothing more comes: chunks of other choices, and halves
    /// of pairs, each of which is U+FFFD now.
    fn release_all(&mut self) {
        self.read_other_choice();
        for (target, half) in self.halves.take_all() {
            let buffer = self.buffer(target);
            let start = buffer.len();
            json::unescape(&half, buffer);
            let end = buffer.len();
            let step = self.step(target, start, end);
            self.steps.extend(step);
        }
    }

    /// Reads one JSON document: a chunk, a whole completion, or an error.
    fn on_data(&mut self, data: &[u8]) {
        if let Err(error) = self.read(data) {
            self.fail(not_json(error));
        }
    }

    /// Reads what the end of the bytes may have cut. What was cut says nothing: before the model has
    /// stopped, the reply is truncated, and after that it lacks nothing but its counts.
    pub(super) fn on_last(&mut self, data: &[u8]) {
        let trimmed = data.trim_ascii();
        if trimmed.is_empty() {
            return;
        }
        if trimmed == DONE {
            return self.complete();
        }
        let stopped = self.reply.finish_reason.is_some();
        match self.read(data) {
            Err(error) if !(stopped || error.is_eof() || DONE.starts_with(trimmed)) => {
                self.fail(not_json(error));
            }
            _ => {}
        }
    }

    /// As [`on_last`](Self::on_last), for an event named `error`.
    pub(super) fn on_last_error(&mut self, data: &[u8]) {
        let cut = match data.trim_ascii().first() {
            None => true,
            Some(b'{') => serde_json::from_slice::<serde::de::IgnoredAny>(data).is_err(),
            // Of a text, a part is better than nothing.
            Some(_) => false,
        };
        if !cut {
            self.on_error(data);
        }
    }

    fn read(&mut self, data: &[u8]) -> Result<(), serde_json::Error> {
        // Bytes that are not UTF-8 are replaced, as in every browser: better a mark in the text
        // than no text. Valid text is much faster to recognize as a whole.
        let text = match std::str::from_utf8(data) {
            Ok(text) => std::borrow::Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(data),
        };
        let chunk = Chunk::parse(&text)?;
        if chunk.is_error() {
            self.on_error(data);
            return Ok(());
        }
        let only = self.on_chunk(&chunk, &text);
        if let (Some((target, inner)), std::borrow::Cow::Borrowed(text)) = (only, &text) {
            let start = inner.as_ptr() as usize - text.as_ptr() as usize;
            self.learn(target, data, start, start + inner.len());
        }
        Ok(())
    }

    fn learn(&mut self, target: Target, data: &[u8], start: usize, end: usize) {
        if !self.learns {
            return;
        }
        let i = match target {
            Target::Text => 0,
            Target::Reasoning => 1,
            Target::Tool(_) => 2,
            // Too short to be worth it.
            Target::Refusal | Target::Encrypted => return,
        };
        self.templates[i].0 = target;
        self.templates[i].1.learn(data, start, end);
        self.likely = i;
    }

    #[cfg(test)]
    pub(super) fn has_learnt(&self, target: Target) -> bool {
        let learnt = |(of, template): &(Target, Template)| *of == target && !template.is_empty();
        self.templates.iter().any(learnt)
    }

    fn forget_templates(&mut self) {
        for (_, template) in &mut self.templates {
            *template = Template::default();
        }
    }

    fn forget_tools(&mut self) {
        self.templates[2].1 = Template::default();
    }

    pub(super) fn view(&self, step: Step) -> Option<EventRef<'_>> {
        let reply = &self.reply;
        Some(match step {
            Step::Text { start, end } => EventRef::Text(&reply.text[start..end]),
            Step::Reasoning { start, end } => EventRef::Reasoning(&reply.reasoning[start..end]),
            Step::Refusal { start, end } => EventRef::Refusal(&reply.refusal[start..end]),
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

fn not_json(error: serde_json::Error) -> Error {
    let message = "the server sent a piece of the reply that is not JSON";
    Error::new(ErrorKind::Protocol, message).with_source(error)
}
