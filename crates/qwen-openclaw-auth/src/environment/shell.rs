//! The variables of the login shell, for services and desktop programs that do not inherit them.

use std::time::Duration;

use super::{Environment, layer::Origin};
use crate::error::Error;

impl Environment {
    /// Starts the user's login shell and takes the variables of these names from it, below all
    /// others.
    ///
    /// The shell is `$SHELL` of the process if it is an absolute path, otherwise `/bin/sh`, run as
    /// `SHELL -l -c 'env -0'` without standard input, with the environment of the process. It is killed
    /// when it takes longer than `timeout` or prints more than 2 MiB. The call blocks until then.
    /// Nothing is started for no names. This is the only method of this crate that starts a process.
    ///
    /// If the shell fails, nothing is taken, and [`problems`](Self::problems) says why. It always
    /// fails on systems other than Unix.
    #[must_use]
    pub fn with_login_shell(mut self, names: &[&str], timeout: Duration) -> Self {
        if names.is_empty() {
            return self;
        }
        let shell = self.login_shell();
        match ask(&shell, names, timeout) {
            Ok(values) => self.with_layer(Origin::Shell, values),
            Err(error) => {
                self.problems.push(Error::shell(&shell, error));
                self
            }
        }
    }

    /// Only the process itself says which program is started, no file.
    fn login_shell(&self) -> String {
        let process = self.all("SHELL");
        let mut process = process.filter(|found| matches!(found.layer.origin, Origin::Process));
        let shell = process.next().and_then(|found| found.value().ok());
        let shell = shell.filter(|shell| shell.starts_with('/'));
        shell.unwrap_or("/bin/sh").to_owned()
    }
}

#[cfg(unix)]
use self::unix::ask;

#[cfg(unix)]
mod unix {
    use std::{
        collections::BTreeMap,
        ffi::OsString,
        io::{self, Read},
        os::unix::{ffi::OsStringExt, process::CommandExt},
        process::{Child, ChildStdout, Command, ExitStatus, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        process::{Pid, Signal, kill_process_group},
    };
    use secrecy::{ExposeSecret, SecretSlice};

    use super::super::layer::Value;

    /// The most that the shell may print, as in OpenClaw.
    const MAX_OUTPUT: usize = 2 << 20;

    /// How often it is checked whether the shell has exited.
    const TICK: Duration = Duration::from_millis(10);

    pub(super) fn ask(
        shell: &str,
        names: &[&str],
        timeout: Duration,
    ) -> io::Result<BTreeMap<String, Value>> {
        let mut child = Command::new(shell)
            .args(["-l", "-c", "env -0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Its children are killed with it.
            .process_group(0)
            .spawn()?;
        let output = child.stdout.take();
        let answer = output
            .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
            .and_then(|output| listen(&mut child, output, timeout));
        if answer.is_err() {
            end(&mut child);
        }
        Ok(parse(answer?.expose_secret(), names))
    }

    fn listen(
        child: &mut Child,
        mut output: ChildStdout,
        timeout: Duration,
    ) -> io::Result<SecretSlice<u8>> {
        let started = Instant::now();
        let left = || timeout.saturating_sub(started.elapsed());
        let late = || {
            let message = format!("it took longer than {} ms", timeout.as_millis());
            io::Error::new(io::ErrorKind::TimedOut, message)
        };
        // The whole capacity from the start: what grows leaves copies of secrets behind.
        let mut bytes = Vec::with_capacity(MAX_OUTPUT + 1);
        loop {
            if left().is_zero() {
                return Err(late());
            }
            if is_readable(&output, left().min(TICK))? {
                let room = MAX_OUTPUT + 1 - bytes.len();
                let read = (&mut output).take(room as u64);
                if read_some(read, &mut bytes)? == 0 {
                    break;
                }
                if bytes.len() > MAX_OUTPUT {
                    return Err(io::Error::other("it printed more than 2 MiB"));
                }
            } else if child.try_wait()?.is_some() {
                // A program that it left running may hold the pipe open.
                break;
            }
        }
        let status = loop {
            match child.try_wait()? {
                Some(status) => break status,
                None if left().is_zero() => return Err(late()),
                None => thread::sleep(left().min(TICK)),
            }
        };
        if !status.success() {
            return Err(failed(status));
        }
        Ok(SecretSlice::from(bytes))
    }

    fn failed(status: ExitStatus) -> io::Error {
        io::Error::other(format!("it failed: {status}"))
    }

    fn is_readable(output: &ChildStdout, wait: Duration) -> io::Result<bool> {
        let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
        let mut fds = [PollFd::new(output, PollFlags::IN)];
        match poll(&mut fds, Some(&wait)) {
            Ok(count) => Ok(count > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what is there, which a pipe gives without waiting for more.
    fn read_some(mut from: impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let start = bytes.len();
        let room = bytes.capacity() - start;
        bytes.resize(start + room.min(1 << 16), 0);
        let read = from.read(&mut bytes[start..]);
        bytes.truncate(start + *read.as_ref().unwrap_or(&0));
        read
    }

    fn end(child: &mut Child) {
        // It fails where there is nothing left to end.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        let _ = child.wait();
    }

    fn parse(output: &[u8], names: &[&str]) -> BTreeMap<String, Value> {
        let entries = output.split(|byte| *byte == 0);
        let pairs = entries.filter_map(|entry| {
            let equals = entry.iter().position(|byte| *byte == b'=')?;
            let name = std::str::from_utf8(&entry[..equals]).ok()?;
            let value = Value::from_os(OsString::from_vec(entry[equals + 1..].to_vec()));
            let is_wanted = names.contains(&name) && !matches!(value, Value::Blank);
            is_wanted.then(|| (name.to_owned(), value))
        });
        pairs.collect()
    }
}

#[cfg(not(unix))]
fn ask(
    _: &str,
    _: &[&str],
    _: Duration,
) -> std::io::Result<std::collections::BTreeMap<String, super::layer::Value>> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "it is started on Unix only",
    ))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{error::Error as _, fs, os::unix::fs::PermissionsExt, time::Instant};

    use tempfile::TempDir;

    use super::*;
    use crate::ErrorKind;

    const NAMES: [&str; 2] = ["QWEN_API_KEY", "OPENAI_API_KEY"];

    /// A shell that runs `script`; its arguments are in `$@`.
    fn shell(script: &str) -> (TempDir, Environment) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shell");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let environment = Environment::from_pairs([("SHELL", path)]);
        (folder, environment)
    }

    fn failure(script: &str, timeout: Duration) -> String {
        let (_folder, environment) = shell(script);
        let environment = environment.with_login_shell(&NAMES, timeout);
        assert_eq!(environment.shell_variables().count(), 0);
        let [problem] = environment.problems() else {
            panic!("{:?}", environment.problems());
        };
        assert_eq!(problem.kind(), ErrorKind::Shell);
        problem.source().unwrap().to_string()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_named_variables_are_taken_and_rank_lowest() {
        let script = "test \"$*\" = '-l -c env -0' || exit 1
            cat && printf 'QWEN_API_KEY=sk-of-the-shell\\0OPENAI_API_KEY= \\0OTHER=x\\0a line\\0'";
        let (_folder, environment) = shell(script);
        let asked = environment.clone().with_login_shell(&NAMES, LONG);
        assert!(asked.problems().is_empty(), "{:?}", asked.problems());
        let names: Vec<&str> = asked.shell_variables().collect();
        assert_eq!(names, ["QWEN_API_KEY"]);
        let found = asked.get("QWEN_API_KEY").unwrap();
        assert_eq!(found.value().unwrap(), "sk-of-the-shell");
        assert_eq!(found.source().to_string(), "shell env: QWEN_API_KEY");
        assert!(asked.get("OTHER").is_none());
        let asked = asked.with_config_variables("x", [("QWEN_API_KEY", "sk-of-the-file")]);
        assert_eq!(asked.value("QWEN_API_KEY").unwrap(), Some("sk-of-the-file"));
        assert_eq!(asked.shell_variables().count(), 0);
    }

    #[test]
    fn a_shell_that_fails_is_a_problem() {
        let failed = failure("exit 3", LONG);
        assert!(failed.starts_with("it failed: exit status: 3"), "{failed}");
        let much = failure("exec head -c 3000000 /dev/zero", LONG);
        assert_eq!(much, "it printed more than 2 MiB");
    }

    #[test]
    fn a_shell_that_hangs_is_killed_with_its_children() {
        let (folder, environment) = shell("sleep 600 & echo $! > \"${0%/*}/pid\"; wait");
        let started = Instant::now();
        let environment = environment.with_login_shell(&NAMES, Duration::from_millis(400));
        assert!(started.elapsed() < Duration::from_secs(60));
        let cause = environment.problems()[0].source().unwrap().to_string();
        assert_eq!(cause, "it took longer than 400 ms");
        if let Ok(pid) = fs::read_to_string(folder.path().join("pid")) {
            let state = format!("/proc/{}/stat", pid.trim());
            let runs = || fs::read_to_string(&state).is_ok_and(|state| !state.contains(" Z "));
            // A process that was killed ends when it next gets a turn.
            while runs() {
                assert!(
                    started.elapsed() < Duration::from_secs(60),
                    "{pid} still runs"
                );
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    #[test]
    fn a_program_left_running_is_not_waited_for() {
        let (_folder, environment) = shell("printf 'QWEN_API_KEY=sk-1\\0'; sleep 600 & exit 0");
        let environment = environment.with_login_shell(&NAMES, LONG);
        assert_eq!(environment.shell_variables().count(), 1);
    }

    #[test]
    fn only_the_process_names_the_shell_and_nothing_is_started_in_vain() {
        let (_folder, environment) = shell("exit 1");
        let quiet = environment.with_login_shell(&[], LONG);
        assert!(quiet.problems().is_empty());
        for shell in ["", "sh", "../sh"] {
            let environment = Environment::from_pairs([("SHELL", shell)]);
            let environment = environment.with_config_variables("x", [("SHELL", "/bin/false")]);
            assert_eq!(environment.login_shell(), "/bin/sh");
        }
    }

    #[test]
    fn keys_are_missing_by_provider() {
        let missing =
            |pairs: &[(&str, &str)]| Environment::from_pairs(pairs.iter().copied()).missing_keys();
        assert!(missing(&[]).contains(&"QWEN_API_KEY"));
        // It would come before the one that is set.
        let others = missing(&[("DASHSCOPE_API_KEY", "sk-1"), ("MODELSTUDIO_API_KEY", " ")]);
        assert!(!others.contains(&"QWEN_API_KEY"), "{others:?}");
        assert!(others.contains(&"QWEN_TOKEN_PLAN_API_KEY"), "{others:?}");
    }
}
