//! Strings of a configuration, which may contain `${NAME}`.

use std::fmt;

use qwen_openclaw_auth as auth;

use super::reader::Context;
use crate::{
    error::{Error, ErrorKind},
    path::KeyPath,
    substitute::substitute,
};

/// A string that may contain `${NAME}`.
///
/// A variable that is not set is an error only where the value is used.
#[derive(Clone)]
pub struct Text {
    raw: String,
    value: Result<String, Unresolved>,
    path: String,
    file: String,
}

/// Why a text has no value.
#[derive(Clone, Debug)]
enum Unresolved {
    Unset(String),
    Auth(auth::Error),
}

impl Text {
    pub(super) fn new(raw: &str, path: &KeyPath, context: &Context<'_>) -> Self {
        let path = path.to_string();
        let value = match substitute(raw, context.environment, &path) {
            Ok(value) => Ok(value.into_owned()),
            Err(error) => Err(Unresolved::of(&error)),
        };
        Self {
            raw: raw.to_owned(),
            value,
            path,
            file: context.file.to_owned(),
        }
    }

    /// Returns the string as written.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns the string with its variables replaced.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unset`] when a variable is not set or blank, and [`ErrorKind::Read`] when its
    /// value is not UTF-8.
    pub fn get(&self) -> Result<&str, Error> {
        match &self.value {
            Ok(value) => Ok(value),
            Err(Unresolved::Unset(variable)) => {
                Err(Error::unset(variable, &self.path).in_file(&self.file))
            }
            Err(Unresolved::Auth(error)) => Err(Error::auth(error.clone()).in_file(&self.file)),
        }
    }

    /// Returns the path of the key, for messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }
}

impl Unresolved {
    fn of(error: &Error) -> Self {
        match (error.kind(), error.variable(), error.auth_cause()) {
            (ErrorKind::Unset, Some(variable), _) => Self::Unset(variable.to_owned()),
            (_, _, Some(cause)) => Self::Auth(cause.clone()),
            _ => Self::Unset(String::new()),
        }
    }
}

/// Shows the string as written, so that no variable's value is shown.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.raw, f)
    }
}
