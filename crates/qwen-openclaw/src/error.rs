//! The facade's error: that of the crate which failed, with the same questions to ask.

use std::{error::Error as StdError, fmt, time::Duration};

use qwen_openclaw_auth as auth;
use qwen_openclaw_catalog as catalog;
use qwen_openclaw_transport as transport;

pub use qwen_openclaw_transport::ErrorKind;

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
            Inner::Chat(error) => error.kind(),
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
            _ => None,
        }
    }

    /// Returns the HTTP status, when the server answered with an error status.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.as_chat()?.status()
    }

    /// Returns the server's own error code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.as_chat()?.code()
    }

    /// Returns the id under which the vendor finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.as_chat()?.request_id()
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.as_chat()?.retry_after()
    }

    /// Returns what to do about it, when that is known. `Display` ends with it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.as_chat()?.hint()
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
            Inner::Catalog(_) | Inner::Refused(_) => false,
        }
    }

    fn as_std(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.inner {
            Inner::Chat(error) => Some(error),
            Inner::Auth(error) => Some(error),
            Inner::Catalog(error) => Some(error),
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

/// All three are crates of this workspace, released together with the facade.
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.inner {
            Inner::Refused(message) => f.write_str(message),
            Inner::Chat(error) => fmt::Display::fmt(error, f),
            Inner::Auth(error) => fmt::Display::fmt(error, f),
            Inner::Catalog(error) => fmt::Display::fmt(error, f),
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
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.as_std()?.source()
    }
}
