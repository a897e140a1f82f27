//! What JSON answers demand of a request.
//!
//! Most models refuse JSON together with thinking, and all refuse `json_object` without the word
//! "json" in the messages (help.aliyun.com, Model Studio, "error-code").

use qwen_openclaw_catalog::{Level, StructuredOutput, Switch};
use serde_json::{Value, json};

use super::{Body, messages};
use crate::{
    ChatRequest, Error, ErrorKind,
    payload::context::ModelContext,
    request::response_format::{instruction, schema_of},
};

/// Makes the body one that the model can answer with JSON, if it asks for that; gives the level of
/// thinking that is left.
pub(super) fn apply(
    body: &mut Body,
    request: &ChatRequest,
    known: &ModelContext<'_>,
) -> Result<Option<Level>, Error> {
    let json = request
        .response_format
        .as_ref()
        .is_some_and(|f| f.is_json());
    if !json || !known.provider.is_qwen() {
        return Ok(request.level);
    }
    let level = if known.contract.allows_json() {
        request.level
    } else {
        without_thinking(body, request, known)?
    };
    let format = match body.get("response_format") {
        Some(Value::Object(format)) => format.clone(),
        _ => return Ok(level),
    };
    let takes_schema = StructuredOutput::of(known.model) == StructuredOutput::JsonSchema;
    match schema_of(&format) {
        Some(_) if takes_schema => {}
        Some(schema) => {
            instruct(body, &instruction(Some(schema)));
            body.insert("response_format".to_owned(), json!({"type": "json_object"}));
        }
        None if says_json(body) => {}
        None => instruct(body, &instruction(None)),
    }
    Ok(level)
}

/// Checks whether the model can answer with JSON, if the request asks for that.
pub(super) fn check(request: &ChatRequest, known: &ModelContext<'_>) -> Result<(), Error> {
    let json = request
        .response_format
        .as_ref()
        .is_some_and(|f| f.is_json());
    if !json || !known.provider.is_qwen() || known.contract.allows_json() {
        return Ok(());
    }
    let asked = request.extra.get_key_value("enable_thinking");
    let body = asked.map(|(name, value)| (name.clone(), value.clone()));
    without_thinking(&body.into_iter().collect(), request, known).map(drop)
}

/// JSON and thinking do not go together: what was not asked for is switched off, what was is
/// refused.
fn without_thinking(
    body: &Body,
    request: &ChatRequest,
    known: &ModelContext<'_>,
) -> Result<Option<Level>, Error> {
    let refused = |message: String| Err(Error::new(ErrorKind::InvalidRequest, message));
    let model = known.model;
    if known.always_thinks() {
        return refused(format!(
            "{model} always thinks, and gives no JSON answers while it thinks; choose another model, or \
             ask for JSON in the prompt alone"
        ));
    }
    let thinks = known.contract.switch() == Switch::Optional || known.thinks_unasked();
    let asked = match request.level {
        Some(level) => level != Level::Off,
        None => body.get("enable_thinking") == Some(&json!(true)),
    };
    if thinks && asked {
        return refused(format!(
            "{model} gives no JSON answers while it thinks; leave one of the two out"
        ));
    }
    Ok(if thinks {
        Some(Level::Off)
    } else {
        request.level
    })
}

/// Whether the word that the service wants is somewhere in the messages.
fn says_json(body: &mut Body) -> bool {
    let said = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        text.to_ascii_lowercase().contains("json")
    };
    messages(body).iter().any(|message| {
        let content = &message["content"];
        let mut parts = content.as_array().into_iter().flatten();
        said(content) || parts.any(|part| said(&part["text"]))
    })
}

/// Adds a sentence to the instructions.
fn instruct(body: &mut Body, sentence: &str) {
    if let Some(system) = messages(body)
        .iter_mut()
        .find(|message| message["role"] == "system")
    {
        let content = &mut system["content"];
        match content {
            Value::Array(parts) => parts.push(json!({"type": "text", "text": sentence})),
            Value::String(text) if !text.is_empty() => *text = format!("{text}\n\n{sentence}"),
            _ => *content = json!(sentence),
        }
    } else if let Some(Value::Array(messages)) = body.get_mut("messages") {
        messages.insert(0, json!({"role": "system", "content": sentence}));
    }
}
