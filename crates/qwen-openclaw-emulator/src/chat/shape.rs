//! Whether a request has the right fields of the right types.
//!
//! The service's own texts for this are known for one case only, the role of a message. The others
//! are inferred from it: it is the text of Python's `jsonschema`.

use serde_json::Value;

use self::Shape::{Any, Flag, Integer, List, Number, Object, Text};

/// What a value must look like.
#[derive(Debug)]
pub(crate) enum Shape {
    Any,
    Text,
    Flag,
    Integer,
    Number,
    List(&'static Self),
    Object(&'static [Field]),
    /// One of two that differ in type.
    Either(&'static Self, &'static Self),
}

/// A field of an object. One that is not required may be `null`.
#[derive(Debug)]
pub(crate) struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}

pub(crate) const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        required: true,
        shape,
    }
}

pub(crate) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        required: false,
        shape,
    }
}

const REQUEST: Shape = Object(&[
    required("model", Text),
    required("messages", List(&MESSAGE)),
    optional("stream", Flag),
    optional("stream_options", Object(&[optional("include_usage", Flag)])),
    optional("temperature", Number),
    optional("top_p", Number),
    optional("presence_penalty", Number),
    optional("seed", Number),
    optional("logprobs", Flag),
    optional("top_logprobs", Integer),
    optional("n", Integer),
    optional("max_tokens", Integer),
    optional("max_completion_tokens", Integer),
    optional("stop", Shape::Either(&Text, &List(&Any))),
    optional("tools", List(&TOOL)),
    optional("tool_choice", Shape::Either(&Text, &FORCED)),
    optional("parallel_tool_calls", Flag),
    optional("response_format", FORMAT),
    optional("enable_thinking", Flag),
    optional("thinking_budget", Integer),
    optional("thinking", Object(&[optional("type", Text)])),
    optional("reasoning_effort", Text),
    optional("thinking_display", Text),
    optional("preserve_thinking", Flag),
    optional("modalities", List(&Text)),
    optional(
        "audio",
        Object(&[optional("voice", Text), optional("format", Text)]),
    ),
]);

const MESSAGE: Shape = Object(&[
    required("role", Text),
    optional("content", Shape::Either(&Text, &List(&PART))),
    optional("reasoning_content", Text),
    optional("encrypted_content", Text),
    optional("tool_calls", List(&Any)),
    optional("tool_call_id", Text),
    optional("partial", Flag),
]);

const PART: Shape = Object(&[
    optional("text", Text),
    optional("image_url", ADDRESS),
    optional("video_url", ADDRESS),
    optional("video", Shape::Either(&Text, &List(&Text))),
    optional("input_audio", Object(&[required("data", Text)])),
]);

const ADDRESS: Shape = Shape::Either(&Text, &Object(&[required("url", Text)]));

const FUNCTION: Shape = Object(&[required("name", Text), optional("description", Text)]);

const TOOL: Shape = Object(&[required("function", FUNCTION)]);

const FORCED: Shape = Object(&[required("function", Object(&[required("name", Text)]))]);

const FORMAT: Shape = Object(&[required("type", Text), optional("json_schema", Object(&[]))]);

/// Checks a request, which is an object, and says what is wrong first.
pub(super) fn check(request: &Value) -> Result<(), String> {
    REQUEST.check(request, "")
}

/// The longest value that a message shows, in characters.
const SHOWN: usize = 60;

impl Shape {
    /// Checks a value at a path, and says what is wrong first.
    pub(crate) fn check(&self, value: &Value, path: &str) -> Result<(), String> {
        if !self.takes(value) {
            let text: String = value.to_string().chars().take(SHOWN).collect();
            return Err(at(path, &format!("{text} is not of type {}", self.types())));
        }
        match (self, value) {
            (List(item), Value::Array(values)) => {
                let mut values = values.iter().enumerate();
                values.try_for_each(|(index, value)| {
                    item.check(value, &below(path, &index.to_string()))
                })
            }
            (Object(fields), Value::Object(object)) => {
                fields
                    .iter()
                    .try_for_each(|field| match object.get(field.name) {
                        None if field.required => {
                            let missing = format!("'{}' is a required property", field.name);
                            Err(at(path, &missing))
                        }
                        None => Ok(()),
                        Some(Value::Null) if !field.required => Ok(()),
                        Some(value) => field.shape.check(value, &below(path, field.name)),
                    })
            }
            (Self::Either(one, _), value) if one.takes(value) => one.check(value, path),
            (Self::Either(_, other), value) => other.check(value, path),
            _ => Ok(()),
        }
    }

    /// Whether a value has the right type, whatever is in it.
    fn takes(&self, value: &Value) -> bool {
        match self {
            Any => true,
            Text => value.is_string(),
            Flag => value.is_boolean(),
            Integer => value.is_i64(),
            Number => value.is_number(),
            List(_) => value.is_array(),
            Object(_) => value.is_object(),
            Self::Either(one, other) => one.takes(value) || other.takes(value),
        }
    }

    /// The names of the types it takes.
    fn types(&self) -> String {
        let name = match self {
            Any => "any",
            Text => "string",
            Flag => "boolean",
            Integer => "integer",
            Number => "number",
            List(_) => "array",
            Object(_) => "object",
            Self::Either(one, other) => return format!("{}, {}", one.types(), other.types()),
        };
        format!("'{name}'")
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn at(path: &str, message: &str) -> String {
    if path.is_empty() {
        message.to_owned()
    } else {
        format!("{message} - '{path}'")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::request::ChatRequest, *};

    #[test]
    fn says_what_is_wrong_and_where() {
        let message = |message: Value| json!({"model": "m", "messages": [message]});
        for (request, expected) in [
            (json!({"messages": []}), "'model' is a required property"),
            (
                json!({"model": 7, "messages": []}),
                "7 is not of type 'string' - 'model'",
            ),
            (
                json!({"model": null, "messages": []}),
                "null is not of type 'string' - 'model'",
            ),
            (json!({"model": "m"}), "'messages' is a required property"),
            (
                json!({"model": "m", "messages": ["x"]}),
                "\"x\" is not of type 'object' - 'messages.0'",
            ),
            (
                message(json!({"content": "x"})),
                "'role' is a required property - 'messages.0'",
            ),
            (
                message(json!({"role": "user", "content": 7})),
                "7 is not of type 'string', 'array' - 'messages.0.content'",
            ),
            (
                message(json!({"role": "user", "content": [{"image_url": {}}]})),
                "'url' is a required property - 'messages.0.content.0.image_url'",
            ),
            (
                json!({"model": "m", "messages": [], "tools": [{"function": {}}]}),
                "'name' is a required property - 'tools.0.function'",
            ),
            (
                json!({"model": "m", "messages": [], "n": 1.5}),
                "1.5 is not of type 'integer' - 'n'",
            ),
            (
                json!({"model": "m", "messages": [], "stream": "yes"}),
                "\"yes\" is not of type 'boolean' - 'stream'",
            ),
        ] {
            assert_eq!(check(&request).unwrap_err(), expected, "{request}");
        }
    }

    /// Every field in turn gets a value of every type: what passes the check can be read.
    #[test]
    fn what_passes_can_be_read() {
        let values = [
            json!(null),
            json!(true),
            json!(-7),
            json!(18_446_744_073_709_551_615_u64),
            json!(1.5),
            json!("x"),
            json!([]),
            json!(["x", 1]),
            json!([{}]),
            json!({}),
            json!({"type": "x", "function": {"name": "x"}, "url": "x", "data": "x"}),
        ];
        let fields = |shape: &'static Shape| match shape {
            Object(fields) => fields.iter().map(|field| field.name),
            _ => unreachable!("all three are objects"),
        };
        for value in &values {
            let read = |request: Value| {
                if check(&request).is_ok() {
                    let body = request.to_string();
                    assert!(ChatRequest::parse(body.as_bytes()).is_ok(), "{request}");
                }
            };
            let part = json!({"type": "text"});
            let message = json!({"role": "user", "content": [part]});
            let request = json!({"model": "m", "messages": [message]});
            for field in fields(&REQUEST) {
                let mut request = request.clone();
                request[field] = value.clone();
                read(request);
            }
            for field in fields(&MESSAGE) {
                let mut request = request.clone();
                request["messages"][0][field] = value.clone();
                read(request);
            }
            for field in fields(&PART) {
                let mut request = request.clone();
                request["messages"][0]["content"][0][field] = value.clone();
                read(request);
            }
        }
    }
}
