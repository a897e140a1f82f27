//! Standard output and standard error.

use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, IsTerminal, StdoutLock, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{failure::Failure, terminal};

/// Columns of a terminal that does not say how many it has.
const USUAL_WIDTH: usize = 80;

/// Standard output, or a file in its place. A closed pipe makes the command exit quietly.
#[derive(Debug)]
pub(crate) struct Out {
    target: Target,
    terminal: bool,
}

#[derive(Debug)]
enum Target {
    Stdout(StdoutLock<'static>),
    /// A device or a pipe.
    Special(File, PathBuf),
    /// A file that appears once it is complete.
    File(NamedTempFile, PathBuf),
}

impl Out {
    pub(crate) fn new() -> Self {
        let stdout = io::stdout().lock();
        let terminal = stdout.is_terminal();
        Self {
            target: Target::Stdout(stdout),
            terminal,
        }
    }

    /// Writes to the file of `--output`; without one, or for `-`, to standard output. It is found out
    /// here whether the file can be written, before anything is paid for.
    pub(crate) fn to(path: Option<&Path>, overwrite: bool) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self::new());
        };
        let failed = |error: io::Error| not_written(path, &error);
        let is_special = path.metadata().is_ok_and(|there| !there.is_file());
        let target = if is_special && !path.is_dir() {
            let file = OpenOptions::new().write(true).open(path);
            Target::Special(file.map_err(failed)?, path.to_owned())
        } else {
            // The target of a link is replaced, not the link.
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            check_target(&path, overwrite)?;
            let file = temporary(folder_of(&path).unwrap_or(Path::new(".")));
            Target::File(file.map_err(failed)?, path)
        };
        Ok(Self {
            target,
            terminal: false,
        })
    }

    /// The file is complete.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Target::File(file, path) = self.target else {
            return Ok(());
        };
        let saved = file.as_file().sync_all();
        let saved = saved.and_then(|()| Ok(file.persist(&path)?));
        saved.map_err(|error| not_written(&path, &error))?;
        Ok(())
    }

    /// The file will not be complete. What is in it was paid for, and is kept under another name.
    pub(crate) fn abandon(self) {
        let Target::File(file, path) = self.target else {
            return;
        };
        if !file.as_file().metadata().is_ok_and(|file| file.len() > 0) {
            return;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        match file.persist(&part) {
            Ok(_) => note(&format!("what had arrived is in {}", part.display())),
            Err(error) => not_written(&part, &error.error).tell(),
        }
    }

    /// A handle of the file that is written, for what is to be changed in it; `None` for standard output
    /// and devices.
    pub(crate) fn regular_file(&self) -> Option<io::Result<File>> {
        match &self.target {
            Target::File(file, _) => Some(file.as_file().try_clone()),
            _ => None,
        }
    }

    /// The failure of writing to it.
    pub(crate) fn not_written(&self, error: &io::Error) -> Failure {
        match &self.target {
            Target::Stdout(_) => Failure::output(error),
            Target::Special(_, path) | Target::File(_, path) => not_written(path, error),
        }
    }

    /// The width of the terminal in columns; `None` if this is not a terminal.
    pub(crate) fn width(&self) -> Option<usize> {
        match &self.target {
            Target::Stdout(stdout) if self.terminal => Some(columns(stdout).unwrap_or(USUAL_WIDTH)),
            _ => None,
        }
    }

    /// The width of the terminal and whether it shows colors, if text is laid out for it.
    pub(crate) fn layout(&self) -> Option<(usize, bool)> {
        let Target::Stdout(stdout) = &self.target else {
            return None;
        };
        let width = self.width()?;
        terminal::is_laid_out(stdout).then(|| (width, terminal::has_colors(stdout)))
    }

    /// Writes text that has escape sequences of our own, and no others.
    pub(crate) fn rendered(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.bytes(text.as_bytes())
    }

    /// Writes a piece of a model's output immediately.
    pub(crate) fn piece(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text)
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.piece(text)?;
        self.write("\n")
    }

    /// Shows lines on a terminal, in place of everything that was there.
    pub(crate) fn screen(&mut self, lines: &[String]) -> Result<(), Failure> {
        // Each line is replaced by itself: clearing all of it first would flicker.
        let mut text = "\u{1b}[H".to_owned();
        for line in lines {
            text.push_str(&format!("{}\u{1b}[K\n", harmless(line)));
        }
        text.push_str("\u{1b}[J");
        self.bytes(text.as_bytes())
    }

    /// Writes a JSON document, which is all that there is on standard output.
    pub(crate) fn document(&mut self, document: &Value) -> Result<(), Failure> {
        self.line(&format!("{document:#}"))
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        wipe();
        match &mut self.target {
            Target::Stdout(stdout) => stdout
                .write_all(bytes)
                .and_then(|()| stdout.flush())
                .map_err(|error| Failure::output(&error)),
            Target::Special(file, path) => file
                .write_all(bytes)
                .map_err(|error| not_written(path, &error)),
            Target::File(file, path) => file
                .write_all(bytes)
                .map_err(|error| not_written(path, &error)),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        if self.terminal {
            self.bytes(harmless(text).as_bytes())
        } else {
            self.bytes(text.as_bytes())
        }
    }
}

/// Whether a file can be made: what is wrong with its name is known before anything is paid for.
pub(crate) fn check_target(path: &Path, overwrite: bool) -> Result<(), Failure> {
    let shown = path.display();
    let refused = |what: &str| Failure::invalid_request(format!("{shown} {what}"));
    if path.file_name().is_none() || path.is_dir() {
        return Err(refused("is a folder, not a file"));
    }
    if let Some(folder) = folder_of(path).filter(|folder| !folder.is_dir()) {
        let folder = folder.display();
        return Err(Failure::invalid_request(format!(
            "there is no folder {folder}"
        )));
    }
    if !overwrite && std::fs::symlink_metadata(path).is_ok() {
        let there = refused("is there already");
        return Err(there.with_hint("choose another name, or pass `--overwrite`"));
    }
    Ok(())
}

/// The folder of a path; `None` for the current one.
pub(crate) fn folder_of(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    Failure::other(format!("could not write {}: {error}", path.display()))
}

/// A file for its own folder, with the mode of any new file.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(unix)]
fn columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(windows)]
fn columns<T>(_: T) -> Option<usize> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns)).filter(|columns| *columns > 0)
}

#[cfg(not(any(unix, windows)))]
fn columns<T>(_: T) -> Option<usize> {
    None
}

/// Neutralizes terminal control characters: a model must not move the cursor, nor change the order
/// in which a line reads.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(harmless_char).collect()
}

/// What is shown of a character.
pub(crate) fn harmless_char(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(' '),
        '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ => c,
    }
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
    wipe();
    let _ = writeln!(io::stderr(), "{}", for_stderr(text));
}

/// Prompts the user for a line.
pub(crate) fn ask(text: &str) {
    wipe();
    let _ = write!(io::stderr(), "{}", for_stderr(text));
}

/// Sends the terminal a sequence of its own, such as one that switches a mode on. Returns false where
/// there is no terminal.
pub(crate) fn control(sequence: &str) -> bool {
    wipe();
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

/// Whether there is a line that goes before anything else is written.
static TRANSIENT: AtomicBool = AtomicBool::new(false);

/// Shows a line on the terminal, cut to its width, until something else is written.
pub(crate) fn transient(text: &str) {
    let width = columns(io::stderr()).unwrap_or(USUAL_WIDTH);
    let line: String = harmless(text).chars().take(width - 1).collect();
    let (on, off) = match terminal::has_colors(&io::stderr()) {
        true => ("\u{1b}[2m", "\u{1b}[0m"),
        false => ("", ""),
    };
    TRANSIENT.store(true, Ordering::Relaxed);
    let _ = write!(io::stderr(), "{WIPE}{on}{line}{off}");
}

/// Removes the line that [`transient`] has shown.
pub(crate) fn wipe() {
    if TRANSIENT.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr(), "{WIPE}");
    }
}

/// Back to the beginning of the line, which is emptied.
const WIPE: &str = "\r\u{1b}[2K";

/// Standard error, for dimmed text: reasoning and usage.
#[derive(Debug)]
pub(crate) struct Aside {
    colored: bool,
    open: bool,
    after_reasoning: bool,
}

impl Aside {
    pub(crate) fn new() -> Self {
        Self {
            colored: terminal::has_colors(&io::stderr()),
            open: false,
            after_reasoning: false,
        }
    }

    /// Writes a piece of text, dimmed if colors are on.
    pub(crate) fn piece(&mut self, text: &str) {
        wipe();
        let text = for_stderr(text);
        let _ = if self.colored {
            write!(io::stderr(), "\u{1b}[2m{text}\u{1b}[0m")
        } else {
            write!(io::stderr(), "{text}")
        };
        self.open = !text.ends_with('\n');
    }

    /// Writes a piece of reasoning.
    pub(crate) fn reasoning(&mut self, text: &str) {
        self.piece(text);
        self.after_reasoning = true;
    }

    /// The answer begins: on a terminal, a blank line below the reasoning.
    pub(crate) fn end_reasoning(&mut self) {
        self.close();
        if std::mem::take(&mut self.after_reasoning) && io::stderr().is_terminal() {
            note("");
        }
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
