//! Settings of a request that have no effect, or were changed so that the service accepts them.

use std::fmt;

use qwen_openclaw_catalog::Level;

/// A setting of a request that has no effect, or was changed so that the service accepts it.
///
/// `Display` is meant for logs; a program with its own terminology can match on the variants and use
/// its own wording.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequestNote {
    /// The level is off, but the model always thinks.
    AlwaysThinks,
    /// The thinking level is not sent: as far as is known, the model does not think or has no levels.
    LevelWithoutEffect {
        /// The requested level.
        level: Level,
    },
    /// The effort is not sent: the service refuses it together with a thinking budget.
    BudgetInsteadOfEffort,
    /// The thinking budget was lowered below the limit of output tokens, as the service requires.
    BudgetLowered {
        /// The requested budget, in tokens.
        from: u64,
        /// The budget that is sent.
        to: u64,
    },
    /// No thinking budget is set, and the limit of output tokens is not above the budget that a model
    /// may have by default: the service may refuse the request.
    DefaultBudgetMayExceedLimit {
        /// The limit of output tokens.
        limit: u64,
    },
    /// The limit of output tokens was lowered to that of the model, or to what its context window leaves.
    LimitLowered {
        /// The requested limit, in tokens.
        from: u64,
        /// The limit that is sent.
        to: u64,
    },
}

impl fmt::Display for RequestNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlwaysThinks => f.write_str("the model cannot stop thinking: level off is not sent"),
            Self::LevelWithoutEffect { level } => write!(
                f,
                "the thinking level {level} has no effect on this model and is not sent"
            ),
            Self::BudgetInsteadOfEffort => f.write_str(
                "the thinking budget takes the place of the effort, which the service refuses beside it",
            ),
            Self::BudgetLowered { from, to } => write!(
                f,
                "the thinking budget was lowered from {from} to {to} tokens: it must be below the limit \
                 of the answer"
            ),
            Self::DefaultBudgetMayExceedLimit { limit } => write!(
                f,
                "the model's own thinking budget may be above the limit of the answer, {limit} tokens, \
                 which the service then refuses; set a budget below it"
            ),
            Self::LimitLowered { from, to } => write!(
                f,
                "the limit of the answer was lowered from {from} to {to} tokens, the most that the model \
                 can give"
            ),
        }
    }
}

/// The notes on one request, each once.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<RequestNote>);

impl Notes {
    pub(super) fn add(&mut self, note: RequestNote) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}
