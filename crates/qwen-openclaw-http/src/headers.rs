//! Headers of the caller's own, which may hold secrets.

use std::fmt;

use crate::{Error, Request};

/// Headers that go with each request of a client, by name and value.
///
/// `Debug` shows the names alone: what a header holds, only its owner knows.
#[derive(Clone, Default)]
pub struct ExtraHeaders(Vec<(String, String)>);

impl ExtraHeaders {
    /// Adds a header. One that is added later replaces an earlier one of the same name.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Returns `request` with these headers.
    ///
    /// # Errors
    ///
    /// As [`Request::header`].
    pub fn apply(&self, request: Request) -> Result<Request, Error> {
        let mut headers = self.0.iter();
        headers.try_fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }
}

impl fmt::Debug for ExtraHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| (name, "[redacted]"));
        f.debug_map().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_names_alone() {
        let mut headers = ExtraHeaders::default();
        headers.push("x-tenant", "secret");
        assert_eq!(format!("{headers:?}"), r#"{"x-tenant": "[redacted]"}"#);
    }
}
