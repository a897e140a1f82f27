//! A message as events.

use serde_json::{Value, json};

use super::output::{Frame, tool_use};
use crate::chat::pieces;

/// Renders the payloads of the events, and the tokens of each.
pub(super) fn render(frame: &Frame<'_>) -> (Vec<String>, Vec<usize>) {
    let reply = frame.reply;
    let mut stream = Stream::default();
    stream.push("message_start", json!({"message": frame.message()}));
    if let Some(reasoning) = reply.readable_reasoning() {
        let start = json!({"type": "thinking", "thinking": "", "signature": ""});
        stream.start(start, 0);
        stream.deltas("thinking_delta", "thinking", reasoning);
        if let Some(signature) = reply.ciphertext() {
            stream.delta(json!({"type": "signature_delta", "signature": signature}));
        }
        stream.stop();
    }
    if !reply.text.is_empty() {
        stream.start(json!({"type": "text", "text": ""}), 0);
        stream.deltas("text_delta", "text", &reply.text);
        stream.stop();
    }
    for call in &reply.calls {
        stream.start(tool_use(call, &json!({})), call.head_tokens());
        stream.deltas("input_json_delta", "partial_json", &call.arguments);
        stream.stop();
    }
    let delta = json!({"stop_reason": frame.stop_reason(), "stop_sequence": frame.stop_sequence()});
    stream.push(
        "message_delta",
        json!({"delta": delta, "usage": frame.counts()}),
    );
    stream.push("message_stop", json!({}));
    (stream.payloads, stream.tokens)
}

#[derive(Default)]
struct Stream {
    payloads: Vec<String>,
    tokens: Vec<usize>,
    /// How many blocks are done.
    blocks: usize,
}

impl Stream {
    fn start(&mut self, block: Value, tokens: usize) {
        let fields = json!({"index": self.blocks, "content_block": block});
        self.push("content_block_start", fields);
        self.took(tokens);
        if self.blocks == 0 {
            self.push("ping", json!({}));
        }
    }

    fn deltas(&mut self, kind: &str, field: &str, text: &str) {
        for (piece, tokens) in pieces(text) {
            self.delta(json!({"type": kind, field: piece}));
            self.took(tokens);
        }
    }

    fn delta(&mut self, delta: Value) {
        let fields = json!({"index": self.blocks, "delta": delta});
        self.push("content_block_delta", fields);
    }

    fn stop(&mut self) {
        self.push("content_block_stop", json!({"index": self.blocks}));
        self.blocks += 1;
    }

    fn push(&mut self, event: &str, mut fields: Value) {
        fields["type"] = event.into();
        self.payloads.push(fields.to_string());
        self.tokens.push(0);
    }

    /// Notes how many tokens the last event has.
    fn took(&mut self, tokens: usize) {
        if let Some(last) = self.tokens.last_mut() {
            *last = tokens;
        }
    }
}
