//! The items of a conversation as the messages of a chat.

use serde_json::{Value, json};

use super::text;
use crate::{
    chat::shape::{
        Shape::{self, List, Object, Text},
        optional, required,
    },
    refusal::Refusal,
};

const MESSAGE: Shape = Object(&[
    required("role", Text),
    required("content", Shape::Either(&Text, &PARTS)),
]);

const PARTS: Shape = List(&Object(&[
    required("type", Text),
    optional("text", Text),
    optional("refusal", Text),
    optional("image_url", Text),
]));

const CALL: Shape = Object(&[
    required("call_id", Text),
    required("name", Text),
    required("arguments", Text),
]);

const OUTPUT: Shape = Object(&[
    required("call_id", Text),
    required("output", Shape::Either(&Text, &PARTS)),
]);

const REASONING: Shape = Object(&[
    optional("summary", List(&Object(&[optional("text", Text)]))),
    optional("encrypted_content", Text),
]);

const REFERENCE: Shape = Object(&[required("id", Text)]);

/// The roles of messages. Unlike in a chat, `developer` is one of them.
const ROLES: [&str; 4] = ["user", "assistant", "system", "developer"];

/// Checks an item of the input. The texts for kinds and roles are inferred, in the words of the
/// chat's message about roles.
pub(super) fn check(item: &Value, path: &str) -> Result<(), Refusal> {
    let shape = match kind(item) {
        "message" => &MESSAGE,
        "function_call" => &CALL,
        "function_call_output" => &OUTPUT,
        "reasoning" => &REASONING,
        "item_reference" => &REFERENCE,
        other => {
            return Err(Refusal::parameter(format!(
                "{other} is not one of ['message', 'function_call', 'function_call_output', 'reasoning', 'item_reference'] - '{path}.type'"
            )));
        }
    };
    shape.check(item, path).map_err(Refusal::algo)?;
    let role = text(item, "role");
    if kind(item) == "message" && !ROLES.contains(&role) {
        return Err(Refusal::parameter(format!(
            "{role} is not one of ['user', 'assistant', 'system', 'developer'] - '{path}.role'"
        )));
    }
    let parts = ["content", "output"].map(|field| item[field].as_array());
    let mut parts = parts.into_iter().flatten().flatten();
    if parts.any(|item| part(item).is_none()) {
        return Err(Refusal::algo("Unexpected item type in content."));
    }
    Ok(())
}

/// What an item is. Messages may leave it out.
fn kind(item: &Value) -> &str {
    match item["type"].as_str() {
        Some(kind) => kind,
        None => "message",
    }
}

/// Translates a conversation.
pub(super) fn messages<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut conversation = Conversation::default();
    for item in items {
        conversation.add(item);
    }
    conversation.close();
    conversation.messages
}

#[derive(Debug, Default)]
struct Conversation {
    messages: Vec<Value>,
    /// What the assistant says, as far as it has been read: several items, and one message.
    turn: Option<Turn>,
}

/// A message of the assistant.
#[derive(Debug, Default)]
struct Turn {
    reasoning: String,
    encrypted: String,
    content: Option<Value>,
    calls: Vec<Value>,
}

impl Conversation {
    fn add(&mut self, item: &Value) {
        match kind(item) {
            "reasoning" => {
                self.close();
                let turn = self.turn.insert(Turn::default());
                let summary = item["summary"].as_array().into_iter().flatten();
                let summary: Vec<&str> = summary.map(|part| text(part, "text")).collect();
                turn.reasoning = summary.join("\n");
                turn.encrypted = text(item, "encrypted_content").to_owned();
            }
            "function_call" => self.turn.get_or_insert_default().calls.push(json!({
                "id": item["call_id"], "type": "function",
                "function": {"name": item["name"], "arguments": item["arguments"]}})),
            "function_call_output" => {
                self.close();
                self.messages.push(json!({
                    "role": "tool", "tool_call_id": item["call_id"],
                    "content": content(&item["output"])}));
            }
            _ => self.message(item),
        }
    }

    fn message(&mut self, item: &Value) {
        let content = content(&item["content"]);
        match text(item, "role") {
            "assistant" => {
                let open = |turn: &Turn| turn.content.is_some() || !turn.calls.is_empty();
                if self.turn.as_ref().is_some_and(open) {
                    self.close();
                }
                self.turn.get_or_insert_default().content = Some(content);
            }
            role => {
                self.close();
                let role = if role == "developer" { "system" } else { role };
                self.messages
                    .push(json!({"role": role, "content": content}));
            }
        }
    }

    /// Ends what the assistant says.
    fn close(&mut self) {
        let Some(turn) = self.turn.take() else {
            return;
        };
        self.messages.push(json!({
            "role": "assistant",
            "content": turn.content.unwrap_or_else(|| "".into()),
            "reasoning_content": turn.reasoning,
            "encrypted_content": turn.encrypted,
            "tool_calls": turn.calls,
        }));
    }
}

fn content(content: &Value) -> Value {
    match content.as_array() {
        Some(parts) => parts.iter().filter_map(part).collect(),
        None => content.clone(),
    }
}

/// A part of a message; `None` for a kind that the emulator does not know.
fn part(part: &Value) -> Option<Value> {
    let mut translated = match (text(part, "type"), &part["image_url"]) {
        ("input_text" | "output_text" | "text", _) => {
            json!({"type": "text", "text": text(part, "text")})
        }
        ("refusal", _) => json!({"type": "text", "text": text(part, "refusal")}),
        ("input_image", Value::String(url)) => {
            json!({"type": "image_url", "image_url": {"url": url}})
        }
        _ => return None,
    };
    for marker in ["cache_control", "prompt_cache_breakpoint"] {
        if let Some(given) = part.get(marker) {
            translated[marker] = given.clone();
        }
    }
    Some(translated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_assistant_does_at_once_is_one_message() {
        let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
        let result =
            |id: &str| json!({"type": "function_call_output", "call_id": id, "output": "1"});
        let think =
            json!({"type": "reasoning", "summary": [{"text": "hm"}], "encrypted_content": "g"});
        let say = json!({"role": "assistant", "content": [{"type": "output_text", "text": "so"}]});
        let items = [
            json!({"role": "developer", "content": "be"}),
            json!({"role": "user", "content": "hi"}),
            think.clone(),
            call("1"),
            call("2"),
            result("1"),
            result("2"),
            call("3"),
            result("3"),
            think,
            say.clone(),
            say,
        ];
        let messages = messages(items.iter());
        let roles: Vec<&str> = messages
            .iter()
            .map(|message| text(message, "role"))
            .collect();
        assert_eq!(
            roles,
            [
                "system",
                "user",
                "assistant",
                "tool",
                "tool",
                "assistant",
                "tool",
                "assistant",
                "assistant"
            ]
        );
        assert_eq!(messages[2]["reasoning_content"], "hm");
        assert_eq!(messages[2]["encrypted_content"], "g");
        assert_eq!(messages[2]["tool_calls"].as_array().unwrap().len(), 2);
        assert_eq!(messages[7]["content"][0]["text"], "so");
        assert_eq!(messages[8]["reasoning_content"], "");
    }

    #[test]
    fn what_is_wrong_with_an_item_is_said() {
        let refused = |item: Value| check(&item, "input.0").unwrap_err().message.into_owned();
        assert!(refused(json!({"role": "tool", "content": ""})).starts_with("tool is not one of"));
        assert!(refused(json!({"type": "cat"})).starts_with("cat is not one of"));
        assert!(
            refused(json!({"role": "user"}))
                .ends_with("'content' is a required property - 'input.0'")
        );
        let file = json!({"role": "user", "content": [{"type": "input_file", "file_id": "f"}]});
        assert!(refused(file).ends_with("Unexpected item type in content."));
        let image = json!({"role": "user", "content": [{"type": "input_image", "file_id": "f"}]});
        assert!(refused(image).ends_with("Unexpected item type in content."));
    }
}
