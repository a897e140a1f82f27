//! Markers of the explicit cache.
//!
//! The service takes at most four of the older form, and none on tools (help.aliyun.com, Model
//! Studio, "explicit-cache-best-practice"). Of the newer form no such limit is documented
//! ("explicit-cache-qwen4").

use qwen_openclaw_catalog::CacheMarker;
use serde_json::{Value, json};

use super::{Body, messages};
use crate::{
    CacheTtl, Error, ErrorKind,
    payload::context::ModelContext,
    request::{CacheMarks, MARKERS},
};

/// Maximum number of markers of the older form in a request.
const MOST: usize = 4;

/// Puts the markers that were asked for, where the host is one that knows them.
pub(super) fn apply(
    body: &mut Body,
    marks: CacheMarks,
    known: &ModelContext<'_>,
    native: bool,
) -> Result<(), Error> {
    if marks.off {
        remove(body);
        return Ok(());
    }
    let newer = CacheMarker::of(known.model) == CacheMarker::Breakpoint;
    if newer && native {
        messages(body).iter_mut().for_each(renew);
        if let Some(ttl) = marks.ttl {
            let ttl = match ttl {
                CacheTtl::FiveMinutes => "5m",
                CacheTtl::OneHour => "1h",
            };
            let options = body.entry("prompt_cache_options").or_insert(json!({}));
            options["ttl"] = ttl.into();
        }
    }
    let all = messages(body);
    if marks.system && native {
        let system =
            |message: &&mut Value| matches!(message["role"].as_str(), Some("system" | "developer"));
        if let Some(message) = all.iter_mut().find(system) {
            mark(message, newer);
        }
    }
    if marks.conversation && native {
        // What the model said last is what it goes on from.
        let heard =
            |message: &&mut Value| matches!(message["role"].as_str(), Some("user" | "tool"));
        if let Some(message) = all.iter_mut().rev().find(heard) {
            mark(message, newer);
        }
    }
    if let Some(Value::Array(tools)) = body.get_mut("tools") {
        for tool in tools.iter_mut().filter_map(Value::as_object_mut) {
            tool.remove("cache_control");
        }
    }
    let marked = messages(body).iter().map(markers).sum::<usize>();
    if marked > MOST {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "{marked} parts are marked for the cache, and the service takes {MOST} at most"
            ),
        ));
    }
    Ok(())
}

/// Takes the markers off messages and tools.
fn remove(body: &mut Body) {
    let unmark = |value: &mut Value| {
        if let Some(fields) = value.as_object_mut() {
            for name in MARKERS {
                fields.remove(name);
            }
        }
    };
    for message in messages(body) {
        parts_of(message).iter_mut().for_each(unmark);
    }
    if let Some(Value::Array(tools)) = body.get_mut("tools") {
        tools.iter_mut().for_each(unmark);
    }
    body.remove("prompt_cache_options");
}

/// Writes the markers of a message in their newer form.
fn renew(message: &mut Value) {
    for part in parts_of(message)
        .iter_mut()
        .filter_map(Value::as_object_mut)
    {
        let older = json!({"type": "ephemeral"});
        // One that says more is the caller's own.
        if part.get("cache_control") == Some(&older) {
            part.remove("cache_control");
            part.insert("prompt_cache_breakpoint".to_owned(), breakpoint());
        }
    }
}

fn breakpoint() -> Value {
    json!({"mode": "explicit"})
}

fn parts_of(message: &mut Value) -> &mut [Value] {
    let content = message.get_mut("content");
    match content.and_then(Value::as_array_mut) {
        Some(parts) => parts,
        None => &mut [],
    }
}

/// Marks the last text of a message.
fn mark(message: &mut Value, newer: bool) {
    let content = &mut message["content"];
    if let Some(text) = content.as_str() {
        if text.is_empty() {
            return;
        }
        *content = json!([{"type": "text", "text": text}]);
    }
    let Some(parts) = content.as_array_mut() else {
        return;
    };
    let text = parts.iter_mut().rev().find(|part| part["text"].is_string());
    if let Some(part) = text.and_then(Value::as_object_mut) {
        if newer {
            part.insert("prompt_cache_breakpoint".to_owned(), breakpoint());
        } else {
            part.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
        }
    }
}

/// How many parts of a message are marked.
fn markers(message: &Value) -> usize {
    let parts = message["content"].as_array().map(Vec::as_slice);
    let marked = |part: &&Value| part["cache_control"].is_object();
    parts.unwrap_or_default().iter().filter(marked).count()
}
