//! `conformance`: recorded cases against the crates.

use std::path::Path;

use crate::{
    error::Error,
    process::{cargo, run as run_program},
};

/// Runs the program `conformance` of the tests package, which reads the cases and judges.
pub(crate) fn run(folder: &Path, subset: bool, verbose: bool) -> Result<(), Error> {
    if !folder.is_dir() {
        return Err(Error::Usage(format!(
            "there is no folder {}",
            folder.display()
        )));
    }
    let mut command = cargo(["run", "--quiet", "--locked", "-p", "qwen-openclaw-tests"]);
    command.args(["--bin", "conformance", "--"]).arg(folder);
    for (flag, is_set) in [("--subset", subset), ("--verbose", verbose)] {
        if is_set {
            command.arg(flag);
        }
    }
    run_program(&mut command)
}
