//! The reply under construction, and the events that it gives.

use std::collections::VecDeque;

use qwen_openclaw_http::{Secrets, json};

use super::{
    Limits,
    choices::{Choices, Verdict},
    chunk::{Choice, Chunk},
    extra::{Effect, Level},
    halves::{self, Halves},
    template::{self, Template},
    too_large,
    tools::{self, Arguments, ToolSlots},
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
        if text.escaped || !self.halves.is_empty() {
            return self.append_escaped(target, text);
        }
        let buffer = self.buffer(target);
        let start = buffer.len();
        buffer.push_str(text.inner);
        let end = buffer.len();
        self.step(target, start, end)
    }

    /// As [`append`](Self::append), for a text with escapes, or one that may go on where a half of a
    /// pair waits.
    fn append_escaped(&mut self, target: Target, text: template::Text<'_>) -> Option<Step> {
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
            Target::Encrypted => return None,
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
        // than no text.
        let text = String::from_utf8_lossy(data);
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

    /// Adds everything of a chunk. Returns its text and where that went, when the chunk said nothing
    /// else: then it is a pattern for the next ones.
    fn on_chunk<'a>(&mut self, chunk: &Chunk<'a>, json: &str) -> Option<(Target, &'a str)> {
        if self.reply.id.is_none() {
            self.reply.id = self.cleaned(chunk.id());
            self.hold(0, self.reply.id.as_ref().map_or(0, String::len));
        }
        if self.reply.model.is_none() {
            self.reply.model = self.cleaned(chunk.model());
            self.hold(0, self.reply.model.as_ref().map_or(0, String::len));
        }
        if self.reply.request_id.is_none() {
            self.reply.request_id = self.cleaned(chunk.request_id());
            self.hold(0, self.reply.request_id.as_ref().map_or(0, String::len));
        }
        let mut effect = chunk
            .extra
            .merge_into(&mut self.reply.extra, Level::Document);
        let choice = chunk.choice(self.choices.read());
        let usage = chunk.usage(choice.as_ref());
        let mut only = None;
        if let Some(choice) = &choice {
            match self.choices.judge(choice.index) {
                Verdict::Read => {
                    match choice.index {
                        Some(0) => self.drop_other_choices(),
                        _ => self.read_other_choice(),
                    }
                    let (text, of_choice) = self.on_choice(choice);
                    effect += of_choice;
                    only = text.filter(|_| usage.is_none());
                }
                Verdict::Hold(index) => {
                    self.hold(0, json.len());
                    if self.choices.hold(index, json) {
                        self.read_other_choice();
                    }
                }
                Verdict::Skip => {}
            }
        }
        self.settle(effect);
        if let Some(usage) = usage {
            self.on_usage(usage);
        }
        only.filter(|_| !effect.accumulates)
    }

    /// Adds everything of a choice. Returns its text and where that went, when there is nothing else
    /// but what may be said again, and what its other fields have changed.
    fn on_choice<'a>(&mut self, choice: &Choice<'a>) -> (Option<(Target, &'a str)>, Effect) {
        let reply = &mut self.reply;
        let mut effect = choice.extra.merge_into(&mut reply.extra, Level::Choice);
        let message = &choice.message_extra;
        effect += message.merge_into(&mut reply.message_extra, Level::Delta);
        let (texts, fragments) = (choice.texts(), choice.tool_fragments());
        let reason = choice.finish_reason();
        let alone = texts.len() + fragments.len() == 1
            && fragments.iter().all(tools::Fragment::is_arguments_alone)
            && reason.is_none();
        let mut only = None;
        for (target, inner) in texts {
            self.add(target, inner);
            only = Some((target, inner));
        }
        for fragment in &fragments {
            let (text, of_call) = self.on_tool_fragment(fragment);
            effect += of_call;
            only = text.or(only);
        }
        if let Some(reason) = reason {
            self.on_reason(reason);
        }
        (only.filter(|_| alone), effect)
    }

    /// Reads the chunks of another choice, as the first one has not come.
    fn read_other_choice(&mut self) {
        for json in self.choices.release() {
            self.hold(json.len(), 0);
            let chunk = Chunk::parse(&json).unwrap_or_default();
            let read = self.choices.read();
            let choice = chunk.choice(read);
            if let Some(choice) = choice.filter(|choice| choice.index == read) {
                let (_, effect) = self.on_choice(&choice);
                self.settle(effect);
            }
        }
    }

    fn drop_other_choices(&mut self) {
        for json in self.choices.release() {
            self.hold(json.len(), 0);
        }
    }

    /// Counts what unknown fields hold, and forgets patterns of chunks that said something else.
    fn settle(&mut self, effect: Effect) {
        if effect.changed {
            self.hold(effect.removed, effect.added);
            for (_, template) in &mut self.templates {
                *template = Template::default();
            }
        }
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
    ) -> (Option<(Target, &'a str)>, Effect) {
        let calls = &mut self.reply.tool_calls;
        let Some(index) = self
            .tools
            .find_or_add(fragment, calls, self.limits.tool_calls)
        else {
            let limit = self.limits.tool_calls;
            let message = format!("the reply calls more than {limit} tools");
            self.fail(Error::new(ErrorKind::TooLarge, message));
            return (None, Effect::default());
        };
        let (old, new) = fragment.name_call(&mut calls[index]);
        let effect = fragment.describe_call(&mut calls[index]);
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
        let target = Target::Tool(index);
        match fragment.arguments {
            Some(Arguments::Text(inner)) => {
                self.add(target, inner);
                (Some((target, inner)), effect)
            }
            Some(Arguments::Json(inner)) => {
                let escaped = false;
                let step = self.append(target, template::Text { inner, escaped });
                self.steps.extend(step);
                (None, effect)
            }
            None => (None, effect),
        }
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
        self.release_all();
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
        self.release_all();
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
        let id = self.reply.id.as_deref();
        for (index, call) in self.reply.tool_calls.iter_mut().enumerate() {
            call.make_up_id(id, index);
            if !cut && !call.is_of_other_form() && call.arguments.trim_ascii().is_empty() {
                // A call that needs no arguments.
                let start = call.arguments.len();
                call.arguments.push_str("{}");
                let end = call.arguments.len();
                if self.tools.is_announced(index) {
                    self.steps.push_back(Step::ToolDelta { index, start, end });
                }
            }
            let fits = !call.name.is_empty() && tools::is_object(&call.arguments);
            call.complete = !cut && (fits || call.is_of_other_form());
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
