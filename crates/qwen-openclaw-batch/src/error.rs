//! The error of this crate: what failed, at which line, and what is known of the server's answer.

use std::{error::Error as StdError, fmt, path::Path, sync::Arc, time::Duration};

use qwen_openclaw_client::Hint;
use qwen_openclaw_http::{Error as HttpError, ErrorKind};

/// A failure of a batch. Cheap to clone.
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
    line: Option<u64>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        HttpError::unsent(kind).with_message(message).into()
    }

    /// Creates an error for what is refused before anything is sent.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// Creates an error for an answer that is not the one asked for.
    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        HttpError::new(ErrorKind::Protocol)
            .with_message(message)
            .into()
    }

    /// Creates an error for a file that cannot be read or written.
    pub(crate) fn storage(what: &str, path: &Path, error: std::io::Error) -> Self {
        let message = format!("could not {what} {}", path.display());
        Self::new(ErrorKind::Storage, message).with_source(error)
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let http = self.inner.http.clone().with_source(source);
        self.change(|inner| inner.http = http)
    }

    pub(crate) fn with_hint(self, hint: Hint) -> Self {
        self.change(|inner| inner.hint = Some(hint))
    }

    pub(crate) fn with_line(self, line: u64) -> Self {
        self.change(|inner| inner.line = Some(line))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Returns the number of the line of the file that the error is about, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.inner.line
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

    /// Returns the server's own error code, such as `invalid_parameter_error`.
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

    /// Returns true when the same call may succeed a little later.
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
                line: None,
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

/// `qwen-openclaw-auth` is released together with this crate: the state folder and its files.
impl From<qwen_openclaw_auth::Error> for Error {
    fn from(error: qwen_openclaw_auth::Error) -> Self {
        let message = error.to_string();
        Self::new(ErrorKind::Storage, message).change(|inner| inner.auth = Some(Box::new(error)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line() {
            write!(f, "line {line}: ")?;
        }
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
    fn is_a_word_wide_crosses_threads_and_names_its_line() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        let error = Error::refused("it is empty").with_line(3);
        assert_eq!(error.to_string(), "line 3: it is empty");
        assert_eq!(error.line(), Some(3));
    }
}
