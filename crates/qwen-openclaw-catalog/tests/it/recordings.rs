//! Reads a recorded file and holds its cases against the catalog.

use std::{collections::BTreeMap, fmt::Debug, path::PathBuf};

use serde_json::Value;

use crate::deviations::{self, Deviation};

/// A recorded case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) input: Value,
    pub(crate) expected: Value,
}

impl Case {
    /// A text of the input; empty when it is absent or null.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.input[name].as_str().unwrap_or_default()
    }
}

/// What a comparison found to differ.
#[derive(Default)]
pub(crate) struct Differences(Vec<(String, String)>);

impl Differences {
    /// Notes `what` when it is not as expected.
    pub(crate) fn compare<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.0.push((
                what.to_owned(),
                format!("{what} is {found:?} and not {expected:?}"),
            ));
        }
    }
}

/// Compares every case that `compare` knows, counted by the kind it returns.
///
/// What differs must be a known deviation, and every known deviation must occur.
pub(crate) fn check(
    file: &str,
    known: &[Deviation],
    compare: impl Fn(&Case, &mut Differences) -> Option<String>,
) {
    let Some(cases) = read(file) else { return };
    let mut passed: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    let mut seen = vec![0; known.len()];
    for case in &cases {
        let mut found = Differences::default();
        let Some(kind) = compare(case, &mut found) else {
            continue;
        };
        let positions: Vec<_> = found
            .0
            .iter()
            .map(|(what, text)| (deviations::position(known, &case.name, what), text))
            .collect();
        match positions.iter().find(|(position, _)| position.is_none()) {
            Some((_, text)) => failed.push(format!("{}: {text}", case.name)),
            None => match positions.first() {
                Some((Some(position), _)) => seen[*position] += 1,
                _ => *passed.entry(kind).or_default() += 1,
            },
        }
    }
    println!("{file}: passed {passed:?}, deviations {seen:?}");
    assert!(
        failed.is_empty(),
        "{} cases differ:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(!passed.is_empty(), "{file} holds no case that is compared");
    for (deviation, count) in known.iter().zip(seen) {
        assert!(count > 0, "no case deviates like {deviation:?}");
    }
}

/// Reads the cases of a file; `None`, with the reason on stderr, when there is no such folder.
fn read(file: &str) -> Option<Vec<Case>> {
    let Some(folder) = std::env::var_os("QWEN_OPENCLAW_SHARED") else {
        eprintln!("skipped: QWEN_OPENCLAW_SHARED does not name the folder of the recordings");
        return None;
    };
    let path = PathBuf::from(folder).join("vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut content: Value = serde_json::from_str(&text).unwrap();
    let cases = content["cases"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .map(|case| Case {
            name: case["name"].as_str().unwrap().to_owned(),
            input: case["input"].take(),
            expected: case["expected"].take(),
        });
    Some(cases.collect())
}
