//! Runs the tools that the model calls, by the commands of `--tool-cmd`.

use std::{
    ffi::OsString,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use qwen_openclaw::{
    auth::variables::{Purpose, TABLE},
    chat::{Tool, ToolCall},
    config::Config,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::Command,
    time::timeout,
};

use super::args;
use crate::{failure::Failure, output::note, words};

/// How many times one question may have tools run.
pub(super) const ROUNDS: usize = 8;

/// The most that a tool may print, in bytes.
const LARGEST: u64 = 64 << 10;

/// The result of a call that the user does not want run.
pub(super) const DECLINED: &str = "error: the user declined to run this tool";

/// The result of a call that nothing answered: the service refuses a conversation without one.
pub(super) const UNANSWERED: &str = "error: there is no result, as the tool was not run";

/// A command that runs a tool.
#[derive(Clone, Debug)]
pub(crate) struct ToolCommand {
    name: String,
    program: String,
    arguments: Vec<String>,
}

impl ToolCommand {
    /// `NAME=COMMAND`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, command) = text.split_once('=').ok_or("must be NAME=COMMAND")?;
        let mut words = words::split(command)?.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        Ok(Self {
            name: name.trim().to_owned(),
            program: program.ok_or("the command is empty")?,
            arguments: words.collect(),
        })
    }

    fn shown(&self) -> String {
        let words = [std::slice::from_ref(&self.program), &self.arguments].concat();
        words.join(" ")
    }
}

/// The commands, and what they may do.
#[derive(Debug)]
pub(super) struct ToolCommands {
    commands: Vec<ToolCommand>,
    limit: Duration,
    /// Variables that they do not get.
    secrets: Vec<OsString>,
}

impl ToolCommands {
    /// What is wrong with them is said before anything is sent.
    pub(super) fn of(
        flags: &args::Request,
        tools: &[Tool],
        config: Option<&Config>,
    ) -> Result<Self, Failure> {
        for command in &flags.tool_cmd {
            let named = |tool: &Tool| {
                let function = tool.function.as_ref();
                function.is_some_and(|function| *function.name == *command.name)
            };
            if !tools.iter().any(named) {
                let name = &command.name;
                return Err(Failure::usage(format!(
                    "--tool-cmd names `{name}`, which is not a tool of the file of --tools"
                )));
            }
            if !is_there(&command.program) {
                return Err(Failure::usage(format!(
                    "the command of the tool `{}` is not there: {}",
                    command.name, command.program
                )));
            }
        }
        Ok(Self {
            commands: flags.tool_cmd.clone(),
            limit: flags.tool_timeout.0,
            secrets: secrets(config),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// The command of a call.
    pub(super) fn of_call(&self, call: &ToolCall) -> Option<&ToolCommand> {
        let mut commands = self.commands.iter().rev();
        commands.find(|command| command.name == call.name())
    }

    /// What is asked before a command is run.
    pub(super) fn question(call: &ToolCall, command: &ToolCommand) -> String {
        let (name, arguments) = (call.name(), call.arguments());
        format!(
            "run the tool {name} {arguments} with `{}`?",
            command.shown()
        )
    }

    /// Runs a command; what went wrong is a result too, which the model reads.
    pub(super) async fn run(&self, command: &ToolCommand, call: &ToolCall) -> String {
        let ran = timeout(self.limit, self.output(command, call.arguments()));
        let (status, out, err) = match ran.await {
            Err(_) => {
                let seconds = self.limit.as_secs_f32();
                return format!("error: the tool did not finish within {seconds} s");
            }
            Ok(Err(error)) => return format!("error: the tool could not be run: {error}"),
            Ok(Ok(ran)) => ran,
        };
        if let Some(status) = status.filter(|status| !status.success()) {
            let said = [err.trim_end(), out.trim_end()].join("\n");
            return format!("error: the tool failed, {status}\n{}", said.trim());
        }
        if !err.trim().is_empty() {
            note(err.trim_end());
        }
        out
    }

    /// What a command prints, and how it ended; `None` if it was stopped because it printed too much.
    async fn output(
        &self,
        command: &ToolCommand,
        arguments: &str,
    ) -> std::io::Result<(Option<ExitStatus>, String, String)> {
        let mut process = Command::new(&command.program);
        process
            .args(&command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in &self.secrets {
            process.env_remove(name);
        }
        // A group of its own, so that what the command has started ends with it.
        #[cfg(unix)]
        process.process_group(0);
        let mut child = process.spawn()?;
        let mut group = Group(child.id());
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async move {
            if let Some(mut stdin) = stdin {
                // A tool need not read its arguments.
                let _ = stdin.write_all(arguments.as_bytes()).await;
            }
        };
        let ((), out, err) = tokio::join!(write, limited(stdout), limited(stderr));
        let ((out, is_cut), (err, _)) = (out?, err?);
        if is_cut {
            return Ok((None, out, err));
        }
        let status = child.wait().await?;
        group.0 = None;
        Ok((Some(status), out, err))
    }
}

/// A command and what it has started, ended when this is dropped.
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "there, only the command is ended")
)]
struct Group(Option<u32>);

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            // It may be gone already.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

/// What is printed, up to the limit, and whether that was not all.
async fn limited(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<(String, bool)> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(LARGEST + 1).read_to_end(&mut bytes).await?;
    }
    let is_cut = bytes.len() as u64 > LARGEST;
    if is_cut {
        bytes.pop();
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if is_cut {
        text.push_str(&format!("\n[cut off after {LARGEST} bytes]"));
    }
    Ok((text, is_cut))
}

/// Whether a program can be found.
fn is_there(program: &str) -> bool {
    // There it is found in more places, and under more names.
    if cfg!(windows) {
        return true;
    }
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let Some(folders) = std::env::var_os("PATH") else {
        return true;
    };
    let mut folders = std::env::split_paths(&folders).map(|folder| folder.join(program));
    folders.any(|path| path.is_file())
}

/// The variables that hold our keys: those that are known, and those with a key of the configuration.
fn secrets(config: Option<&Config>) -> Vec<OsString> {
    let known = TABLE.iter().filter(|known| known.purpose == Purpose::Key);
    let mut names: Vec<OsString> = known.map(|known| known.name.into()).collect();
    if let Some(config) = config {
        let entries = config.models.providers.iter();
        let keys: Vec<_> = entries
            .filter_map(|entry| entry.api_key.as_ref()?.key(config.environment()).ok()?)
            .map(|(key, _)| key)
            .collect();
        let is_key = |value: &OsString| keys.iter().any(|key| value == key.expose());
        let with_keys = std::env::vars_os().filter(|(_, value)| is_key(value));
        names.extend(with_keys.map(|(name, _)| name));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_name_and_words() {
        let command = ToolCommand::parse("get=./run --a=b 'c d'").unwrap();
        assert_eq!(command.name, "get");
        assert_eq!(command.program, "./run");
        assert_eq!(command.arguments, ["--a=b", "c d"]);
        for wrong in ["get", "get=", "get=''", "get='a"] {
            assert!(ToolCommand::parse(wrong).is_err(), "{wrong}");
        }
    }
}
