//! What is answered: thoughts, then text or tool calls.

use super::{Chat, encrypted::Sealed, prose, structured, think, tokens, tools};

/// One of a request's answers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Composed {
    /// What the model thinks before; `None` when it does not.
    pub(crate) reasoning: Option<String>,
    /// What the caller gets instead of the reasoning, when it is encrypted.
    pub(super) sealed: Option<Sealed>,
    pub(crate) text: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) finish: &'static str,
    /// The string of the request's `stop` at which the text was cut.
    pub(crate) stopped_at: Option<String>,
}

/// A call of one of the caller's tools.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// What a call costs beside its name and arguments.
const PER_CALL: usize = 8;

impl Call {
    /// The tokens before the arguments.
    pub(crate) fn head_tokens(&self) -> usize {
        PER_CALL + tokens::count(&self.name)
    }
}

impl Composed {
    /// The reasoning as far as the caller may read it.
    pub(crate) fn readable_reasoning(&self) -> Option<&str> {
        let summary = self.sealed.as_ref().map(|sealed| &*sealed.summary);
        summary.or(self.reasoning.as_deref())
    }

    /// The reasoning as it cannot be read.
    pub(crate) fn ciphertext(&self) -> Option<&str> {
        Some(&self.sealed.as_ref()?.ciphertext)
    }

    pub(crate) fn reasoning_tokens(&self) -> usize {
        self.reasoning.as_deref().map_or(0, tokens::count)
    }

    pub(super) fn answer_tokens(&self) -> usize {
        let calls: usize = self
            .calls
            .iter()
            .map(|call| call.head_tokens() + tokens::count(&call.arguments))
            .sum();
        tokens::count(&self.text) + calls
    }
}

/// Composes the answers to a request: one, unless it asks for more.
pub(super) fn compose(chat: &Chat<'_>) -> Vec<Composed> {
    let mut reply = whole(chat);
    cut_at_stop(&mut reply, &chat.request.stops());
    if let Some(budget) = positive(chat.request.thinking_budget)
        && let Some(reasoning) = &mut reply.reasoning
    {
        keep(reasoning, budget);
    }
    // The older limit is about the answer only, the newer about thoughts and answer.
    if let Some(limit) = positive(chat.request.max_tokens) {
        cut_answer(&mut reply, limit);
    }
    if let Some(limit) = positive(chat.request.max_completion_tokens) {
        let thoughts = reply.reasoning_tokens();
        if let Some(reasoning) = &mut reply.reasoning {
            keep(reasoning, limit);
        }
        cut_answer(&mut reply, limit.saturating_sub(thoughts));
    }
    let count = positive(chat.request.n).unwrap_or(1);
    vec![reply; count]
}

fn whole(chat: &Chat<'_>) -> Composed {
    let reasoning = chat.thinks.then(|| think::thoughts(chat));
    let calls = tools::calls(chat);
    if !calls.is_empty() {
        return Composed {
            reasoning,
            sealed: None,
            text: String::new(),
            calls,
            finish: "tool_calls",
            stopped_at: None,
        };
    }
    let text = structured::answer(chat)
        .or_else(|| tools::report(chat))
        .unwrap_or_else(|| prose::answer(chat));
    Composed {
        reasoning,
        sealed: None,
        text,
        calls: Vec::new(),
        finish: "stop",
        stopped_at: None,
    }
}

fn positive(number: Option<i64>) -> Option<usize> {
    usize::try_from(number?).ok()
}

/// The text ends before the first of the strings.
fn cut_at_stop(reply: &mut Composed, stops: &[&str]) {
    let first = stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| Some((reply.text.find(stop)?, *stop)))
        .min();
    if let Some((at, stop)) = first {
        reply.text.truncate(at);
        reply.stopped_at = Some(stop.to_owned());
    }
}

/// Shortens a text to some tokens and tells whether it had more.
fn keep(text: &mut String, limit: usize) -> bool {
    let length: usize = tokens::split(text)
        .iter()
        .take(limit)
        .map(|token| token.len())
        .sum();
    let cut = length < text.len();
    text.truncate(length);
    cut
}

fn cut_answer(reply: &mut Composed, limit: usize) {
    let mut left = limit;
    if keep(&mut reply.text, left) {
        reply.finish = "length";
    }
    left = left.saturating_sub(tokens::count(&reply.text));
    for call in &mut reply.calls {
        left = left.saturating_sub(call.head_tokens());
        if keep(&mut call.arguments, left) {
            reply.finish = "length";
        }
        left = left.saturating_sub(tokens::count(&call.arguments));
    }
}
