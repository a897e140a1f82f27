//! The object of a message.

use serde_json::{Value, json};

use crate::{
    chat::{Call, Composed, Usage},
    id::Id,
};

/// A message that answers a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) id: Id,
    pub(super) model: &'a str,
    pub(super) reply: &'a Composed,
    pub(super) usage: &'a Usage,
}

impl Frame<'_> {
    /// The answer to a request that asks for no stream.
    pub(super) fn whole(&self) -> Value {
        let mut message = self.message();
        message["content"] = self.content().into();
        message["stop_reason"] = self.stop_reason().into();
        message["stop_sequence"] = self.stop_sequence().into();
        message["usage"] = self.counts();
        message
    }

    /// A message before there is anything in it.
    pub(super) fn message(&self) -> Value {
        let mut usage = self.counts();
        usage["output_tokens"] = 0.into();
        json!({
            "id": format!("msg_{}", self.id),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage,
        })
    }

    fn content(&self) -> Vec<Value> {
        let reply = self.reply;
        let thinking = reply.readable_reasoning().map(|reasoning| {
            let signature = reply.ciphertext().unwrap_or_default();
            json!({"type": "thinking", "thinking": reasoning, "signature": signature})
        });
        let text = (!reply.text.is_empty()).then(|| json!({"type": "text", "text": reply.text}));
        let calls = reply.calls.iter().map(|call| {
            // Those of a call that was cut off are no object.
            let input = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            tool_use(call, &input)
        });
        thinking.into_iter().chain(text).chain(calls).collect()
    }

    pub(super) fn stop_reason(&self) -> &'static str {
        match self.reply.finish {
            "length" => "max_tokens",
            "tool_calls" => "tool_use",
            _ if self.reply.stopped_at.is_some() => "stop_sequence",
            _ => "end_turn",
        }
    }

    /// The string that ended the message, if it is what did.
    pub(super) fn stop_sequence(&self) -> Option<&str> {
        let ended = self.stop_reason() == "stop_sequence";
        self.reply.stopped_at.as_deref().filter(|_| ended)
    }

    /// The usage. Unlike a chat's, the input tokens do not include those of the cache; that it is so
    /// here, as in Anthropic's protocol, is inferred.
    pub(super) fn counts(&self) -> Value {
        let cached = self.usage.cached;
        let created = cached.created.unwrap_or_default();
        json!({
            "input_tokens": self.usage.prompt.saturating_sub(cached.read + created),
            "cache_creation_input_tokens": created,
            "cache_read_input_tokens": cached.read,
            "output_tokens": self.usage.completion,
        })
    }
}

pub(super) fn tool_use(call: &Call, input: &Value) -> Value {
    json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
}
