//! A terminal for the command: a pseudo-terminal, somebody who types, and a screen.
//!
//! The terminal is the command's controlling terminal and all three of its standard streams, so what
//! is typed goes through the kernel's line editing, unless the command switches it off: Ctrl-C is a
//! signal, and whether letters are echoed can be asked.

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

use crate::run::{KEY, Ran, Service};

/// As long as a test may hang. Nothing else depends on it.
const HANGING: Duration = Duration::from_secs(120);

/// Of a terminal that no test resizes.
const ROWS: u16 = 60;
const COLUMNS: u16 = 120;

pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const CTRL_D: &str = "\u{4}";
pub(crate) const CTRL_Z: &str = "\u{1a}";
pub(crate) const BACKSPACE: &str = "\u{7f}";
pub(crate) const UP: &str = "\u{1b}[A";
pub(crate) const ALT_ENTER: &str = "\u{1b}\r";

/// A command to be run on a terminal, in an environment of its own.
pub(crate) struct OnTerminal {
    command: Command,
    home: Arc<TempDir>,
    size: (u16, u16),
}

impl OnTerminal {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = Arc::new(tempfile::tempdir().unwrap());
        let command = Command::new(env!("CARGO_BIN_EXE_qwen-openclaw"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path());
        let size = (ROWS, COLUMNS);
        Self {
            command,
            home,
            size,
        }
    }

    /// As a caller with a key, talking to `service`.
    pub(crate) fn at(self, service: &Service) -> Self {
        self.env("QWEN_BASE_URL", &service.emulator.base_url())
            .env("QWEN_API_KEY", KEY)
    }

    /// In the home folder of another command.
    pub(crate) fn at_home_of(mut self, other: &Terminal) -> Self {
        self.home = Arc::clone(&other.home);
        let home = self.home.path().to_owned();
        self.command = self.command.env("HOME", home);
        self
    }

    /// With a file in its home folder.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Sets the width of the terminal; 0 is that of one that does not say.
    pub(crate) fn columns(self, columns: u16) -> Self {
        let (rows, _) = self.size;
        self.size(rows, columns)
    }

    pub(crate) fn size(mut self, rows: u16, columns: u16) -> Self {
        self.size = (rows, columns);
        self
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
        let (rows, columns) = self.size;
        pty.resize(Size::new(rows, columns)).unwrap();
        let hold = pts.as_fd().try_clone_to_owned().unwrap();
        let child = self.command.spawn(pts).unwrap();
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
            screen: vt100::Parser::new(lines(rows), lines(columns), 1000),
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
    home: Arc<TempDir>,
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

    /// Waits until the cursor is behind `text`, which starts its line.
    #[track_caller]
    pub(crate) fn awaits(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + HANGING;
        while !self.is_behind(text) {
            assert!(
                self.receive(deadline),
                "the command ended and `{text}` is not before the cursor:\n{}",
                self.screen()
            );
        }
        self
    }

    fn is_behind(&self, text: &str) -> bool {
        let screen = self.screen.screen();
        let (row, column) = screen.cursor_position();
        let line = screen.contents_between(row, 0, row, column);
        line == text
    }

    /// Types `text`, as it is: Enter is `\n`, as after the terminal has translated it.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
        self
    }

    /// Pastes `text`, marked as terminals mark it for a program that asks for it.
    pub(crate) fn pastes(&mut self, text: &str) -> &mut Self {
        let text = text.replace('\n', "\r");
        self.types(&format!("\u{1b}[200~{text}\u{1b}[201~"))
    }

    /// Changes the size of the window.
    pub(crate) fn resizes(&mut self, rows: u16, columns: u16) -> &mut Self {
        self.screen
            .screen_mut()
            .set_size(lines(rows), lines(columns));
        self.pty.resize(Size::new(rows, columns)).unwrap();
        self
    }

    /// What the command has written so far, to the byte.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
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

    /// What the screen shows, row by row: a line that is too long for one goes on in the next.
    pub(crate) fn rows(&self) -> Vec<String> {
        let screen = self.screen.screen();
        let rows = screen.rows(0, screen.size().1.get());
        rows.map(|row| row.trim_end().to_owned()).collect()
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

/// Of the screen, also for a terminal that does not say its size.
fn lines(count: u16) -> NonZeroU16 {
    const USUAL: NonZeroU16 = NonZeroU16::new(80).unwrap();
    NonZeroU16::new(count).unwrap_or(USUAL)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It is gone already unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
