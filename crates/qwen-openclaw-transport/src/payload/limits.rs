//! The limits of answer and thinking, alone and together.

use serde_json::Value;

use super::{
    Body, RequestNote,
    note::Notes,
    thinking::{is_contract, thinks},
    window,
};
use crate::payload::context::ModelContext;

/// Both names of the limit of an answer.
const LIMITS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// The thinking budget that a model may have by default, in tokens. Seen in a refusal of a lower
/// limit (liliMozi/openhanako issue 2402, qwen3.8-max); the service does not document it by model.
const DEFAULT_BUDGET: u64 = 32_768;

/// Lowers the limit of the answer to that of the model and to what its context window leaves, and
/// gives it the name the model knows.
pub(super) fn answer(body: &mut Body, known: &ModelContext<'_>, notes: &mut Notes) {
    let most = known.max_output(thinks(body, known)).map(u64::from);
    let window = known.context_window();
    let left = window.map(|window| window::left_in(window, body));
    let most = [most, left].into_iter().flatten().min();
    for name in LIMITS {
        let wanted = body.get(name).and_then(Value::as_u64);
        if let (Some(from), Some(to)) = (wanted, most)
            && from > to
        {
            body.insert(name.to_owned(), to.into());
            notes.add(RequestNote::LimitLowered { from, to });
        }
    }
    let [newer, older] = LIMITS;
    if known.has_legacy_max_tokens()
        && let Some(limit) = body.remove(newer)
    {
        body.insert(older.to_owned(), limit);
    }
}

/// Corrects a finished body in what the service refuses of a thinking budget, whoever put it there:
/// an effort beside it, and a limit of the answer that is not above it.
pub(super) fn budget(body: &mut Body, known: &ModelContext<'_>, notes: &mut Notes) {
    if !known.provider.is_qwen() || !is_contract(known) {
        return;
    }
    if known.contract.budget_replaces_effort() && body.contains_key("thinking_budget") {
        if body.get("enable_thinking") == Some(&Value::Bool(false)) {
            if known.contract.stops_by_effort() {
                body.remove("thinking_budget");
            }
        } else if body.remove("reasoning_effort").is_some() {
            notes.add(RequestNote::BudgetInsteadOfEffort);
        }
    }
    let limits = LIMITS.iter();
    let limits = limits.filter_map(|name| body.get(*name)?.as_u64());
    let Some(limit) = limits.min().filter(|_| thinks(body, known)) else {
        return;
    };
    match body.get("thinking_budget").map(Value::as_u64) {
        Some(Some(from)) if from >= limit && limit > 1 => {
            let to = limit - 1;
            body.insert("thinking_budget".to_owned(), to.into());
            notes.add(RequestNote::BudgetLowered { from, to });
        }
        None if limit <= DEFAULT_BUDGET => {
            notes.add(RequestNote::DefaultBudgetMayExceedLimit { limit });
        }
        _ => {}
    }
}
