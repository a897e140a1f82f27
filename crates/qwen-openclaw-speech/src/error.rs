//! The error of this crate.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use qwen_openclaw_client::Hint;
use qwen_openclaw_http::{Error as HttpError, ErrorKind};

use crate::Spoken;

/// A request that failed. Cheap to clone.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    /// Kind, message, the server's answer and the cause.
    http: HttpError,
    hint: Option<Hint>,
    auth: Option<Box<qwen_openclaw_auth::Error>>,
    attempts: u32,
    spoken: Option<Spoken>,
}

impl Error {
    /// Creates an error for a request that is refused before it is sent.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        HttpError::unsent(ErrorKind::InvalidRequest)
            .with_message(message)
            .into()
    }

    /// Creates an error for an answer that is not the one asked for.
    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        HttpError::new(ErrorKind::Protocol)
            .with_message(message)
            .into()
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let http = self.inner.http.clone().with_source(source);
        self.change(|inner| inner.http = http)
    }

    pub(crate) fn with_attempts(self, attempts: u32) -> Self {
        // The last one may have sent nothing.
        let sent = attempts - u32::from(attempts > 0 && !self.as_http().was_sent());
        self.change(|inner| inner.attempts = sent)
    }

    /// Notes that this many requests were sent, whatever became of the last one.
    pub(crate) fn with_sends(self, sends: u32) -> Self {
        self.change(|inner| inner.attempts = inner.attempts.max(sends))
    }

    pub(crate) fn with_spoken(self, spoken: Spoken) -> Self {
        self.change(|inner| inner.spoken = Some(spoken))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Returns how far the speech had come that broke off.
    #[must_use]
    pub fn spoken(&self) -> Option<&Spoken> {
        self.inner.spoken.as_ref()
    }

    /// Returns how often the failed request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// Returns the underlying HTTP error: kind, message, the server's response and cause.
    #[must_use]
    pub fn as_http(&self) -> &HttpError {
        &self.inner.http
    }

    /// Returns the credential error, if finding or refreshing a credential failed.
    #[must_use]
    pub fn as_auth(&self) -> Option<&qwen_openclaw_auth::Error> {
        self.inner.auth.as_deref()
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.http.kind()
    }

    /// Returns the HTTP status, if the server responded with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.http.status()
    }

    /// Returns the server's own error code, such as `InvalidParameter`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.http.code()
    }

    /// Returns the request id, for the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.http.request_id()
    }

    /// Returns how long the server asked the client to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.http.retry_after()
    }

    /// Returns what to do about the error, if known. `Display` ends with it.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.inner.hint.as_ref()
    }

    /// Returns true when the same request may succeed if sent again a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.http.is_transient()
    }
}

/// `qwen-openclaw-http` is released together with this crate.
impl From<HttpError> for Error {
    fn from(http: HttpError) -> Self {
        Self {
            inner: Arc::new(Inner {
                http,
                hint: None,
                auth: None,
                attempts: 0,
                spoken: None,
            }),
        }
    }
}

/// `qwen-openclaw-client` is released together with this crate.
impl From<qwen_openclaw_client::Error> for Error {
    fn from(error: qwen_openclaw_client::Error) -> Self {
        Self::from(error.as_http().clone()).change(|inner| {
            inner.hint = error.hint().cloned();
            inner.auth = error.as_auth().cloned().map(Box::new);
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner.http, f)?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &self.kind())
            .field("message", &self.to_string());
        if let Some(status) = self.status() {
            debug.field("status", &status);
        }
        if let Some(code) = self.code() {
            debug.field("code", &code);
        }
        if let Some(source) = self.source() {
            debug.field("source", &source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.http.source()
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
    fn says_what_the_request_says_and_nothing_twice() {
        let http = HttpError::new(ErrorKind::Network).with_source("the cause");
        let error = Error::from(http.clone()).with_attempts(3);
        assert_eq!(error.to_string(), http.to_string());
        assert_eq!(error.source().unwrap().to_string(), "the cause");
        assert_eq!(error.attempts(), 3);
        assert_eq!(Error::refused("no").with_attempts(1).attempts(), 0);
    }
}
