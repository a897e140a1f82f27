//! What a stream delivers, piece by piece.

use crate::{FinishReason, ToolCall, Usage};

/// One step of a reply.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The next piece of the answer's text. Never empty.
    Text(String),
    /// The next piece of the reasoning before or between the text. Never empty.
    Reasoning(String),
    /// The next piece of what the model says in place of an answer that it refuses. Never empty.
    Refusal(String),
    /// The model starts to call a tool.
    ToolStart {
        /// The position of the call in [`Reply::tool_calls`](crate::Reply::tool_calls).
        index: usize,
        /// The id that the tool's result must repeat; empty when the server gave none: then the call
        /// in [`ToolDone`](Self::ToolDone) has one.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// The next piece of a call's arguments, as JSON text.
    ToolDelta {
        /// The position of the call.
        index: usize,
        /// The piece. Never empty.
        json: String,
    },
    /// A call is complete and its arguments are a JSON object. Comes when the model has stopped.
    ToolDone {
        /// The position of the call.
        index: usize,
        /// The call.
        call: ToolCall,
    },
    /// The token counts. Comes once, or again with higher counts from servers that count along.
    Usage(Usage),
    /// The model has stopped. Comes once, last, unless the server gave no reason.
    Finish(FinishReason),
}

/// One step of a reply, borrowed from the stream: copies nothing.
///
/// The variants mean what those of [`Event`] mean.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each field is that of `Event`")]
pub enum EventRef<'a> {
    /// As [`Event::Text`].
    Text(&'a str),
    /// As [`Event::Reasoning`].
    Reasoning(&'a str),
    /// As [`Event::Refusal`].
    Refusal(&'a str),
    /// As [`Event::ToolStart`].
    ToolStart {
        index: usize,
        id: &'a str,
        name: &'a str,
    },
    /// As [`Event::ToolDelta`].
    ToolDelta { index: usize, json: &'a str },
    /// As [`Event::ToolDone`].
    ToolDone { index: usize, call: &'a ToolCall },
    /// As [`Event::Usage`].
    Usage(&'a Usage),
    /// As [`Event::Finish`].
    Finish(&'a FinishReason),
}

impl EventRef<'_> {
    /// Copies the event.
    #[must_use]
    pub fn to_owned(&self) -> Event {
        match *self {
            Self::Text(text) => Event::Text(text.to_owned()),
            Self::Reasoning(text) => Event::Reasoning(text.to_owned()),
            Self::Refusal(text) => Event::Refusal(text.to_owned()),
            Self::ToolStart { index, id, name } => Event::ToolStart {
                index,
                id: id.to_owned(),
                name: name.to_owned(),
            },
            Self::ToolDelta { index, json } => Event::ToolDelta {
                index,
                json: json.to_owned(),
            },
            Self::ToolDone { index, call } => Event::ToolDone {
                index,
                call: call.clone(),
            },
            Self::Usage(usage) => Event::Usage(usage.clone()),
            Self::Finish(reason) => Event::Finish(reason.clone()),
        }
    }
}
