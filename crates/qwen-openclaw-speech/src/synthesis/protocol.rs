//! Both protocols over WebSockets, without any I/O: text goes in, messages come out, and the server's
//! messages become [`Note`]s.

use qwen_openclaw_catalog::synthesis::{self, SocketApi};
use qwen_openclaw_http::{SocketMessage, json};

use super::{
    Note,
    answer::{self, SpokenSentence},
    body,
    request::{Plan, SpeechRequest},
    text::cut,
    usage::Usage,
};
use crate::Error;

/// The most text in a message.
const MESSAGE_LIMIT: u64 = 20_000;

/// The most text in a task.
const TASK_LIMIT: u64 = 200_000;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// Until the server has said that text may come.
    Starting,
    Open,
    /// Nothing more may be sent.
    Finishing,
    Done,
}

/// One task of the inference protocol, or one session of the realtime protocol.
#[derive(Debug)]
pub(crate) struct Task {
    api: SocketApi,
    /// What names the task in its messages.
    id: String,
    phase: Phase,
    /// The message that begins it, until it is sent.
    opening: Option<String>,
    /// The text that was not sent yet.
    text: String,
    /// The characters of all text that was pushed.
    pushed: u64,
    /// The characters that were sent and that no sentence has told of yet.
    unspoken: u64,
    usage: Usage,
    is_ending: bool,
    limits: (u64, u64),
}

impl Task {
    pub(crate) fn new(api: SocketApi, id: String, request: &SpeechRequest, plan: &Plan) -> Self {
        let opening = match api {
            SocketApi::Realtime => body::session_update(request, plan),
            _ => body::run_task(&id, request, plan),
        };
        Self {
            api,
            id,
            phase: Phase::Starting,
            // The realtime server speaks first.
            opening: Some(opening),
            text: String::new(),
            pushed: 0,
            unspoken: 0,
            usage: Usage::default(),
            is_ending: false,
            limits: (MESSAGE_LIMIT, TASK_LIMIT),
        }
    }

    /// Takes text, and leaves what is beyond the limit of a task, which then ends.
    pub(crate) fn push(&mut self, text: &mut String) {
        if self.is_ending || text.is_empty() {
            return;
        }
        let room = self.limits.1.saturating_sub(self.pushed);
        let counted = synthesis::characters(text);
        let at = if self.api == SocketApi::Realtime || counted <= room {
            text.len()
        } else {
            self.is_ending = true;
            // A task that has almost been filled ends where the text before has ended.
            match room {
                0..200 if self.pushed > 0 => return,
                _ => cut(text, room, true).unwrap_or(text.len()),
            }
        };
        let rest = text.split_off(at);
        self.pushed = self.pushed.saturating_add(synthesis::characters(text));
        self.text.push_str(text);
        *text = rest;
    }

    /// No more text follows.
    pub(crate) fn finish(&mut self) {
        self.is_ending = true;
    }

    /// The next message to send, if one is due.
    pub(crate) fn next_message(&mut self) -> Option<String> {
        match self.phase {
            Phase::Starting if self.api == SocketApi::Realtime => None,
            Phase::Starting => self.opening.take(),
            // The settings of a session come before its text.
            Phase::Open if self.opening.is_some() => self.opening.take(),
            Phase::Open if !self.text.is_empty() => Some(self.next_text()),
            Phase::Open if self.is_ending => {
                self.phase = Phase::Finishing;
                Some(match self.api {
                    SocketApi::Realtime => body::session_finish(),
                    _ => body::finish_task(&self.id),
                })
            }
            _ => None,
        }
    }

    fn next_text(&mut self) -> String {
        let mut at = self.text.len();
        if synthesis::characters(&self.text) > self.limits.0 {
            at = cut(&self.text, self.limits.0, true).unwrap_or(at);
        }
        let rest = self.text.split_off(at);
        let text = std::mem::replace(&mut self.text, rest);
        self.unspoken = self.unspoken.saturating_add(text.chars().count() as u64);
        match self.api {
            SocketApi::Realtime => body::append(&text),
            _ => body::continue_task(&self.id, &text),
        }
    }

    /// Whether the server has to say something next.
    pub(crate) fn is_owed(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Finishing)
    }

    pub(crate) fn has_started(&self) -> bool {
        self.phase != Phase::Starting
    }

    pub(crate) fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Whether it takes more text now.
    pub(crate) fn takes_text(&self) -> bool {
        !self.is_ending && self.text.len() < 4_096
    }

    /// The text that the server has not been sent.
    pub(crate) fn into_unsent(self) -> String {
        self.text
    }

    /// Reads a message of the server.
    pub(crate) fn read(&mut self, message: SocketMessage) -> Result<Vec<Note>, Error> {
        let text = match message {
            SocketMessage::Binary(audio) if !self.has_started() || audio.is_empty() => {
                return Ok(Vec::new());
            }
            SocketMessage::Binary(audio) => return Ok(vec![Note::Audio(audio)]),
            SocketMessage::Text(text) => text,
        };
        match self.api {
            SocketApi::Realtime => self.read_realtime(&text),
            _ => self.read_inference(&text),
        }
        .map_err(|error| match error {
            Reading::Reported => answer::reported(text.as_bytes()),
            Reading::Error(error) => error,
        })
    }

    fn read_inference(&mut self, message: &str) -> Result<Vec<Note>, Reading> {
        let (mut header, mut payload) = ("", "");
        fields(message, |name, value| match name {
            "header" => header = value,
            "payload" => payload = value,
            _ => {}
        })?;
        let (mut event, mut id, mut code, mut said) = (None, None, None, None);
        let _ = json::fields(header, |name, value| match name {
            "event" => event = json::text(value),
            "task_id" => id = json::text(value),
            "error_code" => code = json::text(value),
            "error_message" => said = json::text(value),
            _ => {}
        });
        // Of a task before this one on the same connection.
        if id.is_some_and(|id| id != self.id) {
            return Ok(Vec::new());
        }
        match event.as_deref() {
            Some("task-started") => {
                if self.phase == Phase::Starting {
                    self.phase = Phase::Open;
                }
                Ok(Vec::new())
            }
            Some("task-failed") => {
                let error = serde_json::json!({ "code": code, "message": said });
                Err(answer::reported(error.to_string().as_bytes()).into())
            }
            Some("result-generated" | "task-finished") => {
                let (mut output, mut usage) = ("", None);
                let _ = json::fields(payload, |name, value| match name {
                    "output" => output = value,
                    "usage" => usage = Some(Usage::read(value)),
                    _ => {}
                });
                let mut spoken = SpokenSentence::default();
                let _ = json::fields(output, |name, value| spoken.field(name, value));
                let mut notes = Vec::new();
                if let Some(sentence) = spoken.ended() {
                    let text = sentence.text.as_deref();
                    let characters = text.map_or(0, |text| text.chars().count() as u64);
                    self.unspoken = self.unspoken.saturating_sub(characters);
                    notes.push(Note::Sentence(sentence));
                }
                // It counts from the beginning of the task.
                if let Some(usage) = usage.filter(|usage| !usage.is_empty()) {
                    self.usage = usage;
                    notes.push(Note::Usage(usage));
                }
                if event.as_deref() == Some("task-finished") {
                    self.phase = Phase::Done;
                    notes.push(Note::Spoken(std::mem::take(&mut self.unspoken)));
                    notes.push(Note::PartEnd);
                }
                Ok(notes)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn read_realtime(&mut self, message: &str) -> Result<Vec<Note>, Reading> {
        let (mut kind, mut delta, mut response) = (None, None, "");
        fields(message, |name, value| match name {
            "type" => kind = json::text(value),
            "delta" => delta = json::text(value),
            "response" => response = value,
            _ => {}
        })?;
        match kind.as_deref() {
            Some("session.created") if self.phase == Phase::Starting => {
                self.phase = Phase::Open;
                Ok(Vec::new())
            }
            Some("response.audio.delta") => {
                let audio = answer::decoded(&delta.unwrap_or_default())?;
                Ok(vec![Note::Audio(audio.into())])
            }
            Some("response.done") => self.read_response(response),
            Some("session.finished") => {
                self.phase = Phase::Done;
                Ok(vec![Note::PartEnd])
            }
            Some("error") => Err(Reading::Reported),
            _ => Ok(Vec::new()),
        }
    }

    fn read_response(&mut self, response: &str) -> Result<Vec<Note>, Reading> {
        let (mut status, mut usage) = (None, Usage::default());
        let _ = json::fields(response, |name, value| match name {
            "status" => status = json::text(value),
            "usage" => usage = Usage::read(value),
            _ => {}
        });
        if let Some(status @ ("failed" | "incomplete")) = status.as_deref() {
            let message = format!("the server ended the speech with status `{status}`");
            return Err(Error::protocol(message).into());
        }
        self.usage = self.usage.plus(usage);
        let spoken = usage.characters.unwrap_or(0);
        Ok(vec![Note::Spoken(spoken), Note::Usage(self.usage)])
    }
}

/// Why a message gives no notes.
enum Reading {
    /// The message is itself the description of an error.
    Reported,
    Error(Error),
}

impl From<Error> for Reading {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn fields<'a>(message: &'a str, each: impl FnMut(&str, &'a str)) -> Result<(), Reading> {
    json::fields(message, each).map_err(|error| {
        let what = "the server sent a message that is not JSON";
        Error::protocol(what).with_source(error).into()
    })
}

#[cfg(test)]
mod tests;
