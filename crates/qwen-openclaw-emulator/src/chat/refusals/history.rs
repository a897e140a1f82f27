//! What is wrong with the messages and their order.

use super::super::{
    Chat,
    request::{Content, Message},
    usage::Prompt,
};
use crate::refusal::Refusal;

pub(super) fn no_messages(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let empty = chat.request.messages.is_empty();
    empty.then(|| Refusal::algo("[] is too short - 'messages'"))
}

pub(super) fn unknown_role(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    // Not `developer`, which OpenAI has (Proma-AI/Proma#1496).
    const ROLES: [&str; 5] = ["system", "assistant", "user", "tool", "function"];
    let roles = chat.request.messages.iter().map(|message| &*message.role);
    let (position, unknown) = roles.enumerate().find(|(_, role)| !ROLES.contains(role))?;
    Some(Refusal::parameter(format!(
        "{unknown} is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.{position}.role'"
    )))
}

/// `null` for a content, or none, where no calls take its place (QwenLM/qwen-code#5265). Seen for the
/// assistant, inferred for the other roles.
pub(super) fn no_content(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let lacks = |message: &Message| {
        let calls = message.role == "assistant" && !message.tool_calls.is_empty();
        matches!(message.content, Content::Absent) && !calls
    };
    let mut messages = chat.request.messages.iter();
    messages
        .any(lacks)
        .then(|| Refusal::parameter("The content field is a required field."))
}

/// langfuse/langfuse#10513; the prefix is inferred.
pub(super) fn no_user(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let mut messages = chat.request.messages.iter();
    let some = messages.any(|message| message.role == "user");
    (!some).then(|| Refusal::algo("messages do not contain elements with the role of user"))
}

/// QwenLM/qwen-code#2360, in the service's spelling; the prefix is inferred, and so is that a result
/// must name one of the calls right before it.
pub(super) fn result_without_call(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let orphan = exchanges(&chat.request.messages).any(|exchange| {
        let calls: Vec<&str> = exchange.calls().collect();
        exchange.results().any(|id| !calls.contains(&id))
    });
    orphan.then(|| {
        Refusal::algo(
            r#"messages with role "tool" must be a response to a preceeding message with "tool_calls"."#,
        )
    })
}

/// QwenLM/qwen-code#869; the second sentence is inferred.
pub(super) fn call_without_result(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let unanswered: Vec<&str> = exchanges(&chat.request.messages)
        .flat_map(|exchange| {
            let results: Vec<&str> = exchange.results().collect();
            exchange.calls().filter(move |id| !results.contains(id))
        })
        .collect();
    (!unanswered.is_empty()).then(|| {
        Refusal::parameter(format!(
            r#"An assistant message with "tool_calls" must be followed by tool messages responding to each "tool_call_id". The following tool_call_ids did not have response messages: {}"#,
            unanswered.join(", ")
        ))
    })
}

/// A message that is not a result, with the results that follow it.
#[derive(Clone, Copy)]
struct Exchange<'a> {
    /// `None` for results at the very start.
    message: Option<&'a Message>,
    results: &'a [Message],
}

/// Cuts a conversation before each message that is not a result.
fn exchanges(messages: &[Message]) -> impl Iterator<Item = Exchange<'_>> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        let is_result = first.role == "tool";
        let (message, results) = if is_result {
            (None, rest)
        } else {
            (Some(first), after)
        };
        let count = results
            .iter()
            .take_while(|message| message.role == "tool")
            .count();
        let (results, after) = results.split_at(count);
        rest = after;
        Some(Exchange { message, results })
    })
}

impl<'a> Exchange<'a> {
    /// The ids of the calls.
    fn calls(self) -> impl Iterator<Item = &'a str> {
        let caller = self.message.filter(|message| message.role == "assistant");
        let calls = caller.into_iter().flat_map(|message| &message.tool_calls);
        calls.map(|call| call["id"].as_str().unwrap_or_default())
    }

    /// The ids that the results name.
    fn results(self) -> impl Iterator<Item = &'a str> {
        let results = self.results.iter();
        results.map(|message| message.tool_call_id.as_deref().unwrap_or_default())
    }
}
