//! Notes in place of media that a tool returned and the model does not take.

use qwen_openclaw_catalog::Modality;
use serde_json::{Value, json};

use super::{Body, check, context::ModelContext, messages};

/// Replaces the media in the results of tools that the model does not take. What a tool returns is
/// not the caller's choice, so the rest of the result is sent and the request is not refused.
pub(super) fn apply(body: &mut Body, known: &ModelContext<'_>) {
    for message in messages(body) {
        if message["role"] == "tool"
            && let Some(content) = message.get_mut("content")
            && let Some(parts) = content.as_array()
            && let Some(noted) = noted(parts, known)
        {
            *content = noted;
        }
    }
}

/// The parts with one note for each run of media; `None` when there is none to note.
fn noted(parts: &[Value], known: &ModelContext<'_>) -> Option<Value> {
    let mut noted: Vec<Value> = Vec::new();
    let mut omits = false;
    for part in parts {
        let Some(modality) = check::not_taken(part, known) else {
            noted.push(part.clone());
            continue;
        };
        omits = true;
        let note = json!({"type": "text", "text": note(modality)});
        if noted.last() != Some(&note) {
            noted.push(note);
        }
    }
    omits.then(|| joined(&noted).unwrap_or(Value::Array(noted)))
}

/// Plain texts as one text, which more servers read as the result of a tool than a list.
fn joined(parts: &[Value]) -> Option<Value> {
    let plain = |part: &Value| {
        let fields = part.as_object()?.len();
        part["text"]
            .as_str()
            .filter(|_| fields == 2)
            .map(str::to_owned)
    };
    let texts: Option<Vec<String>> = parts.iter().map(plain).collect();
    texts.map(|texts| texts.join("\n").into())
}

/// The words of OpenClaw.
fn note(modality: Modality) -> String {
    let plural = if modality == Modality::Audio { "" } else { "s" };
    format!("(tool {modality} omitted: model does not support {modality}{plural})")
}
