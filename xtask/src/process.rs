//! Other programs: how they are started, and what their end means.

use std::{
    env,
    ffi::OsStr,
    process::{Command, ExitStatus, Stdio},
};

use crate::error::Error;

/// The cargo that runs this program, so that the toolchain is the same.
pub(crate) fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Runs a program that talks to the person itself; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let status = command
        .status()
        .map_err(Error::io(format!("start {}", name_of(command))))?;
    expect_success(command, status)
}

/// Runs a program and returns what it wrote to its standard output.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Error> {
    let output = command
        .output()
        .map_err(Error::io(format!("start {}", name_of(command))))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed(format!(
        "{} failed:\n{}",
        line_of(command),
        complaint.trim_end()
    )))
}

/// Runs a program and returns what it wrote to its standard output. Its complaints and its progress
/// are shown while it runs.
pub(crate) fn printed_by(command: &mut Command) -> Result<String, Error> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(Error::io(format!("start {}", name_of(command))))?;
    expect_success(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Turns an end without success into an error that hands the exit code on.
pub(crate) fn expect_success(command: &Command, status: ExitStatus) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    Err(Error::Exit {
        program: name_of(command),
        code,
    })
}

/// The command as a person would type it.
pub(crate) fn line_of(command: &Command) -> String {
    let mut line = name_of(command);
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

fn name_of(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_the_folder_of_its_program() {
        let mut command = Command::new("/usr/lib/toolchain/bin/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(line_of(&command), "cargo fmt --check");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("could not start no-such-program-here: "),
            "{error}"
        );
        assert_eq!(error.exit_code(), 1);
    }
}
