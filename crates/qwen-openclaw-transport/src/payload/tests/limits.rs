//! The limits of answer and thinking.

use super::*;

#[test]
fn a_thinking_budget_is_lowered_below_the_limit_of_the_answer() {
    let (from, to) = (32_768, 16_383);
    let lowered = [RequestNote::BudgetLowered { from, to }];
    let built = hi("qwen3.6-plus").max_tokens(16_384).think_budget(32_768);
    let raw = hi("qwen3.6-plus")
        .extra("max_tokens", 16_384)
        .think_budget(32_768);
    for request in [built.clone(), raw] {
        assert_eq!(body(&request)["thinking_budget"], 16_383);
        assert_eq!(notes(&request), lowered);
    }
    // It counts for nothing where the model does not think.
    let off = built.think(Level::Off);
    assert_eq!(body(&off)["thinking_budget"], 32_768);
    assert_eq!(notes(&off), []);
    let fits = hi("qwen3.6-plus").max_tokens(200).think_budget(100);
    assert_eq!(body(&fits)["thinking_budget"], 100);
    assert_eq!(notes(&fits), []);
}

#[test]
fn a_limit_below_the_budget_of_the_model_is_noted() {
    let limit = 16_384;
    let request = hi("qwen3.6-plus").max_tokens(16_384);
    assert_eq!(body(&request).get("thinking_budget"), None);
    assert_eq!(
        notes(&request),
        [RequestNote::DefaultBudgetMayExceedLimit { limit }]
    );
    assert_eq!(notes(&hi("qwen3.6-plus").max_tokens(65_536)), []);
    assert_eq!(notes(&hi("qwen3-coder-plus").max_tokens(100)), []);
    assert_eq!(notes(&request.think(Level::Off)), []);
}

#[test]
fn a_model_may_answer_longer_when_it_thinks() {
    let request = hi("qwen4-max").max_tokens(1_000_000);
    assert_eq!(body(&request)["max_completion_tokens"], 262_144);
    let off = request.think(Level::Off);
    assert_eq!(body(&off)["max_completion_tokens"], 131_072);
}

#[test]
fn other_vendors_models_keep_both_limits() {
    let own = "my-vllm".parse::<Provider>().unwrap();
    let client = || client("https://proxy.example.com/v1").provider(own.clone());
    let request = hi("any").max_tokens(10).think_budget(100);
    let sent = body_of(client(), &request.extra("reasoning_effort", "low")).unwrap();
    assert_eq!(
        (&sent["thinking_budget"], &sent["reasoning_effort"]),
        (&json!(100), &json!("low"))
    );
}
