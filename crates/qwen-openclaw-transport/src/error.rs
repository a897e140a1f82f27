//! The error of this crate: what ended a reply early, and what of it had arrived.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use qwen_openclaw_client::Hint;
use qwen_openclaw_http::{Error as HttpError, ErrorKind, Secrets, ServerError};
use serde_json::error::Category;

use crate::{JsonFailure, Reply, Usage, client::timeouts::Stall};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A chat that did not end in a complete reply.
///
/// Whatever arrived before is in [`partial`](Self::partial). Cheap to clone.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    /// Kind, message, the server's answer and the cause.
    http: HttpError,
    /// What to do, shown after the message.
    hint: Option<Hint>,
    auth: Option<Box<qwen_openclaw_auth::Error>>,
    stall: Option<Stall>,
    partial: Option<Box<Reply>>,
    json: Option<Box<JsonFailure>>,
    spent: Option<Box<Usage>>,
    /// How often a request was sent that was never answered.
    attempts: u32,
    /// The error of the source of streams that this one was made from.
    origin: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        HttpError::new(kind).with_message(message).into()
    }

    /// An error that the server described inside a stream that began well.
    pub(crate) fn from_stream(server: ServerError) -> Self {
        HttpError::from_stream(server).into()
    }

    /// Hides `secrets` where the server repeated them.
    pub(crate) fn masked(self, secrets: &Secrets) -> Self {
        self.change_http(|http| http.masked(secrets))
    }

    pub(crate) fn stalled(stall: Stall, limit: Duration) -> Self {
        let mut error = Self::new(ErrorKind::Timeout, stall.message(limit));
        error.change(|inner| inner.stall = Some(stall));
        error
    }

    pub(crate) fn not_json(failure: JsonFailure, cause: &serde_json::Error) -> Self {
        let message = match &*failure.path {
            "." => "the answer is not the JSON that was asked for".to_owned(),
            path => format!("the answer is not the JSON that was asked for, at {path}"),
        };
        let mut error = Self::new(ErrorKind::Json, message);
        error.change(|inner| inner.json = Some(Box::new(failure)));
        let (line, column) = (cause.line(), cause.column());
        error.with_source(JsonCause {
            category: cause.classify(),
            line,
            column,
        })
    }

    /// An answer that is JSON, and does not fit its schema. The reason must not quote the answer.
    pub(crate) fn not_valid(failure: JsonFailure) -> Self {
        let reason = &failure.reason;
        let message = match &*failure.path {
            "." => format!("the answer does not fit the JSON schema: {reason}"),
            path => format!("the answer does not fit the JSON schema, at {path}: {reason}"),
        };
        let mut error = Self::new(ErrorKind::Json, message);
        error.change(|inner| inner.json = Some(Box::new(failure)));
        error
    }

    pub(crate) fn with_spent(mut self, usage: Option<Usage>) -> Self {
        self.change(|inner| inner.spent = usage.map(Box::new));
        self
    }

    pub(crate) fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.change_http(|http| http.with_source(source))
    }

    pub(crate) fn with_hint(mut self, hint: Hint) -> Self {
        self.change(|inner| inner.hint = Some(hint));
        self
    }

    pub(crate) fn with_partial(mut self, partial: Reply) -> Self {
        self.change(|inner| inner.partial = Some(Box::new(partial)));
        self
    }

    /// Says how often the request was tried. The last try may have sent nothing.
    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        let sent = attempts - u32::from(attempts > 0 && !self.as_http().was_sent());
        self.change(|inner| inner.attempts = sent);
        self
    }

    /// Attaches the error of a [`StreamSource`](crate::StreamSource) that this error was made from, for
    /// who knows its type. It is not displayed, and is not the `source`.
    #[must_use]
    pub fn with_origin(mut self, origin: Arc<dyn StdError + Send + Sync>) -> Self {
        self.change(|inner| inner.origin = Some(origin));
        self
    }

    fn change(&mut self, change: impl FnOnce(&mut Inner)) {
        change(Arc::make_mut(&mut self.inner));
    }

    fn change_http(mut self, change: impl FnOnce(HttpError) -> HttpError) -> Self {
        self.change(|inner| inner.http = change(inner.http.clone()));
        self
    }

    /// Returns the error of the request: kind, message, answer of the server and cause, without
    /// what this crate adds.
    #[must_use]
    pub fn as_http(&self) -> &HttpError {
        &self.inner.http
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.http.kind()
    }

    /// Returns the HTTP status, when the server answered with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.http.status()
    }

    /// Returns the server's own error code, such as `invalid_api_key`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.http.code()
    }

    /// Returns the id under which the vendor finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let from_server = self.inner.http.request_id();
        from_server.or_else(|| self.partial()?.request_id())
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.http.retry_after()
    }

    /// Returns which of the three clocks ran out, for [`ErrorKind::Timeout`].
    #[must_use]
    pub fn stall(&self) -> Option<Stall> {
        self.inner.stall
    }

    /// Returns what to do about it, when that is known. `Display` ends with it.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.inner.hint.as_ref()
    }

    /// Returns the error of the search for a credential, when that failed.
    #[must_use]
    pub fn as_auth(&self) -> Option<&qwen_openclaw_auth::Error> {
        self.inner.auth.as_deref()
    }

    /// Returns the error of the [`StreamSource`](crate::StreamSource) that this error was made from.
    #[must_use]
    pub fn origin(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.inner.origin.as_deref()
    }

    /// Returns what had arrived; `None` when the server never began to answer.
    #[must_use]
    pub fn partial(&self) -> Option<&Reply> {
        self.inner.partial.as_deref()
    }

    /// Returns how many requests were sent until this was the end; 0 if none was, or if it is unknown.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.partial().map_or(self.inner.attempts, Reply::attempts)
    }

    /// Returns what is wrong with an answer that should have been JSON, for [`ErrorKind::Json`].
    #[must_use]
    pub fn json(&self) -> Option<&JsonFailure> {
        self.inner.json.as_deref()
    }

    /// Returns the tokens that were spent until then, as far as the server has counted them: those
    /// of all rounds of a [`ToolLoop`](crate::ToolLoop), otherwise those of
    /// [`partial`](Self::partial).
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.inner
            .spent
            .as_deref()
            .or_else(|| self.partial()?.usage())
    }

    /// Returns true when the same request may succeed if sent again a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.http.is_transient()
    }
}

/// Where and in what way JSON is wrong, without a word of it.
#[derive(Debug)]
struct JsonCause {
    category: Category,
    line: usize,
    column: usize,
}

impl fmt::Display for JsonCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.category {
            Category::Eof => "the JSON ends early",
            Category::Syntax => "it is not JSON",
            Category::Data | Category::Io => "a value is missing or of another type",
        };
        write!(f, "{what} (line {} column {})", self.line, self.column)
    }
}

impl StdError for JsonCause {}

/// `qwen-openclaw-http` is released together with this crate.
impl From<HttpError> for Error {
    fn from(http: HttpError) -> Self {
        Self {
            inner: Arc::new(Inner {
                http,
                hint: None,
                auth: None,
                stall: None,
                partial: None,
                json: None,
                spent: None,
                attempts: 0,
                origin: None,
            }),
        }
    }
}

/// `qwen-openclaw-client` is released together with this crate.
impl From<qwen_openclaw_client::Error> for Error {
    fn from(error: qwen_openclaw_client::Error) -> Self {
        let (hint, auth) = (error.hint().cloned(), error.as_auth().cloned());
        let mut this = Self::from(error.as_http().clone());
        this.change(|inner| {
            inner.hint = hint;
            inner.auth = auth.map(Box::new);
        });
        this
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner.http, f)?;
        match &self.inner.hint {
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
        debug
            .field("status", &self.status())
            .field("code", &self.code());
        debug.field("request_id", &self.request_id());
        // What the model wrote is data, not diagnostics.
        debug.field("has_partial", &self.inner.partial.is_some());
        debug.field("source", &self.source()).finish()
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
    fn shows_message_and_hint_but_no_reply() {
        let reply = Reply {
            text: "a secret plan".into(),
            ..Reply::default()
        };
        let error = Error::new(ErrorKind::Truncated, "the stream ended early")
            .with_hint(Hint::RaiseTokenLimit)
            .with_partial(reply);
        assert_eq!(
            error.to_string(),
            "the stream ended early; it was cut off: raise the token limit"
        );
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(error.partial().unwrap().text(), "a secret plan");
    }

    #[test]
    fn is_the_error_of_the_request_and_says_nothing_twice() {
        let server = ServerError::parse(br#"{"code":"LimitRequests","request_id":"r"}"#).unwrap();
        let wait = Some(Duration::from_secs(3));
        let http = HttpError::from_answer(429, server, wait).with_source("the cause");
        let error = Error::from(http.clone()).with_hint(Hint::QuotaUsedUp);
        assert_eq!(error.to_string(), format!("{http}; {}", Hint::QuotaUsedUp));
        assert_eq!(error.source().unwrap().to_string(), "the cause");
        assert!(error.source().unwrap().source().is_none());
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(
            (error.status(), error.code()),
            (Some(429), Some("LimitRequests"))
        );
        assert_eq!((error.request_id(), error.retry_after()), (Some("r"), wait));
        assert!(error.is_transient());
    }
}
