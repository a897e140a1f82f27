//! Where the crates differ from the recorded program on purpose.

use std::path::Path;

use serde::Deserialize;

/// A pattern may cover this share of a file's cases, unless the design of the project demands it.
const LARGEST_SHARE: f64 = 0.05;

/// The deliberate differences, as `deviations.toml` lists them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    #[serde(default, rename = "deviation")]
    pub(super) all: Vec<Deviation>,
}

/// A deliberate difference in some cases; all else in them is still compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deviation {
    /// The area: the name of the file without its ending.
    pub(super) file: String,
    /// The names of the cases, `*` standing for any text.
    pub(super) cases: String,
    /// What differs; empty for anything.
    #[serde(default)]
    pub(super) what: Vec<String>,
    /// Why.
    pub(super) reason: String,
    /// True when the project's design demands it, however many cases that are.
    #[serde(default)]
    pub(super) by_design: bool,
}

impl Deviations {
    /// Reads a `deviations.toml`.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let this: Self =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        match this
            .all
            .iter()
            .find(|deviation| deviation.reason.trim().len() < 20)
        {
            Some(deviation) => Err(format!("`{}` gives no reason", deviation.cases)),
            None => Ok(this),
        }
    }

    /// The position of the first entry that covers a difference in a case.
    pub(super) fn position(&self, file: &str, case: &str, what: &str) -> Option<usize> {
        self.all.iter().position(|deviation| {
            let covered = deviation.what.is_empty()
                || deviation.what.iter().any(|pattern| matches(pattern, what));
            deviation.file == file && covered && matches(&deviation.cases, case)
        })
    }
}

impl Deviation {
    /// True when this entry covers more cases than a deviation may.
    pub(super) fn is_too_wide(&self, covered: usize, cases: usize) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "thousands of cases at most")]
        let share = covered as f64 / cases as f64;
        !self.by_design && self.cases.contains('*') && share > LARGEST_SHARE
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            let mut tails = tail.char_indices().map(|(at, _)| &tail[at..]).chain([""]);
            tails.any(|tail| matches(rest, tail))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("a * c*", "a b c"));
        assert!(matches("a*", "a"));
        assert!(!matches("a *c", "a b"));
        assert!(!matches("a", "ab"));
    }
}
