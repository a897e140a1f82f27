//! A terminal for the command: a pseudo-terminal, somebody who types, and a screen.
//!
//! The terminal is the command's controlling terminal and all three of its standard streams, so what
//! is typed goes through the kernel's line editing: Ctrl-C is a signal, and whether letters are echoed
//! can be asked.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZeroU16,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    process::Child,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pty},
};
use rustix::{
    io::ioctl_fionread,
    termios::{LocalModes, tcgetattr},
};
use tempfile::TempDir;

use crate::run::Ran;

/// As long as a test may hang. Nothing else depends on it.
const HANGING: Duration = Duration::from_secs(120);

const ROWS: NonZeroU16 = NonZeroU16::new(60).unwrap();
const COLUMNS: u16 = 120;

pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const CTRL_D: &str = "\u{4}";
pub(crate) const CTRL_Z: &str = "\u{1a}";

/// A command to be run on a terminal, in an environment of its own.
pub(crate) struct OnTerminal {
    command: Command,
    columns: u16,
    home: TempDir,
}

impl OnTerminal {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_qwen-openclaw"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path());
        Self {
            command,
            columns: COLUMNS,
            home,
        }
    }

    /// Sets the width of the terminal; 0 is that of one that does not say.
    pub(crate) fn columns(self, columns: u16) -> Self {
        Self { columns, ..self }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command = self.command.env(name, value);
        self
    }

    /// Sends the standard output elsewhere, as with `>`.
    pub(crate) fn stdout(mut self, file: File) -> Self {
        self.command = self.command.stdout(file);
        self
    }

    pub(crate) fn start(self) -> Terminal {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(ROWS.get(), self.columns)).unwrap();
        let hold = pts.as_fd().try_clone_to_owned().unwrap();
        let child = self.command.spawn(pts).unwrap();
        let columns = NonZeroU16::new(self.columns.max(1)).unwrap();
        let pty = Arc::new(pty);
        let (pieces, output) = channel();
        let reader = Arc::clone(&pty);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // Linux reports an error when the last process on the terminal is gone, others the end.
            while let Ok(read @ 1..) = (&*reader).read(&mut piece) {
                if pieces.send(piece[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            pty,
            hold: Some(hold),
            echo_at_exit: false,
            unread_at_exit: 0,
            child,
            output,
            raw: Vec::new(),
            screen: vt100::Parser::new(ROWS, columns, 1000),
            home: self.home,
        }
    }
}

/// A command that runs on a terminal. Dropping it kills the command.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    /// Keeps the terminal open, and so its settings, until the command has ended.
    hold: Option<OwnedFd>,
    echo_at_exit: bool,
    unread_at_exit: u64,
    child: Child,
    output: Receiver<Vec<u8>>,
    raw: Vec<u8>,
    screen: vt100::Parser,
    home: TempDir,
}

impl Terminal {
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + HANGING;
        while !self.screen().contains(text) {
            assert!(
                self.receive(deadline),
                "the command ended and `{text}` is not on the screen:\n{}",
                self.screen()
            );
        }
        self
    }

    /// Types `text`, as it is: Enter is `\n`, as after the terminal has translated it.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
        self
    }

    /// Whether the terminal shows what is typed now, or did when the command ended.
    pub(crate) fn echoes(&self) -> bool {
        if self.hold.is_none() {
            return self.echo_at_exit;
        }
        let modes = tcgetattr(&*self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }

    /// Waits until the terminal shows what is typed.
    #[track_caller]
    pub(crate) fn until_it_echoes(&mut self) -> &mut Self {
        let deadline = Instant::now() + HANGING;
        while !self.echoes() {
            assert!(Instant::now() < deadline, "the echo stays off");
            thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// How much of what was typed was left to the shell when the command ended, in bytes.
    pub(crate) fn unread(&self) -> u64 {
        self.unread_at_exit
    }

    /// What the screen shows.
    pub(crate) fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Lets a command that Ctrl-Z has stopped, or is about to, go on until the echo is off again.
    #[track_caller]
    pub(crate) fn resumes_hidden(&mut self) -> &mut Self {
        let deadline = Instant::now() + HANGING;
        while self.echoes() {
            assert!(Instant::now() < deadline, "the echo stays on");
            self.signal("-CONT");
            thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Sends the command a signal, such as `-TERM`.
    pub(crate) fn signal(&mut self, signal: &str) -> &mut Self {
        let id = self.child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(kill.unwrap().success());
        self
    }

    /// Waits for the command to end. What was on the terminal, to the byte, is `stdout`.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> Ran {
        let deadline = Instant::now() + HANGING;
        while self.receive(deadline) {}
        let status = self.child.wait().unwrap();
        Ran::of(std::process::Output {
            status,
            stdout: std::mem::take(&mut self.raw),
            stderr: Vec::new(),
        })
    }

    /// Takes in a piece of output; false at its end.
    #[track_caller]
    fn receive(&mut self, deadline: Instant) -> bool {
        loop {
            match self.output.recv_timeout(Duration::from_millis(10)) {
                Ok(piece) => {
                    self.screen.process(&piece);
                    self.raw.extend(piece);
                    return true;
                }
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(terminal) = &self.hold
                && self.child.try_wait().unwrap().is_some()
            {
                self.unread_at_exit = ioctl_fionread(terminal).unwrap();
                self.echo_at_exit = self.echoes();
                self.hold = None;
            }
            let hangs = Instant::now() >= deadline;
            assert!(!hangs, "the command hangs:\n{}", self.screen());
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It is gone already unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
