//! Asks on a terminal: for a line, or for a secret, which is not shown while it is typed.

use std::io;

use crate::{
    failure::Failure,
    interrupt::Interrupt,
    output::{ask, note},
};

/// The longest line that every terminal passes on. Longer ones are cut, and the rest is lost.
const LONGEST: usize = 1023;

/// Asks for a line and reads it from standard input, which must be a terminal.
///
/// The echo is back, and the cursor on a new line, when this returns, after Ctrl-C too; also when the
/// process is ended or stopped by a signal that can be caught. An end of the input is an empty line.
pub(crate) async fn secret(prompt: &str) -> Result<String, Failure> {
    let mut interrupt = Interrupt::listen()?;
    let failed = |error| Failure::other(format!("could not read from the terminal: {error}"));
    let hidden = terminal::Hidden::start(prompt).map_err(failed)?;
    ask(prompt);
    let line = interrupt
        .or(async {
            let read = tokio::task::spawn_blocking(terminal::read_line).await;
            read.map_err(io::Error::from).flatten().map_err(failed)
        })
        .await;
    drop(hidden);
    note("");
    match line {
        Ok(line) if line.len() >= LONGEST => Err(Failure::usage(
            "this line is too long for a terminal, which may have cut it: pipe it in",
        )),
        line => line,
    }
}

/// Asks for a line and reads it from standard input, which must be a terminal; trimmed.
///
/// An end of the input is `None`.
pub(crate) async fn line(prompt: &str) -> Result<Option<String>, Failure> {
    let mut interrupt = Interrupt::listen()?;
    ask(prompt);
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|read| (read, line))
    });
    let line = interrupt
        .or(async {
            read.await
                .map_err(io::Error::from)
                .flatten()
                .map_err(|error| {
                    Failure::other(format!("could not read from the terminal: {error}"))
                })
        })
        .await;
    match line {
        Ok((1.., line)) => Ok(Some(line.trim().to_owned())),
        // Whatever comes next starts on a line of its own.
        other => {
            note("");
            other.map(|_| None)
        }
    }
}

/// Asks a question whose answer is yes or no; `default` is that of Enter. An end of the input is no.
pub(crate) async fn confirm(question: &str, default: bool) -> Result<bool, Failure> {
    let choice = if default { "[Y/n]" } else { "[y/N]" };
    loop {
        let Some(answer) = line(&format!("{question} {choice} ")).await? else {
            return Ok(false);
        };
        match answer.to_ascii_lowercase().as_str() {
            "" => return Ok(default),
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => note("Answer y or n."),
        }
    }
}

#[cfg(unix)]
mod terminal {
    use std::{
        io,
        sync::{Mutex, MutexGuard, PoisonError},
        thread,
    };

    use rustix::{
        process::{Signal, getpid, kill_process},
        termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
    };
    use tokio::signal::unix::{SignalKind, signal};

    use crate::output::{ask, note};

    /// The prompt that is open, if any. One at a time: there is one standard input.
    static OPEN: Mutex<Option<Open>> = Mutex::new(None);

    struct Open {
        prompt: String,
        /// The terminal's settings before the echo was switched off.
        before: Termios,
    }

    impl Open {
        /// Discards what was typed before, which was shown.
        fn hide(&self) -> io::Result<()> {
            let mut hidden = self.before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            Ok(tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?)
        }

        /// Discards what is left, such as the second line of a paste, which the shell would run.
        fn show(&self) -> io::Result<()> {
            Ok(tcsetattr(
                io::stdin(),
                OptionalActions::Flush,
                &self.before,
            )?)
        }
    }

    /// The echo is off until this is dropped.
    pub(super) struct Hidden;

    impl Hidden {
        pub(super) fn start(prompt: &str) -> io::Result<Self> {
            watch_signals()?;
            let opened = Open {
                prompt: prompt.to_owned(),
                before: tcgetattr(io::stdin())?,
            };
            opened.hide()?;
            *open() = Some(opened);
            Ok(Self)
        }
    }

    impl Drop for Hidden {
        fn drop(&mut self) {
            if let Some(opened) = open().take() {
                // A terminal that is gone shows nothing.
                let _ = opened.show();
            }
        }
    }

    fn open() -> MutexGuard<'static, Option<Open>> {
        OPEN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read_line() -> io::Result<String> {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line)
    }

    /// Starts the thread that switches the echo on before a signal ends or stops the process.
    ///
    /// It stays: a signal that was caught once is not left to the system again.
    fn watch_signals() -> io::Result<()> {
        static WATCHING: Mutex<bool> = Mutex::new(false);
        let mut watching = WATCHING.lock().unwrap_or_else(PoisonError::into_inner);
        if *watching {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let entered = runtime.enter();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut quit = signal(SignalKind::quit())?;
        let mut suspend = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
        let mut go_on = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        drop(entered);
        let watch = async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => end(Signal::TERM),
                    _ = quit.recv() => end(Signal::QUIT),
                    _ = suspend.recv() => suspend_process(),
                    // Not in the same breath: the process stops a moment after it is told to.
                    _ = go_on.recv() => ask_again(),
                }
            }
        };
        thread::Builder::new().spawn(move || runtime.block_on(watch))?;
        *watching = true;
        Ok(())
    }

    fn end(signal: Signal) {
        drop(Hidden);
        // What a shell reports for a process that a signal has killed.
        std::process::exit(128 + signal.as_raw());
    }

    /// Stops as Ctrl-Z does.
    fn suspend_process() {
        if let Some(opened) = &*open() {
            let _ = opened.show();
        }
        let _ = kill_process(getpid(), Signal::STOP);
    }

    fn ask_again() {
        if let Some(opened) = &*open() {
            match opened.hide() {
                Ok(()) => ask(&opened.prompt),
                // Never ask for a secret that would be shown.
                Err(error) => {
                    note(&format!("error: could not use the terminal: {error}"));
                    std::process::exit(1);
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use std::io;

    /// Nothing to restore: the keys are read one by one, and each is kept from being shown.
    pub(super) struct Hidden;

    impl Hidden {
        pub(super) fn start(_: &str) -> io::Result<Self> {
            Ok(Self)
        }
    }

    pub(super) fn read_line() -> io::Result<String> {
        console::Term::stderr().read_secure_line()
    }
}
