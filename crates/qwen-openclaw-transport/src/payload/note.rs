//! What of a request has no effect, or was changed so that the service takes it.

use std::fmt;

use qwen_openclaw_catalog::Level;

/// Something of a request that has no effect, or was changed so that the service takes it.
///
/// `Display` is meant for logs; a program with its own terminology can match on the variants and use
/// its own wording.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequestNote {
    /// Thinking is to be off, and the model cannot stop: it thinks.
    AlwaysThinks,
    /// The level of thinking is not sent: the model does not think, as far as is known, or thinks
    /// without levels.
    LevelWithoutEffect {
        /// The level that was asked for.
        level: Level,
    },
    /// The effort is not sent: the service refuses it together with a thinking budget.
    BudgetInsteadOfEffort,
    /// The thinking budget was lowered below the limit of the answer, as the service wants it.
    BudgetLowered {
        /// The budget that was asked for, in tokens.
        from: u64,
        /// The budget that is sent.
        to: u64,
    },
    /// No thinking budget is set, and the limit of the answer is not above the one that a model may
    /// have by default: the service may refuse the request.
    DefaultBudgetMayExceedLimit {
        /// The limit of the answer in tokens.
        limit: u64,
    },
    /// The limit of the answer was lowered to what the model can give.
    LimitLowered {
        /// The limit that was asked for, in tokens.
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
