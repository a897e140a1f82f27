//! What faults do to the events of DashScope's own protocol.

use serde_json::{Value, json};

use super::{Fault, FaultKind, sse};

/// What arrived of an event that never will be whole.
pub(super) const CUT: &str = "data:{\"output\":{\"choices\":[{\"mess";

/// An event that is not JSON.
const MALFORMED: &str = r#"{"output":{"choices":[{"message":"#;

/// What events say before the last.
const NOT_YET: &str = r#""finish_reason":"null""#;

/// Changes the JSON of events.
pub(super) fn change_payloads(fault: &Fault, events: &mut Vec<String>) {
    match fault.kind {
        FaultKind::DuplicateFields => {
            let twice = format!("{NOT_YET},{NOT_YET}");
            for event in events {
                *event = event.replacen(NOT_YET, &twice, 1);
            }
        }
        FaultKind::UnknownFields => {
            for event in events {
                *event = event
                    .replacen(
                        '{',
                        r#"{"x_new":{"list":[1,{"a":null}],"text":"é\u0000"},"#,
                        1,
                    )
                    .replacen(r#""message":{"#, r#""message":{"x_new":[true],"#, 1);
            }
        }
        FaultKind::UnknownFinish => {
            for event in events {
                for known in ["stop", "length", "tool_calls"] {
                    let known = format!(r#""finish_reason":"{known}""#);
                    *event = event.replacen(&known, r#""finish_reason":"tired""#, 1);
                }
            }
        }
        FaultKind::NoUsage => {
            for event in events {
                if let Ok(mut payload) = serde_json::from_str::<Value>(event)
                    && let Some(fields) = payload.as_object_mut()
                {
                    fields.remove("usage");
                    *event = payload.to_string();
                }
            }
        }
        FaultKind::SecondFinish => {
            let last = events
                .last()
                .and_then(|event| likeness(event, "", "length"));
            events.extend(last);
        }
        FaultKind::MalformedEvent => sse::insert(events, fault.after, MALFORMED.to_owned()),
        FaultKind::HugeLine => {
            let size = fault.size.unwrap_or(8 << 20);
            if let Some(event) = content(events, &"x".repeat(size)) {
                sse::insert(events, fault.after, event);
            }
        }
        _ => {}
    }
}

/// An event with this content, in the likeness of the stream's first.
pub(super) fn content(events: &[String], text: &str) -> Option<String> {
    likeness(events.first()?, text, "null")
}

/// An event like another, with this content alone.
fn likeness(event: &str, text: &str, finish: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    let output = event.get_mut("output")?;
    match output.get_mut("choices").and_then(Value::as_array_mut) {
        None => *output = json!({"finish_reason": finish, "text": text}),
        Some(choices) => {
            let choice = choices.first_mut()?;
            let content = match &choice["message"]["content"] {
                Value::Array(_) => json!([{"text": text}]),
                _ => json!(text),
            };
            choice["message"] = json!({"content": content, "role": "assistant"});
            choice["finish_reason"] = finish.into();
        }
    }
    Some(event.to_string())
}
