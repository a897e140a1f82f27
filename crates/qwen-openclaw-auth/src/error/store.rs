//! What can go wrong with stored credentials.

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
            Self::Conflict { .. } => ErrorKind::Conflict,
        }
    }
}

impl Error {
    /// Makes the error for a credential that is not there.
    ///
    /// For implementors of [`CredentialStore`](crate::CredentialStore) and for whoever looks for a
    /// profile by its id.
    pub fn no_profile(id: &crate::ProfileId) -> Self {
        Self::stored(StoreReason::NoProfile { id: id.to_string() })
    }

    /// Makes the error for a lease that was waited for in vain; `what` names it.
    ///
    /// For implementors of [`CredentialStore`](crate::CredentialStore).
    pub fn locked(what: impl Into<String>, waited: Duration) -> Self {
        let what = what.into();
        Self::stored(StoreReason::Locked { what, waited })
    }

    /// Makes the error for a profile that changed while it was being replaced.
    pub(crate) fn conflict(id: &crate::ProfileId) -> Self {
        Self::stored(StoreReason::Conflict { id: id.to_string() })
    }

    /// Makes the error for a file that cannot be written.
    pub(crate) fn write(path: &Path, cause: io::Error) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Write { path }).caused_by(Arc::new(cause))
    }

    /// Makes the error for a file that is damaged; `what` says how, without showing any of it.
    pub(crate) fn corrupt(path: &Path, what: &'static str) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Corrupt { path, what })
    }

    /// Makes the error for a file that is longer than any of its kind.
    pub(crate) fn too_long(path: &Path) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::TooLong { path })
    }

    pub(crate) fn newer(path: &Path) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Newer { path })
    }

    /// Makes the error for a file or folder that others could read from or write to.
    pub(crate) fn untrusted(path: &Path, why: &'static str) -> Self {
        let path = path.display().to_string();
        Self::stored(StoreReason::Untrusted { path, why })
    }

    /// Makes the error for a text that is no profile id.
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
                "{path} {what}: it is left as it is; repair it, or move it away and log in again"
            ),
            Self::TooLong { path } => write!(
                f,
                "{path} is far too long: it is left as it is; move it away"
            ),
            Self::Newer { path } => write!(
                f,
                "{path} was written by a newer version: use that, or another state folder"
            ),
            Self::Untrusted { path, why } => write!(f, "{path} is not used: {why}"),
            Self::Locked { what, waited } => write!(
                f,
                "{what} is in use by another process for more than {} s: try again",
                waited.as_secs()
            ),
            Self::ProfileId { text } => write!(
                f,
                "`{text}` is no profile: write provider:account, such as qwen:default"
            ),
            Self::NoProfile { id } => write!(f, "there is no profile {id}"),
            Self::Conflict { id } => {
                write!(f, "the profile {id} was changed in the meantime: try again")
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
                Error::corrupt(path, "is no JSON"),
                "/x/credentials.json is no JSON: it is left as it is; repair it, or move it away \
                 and log in again",
            ),
            (
                Error::untrusted(path, "it belongs to another user"),
                "/x/credentials.json is not used: it belongs to another user",
            ),
            (
                Error::locked("the profile qwen:a", Duration::from_secs(60)),
                "the profile qwen:a is in use by another process for more than 60 s: try again",
            ),
            (
                Error::profile_id("qwen\u{1b}"),
                "`qwen\\u{1b}` is no profile: write provider:account, such as qwen:default",
            ),
            (Error::no_profile(&id), "there is no profile qwen:a"),
            (
                Error::conflict(&id),
                "the profile qwen:a was changed in the meantime: try again",
            ),
        ];
        for (error, message) in table {
            assert_eq!(error.to_string(), message);
        }
    }
}
