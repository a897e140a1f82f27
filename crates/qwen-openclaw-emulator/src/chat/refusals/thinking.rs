//! What does not go together with thinking.

use super::super::{Chat, request::ToolChoice, usage::Prompt};
use crate::{models::Thinking, refusal::Refusal};

pub(super) fn budget(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    // Also the limit of a budget that has no effect.
    let most = i64::from(chat.model.max_output(true));
    let out = !(1..=most).contains(&chat.request.thinking_budget?);
    out.then(|| {
        Refusal::algo(format!(
            "The thinking_budget parameter must be a positive integer and not greater than {most}"
        ))
    })
}

pub(super) fn budget_with_effort(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let both = chat.request.reasoning_effort.is_some() && chat.request.thinking_budget.is_some();
    (both && chat.model.budget_excludes_effort()).then(|| {
        Refusal::parameter("'reasoning_effort' and 'thinking_budget' cannot be set simultaneously")
    })
}

/// The budget, even that of a request which sets none, must leave room for the answer. That an
/// effort replaces the default is inferred.
pub(super) fn budget_without_room(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let default = chat.model.default_budget()?;
    let limit = chat.request.max_completion_tokens?;
    let given = chat.request.thinking_budget;
    let budget = given.or_else(|| chat.request.reasoning_effort.is_none().then_some(default))?;
    (chat.thinks && limit <= budget).then(|| {
        Refusal::parameter(format!(
            "max_completion_tokens [{limit}] must be greater than thinking_budget [{budget}]"
        ))
    })
}

pub(super) fn only(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let off = chat.request.enable_thinking == Some(false);
    (off && chat.model.thinking == Thinking::Always)
        .then(|| Refusal::algo("The value of the enable_thinking parameter is restricted to True."))
}

pub(super) fn unsupported(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let on = chat.request.enable_thinking == Some(true);
    (on && chat.model.thinking == Thinking::Never).then(|| {
        Refusal::new(
            400,
            "InvalidParameter.NotSupportEnableThinking",
            "InvalidParameter.NotSupportEnableThinking",
            "invalid_request_error",
            "The model does not support enable_thinking.",
        )
    })
}

pub(super) fn without_stream(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let refused = chat.thinks && !chat.request.stream && chat.model.thinking == Thinking::Streaming;
    refused.then(|| {
        Refusal::parameter("parameter.enable_thinking must be set to false for non-streaming calls")
    })
}

/// Seen on `qwq-plus` (infiniflow/ragflow#5912), the text up to the comma; inferred for the other
/// models that always think.
pub(super) fn only_in_streams(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let refused = !chat.request.stream && chat.model.thinking == Thinking::Always;
    refused.then(|| {
        Refusal::parameter(
            "This model only support stream mode, please enable the stream parameter to access the model.",
        )
    })
}

/// The parameter page has `n` for models that do not think; the text is inferred.
pub(super) fn several_answers(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let several = chat.request.n? > 1;
    (several && chat.thinks).then(|| Refusal::parameter("n should be 1 in thinking mode"))
}

pub(super) fn forced_choice(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let forced = match &chat.request.tool_choice {
        Some(ToolChoice::Word(word)) => word == "required",
        Some(ToolChoice::Forced { .. }) => true,
        None => false,
    };
    (forced && chat.thinks).then(|| {
        Refusal::algo(
            "The tool_choice parameter does not support being set to required or object in thinking mode",
        )
    })
}

pub(super) fn continuation(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let partial = chat.request.messages.last()?.partial;
    (partial && chat.thinks)
        .then(|| Refusal::algo("Partial mode is not supported when enable_thinking is true"))
}
