//! Answers in JSON.

use serde_json::json;

use super::{Chat, prose, schema, tools};

/// The answer as the JSON that was asked for; `None` when none was.
pub(super) fn answer(chat: &Chat<'_>) -> Option<String> {
    let format = chat.request.response_format.as_ref()?;
    let value = match (&*format.kind, &format.json_schema) {
        ("json_schema", Some(named)) => schema::example(&named.schema, &chat.request.prompt()),
        ("json_object" | "json_schema", _) => json!({
            "answer": tools::report(chat).unwrap_or_else(|| prose::answer(chat)),
            "emulator": true,
            "model": chat.model.id,
        }),
        _ => return None,
    };
    Some(schema::spaced(&value))
}
