//! The path of a key: `agents.defaults.models["qwen/x"].alias`.

use std::{fmt, str::FromStr};

use crate::{error::Error, syntax::is_plain_name};

/// The path of a value in a document.
///
/// It is written as OpenClaw writes it: names separated by dots, indexes and other names in brackets.
///
/// ```
/// use qwen_openclaw_config::KeyPath;
///
/// let path: KeyPath = "agents.defaults.models[\"qwen/x\"].alias".parse()?;
/// assert_eq!(path, KeyPath::from(["agents", "defaults", "models", "qwen/x", "alias"]));
/// assert_eq!("agents.list[0].model".parse::<KeyPath>()?.to_string(), "agents.list[0].model");
/// # Ok::<(), qwen_openclaw_config::Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct KeyPath(Vec<Segment>);

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON has objects and arrays")]
pub enum Segment {
    /// The name of an object's member.
    Name(String),
    /// The index of an array's element, from 0.
    Index(usize),
}

impl KeyPath {
    /// Returns the steps from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Extends the path by the name of a member.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0.push(Segment::Name(name.into()));
        self
    }

    /// Extends the path by the index of an element.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// Returns the path of the first `length` steps.
    pub(crate) fn prefix(&self, length: usize) -> Self {
        Self(self.0[..length].to_vec())
    }
}

impl<const N: usize> From<[&str; N]> for KeyPath {
    fn from(names: [&str; N]) -> Self {
        let segment = |name: &str| Segment::Name(name.to_owned());
        Self(names.into_iter().map(segment).collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("<root>");
        }
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Name(name) if is_bare(name) => {
                    let dot = if index == 0 { "" } else { "." };
                    write!(f, "{dot}{name}")?;
                }
                Segment::Name(name) => write!(f, "[{name:?}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a name is written without brackets; ids such as `qwen-oauth` are.
fn is_bare(name: &str) -> bool {
    is_plain_name(&name.replace('-', "_"))
}

impl FromStr for KeyPath {
    type Err = Error;

    /// Parses a path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidPath`](crate::ErrorKind::InvalidPath) when it is empty, has an empty name,
    /// or a bracket that is not closed.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || Error::invalid_path(text);
        let mut segments = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (segment, after) = bracket(inside).ok_or_else(invalid)?;
                segments.push(segment);
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let name = &rest[..end];
                if name.is_empty() {
                    return Err(invalid());
                }
                segments.push(Segment::Name(name.to_owned()));
                rest = &rest[end..];
            }
            if let Some(after) = rest.strip_prefix('.') {
                if after.is_empty() || after.starts_with('[') {
                    return Err(invalid());
                }
                rest = after;
            } else if !rest.is_empty() && !rest.starts_with('[') {
                return Err(invalid());
            }
        }
        if segments.is_empty() {
            return Err(invalid());
        }
        Ok(Self(segments))
    }
}

/// Parses what follows an opening bracket; returns the rest after the closing one.
fn bracket(inside: &str) -> Option<(Segment, &str)> {
    let Some(quote @ ('"' | '\'')) = inside.chars().next() else {
        let (index, after) = inside.split_once(']')?;
        return Some((Segment::Index(index.parse().ok()?), after));
    };
    let mut name = String::new();
    let mut letters = inside.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.push(letters.next()?.1),
            letter if letter == quote => {
                let after = inside[at + 1..].strip_prefix(']')?;
                return Some((Segment::Name(name), after));
            }
            letter => name.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_printed_as_it_is_parsed() {
        for text in [
            "a",
            "agents.defaults.model",
            "models.providers.qwen-oauth.baseUrl",
            "agents.defaults.models[\"qwen/qwen3.5-plus\"].alias",
            "agents.list[0].model",
            "[\"a\\\"b\"].c",
            "a[0][1]",
        ] {
            let path: KeyPath = text.parse().unwrap();
            assert_eq!(path.to_string(), text);
        }
        let path: KeyPath = "a['b.c']".parse().unwrap();
        assert_eq!(path, KeyPath::from(["a", "b.c"]));
        assert_eq!(KeyPath::default().to_string(), "<root>");
    }

    #[test]
    fn a_malformed_path_is_an_error() {
        for text in [
            "", " ", ".", "a.", ".a", "a..b", "a[", "a[x]", "a['b", "a['b'", "a[0]b", "a.[0]",
        ] {
            let error = text.parse::<KeyPath>().unwrap_err();
            assert!(error.to_string().contains("is not a key path"), "{text}");
        }
    }
}
