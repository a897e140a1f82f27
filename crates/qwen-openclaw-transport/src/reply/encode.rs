//! Writes the events of a reply as an OpenAI-compatible stream: the way back of the decoder.

use serde_json::{Map, Value, json};

use crate::{EventRef, Reply, ToolCall, Usage, reply::tool_call::made_up_id};

/// Writes events as server-sent events with OpenAI's `chat.completion.chunk`, for a program that
/// serves what it has read, from whatever server and in whatever form that answered.
///
/// ```
/// use qwen_openclaw_transport::{EventRef, encode::Encoder};
///
/// let mut encoder = Encoder::new("chatcmpl-1", "qwen3.5-plus", 1_764_288_000);
/// let mut wire = String::new();
/// encoder.write(&EventRef::Text("Hi"), &mut wire);
/// encoder.end(&mut wire);
/// assert!(wire.starts_with("data: {") && wire.ends_with("data: [DONE]\n\n"));
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    id: String,
    model: String,
    created: u64,
    has_begun: bool,
    /// How many calls have a place.
    calls: usize,
    usage: Option<Value>,
}

impl Encoder {
    /// Creates an encoder of one reply. `created` is in seconds since 1970.
    pub fn new(id: impl Into<String>, model: impl Into<String>, created: u64) -> Self {
        Self {
            id: id.into(),
            model: model.into(),
            created,
            has_begun: false,
            calls: 0,
            usage: None,
        }
    }

    /// Appends what `event` is on the wire. Complete tool calls are nothing: their pieces were
    /// written. The counts are kept until the [`end`](Self::end), where OpenAI has them.
    pub fn write(&mut self, event: &EventRef<'_>, wire: &mut String) {
        let mut delta = match event {
            EventRef::Text(text) => json!({"content": text}),
            EventRef::Reasoning(text) => json!({"reasoning_content": text}),
            EventRef::Refusal(text) => json!({"refusal": text}),
            EventRef::ToolStart {
                index,
                id: "",
                name,
            } => {
                // The id that the decoder gives the call in the end.
                let id = &*made_up_id(Some(&self.id), *index);
                let (index, name) = (*index, *name);
                return self.write(&EventRef::ToolStart { index, id, name }, wire);
            }
            EventRef::ToolStart { index, id, name } => {
                // Calls before this one that are named later, or never, keep their place.
                let before = (self.calls..*index).map(|index| json!({"index": index}));
                let mut calls: Vec<Value> = before.collect();
                calls.push(json!({
                    "index": index,
                    "id": id,
                    "type": "function",
                    "function": {"name": name, "arguments": ""},
                }));
                self.calls = self.calls.max(index + 1);
                json!({"tool_calls": calls})
            }
            EventRef::ToolDelta { index, json } => json!({"tool_calls": [{
                "index": index,
                "function": {"arguments": json},
            }]}),
            EventRef::Finish(reason) => {
                let choice = json!({"index": 0, "delta": {}, "finish_reason": reason.as_str()});
                return self.chunk(json!([choice]), None, wire);
            }
            EventRef::Usage(usage) => {
                self.usage = Some(counts(usage));
                return;
            }
            EventRef::ToolDone { .. } => return,
        };
        if !std::mem::replace(&mut self.has_begun, true) {
            delta["role"] = "assistant".into();
        }
        self.delta(delta, Map::new(), wire);
    }

    /// As [`end`](Self::end), and appends before it what `reply` holds beside its events: the
    /// encrypted reasoning, and the fields that this version does not know.
    pub fn end_with(&mut self, reply: &Reply, wire: &mut String) {
        let mut delta = reply.message_extra.clone();
        if let Some(content) = reply.encrypted_content() {
            delta.insert("encrypted_content".to_owned(), content.into());
        }
        let calls = reply.tool_calls.iter().enumerate();
        let calls: Vec<Value> = calls.filter_map(rest_of_call).collect();
        if !calls.is_empty() {
            delta.insert("tool_calls".to_owned(), calls.into());
        }
        if !delta.is_empty() || !reply.extra.is_empty() {
            self.delta(delta.into(), reply.extra.clone(), wire);
        }
        self.end(wire);
    }

    fn delta(&self, delta: Value, mut choice: Map<String, Value>, wire: &mut String) {
        choice.insert("index".to_owned(), 0.into());
        choice.insert("delta".to_owned(), delta);
        choice.insert("finish_reason".to_owned(), Value::Null);
        self.chunk(json!([choice]), None, wire);
    }

    /// Appends the counts, if there were any, and the end of the stream. See
    /// [`end_with`](Self::end_with) for what is in a reply beside its events.
    pub fn end(&mut self, wire: &mut String) {
        if let Some(usage) = self.usage.take() {
            self.chunk(json!([]), Some(usage), wire);
        }
        wire.push_str("data: [DONE]\n\n");
    }

    fn chunk(&self, choices: Value, usage: Option<Value>, wire: &mut String) {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        wire.push_str("data: ");
        wire.push_str(&chunk.to_string());
        wire.push_str("\n\n");
    }
}

/// What a call holds beside the pieces of its arguments; `None` when that is nothing.
fn rest_of_call((index, call): (usize, &ToolCall)) -> Option<Value> {
    if call.kind.is_none() && call.extra.is_empty() {
        return None;
    }
    let mut rest = call.to_wire();
    rest.insert("index".to_owned(), index.into());
    if let Some(Value::Object(function)) = rest.get_mut("function") {
        // They were written.
        function.remove("arguments");
    }
    Some(rest.into())
}

/// The counts as the server wrote them, otherwise by OpenAI's names.
fn counts(usage: &Usage) -> Value {
    let raw = usage.raw().and_then(|raw| serde_json::from_str(raw).ok());
    raw.unwrap_or_else(|| {
        let mut counts = json!({
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
            "prompt_tokens_details": {
                "cached_tokens": usage.cached_tokens,
                "cache_creation_input_tokens": usage.cache_write_tokens,
            },
        });
        if let Some(tokens) = usage.reasoning_tokens {
            counts["completion_tokens_details"] = json!({"reasoning_tokens": tokens});
        }
        counts
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Event, Reply, decode::Decoder};

    fn read(wire: &str) -> (Vec<Event>, Reply) {
        let mut decoder = Decoder::default();
        decoder.push(wire.as_bytes().to_vec());
        let mut events = Vec::new();
        while let Some(event) = decoder.next_event().unwrap() {
            // The counts are in the reply too, and have their place at its end.
            if !matches!(event, EventRef::Usage(_)) {
                events.push(event.to_owned());
            }
        }
        assert!(decoder.is_complete());
        (events, decoder.into_reply())
    }

    fn written(wire: &str) -> String {
        let mut decoder = Decoder::default();
        decoder.push(wire.as_bytes().to_vec());
        let (mut encoder, mut again) = (Encoder::new("c1", "m", 1), String::new());
        while let Some(event) = decoder.next_event().unwrap() {
            encoder.write(&event, &mut again);
        }
        encoder.end_with(decoder.reply(), &mut again);
        again
    }

    fn check(deltas: &[Value], reason: &str) {
        let choices: Vec<_> = deltas.iter().map(|delta| json!({"delta": delta})).collect();
        check_choices(&choices, &json!({}), reason);
    }

    /// Choices, in chunks with these fields.
    fn check_choices(choices: &[Value], fields: &Value, reason: &str) {
        let chunk = |choice: &Value| {
            let mut chunk = fields.clone();
            chunk["id"] = "c1".into();
            chunk["model"] = "m".into();
            chunk["choices"] = json!([choice]);
            format!("data: {chunk}\n\n")
        };
        let stop = json!({"delta": {}, "finish_reason": reason});
        let mut wire: String = choices.iter().chain([&stop]).map(chunk).collect();
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "x": 1.5}});
        wire.push_str(&format!("data: {usage}\n\ndata: [DONE]\n\n"));
        let again = written(&wire);
        assert_eq!(read(&again), read(&wire), "{again}\n{wire}");
        // What was written once is written the same a second time.
        assert_eq!(written(&again), again);
    }

    #[test]
    fn what_was_read_is_written_so_that_it_reads_the_same() {
        let call = |index: u8, arguments: &str| {
            json!({"tool_calls": [{"index": index, "id": format!("c{index}"), "function":
                {"name": "get", "arguments": arguments}}]})
        };
        check(
            &[
                json!({"reasoning_content": "hm"}),
                json!({"content": "a \"quote\"\n\u{1F600}"}),
            ],
            "stop",
        );
        check(
            &[call(0, "{"), call(1, "{}"), call(0, "\"x\":1}")],
            "tool_calls",
        );
        check(&[], "length");
        check(
            &[
                json!({"refusal": "no", "encrypted_content": "gAAA/+="}),
                json!({"annotations": [{"index": 0, "text": "a"}], "seen": 1}),
            ],
            "stop",
        );
        let custom = json!({"index": 0, "type": "custom", "custom": {"name": "sql", "input": "x"}});
        let signed = json!({"index": 1, "id": "b", "extra_content": {"s": "t"}, "function":
            {"name": "get", "arguments": {"a": "\n"}, "strict": true}});
        let bare = json!({"index": 2, "id": "c", "function": {"name": "now"}});
        check(
            &[json!({"tool_calls": [custom, signed, bare]})],
            "tool_calls",
        );
    }

    #[test]
    fn a_call_without_an_id_is_written_with_one() {
        let mut encoder = Encoder::new("c1", "m", 1);
        let mut wire = String::new();
        let (index, id, name) = (0, "", "now");
        encoder.write(&EventRef::ToolStart { index, id, name }, &mut wire);
        let (_, call) = wire.split_once("\"id\":\"call_").unwrap();
        assert!(call.starts_with("made_"), "{wire}");
    }

    /// Values of unknown fields.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c\u{1F600}\"\n]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let name = "(index|id|type|content|[ab])";
            let index = (0u8..3, inner.clone())
                .prop_map(|(index, value)| json!([{"index": index, "a": value}]));
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..3)
                    .prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
                index,
            ]
        })
    }

    fn any_delta() -> impl Strategy<Value = Value> {
        let text = "[a-c/\\\\\u{e9}\u{1F600}]{0,4}";
        let name = "(content|reasoning_content|reasoning_text|refusal|encrypted_content)";
        let call = (0u8..4, any_value(), any_value(), "[ab]{0,2}").prop_map(
            |(index, own, of_function, text)| {
                if index == 3 {
                    let custom = json!({"name": "sql", "input": text, "x": own});
                    return json!({"index": index, "id": "z", "type": "custom", "custom": custom});
                }
                let function = json!({"name": "get", "y": of_function});
                json!({"index": index, "id": format!("c{index}"), "x": own, "function": function})
            },
        );
        prop_oneof![
            (name, text).prop_map(|(name, text)| json!({name: text})),
            (name, text, any_value()).prop_map(|(name, text, x)| json!({name: text, "x": x})),
            any_value().prop_map(|value| json!({"annotations": value})),
            (any_value(), text)
                .prop_map(|(value, text)| json!({"content": [value, {"text": text}]})),
            prop::collection::vec((any_value(), text), 0..3).prop_map(|parts| {
                let part = |(n, (x, text))| json!({"index": n / 2, "text": text, "x": x});
                let parts: Vec<_> = parts.into_iter().enumerate().map(part).collect();
                json!({"reasoning_details": parts})
            }),
            prop::collection::vec(call, 0..3).prop_map(|calls| json!({"tool_calls": calls})),
        ]
    }

    proptest! {
        #[test]
        fn any_text_reads_the_same(texts in prop::collection::vec(".{0,8}", 0..6)) {
            let deltas: Vec<Value> = texts.iter().map(|text| json!({"content": text})).collect();
            check(&deltas, "stop");
        }

        #[test]
        fn any_reply_reads_the_same(
            choices in prop::collection::vec((any_delta(), any_value(), any_value()), 0..8),
            (tier, info) in (any_value(), any_value()),
            reason in "(stop|length|tool_calls)",
        ) {
            let choices: Vec<_> = choices
                .into_iter()
                .map(|(delta, logprobs, x)| json!({"delta": delta, "logprobs": logprobs, "x": x}))
                .collect();
            check_choices(&choices, &json!({"tier": tier, "x": info}), &reason);
        }
    }
}
