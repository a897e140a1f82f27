//! `conformance DIR [--verbose]`: holds the crates against the recordings in a folder.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use std::{path::PathBuf, process::ExitCode};

use qwen_openclaw_tests::conformance::{self, Deviations};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: conformance DIR [--verbose]");
        return ExitCode::from(2);
    };
    let verbose = arguments.any(|argument| argument == "--verbose");
    match run(&folder, verbose) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &std::path::Path, verbose: bool) -> Result<bool, String> {
    let own = conformance::own_folder();
    let deviations = Deviations::read(&own.join("deviations.toml"))?;
    let report = conformance::run(folder, &deviations)?;
    print!("{}", report.summary(&deviations));
    // The subset in the repository has not a case for every deviation.
    let complete = folder.canonicalize().ok() != own.canonicalize().ok();
    let problems = report.problems(&deviations, complete);
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
