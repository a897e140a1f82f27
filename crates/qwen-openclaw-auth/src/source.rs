//! Where a value was found.

use std::fmt;

/// Where a key or a setting was found.
///
/// `Display` gives the form for people, such as `env: QWEN_API_KEY`. Paths are kept as they are
/// shown: with `~` for the home folder.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// Handed in by the caller.
    Explicit,
    /// The stored profile of this name, such as `qwen:default`.
    Profile(String),
    /// A variable of the process environment.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// A variable of a dotenv file.
    Dotenv {
        /// The variable's name.
        name: String,
        /// The file, as shown.
        path: String,
    },
    /// A variable that a configuration file sets (`env.vars`).
    ConfigVariable {
        /// The variable's name.
        name: String,
        /// The file, as shown.
        path: String,
    },
    /// A variable that the login shell reported.
    Shell {
        /// The variable's name.
        name: String,
    },
    /// A key written in a configuration file (`apiKey`).
    Config {
        /// The file, as shown.
        path: String,
    },
    /// A file in which another program keeps its login.
    File {
        /// The file.
        path: String,
    },
}

impl Source {
    /// Returns the name of the variable, where the value came from one.
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
    fn sources_read_as_people_expect() {
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
