//! What is odd in a configuration without making it unusable.

use std::fmt;

use crate::{document::Duplicate, path::KeyPath};

/// Something in a configuration that the user should know.
///
/// None is a reason to stop: what a problem concerns is skipped, the rest is used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    path: KeyPath,
    kind: ProblemKind,
}

/// What a [`Problem`] is about.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A key that this version does not know, and that OpenClaw 2026.9 does not either.
    UnknownKey,
    /// A value of another type than the one expected.
    WrongType {
        /// What was expected, such as `a string`.
        expected: &'static str,
    },
    /// A name that occurs twice in its object.
    DuplicateKey {
        /// The lines of all occurrences, counted from 1.
        lines: Vec<usize>,
    },
    /// Tokens in a provider's entry, which belong in a credential store.
    StoredTokens,
    /// A variable named outside `env.vars`, which OpenClaw accepted up to 2026.6.
    VariableOutsideVars,
    /// A base URL without a path, although an OpenAI-compatible one usually ends in `/v1`.
    BaseUrlWithoutPath,
    /// A base URL that contains a secret; [`ProviderEntry::base_url`](crate::ProviderEntry::base_url)
    /// refuses it.
    SecretInUrl,
    /// An alias that several models have.
    AmbiguousAlias {
        /// The models, as written.
        models: Vec<String>,
    },
    /// An alias that leads back to itself.
    AliasLoop {
        /// The names on the way.
        chain: Vec<String>,
    },
    /// A fallback that is the primary model itself.
    FallbackIsPrimary,
    /// A value that OpenClaw knows and that has no effect here.
    NoEffect {
        /// What happens instead.
        reason: &'static str,
    },
}

impl Problem {
    pub(crate) fn new(path: KeyPath, kind: ProblemKind) -> Self {
        Self { path, kind }
    }

    /// Returns the path of the key.
    #[must_use]
    pub fn path(&self) -> &KeyPath {
        &self.path
    }

    /// Returns what the problem is.
    #[must_use]
    pub fn kind(&self) -> &ProblemKind {
        &self.kind
    }

    /// Returns whether OpenClaw 2026.9 refuses to start with it, as far as known.
    #[must_use]
    pub fn is_refused_by_openclaw(&self) -> bool {
        matches!(
            self.kind,
            ProblemKind::UnknownKey
                | ProblemKind::WrongType { .. }
                | ProblemKind::StoredTokens
                | ProblemKind::VariableOutsideVars
        )
    }
}

impl From<Duplicate> for Problem {
    fn from(duplicate: Duplicate) -> Self {
        let lines = duplicate.lines;
        Self::new(duplicate.path, ProblemKind::DuplicateKey { lines })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.kind {
            ProblemKind::UnknownKey => f.write_str("unknown key"),
            ProblemKind::WrongType { expected } => write!(f, "not {expected}"),
            ProblemKind::DuplicateKey { lines } => {
                f.write_str("occurs more than once, and the last one counts: lines ")?;
                for (index, line) in lines.iter().enumerate() {
                    let joint = match index {
                        0 => "",
                        index if index + 1 == lines.len() => " and ",
                        _ => ", ",
                    };
                    write!(f, "{joint}{line}")?;
                }
                Ok(())
            }
            ProblemKind::StoredTokens => {
                f.write_str("contains tokens, which belong in a credential store")
            }
            ProblemKind::VariableOutsideVars => f.write_str("variables belong in env.vars"),
            ProblemKind::BaseUrlWithoutPath => f.write_str("the base URL has no path, such as /v1"),
            ProblemKind::SecretInUrl => f.write_str("the base URL contains a secret"),
            ProblemKind::AmbiguousAlias { models } => {
                write!(f, "the alias may mean {}", models.join(" or "))
            }
            ProblemKind::AliasLoop { chain } => {
                write!(f, "the alias leads back to itself: {}", chain.join(" -> "))
            }
            ProblemKind::FallbackIsPrimary => f.write_str("the fallback is the primary model"),
            ProblemKind::NoEffect { reason } => write!(f, "has no effect here: {reason}"),
        }
    }
}
