//! The messages of a conversation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Part, Reply, ToolCall, reply::tool_call::wire as tool_calls};

/// One message of a conversation, in the form in which it is sent.
///
/// Fields this type does not know are kept and sent as they are.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said: a text, or a list of parts; `None`, sent as `null`, for an assistant that only
    /// called tools.
    #[serde(default)]
    pub content: Option<Value>,
    /// The tools an assistant called.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "tool_calls")]
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool's result answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// The reasoning an assistant showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// The encrypted reasoning of an assistant, which the model wants back byte for byte: see
    /// [`Reply::encrypted_content`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_content: Option<String>,
    /// What an assistant said in place of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who speaks.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// The instructions above a conversation.
    System,
    /// The person, or the program, that asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
    /// A role this version does not know.
    #[serde(untagged)]
    Other(String),
}

impl Message {
    /// Creates a message with a text.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            content: Some(Value::String(text.into())),
            tool_calls: Vec::new(),
            tool_call_id: None,
            reasoning_content: None,
            encrypted_content: None,
            refusal: None,
            extra: Map::new(),
        }
    }

    /// Creates a message of several parts.
    #[must_use]
    pub fn parts(role: Role, parts: impl IntoIterator<Item = Part>) -> Self {
        let parts = parts.into_iter().map(Part::into_value).collect();
        Self {
            content: Some(Value::Array(parts)),
            ..Self::new(role, "")
        }
    }

    /// Adds a part at the end.
    pub fn push(&mut self, part: Part) {
        let mut parts = match self.content.take() {
            Some(Value::Array(parts)) => parts,
            Some(Value::String(text)) if !text.is_empty() => vec![Part::text(text).into_value()],
            _ => Vec::new(),
        };
        parts.push(part.into_value());
        self.content = Some(Value::Array(parts));
    }

    /// Creates the instructions above a conversation.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// Creates what the user says.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// Creates what the model said.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// Creates the result of the tool call `id`.
    #[must_use]
    pub fn tool(id: impl Into<String>, result: impl Into<String>) -> Self {
        Self {
            tool_call_id: Some(id.into()),
            ..Self::new(Role::Tool, result)
        }
    }

    /// Returns the text of the message, without the parts that are not text.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .collect(),
            _ => String::new(),
        }
    }
}

/// Makes a reply the assistant's turn of the conversation it answered.
impl From<&Reply> for Message {
    fn from(reply: &Reply) -> Self {
        let mut message = Self::assistant(reply.text());
        let calls = reply.tool_calls().iter().filter(|call| call.is_complete());
        message.tool_calls = calls.cloned().collect();
        // The service takes no `null` from an assistant that called nothing.
        if reply.text().is_empty() && !message.tool_calls.is_empty() {
            message.content = None;
        }
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        message.reasoning_content = filled(reply.reasoning());
        message.encrypted_content = reply.encrypted_content().map(str::to_owned);
        message.refusal = filled(reply.refusal());
        message.extra = reply.message_extra().clone();
        if let Some(Value::Array(parts)) = message.extra.remove("content") {
            let text = (!reply.text().is_empty()).then(|| Part::text(reply.text()).into_value());
            message.content = Some(text.into_iter().chain(parts).collect());
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_keep_what_they_do_not_know() {
        let wire = json!({"role": "developer", "content": [{"type": "text", "text": "a"}], "x": 1});
        let message: Message = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(message.role, Role::Other("developer".into()));
        assert_eq!(message.text(), "a");
        assert_eq!(serde_json::to_value(&message).unwrap(), wire);
    }

    #[test]
    fn a_reply_becomes_a_turn() {
        let call = ToolCall::new("a", "get", "{}");
        let reply = Reply {
            tool_calls: vec![call],
            reasoning: "r".into(),
            ..Reply::default()
        };
        assert_eq!(
            serde_json::to_value(Message::from(&reply)).unwrap(),
            json!({
                "role": "assistant",
                "content": null,
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "get", "arguments": "{}"}}
                ],
                "reasoning_content": "r",
            })
        );
        assert_eq!(
            serde_json::to_value(Message::tool("a", "7")).unwrap(),
            json!({"role": "tool", "content": "7", "tool_call_id": "a"})
        );
    }

    #[test]
    fn encrypted_reasoning_goes_back_as_it_came() {
        let reply = Reply {
            reasoning: "summary".into(),
            encrypted_content: "gAAAAAB+/= \u{e9}".into(),
            text: "a".into(),
            ..Reply::default()
        };
        let message = Message::from(&reply);
        let wire = json!({
            "role": "assistant",
            "content": "a",
            "reasoning_content": "summary",
            "encrypted_content": "gAAAAAB+/= \u{e9}",
        });
        assert_eq!(serde_json::to_value(&message).unwrap(), wire);
        let kept = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&kept).unwrap(), message);
    }

    #[test]
    fn a_turn_without_calls_has_a_content() {
        let reply = Reply {
            refusal: "no".into(),
            ..Reply::default()
        };
        assert_eq!(
            serde_json::to_value(Message::from(&reply)).unwrap(),
            json!({"role": "assistant", "content": "", "refusal": "no"})
        );
    }

    #[test]
    fn calls_of_a_conversation_are_read_as_they_are_written() {
        let wire = json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "get", "arguments": "{}", "s": 1}, "x": 2},
            {"id": "b", "type": "custom", "custom": {"name": "sql", "input": "x"}},
        ]});
        let message: Message = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(message.tool_calls[1].name(), "sql");
        assert_eq!(serde_json::to_value(&message).unwrap(), wire);
        let loose = json!({"role": "assistant", "tool_calls": [
            {"index": 0, "function": {"name": "get", "arguments": {"a": 1}}},
            {"id": "c", "function": {"name": "now", "arguments": null}},
        ]});
        let message: Message = serde_json::from_value(loose).unwrap();
        assert_eq!(
            message.tool_calls[0],
            ToolCall::new("", "get", r#"{"a":1}"#)
        );
        assert_eq!(message.tool_calls[1], ToolCall::new("c", "now", ""));
    }
}
