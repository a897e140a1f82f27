//! The reply under construction, and the events that it gives.

use std::collections::VecDeque;

use qwen_openclaw_http::{Secrets, json};

use super::{
    Limits,
    chunk::Chunk,
    template::{self, Template},
    too_large,
    tools::{self, ToolSlots},
};
use crate::{Error, ErrorKind, EventRef, Reply, reply::sse::Frame};

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
pub(super) enum Target {
    Text,
    Reasoning,
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
    /// The choice that is read, by its `index`: the one seen first.
    choice: Option<u64>,
    pub(super) failure: Option<Error>,
    pub(super) complete: bool,
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
            choice: None,
            failure: None,
            complete: false,
            limits,
            size: 0,
            secrets: Secrets::default(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.complete || self.failure.is_some()
    }

    pub(super) fn fail(&mut self, error: Error) {
        let secrets = &self.secrets;
        self.failure.get_or_insert_with(|| error.masked(secrets));
    }

    /// Reads one event of the stream. A single step is returned, several are queued.
    #[inline]
    pub(super) fn on_frame(&mut self, frame: Frame<'_>) -> Option<Step> {
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
        let buffer = match target {
            Target::Text => &mut self.reply.text,
            Target::Reasoning => &mut self.reply.reasoning,
            Target::Tool(index) => &mut self.reply.tool_calls[index].arguments,
        };
        let start = buffer.len();
        if text.escaped {
            json::unescape(text.inner, buffer)
        } else {
            buffer.push_str(text.inner)
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
        let only = self.on_chunk(&chunk);
        if let (Some((target, inner)), std::borrow::Cow::Borrowed(text)) = (only, &text) {
            let start = inner.as_ptr() as usize - text.as_ptr() as usize;
            self.learn(target, data, start, start + inner.len());
        }
        Ok(())
    }

    /// Adds everything of a chunk. Returns its text and where that went, when the chunk said nothing
    /// else: then it is a pattern for the next ones.
    fn on_chunk<'a>(&mut self, chunk: &Chunk<'a>) -> Option<(Target, &'a str)> {
        if self.reply.id.is_none() {
            self.reply.id = self.cleaned(chunk.id());
            self.hold(0, self.reply.id.as_ref().map_or(0, String::len));
        }
        if self.reply.model.is_none() {
            self.reply.model = self.cleaned(chunk.model());
            self.hold(0, self.reply.model.as_ref().map_or(0, String::len));
        }
        let choice = chunk.choice();
        let usage = chunk.usage(choice.as_ref());
        let mut only = None;
        if let Some(choice) = &choice
            && *self.choice.get_or_insert(choice.index) == choice.index
        {
            let (texts, fragments) = (choice.texts(), choice.tool_fragments());
            let reason = choice.finish_reason();
            let alone = texts.len() + fragments.len() == 1
                && fragments.iter().all(tools::Fragment::is_arguments_alone)
                && reason.is_none()
                && usage.is_none();
            for (target, inner) in texts {
                self.add(target, inner);
                only = Some((target, inner));
            }
            for fragment in &fragments {
                only = self.on_tool_fragment(fragment).or(only);
            }
            if let Some(reason) = reason {
                self.on_reason(reason);
            }
            only = only.filter(|_| alone);
        }
        if let Some(usage) = usage {
            self.on_usage(usage);
        }
        only
    }

    /// A word of the server about the reply, which is no part of it.
    fn cleaned(&self, word: Option<String>) -> Option<String> {
        Some(self.secrets.clean(&word?)?.into())
    }

    fn on_reason(&mut self, reason: crate::FinishReason) {
        let reason = match reason {
            crate::FinishReason::Other(word) => {
                let word = self.secrets.clean(&word).unwrap_or_default();
                crate::FinishReason::Other(word)
            }
            known => known,
        };
        let old = self.reply.finish_reason.replace(reason);
        let held = |reason: &Option<crate::FinishReason>| match reason {
            Some(reason) => reason.as_str().len(),
            None => 0,
        };
        self.hold(held(&old), held(&self.reply.finish_reason));
    }

    fn on_usage(&mut self, usage: crate::Usage) {
        let old = self.reply.usage.replace(usage);
        let held = |usage: &Option<crate::Usage>| {
            let raw = usage.as_ref().and_then(crate::Usage::raw);
            raw.map_or(0, str::len)
        };
        self.hold(held(&old), held(&self.reply.usage));
        self.steps.push_back(Step::Usage);
    }

    /// Counts what the reply holds now in place of `old` bytes.
    fn hold(&mut self, old: usize, new: usize) {
        self.size = self.size.saturating_sub(old).saturating_add(new);
        if self.size > self.limits.reply {
            self.fail(too_large("the reply", self.limits.reply));
        }
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
        let (old, new) = fragment.name_call(&mut calls[index]);
        self.hold(old, new);
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

    pub(super) fn on_end(&mut self, cause: Option<Error>) {
        if self.is_over() {
            return;
        }
        if self.reply.finish_reason.is_some() {
            return self.complete();
        }
        self.fail(cause.unwrap_or_else(|| self.truncated()));
    }

    fn truncated(&self) -> Error {
        let message = if self.reply.has_no_content() {
            "the stream ended before the reply began"
        } else {
            "the stream ended before the reply was complete"
        };
        Error::new(ErrorKind::Truncated, message)
    }

    /// The server has said everything. Only now is it known how the reply ended: reasons may be
    /// corrected and fragments may follow until here.
    fn complete(&mut self) {
        if self.is_over() {
            return;
        }
        let reason = self.reply.finish_reason.as_ref();
        if reason.is_none() && self.reply.has_no_content() {
            // An end of something that never began.
            return self.fail(self.truncated());
        }
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
                    "the model called the tool `{}` with arguments that are not a JSON object",
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

    pub(super) fn view(&self, step: Step) -> Option<EventRef<'_>> {
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

/// What stands in the last event of a stream.
const DONE: &[u8] = b"[DONE]";

fn not_json(error: serde_json::Error) -> Error {
    let message = "the server sent a piece of the reply that is not JSON";
    Error::new(ErrorKind::Protocol, message).with_source(error)
}
