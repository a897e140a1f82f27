//! Errors of stored credentials.

use std::{fmt, io, path::Path, sync::Arc, time::Duration};

use super::{Error, ErrorKind, Reason};

#[derive(Clone, Debug)]
pub(super) enum StoreReason {
    Write { path: String },
    Corrupt { path: String, what: &'static str },
    TooLong { path: String },
    Newer { path: String },
    Untrusted { path: String, why: &'static str },
    Locked { what: String, waited: Duration },
    ProfileId { text: String },
    NoProfile { id: String },
    Excluded { id: String },
    Conflict { id: String },
}

impl StoreReason {
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Write { .. } => ErrorKind::Write,
            Self::Corrupt { .. } | Self::TooLong { .. } => ErrorKind::Corrupt,
            Self::Newer { .. } => ErrorKind::Newer,
            Self::Untrusted { .. } => ErrorKind::Untrusted,
            Self::Locked { .. } => ErrorKind::Busy,
            Self::ProfileId { .. } => ErrorKind::ProfileId,
            Self::NoProfile { .. } => ErrorKind::NoProfile,
            Self::Excluded { .. } => ErrorKind::Excluded,
            Self::Conflict { .. } => ErrorKind::Conflict,
        }
    }
}

impl Error {
    /// Creates the error for a profile that does not exist.
    ///
    /// For implementors of [`CredentialStore`](crate::CredentialStore) and callers that look up a
    /// profile by its id.
    pub fn no_profile(id: &crate::ProfileId) -> Self {
        Self::stored(StoreReason::NoProfile { id: id.to_string() })
    }

    /// Creates the error for a profile that the configured order leaves out.
    pub(crate) fn excluded(id: &crate::ProfileId) -> Self {
        Self::stored(StoreReason::Excluded { id: id.to_string() })
    }

    /// Creates the error for a lease that could not be acquired in time; `what` names it.
    ///
    /// For implementors of [`CredentialStore`](crate::CredentialStore).
    pub fn locked(what: impl Into<String>, waited: Duration) -> Self {
        let what = what.into();
        Self::stored(StoreReason::Locked { what, waited })
    }

    /// Creates the error for a profile that changed while it was being replaced.
    pub(crate) fn conflict(id: &crate::ProfileId) -> Self {
        Self::stored(StoreReason::Conflict { id: id.to_string() })
    }

    /// Creates the error for a file that cannot be written.
    pub(crate) fn write(path: &Path, cause: io::Error) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Write { path }).caused_by(Arc::new(cause))
    }

    /// Creates the error for a corrupt file; `what` says how, without showing its contents.
    pub(crate) fn corrupt(path: &Path, what: &'static str) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Corrupt { path, what })
    }

    /// Creates the error for a file that exceeds the size limit.
    pub(crate) fn too_long(path: &Path) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::TooLong { path })
    }

    pub(crate) fn newer(path: &Path) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Newer { path })
    }

    /// Creates the error for a file or folder that other users could read or write.
    pub(crate) fn untrusted(path: &Path, why: &'static str) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Untrusted { path, why })
    }

    /// Creates the error for a string that is not a profile id.
    pub(crate) fn profile_id(text: &str) -> Self {
        let text = text.escape_debug().take(60).collect();
        Self::stored(StoreReason::ProfileId { text })
    }

    fn stored(reason: StoreReason) -> Self {
        Self::new(Reason::Store(reason))
    }
}

impl fmt::Display for StoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { path } => write!(f, "could not write {path}"),
            Self::Corrupt { path, what } => write!(
                f,
                "{path} {what}: repair it, or move it away and log in again"
            ),
            Self::TooLong { path } => write!(f, "{path} is too large: move it away"),
            Self::Newer { path } => write!(
                f,
                "{path} was written by a newer version: use that version, or another state folder"
            ),
            Self::Untrusted { path, why } => write!(f, "refusing to use {path}: {why}"),
            Self::Locked { what, waited } => write!(
                f,
                "{what} has been locked by another process for more than {} s: try again",
                waited.as_secs()
            ),
            Self::ProfileId { text } => write!(
                f,
                "`{text}` is not a profile id: use provider:account, such as qwen:default"
            ),
            Self::NoProfile { id } => write!(f, "no such profile: {id}"),
            Self::Excluded { id } => write!(
                f,
                "there is no key: the configured order of profiles (auth.order) leaves out {id}"
            ),
            Self::Conflict { id } => {
                write!(
                    f,
                    "the profile {id} was changed by another process: try again"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_is_wrong_and_what_to_do() {
        let path = Path::new("/x/credentials.json");
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let id: crate::ProfileId = "qwen:a".parse().expect("it is an id");
        let table = [
            (
                Error::write(path, denied()),
                "could not write /x/credentials.json",
            ),
            (
                Error::corrupt(path, "is not JSON"),
                "/x/credentials.json is not JSON: repair it, or move it away and log in again",
            ),
            (
                Error::untrusted(path, "it belongs to another user"),
                "refusing to use /x/credentials.json: it belongs to another user",
            ),
            (
                Error::locked("the profile qwen:a", Duration::from_secs(60)),
                "the profile qwen:a has been locked by another process for more than 60 s: try \
                 again",
            ),
            (
                Error::profile_id("qwen\u{1b}"),
                "`qwen\\u{1b}` is not a profile id: use provider:account, such as qwen:default",
            ),
            (Error::no_profile(&id), "no such profile: qwen:a"),
            (
                Error::conflict(&id),
                "the profile qwen:a was changed by another process: try again",
            ),
        ];
        for (error, message) in table {
            assert_eq!(error.to_string(), message);
        }
    }
}
