//! `ci`: what must pass before a change is accepted.

use std::{fs, io, path::PathBuf, process::Command};

use crate::{
    check,
    error::Error,
    features::{self, Build},
    process::cargo,
    publish,
    steps::{Outcome, Steps},
    workspace::Workspace,
};

pub(crate) fn run(full: bool) -> Result<(), Error> {
    let workspace = Workspace::load()?;
    let mut steps = Steps::new(io::stdout());
    steps.command("fmt", &mut cargo(["fmt", "--all", "--check"]))?;
    steps.command("clippy", &mut clippy(["--workspace", "--all-targets"]))?;
    steps.command("doc", &mut doc())?;
    steps.command(
        "doc tests",
        &mut cargo(["test", "--doc", "--workspace", "--locked"]),
    )?;
    steps.task("check", || check::step(&workspace))?;
    deny(&mut steps)?;
    if full {
        for build in features::builds(&workspace) {
            feature(&mut steps, &build)?;
        }
        oldest_compiler(&mut steps, &workspace)?;
        steps.command("kills at random moments", &mut kills())?;
        steps.command("two hundred editors at once", &mut editors())?;
        steps.command("two hundred users of one store", &mut store())?;
        steps.command("a million texts embedded", &mut million())?;
        steps.command("a batch of half a gigabyte", &mut large_batch())?;
        for script in interop(&workspace)? {
            let name = script.file_name().unwrap_or_default().to_string_lossy();
            let mut bash = Command::new("bash");
            bash.arg(&script);
            steps.task(&format!("interop/{name}"), || Ok(script_outcome(&mut bash)))?;
        }
        let dry_run = [
            "publish",
            "--workspace",
            "--dry-run",
            "--locked",
            "--allow-dirty",
        ];
        publish::forget_unpacked(&workspace)?;
        steps.command("publish, dry run", &mut cargo(dry_run))?;
    }
    steps.finish();
    Ok(())
}

fn clippy<const N: usize>(selection: [&str; N]) -> Command {
    let mut command = cargo(["clippy", "--quiet", "--locked"]);
    command.args(selection).args(["--", "-D", "warnings"]);
    command
}

/// Tests that take longer than whoever waits for `cargo test` should wait.
fn kills() -> Command {
    let package = ["test", "--quiet", "-p", "qwen-openclaw-cli", "--locked"];
    let mut command = cargo(package);
    command.args(["--test", "it", "--", "--ignored", "kills"]);
    command
}

/// The same, for what a million texts take, at the speed of a release.
fn million() -> Command {
    let package = ["test", "--quiet", "--release", "-p", "qwen-openclaw-cli"];
    let mut command = cargo(package);
    command.args([
        "--locked",
        "--test",
        "it",
        "--",
        "--ignored",
        "a_million_texts",
    ]);
    command
}

/// The same, for what the largest batch takes.
fn large_batch() -> Command {
    let package = ["test", "--quiet", "--release", "-p", "qwen-openclaw-batch"];
    let mut command = cargo(package);
    command.args([
        "--locked",
        "--test",
        "it",
        "--",
        "--ignored",
        "half_a_gigabyte",
    ]);
    command
}

/// The same, for the configuration's lock.
fn editors() -> Command {
    let package = ["test", "--quiet", "-p", "qwen-openclaw-config", "--locked"];
    let mut command = cargo(package);
    command.args(["--lib", "--", "--ignored", "processes_at_once"]);
    command
}

/// The same, for the store in SQLite, and a million entries, whose times are those of a release.
fn store() -> Command {
    let package = ["test", "--quiet", "--release", "-p", "qwen-openclaw-state"];
    let mut command = cargo(package);
    command.args(["--features", "jobs", "--locked", "--lib", "--", "--ignored"]);
    // One after the other: times are taken.
    command.arg("--test-threads=1");
    command
}

/// The scripts in which programs of others run against the emulator and the command, where npm and pip
/// can install them.
fn interop(workspace: &Workspace) -> Result<Vec<PathBuf>, Error> {
    let folder = workspace.root.join("tests/interop");
    let unreadable = || Error::io("read tests/interop");
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable())? {
        let path = entry.map_err(unreadable())?.path();
        if path.extension().is_some_and(|extension| extension == "sh") {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}

/// How a script ended that says in its last line why it skips.
fn script_outcome(script: &mut Command) -> Outcome {
    let output = match script.output() {
        Ok(output) => output,
        Err(error) => return Outcome::Skipped(format!("it cannot be started here: {error}")),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Outcome::Failed(format!("{said}{errors}"));
    }
    let last = said.lines().last().unwrap_or_default();
    match last.strip_prefix("skipped: ") {
        Some(reason) => Outcome::Skipped(reason.to_owned()),
        None => Outcome::Passed(String::new()),
    }
}

fn doc() -> Command {
    let mut command = cargo(["doc", "--quiet", "--workspace", "--no-deps", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// Licences, sources and doubles. Advisories are left out: they need a database from the network.
fn deny<W: io::Write>(steps: &mut Steps<W>) -> Result<(), Error> {
    if !is_there(&mut cargo(["deny", "--version"])) {
        let advice = "cargo-deny is not installed: run `.ci/run`, which does it, \
                      or `cargo install --locked cargo-deny`";
        return steps.task("deny", || Ok(Outcome::Failed(advice.to_owned())));
    }
    let arguments = ["deny", "--locked", "check", "bans", "licenses", "sources"];
    steps.command("deny", &mut cargo(arguments))
}

/// One crate with one feature, held to the same lints as the whole.
fn feature<W: io::Write>(steps: &mut Steps<W>, build: &Build) -> Result<(), Error> {
    let name = build.to_string();
    if build.needs_openssl() && !has_openssl() {
        let reason = "the OpenSSL headers are not installed".to_owned();
        return steps.task(&name, || Ok(Outcome::Skipped(reason)));
    }
    let features = build.feature.as_deref().unwrap_or_default();
    let selection = [
        "-p",
        &build.package,
        "--no-default-features",
        "--features",
        features,
    ];
    steps.command(&name, &mut clippy(selection))
}

/// The compiler that `rust-version` promises, where it is installed.
fn oldest_compiler<W: io::Write>(steps: &mut Steps<W>, workspace: &Workspace) -> Result<(), Error> {
    let versions = workspace
        .packages
        .iter()
        .filter_map(|package| package.rust_version.as_deref());
    let Some(version) = versions.max() else {
        let problem = "no package has a `rust-version`".to_owned();
        return steps.task("oldest compiler", || Ok(Outcome::Failed(problem)));
    };
    let name = format!("oldest compiler ({version})");
    if !is_there(&mut cargo_of(version, &["--version"])) {
        let reason = format!("not installed: `rustup toolchain install {version}`");
        return steps.task(&name, || Ok(Outcome::Skipped(reason)));
    }
    steps.command(
        &name,
        &mut cargo_of(version, &["check", "--workspace", "--locked"]),
    )
}

/// The cargo of another toolchain.
fn cargo_of(toolchain: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, "cargo"]).args(arguments);
    // What cargo exports to its children would take precedence over the toolchain asked for.
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(variable);
    }
    command
}

fn has_openssl() -> bool {
    // Elsewhere the platform has its own library.
    !cfg!(target_os = "linux") || is_there(Command::new("pkg-config").args(["--exists", "openssl"]))
}

fn is_there(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn outcome(script: &str) -> Outcome {
        script_outcome(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn a_script_says_how_it_ended() {
        assert!(matches!(outcome("echo done"), Outcome::Passed(_)));
        assert!(matches!(
            outcome("echo a; echo 'skipped: there is no npm'"),
            Outcome::Skipped(reason) if reason == "there is no npm"
        ));
        // A failure is one whatever was said before it.
        assert!(matches!(
            outcome("echo 'skipped: no'; echo why >&2; exit 1"),
            Outcome::Failed(text) if text.contains("why")
        ));
    }

    #[test]
    fn a_script_that_cannot_start_is_skipped() {
        let outcome = script_outcome(&mut Command::new("there-is-no-such-program"));
        assert!(matches!(outcome, Outcome::Skipped(_)));
    }
}
