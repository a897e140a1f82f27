//! `$VISUAL` or `$EDITOR`, for a long message.

use std::{
    io::Write,
    path::Path,
    process::{Command, ExitStatus},
};

use crate::failure::Failure;

/// The editor when no variable names one.
const DEFAULT: &str = if cfg!(windows) { "notepad" } else { "vi" };

/// Lets the user edit a text, and returns it.
pub(super) fn edit(text: &str) -> Result<String, Failure> {
    let program = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.trim().is_empty())
        .unwrap_or_else(|| DEFAULT.to_owned());
    let failed =
        |error: std::io::Error| Failure::other(format!("could not edit the message: {error}"));
    let mut file = tempfile::Builder::new()
        .prefix("message-")
        .suffix(".md")
        .tempfile()
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let status = run(&program, file.path()).map_err(failed)?;
    if !status.success() {
        return Err(Failure::other(format!(
            "the editor `{program}` failed ({status}): the message is unchanged"
        )));
    }
    // By its name: many editors put a new file in its place.
    let edited = std::fs::read_to_string(file.path()).map_err(failed)?;
    Ok(edited.trim_end().to_owned())
}

/// The variable is a line for the shell, as for git.
#[cfg(unix)]
fn run(program: &str, file: &Path) -> std::io::Result<ExitStatus> {
    Command::new("sh")
        .args(["-c", &format!("{program} \"$@\""), program])
        .arg(file)
        .status()
}

#[cfg(not(unix))]
fn run(program: &str, file: &Path) -> std::io::Result<ExitStatus> {
    let mut words = program.split_whitespace();
    Command::new(words.next().unwrap_or(DEFAULT))
        .args(words)
        .arg(file)
        .status()
}
