//! The error of a store or a setting.

use std::{error, fmt, sync::Arc};

use qwen_openclaw_http::ErrorKind;

/// A store that could not be read or written, or a setting that cannot be used.
///
/// [`kind`](Self::kind) is [`Busy`](ErrorKind::Busy) for a store if the same call may succeed if retried
/// later, otherwise [`Storage`](ErrorKind::Storage); [`Setup`](ErrorKind::Setup) for a setting.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: Box<str>,
    cause: Option<Arc<dyn error::Error + Send + Sync>>,
}

impl Error {
    /// Creates the error of a store that cannot be read or written.
    #[must_use]
    pub fn storage(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Storage,
            message: message.into().into(),
            cause: None,
        }
    }

    /// Creates the error of a store that others are using for too long.
    #[must_use]
    pub fn busy(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Busy,
            ..Self::storage(message)
        }
    }

    pub(crate) fn setup(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Setup,
            ..Self::storage(message)
        }
    }

    /// Sets the underlying error. Default: none.
    #[must_use]
    pub fn with_cause(mut self, cause: impl error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let cause = self.cause.as_deref()?;
        Some(cause)
    }
}
