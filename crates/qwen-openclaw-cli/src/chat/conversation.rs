//! A conversation on a terminal.

use qwen_openclaw::catalog::ModelRef;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

use crate::{
    chat::Session,
    failure::Failure,
    interrupt::Interrupt,
    output::{ask, note},
};

impl Session {
    /// Talks until `/quit` or the end of the input.
    pub(super) async fn converse(mut self) -> Result<(), Failure> {
        // A missing key is better reported before the first question.
        self.qwen.client(&self.model.provider)?;
        self.warn().await?;
        note(&format!("{} · /model REF, /clear, /quit", self.model));
        let mut lines = BufReader::new(stdin()).lines();
        while let Some(line) = read_line(&mut self.interrupt, &mut lines).await? {
            let line = line.trim();
            let (command, argument) = line.split_once(' ').unwrap_or((line, ""));
            match command {
                "" => {}
                "/quit" | "/exit" => break,
                "/clear" => self.conversation.clear()?,
                "/model" if argument.is_empty() => note(&self.model.to_string()),
                "/model" => match self.other_model(argument.trim()) {
                    Ok(model) => {
                        self.model = model;
                        self.warn().await?;
                    }
                    Err(failure) => failure.tell(),
                },
                _ if command.starts_with('/') => {
                    note(&format!(
                        "unknown command {command}; use /model REF, /clear or /quit"
                    ));
                }
                _ => self.turn(line).await?,
            }
        }
        Ok(())
    }

    /// The model to continue with. The connection stays, so the provider cannot change with it.
    fn other_model(&self, text: &str) -> Result<ModelRef, Failure> {
        let model = self.settings.model(Some(text))?;
        let connection = &self.arguments.connection;
        let fixed = self.arguments.emulator
            || connection.base_url.is_some()
            || connection.profile.is_some();
        if fixed && model.provider != self.model.provider {
            return Err(Failure::usage(format!(
                "this conversation uses the provider {}",
                self.model.provider.id()
            )));
        }
        Ok(model)
    }

    async fn turn(&mut self, line: &str) -> Result<(), Failure> {
        let chat = self.chat(line);
        match self.print(chat).await {
            Ok(reply) => self.keep(line, &reply).await,
            Err(failure) if failure.ends_conversation() => Err(failure),
            // The conversation continues without the turn that failed.
            Err(failure) => {
                failure.tell();
                Ok(())
            }
        }
    }
}

async fn read_line(
    interrupt: &mut Interrupt,
    lines: &mut Lines<BufReader<Stdin>>,
) -> Result<Option<String>, Failure> {
    ask("> ");
    let read = async {
        let line = lines.next_line().await;
        line.map_err(|error| Failure::other(format!("could not read the line: {error}")))
    };
    let line = interrupt.or(read).await;
    if !matches!(line, Ok(Some(_))) {
        // Whatever comes next, such as the shell's prompt, starts on its own line.
        note("");
    }
    line
}
