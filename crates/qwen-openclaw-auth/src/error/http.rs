//! Conversion of this crate's errors into those of `qwen-openclaw-http`.

use qwen_openclaw_http as http;

use super::{Error, ErrorKind};

impl From<ErrorKind> for http::ErrorKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidKey(_)
            | ErrorKind::Missing
            | ErrorKind::Refused
            | ErrorKind::Configured
            | ErrorKind::Excluded
            | ErrorKind::Denied
            | ErrorKind::LoginExpired
            | ErrorKind::LoginRefused => Self::Authentication,
            ErrorKind::NotUnicode
            | ErrorKind::Dotenv
            | ErrorKind::TooLarge
            | ErrorKind::NoHome
            | ErrorKind::Shell => Self::Setup,
            ErrorKind::Read
            | ErrorKind::Folder
            | ErrorKind::Write
            | ErrorKind::Corrupt
            | ErrorKind::Newer
            | ErrorKind::Untrusted => Self::Storage,
            ErrorKind::Busy | ErrorKind::Conflict => Self::Busy,
            ErrorKind::Unavailable | ErrorKind::Blocked => Self::Network,
            ErrorKind::ProfileId | ErrorKind::InvalidRequest => Self::InvalidRequest,
            ErrorKind::NoProfile => Self::NotFound,
            ErrorKind::Protocol => Self::Protocol,
        }
    }
}

/// The request that needed the credential was never sent.
impl From<Error> for http::Error {
    fn from(error: Error) -> Self {
        let this = Self::unsent(error.kind().into()).with_message(error.to_string());
        match error.inner.cause {
            Some(cause) => this.with_source(cause),
            None => this,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, io, path::Path};

    use qwen_openclaw_catalog::Provider;

    use super::*;

    #[test]
    fn message_cause_and_transience_are_kept() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        for (error, kind) in [
            (Error::refused("revoked"), http::ErrorKind::Authentication),
            (
                Error::configured(&Provider::QWEN, "no variable"),
                http::ErrorKind::Authentication,
            ),
            (Error::unavailable("offline"), http::ErrorKind::Network),
            (
                Error::folder(Path::new("/x"), denied),
                http::ErrorKind::Storage,
            ),
            (Error::no_home("HOME"), http::ErrorKind::Setup),
        ] {
            let (message, transient) = (error.to_string(), error.is_transient());
            let cause = error.source().map(ToString::to_string);
            let sent = http::Error::from(error);
            assert_eq!(sent.kind(), kind);
            assert_eq!(sent.to_string(), message);
            assert_eq!(sent.source().map(ToString::to_string), cause);
            assert_eq!(sent.is_transient(), transient, "{message}");
            assert!(!sent.was_sent());
        }
    }
}
