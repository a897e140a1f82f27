//! What errors say.

use std::fmt;

use qwen_openclaw_auth as auth;

use super::{Error, Reason};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file().unwrap_or("the configuration");
        match &self.inner.reason {
            Reason::Auth(auth::ErrorKind::InvalidKey(_)) => {
                write!(f, "{file} has a malformed API key")
            }
            Reason::Auth(_) => match &self.inner.cause {
                Some(cause) => cause.fmt(f),
                None => write!(f, "could not use {file}"),
            },
            Reason::Io { writing: true } => write!(f, "could not write {file}"),
            Reason::Io { writing: false } => write!(f, "could not read {file}"),
            Reason::TooLarge { limit } => write!(
                f,
                "{file} is larger than {} MiB: is it a configuration file?",
                limit / (1 << 20)
            ),
            Reason::NotUnicode => write!(f, "{file} is not UTF-8"),
            Reason::ReadOnly => write!(
                f,
                "{file} is read-only: allow writing with `chmod u+w` to change it"
            ),
            Reason::DanglingLink => {
                write!(f, "{file} is a symbolic link to a file that does not exist")
            }
            Reason::Syntax { problem, position } => {
                write!(
                    f,
                    "{file} is not valid JSON5: {problem} at line {}, column {}",
                    position.line(),
                    position.column()
                )
            }
            Reason::Path { text } => write!(
                f,
                "`{text}` is not a key path: write it as agents.defaults.model or \
                 agents.defaults.models[\"qwen/x\"]"
            ),
            Reason::Shape { path, expected } => {
                write!(f, "`{path}` in {file} is not {expected}")
            }
            Reason::ReadBack => write!(
                f,
                "the changed text of {file} would not read as intended: nothing was changed"
            ),
            Reason::Changed => write!(
                f,
                "{file} keeps being changed by another process: try again"
            ),
            Reason::Included { path } => write!(
                f,
                "`{path}` is under an $include in {file}: edit the included file"
            ),
            Reason::Include { what } => write!(f, "invalid $include in {file}: {what}"),
            Reason::Unset { variable, path } => write!(
                f,
                "the variable {variable} is not set, and `{path}` in {file} needs it"
            ),
            Reason::Reference { source, path } => write!(
                f,
                "`{path}` in {file} takes its secret from the source \"{source}\", which only \
                 OpenClaw can read: store the key here too, or set a variable"
            ),
            Reason::BaseUrl { path, shown } => write!(
                f,
                "`{path}` in {file} contains a secret ({shown}): move it to `apiKey` or to a variable"
            ),
            Reason::Ambiguous { alias, refs } => {
                write!(f, "the alias {alias} may mean {}", refs.join(" or "))
            }
            Reason::Loop { chain } => {
                write!(f, "the alias leads back to itself: {}", chain.join(" -> "))
            }
            Reason::BadAlias => f.write_str(
                "an alias consists of letters, digits, dots, underscores, colons, and dashes",
            ),
            Reason::AliasTaken { alias, target } => {
                write!(f, "the alias {alias} already points to {target}")
            }
            Reason::NoAlias { alias } => write!(f, "no such alias: {alias}"),
            Reason::NoFallback { model } => write!(f, "no such fallback: {model}"),
            Reason::NoModel { text, refs } if refs.is_empty() => {
                write!(f, "invalid model reference: {text}")
            }
            Reason::NoModel { text, refs } => {
                write!(f, "the model {text} may be {}", refs.join(" or "))
            }
            Reason::NoChoice { id, refs } if refs.is_empty() => {
                write!(f, "unknown auth choice {id}")
            }
            Reason::NoChoice { id, refs } => {
                write!(
                    f,
                    "unknown auth choice {id}; did you mean {}?",
                    refs.join(" or ")
                )
            }
            Reason::NoPlugin { id } => write!(f, "no such plugin: {id}"),
        }
    }
}
