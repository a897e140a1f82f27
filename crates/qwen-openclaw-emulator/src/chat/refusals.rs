//! What the service refuses, with its own codes and texts.
//!
//! Sources: help.aliyun.com, Model Studio, "error-code" and the parameter page of the
//! OpenAI-compatible chat API.

use super::{
    Chat, media,
    request::{Frames, Stop, ToolChoice},
    usage::Prompt,
};
use crate::{
    models::{Media, Thinking},
    refusal::Refusal,
};

/// A reason to refuse.
type Rule = fn(&Chat<'_>, &Prompt) -> Option<Refusal>;

/// The rules in the order in which they are tried.
const RULES: &[Rule] = &[
    no_messages,
    unknown_role,
    temperature,
    top_p,
    presence_penalty,
    several_answers,
    several_answers_with_tools,
    token_limits,
    stop_kinds,
    thinking_budget,
    budget_with_effort,
    budget_without_room,
    thinking_only,
    thinking_unsupported,
    thinking_without_stream,
    tool_named_search,
    tool_choice_word,
    forced_choice_of_no_tool,
    forced_choice_while_thinking,
    json_while_thinking,
    json_without_the_word,
    continuation_while_thinking,
    audio_without_stream,
    media_not_understood,
    frame_count,
    data_uri_length,
    input_length,
];

/// Finds the first reason to refuse a request.
pub(super) fn check(chat: &Chat<'_>, prompt: &Prompt) -> Result<(), Refusal> {
    RULES
        .iter()
        .find_map(|rule| rule(chat, prompt))
        .map_or(Ok(()), Err)
}

fn no_messages(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let empty = chat.request.messages.is_empty();
    empty.then(|| Refusal::algo("[] is too short - 'messages'"))
}

fn unknown_role(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    // Not `developer`, which OpenAI has (Proma-AI/Proma#1496).
    const ROLES: [&str; 5] = ["system", "assistant", "user", "tool", "function"];
    let roles = chat.request.messages.iter().map(|message| &*message.role);
    let (position, unknown) = roles.enumerate().find(|(_, role)| !ROLES.contains(role))?;
    Some(Refusal::parameter(format!(
        "{unknown} is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.{position}.role'"
    )))
}

fn temperature(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let given = chat.request.temperature?;
    (!(0.0..2.0).contains(&given)).then(|| Refusal::algo("Temperature should be in [0.0, 2.0)"))
}

fn top_p(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let given = chat.request.top_p?;
    let fits = given > 0.0 && given <= 1.0;
    (!fits).then(|| Refusal::algo("Range of top_p should be (0.0, 1.0]"))
}

fn presence_penalty(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let given = chat.request.presence_penalty?;
    let fits = (-2.0..=2.0).contains(&given);
    (!fits).then(|| Refusal::algo("Presence_penalty should be in [-2.0, 2.0]"))
}

fn several_answers(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let given = chat.request.n?;
    (!(1..=4).contains(&given)).then(|| Refusal::algo("Range of n should be [1, 4]"))
}

fn several_answers_with_tools(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let both = chat.request.n? > 1 && !chat.request.tools.is_empty();
    both.then(|| Refusal::algo("n should be 1 when tools are given"))
}

fn token_limits(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let most = i64::from(chat.model.max_output(chat.thinks));
    let refuse = |name: &str, given: Option<i64>| {
        let out = !(1..=most).contains(&given?);
        out.then(|| Refusal::algo(format!("Range of {name} should be [1, {most}]")))
    };
    refuse("max_tokens", chat.request.max_tokens)
        .or_else(|| refuse("max_completion_tokens", chat.request.max_completion_tokens))
}

fn stop_kinds(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let Some(Stop::Many(stops)) = &chat.request.stop else {
        return None;
    };
    let texts = stops.iter().filter(|stop| stop.is_string()).count();
    let mixed = texts > 0 && texts < stops.len();
    mixed.then(|| Refusal::algo("'stop' must not mix strings and token ids"))
}

fn thinking_budget(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    // Also the limit of a budget that has no effect.
    let most = i64::from(chat.model.max_output(true));
    let out = !(1..=most).contains(&chat.request.thinking_budget?);
    out.then(|| {
        Refusal::algo(format!(
            "The thinking_budget parameter must be a positive integer and not greater than {most}"
        ))
    })
}

fn budget_with_effort(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let both = chat.request.reasoning_effort.is_some() && chat.request.thinking_budget.is_some();
    (both && chat.model.budget_excludes_effort()).then(|| {
        Refusal::parameter("'reasoning_effort' and 'thinking_budget' cannot be set simultaneously")
    })
}

/// The budget, even that of a request which sets none, must leave room for the answer. That an
/// effort replaces the default is inferred.
fn budget_without_room(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
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

fn thinking_only(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let off = chat.request.enable_thinking == Some(false);
    (off && chat.model.thinking == Thinking::Always)
        .then(|| Refusal::algo("The value of the enable_thinking parameter is restricted to True."))
}

fn thinking_unsupported(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
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

fn thinking_without_stream(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let refused = chat.thinks && !chat.request.stream && chat.model.thinking == Thinking::Streaming;
    refused.then(|| {
        Refusal::parameter("parameter.enable_thinking must be set to false for non-streaming calls")
    })
}

fn tool_named_search(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let mut tools = chat.request.tools.iter();
    let named = tools.any(|tool| tool.function.name == "search");
    named.then(|| Refusal::algo("Tool names are not allowed to be [search]"))
}

fn tool_choice_word(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let Some(ToolChoice::Word(word)) = &chat.request.tool_choice else {
        return None;
    };
    let known = matches!(&**word, "auto" | "none" | "required");
    (!known).then(|| {
        Refusal::algo(r#"tool_choice is one of the strings that should be ["none","auto"]"#)
    })
}

fn forced_choice_of_no_tool(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let Some(ToolChoice::Forced { function }) = &chat.request.tool_choice else {
        return None;
    };
    let mut tools = chat.request.tools.iter();
    let known = tools.any(|tool| tool.function.name == function.name);
    (!known).then(|| {
        Refusal::algo(format!(
            "tool_choice names {}, which is not among the tools",
            function.name
        ))
    })
}

fn forced_choice_while_thinking(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
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

/// The JSON mode a request asks for, if any.
fn json_mode<'a>(chat: &Chat<'a>) -> Option<&'a str> {
    let kind = &*chat.request.response_format.as_ref()?.kind;
    matches!(kind, "json_object" | "json_schema").then_some(kind)
}

fn json_while_thinking(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    json_mode(chat)?;
    (chat.thinks && !chat.model.json_while_thinking())
        .then(|| Refusal::algo("Json mode response is not supported when enable_thinking is true"))
}

fn json_without_the_word(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let object = json_mode(chat)? == "json_object";
    let mut texts = chat.request.messages.iter().map(|message| message.text());
    let said = texts.any(|text| text.to_lowercase().contains("json"));
    (object && !said).then(|| {
        Refusal::algo(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        )
    })
}

fn continuation_while_thinking(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let partial = chat.request.messages.last()?.partial;
    (partial && chat.thinks)
        .then(|| Refusal::algo("Partial mode is not supported when enable_thinking is true"))
}

fn audio_without_stream(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let mut modalities = chat.request.modalities.iter();
    let audio = modalities.any(|modality| modality == "audio");
    (audio && !chat.request.stream)
        .then(|| Refusal::algo("'audio' output only support with stream=true"))
}

fn media_not_understood(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let takes = |kind| {
        let needed = match kind {
            media::Kind::Image => Media::Image,
            media::Kind::Video | media::Kind::Frame => Media::Video,
            media::Kind::Audio => Media::Audio,
        };
        chat.model.media.contains(&needed)
    };
    let mut all = chat.request.parts().flat_map(media::of);
    let refused = all.any(|medium| !takes(medium.kind));
    refused.then(|| Refusal::algo("Unexpected item type in content."))
}

fn frame_count(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let many = chat.model.takes_many_frames();
    let (least, most) = if many { (4, 512) } else { (4, 80) };
    let mut lists = chat.request.parts().filter_map(|part| match &part.video {
        Some(Frames::List(frames)) => Some(frames.len()),
        _ => None,
    });
    let refused = lists.any(|frames| !(least..=most).contains(&frames));
    refused.then(|| {
        Refusal::algo(format!(
            "The video modality input does not meet the requirements because: the range of sequence images shoule be ({least}, {most})."
        ))
    })
}

/// The longest data URI.
const MAX_DATA_URI: usize = 10 * 1024 * 1024;

fn data_uri_length(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let mut media = chat.request.parts().flat_map(media::of);
    let long = media
        .any(|medium| medium.address.starts_with("data:") && medium.address.len() > MAX_DATA_URI);
    long.then(|| {
        Refusal::algo(format!(
            "Exceeded limit on max bytes per data-uri item : {MAX_DATA_URI}'"
        ))
    })
}

fn input_length(chat: &Chat<'_>, prompt: &Prompt) -> Option<Refusal> {
    let most = chat.model.max_input;
    (prompt.tokens > most as usize)
        .then(|| Refusal::algo(format!("Range of input length should be [1, {most}]")))
}
