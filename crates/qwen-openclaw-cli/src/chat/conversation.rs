//! A conversation on a terminal.

mod completion;
mod external;
mod history;
mod input;
mod mention;
mod modes;
mod orders;
mod plain;
mod slash;
mod spent;
mod turn;

use qwen_openclaw::chat::Part;

use self::{
    completion::Completions,
    history::{History, has_key},
    input::{Input, Typed},
    mention::Included,
    plain::Lines,
    slash::{Slash, nearest},
    spent::Spent,
    turn::Asked,
};
use crate::{
    chat::Session,
    failure::Failure,
    output::{Aside, note},
};

/// How to leave, when Ctrl-C does not.
const LEAVE: &str = "Ctrl-D or /exit leaves; /help lists the commands";

/// A session, and what there is only in a conversation.
struct Talk {
    session: Session,
    input: Source,
    history: Option<History>,
    spent: Spent,
    /// What goes with the next message.
    parts: Vec<Part>,
    files: Vec<Included>,
    /// The last question, for `/retry`.
    asked: Option<Asked>,
    /// The last status line: it is shown again when it has changed.
    status: String,
    /// What the next prompt starts with.
    initial: String,
}

enum Source {
    Editor(Box<Input>),
    /// A terminal that cannot move its cursor.
    Plain(Lines),
}

impl Session {
    /// Talks until `/exit` or the end of the input.
    pub(super) async fn converse(mut self) -> Result<(), Failure> {
        self.warn().await?;
        let mut history = None;
        let input = if modes::is_supported() {
            if !self.arguments.no_history {
                // Without a home folder there is no history.
                history = History::of(&self.settings.environment).ok();
            }
            let lines = match &history {
                Some(history) => history.load().await,
                None => Ok(Vec::new()),
            };
            let lines = lines.unwrap_or_else(|failure| {
                note(&format!("warning: no history: {}", failure.message()));
                history = None;
                Vec::new()
            });
            let completions = Completions::new(&self.settings);
            Source::Editor(Box::new(Input::start(completions, lines)?))
        } else {
            Source::Plain(Lines::start())
        };
        let parts = self.extras.take_parts();
        let mut talk = Talk {
            session: self,
            input,
            history,
            spent: Spent::default(),
            parts,
            files: Vec::new(),
            asked: None,
            status: String::new(),
            initial: String::new(),
        };
        let result = talk.run().await;
        talk.session.close().await;
        result
    }
}

impl Talk {
    async fn run(&mut self) -> Result<(), Failure> {
        note(LEAVE);
        self.say_resumed();
        loop {
            self.show_status().await?;
            match self.read().await? {
                Typed::End => return Ok(()),
                Typed::Interrupt => note(LEAVE),
                Typed::Line(line) if line.trim().is_empty() => {}
                Typed::Line(line) => {
                    self.remember(&line).await;
                    if self.handle(&line).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Sends a message, or does what a command says; true to leave.
    async fn handle(&mut self, line: &str) -> Result<bool, Failure> {
        match Slash::parse(line) {
            None => self.message(line).await?,
            Some(Slash::Known(verb, argument)) => return self.obey(verb, argument).await,
            Some(Slash::Excess(name)) => note(&format!(
                "{name} takes nothing after it; with a blank before it, this is a message"
            )),
            Some(Slash::Unknown(word)) => {
                let meant = match nearest(word) {
                    Some(name) => format!("did you mean {name}?"),
                    None => "/help lists the commands".to_owned(),
                };
                note(&format!("unknown command {word}: {meant}"));
            }
        }
        Ok(false)
    }

    async fn read(&mut self) -> Result<Typed, Failure> {
        let initial = std::mem::take(&mut self.initial);
        let typed = match &mut self.input {
            Source::Editor(input) => input.read(&initial),
            Source::Plain(lines) => lines.read(&mut self.session.interrupt).await,
        };
        // The editor has blocked the runtime: a connection that was closed in the meantime is noticed
        // before it is used.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        self.session.interrupt.forget();
        typed
    }

    /// Puts a line into the history, before anything is sent.
    async fn remember(&mut self, line: &str) {
        let Source::Editor(input) = &mut self.input else {
            return;
        };
        if has_key(line) {
            return note("this line has what looks like a key, and is not kept in the history");
        }
        input.remember(line);
        let Some(history) = &self.history else {
            return;
        };
        if let Err(failure) = history.append(line).await {
            note(&format!("warning: no history: {}", failure.message()));
            self.history = None;
        }
    }

    /// Says where the conversation is saved, and how much of it there is.
    fn say_resumed(&self) {
        let conversation = &self.session.conversation;
        let Some(file) = conversation.file() else {
            return;
        };
        let file = file.display();
        note(&match conversation.turns() {
            0 => format!("saving to {file}"),
            1 => format!("continuing {file} (1 turn)"),
            turns => format!("continuing {file} ({turns} turns)"),
        });
    }

    async fn show_status(&mut self) -> Result<(), Failure> {
        let mut status = self.spent.status(&self.session.route().await?);
        match self.parts.len() + self.files.len() {
            0 => {}
            count => status.push_str(&format!(" · {count} attached")),
        }
        if status != self.status {
            Aside::new().line(&status);
            self.status = status;
        }
        Ok(())
    }
}
