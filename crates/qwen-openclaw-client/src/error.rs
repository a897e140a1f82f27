//! The error of a call: the HTTP error, and the remedy if known.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use qwen_openclaw_auth as auth;
use qwen_openclaw_http::{Error as HttpError, ErrorKind, ErrorScope};

use crate::Hint;

/// A call that failed, or a route that could not be resolved. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    error: HttpError,
    hint: Option<Hint>,
    auth: Option<auth::Error>,
}

impl Error {
    fn new(error: HttpError) -> Self {
        Self {
            inner: Arc::new(Inner {
                error,
                hint: None,
                auth: None,
            }),
        }
    }

    pub(crate) fn invalid_request(message: impl fmt::Display) -> Self {
        let error = HttpError::unsent(ErrorKind::InvalidRequest);
        Self::new(error.with_message(message.to_string()))
    }

    pub(crate) fn with_hint(mut self, hint: Option<Hint>) -> Self {
        if hint.is_some() {
            Arc::make_mut(&mut self.inner).hint = hint;
        }
        self
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.error.kind()
    }

    /// Returns which other requests would fail for the same reason.
    #[must_use]
    pub fn scope(&self) -> ErrorScope {
        self.inner.error.scope()
    }

    /// Returns the underlying HTTP error: status, the server's code and message, request id.
    #[must_use]
    pub fn as_http(&self) -> &HttpError {
        &self.inner.error
    }

    /// Returns the credential error, if finding or refreshing a credential failed.
    #[must_use]
    pub fn as_auth(&self) -> Option<&auth::Error> {
        self.inner.auth.as_ref()
    }

    /// Returns what to do about the error, if known. `Display` does not show it.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.inner.hint.as_ref()
    }

    /// Returns the HTTP status, if the server responded with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.error.status()
    }

    /// Returns how long the server asked the client to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.error.retry_after()
    }

    /// Returns true when the same request may succeed if retried later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.error.is_transient()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner.error, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.error.source()
    }
}

/// `qwen-openclaw-http` is released together with this crate.
impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        Self::new(error)
    }
}

/// `qwen-openclaw-auth` is released together with this crate.
impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        let mut this = Self::new(error.clone().into());
        Arc::make_mut(&mut this.inner).auth = Some(error);
        this
    }
}

/// `qwen-openclaw-catalog` is released together with this crate.
impl From<qwen_openclaw_catalog::Error> for Error {
    fn from(error: qwen_openclaw_catalog::Error) -> Self {
        use qwen_openclaw_catalog::ErrorKind as Unknown;

        let kind = match error.kind() {
            Unknown::UnknownProvider => ErrorKind::NotFound,
            _ => ErrorKind::InvalidRequest,
        };
        Self::new(HttpError::unsent(kind).with_message(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_word_wide_and_crosses_threads() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn says_what_the_crates_below_say_once() {
        let auth = auth::Error::unavailable("offline");
        let error = Error::from(auth.clone());
        assert_eq!(error.to_string(), auth.to_string());
        assert_eq!(error.source().unwrap().to_string(), "offline");
        assert_eq!(error.kind(), ErrorKind::Network);

        let unknown = qwen_openclaw_catalog::ModelRef::parse("a b/x").unwrap_err();
        let message = unknown.to_string();
        let error = Error::from(unknown);
        assert_eq!(error.to_string(), message);
        assert!(error.source().is_none());
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
