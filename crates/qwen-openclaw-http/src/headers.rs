//! Custom headers, which may contain secrets.

use std::fmt;

use crate::{Error, Request};

/// Headers sent with each request of a client.
///
/// `Debug` shows only the names, since the values may be secrets.
#[derive(Clone, Default)]
pub struct ExtraHeaders(Vec<(String, String)>);

impl ExtraHeaders {
    /// Adds a header, which takes precedence over an earlier one of the same name.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds the headers of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Returns `request` with these headers added.
    ///
    /// # Errors
    ///
    /// Same as [`Request::header`].
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
    fn debug_shows_only_names() {
        let mut headers = ExtraHeaders::default();
        headers.push("x-tenant", "secret");
        assert_eq!(format!("{headers:?}"), r#"{"x-tenant": "[redacted]"}"#);
    }
}
