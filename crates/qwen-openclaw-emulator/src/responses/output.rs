//! The object of a response.

use serde_json::{Value, json};

use super::request::ResponsesRequest;
use crate::{
    chat::{Call, Composed, Usage},
    id::Id,
};

/// What stands around the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) request: &'a ResponsesRequest,
    pub(super) id: Id,
    pub(super) model: &'a str,
    /// In seconds since 1970.
    pub(super) created: u64,
}

/// How far a response, or an item of it, is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    Queued,
    InProgress,
    Completed,
    /// There were more tokens than the request allows.
    Incomplete,
}

impl Status {
    /// The status at the end of a reply.
    pub(super) fn of(reply: &Composed) -> Self {
        if reply.finish == "length" {
            Self::Incomplete
        } else {
            Self::Completed
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

impl Frame<'_> {
    /// The response to a request that asks for no stream, and what is stored.
    pub(super) fn whole(&self, reply: &Composed, usage: &Usage) -> Value {
        self.response(Status::of(reply), self.output(reply), Some(usage))
    }

    /// A response. Fields beyond those of the service's page are OpenAI's, and inferred.
    pub(super) fn response(
        &self,
        status: Status,
        output: Vec<Value>,
        usage: Option<&Usage>,
    ) -> Value {
        let given = |name: &str| self.request.parameter(name).clone();
        let or = |name: &str, default: Value| match given(name) {
            Value::Null => default,
            given => given,
        };
        let incomplete =
            (status == Status::Incomplete).then(|| json!({"reason": "max_output_tokens"}));
        let conversation = self.request.conversation().unwrap_or_default();
        json!({
            "conversation": conversation.map(|id| json!({"id": id})),
            "id": self.id.to_string(),
            "object": "response",
            "created_at": self.created,
            "model": self.model,
            "status": status.word(),
            "error": null,
            "incomplete_details": incomplete,
            "instructions": given("instructions"),
            "max_output_tokens": given("max_output_tokens"),
            "metadata": or("metadata", json!({})),
            "output": output,
            "parallel_tool_calls": or("parallel_tool_calls", false.into()),
            "previous_response_id": given("previous_response_id"),
            "reasoning": given("reasoning"),
            "temperature": given("temperature"),
            "text": or("text", json!({"format": {"type": "text"}})),
            "tool_choice": or("tool_choice", "auto".into()),
            "tools": or("tools", json!([])),
            "top_p": given("top_p"),
            "usage": usage.map(counts),
        })
    }

    /// The items of a reply as they are at its end.
    pub(super) fn output(&self, reply: &Composed) -> Vec<Value> {
        let status = Status::of(reply);
        let mut items = Vec::new();
        if let Some(reasoning) = reply.readable_reasoning() {
            let summary = json!([{"type": "summary_text", "text": reasoning}]);
            items.push(self.reasoning(summary, reply.ciphertext()));
        }
        if speaks(reply) {
            let content = json!([output_text(&reply.text)]);
            items.push(self.message(items.len(), content, status));
        }
        for call in &reply.calls {
            items.push(self.call(items.len(), call, &call.arguments, status));
        }
        items
    }

    /// The id of the item at a position of the output.
    pub(super) fn item(&self, prefix: &str, position: usize) -> String {
        format!("{prefix}_{}", self.id.part(position))
    }

    /// The reasoning, which comes first. Its id starts like that of a message, as on the service.
    pub(super) fn reasoning(&self, summary: Value, ciphertext: Option<&str>) -> Value {
        let id = self.item("msg", 0);
        let mut item = json!({"id": id, "type": "reasoning", "summary": summary});
        if let Some(ciphertext) = ciphertext {
            item["encrypted_content"] = ciphertext.into();
        }
        item
    }

    pub(super) fn message(&self, position: usize, content: Value, status: Status) -> Value {
        json!({
            "id": self.item("msg", position),
            "type": "message",
            "role": "assistant",
            "status": status.word(),
            "content": content,
        })
    }

    pub(super) fn call(
        &self,
        position: usize,
        call: &Call,
        arguments: &str,
        status: Status,
    ) -> Value {
        json!({
            "id": self.item("fc", position),
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": arguments,
            "status": status.word(),
        })
    }
}

/// Whether a reply has a message: not if it calls functions, or ended before it began to speak.
pub(super) fn speaks(reply: &Composed) -> bool {
    reply.calls.is_empty() && !(reply.finish == "length" && reply.text.is_empty())
}

pub(super) fn output_text(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn counts(usage: &Usage) -> Value {
    let (input, output) = (usage.prompt, usage.completion);
    let details = json!({"reasoning_tokens": usage.reasoning.unwrap_or_default()});
    json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": usage.cached.read},
        "output_tokens": output,
        "output_tokens_details": details,
        "total_tokens": input + output,
        "x_details": [{
            "input_tokens": input,
            "output_tokens": output,
            "output_tokens_details": details,
            "total_tokens": input + output,
            "x_billing_type": "response_api",
        }],
    })
}
