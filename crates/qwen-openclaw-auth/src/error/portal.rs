//! What can go wrong with a login at the portal.

use std::{fmt, sync::Arc};

use super::{Error, ErrorKind, Reason};

/// Qwen's announcement about the free tier, for users whose tokens are rejected.
const CLOSED: &str = "the Qwen OAuth free tier was discontinued by Qwen on 2026-04-15: use a \
                      Model Studio or Coding Plan API key, or another provider";

#[derive(Clone, Debug)]
pub(super) enum PortalReason {
    /// The user denied the login.
    Denied,
    LoginExpired,
    LoginRefused {
        code: String,
    },
    Unreachable {
        doing: &'static str,
    },
    Failing {
        doing: &'static str,
        status: u16,
    },
    Blocked {
        doing: &'static str,
        status: u16,
        media_type: String,
        request_id: Option<String>,
    },
    Redirected {
        doing: &'static str,
        to: String,
    },
    Protocol {
        doing: &'static str,
        what: &'static str,
    },
    Address {
        shown: String,
        why: &'static str,
    },
    /// The refresh token is no longer accepted.
    Spent {
        login: String,
        interrupted: bool,
    },
    NotRefreshable {
        login: String,
        why: &'static str,
    },
    /// A token that was just renewed is rejected.
    Closed,
}

impl PortalReason {
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied => ErrorKind::Denied,
            Self::LoginExpired => ErrorKind::LoginExpired,
            Self::LoginRefused { .. } => ErrorKind::LoginRefused,
            Self::Unreachable { .. } | Self::Failing { .. } => ErrorKind::Unavailable,
            Self::Blocked { .. } => ErrorKind::Blocked,
            Self::Redirected { .. } | Self::Protocol { .. } => ErrorKind::Protocol,
            Self::Address { .. } => ErrorKind::InvalidRequest,
            Self::Spent { .. } | Self::NotRefreshable { .. } | Self::Closed => ErrorKind::Refused,
        }
    }
}

impl Error {
    pub(crate) fn denied() -> Self {
        Self::portal(PortalReason::Denied)
    }

    pub(crate) fn login_expired() -> Self {
        Self::portal(PortalReason::LoginExpired)
    }

    /// Creates the error for a rejected login; `code` is the server's, if it is safe to print.
    pub(crate) fn login_refused(code: &str) -> Self {
        Self::portal(PortalReason::LoginRefused {
            code: printable(code),
        })
    }

    pub(crate) fn unreachable(doing: &'static str, cause: qwen_openclaw_http::Error) -> Self {
        Self::portal(PortalReason::Unreachable { doing }).caused_by(Arc::new(cause))
    }

    pub(crate) fn failing(doing: &'static str, status: u16) -> Self {
        Self::portal(PortalReason::Failing { doing, status })
    }

    pub(crate) fn blocked(
        doing: &'static str,
        status: u16,
        media_type: Option<&str>,
        request_id: Option<&str>,
    ) -> Self {
        Self::portal(PortalReason::Blocked {
            doing,
            status,
            media_type: media_type.map_or_else(|| "no content type".to_owned(), printable),
            request_id: request_id.map(printable),
        })
    }

    pub(crate) fn redirected(doing: &'static str, to: Option<String>) -> Self {
        let to = to.map_or_else(|| "another place".to_owned(), |host| printable(&host));
        Self::portal(PortalReason::Redirected { doing, to })
    }

    pub(crate) fn protocol(doing: &'static str, what: &'static str) -> Self {
        Self::portal(PortalReason::Protocol { doing, what })
    }

    /// Creates the error for a URL that must not receive a token; `shown` must be safe to print.
    pub(crate) fn address(shown: impl Into<String>, why: &'static str) -> Self {
        let shown = shown.into();
        Self::portal(PortalReason::Address { shown, why })
    }

    pub(crate) fn spent(login: &str, interrupted: bool) -> Self {
        let login = login.to_owned();
        Self::portal(PortalReason::Spent { login, interrupted })
    }

    pub(crate) fn not_refreshable(login: &str, why: &'static str) -> Self {
        let login = login.to_owned();
        Self::portal(PortalReason::NotRefreshable { login, why })
    }

    pub(crate) fn closed() -> Self {
        Self::portal(PortalReason::Closed)
    }

    fn portal(reason: PortalReason) -> Self {
        Self::new(Reason::Portal(reason))
    }
}

/// Sanitizes a server's word for display: short, and without terminal escapes. A longer one could
/// be a token that the server echoes.
fn printable(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return "[unreadable]".to_owned();
    }
    text.to_owned()
}

impl fmt::Display for PortalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("the login was denied: start the login again"),
            Self::LoginExpired => {
                f.write_str("the login code has expired or was already used: start the login again")
            }
            Self::LoginRefused { code } => {
                write!(
                    f,
                    "the login server rejected the request ({code}): start the login again"
                )
            }
            Self::Unreachable { doing } => {
                write!(f, "{doing} failed: the login server did not answer")
            }
            Self::Failing { doing, status } => write!(
                f,
                "{doing} failed: the login server responded with status {status}"
            ),
            Self::Blocked {
                doing,
                status,
                media_type,
                request_id,
            } => {
                write!(
                    f,
                    "{doing} failed: got an HTML page instead of the login server's response \
                     (status {status}, {media_type}"
                )?;
                if let Some(id) = request_id {
                    write!(f, ", request {id}")?;
                }
                f.write_str(
                    "); a firewall or gateway may be in the way, or the service may be closed: \
                     open the site in a browser, or try another network",
                )
            }
            Self::Redirected { doing, to } => write!(
                f,
                "{doing} failed: the login server redirects to {to}, and tokens are never sent to \
                 a redirect target"
            ),
            Self::Protocol { doing, what } => {
                write!(f, "{doing} failed: the login server's response {what}")
            }
            Self::Address { shown, why } => write!(f, "refusing to use {shown}: {why}"),
            Self::Spent {
                login,
                interrupted: true,
            } => write!(
                f,
                "the saved login {login} was used up by an interrupted refresh: log in again"
            ),
            Self::Spent { login, .. } => write!(
                f,
                "the login {login} is no longer accepted: log in again; {CLOSED}"
            ),
            Self::NotRefreshable { login, why } => {
                write!(f, "the login {login} cannot be renewed: {why}")
            }
            Self::Closed => write!(f, "a token that was just renewed was rejected: {CLOSED}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_server_are_shown_only_when_they_cannot_be_a_token() {
        let table = [
            ("invalid_grant", "invalid_grant"),
            ("text/html; charset=utf-8", "[unreadable]"),
            ("a\u{1b}[2J", "[unreadable]"),
            ("", "[unreadable]"),
        ];
        for (word, shown) in table {
            assert_eq!(printable(word), shown);
        }
        assert_eq!(printable(&"x".repeat(65)), "[unreadable]");
    }

    #[test]
    fn messages_say_what_is_wrong_and_what_to_do() {
        let table = [
            (
                Error::blocked("renewing the login", 504, Some("text/html"), Some("r-1")),
                "renewing the login failed: got an HTML page instead of the login server's \
                 response (status 504, text/html, request r-1); a firewall or gateway may be in the way, or the service may be closed: open the site in a browser, or try another network",
            ),
            (
                Error::redirected("renewing the login", Some("a.example".to_owned())),
                "renewing the login failed: the login server redirects to a.example, and tokens \
                 are never sent to a redirect target",
            ),
            (
                Error::spent("qwen-oauth:default", true),
                "the saved login qwen-oauth:default was used up by an interrupted refresh: log in \
                 again",
            ),
            (
                Error::spent("qwen-oauth:default", false),
                "the login qwen-oauth:default is no longer accepted: log in again; the Qwen OAuth \
                 free tier was discontinued by Qwen on 2026-04-15: use a Model Studio or Coding \
                 Plan API key, or another provider",
            ),
            (
                Error::denied(),
                "the login was denied: start the login again",
            ),
        ];
        for (error, message) in table {
            assert_eq!(error.to_string(), message);
            assert_eq!(error.is_transient(), error.kind() == ErrorKind::Blocked);
        }
    }
}
