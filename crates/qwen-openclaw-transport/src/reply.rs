//! A reply put together from its stream.

pub mod decode;
pub mod encode;
mod event;
mod finish;
mod json;
pub mod sse;
mod text_tool_calls;
mod usage;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    event::{Event, EventRef},
    finish::FinishReason,
    json::JsonFailure,
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
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) usage: Option<Usage>,
    pub(crate) finish_reason: Option<FinishReason>,
    pub(crate) request_id: Option<String>,
    #[serde(skip)]
    pub(crate) timings: Timings,
    pub(crate) attempts: u32,
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

    /// Returns the answer's text and drops the rest.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Returns true when nothing of the answer is in it yet.
    pub(crate) fn has_no_content(&self) -> bool {
        self.text.is_empty() && self.reasoning.is_empty() && self.tool_calls.is_empty()
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

/// A model's call of a tool.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
    pub(crate) complete: bool,
}

impl ToolCall {
    /// Creates a complete call, to put an earlier one into a conversation.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        let (id, name, arguments) = (id.into(), name.into(), arguments.into());
        Self {
            id,
            name,
            arguments,
            complete: true,
        }
    }

    /// Returns the id that the tool's result must repeat; empty when the server gave none.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the tool's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the arguments as the JSON text the model wrote.
    #[must_use]
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// Returns true when the model finished the call and its arguments are a JSON object.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Reads the arguments as `T`.
    ///
    /// # Errors
    ///
    /// The position and the reason, when the arguments are not what `T` wants.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.arguments)
    }
}
