//! `fuzz`: runs the targets of tests/fuzz, and counts.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    process::{cargo, line_of},
    steps::{Outcome, Steps},
    workspace::Workspace,
};

pub(crate) fn run(target: Option<&str>, seconds: u32) -> Result<(), Error> {
    let folder = Workspace::load()?.root.join("tests/fuzz");
    let mut targets = targets(&folder)?;
    if let Some(name) = target {
        if !targets.iter().any(|target| target == name) {
            let known = targets.join(", ");
            return Err(Error::Usage(format!(
                "there is no target `{name}`; there are {known}"
            )));
        }
        targets = vec![name.to_owned()];
    }
    if !is_there(&mut cargo(["fuzz", "--version"])) {
        return Err(Error::Failed(
            "cargo-fuzz is not installed: `cargo install --locked cargo-fuzz`".to_owned(),
        ));
    }
    if !["c++", "clang++", "g++"]
        .into_iter()
        .any(|compiler| is_there(Command::new(compiler).arg("--version")))
    {
        return Err(Error::Failed(
            "libFuzzer is C++, and there is no C++ compiler here".to_owned(),
        ));
    }
    let mut steps = Steps::new(io::stdout());
    steps.command("build", &mut fuzz("build", &folder))?;
    for target in &targets {
        steps.task(&format!("{target}, {seconds} s"), || {
            one(&folder, target, seconds)
        })?;
    }
    steps.finish();
    Ok(())
}

/// The targets, by the names of their programs.
fn targets(folder: &Path) -> Result<Vec<String>, Error> {
    let programs = folder.join("fuzz_targets");
    let failed = || format!("read {}", programs.display());
    let entries = fs::read_dir(&programs).map_err(Error::io(failed()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io(failed()))?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}

fn one(folder: &Path, target: &str, seconds: u32) -> Result<Outcome, Error> {
    let corpus = folder.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(Error::io(format!("create {}", corpus.display())))?;
    let mut command = fuzz("run", folder);
    command.arg(target).arg(corpus);
    let kept = ["seeds", "regressions"].map(|kind| folder.join(kind).join(target));
    command.args(kept.into_iter().filter(|folder: &PathBuf| folder.is_dir()));
    command.arg("--");
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-dict={}", folder.join("words.dict").display()));
    command.args(["-print_final_stats=1", "-timeout=20", "-max_len=1024"]);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return Ok(Outcome::Failed(format!("could not start: {error}"))),
    };
    let told = String::from_utf8_lossy(&output.stderr);
    match executions(&told) {
        Some(count) if output.status.success() => {
            Ok(Outcome::Passed(format!("{count} executions")))
        }
        _ => {
            let line = line_of(&command);
            Ok(Outcome::Failed(format!("$ {line}\n{}", end_of(&told))))
        }
    }
}

/// A command of cargo-fuzz. Without a sanitizer, which this workspace without unsafe code of its own
/// has no need of, a stable compiler can do it, if it is let.
fn fuzz(verb: &str, folder: &Path) -> Command {
    let mut command = cargo(["fuzz", verb, "--sanitizer", "none", "--fuzz-dir"]);
    command.arg(folder).env("RUSTC_BOOTSTRAP", "1");
    // Records and credentials are flushed to the disk thousands of times a second.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        command.env("TMPDIR", memory);
    }
    command
}

fn executions(told: &str) -> Option<u64> {
    let mut lines = told.lines();
    let count = lines.find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    count.trim().parse().ok()
}

/// The last lines: what failed, and where the input lies.
fn end_of(told: &str) -> String {
    let lines: Vec<&str> = told.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

fn is_there(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_read_from_what_the_fuzzer_tells() {
        let told = "#2 INITED\nDone 12 runs in 2 second(s)\nstat::number_of_executed_units: 12\n";
        assert_eq!(executions(told), Some(12));
        assert_eq!(executions("==1== ERROR: libFuzzer: deadly signal"), None);
    }

    #[test]
    fn the_end_is_shown_of_what_is_long() {
        let told: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert!(end_of(&told).starts_with("40\n") && end_of(&told).ends_with("\n99"));
        assert_eq!(end_of("a"), "a");
    }
}
