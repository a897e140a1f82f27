//! `bench`: the streaming client under a harness that compares it with others.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    process::{cargo, printed_by, run as run_program},
    workspace::Workspace,
};

/// What is measured unless something else is asked for, against the reference client alone: streams
/// that arrive as fast as they are read (one event a chunk, many events a chunk, other kinds of text),
/// requests one after the other, and many streams as they come.
const MEASURES: [&[&str]; 7] = [
    &["throughput"],
    &["throughput", "--model", "content-20000-big"],
    &["throughput", "--model", "reasoning-20000"],
    &["throughput", "--model", "tool-20000"],
    &["latency"],
    &["concurrent"],
    &["concurrent", "--streams", "5000", "--rate", "10"],
];

/// Builds the client, hands it to the harness as one more contestant named `new`, and writes the
/// tables that it prints to `bench.md` in the target folder.
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
    let report = target.join("bench.md");
    let mut tables = String::new();
    for arguments in measures(arguments) {
        let build_folder = env::var_os("BENCH_BUILD");
        let mut command = harness_command(&script, &target, &arguments, build_folder);
        let table = printed_by(&mut command)?;
        print!("{table}");
        tables.push_str(&table);
        // After each measure: together they take a while.
        fs::write(&report, &tables).map_err(Error::io(format!("write {}", report.display())))?;
    }
    println!("\nwritten to {}", report.display());
    Ok(())
}

/// The arguments of each run of the harness. Without a measure among `arguments`, all are taken.
fn measures(arguments: &[String]) -> Vec<Vec<String>> {
    if arguments
        .first()
        .is_some_and(|first| !first.starts_with('-'))
    {
        return vec![arguments.to_vec()];
    }
    let names_clients = arguments.iter().any(|argument| argument == "--only");
    let only: &[&str] = if names_clients {
        &[]
    } else {
        &["--only", "new"]
    };
    let measures = MEASURES.iter().map(|measure| {
        let fixed = measure.iter().chain(only).map(|part| (*part).to_owned());
        fixed.chain(arguments.iter().cloned()).collect()
    });
    measures.collect()
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
    fn all_measures_are_taken_against_the_reference() {
        let lines = |arguments: &[&str]| -> Vec<String> {
            let arguments: Vec<_> = arguments.iter().map(|part| (*part).to_owned()).collect();
            let measures = measures(&arguments).into_iter();
            measures.map(|measure| measure.join(" ")).collect()
        };
        let all = lines(&["--rounds", "3"]);
        assert_eq!(all.len(), MEASURES.len());
        assert_eq!(all[0], "throughput --only new --rounds 3");
        assert_eq!(
            all[6],
            "concurrent --streams 5000 --rate 10 --only new --rounds 3"
        );
        assert_eq!(lines(&["--only", "genai"])[4], "latency --only genai");
        assert_eq!(lines(&["latency", "--rounds", "9"]), ["latency --rounds 9"]);
        assert_eq!(lines(&[])[5], "concurrent --only new");
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
