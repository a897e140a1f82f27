//! What the service refuses, with its own codes and texts.
//!
//! Sources: help.aliyun.com, Model Studio, "error-code" and the parameter page of the
//! OpenAI-compatible chat API, and where a rule names one, a public issue. What is inferred is marked
//! so: a whole rule, or the part of its text that no source has.

mod format;
mod history;
mod media;
mod thinking;

use super::{
    Chat,
    request::{Stop, ToolChoice},
    usage::Prompt,
};
use crate::refusal::Refusal;

/// A reason to refuse.
type Rule = fn(&Chat<'_>, &Prompt) -> Option<Refusal>;

/// The rules in the order in which they are tried.
const RULES: &[Rule] = &[
    history::no_messages,
    history::unknown_role,
    history::no_content,
    history::no_user,
    history::result_without_call,
    history::call_without_result,
    temperature,
    top_p,
    presence_penalty,
    seed,
    top_logprobs,
    several_answers,
    several_answers_with_tools,
    token_limits,
    stop_kinds,
    thinking::budget,
    thinking::budget_with_effort,
    thinking::budget_without_room,
    thinking::only,
    thinking::unsupported,
    thinking::without_stream,
    thinking::only_in_streams,
    thinking::several_answers,
    tool_named_search,
    tool_choice_word,
    forced_choice_of_no_tool,
    thinking::forced_choice,
    format::unknown_type,
    format::no_schema,
    format::json_while_thinking,
    format::json_without_the_word,
    thinking::continuation,
    media::audio_without_stream,
    media::not_understood,
    media::frame_count,
    media::data_uri_length,
    media::broken_data,
    media::small_image,
    input_length,
];

/// Finds the first reason to refuse a request.
pub(super) fn check(chat: &Chat<'_>, prompt: &Prompt) -> Result<(), Refusal> {
    RULES
        .iter()
        .find_map(|rule| rule(chat, prompt))
        .map_or(Ok(()), Err)
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

/// The largest seed in the text of the error; the parameter page has a smaller one.
fn seed(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let given = chat.request.seed.as_ref()?;
    let most = i64::MAX;
    let fits = given.as_i64().is_some_and(|seed| seed >= 0);
    (!fits).then(|| Refusal::algo(format!("Range of seed should be [0, {most}]")))
}

/// The range is the parameter page's, the text inferred.
fn top_logprobs(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let given = chat.request.top_logprobs?;
    (!(0..=5).contains(&given)).then(|| Refusal::algo("Range of top_logprobs should be [0, 5]"))
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

fn input_length(chat: &Chat<'_>, prompt: &Prompt) -> Option<Refusal> {
    let most = if chat.is_batched {
        chat.model.max_batch_input()
    } else {
        chat.model.max_input
    };
    (prompt.tokens > most as usize)
        .then(|| Refusal::algo(format!("Range of input length should be [1, {most}]")))
}
