//! Events written in unusual ways.

use bytes::Bytes;

use super::{Fault, FaultKind, named, native};
use crate::event_form::EventForm;

/// How a stream's events are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    form: EventForm,
    line_end: &'static str,
    field: &'static str,
    split_lines: bool,
    chatter: bool,
}

impl Style {
    /// The style of a fault, plain when it is not one of style.
    pub(super) const fn of(form: EventForm, kind: FaultKind) -> Self {
        Self {
            form,
            line_end: match kind {
                FaultKind::Crlf => "\r\n",
                FaultKind::Cr => "\r",
                _ => "\n",
            },
            field: if matches!(kind, FaultKind::NoSpace) {
                "data:"
            } else {
                form.field()
            },
            split_lines: matches!(kind, FaultKind::MultiLineData),
            chatter: matches!(kind, FaultKind::Comments),
        }
    }

    /// Writes one event with the blank line after it.
    pub(super) fn event(self, payload: &str, number: usize) -> String {
        let end = self.line_end;
        let mut text = String::new();
        if self.chatter {
            text.push_str(&format!(
                ": still here{end}{end}id: {number}{end}retry: 3000{end}:{end}"
            ));
        }
        for line in self.form.head(number, payload) {
            text.push_str(&format!("{line}{end}"));
        }
        for line in self.lines(payload) {
            text.push_str(&format!("{}{line}{end}", self.field));
        }
        text.push_str(end);
        text
    }

    /// A payload over several lines. JSON may be cut after its first brace and its first comma:
    /// neither can be inside a string, as the first key of a chunk is followed by an array.
    fn lines(self, payload: &str) -> Vec<&str> {
        match payload.split_at_checked(1) {
            Some((brace @ "{", rest)) if self.split_lines => match rest.split_once(':') {
                Some((key, _)) => {
                    let (start, rest) = rest.split_at(key.len() + 1);
                    vec![brace, start, rest]
                }
                None => vec![brace, rest],
            },
            _ => vec![payload],
        }
    }
}

/// Changes the JSON of events.
pub(super) fn change_payloads(fault: &Fault, form: EventForm, events: &mut Vec<String>) {
    match form {
        EventForm::Data => {}
        EventForm::Named => return named::change_payloads(fault, events),
        EventForm::Native => return native::change_payloads(fault, events),
    }
    match fault.kind {
        FaultKind::DuplicateFields => {
            for event in events {
                *event = event
                    .replacen(
                        r#""object":"chat.completion.chunk""#,
                        r#""object":"chat.completion.chunk","object":"chat.completion.chunk""#,
                        1,
                    )
                    .replacen(
                        r#""system_fingerprint":null"#,
                        r#""system_fingerprint":null,"system_fingerprint":null"#,
                        1,
                    )
                    .replacen(
                        r#""finish_reason":null"#,
                        r#""finish_reason":null,"finish_reason":null"#,
                        1,
                    );
            }
        }
        FaultKind::UnknownFields => {
            for event in events {
                *event = event
                    .replacen('{', r#"{"x_new":{"list":[1,{"a":null}],"text":"é\u0000"},"#, 1)
                    .replacen(r#""delta":{"#, r#""delta":{"x_new":[true],"#, 1)
                    // An empty delta would have got a comma too many.
                    .replacen("[true],}", "[true]}", 1);
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
        FaultKind::NoUsage => events.retain(|event| !event.starts_with(r#"{"choices":[],"#)),
        FaultKind::SecondFinish => {
            let finish = events
                .iter()
                .position(|event| event.contains(r#""finish_reason":""#));
            if let Some(at) = finish {
                let second = content(form, events, "").map(|event| {
                    event.replacen(r#""finish_reason":null"#, r#""finish_reason":"length""#, 1)
                });
                events.splice(at + 1..at + 1, second);
            }
        }
        FaultKind::MalformedEvent => insert(events, fault.after, r#"{"choices":[{"delta":"#.into()),
        FaultKind::HugeLine => {
            let size = fault.size.unwrap_or(8 << 20);
            if let Some(event) = content(form, events, &"x".repeat(size)) {
                insert(events, fault.after, event);
            }
        }
        _ => {}
    }
}

pub(super) fn insert(events: &mut Vec<String>, at: usize, event: String) {
    events.insert(at.min(events.len()), event);
}

/// An event with this content, in the likeness of the stream's first.
pub(super) fn content(form: EventForm, events: &[String], text: &str) -> Option<String> {
    match form {
        EventForm::Data => {}
        EventForm::Named => return named::content(events, text),
        EventForm::Native => return native::content(events, text),
    }
    let (_, rest) = events.first()?.split_once(r#"],"object":"#)?;
    let text = serde_json::Value::from(text);
    Some(format!(
        r#"{{"choices":[{{"delta":{{"content":{text}}},"finish_reason":null,"index":0,"logprobs":null}}],"object":{rest}"#
    ))
}

/// Cuts bytes inside their characters, once in each that has several bytes.
pub(super) fn cut_characters(text: &str) -> Vec<Bytes> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, character) in text.char_indices() {
        if character.len_utf8() > 1 {
            pieces.push(Bytes::copy_from_slice(&bytes[start..=at]));
            start = at + 1;
        }
    }
    pieces.push(Bytes::copy_from_slice(&bytes[start..]));
    pieces
}
