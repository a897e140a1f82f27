//! `ci`: what must pass before a change is accepted.

use std::{io, process::Command};

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
        steps.task("OpenClaw and the command", || openclaw(&workspace))?;
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

/// The same, for the configuration's lock.
fn editors() -> Command {
    let package = ["test", "--quiet", "-p", "qwen-openclaw-config", "--locked"];
    let mut command = cargo(package);
    command.args(["--lib", "--", "--ignored", "processes_at_once"]);
    command
}

/// OpenClaw itself, where npm can install it. The script says in its last line why it skips.
fn openclaw(workspace: &Workspace) -> Result<Outcome, Error> {
    let mut script = Command::new("bash");
    script.arg(workspace.root.join("tests/interop/openclaw.sh"));
    let output = match script.output() {
        Ok(output) => output,
        Err(error) => return Ok(Outcome::Skipped(format!("bash does not start: {error}"))),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().last().unwrap_or_default();
    Ok(if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        Outcome::Failed(format!("{said}{errors}"))
    } else if let Some(reason) = last.strip_prefix("skipped: ") {
        Outcome::Skipped(reason.to_owned())
    } else {
        Outcome::Passed(String::new())
    })
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
