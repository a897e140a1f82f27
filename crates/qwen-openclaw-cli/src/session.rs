//! A conversation, and the file it may be saved to.

use std::{
    ffi::OsString,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use qwen_openclaw::{
    auth::state::FileLock,
    chat::{Message, Role},
};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::{
    failure::Failure,
    output::{folder_of, note},
};

/// The only version so far.
const VERSION: u32 = 1;

/// How long to wait for another process that saves its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The turns so far. With a file, each turn is saved as soon as it is complete.
///
/// Several processes may use the file at once. Each change is made to what the file holds at that
/// moment, under a lock, so that no turn is lost.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The system prompt, which belongs to the conversation as much as its turns do.
    pub(crate) system: Option<String>,
    messages: Vec<Message>,
    /// How many of them are already in the file.
    kept: usize,
    file: Option<PathBuf>,
}

#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
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
        let document = read(path)?;
        let (system, messages) = document.map_or((None, Vec::new()), |document| {
            (document.system, document.messages)
        });
        Ok(Self {
            system,
            kept: messages.len(),
            messages,
            file: Some(path.to_owned()),
        })
    }

    /// The system prompt that is asked for, or else the one that was saved. A new one replaces it.
    pub(crate) fn agree_on(&mut self, asked: &mut Option<String>) {
        match asked {
            None => asked.clone_from(&self.system),
            Some(new) => {
                let is_new = self.system.as_ref().is_some_and(|old| old != new);
                if is_new && !self.messages.is_empty() {
                    note("note: this replaces the system prompt of the conversation so far");
                }
                self.system = Some(new.clone());
            }
        }
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds a question and what followed it.
    pub(crate) async fn add_turn(
        &mut self,
        turn: impl IntoIterator<Item = Message>,
    ) -> Result<(), Failure> {
        self.messages.extend(turn);
        self.change(|saved, conversation| {
            if let Some(mut messages) = saved {
                let unsaved = conversation.messages.get(conversation.kept..);
                messages.extend_from_slice(unsaved.unwrap_or_default());
                conversation.messages = messages;
            }
            Ok(())
        })
        .await
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
    pub(crate) async fn save_as(&mut self, file: &Path) -> Result<(), Failure> {
        let exists = || Failure::usage(format!("{} exists", file.display()));
        let new = Self::open(Some(file)).map_err(|failure| match file.exists() {
            true => exists(),
            false => failure,
        })?;
        let mut saved = Self {
            system: self.system.clone(),
            kept: 0,
            messages: self.messages.clone(),
            ..new
        };
        saved
            .change(|there, _| match there {
                Some(_) => Err(exists()),
                None => Ok(()),
            })
            .await?;
        *self = saved;
        Ok(())
    }

    /// Removes the last turn, in the file too, and returns it; empty if there is none.
    pub(crate) async fn undo(&mut self) -> Result<Vec<Message>, Failure> {
        let Some(last) = self.messages.iter().rposition(is_question) else {
            return Ok(Vec::new());
        };
        let removed = self.messages.split_off(last);
        let changed = self.change(|saved, conversation| {
            if let Some(mut messages) = saved {
                // Other turns may follow it by now.
                let mut turns = messages.windows(removed.len());
                if let Some(at) = turns.rposition(|turn| turn == removed) {
                    messages.drain(at..at + removed.len());
                }
                let unsaved = conversation.messages.get(conversation.kept..);
                messages.extend_from_slice(unsaved.unwrap_or_default());
                conversation.messages = messages;
            }
            Ok(())
        });
        if let Err(failure) = changed.await {
            self.messages.extend(removed);
            return Err(failure);
        }
        Ok(removed)
    }

    /// Starts over, in the file too. The system prompt stays.
    pub(crate) async fn clear(&mut self) -> Result<(), Failure> {
        self.messages.clear();
        self.change(|_, _| Ok(())).await
    }

    /// Makes a change that depends on the messages in the file, `None` without one, and saves it.
    async fn change(
        &mut self,
        change: impl FnOnce(Option<Vec<Message>>, &mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(path) = self.file.clone() else {
            return change(None, self);
        };
        let unsaved = |failure: Failure| {
            failure.about(&format!(
                "could not save the conversation to {}",
                path.display()
            ))
        };
        let lock = FileLock::acquire(&lock_of(&path), PATIENCE).await;
        let _lock = lock.map_err(|error| unsaved(error.into()))?;
        let saved = read(&path).map_err(unsaved)?;
        change(saved.map(|document| document.messages), self)?;
        let saved = self.save(&path);
        saved.map_err(|error| unsaved(Failure::other(error.to_string())))?;
        self.kept = self.messages.len();
        Ok(())
    }

    /// Writes a new file and renames it over the old one, so that the file is always complete.
    fn save(&self, path: &Path) -> std::io::Result<()> {
        let document = Document {
            version: VERSION,
            system: self.system.clone(),
            messages: self.messages.clone(),
        };
        let mut file = NamedTempFile::new_in(folder_of(path).unwrap_or(Path::new(".")))?;
        file.write_all(&serde_json::to_vec_pretty(&document)?)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

/// The lock of a file: a hidden one beside it, so that processes of all homes and machines share it.
fn lock_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".lock");
    path.with_file_name(name)
}

/// A tool's result is no question.
fn is_question(message: &Message) -> bool {
    message.role == Role::User
}

/// What is in a file; `None` if the file does not exist.
fn read(path: &Path) -> Result<Option<Document>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        let path = path.display();
        Failure::usage(format!("{path} is not a conversation file: {error}"))
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error)),
    };
    let document: Document = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    match document.version {
        VERSION => Ok(Some(document)),
        version => Err(wrong(&format!("unsupported version {version}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(path: &Path) -> Vec<Message> {
        read(path).unwrap().unwrap().messages
    }

    async fn add(talk: &mut Conversation, prompt: &str) -> Result<(), Failure> {
        let turn = [Message::user(prompt), Message::assistant("")];
        talk.add_turn(turn).await
    }

    #[tokio::test]
    async fn turns_of_another_process_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("talk.json");
        let mut one = Conversation::open(Some(&path)).unwrap();
        let mut other = Conversation::open(Some(&path)).unwrap();
        for prompt in ["a", "b"] {
            add(&mut one, prompt).await.unwrap();
        }
        add(&mut other, "c").await.unwrap();
        add(&mut one, "d").await.unwrap();
        assert_eq!(saved(&path).len(), 8);
        assert_eq!(one.messages().len(), 8);

        // Each removes what it knows as the last turn, and nothing else.
        let removed = other.undo().await.unwrap();
        assert_eq!(removed[0], Message::user("c"));
        let left: Vec<String> = saved(&path).iter().map(Message::text).collect();
        assert_eq!(left, ["a", "", "b", "", "d", ""]);
        other.add_turn(removed).await.unwrap();
        assert_eq!(saved(&path).len(), 8);
        // A turn that is gone already is removed once.
        one.undo().await.unwrap();
        assert_eq!(saved(&path).len(), 6);
    }

    #[tokio::test]
    async fn a_file_that_was_damaged_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("talk.json");
        let mut one = Conversation::open(Some(&path)).unwrap();
        std::fs::write(&path, "mine").unwrap();
        let message = add(&mut one, "a").await.unwrap_err().message().to_owned();
        assert!(message.starts_with("could not save"), "{message}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        // The turn is saved with the next one, once the file is usable again.
        std::fs::remove_file(&path).unwrap();
        add(&mut one, "b").await.unwrap();
        assert_eq!(saved(&path).len(), 4);
    }
}
