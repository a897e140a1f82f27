//! The error type: what went wrong with a request, and whether a retry may help.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use crate::{ErrorKind, ErrorScope, Secrets, ServerError, classify};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that did not produce a usable response.
///
/// Cheap to clone: several readers of one stream may share the same failure.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    scope: ErrorScope,
    /// Whether the server may have received any part of the request.
    was_sent: bool,
    message: Option<Box<str>>,
    status: Option<u16>,
    server: Option<ServerError>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error without details, for a request that the server may have received.
    ///
    /// For implementations of [`SendRequest`](crate::SendRequest) and for crates whose errors wrap
    /// this one.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        let inner = Inner {
            kind,
            scope: ErrorScope::of(kind),
            was_sent: true,
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

    /// Creates an error like [`new`](Self::new), for a request that certainly did not reach the
    /// server and is therefore safe to send again.
    #[must_use]
    pub fn unsent(kind: ErrorKind) -> Self {
        Self::new(kind).change(|inner| inner.was_sent = false)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.change(|inner| inner.source = Some(Arc::from(source.into())))
    }

    /// Sets the message that `Display` shows.
    #[must_use]
    pub fn with_message(self, message: impl Into<String>) -> Self {
        let message: String = message.into();
        self.change(|inner| inner.message = Some(message.into()))
    }

    pub(crate) fn too_large(what: &str, limit: usize) -> Self {
        Self::new(ErrorKind::TooLarge).with_message(format!("{what} is larger than {limit} bytes"))
    }

    /// Creates the error for a response with an error status.
    #[must_use]
    pub fn from_answer(status: u16, server: ServerError, retry_after: Option<Duration>) -> Self {
        let (kind, scope) = classify::meaning(status, &server);
        Self::new(kind).with_kind(kind, scope).change(|inner| {
            inner.status = Some(status);
            inner.server = Some(server);
            inner.retry_after = retry_after;
        })
    }

    /// Creates the error that a server reported in the middle of a stream.
    #[must_use]
    pub fn from_stream(server: ServerError) -> Self {
        let (kind, scope) = classify::meaning(0, &server);
        let error = Self::new(kind).with_kind(kind, scope);
        let error = match server.message() {
            Some(_) => error,
            None => error.with_message("the server reported an error without a message"),
        };
        error.change(|inner| inner.server = Some(server))
    }

    /// Replaces kind and scope, for a caller that knows more about the server than status and code
    /// tell.
    #[must_use]
    pub fn with_kind(self, kind: ErrorKind, scope: ErrorScope) -> Self {
        self.change(|inner| {
            inner.kind = kind;
            inner.scope = scope;
        })
    }

    /// Sets the server's error code if it was not in an error body.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> Self {
        let code: String = code.into();
        self.change(|inner| {
            let server = inner.server.take().unwrap_or_default();
            inner.server = Some(server.with_code(code));
        })
    }

    /// Copies the server's part of `other`: status, code and request id.
    #[must_use]
    pub fn with_answer_of(self, other: &Self) -> Self {
        self.change(|inner| {
            inner.status = other.inner.status;
            inner.server = other.inner.server.clone();
        })
    }

    /// Masks `secrets` wherever the server echoed them.
    #[must_use]
    pub fn masked(self, secrets: &Secrets) -> Self {
        self.change(|inner| {
            let message = inner.message.take();
            inner.message = message.map(|message| secrets.mask(&message).into());
            inner.server = inner.server.take().map(|server| server.masked(secrets));
        })
    }

    /// Marks the request as sent, because an earlier step already reached the server.
    pub(crate) fn after_sending(self) -> Self {
        self.change(|inner| inner.was_sent = true)
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

    /// Returns which other requests would fail for the same reason.
    ///
    /// | scope | errors |
    /// |---|---|
    /// | [`Request`](ErrorScope::Request) | bad parameters, rejected content, objects that do not exist, and whatever broke off only this reply |
    /// | [`Model`](ErrorScope::Model) | throttling, an exhausted free tier (`AllocationQuota.FreeTierOnly`), no permission or purchase for the model (`Model.AccessDenied`, `AccessDenied.Unpurchased`, any other 403), `model_not_found`, `ModelUnavailable`, 500, timeouts |
    /// | [`Account`](ErrorScope::Account) | 401 and other rejected keys, `Arrearage` and other unpaid bills, 402, `Workspace.AccessDenied`, the gate of the Coding Plan |
    /// | [`Provider`](ErrorScope::Provider) | no connection, a redirect, 501 and above |
    ///
    /// An error without a server's answer has the scope that its kind usually has. The table of all
    /// codes is `docs/errors.md` of the repository.
    #[must_use]
    pub fn scope(&self) -> ErrorScope {
        self.inner.scope
    }

    /// Returns true when the server refuses the program that sent the request, whatever it asks.
    ///
    /// The Coding Plan's endpoints answer 405 `Coding Plan is currently only available for Coding
    /// Agents` to clients that they do not know. The kind is [`ErrorKind::Permission`].
    #[must_use]
    pub fn is_plan_gate(&self) -> bool {
        let message = self.inner.server.as_ref().and_then(ServerError::message);
        let status = self.inner.status;
        status.is_some_and(|status| classify::is_plan_gate(status, message))
    }

    /// Returns false when the request certainly did not reach the server.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.inner.was_sent
    }

    /// Returns the HTTP status, if the server responded.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// Returns the server's own error code, such as `invalid_api_key` or `Throttling.RateQuota`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.server.as_ref()?.code()
    }

    /// Returns the server's error body, if any.
    #[must_use]
    pub fn server(&self) -> Option<&ServerError> {
        self.inner.server.as_ref()
    }

    /// Returns the request id, to give to the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.server.as_ref()?.request_id()
    }

    /// Returns how long the server asked the client to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns true when the same request may succeed if retried later.
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
                "the server responded with status {status} and no error message"
            );
        }
        f.write_str(self.inner.kind.sentence())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &self.inner.kind)
            .field("scope", &self.inner.scope)
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
    fn is_pointer_sized_and_send() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn shows_its_own_message_and_keeps_the_cause() {
        let error = Error::new(ErrorKind::Network).with_source("refused");
        assert_eq!(error.to_string(), "the connection failed");
        assert_eq!(error.source().unwrap().to_string(), "refused");
    }

    #[test]
    fn prefers_the_message_of_the_server() {
        let body = ServerError::parse(br#"{"error":{"code":"x","message":"no such\nthing"}}"#);
        let error = Error::from_answer(400, body.unwrap(), None);
        assert_eq!(error.to_string(), "no such thing");
        assert_eq!(error.code(), Some("x"));
        let silent = Error::from_answer(502, ServerError::default(), None);
        assert_eq!(
            silent.to_string(),
            "the server responded with status 502 and no error message"
        );
    }

    #[test]
    fn an_error_inside_a_stream_has_a_code_and_no_status() {
        let body = ServerError::parse(br#"{"error":{"code":"data_inspection_failed"}}"#);
        let error = Error::from_stream(body.unwrap());
        assert_eq!(
            error.to_string(),
            "the server reported an error without a message"
        );
        assert_eq!(error.kind(), ErrorKind::ContentFilter);
        assert_eq!(
            (error.status(), error.code()),
            (None, Some("data_inspection_failed"))
        );
    }

    #[test]
    fn tells_whether_anything_was_sent() {
        assert!(Error::new(ErrorKind::Network).was_sent());
        assert!(Error::from_answer(400, ServerError::default(), None).was_sent());
        let unsent = Error::unsent(ErrorKind::Network).with_message("no route");
        assert!(!unsent.was_sent());
        assert!(unsent.after_sending().was_sent());
    }

    #[test]
    fn masks_secrets_that_the_server_echoes() {
        let secrets = Secrets::default().with("sk-0123456789");
        let body = ServerError::parse(br#"{"code":"x","message":"no sk-0123456789"}"#);
        let error = Error::from_answer(401, body.unwrap(), None);
        let error = error.masked(&secrets);
        assert_eq!(error.to_string(), "no [key]");
        let own = Error::new(ErrorKind::Server).with_message("no sk-0123456789");
        assert_eq!(own.masked(&secrets).to_string(), "no [key]");
    }
}
