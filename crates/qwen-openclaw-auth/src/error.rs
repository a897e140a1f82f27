//! The crate's error: what is wrong with a key or its source, never the key itself.

use std::{error, fmt, io, sync::Arc};

use qwen_openclaw_catalog::Provider;

use crate::{
    dotenv::{SyntaxError, SyntaxProblem},
    source::Source,
};

#[cfg(feature = "http")]
mod http;
#[cfg(feature = "portal")]
mod portal;
#[cfg(feature = "store")]
mod store;

#[cfg(feature = "portal")]
use portal::PortalReason;
#[cfg(feature = "store")]
use store::StoreReason;

type Cause = Arc<dyn error::Error + Send + Sync>;

/// An error finding, reading, or using a credential.
///
/// Neither the message nor `Debug` output ever contains a key or the value of a variable.
#[derive(Clone, Debug)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    reason: Reason,
    found_in: Option<Source>,
    cause: Option<Cause>,
}

#[derive(Clone, Debug)]
enum Reason {
    InvalidKey {
        problem: KeyProblem,
        position: usize,
    },
    Missing {
        provider: Box<str>,
        variables: &'static [&'static str],
        blank: Vec<&'static str>,
    },
    NotUnicode,
    Syntax {
        path: String,
        line: usize,
        problem: SyntaxProblem,
    },
    TooLarge {
        path: String,
        limit: usize,
    },
    Read {
        path: String,
    },
    NoHome {
        variable: &'static str,
    },
    #[cfg(feature = "shell")]
    Shell {
        shell: String,
    },
    #[cfg(any(test, feature = "store"))]
    Folder {
        path: String,
    },
    Unavailable,
    Refused,
    Configured {
        provider: Box<str>,
    },
    #[cfg(feature = "store")]
    Store(StoreReason),
    #[cfg(feature = "portal")]
    Portal(PortalReason),
}

/// The kind of an [`Error`], to match on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not a valid key. Sending it would fail, so nothing is sent. Retrying does not
    /// help.
    InvalidKey(KeyProblem),
    /// No source has a key for the provider. Retrying does not help.
    Missing,
    /// The requested variable is not UTF-8. Retrying does not help.
    NotUnicode,
    /// A line of a dotenv file is malformed. Retrying does not help.
    Dotenv,
    /// A dotenv file exceeds the size limit. Retrying does not help.
    TooLarge,
    /// A file cannot be read; the cause is the operating system's error.
    Read,
    /// No variable names the home folder. Retrying does not help.
    NoHome,
    /// The login shell could not be asked for its variables; the cause says why. Retrying may help.
    Shell,
    /// The state folder cannot be created; the cause is the operating system's error.
    Folder,
    /// A [`CredentialProvider`](crate::CredentialProvider) cannot provide its credential right now.
    /// Retrying may help.
    Unavailable,
    /// A [`CredentialProvider`](crate::CredentialProvider) has no valid credential: the user must
    /// log in again. Retrying does not help.
    Refused,
    /// A configuration file names a key that cannot be used; the cause says why. Retrying does not
    /// help.
    Configured,
    /// A file cannot be written; the cause is the operating system's error.
    Write,
    /// A credential file is corrupt or has an unexpected format. It is left untouched. Retrying
    /// does not help.
    Corrupt,
    /// A credential file was written by a newer version. It is left untouched. Retrying does not
    /// help.
    Newer,
    /// A credential file or its folder is owned or writable by another user. Retrying does not
    /// help.
    Untrusted,
    /// Another process held the lock on a credential for longer than the wait limit. Retrying may
    /// help.
    Busy,
    /// A string is not a profile id of the form `provider:account`. Retrying does not help.
    ProfileId,
    /// No profile has that id. Retrying does not help.
    NoProfile,
    /// There is no key but in profiles that the configured order leaves out. Retrying does not help.
    Excluded,
    /// A profile was changed concurrently. Retrying may help.
    Conflict,
    /// The user denied the login. Retrying requires a new login.
    Denied,
    /// The login code expired before it was approved. Retrying requires a new login.
    LoginExpired,
    /// The login server rejected the request for another reason. Retrying does not help.
    LoginRefused,
    /// An HTML page came back in place of the login server's response: a firewall, a captcha, or a
    /// gateway. Retrying may help.
    Blocked,
    /// The login server's response violates the protocol. Retrying does not help.
    Protocol,
    /// A token must not be sent to a URL. Nothing was sent. Retrying does not help.
    InvalidRequest,
}

/// Why a string is not a valid API key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyProblem {
    /// Empty, or only whitespace.
    Empty,
    /// A line break inside: more than just the key was pasted.
    LineBreak,
    /// A space or a tab inside.
    Blank,
    /// Another control character inside.
    Control,
    /// A non-ASCII character inside, such as a typographic quote.
    NonAscii,
}

impl Error {
    /// Creates the error for a credential that is temporarily unavailable.
    ///
    /// For implementors of [`CredentialProvider`](crate::CredentialProvider): the network is down,
    /// or a lock is held. The kind is [`ErrorKind::Unavailable`]. The cause is printed along with
    /// the error, so it must not contain a secret.
    pub fn unavailable(cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self::new(Reason::Unavailable).caused_by(Arc::from(cause.into()))
    }

    /// Creates the error for a credential that is no longer valid.
    ///
    /// For implementors of [`CredentialProvider`](crate::CredentialProvider): a refresh token was
    /// revoked, or a vault denied access. The kind is [`ErrorKind::Refused`]. The cause is printed
    /// along with the error, so it must not contain a secret.
    pub fn refused(cause: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self::new(Reason::Refused).caused_by(Arc::from(cause.into()))
    }

    /// Creates the error for a key that a configuration file names and that cannot be used, such as one
    /// in a variable that is not set.
    ///
    /// The kind is [`ErrorKind::Configured`]. The cause is printed along with the error, so it must not
    /// contain a secret.
    pub fn configured(
        provider: &Provider,
        cause: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        let provider = provider.label().into();
        Self::new(Reason::Configured { provider }).caused_by(Arc::from(cause.into()))
    }

    /// Sets the source of the offending value.
    #[must_use]
    pub fn at(mut self, source: Source) -> Self {
        self.inner.found_in = Some(source);
        self
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.inner.reason {
            Reason::InvalidKey { problem, .. } => ErrorKind::InvalidKey(problem),
            Reason::Missing { .. } => ErrorKind::Missing,
            Reason::NotUnicode => ErrorKind::NotUnicode,
            Reason::Syntax { .. } => ErrorKind::Dotenv,
            Reason::TooLarge { .. } => ErrorKind::TooLarge,
            Reason::Read { .. } => ErrorKind::Read,
            Reason::NoHome { .. } => ErrorKind::NoHome,
            #[cfg(feature = "shell")]
            Reason::Shell { .. } => ErrorKind::Shell,
            #[cfg(any(test, feature = "store"))]
            Reason::Folder { .. } => ErrorKind::Folder,
            Reason::Unavailable => ErrorKind::Unavailable,
            Reason::Refused => ErrorKind::Refused,
            Reason::Configured { .. } => ErrorKind::Configured,
            #[cfg(feature = "store")]
            Reason::Store(ref reason) => reason.kind(),
            #[cfg(feature = "portal")]
            Reason::Portal(ref reason) => reason.kind(),
        }
    }

    /// Returns true if retrying the same call may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Unavailable | ErrorKind::Busy | ErrorKind::Conflict | ErrorKind::Blocked
        )
    }

    /// Returns the source of the offending value, if there is one.
    #[must_use]
    pub fn found_in(&self) -> Option<&Source> {
        self.inner.found_in.as_ref()
    }

    /// Returns the variables that were checked when no key was found, in order of precedence.
    #[must_use]
    pub fn variables(&self) -> &'static [&'static str] {
        match self.inner.reason {
            Reason::Missing { variables, .. } => variables,
            _ => &[],
        }
    }

    /// Returns the offending line of the dotenv file, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self.inner.reason {
            Reason::Syntax { line, .. } => Some(line),
            _ => None,
        }
    }

    /// Creates the error for an invalid key; `position` counts characters from 1.
    pub(crate) fn invalid_key(problem: KeyProblem, position: usize) -> Self {
        Self::new(Reason::InvalidKey { problem, position })
    }

    /// Creates the error for a provider without a key; `hint` is about a file that could not be
    /// fully read and may have contained it.
    pub(crate) fn missing(
        provider: &str,
        variables: &'static [&'static str],
        blank: Vec<&'static str>,
        hint: Option<&Self>,
    ) -> Self {
        let error = Self::new(Reason::Missing {
            provider: provider.into(),
            variables,
            blank,
        });
        match hint {
            Some(hint) => error.caused_by(Arc::new(hint.clone())),
            None => error,
        }
    }

    /// Creates the error for a variable whose value is not UTF-8.
    pub(crate) fn not_unicode(source: Source) -> Self {
        Self::new(Reason::NotUnicode).at(source)
    }

    /// Creates the error for a line of a dotenv file; `shown` is the file's display path.
    pub(crate) fn syntax(shown: &str, error: SyntaxError) -> Self {
        let SyntaxError { line, problem } = error;
        Self::new(Reason::Syntax {
            path: shown.to_owned(),
            line,
            problem,
        })
    }

    /// Creates the error for a dotenv file of more than `limit` bytes.
    pub(crate) fn too_large(shown: &str, limit: usize) -> Self {
        Self::new(Reason::TooLarge {
            path: shown.to_owned(),
            limit,
        })
    }

    /// Creates the error for a file that cannot be read.
    pub(crate) fn read(shown: &str, cause: io::Error) -> Self {
        Self::new(Reason::Read {
            path: shown.to_owned(),
        })
        .caused_by(Arc::new(cause))
    }

    /// Creates the error for an unknown home folder; `variable` is the one to set instead.
    pub(crate) fn no_home(variable: &'static str) -> Self {
        Self::new(Reason::NoHome { variable })
    }

    /// Creates the error for a login shell that could not be asked.
    #[cfg(feature = "shell")]
    pub(crate) fn shell(shell: &str, cause: io::Error) -> Self {
        let shell = shell.escape_debug().to_string();
        Self::new(Reason::Shell { shell }).caused_by(Arc::new(cause))
    }

    /// Creates the error for a folder that cannot be created.
    #[cfg(any(test, feature = "store"))]
    pub(crate) fn folder(path: &std::path::Path, cause: io::Error) -> Self {
        Self::new(Reason::Folder {
            path: path.display().to_string(),
        })
        .caused_by(Arc::new(cause))
    }

    fn new(reason: Reason) -> Self {
        Self {
            inner: Box::new(Inner {
                reason,
                found_in: None,
                cause: None,
            }),
        }
    }

    pub(crate) fn caused_by(mut self, cause: Cause) -> Self {
        self.inner.cause = Some(cause);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.reason {
            Reason::InvalidKey { problem, position } => {
                f.write_str("the API key")?;
                if let Some(source) = &self.inner.found_in {
                    write!(f, " ({source})")?;
                }
                match problem {
                    KeyProblem::Empty => f.write_str(" is empty: pass a key or omit it"),
                    problem => write!(
                        f,
                        " contains {problem} at character {position}: \
                         copy the key again, alone and on one line"
                    ),
                }
            }
            Reason::Missing {
                provider,
                variables,
                blank,
            } => {
                write!(f, "no API key for {provider}")?;
                if variables.is_empty() {
                    return f.write_str(": pass or store one");
                }
                write!(f, ": checked {}", List(variables, "and"))?;
                if !blank.is_empty() {
                    write!(f, " ({} set but blank)", List(blank, "and"))?;
                }
                write!(f, "; set {} or pass a key", List(variables, "or"))
            }
            Reason::NotUnicode => {
                f.write_str("the value of a variable is not UTF-8")?;
                match &self.inner.found_in {
                    Some(source) => write!(f, " ({source}): set it again"),
                    None => Ok(()),
                }
            }
            Reason::Syntax {
                path,
                line,
                problem,
            } => write!(f, "{path}, line {line}: {problem}"),
            Reason::TooLarge { path, limit } => {
                write!(
                    f,
                    "{path} is larger than {limit} bytes: is it a dotenv file?"
                )
            }
            Reason::Read { path } => write!(f, "could not read {path}"),
            Reason::NoHome { variable } => {
                write!(f, "the home folder is unknown: set HOME or {variable}")
            }
            #[cfg(feature = "shell")]
            Reason::Shell { shell } => {
                write!(f, "the variables of the login shell {shell} are not used")
            }
            #[cfg(any(test, feature = "store"))]
            Reason::Folder { path } => write!(f, "could not create the folder {path}"),
            Reason::Unavailable => f.write_str(
                "the credential is temporarily unavailable: try \
                again",
            ),
            Reason::Refused => f.write_str("there is no valid credential: log in again"),
            Reason::Configured { provider } => {
                write!(f, "the configured key for {provider} cannot be used")
            }
            #[cfg(feature = "store")]
            Reason::Store(reason) => fmt::Display::fmt(reason, f),
            #[cfg(feature = "portal")]
            Reason::Portal(reason) => {
                fmt::Display::fmt(reason, f)?;
                match &self.inner.found_in {
                    Some(source) => write!(f, " ({source})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Lets an already validated value be passed where one that needs validation is accepted.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.inner
            .cause
            .as_ref()
            .map(|cause| &**cause as &(dyn error::Error + 'static))
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing",
            Self::LineBreak => "a line break",
            Self::Blank => "whitespace",
            Self::Control => "a control character",
            Self::NonAscii => "a non-ASCII character",
        })
    }
}

/// A list of names in a sentence: `A`, `A and B`, `A, B and C`.
struct List<'a>(&'a [&'a str], &'a str);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(names, joint) = self;
        match names {
            [] => Ok(()),
            [name] => f.write_str(name),
            [first @ .., last] => write!(f, "{} {joint} {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
