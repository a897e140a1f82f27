//! What came out of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{Case, Compare, Deviations, Differences, Verdict};

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
    /// Cases that differ otherwise, with what differs.
    pub failed: Vec<String>,
    /// Cases that nobody claims, by reason.
    pub not_yet: BTreeMap<&'static str, usize>,
    cases: usize,
}

impl FileReport {
    pub(super) fn of(
        file: &str,
        cases: &[Case],
        compare: Compare,
        deviations: &Deviations,
    ) -> Self {
        let cases_count = cases.len();
        let mut report = Self {
            file: file.to_owned(),
            cases: cases_count,
            ..Self::default()
        };
        for case in cases {
            let mut found = Differences::default();
            match compare(case, &mut found) {
                Verdict::NotYet(reason) => *report.not_yet.entry(reason).or_default() += 1,
                Verdict::Compared => report.add(case, &found, deviations),
            }
        }
        report
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
            self.failed
                .push(format!("{}: {}", case.name, unexplained.join("; ")));
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
