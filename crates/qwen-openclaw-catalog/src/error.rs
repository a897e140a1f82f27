//! The error type: a name that is not in the catalog.

use std::fmt;

use crate::{nearest::join, provider::Provider};

/// A name that the catalog does not recognize.
#[derive(Debug)]
pub struct Error {
    inner: Box<Inner>,
}

/// What was not recognized; never transient.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No provider has that id or alias; [`Error::suggestions`] returns up to three that are close.
    UnknownProvider,
    /// The model ref has no model id.
    EmptyModel,
    /// No plan has that name.
    UnknownPlan,
    /// No region has that name.
    UnknownRegion,
    /// No catalog edition has that name.
    UnknownEdition,
    /// No thinking level has that name.
    UnknownLevel,
    /// No video resolution or aspect ratio has that name.
    UnknownFormat,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    given: Box<str>,
    suggestions: Vec<&'static str>,
}

impl Error {
    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the rejected name, truncated to 64 characters and without control characters.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.inner.given
    }

    /// Returns the names that may have been meant, closest first.
    #[must_use]
    pub fn suggestions(&self) -> &[&'static str] {
        &self.inner.suggestions
    }

    pub(crate) fn unknown_provider(given: &str) -> Self {
        Self::new(ErrorKind::UnknownProvider, given, Provider::nearest(given))
    }

    pub(crate) fn empty_model(provider: &str) -> Self {
        Self::new(ErrorKind::EmptyModel, provider, Vec::new())
    }

    pub(crate) fn unknown_plan(given: &str) -> Self {
        let known = vec!["standard", "coding", "token", "portal"];
        Self::new(ErrorKind::UnknownPlan, given, known)
    }

    pub(crate) fn unknown_region(given: &str) -> Self {
        Self::new(ErrorKind::UnknownRegion, given, vec!["global", "china"])
    }

    pub(crate) fn unknown_edition(given: &str) -> Self {
        Self::new(
            ErrorKind::UnknownEdition,
            given,
            vec!["2026.4", "2026.9", "merged"],
        )
    }

    pub(crate) fn unknown_level(given: &str) -> Self {
        let known = vec!["off", "minimal", "low", "medium", "high", "xhigh", "max"];
        Self::new(ErrorKind::UnknownLevel, given, known)
    }

    pub(crate) fn unknown_format(given: &str, known: &[&'static str]) -> Self {
        Self::new(ErrorKind::UnknownFormat, given, known.to_vec())
    }

    fn new(kind: ErrorKind, given: &str, suggestions: Vec<&'static str>) -> Self {
        let given = given
            .trim()
            .chars()
            .filter(|c| !c.is_control())
            .take(64)
            .collect::<String>();
        Self {
            inner: Box::new(Inner {
                kind,
                given: given.into(),
                suggestions,
            }),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            given,
            suggestions,
        } = &*self.inner;
        let (noun, lead, end) = match kind {
            ErrorKind::UnknownProvider if suggestions.is_empty() => {
                let known: Vec<String> = Provider::well_known()
                    .map(|provider| provider.to_string())
                    .collect();
                let known = known.join(", ");
                return write!(
                    f,
                    "unknown provider \"{given}\"; the known ones are {known}"
                );
            }
            ErrorKind::UnknownProvider => ("provider", "did you mean", "?"),
            ErrorKind::UnknownPlan => ("plan", "use", ""),
            ErrorKind::UnknownRegion => ("region", "use", ""),
            ErrorKind::UnknownEdition => ("edition", "use", ""),
            ErrorKind::UnknownLevel => ("thinking level", "use", ""),
            ErrorKind::UnknownFormat => ("format", "use", ""),
            ErrorKind::EmptyModel => {
                return write!(f, "no model id given; write it as {given}/MODEL");
            }
        };
        write!(
            f,
            "unknown {noun} \"{given}\"; {lead} {}{end}",
            join(suggestions)
        )
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_pointer_sized_and_send() {
        fn sendable<T: Send + Sync + 'static>() {}
        sendable::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn names_are_truncated_and_stripped_of_control_characters() {
        let error = Error::unknown_plan(&format!("a\u{1b}[31m{}", "x".repeat(500)));
        assert!(!error.to_string().contains('\u{1b}'));
        assert_eq!(error.given().len(), 64);
    }

    #[test]
    fn an_empty_model_says_how_to_write_one() {
        let error = Error::empty_model("qwen");
        assert_eq!(
            error.to_string(),
            "no model id given; write it as qwen/MODEL"
        );
    }
}
