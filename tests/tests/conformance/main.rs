//! The crates against recorded behaviour of the real program: the subset that comes with the
//! repository, and all of it where it is there. The cases are also run written and cut differently,
//! and damaged.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says why it skips"
)]

mod damage;
mod json_text;
mod rewriting;
mod seeded;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use qwen_openclaw_tests::conformance::{Deviations, own_folder, run, shared_folder};

fn deviations() -> Deviations {
    Deviations::read(&own_folder().join("deviations.toml")).unwrap()
}

/// The folders of recordings there are.
fn folders() -> Vec<PathBuf> {
    let shared = shared_folder();
    if shared.is_none() {
        println!("skipped: QWEN_OPENCLAW_SHARED does not name the folder of the recordings");
    }
    std::iter::once(own_folder()).chain(shared).collect()
}

fn check(folder: &Path, complete: bool) {
    let deviations = deviations();
    let report = run(folder, &deviations).unwrap();
    println!("{}", report.summary(&deviations));
    let problems = report.problems(&deviations, complete);
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn the_subset_in_the_repository() {
    check(&own_folder(), false);
}

#[test]
fn all_recordings() {
    match shared_folder() {
        Some(folder) => check(&folder, true),
        None => {
            println!("skipped: QWEN_OPENCLAW_SHARED does not name the folder of the recordings")
        }
    }
}

#[test]
fn a_deviation_that_matches_nothing_is_an_error_of_a_complete_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deviations.toml");
    let entry = "[[deviation]]\nfile = \"media\"\ncases = \"no such case\"\n\
                 reason = \"there is no such case in any file\"\n";
    std::fs::write(&path, entry).unwrap();
    let nothing = Deviations::read(&path).unwrap();
    let report = run(&own_folder(), &nothing).unwrap();
    let sentence = "the deviation `no such case` matches nothing".to_owned();
    assert!(report.problems(&nothing, true).contains(&sentence));
    assert!(!report.problems(&nothing, false).contains(&sentence));
}

#[test]
fn the_program_takes_a_subset_for_one() {
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_conformance"));
        let output = program.args(arguments).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), errors)
    };
    let own = own_folder();
    let own = own.to_str().unwrap();
    assert_eq!(run(&["--subset", own]), (Some(0), String::new()));
    let (code, errors) = run(&[own]);
    assert!(
        code == Some(1) && errors.contains("matches nothing"),
        "{errors}"
    );
    let usage = "usage: conformance DIR [--subset] [--verbose]\n".to_owned();
    assert_eq!(run(&[own, "--subsets"]), (Some(2), usage));
}
