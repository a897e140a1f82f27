//! A question, its answer, and what stays of both.

use qwen_openclaw::chat::{Message, Part, Role};

use super::{
    Talk,
    mention::{expand, with_files},
};
use crate::{
    failure::Failure,
    output::{Aside, note},
};

/// What the next request says of an answer that was interrupted, so that the model does not take it
/// for all that it had to say.
const INTERRUPTED: &str = "[The user interrupted the answer here.]";

/// A question that was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    text: String,
    parts: Vec<Part>,
    /// Whether it is the last turn of the conversation.
    is_kept: bool,
}

impl Asked {
    /// The question of a turn from a file.
    pub(super) fn of(turn: &[Message]) -> Option<Self> {
        let question = turn.first()?;
        Some(Self {
            text: question.text(),
            parts: Vec::new(),
            is_kept: true,
        })
    }

    fn message(&self) -> Message {
        if self.parts.is_empty() {
            return Message::user(&self.text);
        }
        let text = (!self.text.is_empty()).then(|| Part::text(&self.text));
        Message::parts(Role::User, self.parts.iter().cloned().chain(text))
    }
}

impl Talk {
    /// Sends a message, with the files that it mentions and what is attached.
    pub(super) async fn message(&mut self, line: &str) -> Result<(), Failure> {
        let home = self.session.settings.environment.home();
        let (text, mentioned) = match expand(line.trim(), home.as_deref()) {
            Ok(expanded) => expanded,
            Err(failure) => {
                // Nothing is lost: the line is at the prompt again.
                failure
                    .with_hint("nothing was sent; @@ is a plain @")
                    .tell();
                line.clone_into(&mut self.initial);
                return Ok(());
            }
        };
        let mut files = std::mem::take(&mut self.files);
        files.extend(mentioned);
        for file in &files {
            let (name, size) = (&file.name, file.text.len());
            Aside::new().line(&format!("[with {name}, {size} bytes]"));
        }
        let asked = Asked {
            text: with_files(&text, &files),
            parts: std::mem::take(&mut self.parts),
            is_kept: false,
        };
        self.ask(asked).await
    }

    /// Asks the last question again. Its old answer goes when there is a new one.
    pub(super) async fn retry(&mut self) -> Result<(), Failure> {
        let is_kept = self.asked.as_ref().is_none_or(|asked| asked.is_kept);
        let old = if is_kept {
            self.session.conversation.undo()?
        } else {
            Vec::new()
        };
        let Some(asked) = self.asked.take().or_else(|| Asked::of(&old)) else {
            note("nothing was asked yet");
            return Ok(());
        };
        let asked = Asked {
            is_kept: false,
            ..asked
        };
        let result = self.ask(asked).await;
        let is_kept = self.asked.as_ref().is_some_and(|asked| asked.is_kept);
        if !is_kept && !old.is_empty() {
            self.session.conversation.redo(old)?;
            note("the old answer stays");
        }
        result
    }

    async fn ask(&mut self, asked: Asked) -> Result<(), Failure> {
        let question = asked.message();
        let is_bound = self.session.keeps_media().await?;
        let kept = if is_bound {
            question.clone()
        } else {
            Message::user(&asked.text)
        };
        self.asked = Some(asked);
        let chat = self.session.chat("");
        let chat = chat.with(|request| request.message(question));
        let billing = chat.request().billing();
        let turned = match self.session.print(chat).await {
            Ok(reply) => {
                let route = self.session.route().await?;
                let billed = reply.billed(billing);
                let charge = billed.and_then(|billed| self.session.qwen.cost(&route, &billed));
                self.spent.add(reply.usage(), charge.map(|charge| charge.cost));
                self.session.conversation.add(kept, &reply)
            }
            Err(failure) if failure.ends_conversation() => return Err(failure),
            Err(failure) if failure.is_interrupted() => {
                self.spent.add(None, None);
                let partial = failure.partial().map(|reply| reply.text());
                let answer = match partial.filter(|text| !text.is_empty()) {
                    Some(text) => format!("{text}\n\n{INTERRUPTED}"),
                    None => INTERRUPTED.to_owned(),
                };
                note("[interrupted; this much stays: /retry asks again, /undo removes it]");
                let answer = Message::assistant(answer);
                self.session.conversation.add_turn(kept, answer)
            }
            // The conversation continues without the turn that failed.
            Err(failure) => {
                failure.tell();
                note("/retry asks again");
                return Ok(());
            }
        };
        if let Some(asked) = &mut self.asked {
            asked.is_kept = true;
        }
        // Unsaved or not, the turn is part of the conversation.
        if let Err(failure) = turned {
            failure.tell();
        }
        Ok(())
    }
}
