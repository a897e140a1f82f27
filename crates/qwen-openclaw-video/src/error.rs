//! The error of this crate: a request that no model takes.

use std::{error::Error as StdError, fmt};

/// A request that was refused on this side, before anything was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    message: Box<str>,
}

impl Error {
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            message: message.into().into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {}
