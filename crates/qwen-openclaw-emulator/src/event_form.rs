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
    /// A number, a kind and a status, no blank after the colons, and nothing after the last event:
    /// DashScope's own protocol.
    Native,
}

impl EventForm {
    /// The payload that comes after the last event.
    pub(crate) const fn last(self) -> Option<&'static str> {
        match self {
            Self::Data => Some("[DONE]"),
            Self::Named | Self::Native => None,
        }
    }

    /// What stands before the data.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Data | Self::Named => "data: ",
            Self::Native => "data:",
        }
    }

    /// The lines before the data of an event. Events are counted from 0.
    pub(crate) fn head(self, number: usize, payload: &str) -> Vec<String> {
        match self {
            Self::Data => Vec::new(),
            Self::Named => {
                let payload: Value = serde_json::from_str(payload).unwrap_or_default();
                let name = payload["type"].as_str();
                name.map(|name| format!("event: {name}"))
                    .into_iter()
                    .collect()
            }
            Self::Native => native_head(number, "result", 200),
        }
    }

    /// An event with the blank line after it.
    pub(crate) fn event(self, number: usize, payload: &str) -> String {
        let mut lines = self.head(number, payload);
        lines.push(format!("{}{payload}\n\n", self.field()));
        lines.join("\n")
    }
}

/// The event with which DashScope's own protocol tells an error.
pub(crate) fn native_error(number: usize, status: u16, payload: &str) -> String {
    let mut lines = native_head(number, "error", status);
    lines.push(format!("data:{payload}\n\n"));
    lines.join("\n")
}

fn native_head(number: usize, kind: &str, status: u16) -> Vec<String> {
    vec![
        format!("id:{}", number + 1),
        format!("event:{kind}"),
        format!(":HTTP_STATUS/{status}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_form() {
        let payload = r#"{"type":"x"}"#;
        for (form, expected) in [
            (EventForm::Data, "data: {\"type\":\"x\"}\n\n"),
            (EventForm::Named, "event: x\ndata: {\"type\":\"x\"}\n\n"),
            (
                EventForm::Native,
                "id:3\nevent:result\n:HTTP_STATUS/200\ndata:{\"type\":\"x\"}\n\n",
            ),
        ] {
            assert_eq!(form.event(2, payload), expected);
        }
        assert_eq!(
            native_error(0, 429, "{}"),
            "id:1\nevent:error\n:HTTP_STATUS/429\ndata:{}\n\n"
        );
    }
}
