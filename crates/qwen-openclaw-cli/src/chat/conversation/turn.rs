//! A question, its answer, and what stays of both.

use qwen_openclaw::chat::{Message, Part, Reply, Role, ToolCall};

use super::{
    Talk, Typed,
    mention::{expand, with_files},
};
use crate::{
    chat::{
        request::without_media,
        rounds::Rounds,
        tools::{DECLINED, ToolCommands, UNANSWERED},
    },
    failure::Failure,
    output::{Aside, Out, note},
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
            self.session.conversation.undo().await?
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
            self.session.conversation.add_turn(old).await?;
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
            without_media(&question)
        };
        self.asked = Some(asked);
        let mut turn = vec![kept];
        let mut rounds = Rounds::default();
        let answered = loop {
            let chat = self.session.chat("");
            let chat = rounds.add_to(chat.with(|request| request.message(question.clone())));
            let billing = chat.request().billing();
            let reply = match self.session.print(chat, &mut Out::new()).await {
                Ok(reply) => reply,
                Err(failure) => break Err(failure),
            };
            let route = self.session.route().await?;
            let billed = reply.billed(billing);
            let charge = billed.and_then(|billed| self.session.qwen.cost(&route, &billed));
            self.spent
                .add(reply.usage(), charge.map(|charge| charge.cost));
            match self.results(&reply).await {
                Ok(Some(results)) => {
                    if let Err(failure) = rounds.push(&reply, &results) {
                        break Err(failure);
                    }
                }
                Ok(None) => break Ok(reply),
                Err(failure) => break Err(failure),
            }
        };
        turn.append(&mut rounds.messages);
        let turned = match answered {
            Ok(reply) => {
                turn.push(Message::from(&reply));
                self.session.conversation.add_turn(turn).await
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
                turn.push(Message::assistant(answer));
                self.session.conversation.add_turn(turn).await
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

    /// The results of the calls of a reply; `None` if it has none, or none is answered.
    async fn results(&mut self, reply: &Reply) -> Result<Option<Vec<String>>, Failure> {
        let mut results = Vec::new();
        for call in reply.tool_calls() {
            results.push(self.result(call).await?);
        }
        if results.iter().all(Option::is_none) {
            return Ok(None);
        }
        let result = |result: Option<String>| result.unwrap_or_else(|| UNANSWERED.to_owned());
        Ok(Some(results.into_iter().map(result).collect()))
    }

    /// The result of a call: what its command prints, or else what is typed.
    async fn result(&mut self, call: &ToolCall) -> Result<Option<String>, Failure> {
        let Some(command) = self.session.extras.commands.of_call(call) else {
            let name = call.name();
            note(&format!(
                "type the result of {name}; an empty line leaves the call unanswered"
            ));
            return Ok(match self.read().await? {
                Typed::Line(line) if !line.trim().is_empty() => Some(line),
                _ => None,
            });
        };
        if !self.session.arguments.request.yes {
            note(&format!("{} [y/N]", ToolCommands::question(call, command)));
            let answer = self.read().await?;
            let is_yes = |line: &str| matches!(&*line.trim().to_lowercase(), "y" | "yes");
            if !matches!(answer, Typed::Line(line) if is_yes(&line)) {
                return Ok(Some(DECLINED.to_owned()));
            }
        }
        self.session.run_command(call).await.map(Some)
    }
}
