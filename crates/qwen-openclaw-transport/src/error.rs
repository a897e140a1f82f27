//! The error of this crate: what ended a reply early, and what of it had arrived.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use qwen_openclaw_client::Hint;
use qwen_openclaw_http::{Error as HttpError, ErrorKind as HttpErrorKind, Secrets, ServerError};
use serde_json::error::Category;

use crate::{JsonFailure, Reply, Usage, stall::Stall};

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
    kind: ErrorKind,
    /// What is shown instead of the server's words.
    message: Option<Box<str>>,
    /// What to do, shown after the message.
    hint: Option<Hint>,
    auth: Option<Box<qwen_openclaw_auth::Error>>,
    status: Option<u16>,
    server: Option<ServerError>,
    retry_after: Option<Duration>,
    stall: Option<Stall>,
    partial: Option<Box<Reply>>,
    json: Option<Box<JsonFailure>>,
    spent: Option<Box<Usage>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What ended a chat.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client could not be set up. A retry does not help.
    Setup,
    /// There is no usable credential, or the server did not accept it. Keys are bound to region
    /// *and* plan; the hint says which endpoints are left to try.
    Auth,
    /// The request was refused on this side, before anything was sent.
    Refused,
    /// The server understood the request and refused it.
    Rejected,
    /// The content was refused by the service's inspection.
    Content,
    /// The model does not exist here, or the plan does not include it.
    NotFound,
    /// Too many requests or tokens just now; recovers within about a minute. A retry helps.
    RateLimit,
    /// What was free or bought is used up. A retry does not help.
    Quota,
    /// The account owes money or has not bought the product. A retry does not help.
    Billing,
    /// No connection was made, or it broke. A retry may help.
    Network,
    /// The server went silent: [`Error::stall`] says in which way. A retry may help.
    Stalled,
    /// The server failed. A retry may help.
    Server,
    /// The stream ended before the model had stopped. A retry may help.
    Truncated,
    /// The answer is not what the protocol says. A retry does not help.
    Protocol,
    /// The reply, or a part of it, is larger than the limit set for it.
    TooLarge,
    /// The model called a tool with arguments that are no JSON object.
    ToolArguments,
    /// The model went on to call tools when the limit of rounds was reached.
    ToolRounds,
    /// The answer is not the JSON that was asked for: [`Error::json`] says where. Asking again may
    /// help.
    Json,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut error = Self::bare(kind);
        error.change(|inner| inner.message = Some(message.into().into()));
        error
    }

    fn bare(kind: ErrorKind) -> Self {
        Self {
            inner: Arc::new(Inner {
                kind,
                message: None,
                hint: None,
                auth: None,
                status: None,
                server: None,
                retry_after: None,
                stall: None,
                partial: None,
                json: None,
                spent: None,
                source: None,
            }),
        }
    }

    pub(crate) fn from_http(error: HttpError) -> Self {
        let kind = kind_of(error.kind());
        let mut this = Self::new(kind, error.to_string());
        this.change(|inner| {
            inner.status = error.status();
            inner.server = error.server().cloned();
            inner.retry_after = error.retry_after();
        });
        this.with_cause_of(error)
    }

    pub(crate) fn from_client(error: qwen_openclaw_client::Error) -> Self {
        let (hint, auth) = (error.hint().cloned(), error.as_auth().cloned());
        let mut this = match error.as_auth() {
            Some(auth) => Self::new(ErrorKind::Auth, auth.to_string()).with_cause_of(auth.clone()),
            None => Self::from_http(error.as_http().clone()),
        };
        this.change(|inner| {
            inner.hint = hint;
            inner.auth = auth.map(Box::new);
        });
        this
    }

    /// An error that the server described inside a stream that began well.
    pub(crate) fn from_stream(server: ServerError) -> Self {
        let explained = server.message().is_some();
        let mut error = HttpError::from_answer(0, server, None);
        if !explained {
            error = error.with_message("the server reported an error without an explanation");
        }
        Self::from_http(error).without_status()
    }

    /// Hides `secrets` where the server repeated them.
    pub(crate) fn masked(mut self, secrets: &Secrets) -> Self {
        self.change(|inner| {
            let message = inner.message.take();
            inner.message = message.map(|message| secrets.mask(&message).into());
            inner.server = inner.server.take().map(|server| server.masked(secrets));
        });
        self
    }

    pub(crate) fn stalled(stall: Stall, limit: Duration) -> Self {
        let mut error = Self::new(ErrorKind::Stalled, stall.message(limit));
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

    pub(crate) fn with_spent(mut self, usage: Option<Usage>) -> Self {
        self.change(|inner| inner.spent = usage.map(Box::new));
        self
    }

    fn without_status(mut self) -> Self {
        self.change(|inner| inner.status = None);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.change(|inner| inner.source = Some(Arc::from(source.into())));
        self
    }

    /// Adds the cause of `error`, whose own sentence has become the message.
    pub(crate) fn with_cause_of(mut self, error: impl StdError + Send + Sync + 'static) -> Self {
        if error.source().is_some() {
            self.change(|inner| inner.source = Some(Arc::new(Cause(error))));
        }
        self
    }

    pub(crate) fn with_hint(mut self, hint: Hint) -> Self {
        self.change(|inner| inner.hint = Some(hint));
        self
    }

    pub(crate) fn with_partial(mut self, partial: Reply) -> Self {
        self.change(|inner| inner.partial = Some(Box::new(partial)));
        self
    }

    fn change(&mut self, change: impl FnOnce(&mut Inner)) {
        change(Arc::make_mut(&mut self.inner));
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the HTTP status, when the server answered with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// Returns the server's own error code, such as `invalid_api_key`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.server.as_ref()?.code()
    }

    /// Returns the id under which the vendor finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let from_server = self.inner.server.as_ref().and_then(ServerError::request_id);
        from_server.or_else(|| self.partial()?.request_id())
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns which of the three clocks ran out, for [`ErrorKind::Stalled`].
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

    /// Returns what had arrived; `None` when the server never began to answer.
    #[must_use]
    pub fn partial(&self) -> Option<&Reply> {
        self.inner.partial.as_deref()
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
        use ErrorKind::{Network, RateLimit, Server, Stalled, Truncated};
        matches!(
            self.inner.kind,
            Network | RateLimit | Server | Stalled | Truncated
        )
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
            Category::Syntax => "it is no JSON",
            Category::Data | Category::Io => "a value is missing or of another type",
        };
        write!(f, "{what} (line {} column {})", self.line, self.column)
    }
}

impl StdError for JsonCause {}

/// `qwen-openclaw-client` is released together with this crate.
impl From<qwen_openclaw_client::Error> for Error {
    fn from(error: qwen_openclaw_client::Error) -> Self {
        Self::from_client(error)
    }
}

/// `qwen-openclaw-http` is released together with this crate.
impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        Self::from_http(error)
    }
}

fn kind_of(kind: HttpErrorKind) -> ErrorKind {
    match kind {
        HttpErrorKind::Setup => ErrorKind::Setup,
        HttpErrorKind::Address => ErrorKind::Refused,
        HttpErrorKind::Connect | HttpErrorKind::Interrupted => ErrorKind::Network,
        HttpErrorKind::Timeout => ErrorKind::Stalled,
        HttpErrorKind::TooLarge => ErrorKind::TooLarge,
        HttpErrorKind::Auth => ErrorKind::Auth,
        HttpErrorKind::RateLimit => ErrorKind::RateLimit,
        HttpErrorKind::Quota => ErrorKind::Quota,
        HttpErrorKind::Billing => ErrorKind::Billing,
        HttpErrorKind::NotFound => ErrorKind::NotFound,
        HttpErrorKind::Content => ErrorKind::Content,
        HttpErrorKind::Rejected => ErrorKind::Rejected,
        HttpErrorKind::Server => ErrorKind::Server,
        // `Redirect`, and kinds that come later.
        _ => ErrorKind::Protocol,
    }
}

/// The cause of an error whose own sentence has become ours.
#[derive(Debug)]
struct Cause<E>(E);

impl<E: StdError> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => fmt::Display::fmt(source, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl<E: StdError> StdError for Cause<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()?.source()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.inner.message.as_deref().unwrap_or("the chat failed"))?;
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
            .field("kind", &self.inner.kind)
            .field("message", &self.to_string());
        debug
            .field("status", &self.status())
            .field("code", &self.code());
        debug.field("request_id", &self.request_id());
        // What the model wrote is data, not diagnostics.
        debug.field("has_partial", &self.inner.partial.is_some());
        debug.field("source", &self.inner.source).finish()
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
            "the stream ended early; it was cut off: raise the limit of tokens"
        );
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(error.partial().unwrap().text(), "a secret plan");
    }

    #[test]
    fn the_cause_is_not_said_twice() {
        let http = HttpError::new(HttpErrorKind::Connect).with_source("refused");
        let error = Error::from_http(http);
        assert_eq!(error.to_string(), "could not connect to the server");
        assert_eq!(error.source().unwrap().to_string(), "refused");
        assert_eq!(error.kind(), ErrorKind::Network);
    }
}
