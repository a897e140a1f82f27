//! How thinking is asked for, and what a contract insists on.
//!
//! Recorded from OpenClaw 2026.9; the contracts themselves are those of the catalog.

use qwen_openclaw_catalog::{Family, Level, Replay, Switch, ToolChoice, ToolChoiceRule};
use serde_json::{Value, json};

use super::{Body, RequestNote, messages, note::Notes};
use crate::{ChatRequest, ThinkingStyle, payload::context::ModelContext};

/// The ways in which other APIs spell an effort.
const EFFORTS: [&str; 3] = ["reasoning_effort", "reasoning", "reasoningEffort"];

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    level: Option<Level>,
    on: bool,
}

/// Writes what the model is to do. `level` is what the request wants; what its body says on its own
/// counts where that is `None`, and a model that thinks is told to where nothing is said.
///
/// Gives `None` for a model that no contract binds.
pub(super) fn ask(
    body: &mut Body,
    level: Option<Level>,
    known: &ModelContext<'_>,
    notes: &mut Notes,
) -> Option<Asked> {
    if known.style() == ThinkingStyle::Untouched {
        note_unsent(level, notes);
        return None;
    }
    if known.contract.switch() == Switch::Absent {
        if level == Some(Level::Off) && known.thinks_unasked() {
            body.insert("enable_thinking".to_owned(), json!(false));
        } else {
            note_unsent(level.filter(|level| *level != Level::Off), notes);
        }
        return None;
    }
    let own_effort = body.get("reasoning_effort").filter(|_| level.is_none());
    let own_effort = own_effort.cloned();
    let explicit = level.is_some();
    let level = level.or_else(|| level_in(body));
    for name in EFFORTS {
        body.remove(name);
    }
    let decision = known.decide(level);
    let on = decision.enable.unwrap_or(!known.contract.can_stop());
    if level == Some(Level::Off) && on {
        notes.add(RequestNote::AlwaysThinks);
    }
    if known.style() == ThinkingStyle::ChatTemplate {
        ask_the_template(body, on);
    } else if decision.enable.is_some() {
        body.insert("enable_thinking".to_owned(), json!(on));
    } else {
        body.remove("enable_thinking");
    }
    let contract = is_contract(known);
    if contract && known.contract.stops_by_effort() {
        // Which other efforts there are is not known: the caller's own goes on as it is.
        let effort = if on { own_effort } else { Some(json!("none")) };
        body.extend(effort.map(|effort| ("reasoning_effort".to_owned(), effort)));
    }
    // Which efforts Qwen 3.8 has is known of the service alone.
    let plain = !contract && is_qwen38(known);
    if let Some(effort) = decision.effort.filter(|_| !plain) {
        body.insert("reasoning_effort".to_owned(), json!(effort));
        let replaced = known.contract.budget_replaces_effort();
        if explicit && replaced && body.contains_key("thinking_budget") {
            notes.add(RequestNote::BudgetInsteadOfEffort);
        }
    }
    Some(Asked { level, on })
}

/// Says that a level is not sent.
pub(super) fn note_unsent(level: Option<Level>, notes: &mut Notes) {
    if let Some(level) = level {
        notes.add(RequestNote::LevelWithoutEffect { level });
    }
}

/// Whether thinking is written as the contract of the model says.
pub(super) fn is_contract(known: &ModelContext<'_>) -> bool {
    known.style() == ThinkingStyle::Contract
}

/// Whether the model thinks, going by a body and by what it does unasked.
pub(super) fn thinks(body: &Body, known: &ModelContext<'_>) -> bool {
    let said = body.get("enable_thinking").and_then(Value::as_bool);
    known.always_thinks() || said.unwrap_or_else(|| known.contract.thinks_unasked())
}

/// Asks for a summary of the reasoning and its encrypted whole, in each request of a conversation
/// (help.aliyun.com, Model Studio, "cot-summary"), unless the caller says otherwise.
pub(super) fn summarize(body: &mut Body, request: &ChatRequest, known: &ModelContext<'_>) {
    let continues = |message: &crate::Message| message.role == crate::Role::Assistant;
    let by_itself = || {
        let conversation = request.conversation || request.messages.iter().any(continues);
        let untouched = request.thinking_untouched || !is_contract(known);
        conversation && !untouched && known.contract.summarizes() && thinks(body, known)
    };
    if request.summary.unwrap_or_else(by_itself) {
        body.entry("thinking_display")
            .or_insert(json!("summarized"));
        body.entry("preserve_thinking").or_insert(json!(true));
    }
}

/// What a body says of itself: `enable_thinking`, or an effort.
fn level_in(body: &Body) -> Option<Level> {
    let effort = EFFORTS.iter().find_map(|name| {
        let value = body.get(*name)?;
        value.as_str().or(value["effort"].as_str())
    });
    let effort = effort.and_then(|effort| effort.parse::<Level>().ok());
    match body.get("enable_thinking").and_then(Value::as_bool) {
        Some(false) => Some(Level::Off),
        Some(true) => effort.filter(|level| *level != Level::Off),
        None => effort,
    }
}

/// The template of a self-hosted model keeps earlier reasoning unless it is told not to.
fn ask_the_template(body: &mut Body, on: bool) {
    let preserve = body.remove("preserve_thinking").unwrap_or(json!(true));
    body.remove("enable_thinking");
    let mut arguments = match body.remove("chat_template_kwargs") {
        Some(Value::Object(arguments)) => arguments,
        _ => Body::new(),
    };
    arguments.insert("enable_thinking".to_owned(), json!(on));
    arguments.entry("preserve_thinking").or_insert(preserve);
    body.insert("chat_template_kwargs".to_owned(), arguments.into());
}

/// Corrects a finished body in what the service would refuse, whoever put it there.
pub(super) fn enforce(body: &mut Body, asked: Asked, known: &ModelContext<'_>) {
    if !known.is_strict() {
        return;
    }
    let contract = known.contract;
    let effort = body.remove("reasoning_effort");
    for name in ["reasoning", "reasoningEffort", "thinking"] {
        body.remove(name);
    }
    let (level, on) = wanted(body, effort.as_ref(), asked);
    let choice = body.get("tool_choice").map_or(ToolChoice::Free, force_of);
    let rule = if on || contract.switch() == Switch::Always {
        contract.tool_choice(choice)
    } else {
        ToolChoiceRule::Keep
    };
    let on = match contract.switch() {
        Switch::Always => true,
        _ => on && rule != ToolChoiceRule::StopThinking,
    };
    body.insert("enable_thinking".to_owned(), json!(on));
    if contract.streams_tools() && has_tools(body) {
        body.insert("tool_stream".to_owned(), json!(true));
    }
    if !on {
        return;
    }
    settle_choice(body, rule);
    let budget = contract.budget_replaces_effort() && body.contains_key("thinking_budget");
    let level = level.filter(|level| *level != Level::Off);
    if let Some(effort) = contract.effort(level).filter(|_| !budget) {
        body.insert("reasoning_effort".to_owned(), json!(effort));
    }
    replay(body, contract.replay());
}

/// What a finished body wants: its own words come before what was asked for.
fn wanted(body: &Body, effort: Option<&Value>, asked: Asked) -> (Option<Level>, bool) {
    let on = body.get("enable_thinking").and_then(Value::as_bool);
    let on = on.unwrap_or(asked.on);
    match effort.and_then(Value::as_str) {
        None => (asked.level, on),
        Some(effort) => {
            let level = effort.parse::<Level>().ok();
            (level, on && level != Some(Level::Off))
        }
    }
}

/// How far a tool choice forces the model.
fn force_of(choice: &Value) -> ToolChoice {
    let word = choice.as_str().or(choice["type"].as_str());
    match (word, choice.is_object()) {
        (Some("required" | "any"), _) => ToolChoice::AnyTool,
        (Some("auto" | "none"), _) | (_, false) => ToolChoice::Free,
        (_, true) => ToolChoice::Named,
    }
}

/// Writes a tool choice in the only forms that a thinking model takes.
fn settle_choice(body: &mut Body, rule: ToolChoiceRule) {
    let Some(choice) = body.get_mut("tool_choice") else {
        return;
    };
    if rule == ToolChoiceRule::SendAuto {
        *choice = json!("auto");
    } else if let Some(word) = choice["type"].as_str() {
        *choice = json!(word);
    }
}

/// Gives assistant messages the reasoning that the model wants to see again, empty where there is
/// none.
fn replay(body: &mut Body, replay: Replay) {
    for message in messages(body) {
        let calls = message["tool_calls"]
            .as_array()
            .is_some_and(|calls| !calls.is_empty());
        let wanted = match replay {
            Replay::ToolCalls => calls,
            Replay::Every => true,
            _ => false,
        };
        if !wanted || message["role"] != "assistant" {
            continue;
        }
        if let Some(message) = message.as_object_mut() {
            message.entry("reasoning_content").or_insert(json!(""));
        }
    }
}

fn has_tools(body: &Body) -> bool {
    let tools = body.get("tools").and_then(Value::as_array);
    tools.is_some_and(|tools| !tools.is_empty())
}

fn is_qwen38(known: &ModelContext<'_>) -> bool {
    known.contract.family() == Family::Qwen38
}
