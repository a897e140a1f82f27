//! The crate's error: what is wrong with the file, never what is secret in it.

use std::{error, fmt, io, path::Path};

use qwen_openclaw_auth as auth;

use crate::syntax::Position;

mod message;

type Cause = Box<dyn error::Error + Send + Sync>;

/// An error reading, understanding, or changing a configuration.
///
/// Neither the message nor `Debug` output contains a key or the value of a variable. An excerpt of a
/// broken file has the contents of its strings masked.
#[derive(Debug)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    reason: Reason,
    file: Option<String>,
    cause: Option<Cause>,
}

#[derive(Debug)]
enum Reason {
    Auth(auth::ErrorKind),
    Io {
        writing: bool,
    },
    TooLarge {
        limit: u64,
    },
    NotUnicode,
    ReadOnly,
    DanglingLink,
    Syntax {
        problem: String,
        position: Position,
    },
    Path {
        text: String,
    },
    Shape {
        path: String,
        expected: &'static str,
    },
    ReadBack,
    Changed,
    Included {
        path: String,
    },
    Include {
        what: String,
    },
    Unset {
        variable: String,
        path: String,
    },
    Reference {
        source: String,
        path: String,
    },
    BaseUrl {
        path: String,
        shown: String,
    },
    Ambiguous {
        alias: String,
        refs: Vec<String>,
    },
    Loop {
        chain: Vec<String>,
    },
    BadAlias,
    AliasTaken {
        alias: String,
        target: String,
    },
    NoAlias {
        alias: String,
    },
    NoFallback {
        model: String,
    },
    NoModel {
        text: String,
        refs: Vec<String>,
    },
    NoChoice {
        id: String,
        refs: Vec<String>,
    },
    NoPlugin {
        id: String,
    },
}

/// The kind of an [`Error`], to match on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The home folder is unknown, so the file cannot be located. Retrying does not help.
    NoHome,
    /// A file cannot be read; the cause is the operating system's error.
    Read,
    /// A file cannot be written; the cause is the operating system's error.
    Write,
    /// The file, its folder, or its lock belongs to another user or is writable by one. Retrying does
    /// not help.
    Untrusted,
    /// The file is read-only, or a symbolic link that leads nowhere. Nothing was changed.
    ReadOnly,
    /// A file exceeds the size limit. Retrying does not help.
    TooLarge,
    /// A file is not UTF-8. Retrying does not help.
    NotUnicode,
    /// A file is not JSON5; [`Error::position`] says where.
    Syntax,
    /// A key path is malformed. Retrying does not help.
    InvalidPath,
    /// A value has another type than the edit or the caller needs. Nothing was changed.
    WrongType,
    /// An edited text does not read as intended. Nothing was changed.
    ReadBack,
    /// Another process held the lock for too long. Retrying may help.
    Busy,
    /// The file kept changing while it was edited. Nothing was lost. Retrying may help.
    Conflict,
    /// A key comes from an included file, which is the one to edit.
    Included,
    /// An `$include` is invalid: outside the folder, in a circle, too deep, missing, or broken.
    Include,
    /// A variable that a value needs is not set.
    Unset,
    /// A key is stored where this crate cannot read it: a file, a command, or a secret store.
    UnreadableSecret,
    /// A key is malformed; the cause says how.
    InvalidKey,
    /// A base URL contains a secret, which would be logged and sent in the clear.
    SecretInUrl,
    /// An alias has several meanings, or leads back to itself.
    AmbiguousAlias,
    /// An alias contains a character other than a letter, digit, dot, underscore, colon, or dash.
    InvalidAlias,
    /// An alias already stands for another model.
    AliasTaken,
    /// There is no such alias, fallback, or plugin.
    NotFound,
    /// A model reference is empty or malformed, or an id that no provider has, or several.
    InvalidModel,
    /// There is no such auth choice; [`Error::candidates`] returns the nearest.
    UnknownChoice,
}

impl Error {
    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.inner.reason {
            Reason::Auth(kind) => match kind {
                auth::ErrorKind::NoHome => ErrorKind::NoHome,
                auth::ErrorKind::Untrusted => ErrorKind::Untrusted,
                auth::ErrorKind::Busy => ErrorKind::Busy,
                auth::ErrorKind::Write | auth::ErrorKind::Folder => ErrorKind::Write,
                auth::ErrorKind::InvalidKey(_) => ErrorKind::InvalidKey,
                _ => ErrorKind::Read,
            },
            Reason::Io { writing: true } => ErrorKind::Write,
            Reason::Io { writing: false } => ErrorKind::Read,
            Reason::TooLarge { .. } => ErrorKind::TooLarge,
            Reason::NotUnicode => ErrorKind::NotUnicode,
            Reason::ReadOnly | Reason::DanglingLink => ErrorKind::ReadOnly,
            Reason::Syntax { .. } => ErrorKind::Syntax,
            Reason::Path { .. } => ErrorKind::InvalidPath,
            Reason::Shape { .. } => ErrorKind::WrongType,
            Reason::ReadBack => ErrorKind::ReadBack,
            Reason::Changed => ErrorKind::Conflict,
            Reason::Included { .. } => ErrorKind::Included,
            Reason::Include { .. } => ErrorKind::Include,
            Reason::Unset { .. } => ErrorKind::Unset,
            Reason::Reference { .. } => ErrorKind::UnreadableSecret,
            Reason::BaseUrl { .. } => ErrorKind::SecretInUrl,
            Reason::Ambiguous { .. } | Reason::Loop { .. } => ErrorKind::AmbiguousAlias,
            Reason::BadAlias => ErrorKind::InvalidAlias,
            Reason::AliasTaken { .. } => ErrorKind::AliasTaken,
            Reason::NoAlias { .. } | Reason::NoFallback { .. } | Reason::NoPlugin { .. } => {
                ErrorKind::NotFound
            }
            Reason::NoModel { .. } => ErrorKind::InvalidModel,
            Reason::NoChoice { .. } => ErrorKind::UnknownChoice,
        }
    }

    /// Returns true if retrying the same call may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Busy | ErrorKind::Conflict)
    }

    /// Returns the display path of the file that the error is about, if known.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.inner.file.as_deref()
    }

    /// Returns where the file is not JSON5.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        match &self.inner.reason {
            Reason::Syntax { position, .. } => Some(position),
            _ => None,
        }
    }

    /// Returns the variable that is not set.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.inner.reason {
            Reason::Unset { variable, .. } => Some(variable),
            _ => None,
        }
    }

    /// Returns the path of the key that the error is about, such as `models.providers.qwen.apiKey`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match &self.inner.reason {
            Reason::Shape { path, .. }
            | Reason::Included { path }
            | Reason::Unset { path, .. }
            | Reason::Reference { path, .. }
            | Reason::BaseUrl { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Returns what may have been meant: the models of an ambiguous name, or the nearest auth choices.
    #[must_use]
    pub fn candidates(&self) -> &[String] {
        match &self.inner.reason {
            Reason::Ambiguous { refs, .. }
            | Reason::NoModel { refs, .. }
            | Reason::NoChoice { refs, .. } => refs,
            _ => &[],
        }
    }

    pub(crate) fn alias_loop_chain(&self) -> Option<&[String]> {
        match &self.inner.reason {
            Reason::Loop { chain } => Some(chain),
            _ => None,
        }
    }

    /// Creates the error for a caller's own check inside an edit, such as a plugin that does not
    /// exist. The kind is [`ErrorKind::NotFound`].
    #[must_use]
    pub fn no_plugin(id: &str) -> Self {
        let id = shown_name(id);
        Self::new(Reason::NoPlugin { id })
    }

    /// Returns the error of the auth crate that is behind this one.
    pub(crate) fn auth_cause(&self) -> Option<&auth::Error> {
        self.inner.cause.as_deref()?.downcast_ref()
    }

    /// Names the file, unless one is named already.
    pub(crate) fn in_file(mut self, shown: &str) -> Self {
        self.inner.file.get_or_insert_with(|| shown.to_owned());
        self
    }

    pub(crate) fn auth(error: auth::Error) -> Self {
        let reason = Reason::Auth(error.kind());
        Self::new(reason).caused_by(error)
    }

    pub(crate) fn read(cause: io::Error) -> Self {
        Self::new(Reason::Io { writing: false }).caused_by(cause)
    }

    pub(crate) fn write(path: &Path, cause: io::Error) -> Self {
        Self::new(Reason::Io { writing: true })
            .caused_by(cause)
            .in_file(&path.display().to_string())
    }

    pub(crate) fn too_large(limit: u64) -> Self {
        Self::new(Reason::TooLarge { limit })
    }

    pub(crate) fn not_unicode() -> Self {
        Self::new(Reason::NotUnicode)
    }

    pub(crate) fn read_only() -> Self {
        Self::new(Reason::ReadOnly)
    }

    pub(crate) fn dangling_link() -> Self {
        Self::new(Reason::DanglingLink)
    }

    pub(crate) fn syntax(problem: String, position: Position) -> Self {
        Self::new(Reason::Syntax { problem, position })
    }

    pub(crate) fn invalid_path(text: &str) -> Self {
        let text = shown_name(text);
        Self::new(Reason::Path { text })
    }

    pub(crate) fn shape(path: &impl fmt::Display, expected: &'static str) -> Self {
        let path = path.to_string();
        Self::new(Reason::Shape { path, expected })
    }

    pub(crate) fn read_back() -> Self {
        Self::new(Reason::ReadBack)
    }

    pub(crate) fn changed() -> Self {
        Self::new(Reason::Changed)
    }

    pub(crate) fn included(path: &impl fmt::Display) -> Self {
        let path = path.to_string();
        Self::new(Reason::Included { path })
    }

    pub(crate) fn include(what: impl Into<String>) -> Self {
        Self::new(Reason::Include { what: what.into() })
    }

    pub(crate) fn unset(variable: &str, path: &str) -> Self {
        Self::new(Reason::Unset {
            variable: variable.to_owned(),
            path: path.to_owned(),
        })
    }

    pub(crate) fn reference(source: &str, path: &str) -> Self {
        Self::new(Reason::Reference {
            source: shown_name(source),
            path: path.to_owned(),
        })
    }

    pub(crate) fn secret_in_url(path: &str, shown: String) -> Self {
        let path = path.to_owned();
        Self::new(Reason::BaseUrl { path, shown })
    }

    pub(crate) fn ambiguous(alias: &str, refs: Vec<String>) -> Self {
        let alias = shown_name(alias);
        Self::new(Reason::Ambiguous { alias, refs })
    }

    pub(crate) fn alias_loop(chain: Vec<String>) -> Self {
        Self::new(Reason::Loop { chain })
    }

    pub(crate) fn bad_alias() -> Self {
        Self::new(Reason::BadAlias)
    }

    pub(crate) fn alias_taken(alias: &str, target: &str) -> Self {
        Self::new(Reason::AliasTaken {
            alias: shown_name(alias),
            target: shown_name(target),
        })
    }

    pub(crate) fn no_alias(alias: &str) -> Self {
        let alias = shown_name(alias);
        Self::new(Reason::NoAlias { alias })
    }

    pub(crate) fn no_fallback(model: &str) -> Self {
        let model = shown_name(model);
        Self::new(Reason::NoFallback { model })
    }

    pub(crate) fn invalid_model(text: &str, refs: Vec<String>) -> Self {
        let text = shown_name(text);
        Self::new(Reason::NoModel { text, refs })
    }

    pub(crate) fn unknown_choice(id: &str, nearest: &[&str]) -> Self {
        let id = shown_name(id);
        let refs = nearest.iter().map(|id| (*id).to_owned()).collect();
        Self::new(Reason::NoChoice { id, refs })
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.inner.cause = Some(cause.into());
        self
    }

    fn new(reason: Reason) -> Self {
        Self {
            inner: Box::new(Inner {
                reason,
                file: None,
                cause: None,
            }),
        }
    }
}

/// A name from a file or a command line for a message: without control characters, and cut.
fn shown_name(text: &str) -> String {
    text.escape_debug().take(100).collect()
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let cause = self.inner.cause.as_deref()?;
        match self.inner.reason {
            // The message is that of the cause, so what follows is the cause's own.
            Reason::Auth(kind) if !matches!(kind, auth::ErrorKind::InvalidKey(_)) => cause.source(),
            _ => Some(cause),
        }
    }
}

#[cfg(test)]
mod tests;
