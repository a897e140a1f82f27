//! Why a model stopped.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why the model stopped.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FinishReason {
    /// The answer is complete.
    Stop,
    /// The token limit was reached; the answer is cut.
    Length,
    /// The model waits for the results of the tools it called.
    ToolCalls,
    /// The service's inspection stopped the answer.
    ContentFilter,
    /// A reason this version does not know, as the server spelled it.
    Other(Box<str>),
}

impl FinishReason {
    /// Returns the reason as the service spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other(other) => other,
        }
    }

    /// Returns true when the reply was cut off with this reason: the model had more to say.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Length | Self::ContentFilter)
    }

    /// Returns true when the server says with this reason that it failed: what arrived is not an
    /// answer, even though the stream ended in good order.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self.as_str(),
            "network_error" | "insufficient_system_resource" | "error"
        )
    }
}

impl From<&str> for FinishReason {
    fn from(wire: &str) -> Self {
        match wire {
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool_calls" => Self::ToolCalls,
            "content_filter" => Self::ContentFilter,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FinishReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
