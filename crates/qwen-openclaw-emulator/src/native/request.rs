//! A request of DashScope's own chat API as one of the OpenAI-compatible API.

use serde_json::{Map, Value, json};

use crate::{models::NativePath, refusal::Refusal};

/// A request that was translated.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The request as the OpenAI-compatible API has it.
    pub(super) chat: Value,
    pub(super) wanted: Wanted,
    /// Whether the content of a message is an array that text models do not take.
    pub(super) array: bool,
}

/// What the caller says about the form of the answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Wanted {
    pub(super) result_format: Option<String>,
    pub(super) incremental_output: Option<bool>,
}

impl Call {
    pub(super) fn read(body: &[u8], path: NativePath, stream: bool) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::unreadable_body())?;
        let Value::Object(mut body) = body else {
            return Err(Refusal::unreadable_body());
        };
        let mut chat = object(&mut body, "parameters")?;
        let wanted = Wanted {
            result_format: take(&mut chat, "result_format", "string", |value| {
                value.as_str().map(str::to_owned)
            })?,
            incremental_output: take(&mut chat, "incremental_output", "boolean", Value::as_bool)?,
        };
        let mut input = object(&mut body, "input")?;
        let mut messages = messages(&mut input)?;
        let mut array = false;
        for (index, message) in messages.iter_mut().enumerate() {
            let Some(Value::Array(parts)) = message.get_mut("content") else {
                continue;
            };
            // Text models take arrays to have parts of them cached.
            array |= !parts.iter().any(is_cache_marker);
            for (number, part) in parts.iter_mut().enumerate() {
                translate(part, &format!("messages.{index}.content.{number}"), path)?;
            }
        }
        chat.remove("model");
        if let Some(model) = body.remove("model") {
            chat.insert("model".to_owned(), model);
        }
        chat.insert("messages".to_owned(), messages.into());
        chat.insert("stream".to_owned(), stream.into());
        Ok(Self {
            chat: chat.into(),
            wanted,
            array,
        })
    }
}

/// Takes an object out of another; an absent one is empty.
fn object(body: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(other) => Err(wrong_type(&other, "object", name)),
    }
}

/// Takes a field that the OpenAI-compatible API does not have.
fn take<T>(
    parameters: &mut Map<String, Value>,
    name: &str,
    kind: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let given = parameters.remove(name).filter(|value| !value.is_null());
    let read = |given: Value| {
        let value = read(&given);
        value.ok_or_else(|| wrong_type(&given, kind, &format!("parameters.{name}")))
    };
    given.map(read).transpose()
}

/// The text is inferred, as in the checks of types of the other API.
fn wrong_type(value: &Value, kind: &str, path: &str) -> Refusal {
    let shown: String = value.to_string().chars().take(60).collect();
    Refusal::algo(format!("{shown} is not of type '{kind}' - '{path}'"))
}

/// The messages of the input, or what its older fields amount to.
fn messages(input: &mut Map<String, Value>) -> Result<Vec<Value>, Refusal> {
    let mut given = |name: &str| input.remove(name).filter(|value| !value.is_null());
    let (messages, history, prompt) = (given("messages"), given("history"), given("prompt"));
    if messages.is_none() && prompt.is_none() {
        return Err(Refusal::parameter(
            r#"Either "prompt" or "messages" must exist and cannot both be none"#,
        ));
    }
    let mut all = match messages {
        Some(Value::Array(messages)) => messages,
        Some(other) => return Err(wrong_type(&other, "array", "messages")),
        None => turns(history.as_ref()),
    };
    // That a prompt is the last message is inferred from dashscope 2.0.2, which adds it there.
    if let Some(prompt) = prompt {
        all.push(json!({"role": "user", "content": prompt}));
    }
    Ok(all)
}

/// The messages of a `history`, which came before `messages`.
fn turns(history: Option<&Value>) -> Vec<Value> {
    let turns = history.and_then(Value::as_array).into_iter().flatten();
    turns
        .flat_map(|turn| {
            [("user", "user"), ("assistant", "bot")]
                .map(|(role, name)| json!({"role": role, "content": turn[name]}))
        })
        .collect()
}

fn is_cache_marker(part: &Value) -> bool {
    ["cache_control", "prompt_cache_breakpoint"]
        .iter()
        .any(|name| part.get(name).is_some())
}

/// Gives a content part the fields of the OpenAI-compatible API.
fn translate(part: &mut Value, path: &str, to: NativePath) -> Result<(), Refusal> {
    const KINDS: [&str; 4] = ["text", "image", "video", "audio"];
    let no_modal =
        || Refusal::parameter("The item of content should be a message of a certain modal.");
    let fields = part.as_object_mut().ok_or_else(no_modal)?;
    if to == NativePath::Multimodal && !KINDS.iter().any(|kind| fields.contains_key(*kind)) {
        return Err(no_modal());
    }
    for (name, becomes) in [("image", "image_url"), ("audio", "input_audio")] {
        let Some(address) = fields.remove(name) else {
            continue;
        };
        if !address.is_string() {
            return Err(wrong_type(&address, "string", &format!("{path}.{name}")));
        }
        let address = match name {
            "audio" => json!({"data": address}),
            _ => address,
        };
        fields.insert(becomes.to_owned(), address);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value, path: NativePath) -> Result<Call, String> {
        Call::read(body.to_string().as_bytes(), path, true)
            .map_err(|refusal| refusal.message.into_owned())
    }

    #[test]
    fn a_request_is_that_of_the_other_api() {
        let call = read(
            &json!({
                "model": "m",
                "input": {"messages": [{"role": "user", "content": [
                    {"text": "t"}, {"image": "i"}, {"video": ["a"], "fps": 2}, {"audio": "s"},
                ]}]},
                "parameters": {"result_format": "message", "incremental_output": true, "seed": 7},
            }),
            NativePath::Multimodal,
        )
        .unwrap();
        assert_eq!(
            call.chat,
            json!({
                "model": "m", "seed": 7, "stream": true,
                "messages": [{"role": "user", "content": [
                    {"text": "t"}, {"image_url": "i"}, {"video": ["a"], "fps": 2},
                    {"input_audio": {"data": "s"}},
                ]}],
            })
        );
        let wanted = Wanted {
            result_format: Some("message".to_owned()),
            incremental_output: Some(true),
        };
        assert_eq!((call.wanted, call.array), (wanted, true));
    }

    #[test]
    fn a_prompt_is_a_message() {
        let call = read(
            &json!({"input": {"prompt": "p", "history": [{"user": "u", "bot": "b"}]}}),
            NativePath::Text,
        )
        .unwrap();
        assert_eq!(
            call.chat["messages"],
            json!([
                {"role": "user", "content": "u"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": "p"},
            ])
        );
        assert_eq!((call.wanted, call.array), (Wanted::default(), false));
    }

    #[test]
    fn what_cannot_be_translated_is_refused() {
        let content = |part: Value| json!({"input": {"messages": [{"content": [part]}]}});
        for (body, expected) in [
            (
                json!({"messages": []}),
                r#"Either "prompt" or "messages" must exist and cannot both be none"#,
            ),
            (
                json!({"input": 7}),
                "<400> InternalError.Algo.InvalidParameter: 7 is not of type 'object' - 'input'",
            ),
            (
                json!({"input": {"messages": {}}}),
                "<400> InternalError.Algo.InvalidParameter: {} is not of type 'array' - 'messages'",
            ),
            (
                json!({"input": {"prompt": "p"}, "parameters": {"incremental_output": "yes"}}),
                "<400> InternalError.Algo.InvalidParameter: \"yes\" is not of type 'boolean' - 'parameters.incremental_output'",
            ),
            (
                content(json!({"image": 7})),
                "<400> InternalError.Algo.InvalidParameter: 7 is not of type 'string' - 'messages.0.content.0.image'",
            ),
            (
                content(json!({"type": "image_url", "image_url": {"url": "https://a.example/b"}})),
                "The item of content should be a message of a certain modal.",
            ),
            (
                content(json!("x")),
                "The item of content should be a message of a certain modal.",
            ),
        ] {
            assert_eq!(
                read(&body, NativePath::Multimodal).unwrap_err(),
                expected,
                "{body}"
            );
        }
        for body in ["", "[]", "7"] {
            let refusal = Call::read(body.as_bytes(), NativePath::Text, false).unwrap_err();
            assert_eq!(refusal, Refusal::unreadable_body());
        }
    }
}
