//! What became of each model and account that was considered, in words and as JSON.

use std::time::SystemTime;

use qwen_openclaw::routing::{Attempt, AttemptOutcome, CooldownScope, Policy};
use serde_json::{Value, json};

use crate::{auth::list::timestamp, usage::days::Zone};

/// What ends all cooldowns.
const CLEAR: &str = "`qwen-openclaw usage cooldowns clear`";

/// What became of several, none of which answered.
#[derive(Clone, Debug)]
pub(crate) struct Attempts(Vec<Attempt>);

impl Attempts {
    /// `None` for a single one, whose own error says it all.
    pub(crate) fn of_several(attempts: &[Attempt]) -> Option<Self> {
        (attempts.len() > 1).then(|| Self(attempts.to_vec()))
    }

    pub(crate) fn summary(&self) -> &'static str {
        if self.0.iter().any(Attempt::was_tried) {
            "no model answered"
        } else {
            "no model could be tried"
        }
    }

    /// What became of each, then when to try again.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let retry = self.0.iter().filter_map(Attempt::retry_at).min();
        let retry = retry.map(|time| {
            format!(
                "the first can be tried again at {}; {CLEAR} tries all again now",
                shown(time)
            )
        });
        self.0.iter().map(until).chain(retry)
    }

    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(to_json).collect()
    }

    /// The soonest time at which one of them can be tried again.
    pub(crate) fn retry_at(&self) -> Option<String> {
        timestamp(self.0.iter().filter_map(Attempt::retry_at).min()?)
    }
}

/// What became of a model or an account, when it can be tried again, and how to do so before.
pub(crate) fn line(attempt: &Attempt) -> String {
    let line = until(attempt);
    match &attempt.outcome {
        // For those who have paid the bill, or had the key enabled again.
        AttemptOutcome::CoolingDown { kind, .. }
            if Policy::of(*kind).scope == CooldownScope::Credential =>
        {
            format!("{line}; {CLEAR} tries it again now")
        }
        _ => line,
    }
}

/// What became of a model or an account, and when it can be tried again.
fn until(attempt: &Attempt) -> String {
    match attempt.retry_at() {
        Some(until) => format!("{attempt}, not tried again until {}", shown(until)),
        None => attempt.to_string(),
    }
}

/// A point in time on this machine's clock.
fn shown(time: SystemTime) -> String {
    Zone::system().shown_to_the_second(time)
}

pub(crate) fn to_json(attempt: &Attempt) -> Value {
    let (outcome, reason) = match &attempt.outcome {
        AttemptOutcome::Answered => ("answered", None),
        AttemptOutcome::Failed { kind, .. } => ("failed", Some(kind.as_str().to_owned())),
        AttemptOutcome::CoolingDown { kind, .. } => {
            ("cooling_down", Some(kind.as_str().to_owned()))
        }
        AttemptOutcome::Unfit(reason) => ("unfit", Some(reason.clone())),
        AttemptOutcome::PlanKey => ("plan_key", None),
        AttemptOutcome::OverBudget(exceeded) => ("over_budget", Some(exceeded.budget.name.clone())),
        // An outcome that this version does not know.
        other => ("other", Some(other.to_string())),
    };
    json!({
        "ref": attempt.model_ref(),
        "profile": attempt.credential,
        "outcome": outcome,
        "reason": reason,
        "retryAt": attempt.retry_at().and_then(timestamp),
    })
}
