//! What is wrong with `response_format`.

use super::super::{Chat, usage::Prompt};
use crate::refusal::Refusal;

/// Inferred, in the words of the message about roles.
pub(super) fn unknown_type(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let kind = &*chat.request.response_format.as_ref()?.kind;
    let known = matches!(kind, "text" | "json_object" | "json_schema");
    (!known).then(|| {
        Refusal::parameter(format!(
            "{kind} is not one of ['text', 'json_object', 'json_schema'] - 'response_format.type'"
        ))
    })
}

/// Inferred, in the words of the checks of types.
pub(super) fn no_schema(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let format = chat.request.response_format.as_ref()?;
    let missing = match &format.json_schema {
        _ if format.kind != "json_schema" => return None,
        None => "'json_schema' is a required property - 'response_format'",
        Some(named) if named.schema.is_null() => {
            "'schema' is a required property - 'response_format.json_schema'"
        }
        Some(_) => return None,
    };
    Some(Refusal::parameter(missing))
}

/// The JSON mode a request asks for, if any.
fn json_mode<'a>(chat: &Chat<'a>) -> Option<&'a str> {
    let kind = &*chat.request.response_format.as_ref()?.kind;
    matches!(kind, "json_object" | "json_schema").then_some(kind)
}

pub(super) fn json_while_thinking(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    json_mode(chat)?;
    (chat.thinks && !chat.model.json_while_thinking())
        .then(|| Refusal::algo("Json mode response is not supported when enable_thinking is true"))
}

pub(super) fn json_without_the_word(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let object = json_mode(chat)? == "json_object";
    let mut texts = chat.request.messages.iter().map(|message| message.text());
    let said = texts.any(|text| text.to_lowercase().contains("json"));
    (object && !said).then(|| {
        Refusal::algo(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        )
    })
}
