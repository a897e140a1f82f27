//! Changes to the events of the protocols that name them: the Responses API and Anthropic's.

use serde_json::{Value, json};

use super::{Fault, FaultKind, sse};

/// What arrived of an event that never will be whole.
pub(super) const CUT: &str = "data: {\"type\":\"";

/// An event that is not JSON.
const MALFORMED: &str = r#"{"type":"#;

/// Changes the JSON of events.
pub(super) fn change_payloads(fault: &Fault, events: &mut Vec<String>) {
    match fault.kind {
        FaultKind::DuplicateFields => change(events, |event| {
            let kind = event["type"].clone();
            let twice = format!(r#"{{"type":{kind},"#);
            event.to_string().replacen('{', &twice, 1)
        }),
        FaultKind::UnknownFields => change(events, |mut event| {
            let unknown = json!({"list": [1, {"a": null}], "text": "é\u{0}"});
            event["x_new"] = unknown;
            for part in ["delta", "item", "message", "response"] {
                if event[part].is_object() {
                    event[part]["x_new"] = json!([true]);
                }
            }
            event.to_string()
        }),
        FaultKind::UnknownFinish => change(events, |mut event| {
            if event["delta"]["stop_reason"].is_string() {
                event["delta"]["stop_reason"] = "tired".into();
            }
            if is_last(&event) && event["response"].is_object() {
                event["response"]["status"] = "tired".into();
            }
            event.to_string()
        }),
        FaultKind::NoUsage => change(events, |mut event| {
            for holder in ["/message", "/response", ""] {
                let holder = event.pointer_mut(holder).and_then(Value::as_object_mut);
                if let Some(holder) = holder {
                    holder.remove("usage");
                }
            }
            event.to_string()
        }),
        FaultKind::SecondFinish => {
            let last = events.iter().rev().find_map(|event| second_finish(event));
            if let Some(second) = last {
                events.push(second);
            }
        }
        // The last event is to these protocols what `[DONE]` is to the chat.
        FaultKind::NoDone => {
            events.pop();
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

fn change(events: &mut [String], change: impl Fn(Value) -> String) {
    for event in events {
        if let Ok(payload) = serde_json::from_str(event) {
            *event = change(payload);
        }
    }
}

/// Whether an event ends a response of the Responses API.
fn is_last(event: &Value) -> bool {
    event["type"] == "response.completed" || event["type"] == "response.incomplete"
}

/// Another end than that of an event; `None` if it is none.
fn second_finish(event: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(event).ok()?;
    if is_last(&event) {
        event["type"] = "response.incomplete".into();
        event["response"]["status"] = "incomplete".into();
        event["response"]["incomplete_details"] = json!({"reason": "max_output_tokens"});
    } else if event["delta"]["stop_reason"].is_string() {
        event["delta"]["stop_reason"] = "max_tokens".into();
    } else {
        return None;
    }
    Some(event.to_string())
}

/// An event with this text, in the likeness of the stream's first delta.
pub(super) fn content(events: &[String], text: &str) -> Option<String> {
    let payloads = events.iter().map(|event| serde_json::from_str(event));
    let mut payloads = payloads.filter_map(Result::ok);
    payloads.find_map(|mut event: Value| {
        let delta = event.get_mut("delta")?;
        let place = if delta.is_string() {
            delta
        } else {
            let fields = ["text", "thinking", "partial_json"];
            let field = fields.into_iter().find(|field| delta[*field].is_string())?;
            &mut delta[field]
        };
        *place = text.into();
        Some(event.to_string())
    })
}
