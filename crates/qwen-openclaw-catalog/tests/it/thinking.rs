//! `thinking.json`: the fields a level leads to, and what becomes of a forced tool choice.
//!
//! The payload as a whole is the transport's; here the decisions are compared.

use qwen_openclaw_catalog::{
    Decision, Level, Provider, Replay, Thinking, ToolChoice, ToolChoiceRule,
};
use serde_json::{Value, json};

use crate::{
    deviations,
    recordings::{Case, Differences, check},
};

#[test]
fn levels_are_decided_as_by_the_real_program() {
    check("thinking.json", deviations::NONE, |case, found| {
        let input = &case.input;
        let others = ["compat", "api", "options", "caller"];
        if others.iter().any(|name| !input[*name].is_null()) {
            return None;
        }
        match case.text("variant") {
            "plain" | "empty_tools" => level(case, found),
            "tools_required" | "tools_function" | "tools_object_any" | "tools_tool" => {
                forced_tool(case, found);
            }
            "history" => history(case, found),
            _ => return None,
        }
        Some(case.text("variant").to_owned())
    });
}

/// The contract of a case; a provider that is not known has the one without any field.
fn contract(case: &Case) -> Thinking {
    let provider = Provider::by_name(case.text("provider")).unwrap_or(Provider::OpenAi);
    Thinking::of(
        provider,
        case.text("model"),
        case.input["reasoning"] == true,
    )
}

fn decision(case: &Case) -> Decision {
    let level = case.input["thinking_level"]
        .as_str()
        .map(|level| level.parse().unwrap());
    contract(case).decide(level)
}

fn level(case: &Case, found: &mut Differences) {
    let Decision { enable, effort } = decision(case);
    let payload = &case.expected["payload"];
    found.compare(
        "enable_thinking",
        enable,
        payload["enable_thinking"].as_bool(),
    );
    let effort = effort.map(Level::as_str);
    found.compare(
        "reasoning_effort",
        effort,
        payload["reasoning_effort"].as_str(),
    );
}

fn forced_tool(case: &Case, found: &mut Differences) {
    let given = &case.input["payload"]["tool_choice"];
    let named = given["function"]["name"].is_string() || given["name"].is_string();
    let choice = if named {
        ToolChoice::Named
    } else {
        ToolChoice::AnyTool
    };
    let Decision { enable, effort } = decision(case);
    let rule = match enable {
        Some(true) => contract(case).tool_choice(choice),
        _ => ToolChoiceRule::Keep,
    };
    let (sent, decided) = match rule {
        ToolChoiceRule::SendAuto => (json!("auto"), Decision { enable, effort }),
        ToolChoiceRule::StopThinking => (
            given.clone(),
            Decision {
                enable: Some(false),
                effort: None,
            },
        ),
        _ => (given.clone(), Decision { enable, effort }),
    };
    let payload = &case.expected["payload"];
    found.compare("tool_choice", &sent, &payload["tool_choice"]);
    found.compare(
        "enable_thinking",
        decided.enable,
        payload["enable_thinking"].as_bool(),
    );
    let effort = decided.effort.map(Level::as_str);
    found.compare(
        "reasoning_effort",
        effort,
        payload["reasoning_effort"].as_str(),
    );
    let streamed = contract(case).streams_tools();
    found.compare("tool_stream", streamed, payload["tool_stream"] == true);
}

fn history(case: &Case, found: &mut Differences) {
    let thinks = decision(case).enable == Some(true);
    let replay = if thinks {
        contract(case).replay()
    } else {
        Replay::Never
    };
    let mut messages = case.input["payload"]["messages"].clone();
    let turns = messages.as_array_mut().unwrap().iter_mut();
    for turn in turns.filter(|turn| turn["role"] == "assistant") {
        let wanted = match replay {
            Replay::Every => true,
            Replay::ToolCalls => turn["tool_calls"].is_array(),
            _ => false,
        };
        if wanted && turn.get("reasoning_content").is_none() {
            turn["reasoning_content"] = Value::from("");
        }
    }
    found.compare("messages", &messages, &case.expected["payload"]["messages"]);
}
