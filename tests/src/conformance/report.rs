//! What came out of a run.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{Case, Compare, Deviations, Differences, Unreadable, Verdict};

/// The outcome of a run over a folder.
#[derive(Clone, Debug)]
pub struct Report {
    /// One entry a file.
    pub files: Vec<FileReport>,
}

/// The outcome of one file.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    /// The area.
    pub file: String,
    /// Cases that are as recorded.
    pub passed: usize,
    /// Cases that differ as entries of `deviations.toml` say.
    pub deviating: usize,
    /// How many of them each entry explains, wholly or in part.
    pub deviations: BTreeMap<usize, usize>,
    /// Cases that differ otherwise, with what differs; and those that cannot be read or that end in
    /// a panic.
    pub failed: Vec<String>,
    /// Cases that nobody claims, by reason.
    pub not_yet: BTreeMap<&'static str, usize>,
    /// All cases.
    pub cases: usize,
}

impl FileReport {
    pub(super) fn of(
        file: &str,
        cases: &[Result<Case, Unreadable>],
        compare: Compare,
        deviations: &Deviations,
    ) -> Self {
        let mut report = Self {
            file: file.to_owned(),
            cases: cases.len(),
            ..Self::default()
        };
        for case in cases {
            match case {
                Ok(case) => report.run(case, compare, deviations),
                Err(case) => report.fail(&case.name, &case.reason),
            }
        }
        report
    }

    fn run(&mut self, case: &Case, compare: Compare, deviations: &Deviations) {
        let mut found = Differences::default();
        let verdict = catch_unwind(AssertUnwindSafe(|| compare(case, &mut found)));
        match verdict {
            Ok(Ok(Verdict::NotYet(reason))) if found.is_empty() => {
                *self.not_yet.entry(reason).or_default() += 1;
            }
            Ok(Ok(_)) => self.add(case, &found, deviations),
            Ok(Err(reason)) => self.fail(&case.name, &format!("it cannot be read: {reason}")),
            Err(panic) => self.fail(&case.name, &format!("it panics: {}", message(&*panic))),
        }
    }

    fn fail(&mut self, name: &str, sentence: &str) {
        self.failed.push(format!("{name}: {sentence}"));
    }

    fn add(&mut self, case: &Case, found: &Differences, deviations: &Deviations) {
        let mut entries = BTreeSet::new();
        let mut unexplained = Vec::new();
        for (what, sentence) in found.iter() {
            match deviations.position(&self.file, &case.name, what) {
                Some(position) => drop(entries.insert(position)),
                None => unexplained.push(sentence),
            }
        }
        if !unexplained.is_empty() {
            self.fail(&case.name, &unexplained.join("; "));
        } else if entries.is_empty() {
            self.passed += 1;
        } else {
            self.deviating += 1;
            for entry in entries {
                *self.deviations.entry(entry).or_default() += 1;
            }
        }
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("nothing is known about it")
}

impl Report {
    /// Everything that is wrong: failures, and entries of `deviations` that are too wide, or, when
    /// the recordings are `complete`, that match nothing.
    #[must_use]
    pub fn problems(&self, deviations: &Deviations, complete: bool) -> Vec<String> {
        let mut problems: Vec<String> = Vec::new();
        for file in &self.files {
            problems.extend(
                file.failed
                    .iter()
                    .map(|text| format!("{}: {text}", file.file)),
            );
        }
        for (position, deviation) in deviations.all.iter().enumerate() {
            let Some(file) = self.files.iter().find(|file| file.file == deviation.file) else {
                continue;
            };
            let covered = file.deviations.get(&position).copied().unwrap_or_default();
            if complete && covered == 0 {
                problems.push(format!(
                    "the deviation `{}` matches nothing",
                    deviation.cases
                ));
            }
            if complete && deviation.is_too_wide(covered, file.cases) {
                problems.push(format!(
                    "the deviation `{}` covers {covered} of {} cases",
                    deviation.cases, file.cases
                ));
            }
        }
        problems
    }

    /// The counts a file, and those of each deviation.
    #[must_use]
    pub fn summary(&self, deviations: &Deviations) -> String {
        let mut text = self.to_string();
        for file in &self.files {
            for (position, count) in &file.deviations {
                let deviation = &deviations.all[*position];
                text.push_str(&format!(
                    "  {:>4}  {}: {} ({})\n",
                    count, file.file, deviation.cases, deviation.reason
                ));
            }
        }
        text
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            writeln!(
                f,
                "{}: passed {}, deviations {}, failed {}, not yet {}",
                file.file,
                file.passed,
                file.deviating,
                file.failed.len(),
                file.not_yet.values().sum::<usize>(),
            )?;
            for (reason, count) in &file.not_yet {
                writeln!(f, "  {count:>4}  not yet: {reason}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_becomes_of_a_case_it_is_counted_by_name() {
        let compare: Compare = |case, found| {
            found.compare("what", case.text("is"), "as recorded");
            match case.text("is") {
                "a panic" => panic!("at the disco"),
                "odd" => Err("the case is odd".to_owned()),
                "not yet" => Ok(Verdict::NotYet("later")),
                _ => Ok(Verdict::Compared),
            }
        };
        let case = |is: &str| Ok(Case::new(is, json!({ "is": is }), json!({})));
        let unreadable = Err(Unreadable {
            name: "case 5".to_owned(),
            reason: "it has no name".to_owned(),
        });
        let cases = ["as recorded", "another", "a panic", "odd"].map(case);
        let cases = cases.into_iter().chain([unreadable, case("not yet")]);
        let cases: Vec<_> = cases.collect();
        let report = FileReport::of("file", &cases, compare, &Deviations::default());
        assert_eq!((report.cases, report.passed), (6, 1));
        let differs = |name: &str| format!("{name}: what is {name:?} and not \"as recorded\"");
        assert_eq!(
            report.failed,
            [
                differs("another"),
                "a panic: it panics: at the disco".to_owned(),
                "odd: it cannot be read: the case is odd".to_owned(),
                "case 5: it has no name".to_owned(),
                // What is claimed of a case in part is not lost.
                differs("not yet"),
            ]
        );
    }
}
