//! The facade's error: wraps the error of the crate that failed.

use std::{error::Error as StdError, fmt, time::Duration};
#[cfg(feature = "router")]
use std::{sync::Arc, time::SystemTime};

use qwen_openclaw_auth as auth;
#[cfg(feature = "batch")]
use qwen_openclaw_batch as batch;
use qwen_openclaw_catalog as catalog;
#[cfg(feature = "config")]
use qwen_openclaw_config as config;
#[cfg(feature = "embeddings")]
use qwen_openclaw_embeddings as embeddings;
use qwen_openclaw_http::{Error as HttpError, ErrorKind, ErrorScope};
#[cfg(feature = "router")]
use qwen_openclaw_router::{Attempt, Exceeded, RouteError};
#[cfg(feature = "speech")]
use qwen_openclaw_speech as speech;
#[cfg(feature = "__tasks")]
use qwen_openclaw_tasks as tasks;
use qwen_openclaw_transport as transport;

#[cfg(feature = "router")]
use crate::router::SendError;

/// The error of the facade.
///
/// `Display` and `source` are those of the crate that failed, so nothing is reported twice.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    /// Kind, the server's answer, and the cause.
    http: HttpError,
    of: Of,
}

/// The error of the crate that failed, which is displayed.
enum Of {
    Chat(transport::Error),
    Auth(auth::Error),
    #[cfg(feature = "__tasks")]
    Task(tasks::Error),
    #[cfg(feature = "batch")]
    Batch(batch::Error),
    #[cfg(feature = "embeddings")]
    Embeddings(embeddings::Error),
    #[cfg(feature = "speech")]
    Speech(speech::Error),
    #[cfg(feature = "config")]
    Config(config::Error),
    #[cfg(feature = "router")]
    Route(Arc<RouteError<SendError>>),
    Facade,
}

impl Error {
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        let http = HttpError::unsent(ErrorKind::InvalidRequest).with_message(message);
        Self::new(http, Of::Facade)
    }

    fn new(http: HttpError, of: Of) -> Self {
        Self {
            inner: Box::new(Inner { http, of }),
        }
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.http.kind()
    }

    /// Returns the chat error, if a chat failed.
    #[must_use]
    pub fn as_chat(&self) -> Option<&transport::Error> {
        match &self.inner.of {
            Of::Chat(error) => Some(error),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.as_chat(),
            _ => None,
        }
    }

    /// Returns what became of each model and account that a router considered, in order.
    #[cfg(feature = "router")]
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        self.route().map_or(&[], RouteError::attempts)
    }

    /// Returns when one of the models and accounts that are cooling down can be tried again.
    #[cfg(feature = "router")]
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.route()?.retry_at()
    }

    /// Returns the budget that has no room, for [`ErrorKind::Budget`].
    #[cfg(feature = "router")]
    #[must_use]
    pub fn exceeded(&self) -> Option<&Exceeded> {
        self.route()?.exceeded()
    }

    /// The router's error, which a tool loop or a description keeps as the origin of its own.
    #[cfg(feature = "router")]
    fn route(&self) -> Option<&RouteError<SendError>> {
        match &self.inner.of {
            Of::Route(error) => Some(error),
            Of::Chat(error) => error.origin()?.downcast_ref(),
            #[cfg(feature = "embeddings")]
            Of::Embeddings(error) => error.origin()?.downcast_ref(),
            _ => None,
        }
    }

    /// The router's error, unless its only attempt reads as it does without a router.
    #[cfg(feature = "router")]
    fn of_several(&self) -> Option<&RouteError<SendError>> {
        self.route()
            .filter(|error| error.last().is_none() || error.attempts().len() > 1)
    }

    #[cfg(feature = "router")]
    pub(crate) fn as_http(&self) -> &HttpError {
        &self.inner.http
    }

    /// Returns the credential error, if no usable credential was found.
    #[must_use]
    pub fn as_auth(&self) -> Option<&auth::Error> {
        match &self.inner.of {
            Of::Auth(error) => Some(error),
            Of::Chat(error) => error.as_auth(),
            #[cfg(feature = "batch")]
            Of::Batch(error) => error.as_auth(),
            #[cfg(feature = "embeddings")]
            Of::Embeddings(error) => error.as_auth(),
            #[cfg(feature = "speech")]
            Of::Speech(error) => error.as_auth(),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.as_auth(),
            _ => None,
        }
    }

    /// Returns the error of the job, if making an image or a video failed.
    #[cfg(feature = "__tasks")]
    #[must_use]
    pub fn as_task(&self) -> Option<&tasks::Error> {
        match &self.inner.of {
            Of::Task(error) => Some(error),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.as_task(),
            _ => None,
        }
    }

    /// Returns the batch error, if a batch failed. It names the line of a file that was checked.
    #[cfg(feature = "batch")]
    #[must_use]
    pub fn as_batch(&self) -> Option<&batch::Error> {
        match &self.inner.of {
            Of::Batch(error) => Some(error),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.as_batch(),
            _ => None,
        }
    }

    /// Returns the error of embedding or reranking, if that failed. It has the vectors of the texts
    /// before the failure.
    #[cfg(feature = "embeddings")]
    #[must_use]
    pub fn as_embeddings(&self) -> Option<&embeddings::Error> {
        match &self.inner.of {
            Of::Embeddings(error) => Some(error),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.as_embeddings(),
            _ => None,
        }
    }

    /// Returns the error of speaking, if that failed. It says how far the speech had come.
    #[cfg(feature = "speech")]
    #[must_use]
    pub fn as_speech(&self) -> Option<&speech::Error> {
        match &self.inner.of {
            Of::Speech(error) => Some(error),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.as_speech(),
            _ => None,
        }
    }

    /// Returns the configuration error, if OpenClaw's configuration could not be used.
    #[cfg(feature = "config")]
    #[must_use]
    pub fn as_config(&self) -> Option<&config::Error> {
        match &self.inner.of {
            Of::Config(error) => Some(error),
            _ => None,
        }
    }

    /// Returns which other requests would fail for the same reason.
    #[must_use]
    pub fn scope(&self) -> ErrorScope {
        self.inner.http.scope()
    }

    /// Returns the HTTP status, if the server answered with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.http.status()
    }

    /// Returns the server's own error code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.http.code()
    }

    /// Returns the request id, which identifies the request to the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match &self.inner.of {
            // It may come from the part of the reply that had arrived.
            Of::Chat(error) => error.request_id(),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.request_id(),
            _ => self.inner.http.request_id(),
        }
    }

    /// Returns how long the server asked the client to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.http.retry_after()
    }

    /// Returns what to do about it, if known. `Display` ends with it. A program that wants to word it
    /// itself takes the [`Hint`](crate::Hint) from [`as_chat`](Self::as_chat).
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match &self.inner.of {
            Of::Chat(error) => error.hint().map(ToString::to_string),
            #[cfg(feature = "__tasks")]
            Of::Task(error) => error.hint().map(ToString::to_string),
            #[cfg(feature = "batch")]
            Of::Batch(error) => error.hint().map(ToString::to_string),
            #[cfg(feature = "embeddings")]
            Of::Embeddings(error) => error.hint().map(ToString::to_string),
            #[cfg(feature = "speech")]
            Of::Speech(error) => error.hint().map(ToString::to_string),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.error.hint(),
            _ => None,
        }
    }

    /// Returns what had arrived of a reply that was cut short.
    #[must_use]
    pub fn partial(&self) -> Option<&transport::Reply> {
        self.as_chat()?.partial()
    }

    /// Returns what is wrong with an answer that should have been JSON.
    #[must_use]
    pub fn json(&self) -> Option<&transport::JsonFailure> {
        self.as_chat()?.json()
    }

    /// Returns the tokens spent until then, as far as the server reported them.
    #[must_use]
    pub fn usage(&self) -> Option<&transport::Usage> {
        self.as_chat()?.usage()
    }

    /// Returns true if the same request may succeed when sent again a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.inner.http.is_transient()
    }
}

/// All conversions are from crates of this workspace, released together with the facade.
impl From<transport::Error> for Error {
    fn from(error: transport::Error) -> Self {
        Self::new(error.as_http().clone(), Of::Chat(error))
    }
}

/// A route that leads nowhere is a chat that cannot be held.
impl From<qwen_openclaw_client::Error> for Error {
    fn from(error: qwen_openclaw_client::Error) -> Self {
        transport::Error::from(error).into()
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        Self::new(error.clone().into(), Of::Auth(error))
    }
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        let error = qwen_openclaw_client::Error::from(error);
        Self::new(error.as_http().clone(), Of::Facade)
    }
}

#[cfg(feature = "__tasks")]
impl From<tasks::Error> for Error {
    fn from(error: tasks::Error) -> Self {
        Self::new(error.as_http().clone(), Of::Task(error))
    }
}

#[cfg(feature = "batch")]
impl From<batch::Error> for Error {
    fn from(error: batch::Error) -> Self {
        Self::new(error.as_http().clone(), Of::Batch(error))
    }
}

#[cfg(feature = "embeddings")]
impl From<embeddings::Error> for Error {
    fn from(error: embeddings::Error) -> Self {
        Self::new(error.as_http().clone(), Of::Embeddings(error))
    }
}

#[cfg(feature = "speech")]
impl From<speech::Error> for Error {
    fn from(error: speech::Error) -> Self {
        Self::new(error.as_http().clone(), Of::Speech(error))
    }
}

#[cfg(feature = "router")]
impl From<RouteError<SendError>> for Error {
    fn from(error: RouteError<SendError>) -> Self {
        let kind = error.kind();
        let last = error.last().map(|last| last.error.as_http());
        let http = match last.filter(|last| last.kind() == kind) {
            Some(last) => last.clone(),
            None => HttpError::unsent(kind).with_message(error.to_string()),
        };
        Self::new(http, Of::Route(Arc::new(error)))
    }
}

/// For what transport sends through the router: the error of the last attempt, and the router's as its
/// origin. Where another reason ended the request, the message says it.
#[cfg(feature = "router")]
impl From<Error> for transport::Error {
    fn from(error: Error) -> Self {
        let (kind, message) = (error.kind(), error.to_string());
        let Inner { http, of } = *error.inner;
        let other = || Self::from(http.with_message(message));
        match of {
            Of::Chat(error) => error,
            Of::Route(route) => {
                let last = route.last().and_then(|last| last.error.as_chat());
                let last = last.filter(|last| last.kind() == kind).cloned();
                last.unwrap_or_else(other).with_origin(route)
            }
            _ => other(),
        }
    }
}

/// For what is embedded through the router; as for transport.
#[cfg(all(feature = "embeddings", feature = "router"))]
impl From<Error> for embeddings::Error {
    fn from(error: Error) -> Self {
        let (kind, message) = (error.kind(), error.to_string());
        let Inner { http, of } = *error.inner;
        let other = || Self::from(http.with_message(message));
        match of {
            Of::Embeddings(error) => error,
            Of::Route(route) => {
                let last = route.last().and_then(|last| last.error.as_embeddings());
                let last = last.filter(|last| last.kind() == kind).cloned();
                last.unwrap_or_else(other).with_origin(route)
            }
            _ => other(),
        }
    }
}

/// What was asked for may be at fault, otherwise the file.
#[cfg(feature = "config")]
impl From<config::Error> for Error {
    fn from(error: config::Error) -> Self {
        let kind = match error.kind() {
            config::ErrorKind::InvalidModel | config::ErrorKind::AmbiguousAlias => {
                ErrorKind::InvalidRequest
            }
            _ => ErrorKind::Setup,
        };
        let http = HttpError::unsent(kind).with_message(error.to_string());
        Self::new(http, Of::Config(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "router")]
        if let Some(error) = self.of_several() {
            return fmt::Display::fmt(error, f);
        }
        match &self.inner.of {
            Of::Facade => fmt::Display::fmt(&self.inner.http, f),
            Of::Chat(error) => fmt::Display::fmt(error, f),
            Of::Auth(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "__tasks")]
            Of::Task(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "batch")]
            Of::Batch(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "embeddings")]
            Of::Embeddings(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "speech")]
            Of::Speech(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "config")]
            Of::Config(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "router")]
            Of::Route(error) => match error.last() {
                Some(only) => fmt::Display::fmt(only, f),
                None => fmt::Display::fmt(error, f),
            },
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.of {
            Of::Facade => fmt::Debug::fmt(&self.inner.http, f),
            Of::Chat(error) => fmt::Debug::fmt(error, f),
            Of::Auth(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "__tasks")]
            Of::Task(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "batch")]
            Of::Batch(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "embeddings")]
            Of::Embeddings(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "speech")]
            Of::Speech(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "config")]
            Of::Config(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "router")]
            Of::Route(error) => fmt::Debug::fmt(error, f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        #[cfg(feature = "router")]
        if let Some(error) = self.of_several() {
            return error.source();
        }
        match &self.inner.of {
            #[cfg(feature = "config")]
            Of::Config(error) => error.source(),
            #[cfg(feature = "router")]
            Of::Route(error) => error.last()?.source(),
            _ => self.inner.http.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_word_wide_and_crosses_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn shows_what_the_crate_says_that_failed() {
        let unknown = catalog::ModelRef::parse("a b/x").unwrap_err();
        let missing = auth::Error::refused("revoked");
        let refused = HttpError::unsent(ErrorKind::InvalidRequest).with_message("no such host");
        let table = [
            (
                unknown.to_string(),
                Error::from(unknown),
                ErrorKind::NotFound,
                None,
            ),
            (
                missing.to_string(),
                Error::from(missing),
                ErrorKind::Authentication,
                Some("revoked"),
            ),
            (
                "no such host".to_owned(),
                Error::from(transport::Error::from(refused)),
                ErrorKind::InvalidRequest,
                None,
            ),
            (
                "no".to_owned(),
                Error::refused("no"),
                ErrorKind::InvalidRequest,
                None,
            ),
        ];
        for (message, error, kind, cause) in table {
            assert_eq!(error.to_string(), message);
            assert_eq!(error.kind(), kind, "{message}");
            let source = error.source().map(ToString::to_string);
            assert_eq!(source.as_deref(), cause, "{message}");
        }
    }
}
