//! Turns a request into the body that is sent: checks, then the rules of the model, then the
//! caller's last word, then what the contract insists on.

mod cache;
mod capabilities;
mod check;
pub(crate) mod context;
mod json_mode;
mod notes;
mod thinking;
mod window;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{
    ChatRequest, Error, ErrorKind,
    payload::context::{Context, ModelContext},
};

pub use self::capabilities::{ModelCapabilities, ThinkingStyle};

#[cfg(test)]
mod tests;

/// A body on its way to be sent.
type Body = Map<String, Value>;

/// Writes the body of `request` for the endpoint of `context`.
pub(crate) fn body(request: &ChatRequest, context: &Context<'_>) -> Result<Bytes, Error> {
    let body = fields(request, context)?;
    serde_json::to_vec(&body)
        .map(Bytes::from)
        .map_err(unwritable)
}

/// The fields of the body.
fn fields(request: &ChatRequest, context: &Context<'_>) -> Result<Body, Error> {
    let known = ModelContext::of(context, &request.model, request.level.is_some());
    check::request(request, &known, context)?;
    let mut body = match serde_json::to_value(request).map_err(unwritable)? {
        Value::Object(body) => body,
        _ => Body::new(),
    };
    body.remove("thinking_level");
    notes::apply(&mut body, &known);
    limit_answer(&mut body, &known);
    let level = json_mode::apply(&mut body, request, &known)?;
    cache::apply(&mut body, request.cache, context.class.is_native())?;
    let asked = (!request.thinking_untouched).then(|| thinking::ask(&mut body, level, &known));
    body.insert("stream".to_owned(), Value::Bool(true));
    if context.options.usage.unwrap_or(context.class.is_native()) {
        ask_for_usage(&mut body);
    }
    if let Some(hook) = &context.options.hook {
        hook.apply(&mut body);
    }
    if let Some(Some(asked)) = asked {
        thinking::enforce(&mut body, asked, &known);
    }
    Ok(body)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "could not write the request as JSON",
    )
    .with_source(error)
}

/// Lowers the limit of the answer to that of the model and to what its context window leaves, and
/// gives it the name the model knows.
fn limit_answer(body: &mut Body, known: &ModelContext<'_>) {
    let Some(limit) = body.remove("max_completion_tokens") else {
        return;
    };
    let most = known.max_output().map(u64::from);
    let left = known
        .context_window()
        .map(|window| window::left_in(window, body));
    let limit = match limit.as_u64() {
        Some(wanted) => [most, left]
            .into_iter()
            .flatten()
            .fold(wanted, u64::min)
            .into(),
        None => limit,
    };
    body.insert(known.max_tokens_field().to_owned(), limit);
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
