//! Answers in JSON.

use serde_json::{Value, json};

use super::{Chat, keys, prose, schema, tools};

/// The answer as the JSON that was asked for; `None` when none was.
pub(super) fn answer(chat: &Chat<'_>) -> Option<String> {
    let format = chat.request.response_format.as_ref()?;
    let value = match (&*format.kind, &format.json_schema) {
        ("json_schema", Some(named)) => schema::example(&named.schema, &chat.request.prompt()),
        ("json_object" | "json_schema", _) => described(chat).unwrap_or_else(|| {
            json!({
                "answer": tools::report(chat).unwrap_or_else(|| prose::answer(chat)),
                "emulator": true,
                "model": chat.model.id,
            })
        }),
        _ => return None,
    };
    Some(schema::spaced(&value))
}

/// The object that the prompt describes, else one of the instructions.
fn described(chat: &Chat<'_>) -> Option<Value> {
    let prompt = chat.request.prompt();
    let mut texts = [prompt.clone()]
        .into_iter()
        .chain(chat.request.texts("system"));
    texts.find_map(|text| keys::object(&text, &prompt))
}
