//! Markers of the explicit cache.
//!
//! The service takes at most four, and none on tools (help.aliyun.com, Model Studio,
//! "explicit-cache-best-practice").

use serde_json::{Value, json};

use super::{Body, messages};
use crate::{Error, ErrorKind, request::CacheMarks};

/// Maximum number of markers in a request.
const MOST: usize = 4;

/// Puts the markers that were asked for, where the host is one that knows them.
pub(super) fn apply(body: &mut Body, marks: CacheMarks, native: bool) -> Result<(), Error> {
    let all = messages(body);
    if marks.system && native {
        let system =
            |message: &&mut Value| matches!(message["role"].as_str(), Some("system" | "developer"));
        if let Some(message) = all.iter_mut().find(system) {
            mark(message);
        }
    }
    if marks.conversation && native {
        // What the model said last is what it goes on from.
        let heard =
            |message: &&mut Value| matches!(message["role"].as_str(), Some("user" | "tool"));
        if let Some(message) = all.iter_mut().rev().find(heard) {
            mark(message);
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

/// Marks the last text of a message.
fn mark(message: &mut Value) {
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
        part.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}

/// How many parts of a message are marked.
fn markers(message: &Value) -> usize {
    let parts = message["content"].as_array().map(Vec::as_slice);
    let marked = |part: &&Value| part["cache_control"].is_object();
    parts.unwrap_or_default().iter().filter(marked).count()
}
