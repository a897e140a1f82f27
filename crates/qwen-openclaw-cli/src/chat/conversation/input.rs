//! The line editor.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rustyline::{
    Behavior, Cmd, ConditionalEventHandler, Config, Editor, Event, EventContext, EventHandler,
    KeyCode, KeyEvent, Modifiers, RepeatCount,
    config::{BellStyle, CompletionType},
    error::ReadlineError,
    history::MemHistory,
};

use super::{completion::Completions, external, modes::Modes};
use crate::{failure::Failure, output::note};

const PROMPT: &str = "> ";

/// Most lines that can be looked through.
const MOST: usize = 5_000;

/// What came from the prompt.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Typed {
    Line(String),
    /// Ctrl-C on an empty line.
    Interrupt,
    /// Ctrl-D, or the terminal is gone.
    End,
}

pub(super) struct Input {
    editor: Editor<Completions, MemHistory>,
    keys: Arc<Keys>,
    modes: Modes,
}

/// What a key asked for that the editor cannot do.
#[derive(Default)]
struct Keys {
    /// An external editor.
    edit: AtomicBool,
    /// To drop a line that is not empty.
    drop_line: AtomicBool,
}

impl Input {
    /// Starts with the lines of earlier conversations.
    pub(super) fn start(completions: Completions, lines: Vec<String>) -> Result<Self, Failure> {
        let config = Config::builder()
            // Standard output may be a file.
            .behavior(Behavior::PreferTerm)
            .bell_style(BellStyle::None)
            .completion_type(CompletionType::List)
            .history_ignore_dups(true)
            .and_then(|config| config.max_history_size(MOST))
            .map_err(failure)?
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).map_err(failure)?;
        for line in lines {
            editor.add_history_entry(line).map_err(failure)?;
        }
        editor.set_helper(Some(completions));
        let keys = Arc::new(Keys::default());
        let edit = Event::KeySeq(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')]);
        editor.bind_sequence(edit, handler(&keys, Keys::edit));
        editor.bind_sequence(KeyEvent::ctrl('C'), handler(&keys, Keys::interrupt));
        let alt_enter = KeyEvent(KeyCode::Enter, Modifiers::ALT);
        editor.bind_sequence(alt_enter, Cmd::Newline);
        let modes = Modes::start().map_err(|error| failure(error.into()))?;
        Ok(Self {
            editor,
            keys,
            modes,
        })
    }

    /// Reads a line, which may have line breaks, starting with `initial`.
    pub(super) fn read(&mut self, initial: &str) -> Result<Typed, Failure> {
        let mut text = initial.to_owned();
        loop {
            let typed = self.editor.readline_with_initial(PROMPT, (&text, ""));
            self.modes.quiet();
            text.clear();
            match typed {
                Ok(line) if self.keys.edit.swap(false, Relaxed) => text = self.edit(line),
                Ok(line) => return Ok(Typed::Line(cleaned(&line))),
                Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => {
                    if !self.keys.drop_line.swap(false, Relaxed) {
                        return Ok(Typed::Interrupt);
                    }
                }
                Err(ReadlineError::Eof) => return Ok(Typed::End),
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    note("this line is not UTF-8, and was dropped");
                }
                Err(error) => return Err(failure(error)),
            }
        }
    }

    /// Makes a line available to the arrow keys and the search.
    pub(super) fn remember(&mut self, line: &str) {
        // In memory, this does not fail.
        let _ = self.editor.add_history_entry(line);
    }

    /// Opens the external editor; the line is unchanged if that fails.
    fn edit(&self, line: String) -> String {
        self.modes.restore();
        let edited = external::edit(&line);
        self.modes.quiet();
        edited.unwrap_or_else(|failure| {
            failure.tell();
            line
        })
    }
}

impl Keys {
    fn edit(&self, _: &EventContext<'_>) -> Cmd {
        self.edit.store(true, Relaxed);
        Cmd::AcceptLine
    }

    fn interrupt(&self, context: &EventContext<'_>) -> Cmd {
        self.drop_line.store(!context.line().is_empty(), Relaxed);
        Cmd::Interrupt
    }
}

struct Handler {
    keys: Arc<Keys>,
    handle: fn(&Keys, &EventContext<'_>) -> Cmd,
}

fn handler(keys: &Arc<Keys>, handle: fn(&Keys, &EventContext<'_>) -> Cmd) -> EventHandler {
    let keys = Arc::clone(keys);
    EventHandler::Conditional(Box::new(Handler { keys, handle }))
}

impl ConditionalEventHandler for Handler {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        Some((self.handle)(&self.keys, context))
    }
}

/// Without control characters that came with a paste.
fn cleaned(line: &str) -> String {
    let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    line.chars().filter(kept).collect()
}

fn failure(error: ReadlineError) -> Failure {
    Failure::other(format!("could not read from the terminal: {error}"))
}
