//! A conversation, and the file it may be kept in.

use std::{
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use qwen_openclaw::chat::{Message, Reply};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The only version there is so far.
const VERSION: u32 = 1;

/// The turns so far. With a file, each turn is in it as soon as it is complete.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    messages: Vec<Message>,
    file: Option<PathBuf>,
}

#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    messages: Vec<Message>,
}

impl Conversation {
    /// Goes on with the conversation in `file`, or begins one.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Ok(Self::default());
        };
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("{} is no conversation: {error}", path.display()))
        };
        let messages = match std::fs::read_to_string(path) {
            Ok(text) => {
                let document: Document =
                    serde_json::from_str(&text).map_err(|error| wrong(&error))?;
                if document.version != VERSION {
                    return Err(wrong(&format!("its version is {}", document.version)));
                }
                document.messages
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(wrong(&error)),
        };
        Ok(Self {
            messages,
            file: Some(path.to_owned()),
        })
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds a complete turn. Images and the like are not kept: they belong to their question.
    pub(crate) fn add(&mut self, prompt: &str, reply: &Reply) -> Result<(), Failure> {
        self.messages.push(Message::user(prompt));
        self.messages.push(Message::from(reply));
        self.save()
    }

    /// Begins anew, in the file too.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        self.messages.clear();
        self.save()
    }

    /// Writes beside the file and then over it: what is there is always whole.
    fn save(&self) -> Result<(), Failure> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let document = Document {
            version: VERSION,
            messages: self.messages.clone(),
        };
        let written = || -> std::io::Result<()> {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(&serde_json::to_vec_pretty(&document)?)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        written().map_err(|error| {
            Failure::other(format!(
                "could not keep the conversation in {}: {error}",
                path.display()
            ))
        })
    }
}
