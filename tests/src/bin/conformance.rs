//! `conformance DIR [--subset] [--verbose]`: holds the crates against the recordings in a folder.
//!
//! With `--subset` the folder need not hold every case, so a deviation that matches none is no error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use qwen_openclaw_tests::conformance::{self, Deviations};

const USAGE: &str = "usage: conformance DIR [--subset] [--verbose]";

fn main() -> ExitCode {
    let mut folder = None;
    let (mut subset, mut verbose) = (false, false);
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--subset") => subset = true,
            Some("--verbose") => verbose = true,
            other if folder.is_none() && !other.is_some_and(|other| other.starts_with('-')) => {
                folder = Some(PathBuf::from(argument))
            }
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let Some(folder) = folder else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&folder, subset, verbose) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path, subset: bool, verbose: bool) -> Result<bool, String> {
    let deviations = Deviations::read(&conformance::own_folder().join("deviations.toml"))?;
    let report = conformance::run(folder, &deviations)?;
    print!("{}", report.summary(&deviations));
    let problems = report.problems(&deviations, !subset);
    let shown = if verbose { problems.len() } else { 40 };
    for problem in problems.iter().take(shown) {
        eprintln!("{problem}");
    }
    if problems.len() > shown {
        eprintln!(
            "... and {} more (--verbose shows all)",
            problems.len() - shown
        );
    }
    Ok(problems.is_empty())
}
