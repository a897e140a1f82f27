//! Turns a request into the body that is sent: checks, then the rules of the model, then the
//! caller's last word, then what the contract insists on.

mod cache;
mod capabilities;
mod check;
pub(crate) mod context;
mod fit;
mod json_mode;
mod levels;
mod limits;
mod note;
mod omitted_media;
mod thinking;
mod window;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{
    ChatRequest, Error, ErrorKind,
    payload::context::{Context, ModelContext},
};

use self::note::Notes;
pub use self::{
    capabilities::{ModelCapabilities, ThinkingStyle},
    note::RequestNote,
};
pub(crate) use self::{fit::fits, window::input_of};

#[cfg(test)]
mod tests;

/// A body on its way to be sent.
type Body = Map<String, Value>;

/// Writes the body of `request` for the endpoint of `context`.
pub(crate) fn body(request: &ChatRequest, context: &Context<'_>) -> Result<Bytes, Error> {
    let (body, _) = fields(request, context)?;
    serde_json::to_vec(&body)
        .map(Bytes::from)
        .map_err(unwritable)
}

/// What the body of `request` does not say as it was asked.
pub(crate) fn notes(
    request: &ChatRequest,
    context: &Context<'_>,
) -> Result<Vec<RequestNote>, Error> {
    fields(request, context).map(|(_, notes)| notes)
}

/// The fields of the body, and what is to be said about them.
fn fields(request: &ChatRequest, context: &Context<'_>) -> Result<(Body, Vec<RequestNote>), Error> {
    let known = ModelContext::of(context, &request.model, request.level.is_some());
    check::request(request, &known, context)?;
    let mut notes = Notes::default();
    let mut body = match serde_json::to_value(request).map_err(unwritable)? {
        Value::Object(body) => body,
        _ => Body::new(),
    };
    body.remove("thinking_level");
    known.add_fields(&mut body);
    omitted_media::apply(&mut body, &known);
    if !known.has_developer_role(context) {
        developer_as_system(&mut body);
    }
    let level = json_mode::apply(&mut body, request, &known)?;
    cache::apply(&mut body, request.cache, &known, context.class.is_native())?;
    let asked = if request.thinking_untouched {
        thinking::note_unsent(request.level, &mut notes);
        None
    } else {
        let mapped = levels::map(level, &known, &mut notes);
        let asked = thinking::ask(&mut body, mapped.level, &known, &mut notes);
        mapped.write(&mut body, &known);
        asked
    };
    thinking::summarize(&mut body, request, &known);
    limits::answer(&mut body, &known, &mut notes);
    body.insert("stream".to_owned(), Value::Bool(true));
    let usage = context.options.usage.or(known.usage());
    if usage.unwrap_or(context.class.is_native()) {
        ask_for_usage(&mut body);
    }
    known.strip(&mut body);
    if let Some(hook) = &context.options.hook {
        hook.apply(&mut body);
    }
    if let Some(asked) = asked {
        thinking::enforce(&mut body, asked, &known);
    }
    if !request.thinking_untouched {
        limits::budget(&mut body, &known, &mut notes);
    }
    Ok((body, notes.0))
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "could not write the request as JSON",
    )
    .with_source(error)
}

/// The service takes no role `developer` in chats (Proma issue 1496, OpenClaw issue 23575).
fn developer_as_system(body: &mut Body) {
    for message in messages(body) {
        if message["role"] == "developer" {
            message["role"] = "system".into();
        }
    }
}

fn ask_for_usage(body: &mut Body) {
    match body.get_mut("stream_options") {
        Some(Value::Object(options)) => {
            options.insert("include_usage".to_owned(), Value::Bool(true));
        }
        _ => {
            body.insert("stream_options".to_owned(), json!({"include_usage": true}));
        }
    }
}

/// The messages of a body.
fn messages(body: &mut Body) -> &mut [Value] {
    match body.get_mut("messages") {
        Some(Value::Array(messages)) => messages,
        _ => &mut [],
    }
}
