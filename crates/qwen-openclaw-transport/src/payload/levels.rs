//! Thinking levels that a model calls by other names.

use qwen_openclaw_catalog::Level;

use super::{Body, RequestNote, note::Notes};
use crate::{ThinkingStyle, payload::context::ModelContext};

/// A level as it is asked for, and the effort that is sent in place of its name.
#[derive(Debug, Default)]
pub(super) struct Mapped<'a> {
    pub(super) level: Option<Level>,
    effort: Option<&'a str>,
}

/// Looks up what is sent for a level.
pub(super) fn map<'a>(
    level: Option<Level>,
    known: &'a ModelContext<'_>,
    notes: &mut Notes,
) -> Mapped<'a> {
    let own = level.and_then(|level| Some((level, known.sent_for(level)?)));
    match own {
        None => Mapped {
            level,
            effort: None,
        },
        Some((level, None)) => {
            notes.add(RequestNote::LevelWithoutEffect { level });
            Mapped::default()
        }
        // Only the effort says the level to servers that have no other switch.
        Some((_, Some(effort))) if known.style() == ThinkingStyle::Untouched => Mapped {
            level: None,
            effort: Some(effort),
        },
        Some((level, Some(sent))) => match sent.parse() {
            Ok(other) => Mapped {
                level: Some(other),
                effort: None,
            },
            Err(_) => Mapped {
                level: Some(level),
                effort: Some(sent),
            },
        },
    }
}

impl Mapped<'_> {
    /// Writes the effort: where the model has no efforts, it would be refused.
    pub(super) fn write(&self, body: &mut Body, known: &ModelContext<'_>) {
        let Some(effort) = self.effort else {
            return;
        };
        let is_untouched = known.style() == ThinkingStyle::Untouched;
        if is_untouched || body.contains_key("reasoning_effort") {
            body.insert("reasoning_effort".to_owned(), effort.into());
        }
    }
}
