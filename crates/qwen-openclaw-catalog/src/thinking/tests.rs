//! The contract of each family, level by level.

use super::*;

/// Checks `level -> enable_thinking/reasoning_effort` for a list of levels.
fn check(provider: &Provider, model: &str, expected: &[(Option<Level>, &str)]) {
    let contract = Thinking::of(provider, model, true);
    for (level, expected) in expected {
        let decision = contract.decide(*level);
        let enable = decision
            .enable
            .map_or("absent", |on| if on { "on" } else { "off" });
        let found = match decision.effort {
            Some(effort) => format!("{enable} {effort}"),
            None => enable.to_owned(),
        };
        assert_eq!(found, *expected, "{provider}/{model} at {level:?}");
    }
}

const DEFAULT: Option<Level> = None;
const OFF: Option<Level> = Some(Level::Off);
const MINIMAL: Option<Level> = Some(Level::Minimal);
const LOW: Option<Level> = Some(Level::Low);
const MEDIUM: Option<Level> = Some(Level::Medium);
const HIGH: Option<Level> = Some(Level::High);
const XHIGH: Option<Level> = Some(Level::Xhigh);
const MAX: Option<Level> = Some(Level::Max);

#[test]
fn plain_models_are_only_on_or_off() {
    let expected = [(DEFAULT, "on"), (OFF, "off"), (LOW, "on"), (MAX, "on")];
    for id in [
        "qwen3.6-plus",
        "qwen3.7-max",
        "glm-5.2",
        "deepseek-v4",
        "custom",
    ] {
        check(&Provider::QWEN, id, &expected);
    }
    check(&Provider::QWEN_TOKEN_PLAN, "qwen3.6-plus", &expected);
    check(&Provider::QWEN_TOKEN_PLAN, "deepseek-v3.2", &expected);
}

#[test]
fn qwen38_has_three_efforts() {
    let expected = [
        (DEFAULT, "on xhigh"),
        (OFF, "off"),
        (MINIMAL, "on low"),
        (LOW, "on low"),
        (MEDIUM, "on medium"),
        (HIGH, "on xhigh"),
        (XHIGH, "on xhigh"),
        (MAX, "on xhigh"),
    ];
    check(&Provider::QWEN, " QWEN3.8-Max ", &expected);
    check(&Provider::QWEN_TOKEN_PLAN, "qwen3.8-flash", &expected);
}

#[test]
fn the_token_plan_families_have_their_own_efforts() {
    let plan = &Provider::QWEN_TOKEN_PLAN;
    check(
        plan,
        "deepseek-v4-pro",
        &[
            (DEFAULT, "on high"),
            (OFF, "off"),
            (MINIMAL, "on high"),
            (HIGH, "on high"),
            (XHIGH, "on max"),
            (MAX, "on max"),
        ],
    );
    check(
        plan,
        "kimi-k2.5",
        &[(DEFAULT, "on"), (OFF, "off"), (MAX, "on")],
    );
    check(
        plan,
        "glm-5",
        &[
            (DEFAULT, "on"),
            (OFF, "off"),
            (MINIMAL, "on minimal"),
            (MAX, "on xhigh"),
        ],
    );
    check(
        plan,
        "GLM-5.2",
        &[(DEFAULT, "on"), (XHIGH, "on xhigh"), (MAX, "on max")],
    );
}

#[test]
fn models_that_always_think_are_not_turned_off() {
    for id in ["MiniMax-M2.5", "kimi-k2.7-code", "kimi-k2.7-code-highspeed"] {
        check(
            &Provider::QWEN_TOKEN_PLAN,
            id,
            &[(DEFAULT, "on"), (OFF, "on"), (LOW, "on")],
        );
        let contract = Thinking::of(&Provider::QWEN_TOKEN_PLAN, id, false);
        assert_eq!(
            contract.switch(),
            Switch::Always,
            "regardless of the row: {id}"
        );
        assert_eq!(contract.self_hosted().decide(OFF).enable, Some(false));
    }
}

#[test]
fn a_switch_that_the_model_would_refuse_is_left_out() {
    let expected = [(DEFAULT, "on"), (OFF, "absent"), (LOW, "on")];
    for id in ["MiniMax-M2.5", "kimi-k2.7-code", "qwq-plus"] {
        check(&Provider::QWEN, id, &expected);
        assert!(!Thinking::of(&Provider::QWEN, id, true).can_stop(), "{id}");
    }
}

#[test]
fn levels_with_the_same_effect_are_offered_once() {
    let check = |provider: &Provider, id: &str, reasoning, expected: &str| {
        let levels = Thinking::of(provider, id, reasoning).levels();
        let group = |group: &LevelGroup| {
            let same: String = group.same.iter().map(|level| format!("={level}")).collect();
            format!("{}{same}", group.level)
        };
        let found: Vec<_> = levels.iter().map(group).collect();
        assert_eq!(found.join(" "), expected, "{provider}/{id}");
        // Every level but an `off` that is impossible is in exactly one group.
        let count: usize = levels.iter().map(|group| 1 + group.same.len()).sum();
        assert!([0, 6, 7].contains(&count), "{id}");
    };
    let qwen = Provider::QWEN;
    let on = "low=minimal=medium=high=xhigh=max";
    check(&qwen, "qwen3.6-plus", true, &format!("off {on}"));
    check(&qwen, "qwen3.5-plus", false, &format!("off {on}"));
    check(
        &qwen,
        "qwen3.8-max",
        true,
        "off low=minimal medium xhigh=high=max",
    );
    check(&qwen, "MiniMax-M2.5", true, on);
    check(&qwen, "qwen3-coder-plus", false, "");
    let plan = Provider::QWEN_TOKEN_PLAN;
    check(&plan, "MiniMax-M2.5", true, on);
    check(
        &plan,
        "glm-5.2",
        true,
        "off minimal low medium high xhigh max",
    );
    check(
        &plan,
        "deepseek-v4-pro",
        true,
        "off high=minimal=low=medium max=xhigh",
    );
    check(&Provider::OPENAI, "qwen3.6-plus", true, "");
}

#[test]
fn what_goes_together_with_thinking_is_known_of_the_family() {
    let of = |id| Thinking::of(&Provider::QWEN, id, true);
    for id in ["qwen3.7-max", "qwen3.8-flash-0902", "glm-5.2", "qwen4-max"] {
        assert!(of(id).allows_json(), "{id}");
    }
    for id in ["qwen3.6-plus", "glm-5", "qwen3-max", "custom"] {
        assert!(!of(id).allows_json(), "{id}");
    }
    for id in ["qwen3.8-max", "qwen3.8-max-0902", "qwen4-max"] {
        assert!(of(id).budget_replaces_effort(), "{id}");
    }
    assert!(of("qwen4-max").summarizes() && !of("qwen3.8-max").summarizes());
    assert!(!Thinking::of(&Provider::OPENAI, "qwen4-max", true).summarizes());
}

#[test]
fn a_model_that_does_not_think_gets_no_field() {
    for (provider, id) in [
        (Provider::QWEN, "qwen3-coder-plus"),
        (Provider::QWEN, "qwen3.8-max"),
        (Provider::QWEN_TOKEN_PLAN, "glm-5"),
    ] {
        let contract = Thinking::of(&provider, id, false);
        for level in Level::all() {
            assert_eq!(contract.decide(Some(*level)), Decision::default());
        }
        assert!(!contract.is_strict() && !contract.streams_tools());
        assert_eq!(contract.replay(), Replay::Never);
    }
    check(
        &Provider::QWEN_OAUTH,
        "qwen3.6-plus",
        &[(DEFAULT, "absent"), (HIGH, "absent")],
    );
    check(&Provider::OPENAI, "gpt-4o", &[(HIGH, "absent")]);
}

#[test]
fn a_forced_tool_choice_is_relaxed_or_turns_thinking_off() {
    let rule =
        |provider: &Provider, id, choice| Thinking::of(provider, id, true).tool_choice(choice);
    let plan = &Provider::QWEN_TOKEN_PLAN;
    assert_eq!(rule(plan, "glm-5", ToolChoice::Free), ToolChoiceRule::Keep);
    assert_eq!(
        rule(plan, "glm-5", ToolChoice::AnyTool),
        ToolChoiceRule::SendAuto
    );
    assert_eq!(
        rule(plan, "glm-5", ToolChoice::Named),
        ToolChoiceRule::StopThinking
    );
    assert_eq!(
        rule(plan, "kimi-k2.7-code", ToolChoice::Named),
        ToolChoiceRule::SendAuto
    );
    assert_eq!(
        rule(&Provider::QWEN, "qwen3.8-max", ToolChoice::AnyTool),
        ToolChoiceRule::SendAuto
    );
    assert_eq!(
        rule(&Provider::QWEN, "qwen3.6-plus", ToolChoice::Named),
        ToolChoiceRule::Keep
    );
}

#[test]
fn replay_and_streamed_tools_belong_to_their_families() {
    let contract = |id| Thinking::of(&Provider::QWEN_TOKEN_PLAN, id, true);
    assert_eq!(contract("deepseek-v4").replay(), Replay::Every);
    assert_eq!(contract("kimi-k2.7-code").replay(), Replay::ToolCalls);
    assert_eq!(contract("glm-5").replay(), Replay::Never);
    assert!(contract("glm-5").streams_tools() && contract("glm-5.2").streams_tools());
    assert!(!contract("qwen3.8-max").streams_tools());
    assert!(contract("qwen3.8-max").budget_replaces_effort());
    assert!(!contract("deepseek-v4").budget_replaces_effort());
}

#[test]
fn an_effort_is_sent_only_with_thinking_on() {
    let ids = [
        "qwen3.8-max",
        "glm-5",
        "glm-5.2",
        "kimi-k2.5",
        "deepseek-v4",
        "MiniMax-M2.5",
        "x",
    ];
    for provider in &Provider::well_known().collect::<Vec<_>>() {
        for id in ids {
            for reasoning in [true, false] {
                for level in Level::all() {
                    let decision = Thinking::of(provider, id, reasoning).decide(Some(*level));
                    assert!(decision.effort.is_none() || decision.enable == Some(true));
                    assert_ne!(decision.effort, OFF);
                }
            }
        }
    }
}

#[test]
fn levels_survive_a_round_trip() {
    for level in Level::all() {
        assert_eq!(level.to_string().parse::<Level>().unwrap(), *level);
    }
    assert_eq!(" NONE ".parse::<Level>().unwrap(), Level::Off);
    assert_eq!(
        "ultra".parse::<Level>().unwrap_err().to_string(),
        "unknown thinking level \"ultra\"; use off, minimal, low, medium, high, xhigh or max"
    );
}

#[test]
fn the_family_decides_whether_a_model_thinks_by_default() {
    let unasked = |provider: &Provider, id| Thinking::of(provider, id, false).thinks_unasked();
    for id in [
        "qwen3.5-plus",
        " Qwen3.5-Flash ",
        "glm-4.7",
        "glm-5.2",
        "kimi-k2.6",
        "qwen4-max",
    ] {
        assert!(unasked(&Provider::QWEN, id), "{id}");
        assert!(unasked(&Provider::QWEN_OAUTH, id), "{id}");
        assert!(!unasked(&Provider::OPENAI, id), "{id}");
    }
    // Thinking cannot be turned off for the last two.
    for id in [
        "qwen3-coder-plus",
        "glm-4.6",
        "x",
        "MiniMax-M2.5",
        "kimi-k2.7-code",
    ] {
        assert!(!unasked(&Provider::QWEN, id), "{id}");
    }
}
