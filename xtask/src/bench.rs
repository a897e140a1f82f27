//! `bench`: the streaming client under a harness that compares it with others.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    process::{cargo, run as run_program},
    workspace::Workspace,
};

/// Builds the client and hands it to the harness as one more contestant named `new`.
pub(crate) fn run(harness: &Path, arguments: &[String]) -> Result<(), Error> {
    let script = harness.join("run.sh");
    if !script.is_file() {
        return Err(Error::Usage(format!("there is no {}", script.display())));
    }
    let build = [
        "build",
        "--release",
        "--locked",
        "-p",
        "qwen-openclaw-tests",
        // Without the clock that tests can pause: it is slower to read.
        "--no-default-features",
    ];
    run_program(cargo(build).args(["--bin", "bench-client"]))?;
    let target = Workspace::load()?.target;
    run_program(&mut harness_command(
        &script,
        &target,
        arguments,
        env::var_os("BENCH_BUILD"),
    ))
}

/// The harness builds below the target folder unless told otherwise: its own may be read-only.
fn harness_command(
    script: &Path,
    target: &Path,
    arguments: &[String],
    build_folder: Option<OsString>,
) -> Command {
    let client = target
        .join("release")
        .join(format!("bench-client{}", env::consts::EXE_SUFFIX));
    let mut extra = OsString::from("new=");
    extra.push(client);
    let mut command = Command::new("bash");
    command
        .arg(script)
        .args(arguments)
        .arg("--extra")
        .arg(extra);
    let build_folder = build_folder.map_or_else(|| target.join("bench"), PathBuf::from);
    command.env("BENCH_BUILD", build_folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::line_of;

    #[test]
    fn the_client_comes_last_and_the_build_folder_is_ours() {
        let arguments = [
            "throughput".to_owned(),
            "--rounds".to_owned(),
            "3".to_owned(),
        ];
        let command = harness_command("h/run.sh".as_ref(), "/t".as_ref(), &arguments, None);
        let line = line_of(&command);
        assert!(
            line.starts_with("bash h/run.sh throughput --rounds 3 --extra new="),
            "{line}"
        );
        let built_in =
            command.get_envs().find_map(
                |(name, value)| {
                    if name == "BENCH_BUILD" { value } else { None }
                },
            );
        assert_eq!(built_in.map(PathBuf::from), Some("/t/bench".into()));
    }

    #[test]
    fn a_build_folder_that_is_set_is_kept() {
        let command = harness_command(
            "h/run.sh".as_ref(),
            "/t".as_ref(),
            &[],
            Some("/elsewhere".into()),
        );
        assert!(
            command
                .get_envs()
                .any(|(_, value)| value == Some("/elsewhere".as_ref()))
        );
    }
}
