//! Standard output and standard error.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, StdoutLock, Write},
};

use serde_json::Value;

use crate::failure::Failure;

/// Standard output. A closed pipe makes the command exit quietly.
#[derive(Debug)]
pub(crate) struct Out {
    stdout: StdoutLock<'static>,
    terminal: bool,
}

impl Out {
    pub(crate) fn new() -> Self {
        let stdout = io::stdout().lock();
        let terminal = stdout.is_terminal();
        Self { stdout, terminal }
    }

    /// The width of the terminal in columns; `None` if this is not a terminal.
    pub(crate) fn width(&self) -> Option<usize> {
        /// Of a terminal that does not say.
        const USUAL: usize = 80;
        self.terminal
            .then(|| columns(&self.stdout).unwrap_or(USUAL))
    }

    /// Writes a piece of a model's output immediately.
    pub(crate) fn piece(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text.as_bytes(), text)
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.piece(text)?;
        self.write(b"\n", "\n")
    }

    /// Shows lines on a terminal, in place of everything that was there.
    pub(crate) fn screen(&mut self, lines: &[String]) -> Result<(), Failure> {
        // Each line is replaced by itself: clearing all of it first would flicker.
        let mut text = "\u{1b}[H".to_owned();
        for line in lines {
            text.push_str(&format!("{}\u{1b}[K\n", harmless(line)));
        }
        text.push_str("\u{1b}[J");
        let written = self.stdout.write_all(text.as_bytes());
        written
            .and_then(|()| self.stdout.flush())
            .map_err(|error| Failure::output(&error))
    }

    /// Writes a JSON document, which is all that there is on standard output.
    pub(crate) fn document(&mut self, document: &Value) -> Result<(), Failure> {
        self.line(&format!("{document:#}"))
    }

    fn write(&mut self, raw: &[u8], text: &str) -> Result<(), Failure> {
        let written = if self.terminal {
            self.stdout.write_all(harmless(text).as_bytes())
        } else {
            self.stdout.write_all(raw)
        };
        written
            .and_then(|()| self.stdout.flush())
            .map_err(|error| Failure::output(&error))
    }
}

#[cfg(unix)]
fn columns(stdout: &StdoutLock<'_>) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(windows)]
fn columns(_: &StdoutLock<'_>) -> Option<usize> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns)).filter(|columns| *columns > 0)
}

#[cfg(not(any(unix, windows)))]
fn columns(_: &StdoutLock<'_>) -> Option<usize> {
    None
}

/// Neutralizes terminal control characters: a model must not move the cursor, nor change the order
/// in which a line reads.
pub(crate) fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(' '),
        '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ => c,
    };
    text.chars().map(shown).collect()
}

/// The text as it is written to standard error: as it is, where no terminal reads it.
fn for_stderr(text: &str) -> Cow<'_, str> {
    match io::stderr().is_terminal() {
        true => Cow::Owned(harmless(text)),
        false => Cow::Borrowed(text),
    }
}

/// Writes a line for the person at the terminal. A closed standard error is not our concern.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", for_stderr(text));
}

/// Prompts the user for a line.
pub(crate) fn ask(text: &str) {
    let _ = write!(io::stderr(), "{}", for_stderr(text));
}

/// Sends the terminal a sequence of its own, such as one that switches a mode on. Returns false where
/// there is no terminal.
pub(crate) fn control(sequence: &str) -> bool {
    let sent = if io::stderr().is_terminal() {
        io::stderr().write_all(sequence.as_bytes())
    } else if io::stdout().is_terminal() {
        let mut stdout = io::stdout();
        stdout
            .write_all(sequence.as_bytes())
            .and_then(|()| stdout.flush())
    } else {
        return false;
    };
    sent.is_ok()
}

/// Standard error, for dimmed text: reasoning and usage.
#[derive(Debug)]
pub(crate) struct Aside {
    colored: bool,
    open: bool,
}

impl Aside {
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colored: wanted && io::stderr().is_terminal(),
            open: false,
        }
    }

    /// Writes a piece of reasoning, dimmed if colors are on.
    pub(crate) fn piece(&mut self, text: &str) {
        let text = for_stderr(text);
        let _ = if self.colored {
            write!(io::stderr(), "\u{1b}[2m{text}\u{1b}[0m")
        } else {
            write!(io::stderr(), "{text}")
        };
        self.open = !text.ends_with('\n');
    }

    /// Ends the line that a piece left unfinished.
    pub(crate) fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = writeln!(io::stderr());
        }
    }

    /// Writes a line, dimmed if colors are on.
    pub(crate) fn line(&mut self, text: &str) {
        self.close();
        self.piece(text);
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_cannot_drive_the_terminal() {
        assert_eq!(
            harmless("a\u{1b}[2J\u{9b}b\r\n\tc\u{7f}"),
            "a␛[2J\u{fffd}b␍\n\tc\u{fffd}"
        );
        assert_eq!(
            harmless("a\u{202e}b\u{2066}c\u{2069}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}"
        );
        // Marks that scripts and composed emoji need are harmless.
        let marks = "\u{5d0}\u{200f}\u{61c} 👩\u{200d}🚀";
        assert_eq!(harmless(marks), marks);
    }
}
