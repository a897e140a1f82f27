//! One recorded case, and what a comparison found.

use std::{fmt::Debug, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

/// A recorded case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// Its name, unique in its file.
    pub name: String,
    /// What went in.
    pub input: Value,
    /// What came out of the real program.
    pub expected: Value,
}

/// A case that is not as documented.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its name, or its place in the file.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A file of cases; each is read on its own, so that one that is damaged costs no other.
#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Box<RawValue>>,
}

/// The name of a case of which nothing else can be read.
#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Case {
    /// Creates a case.
    pub fn new(name: impl Into<String>, input: Value, expected: Value) -> Self {
        Self {
            name: name.into(),
            input,
            expected,
        }
    }

    /// Reads the cases of a file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, if it is not a list of cases at all.
    pub fn read(path: &Path) -> Result<Vec<Result<Self, Unreadable>>, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let recorded: Recorded = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        let cases = recorded.cases.iter().enumerate();
        Ok(cases.map(|(index, raw)| Self::parse(index, raw)).collect())
    }

    fn parse(index: usize, raw: &RawValue) -> Result<Self, Unreadable> {
        let unreadable = |name: Option<String>, reason: String| Unreadable {
            name: name.unwrap_or_else(|| format!("case {}", index + 1)),
            reason,
        };
        let case: Map<String, Value> = serde_json::from_str(raw.get()).map_err(|error| {
            let named: Option<Named> = serde_json::from_str(raw.get()).ok();
            unreadable(named.map(|named| named.name), error.to_string())
        })?;
        let Some(name) = case.get("name").and_then(Value::as_str) else {
            return Err(unreadable(None, "it has no name".to_owned()));
        };
        let part = |part: &str| {
            case.get(part)
                .filter(|value| value.is_object())
                .cloned()
                .ok_or_else(|| unreadable(Some(name.to_owned()), format!("`{part}` is no object")))
        };
        Ok(Self::new(name, part("input")?, part("expected")?))
    }

    /// A text of the input; empty when it is absent or null.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.input[name].as_str().unwrap_or_default()
    }
}

/// Reads what must be a text.
pub(super) fn string<'a>(value: &'a Value, what: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{what} is no text"))
}

/// Reads what must be a list.
pub(super) fn list<'a>(value: &'a Value, what: &str) -> Result<&'a [Value], String> {
    let list = value.as_array().map(Vec::as_slice);
    list.ok_or_else(|| format!("{what} is no list"))
}

/// Reads what must be an object.
pub(super) fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{what} is no object"))
}

/// Reads what must be a list of texts.
pub(super) fn strings<'a>(value: &'a Value, what: &str) -> Result<Vec<&'a str>, String> {
    list(value, what)?
        .iter()
        .map(|item| string(item, what))
        .collect()
}

/// Reads a word, such as a version or the id of a provider.
pub(super) fn word<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no {what}"))
}

/// Whether a case was compared.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It was; what differs has been noted.
    Compared,
    /// It was not, or in part only, for this reason, and nobody claims that it would be.
    NotYet(&'static str),
}

/// What a comparison found to differ: the part of the outcome, and a sentence about it.
#[derive(Clone, Debug, Default)]
pub struct Differences(Vec<(String, String)>);

impl Differences {
    /// Notes `what` when it is not as expected.
    pub fn compare<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.note(what, format!("{what} is {found:?} and not {expected:?}"));
        }
    }

    /// Notes that `what` differs.
    pub fn note(&mut self, what: &str, sentence: impl Into<String>) {
        self.0.push((what.to_owned(), sentence.into()));
    }

    /// Everything noted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(what, sentence)| (what.as_str(), sentence.as_str()))
    }

    /// True when nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
