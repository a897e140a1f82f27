//! How the events of a stream are written, by protocol.

use serde_json::Value;

/// The form of a protocol's events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EventForm {
    /// Data alone, and `[DONE]` after the last event: the OpenAI-compatible chat.
    Data,
    /// Named by the `type` of its payload, and nothing after the last event: the Responses API, and
    /// Anthropic's protocol.
    Named,
}

impl EventForm {
    /// The payload that comes after the last event.
    pub(crate) const fn last(self) -> Option<&'static str> {
        match self {
            Self::Data => Some("[DONE]"),
            Self::Named => None,
        }
    }

    /// The name of an event; `None` where events have none, or a payload does not tell.
    pub(crate) fn name(self, payload: &str) -> Option<String> {
        if self == Self::Data {
            return None;
        }
        let payload: Value = serde_json::from_str(payload).ok()?;
        payload["type"].as_str().map(str::to_owned)
    }

    /// An event with the blank line after it.
    pub(crate) fn event(self, payload: &str) -> String {
        match self.name(payload) {
            Some(name) => format!("event: {name}\ndata: {payload}\n\n"),
            None => format!("data: {payload}\n\n"),
        }
    }
}
