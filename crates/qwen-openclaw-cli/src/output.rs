//! Standard output and standard error.

use std::{
    borrow::Cow,
    io::{self, IsTerminal, StdoutLock, Write},
};

use crate::failure::Failure;

/// Standard output. A closed pipe ends the command in peace.
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

    /// Writes a piece of what a model said, at once.
    pub(crate) fn piece(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text.as_bytes(), text)
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.piece(text)?;
        self.write(b"\n", "\n")
    }

    fn write(&mut self, raw: &[u8], text: &str) -> Result<(), Failure> {
        let written = match self.terminal {
            true => self.stdout.write_all(harmless(text).as_bytes()),
            false => self.stdout.write_all(raw),
        };
        written
            .and_then(|()| self.stdout.flush())
            .map_err(|error| Failure::output(&error))
    }
}

/// The text without what could drive a terminal: a model must not move the cursor, nor make a line
/// read in another order than it is written.
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

/// Writes what asks the person at the terminal for a line.
pub(crate) fn ask(text: &str) {
    let _ = write!(io::stderr(), "{}", for_stderr(text));
}

/// Standard error, for what is dimmed: reasoning and usage.
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

    /// Writes a piece of reasoning, dimmed where there are colors.
    pub(crate) fn piece(&mut self, text: &str) {
        let text = for_stderr(text);
        let _ = match self.colored {
            true => write!(io::stderr(), "\u{1b}[2m{text}\u{1b}[0m"),
            false => write!(io::stderr(), "{text}"),
        };
        self.open = !text.ends_with('\n');
    }

    /// Ends the line that a piece left open.
    pub(crate) fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = writeln!(io::stderr());
        }
    }

    /// Writes a line, dimmed where there are colors.
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
        // Marks of scripts and of pictures that are put together do no harm.
        let marks = "\u{5d0}\u{200f}\u{61c} 👩\u{200d}🚀";
        assert_eq!(harmless(marks), marks);
    }
}
