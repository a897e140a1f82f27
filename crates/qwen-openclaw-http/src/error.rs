//! The error of this crate: what went wrong with a request, and whether another try may help.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use crate::ServerError;

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that brought no usable answer.
///
/// Cheap to clone: the same failure may be handed to several readers of one stream.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Option<Box<str>>,
    status: Option<u16>,
    server: Option<ServerError>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What went wrong.
///
/// The kinds from [`Auth`](Self::Auth) to [`Server`](Self::Server) are the server's own answers,
/// told apart by status *and* code, because this service gives the same status to a one-minute
/// throttle and to an unpaid bill (help.aliyun.com, Model Studio, "error-code").
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client could not be set up: no TLS provider, no trust store, a header that is none.
    /// A retry does not help.
    Setup,
    /// The address is not one a credential may be sent to. Nothing was sent.
    Address,
    /// No connection was made; the server saw nothing. A retry may help.
    Connect,
    /// The response head did not come in time. The server may have acted.
    Timeout,
    /// The connection broke after it was made. The server may have acted.
    Interrupted,
    /// The answer is larger than the limit set for it.
    TooLarge,
    /// The answer is not what the protocol says. A retry does not help.
    Protocol,
    /// The server sent us elsewhere, and a credential does not follow. Check the base URL.
    Redirect,
    /// The key is unknown here: wrong, or bound to another region or plan (401, some 403).
    Auth,
    /// Too many requests or tokens just now; recovers within about a minute (429). A retry helps.
    RateLimit,
    /// What was free or bought is used up (403 and some 429). A retry does not help.
    Quota,
    /// The account owes money or has not bought the product. A retry does not help.
    Billing,
    /// The model or object does not exist here, or the plan does not include it.
    NotFound,
    /// The content was refused by the service's inspection.
    Content,
    /// The server understood and refused the request.
    Rejected,
    /// The server failed (5xx). A retry may help.
    Server,
}

impl ErrorKind {
    /// Returns true when the same request may succeed if sent again a little later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::Timeout | Self::Interrupted | Self::RateLimit | Self::Server
        )
    }
}

impl Error {
    /// Creates an error without details, for implementations of
    /// [`SendRequest`](crate::SendRequest).
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        let inner = Inner {
            kind,
            message: None,
            status: None,
            server: None,
            retry_after: None,
            source: None,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.change(|inner| inner.source = Some(Arc::from(source.into())))
    }

    /// Sets the whole sentence that is shown.
    #[must_use]
    pub fn with_message(self, message: impl Into<String>) -> Self {
        let message: String = message.into();
        self.change(|inner| inner.message = Some(message.into()))
    }

    pub(crate) fn too_large(what: &str, limit: usize) -> Self {
        Self::new(ErrorKind::TooLarge).with_message(format!("{what} is larger than {limit} bytes"))
    }

    /// Creates the error of an answer with an error status.
    #[must_use]
    pub fn from_answer(status: u16, server: ServerError, retry_after: Option<Duration>) -> Self {
        let kind = crate::classify(status, server.code(), server.message());
        Self::new(kind).change(|inner| {
            inner.status = Some(status);
            inner.server = Some(server);
            inner.retry_after = retry_after;
        })
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the HTTP status, when the server answered with one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// Returns the server's own error code, such as `invalid_api_key` or `Throttling.RateQuota`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.server.as_ref()?.code()
    }

    /// Returns the server's error body, when there was one.
    #[must_use]
    pub fn server(&self) -> Option<&ServerError> {
        self.inner.server.as_ref()
    }

    /// Returns the id under which the vendor finds this request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.server.as_ref()?.request_id()
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns true when the same request may succeed if sent again a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.kind.is_transient()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.inner.message {
            return f.write_str(message);
        }
        if let Some(message) = self.inner.server.as_ref().and_then(ServerError::message) {
            return f.write_str(message);
        }
        if let Some(status) = self.inner.status {
            return write!(
                f,
                "the server answered with status {status} and no explanation"
            );
        }
        f.write_str(match self.inner.kind {
            ErrorKind::Setup => "could not set up the HTTP client",
            ErrorKind::Address => "this address cannot be used",
            ErrorKind::Connect => "could not connect to the server",
            ErrorKind::Timeout => "the server did not answer in time",
            ErrorKind::Interrupted => "the connection broke",
            ErrorKind::Redirect => "the server redirected the request",
            ErrorKind::Protocol => "could not understand the server's answer",
            ErrorKind::TooLarge => "the answer is too large",
            ErrorKind::Auth => "the key was not accepted",
            ErrorKind::RateLimit => "too many requests",
            ErrorKind::Quota => "the quota is used up",
            ErrorKind::Billing => "the account is not in good standing",
            ErrorKind::NotFound => "not found",
            ErrorKind::Content => "the content was refused",
            ErrorKind::Rejected => "the request was refused",
            ErrorKind::Server => "the server failed",
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &self.inner.kind)
            .field("message", &self.to_string());
        if let Some(status) = self.inner.status {
            debug.field("status", &status);
        }
        if let Some(server) = &self.inner.server {
            debug
                .field("code", &server.code())
                .field("request_id", &server.request_id());
        }
        if let Some(source) = &self.inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
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
    fn shows_its_own_level_and_keeps_the_cause() {
        let error = Error::new(ErrorKind::Connect).with_source("refused");
        assert_eq!(error.to_string(), "could not connect to the server");
        assert_eq!(error.source().unwrap().to_string(), "refused");
    }

    #[test]
    fn leads_with_the_words_of_the_server() {
        let body = ServerError::parse(br#"{"error":{"code":"x","message":"no such\nthing"}}"#);
        let error = Error::from_answer(400, body.unwrap(), None);
        assert_eq!(error.to_string(), "no such thing");
        assert_eq!(error.code(), Some("x"));
        let silent = Error::from_answer(502, ServerError::default(), None);
        assert_eq!(
            silent.to_string(),
            "the server answered with status 502 and no explanation"
        );
    }
}
