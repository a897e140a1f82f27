//! A reply put together from its stream.

mod billed;
pub mod decode;
pub mod encode;
mod event;
mod finish;
mod json;
mod logprobs;
pub mod sse;
mod text_tool_calls;
pub(crate) mod tool_call;
mod usage;

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

pub use self::{
    billed::Billing,
    event::{Event, EventRef},
    finish::FinishReason,
    json::JsonFailure,
    logprobs::TokenLogprob,
    tool_call::ToolCall,
    usage::Usage,
};

/// Everything a reply brought.
///
/// The same type is what a finished stream gives and what an [`Error`](crate::Error) carries as
/// its partial reply.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reply {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) text: String,
    pub(crate) reasoning: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) refusal: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) encrypted_content: String,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) usage: Option<Usage>,
    pub(crate) finish_reason: Option<FinishReason>,
    pub(crate) request_id: Option<String>,
    #[serde(skip)]
    pub(crate) timings: Timings,
    pub(crate) attempts: u32,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) message_extra: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) extra: Map<String, Value>,
}

impl Reply {
    /// Returns the answer's text; empty when the model only called tools.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the reasoning the model showed; empty when there was none.
    #[must_use]
    pub fn reasoning(&self) -> &str {
        &self.reasoning
    }

    /// Returns what the model said in place of an answer; empty unless it refused to give one.
    #[must_use]
    pub fn refusal(&self) -> &str {
        &self.refusal
    }

    /// Returns the encrypted reasoning, of which [`reasoning`](Self::reasoning) is a summary; `None`
    /// when the server sent none.
    ///
    /// The model wants it back, byte for byte, with the assistant's turn of the conversation.
    /// [`Message::from`](crate::Message) keeps it there.
    #[must_use]
    pub fn encrypted_content(&self) -> Option<&str> {
        Some(&*self.encrypted_content).filter(|content| !content.is_empty())
    }

    /// Returns the tool calls, in the order in which the model began them.
    ///
    /// In a reply that was cut (see [`FinishReason::Length`]) the last ones may be incomplete: ask
    /// [`ToolCall::is_complete`].
    #[must_use]
    pub fn tool_calls(&self) -> &[ToolCall] {
        &self.tool_calls
    }

    /// Returns the token counts; `None` when the server sent none.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }

    /// Returns why the model stopped; `None` when the server did not say.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.finish_reason.as_ref()
    }

    /// Returns the reply's own id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the model that answered, as the server names it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Returns the id under which the vendor finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns how long the parts of the request took.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.timings
    }

    /// Returns how many requests were sent until one was answered.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the fields of the message that this type does not know, such as `annotations`. They
    /// are sent back with the assistant's turn of the conversation:
    /// [`Message::from`](crate::Message) keeps them in [`Message::extra`](crate::Message::extra).
    /// `reasoning_details` is one of them, although its texts are read as
    /// [`reasoning`](Self::reasoning) where there are no others; and under `content` are the parts of
    /// the content that are no text, such as images. A message has them after its text.
    ///
    /// Over the chunks of a stream, strings are joined (all but those that name something: `id`,
    /// `type`, `name`, `role`, `object`, `format`), lists appended, objects merged field by field, and
    /// items of lists that have an `index` merged into the one with the same. Numbers and booleans
    /// are those that came last, and `null` is nothing. Those of a call are in
    /// [`ToolCall::extra`], in the same way.
    #[must_use]
    pub fn message_extra(&self) -> &Map<String, Value> {
        &self.message_extra
    }

    /// Returns the fields beside the message that this type does not know, such as `search_info`,
    /// `system_fingerprint` and `service_tier`, and `logprobs`, which [`logprobs`](Self::logprobs)
    /// reads. They are not sent back.
    ///
    /// Over the chunks of a stream they are put together as in
    /// [`message_extra`](Self::message_extra), but strings are those that came last, and so are
    /// lists outside of the choices whose items have no `index`.
    #[must_use]
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// Returns the answer's text and drops the rest.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Returns true when nothing of the answer is in it yet.
    pub(crate) fn has_no_content(&self) -> bool {
        self.text.is_empty()
            && self.reasoning.is_empty()
            && self.refusal.is_empty()
            && self.encrypted_content.is_empty()
            && self.tool_calls.is_empty()
    }
}

/// How long the parts of a request took, each from the moment it was first sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Timings {
    /// Until the head of the response that was read.
    pub head: Option<Duration>,
    /// Until the first piece of text, reasoning or tool call.
    pub first_content: Option<Duration>,
    /// Until the reply was complete, or broke off.
    pub total: Option<Duration>,
}

impl Timings {
    /// Returns the output tokens per second between the first piece and the end; `None` when
    /// either is unknown or no time passed.
    #[must_use]
    pub fn tokens_per_second(&self, usage: &Usage) -> Option<f64> {
        let spent = self.total?.checked_sub(self.first_content?)?.as_secs_f64();
        #[expect(
            clippy::cast_precision_loss,
            reason = "token counts are far below 2^53"
        )]
        let tokens = usage.output_tokens as f64;
        (spent > 0.0 && tokens > 0.0).then(|| tokens / spent)
    }
}
