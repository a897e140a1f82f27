//! The terminal's settings while a conversation lasts.

#[cfg(unix)]
pub(super) use self::unix::Modes;

#[cfg(not(unix))]
pub(super) use self::other::Modes;

/// Whether the terminal can do what the line editor needs.
pub(super) fn is_supported() -> bool {
    // The editor's own list: it does not edit on these.
    const UNSUPPORTED: [&str; 3] = ["dumb", "cons25", "emacs"];
    let term = std::env::var("TERM").unwrap_or_default();
    !UNSUPPORTED.contains(&&*term.to_ascii_lowercase())
}

#[cfg(unix)]
mod unix {
    use std::{
        io,
        sync::{Mutex, MutexGuard, PoisonError},
        thread,
    };

    use rustix::{
        process::Signal,
        termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
    };
    use tokio::signal::unix::{SignalKind, signal};

    use crate::output::control;

    /// The settings from before the conversation, while there is one.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// The settings are those from before again when this is dropped, or when a signal that can be
    /// caught ends the process.
    pub(crate) struct Modes {
        before: Termios,
    }

    impl Modes {
        pub(crate) fn start() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            watch_signals()?;
            *saved() = Some(before.clone());
            Ok(Self { before })
        }

        /// For the time between two prompts: what is typed is not shown amid the answer, and waits
        /// for the prompt as it is, so that a paste is one message then too. Ctrl-C stays a signal.
        pub(crate) fn quiet(&self) {
            let mut quiet = self.before.clone();
            quiet
                .local_modes
                .remove(LocalModes::ECHO | LocalModes::ICANON);
            // A terminal that is gone needs no settings.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &quiet);
            control("\u{1b}[?2004h");
        }

        /// For another program that uses the terminal.
        pub(crate) fn restore(&self) {
            restore(&self.before);
        }
    }

    impl Drop for Modes {
        fn drop(&mut self) {
            if let Some(before) = saved().take() {
                restore(&before);
            }
        }
    }

    fn restore(before: &Termios) {
        control("\u{1b}[?2004l");
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }

    fn saved() -> MutexGuard<'static, Option<Termios>> {
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread that restores the settings before a signal ends the process. The line editor
    /// blocks the main thread.
    fn watch_signals() -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let entered = runtime.enter();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut quit = signal(SignalKind::quit())?;
        drop(entered);
        let watch = async move {
            let signal = tokio::select! {
                _ = terminate.recv() => Signal::TERM,
                _ = quit.recv() => Signal::QUIT,
            };
            if let Some(before) = saved().take() {
                restore(&before);
            }
            // What a shell reports for a process that a signal has killed.
            std::process::exit(128 + signal.as_raw());
        };
        thread::Builder::new().spawn(move || runtime.block_on(watch))?;
        Ok(())
    }
}

#[cfg(not(unix))]
mod other {
    /// Nothing to restore: the line editor sets the console, and resets it after each line.
    pub(crate) struct Modes;

    impl Modes {
        pub(crate) fn start() -> std::io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn quiet(&self) {}

        pub(crate) fn restore(&self) {}
    }
}
