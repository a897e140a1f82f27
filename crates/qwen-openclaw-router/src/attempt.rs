//! What became of each candidate.

use std::{fmt, time::SystemTime};

use qwen_openclaw_catalog::Provider;
use qwen_openclaw_http::ErrorKind;

use crate::{Exceeded, Target};

/// What became of a candidate: tried, or left out and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its position in the list of candidates; for a model that leads to no route, that of the next
    /// candidate.
    pub position: usize,
    /// The provider; `None` for a model that leads to no route.
    pub provider: Option<Provider>,
    /// The model; without a provider, the ref as written.
    pub model: String,
    /// The name of the credential; empty without one. Never the key.
    pub credential: String,
    /// What became of it.
    pub outcome: AttemptOutcome,
}

/// What became of a candidate.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// It answered.
    Answered,
    /// It failed.
    Failed {
        /// Why.
        kind: ErrorKind,
        /// When it can be tried again, if it is cooling down now.
        until: Option<SystemTime>,
    },
    /// It was not tried, because it is cooling down after an earlier failure.
    CoolingDown {
        /// Why.
        kind: ErrorKind,
        /// When the cooldown ends.
        until: SystemTime,
    },
    /// It was not tried, because it cannot serve the request, for this reason.
    Unfit(String),
    /// It was not tried, because a plan's key is not a fallback:
    /// see [`RouterBuilder::allow_plan_keys`](crate::RouterBuilder::allow_plan_keys).
    PlanKey,
    /// It was not tried, because a budget has no room.
    OverBudget(Box<Exceeded>),
}

impl Attempt {
    pub(crate) fn new(position: usize, target: &Target, outcome: AttemptOutcome) -> Self {
        Self {
            position,
            provider: Some(target.provider.clone()),
            model: target.model.clone().unwrap_or_default(),
            credential: target.credential.clone(),
            outcome,
        }
    }

    pub(crate) fn unusable(position: usize, reference: String, reason: String) -> Self {
        Self {
            position,
            provider: None,
            model: reference,
            credential: String::new(),
            outcome: AttemptOutcome::Unfit(reason),
        }
    }

    /// Returns the model's ref, such as `qwen/some-model`.
    #[must_use]
    pub fn model_ref(&self) -> String {
        match &self.provider {
            Some(provider) => format!("{provider}/{}", self.model),
            None => self.model.clone(),
        }
    }

    /// Returns true if something was sent, or was about to be.
    #[must_use]
    pub fn was_tried(&self) -> bool {
        matches!(
            self.outcome,
            AttemptOutcome::Answered | AttemptOutcome::Failed { .. }
        )
    }

    /// Returns when the candidate can be tried again, if it is cooling down.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        match self.outcome {
            AttemptOutcome::Failed { until, .. } => until,
            AttemptOutcome::CoolingDown { until, .. } => Some(until),
            _ => None,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.model_ref())?;
        if !self.credential.is_empty() {
            write!(f, " ({})", self.credential)?;
        }
        write!(f, ": {}", self.outcome)
    }
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::Failed { kind, .. } => f.write_str(kind.as_str()),
            Self::CoolingDown { kind, .. } => write!(f, "cooling down after {}", kind.as_str()),
            Self::Unfit(reason) => f.write_str(reason),
            Self::PlanKey => f.write_str("the key of a plan is not used as a fallback"),
            Self::OverBudget(exceeded) => {
                write!(f, "the budget {:?} is exhausted", exceeded.budget.name)
            }
        }
    }
}
