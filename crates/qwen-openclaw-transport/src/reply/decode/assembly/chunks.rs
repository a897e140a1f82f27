//! What a chunk adds to a reply.

use super::{Assembly, Step, Target};
use crate::{
    Error, ErrorKind,
    reply::decode::{
        choices::Verdict,
        chunk::{Choice, Chunk},
        extra::{Effect, Level},
        template, too_large,
        tools::{self, Arguments},
    },
};

impl Assembly {
    /// Adds everything of a chunk. Returns its text and where that went, when the chunk said nothing
    /// else: then it is a pattern for the next ones.
    pub(super) fn on_chunk<'a>(
        &mut self,
        chunk: &Chunk<'a>,
        json: &str,
    ) -> Option<(Target, &'a str)> {
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
        self.has_plain_reasoning |= choice.reasoning().is_some();
        let details = !self.has_plain_reasoning;
        let (texts, fragments) = (choice.texts(details), choice.tool_fragments());
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
    pub(super) fn read_other_choice(&mut self) {
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
            self.forget_templates();
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
}
