//! Why a verb stopped, and the exit code that says so.

use std::{fmt, io};

/// The one error type of the automation.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line makes no sense.
    Usage(String),
    /// The work was done and its result is a no.
    Failed(String),
    /// A program could not be started, or a file not read.
    Io { what: String, source: io::Error },
    /// A program said what was wrong itself; its exit code is passed on.
    Exit { program: String, code: u8 },
}

impl Error {
    /// A failure of the operating system while doing `what`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) | Self::Io { .. } => 1,
            Self::Exit { code, .. } => *code,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(problem) => write!(f, "{problem}; see `cargo xtask help`"),
            Self::Failed(message) => f.write_str(message),
            Self::Io { what, source } => write!(f, "could not {what}: {source}"),
            Self::Exit { program, code } => write!(f, "{program} ended with exit code {code}"),
        }
    }
}

impl std::error::Error for Error {}
