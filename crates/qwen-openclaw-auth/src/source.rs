//! The source of a key or setting.

use std::fmt;

/// The source of a key or setting.
///
/// `Display` gives the user-facing form, such as `env: QWEN_API_KEY`. Paths are display paths, with
/// `~` for the home folder.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// Passed explicitly by the caller.
    Explicit,
    /// The stored profile with this name, such as `qwen:default`.
    Profile(String),
    /// A variable in the process environment.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// A variable in a dotenv file.
    Dotenv {
        /// The variable's name.
        name: String,
        /// The file's display path.
        path: String,
    },
    /// A variable set by a configuration file (`env.vars`).
    ConfigVariable {
        /// The variable's name.
        name: String,
        /// The file's display path.
        path: String,
    },
    /// A variable reported by the login shell.
    Shell {
        /// The variable's name.
        name: String,
    },
    /// A key in a configuration file (`apiKey`).
    Config {
        /// The file's display path.
        path: String,
    },
    /// A file in which another program stores its login.
    File {
        /// The file's path.
        path: String,
    },
}

impl Source {
    /// Returns the variable's name, if the value came from a variable.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Environment { name }
            | Self::Dotenv { name, .. }
            | Self::ConfigVariable { name, .. }
            | Self::Shell { name } => Some(name),
            Self::Explicit | Self::Profile(_) | Self::Config { .. } | Self::File { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => f.write_str("explicit"),
            Self::Profile(name) => write!(f, "profile: {name}"),
            Self::Environment { name } => write!(f, "env: {name}"),
            Self::Dotenv { name, path } => write!(f, "dotenv: {name} ({path})"),
            Self::ConfigVariable { name, path } => write!(f, "config env: {name} ({path})"),
            Self::Shell { name } => write!(f, "shell env: {name}"),
            Self::Config { path } => write!(f, "config: {path}"),
            Self::File { path } => write!(f, "file: {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_display_in_user_facing_form() {
        let name = || "QWEN_API_KEY".to_owned();
        let path = || "~/.openclaw/x".to_owned();
        let table = [
            (Source::Explicit, "explicit", None),
            (
                Source::Profile("qwen:default".into()),
                "profile: qwen:default",
                None,
            ),
            (
                Source::Environment { name: name() },
                "env: QWEN_API_KEY",
                Some("QWEN_API_KEY"),
            ),
            (
                Source::Dotenv {
                    name: name(),
                    path: path(),
                },
                "dotenv: QWEN_API_KEY (~/.openclaw/x)",
                Some("QWEN_API_KEY"),
            ),
            (
                Source::ConfigVariable {
                    name: name(),
                    path: path(),
                },
                "config env: QWEN_API_KEY (~/.openclaw/x)",
                Some("QWEN_API_KEY"),
            ),
            (
                Source::Shell { name: name() },
                "shell env: QWEN_API_KEY",
                Some("QWEN_API_KEY"),
            ),
            (
                Source::Config { path: path() },
                "config: ~/.openclaw/x",
                None,
            ),
            (Source::File { path: path() }, "file: ~/.openclaw/x", None),
        ];
        for (source, shown, variable) in table {
            assert_eq!(source.to_string(), shown);
            assert_eq!(source.variable(), variable);
        }
    }
}
