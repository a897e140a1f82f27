//! The crates against recorded behaviour of the real program: the subset that comes with the
//! repository, and all of it where it is there.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says why it skips"
)]

use std::path::Path;

use qwen_openclaw_tests::conformance::{Deviations, own_folder, run, shared_folder};

fn check(folder: &Path, complete: bool) {
    let deviations = Deviations::read(&own_folder().join("deviations.toml")).unwrap();
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
