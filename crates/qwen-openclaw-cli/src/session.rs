//! A conversation, and the file it may be saved to.

use std::{
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use qwen_openclaw::chat::{Message, Reply, Role};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The only version so far.
const VERSION: u32 = 1;

/// The turns so far. With a file, each turn is saved as soon as it is complete.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    messages: Vec<Message>,
    /// How many of them are already in the file.
    kept: usize,
    file: Option<PathBuf>,
}

#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    messages: Vec<Message>,
}

impl Conversation {
    /// Continues the conversation in `file`, or starts a new one.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Ok(Self::default());
        };
        // The target of a link is replaced, not the link.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(folder) = folder_of(path).filter(|folder| !folder.is_dir()) {
            // Reported before anything is paid for.
            let folder = folder.display();
            return Err(Failure::invalid_request(format!(
                "no such folder: {folder}"
            )));
        }
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::usage(format!(
                "{} is not a conversation file: {error}",
                path.display()
            ))
        };
        let messages = read(path).map_err(|error| wrong(&error))?;
        Ok(Self {
            kept: messages.len(),
            messages,
            file: Some(path.to_owned()),
        })
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds a complete turn.
    pub(crate) fn add(&mut self, question: Message, reply: &Reply) -> Result<(), Failure> {
        self.add_turn(question, Message::from(reply))
    }

    /// Adds a question and what was said to it.
    pub(crate) fn add_turn(&mut self, question: Message, answer: Message) -> Result<(), Failure> {
        self.messages.push(question);
        self.messages.push(answer);
        // Keeps the turns of another process that uses the file at the same time.
        if let Some(mut messages) = self.file.as_deref().and_then(|path| read(path).ok())
            && messages.len() > self.kept
        {
            messages.extend_from_slice(self.messages.get(self.kept..).unwrap_or_default());
            self.messages = messages;
        }
        self.save()?;
        self.kept = self.messages.len();
        Ok(())
    }

    /// How many questions there are.
    pub(crate) fn turns(&self) -> usize {
        let questions = self.messages.iter().filter(|message| is_question(message));
        questions.count()
    }

    /// The file, if turns are saved.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Saves the turns to `file`, which must not exist yet, and those that follow.
    pub(crate) fn save_as(&mut self, file: &Path) -> Result<(), Failure> {
        let new = Self::open(Some(file))?;
        if new.file.as_deref().is_some_and(Path::exists) {
            return Err(Failure::usage(format!("{} exists", file.display())));
        }
        let saved = Self {
            kept: self.messages.len(),
            messages: self.messages.clone(),
            ..new
        };
        saved.save()?;
        *self = saved;
        Ok(())
    }

    /// Removes the last turn, in the file too, and returns it; empty if there is none.
    pub(crate) fn undo(&mut self) -> Result<Vec<Message>, Failure> {
        let Some(last) = self.messages.iter().rposition(is_question) else {
            return Ok(Vec::new());
        };
        let removed = self.messages.split_off(last);
        self.kept = self.messages.len();
        self.save()?;
        Ok(removed)
    }

    /// Adds a turn that was removed.
    pub(crate) fn redo(&mut self, turn: Vec<Message>) -> Result<(), Failure> {
        self.messages.extend(turn);
        self.kept = self.messages.len();
        self.save()
    }

    /// Starts over, in the file too.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        self.messages.clear();
        self.kept = 0;
        self.save()
    }

    /// Writes a new file and renames it over the old one, so that the file is always complete.
    fn save(&self) -> Result<(), Failure> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let document = Document {
            version: VERSION,
            messages: self.messages.clone(),
        };
        let written = || -> std::io::Result<()> {
            let mut file = NamedTempFile::new_in(folder_of(path).unwrap_or(Path::new(".")))?;
            file.write_all(&serde_json::to_vec_pretty(&document)?)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        written().map_err(|error| {
            Failure::other(format!(
                "could not save the conversation to {}: {error}",
                path.display()
            ))
        })
    }
}

/// A tool's result is no question.
fn is_question(message: &Message) -> bool {
    message.role == Role::User
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

/// The messages in a file; none if the file does not exist.
fn read(path: &Path) -> Result<Vec<Message>, Box<dyn std::error::Error>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let document: Document = serde_json::from_str(&text)?;
    match document.version {
        VERSION => Ok(document.messages),
        version => Err(format!("unsupported version {version}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_of_another_process_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("talk.json");
        let mut one = Conversation::open(Some(&path)).unwrap();
        let mut other = Conversation::open(Some(&path)).unwrap();
        for prompt in ["a", "b"] {
            one.add(Message::user(prompt), &Reply::default()).unwrap();
        }
        other.add(Message::user("c"), &Reply::default()).unwrap();
        one.add(Message::user("d"), &Reply::default()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 8);
        assert_eq!(one.messages().len(), 8);
    }
}
