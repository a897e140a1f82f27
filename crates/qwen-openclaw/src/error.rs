//! The facade's error: that of the crate which failed, with the same questions to ask.

use std::{error::Error as StdError, fmt, time::Duration};

use qwen_openclaw_auth as auth;
use qwen_openclaw_catalog as catalog;
use qwen_openclaw_transport as transport;
#[cfg(feature = "video")]
use qwen_openclaw_video as video;

/// What went wrong: the kinds of all crates below.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A client could not be set up. A retry does not help.
    Setup,
    /// There is no usable credential, or the server did not accept it.
    Auth,
    /// Refused on this side, before anything was sent.
    Refused,
    /// The server understood the request and refused it.
    Rejected,
    /// The content was refused by the service's inspection.
    Content,
    /// The model, or the object, does not exist here, or the plan does not include it.
    NotFound,
    /// Too many requests or tokens just now; recovers within about a minute. A retry helps.
    RateLimit,
    /// What was free or bought is used up. A retry does not help.
    Quota,
    /// The account owes money or has not bought the product. A retry does not help.
    Billing,
    /// No connection was made, or it broke. A retry may help.
    Network,
    /// The server went silent. A retry may help.
    Stalled,
    /// The server failed. A retry may help.
    Server,
    /// The stream ended before the model had stopped. A retry may help.
    Truncated,
    /// The answer is not what the protocol says. A retry does not help.
    Protocol,
    /// The reply, the result or a file is larger than the limit set for it.
    TooLarge,
    /// The model called a tool with arguments that are no JSON object.
    ToolArguments,
    /// The model went on to call tools when the limit of rounds was reached.
    ToolRounds,
    /// The answer is not the JSON that was asked for.
    Json,
    /// It is unclear whether the service took a job. Somebody has to decide.
    Ambiguous,
    /// The service has failed to make what a job asked for.
    Failed,
    /// A job was cancelled.
    Canceled,
    /// The service does not know a job, or its result, any more.
    Expired,
    /// A job was not done in time. It goes on.
    Deadline,
    /// Another process is at work on a job.
    Busy,
    /// The ledger of jobs, or a file, cannot be read or written.
    File,
    /// A kind that this version does not know.
    Other,
}

impl From<transport::ErrorKind> for ErrorKind {
    fn from(kind: transport::ErrorKind) -> Self {
        use transport::ErrorKind as From;
        match kind {
            From::Setup => Self::Setup,
            From::Auth => Self::Auth,
            From::Refused => Self::Refused,
            From::Rejected => Self::Rejected,
            From::Content => Self::Content,
            From::NotFound => Self::NotFound,
            From::RateLimit => Self::RateLimit,
            From::Quota => Self::Quota,
            From::Billing => Self::Billing,
            From::Network => Self::Network,
            From::Stalled => Self::Stalled,
            From::Server => Self::Server,
            From::Truncated => Self::Truncated,
            From::Protocol => Self::Protocol,
            From::TooLarge => Self::TooLarge,
            From::ToolArguments => Self::ToolArguments,
            From::ToolRounds => Self::ToolRounds,
            From::Json => Self::Json,
            _ => Self::Other,
        }
    }
}

#[cfg(feature = "video")]
impl From<video::ErrorKind> for ErrorKind {
    fn from(kind: video::ErrorKind) -> Self {
        use video::ErrorKind as From;
        match kind {
            From::Setup => Self::Setup,
            From::Auth => Self::Auth,
            From::Refused => Self::Refused,
            From::Rejected => Self::Rejected,
            From::Content => Self::Content,
            From::NotFound => Self::NotFound,
            From::RateLimit => Self::RateLimit,
            From::Quota => Self::Quota,
            From::Billing => Self::Billing,
            From::Network => Self::Network,
            From::Server => Self::Server,
            From::Protocol => Self::Protocol,
            From::TooLarge => Self::TooLarge,
            From::Ambiguous => Self::Ambiguous,
            From::Failed => Self::Failed,
            From::Canceled => Self::Canceled,
            From::Expired => Self::Expired,
            From::Deadline => Self::Deadline,
            From::Busy => Self::Busy,
            From::Ledger | From::File => Self::File,
            _ => Self::Other,
        }
    }
}

/// Something that could not be done.
///
/// It shows what the crate that failed says, and its `source` is that crate's cause: nothing is
/// said twice.
pub struct Error {
    inner: Box<Inner>,
}

enum Inner {
    Chat(transport::Error),
    Auth(auth::Error),
    Catalog(catalog::Error),
    #[cfg(feature = "video")]
    Video(video::Error),
    Refused(String),
}

impl Error {
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Inner::Refused(message.into()).into()
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &*self.inner {
            Inner::Chat(error) => error.kind().into(),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.kind().into(),
            Inner::Auth(_) => ErrorKind::Auth,
            Inner::Catalog(_) | Inner::Refused(_) => ErrorKind::Refused,
        }
    }

    /// Returns the error of the transport, when a chat failed.
    #[must_use]
    pub fn as_chat(&self) -> Option<&transport::Error> {
        match &*self.inner {
            Inner::Chat(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the search for a credential, when that failed.
    #[must_use]
    pub fn as_auth(&self) -> Option<&auth::Error> {
        match &*self.inner {
            Inner::Auth(error) => Some(error),
            Inner::Chat(error) => error.as_auth(),
            _ => None,
        }
    }

    /// Returns the error of the clip, when making one failed.
    #[cfg(feature = "video")]
    #[must_use]
    pub fn as_video(&self) -> Option<&video::Error> {
        match &*self.inner {
            Inner::Video(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the HTTP status, when the server answered with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &*self.inner {
            Inner::Chat(error) => error.status(),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.status(),
            _ => None,
        }
    }

    /// Returns the server's own error code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &*self.inner {
            Inner::Chat(error) => error.code(),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.code(),
            _ => None,
        }
    }

    /// Returns the id under which the vendor finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match &*self.inner {
            Inner::Chat(error) => error.request_id(),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.request_id(),
            _ => None,
        }
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.inner {
            Inner::Chat(error) => error.retry_after(),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Returns what to do about it, when that is known. `Display` ends with it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match &*self.inner {
            Inner::Chat(error) => error.hint().map(ToString::to_string),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.hint().map(str::to_owned),
            _ => None,
        }
    }

    /// Returns what had arrived of a reply that broke off.
    #[must_use]
    pub fn partial(&self) -> Option<&transport::Reply> {
        self.as_chat()?.partial()
    }

    /// Returns what is wrong with an answer that should have been JSON.
    #[must_use]
    pub fn json(&self) -> Option<&transport::JsonFailure> {
        self.as_chat()?.json()
    }

    /// Returns the tokens that were spent until then, as far as the server has counted them.
    #[must_use]
    pub fn usage(&self) -> Option<&transport::Usage> {
        self.as_chat()?.usage()
    }

    /// Returns true when the same request may succeed if sent again a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &*self.inner {
            Inner::Chat(error) => error.is_transient(),
            Inner::Auth(error) => error.is_transient(),
            #[cfg(feature = "video")]
            Inner::Video(error) => error.is_transient(),
            Inner::Catalog(_) | Inner::Refused(_) => false,
        }
    }

    fn as_std(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.inner {
            Inner::Chat(error) => Some(error),
            Inner::Auth(error) => Some(error),
            Inner::Catalog(error) => Some(error),
            #[cfg(feature = "video")]
            Inner::Video(error) => Some(error),
            Inner::Refused(_) => None,
        }
    }
}

impl From<Inner> for Error {
    fn from(inner: Inner) -> Self {
        Self {
            inner: Box::new(inner),
        }
    }
}

/// All are crates of this workspace, released together with the facade.
impl From<transport::Error> for Error {
    fn from(error: transport::Error) -> Self {
        Inner::Chat(error).into()
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        Inner::Auth(error).into()
    }
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        Inner::Catalog(error).into()
    }
}

#[cfg(feature = "video")]
impl From<video::Error> for Error {
    fn from(error: video::Error) -> Self {
        Inner::Video(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.inner {
            Inner::Refused(message) => f.write_str(message),
            Inner::Chat(error) => fmt::Display::fmt(error, f),
            Inner::Auth(error) => fmt::Display::fmt(error, f),
            Inner::Catalog(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "video")]
            Inner::Video(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.inner {
            Inner::Refused(message) => f.debug_tuple("Refused").field(message).finish(),
            Inner::Chat(error) => fmt::Debug::fmt(error, f),
            Inner::Auth(error) => fmt::Debug::fmt(error, f),
            Inner::Catalog(error) => fmt::Debug::fmt(error, f),
            #[cfg(feature = "video")]
            Inner::Video(error) => fmt::Debug::fmt(error, f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.as_std()?.source()
    }
}
