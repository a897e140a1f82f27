//! One recorded case, and what a comparison found.

use std::{fmt::Debug, path::Path};

use serde_json::Value;

/// A recorded case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, unique in its file.
    pub name: String,
    /// What went in.
    pub input: Value,
    /// What came out of the real program.
    pub expected: Value,
}

impl Case {
    /// Reads the cases of a file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Vec<Self>, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let mut content: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        let cases = content["cases"]
            .as_array_mut()
            .ok_or_else(|| wrong(&"there are no cases"))?;
        let read = |case: &mut Value| {
            let name = case["name"]
                .as_str()
                .ok_or_else(|| wrong(&"a case has no name"))?;
            Ok(Self {
                name: name.to_owned(),
                input: case["input"].take(),
                expected: case["expected"].take(),
            })
        };
        cases.iter_mut().map(read).collect()
    }

    /// A text of the input; empty when it is absent or null.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.input[name].as_str().unwrap_or_default()
    }
}

/// Whether a case was compared.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It was; what differs has been noted.
    Compared,
    /// It was not, for this reason, and nobody claims that it would be.
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
}
