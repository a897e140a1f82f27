//! A response as events.

use serde_json::{Value, json};

use super::output::{Frame, Status, output_text, speaks};
use crate::chat::{Call, Composed, Usage, pieces};

/// Renders the payloads of the events, and the tokens of each.
///
/// The events of messages are those of the service's page. Those of reasoning and of calls are
/// OpenAI's, which is inferred.
pub(super) fn render(
    frame: &Frame<'_>,
    reply: &Composed,
    usage: &Usage,
) -> (Vec<String>, Vec<usize>) {
    let mut stream = Stream {
        frame,
        payloads: Vec::new(),
        tokens: Vec::new(),
        items: 0,
    };
    let mut created = stream.response(Status::Queued, Vec::new(), None);
    created["model"] = "".into();
    stream.push("response.created", json!({"response": created}));
    let started = stream.response(Status::InProgress, Vec::new(), None);
    stream.push("response.in_progress", json!({"response": started}));
    if let Some(reasoning) = reply.readable_reasoning() {
        stream.reasoning(reasoning, reply.ciphertext());
    }
    if speaks(reply) {
        stream.message(&reply.text, Status::of(reply));
    }
    for call in &reply.calls {
        stream.call(call, Status::of(reply));
    }
    let status = Status::of(reply);
    let ended = stream.response(status, frame.output(reply), Some(usage));
    let event = match status {
        Status::Incomplete => "response.incomplete",
        _ => "response.completed",
    };
    stream.push(event, json!({"response": ended}));
    (stream.payloads, stream.tokens)
}

struct Stream<'a> {
    frame: &'a Frame<'a>,
    payloads: Vec<String>,
    tokens: Vec<usize>,
    /// How many items of the output are done.
    items: usize,
}

impl Stream<'_> {
    /// A response with its time as it is in streams, a number with a fraction.
    fn response(&self, status: Status, output: Vec<Value>, usage: Option<&Usage>) -> Value {
        let mut response = self.frame.response(status, output, usage);
        response["created_at"] = (self.frame.created as f64).into();
        response
    }

    fn reasoning(&mut self, reasoning: &str, ciphertext: Option<&str>) {
        self.added(self.frame.reasoning(json!([]), None));
        let place = json!({"item_id": self.frame.item("msg", 0), "summary_index": 0});
        let part = |text: &str| json!({"part": {"type": "summary_text", "text": text}});
        self.within("response.reasoning_summary_part.added", &place, part(""));
        for (piece, tokens) in pieces(reasoning) {
            let delta = json!({"delta": piece});
            self.within("response.reasoning_summary_text.delta", &place, delta);
            self.took(tokens);
        }
        let text = json!({"text": reasoning});
        self.within("response.reasoning_summary_text.done", &place, text);
        self.within(
            "response.reasoning_summary_part.done",
            &place,
            part(reasoning),
        );
        let summary = json!([{"type": "summary_text", "text": reasoning}]);
        self.done(self.frame.reasoning(summary, ciphertext));
    }

    fn message(&mut self, text: &str, status: Status) {
        let position = self.items;
        let added = self.frame.message(position, json!([]), Status::InProgress);
        self.added(added);
        let place = json!({"item_id": self.frame.item("msg", position), "content_index": 0});
        let part = |text: &str| json!({"part": output_text(text)});
        self.within("response.content_part.added", &place, part(""));
        for (piece, tokens) in pieces(text) {
            let delta = json!({"delta": piece, "logprobs": []});
            self.within("response.output_text.delta", &place, delta);
            self.took(tokens);
        }
        let whole = json!({"text": text, "logprobs": []});
        self.within("response.output_text.done", &place, whole);
        self.within("response.content_part.done", &place, part(text));
        let content = json!([output_text(text)]);
        self.done(self.frame.message(position, content, status));
    }

    fn call(&mut self, call: &Call, status: Status) {
        let position = self.items;
        let added = self.frame.call(position, call, "", Status::InProgress);
        self.added(added);
        self.took(call.head_tokens());
        let place = json!({"item_id": self.frame.item("fc", position)});
        for (piece, tokens) in pieces(&call.arguments) {
            let delta = json!({"delta": piece});
            self.within("response.function_call_arguments.delta", &place, delta);
            self.took(tokens);
        }
        let arguments = json!({"arguments": call.arguments, "name": call.name});
        self.within("response.function_call_arguments.done", &place, arguments);
        self.done(self.frame.call(position, call, &call.arguments, status));
    }

    fn added(&mut self, item: Value) {
        let fields = json!({"output_index": self.items, "item": item});
        self.push("response.output_item.added", fields);
    }

    fn done(&mut self, item: Value) {
        let fields = json!({"output_index": self.items, "item": item});
        self.push("response.output_item.done", fields);
        self.items += 1;
    }

    /// An event inside an item.
    fn within(&mut self, event: &str, place: &Value, mut fields: Value) {
        if let (Some(fields), Some(place)) = (fields.as_object_mut(), place.as_object()) {
            fields.extend(place.clone());
        }
        fields["output_index"] = self.items.into();
        self.push(event, fields);
    }

    fn push(&mut self, event: &str, mut fields: Value) {
        fields["type"] = event.into();
        fields["sequence_number"] = self.payloads.len().into();
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
