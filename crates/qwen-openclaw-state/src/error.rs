//! Why a transaction failed, and the error that callers see.

use std::{fmt, io, path::Path};

use qwen_openclaw_auth as auth;
use qwen_openclaw_router::Error;
use rusqlite::ErrorCode;

/// Why something was not done. What to do about it depends on the variant.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite's error.
    Sqlite(rusqlite::Error),
    /// The file or its folder must not be used, or cannot be.
    File(auth::Error),
    /// A newer version wrote the file.
    Newer { version: i64 },
    /// The contents of the file are damaged.
    Damaged,
    /// The file is damaged, and another process has it open.
    DamagedInUse,
    /// A damaged file could not be renamed.
    Rename(io::Error),
    /// Another program's database.
    Foreign,
    /// Another process kept the file locked.
    Busy,
    /// A value that cannot be stored or was not stored by this crate.
    Value(&'static str),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<auth::Error> for Failure {
    fn from(error: auth::Error) -> Self {
        Self::File(error)
    }
}

impl Failure {
    /// Whether the same call may succeed in a moment.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
            || matches!(
                self.code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            )
    }

    /// Whether the file is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged)
            || matches!(
                self.code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            )
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }

    /// The error that callers see.
    pub(crate) fn into_error(self, path: &Path) -> Error {
        let busy = self.is_busy();
        let path = path.display();
        let in_use = || Error::busy(format!("{path} is in use by other processes: try again"));
        match self {
            Self::Busy => in_use(),
            Self::Sqlite(error) if busy => in_use().with_cause(Described(error)),
            Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                Error::storage(format!("{path} or its folder is read-only"))
            }
            Self::Sqlite(error) => {
                let what = match error.sqlite_error_code() {
                    Some(ErrorCode::DiskFull) => "the disk is full: could not write",
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                        "there is damage in"
                    }
                    _ => "could not use",
                };
                Error::storage(format!("{what} {path}")).with_cause(Described(error))
            }
            Self::File(error) => {
                let this = match error.kind() {
                    auth::ErrorKind::Busy => Error::busy(format!("could not open {path}")),
                    _ => Error::storage(format!("could not open {path}")),
                };
                this.with_cause(error)
            }
            Self::Newer { version } => Error::storage(format!(
                "{path} was written by a newer version (its format is {version}): use that \
                 version, or another state folder"
            )),
            Self::Damaged => Error::storage(format!("there is damage in {path}")),
            Self::DamagedInUse => Error::storage(format!(
                "{path} is damaged, and other processes have it open: it is set aside once they \
                 have exited"
            )),
            Self::Rename(error) => {
                Error::storage(format!("{path} is damaged, and could not be set aside"))
                    .with_cause(error)
            }
            Self::Foreign => Error::storage(format!("{path} is the database of another program")),
            Self::Value(what) => Error::storage(format!("{what} in {path}")),
        }
    }
}

/// An error of SQLite without its source, which repeats it with a number.
#[derive(Debug)]
struct Described(rusqlite::Error);

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Described {}
