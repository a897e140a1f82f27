//! `publish`: every crate whose version is not up yet, leaf first.
//!
//! `cargo publish --workspace` finds the order and waits for the index, but refuses the whole
//! workspace when one version is already up, so a run that failed half-way could not be repeated.
//! Its dry run only warns then: the names in those warnings are left out of the real run.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Stdio,
};

use crate::{
    error::Error,
    process::{cargo, expect_success, run as run_program},
    workspace::Workspace,
};

pub(crate) fn run(dry_run: bool) -> Result<(), Error> {
    let published = rehearse()?;
    if dry_run {
        return Ok(());
    }
    let workspace = Workspace::load()?;
    if workspace
        .published()
        .all(|package| published.contains(&package.name))
    {
        println!("every version is already up");
        return Ok(());
    }
    let mut command = cargo(["publish", "--workspace", "--locked"]);
    for name in &published {
        command.args(["--exclude", name]);
    }
    run_program(&mut command)
}

/// Packages and builds everything, shows cargo's messages, and returns what is already up.
fn rehearse() -> Result<Vec<String>, Error> {
    forget_unpacked(&Workspace::load()?)?;
    let mut command = cargo([
        "publish",
        "--workspace",
        "--dry-run",
        "--locked",
        "--color",
        "never",
    ]);
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io("start cargo publish"))?;
    let mut published = Vec::new();
    if let Some(messages) = child.stderr.take() {
        for line in BufReader::new(messages).lines() {
            let line = line.map_err(Error::io("read cargo's messages"))?;
            eprintln!("{line}");
            published.extend(already_up(&line).map(str::to_owned));
        }
    }
    let status = child.wait().map_err(Error::io("wait for cargo publish"))?;
    expect_success(&command, status)?;
    Ok(published)
}

/// Removes what an earlier dry run has unpacked of our own crates. Cargo takes a folder of the same
/// name and version for the same content, and would build yesterday's crate for today's dependents.
pub(crate) fn forget_unpacked(workspace: &Workspace) -> Result<(), Error> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let Some(sources) = home.map(|home| home.join("registry/src")) else {
        return Ok(());
    };
    let Ok(registries) = fs::read_dir(&sources) else {
        // Nothing has ever been unpacked.
        return Ok(());
    };
    for registry in registries {
        let registry = registry.map_err(Error::io("list cargo's sources"))?.path();
        for package in workspace.published() {
            let folder = registry.join(format!("{}-{}", package.name, package.version));
            if folder.is_dir() {
                fs::remove_dir_all(&folder).map_err(Error::io("remove an unpacked crate"))?;
            }
        }
    }
    Ok(())
}

/// The crate that a line of the dry run reports as published in this version.
fn already_up(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("warning: crate ")?;
    let (id, _) = rest.split_once(" already exists on ")?;
    id.split_once('@').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_warning_about_a_published_version_counts() {
        let line = "warning: crate qwen-openclaw-http@0.1.0 already exists on crates.io index";
        assert_eq!(already_up(line), Some("qwen-openclaw-http"));
        assert_eq!(already_up("   Packaging qwen-openclaw-http v0.1.0"), None);
        assert_eq!(already_up("warning: aborting upload due to dry run"), None);
    }
}
