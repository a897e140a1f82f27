//! One layer of an environment, and its values.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::{source::Source, variables::TABLE};

/// The variables from one origin.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) values: BTreeMap<String, Value>,
}

/// Where a layer's variables come from; paths are display paths.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    Process,
    Dotenv { shown: String },
    OpenClawDotenv { shown: String },
    Config { shown: String },
    Shell,
}

/// The value of a variable, trimmed.
#[derive(Clone)]
pub(super) enum Value {
    Text(SecretString),
    Blank,
    NotUnicode(OsString),
}

impl Origin {
    /// Returns the rank in the order of precedence; 0 is the highest.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Process => 0,
            Self::Dotenv { .. } => 1,
            Self::OpenClawDotenv { .. } => 2,
            Self::Config { .. } => 3,
            Self::Shell => 4,
        }
    }

    pub(super) fn source(&self, name: &str) -> Source {
        let name = name.to_owned();
        match self {
            Self::Process => Source::Environment { name },
            Self::Dotenv { shown } | Self::OpenClawDotenv { shown } => Source::Dotenv {
                name,
                path: shown.clone(),
            },
            Self::Config { shown } => Source::ConfigVariable {
                name,
                path: shown.clone(),
            },
            Self::Shell => Source::Shell { name },
        }
    }
}

impl Value {
    pub(super) fn from_os(value: OsString) -> Self {
        match value.into_string() {
            Ok(text) => Self::from_secret(SecretString::from(text)),
            Err(value) => Self::NotUnicode(value),
        }
    }

    pub(super) fn from_secret(value: SecretString) -> Self {
        let text = value.expose_secret();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            Self::Blank
        } else if trimmed.len() == text.len() {
            Self::Text(value)
        } else {
            Self::Text(SecretString::from(trimmed))
        }
    }

    pub(super) fn to_path(&self) -> PathBuf {
        match self {
            Self::Text(text) => PathBuf::from(text.expose_secret()),
            Self::Blank => PathBuf::new(),
            Self::NotUnicode(value) => PathBuf::from(value),
        }
    }
}

impl fmt::Debug for Layer {
    /// Shows the known names and the number of others, and no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = TABLE.iter().map(|known| known.name);
        let known: Vec<_> = known
            .filter(|name| self.values.contains_key(*name))
            .collect();
        f.debug_struct("Layer")
            .field("origin", &self.origin)
            .field("known", &known)
            .field("others", &(self.values.len() - known.len()))
            .finish()
    }
}
