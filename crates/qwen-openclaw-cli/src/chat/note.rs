//! What of a request has no effect, in the command's own flags.

use qwen_openclaw::chat::RequestNote;

/// Words a note on a request to `model`. Notes that no flag is about keep the library's words.
pub(super) fn for_command(note: &RequestNote, model: &str) -> String {
    match note {
        RequestNote::AlwaysThinks => {
            format!("{model} cannot stop thinking: `--think off` has no effect")
        }
        RequestNote::LevelWithoutEffect { level } => format!(
            "`--think {level}` has no effect on {model}; `models explain {model}` lists the levels \
             that do"
        ),
        RequestNote::BudgetInsteadOfEffort => {
            "the thinking budget replaces the level of `--think`, \
             which the service rejects beside it"
                .to_owned()
        }
        RequestNote::BudgetLowered { from, to } => format!(
            "the thinking budget was lowered from {from} to {to} tokens: it must be below \
             `--max-tokens`"
        ),
        RequestNote::DefaultBudgetMayExceedLimit { limit } => format!(
            "the model's own thinking budget may be above `--max-tokens {limit}`: set a lower one \
             with `--think-budget`, or pass `--think off`"
        ),
        RequestNote::LimitLowered { from, to } => {
            format!(
                "`--max-tokens` was lowered from {from} to {to}, the most that {model} can give"
            )
        }
        other => other.to_string(),
    }
}

/// Whether a note matters only once the service has refused the request.
pub(super) fn is_for_refusals(note: &RequestNote) -> bool {
    matches!(note, RequestNote::DefaultBudgetMayExceedLimit { .. })
}

#[cfg(test)]
mod tests {
    use qwen_openclaw::catalog::Level;

    use super::*;

    #[test]
    fn notes_name_flags() {
        let level = Level::High;
        for (note, words) in [
            (RequestNote::AlwaysThinks, "`--think off`"),
            (
                RequestNote::LevelWithoutEffect { level },
                "`--think high` has no effect on qwen/m; `models explain qwen/m`",
            ),
            (RequestNote::BudgetInsteadOfEffort, "`--think`"),
            (
                RequestNote::BudgetLowered { from: 2, to: 1 },
                "`--max-tokens`",
            ),
            (
                RequestNote::DefaultBudgetMayExceedLimit { limit: 9 },
                "`--think-budget`",
            ),
            (
                RequestNote::LimitLowered { from: 2, to: 1 },
                "`--max-tokens` was lowered from 2 to 1",
            ),
        ] {
            let text = for_command(&note, "qwen/m");
            assert!(text.contains(words), "{text}");
        }
    }
}
