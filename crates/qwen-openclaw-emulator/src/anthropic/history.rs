//! Anthropic's messages as those of a chat.

use serde_json::{Value, json};

use super::text;
use crate::{
    chat::shape::{
        Shape::{self, List, Object, Text},
        optional, required,
    },
    refusal::Refusal,
};

const TEXT: Shape = Object(&[required("text", Text)]);

const IMAGE: Shape = Object(&[required(
    "source",
    Object(&[
        required("type", Text),
        optional("media_type", Text),
        optional("data", Text),
        optional("url", Text),
    ]),
)]);

const USE: Shape = Object(&[
    required("id", Text),
    required("name", Text),
    required("input", Object(&[])),
]);

const RESULT: Shape = Object(&[
    required("tool_use_id", Text),
    optional(
        "content",
        Shape::Either(&Text, &List(&Object(&[required("type", Text)]))),
    ),
]);

const THINKING: Shape = Object(&[required("thinking", Text), optional("signature", Text)]);

/// Checks a message. The text for roles is inferred, in the words of the chat's.
pub(super) fn check(message: &Value, path: &str) -> Result<(), Refusal> {
    let role = text(message, "role");
    if !matches!(role, "user" | "assistant") {
        return Err(Refusal::parameter(format!(
            "{role} is not one of ['user', 'assistant'] - '{path}.role'"
        )));
    }
    for (position, block) in blocks(&message["content"]).enumerate() {
        check_block(block, role, &format!("{path}.content.{position}"))?;
    }
    Ok(())
}

fn check_block(block: &Value, role: &str, path: &str) -> Result<(), Refusal> {
    let shape = match (text(block, "type"), role) {
        ("text", _) => &TEXT,
        ("image", "user") => &IMAGE,
        ("tool_result", "user") => &RESULT,
        ("tool_use", "assistant") => &USE,
        ("thinking", "assistant") => &THINKING,
        // Only ever made by Anthropic's own models, and of no use to another.
        ("redacted_thinking", "assistant") => return Ok(()),
        _ => return Err(unexpected()),
    };
    shape.check(block, path).map_err(Refusal::algo)?;
    if text(block, "type") == "image" && image(block).is_none() {
        return Err(unexpected());
    }
    for (position, inner) in blocks(&block["content"]).enumerate() {
        if !matches!(text(inner, "type"), "text" | "image") {
            return Err(unexpected());
        }
        check_block(inner, role, &format!("{path}.content.{position}"))?;
    }
    Ok(())
}

/// The chat's text for parts that it does not know; that it is the same here is inferred.
fn unexpected() -> Refusal {
    Refusal::algo("Unexpected item type in content.")
}

/// The blocks of a content; none for a text.
fn blocks(content: &Value) -> impl Iterator<Item = &Value> {
    content.as_array().into_iter().flatten()
}

/// The instructions as a message.
pub(super) fn system(system: &Value) -> Option<Value> {
    let content = match system {
        Value::Null => return None,
        Value::Array(blocks) => blocks.iter().filter_map(part).collect(),
        text => text.clone(),
    };
    Some(json!({"role": "system", "content": content}))
}

/// Translates a conversation. A last message of the assistant is one to continue.
pub(super) fn messages(messages: &[Value]) -> Vec<Value> {
    let mut translated: Vec<Value> = messages
        .iter()
        .flat_map(|message| match text(message, "role") {
            "assistant" => vec![assistant(&message["content"])],
            _ => user(&message["content"]),
        })
        .collect();
    if let Some(last) = translated.last_mut()
        && last["role"] == "assistant"
        && last["tool_calls"] == json!([])
    {
        last["partial"] = true.into();
    }
    translated
}

fn assistant(content: &Value) -> Value {
    let of = |kind: &'static str| blocks(content).filter(move |block| text(block, "type") == kind);
    let calls: Vec<Value> = of("tool_use")
        .map(|call| {
            json!({"id": call["id"], "type": "function", "function": {
                "name": call["name"], "arguments": call["input"].to_string()}})
        })
        .collect();
    let thoughts: Vec<&str> = of("thinking")
        .map(|block| text(block, "thinking"))
        .collect();
    let signature = of("thinking").map(|block| text(block, "signature")).last();
    json!({
        "role": "assistant",
        "content": if content.is_array() { of("text").filter_map(part).collect() } else { content.clone() },
        "reasoning_content": thoughts.join("\n"),
        "encrypted_content": signature.unwrap_or_default(),
        "tool_calls": calls,
    })
}

/// What the user sends: results of tools, and after them the rest as a message.
fn user(content: &Value) -> Vec<Value> {
    if !content.is_array() {
        return vec![json!({"role": "user", "content": content})];
    }
    let results = blocks(content).filter(|block| text(block, "type") == "tool_result");
    let mut messages: Vec<Value> = results.map(result).collect();
    let parts: Vec<Value> = blocks(content).filter_map(part).collect();
    if !parts.is_empty() || messages.is_empty() {
        messages.push(json!({"role": "user", "content": parts}));
    }
    messages
}

fn result(block: &Value) -> Value {
    let mut parts: Vec<Value> = match &block["content"] {
        Value::Array(blocks) => blocks.iter().filter_map(part).collect(),
        content => vec![json!({"type": "text", "text": content.as_str().unwrap_or_default()})],
    };
    if let (Some(last), Some(marker)) = (parts.last_mut(), block.get("cache_control")) {
        last["cache_control"] = marker.clone();
    }
    json!({"role": "tool", "tool_call_id": block["tool_use_id"], "content": parts})
}

/// A block as a part of a chat message; `None` for one that is not a part.
fn part(block: &Value) -> Option<Value> {
    let mut part = match text(block, "type") {
        "text" => json!({"type": "text", "text": block["text"]}),
        "image" => json!({"type": "image_url", "image_url": {"url": image(block)?}}),
        _ => return None,
    };
    if let Some(marker) = block.get("cache_control") {
        part["cache_control"] = marker.clone();
    }
    Some(part)
}

/// The URL of an image; `None` for a source that the emulator does not know.
fn image(block: &Value) -> Option<String> {
    let source = &block["source"];
    match text(source, "type") {
        "base64" => {
            let (kind, data) = (source["media_type"].as_str()?, source["data"].as_str()?);
            Some(format!("data:{kind};base64,{data}"))
        }
        "url" => source["url"].as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_translated() {
        let marker = json!({"type": "ephemeral"});
        let conversation = [
            json!({"role": "user", "content": "Weather?"}),
            json!({"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "g"},
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}]}),
            json!({"role": "user", "content": [
                {"type": "text", "text": "And?"},
                {"type": "tool_result", "tool_use_id": "1", "content": "rain", "cache_control": marker}]}),
            json!({"role": "assistant", "content": "It"}),
        ];
        for (position, message) in conversation.iter().enumerate() {
            assert_eq!(check(message, &position.to_string()), Ok(()));
        }
        assert_eq!(
            json!(messages(&conversation)),
            json!([
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}],
                    "reasoning_content": "hm", "encrypted_content": "g", "tool_calls": [
                        {"id": "1", "type": "function",
                            "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
                {"role": "tool", "tool_call_id": "1",
                    "content": [{"type": "text", "text": "rain", "cache_control": marker}]},
                {"role": "user", "content": [{"type": "text", "text": "And?"}]},
                {"role": "assistant", "content": "It", "reasoning_content": "",
                    "encrypted_content": "", "tool_calls": [], "partial": true},
            ])
        );
    }

    #[test]
    fn blocks_have_their_place() {
        let refused = |role: &str, block: Value| {
            let message = json!({"role": role, "content": [block]});
            check(&message, "messages.0")
                .unwrap_err()
                .message
                .into_owned()
        };
        let unexpected = unexpected().message.into_owned();
        for (role, block) in [
            (
                "assistant",
                json!({"type": "tool_result", "tool_use_id": "1"}),
            ),
            (
                "user",
                json!({"type": "tool_use", "id": "1", "name": "f", "input": {}}),
            ),
            ("user", json!({"type": "document"})),
            (
                "user",
                json!({"type": "image", "source": {"type": "base64", "data": "AA"}}),
            ),
            ("user", json!({"type": "image", "source": {"type": "file"}})),
            (
                "user",
                json!({"type": "tool_result", "tool_use_id": "1", "content": [
                {"type": "tool_result", "tool_use_id": "1"}]}),
            ),
        ] {
            assert_eq!(refused(role, block.clone()), unexpected, "{role} {block}");
        }
        assert!(
            refused("system", json!({"type": "text", "text": ""})).starts_with("system is not")
        );
        assert!(
            refused("user", json!({"type": "text"}))
                .ends_with("'text' is a required property - 'messages.0.content.0'")
        );
    }
}
