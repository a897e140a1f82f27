//! A question whose answer takes several requests, as the model calls tools in between.

use std::io::{IsTerminal, stdin};

use qwen_openclaw::{
    Chat,
    chat::{Message, Reply, ToolCall, ToolChoice},
};
use serde_json::{Value, json};

use super::tools::{DECLINED, ROUNDS, ToolCommands};
use crate::{args::Json, chat::Session, failure::Failure, output::Out, prompt};

/// What follows a question.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// The replies and the results of their calls.
    pub(super) messages: Vec<Message>,
    /// The same for `--json`, of each round before the last.
    pub(super) rows: Vec<Value>,
}

impl Rounds {
    /// The next request.
    pub(super) fn add_to(&self, chat: Chat) -> Chat {
        let chat = chat.messages(self.messages.iter().cloned());
        chat.with(|request| match &request.tool_choice {
            // Forced again and again, the model could never answer.
            Some(ToolChoice::Required | ToolChoice::Function(_)) if !self.rows.is_empty() => {
                request.tool_choice(ToolChoice::Auto)
            }
            _ => request,
        })
    }

    /// Adds a reply and the results of its calls, in their order.
    pub(super) fn push(&mut self, reply: &Reply, results: &[String]) -> Result<(), Failure> {
        if self.rows.len() >= ROUNDS {
            return Err(Failure::other(format!(
                "the model still calls tools after {ROUNDS} rounds"
            )));
        }
        let calls = reply.tool_calls();
        self.rows.push(json!({
            "calls": calls,
            "results": results,
            "usage": reply.usage(),
        }));
        self.messages.push(Message::from(reply));
        let results = calls.iter().zip(results);
        let results = results.map(|(call, result)| Message::tool(call.id(), result));
        self.messages.extend(results);
        Ok(())
    }
}

/// A call on a line: its name, and its arguments as JSON.
pub(super) fn line(call: &ToolCall) -> String {
    format!("{} {}", call.name(), call.arguments())
}

impl Session {
    /// Whether there is somebody to ask before a tool is run, if that is needed.
    pub(super) fn check_consent(&self) -> Result<(), Failure> {
        let is_asked = !self.extras.commands.is_empty() && !self.arguments.request.yes;
        if is_asked && !stdin().is_terminal() {
            return Err(
                Failure::usage("there is no terminal to ask on before a tool is run")
                    .with_hint("`--yes` runs the commands of --tool-cmd without asking"),
            );
        }
        Ok(())
    }

    /// Asks until the model has its answer, and returns that, with all that followed the question.
    pub(super) async fn ask(
        &mut self,
        prompt: &str,
        out: &mut Out,
    ) -> Result<(Rounds, Reply), Failure> {
        let mut rounds = Rounds::default();
        loop {
            let chat = rounds.add_to(self.chat(prompt));
            let reply = match self.arguments.json {
                None => self.print(chat, out).await?,
                Some(Json::Result) => self.wait_for(chat).await?,
                Some(Json::Stream) => self.print_events(chat, out).await?,
            };
            let commands = &self.extras.commands;
            let calls = reply.tool_calls();
            if calls.is_empty() || calls.iter().any(|call| commands.of_call(call).is_none()) {
                if self.arguments.json.is_none() && !commands.is_empty() {
                    for call in calls {
                        out.line(&line(call))?;
                    }
                }
                rounds.messages.push(Message::from(&reply));
                return Ok((rounds, reply));
            }
            let mut results = Vec::new();
            for call in calls {
                let result = self.run_tool(call).await?;
                if self.arguments.json == Some(Json::Stream) {
                    let event = json!({ "type": "tool_result", "id": call.id(), "result": result });
                    out.line(&event.to_string())?;
                }
                results.push(result);
            }
            rounds.push(&reply, &results)?;
        }
    }

    /// Runs the tool of a call, if the user agrees.
    async fn run_tool(&mut self, call: &ToolCall) -> Result<String, Failure> {
        let Some(command) = self.extras.commands.of_call(call) else {
            return Ok(super::tools::UNANSWERED.to_owned());
        };
        if !self.arguments.request.yes
            && !prompt::confirm(&ToolCommands::question(call, command), false).await?
        {
            return Ok(DECLINED.to_owned());
        }
        self.run_command(call).await
    }

    /// Runs the command of a call.
    pub(super) async fn run_command(&mut self, call: &ToolCall) -> Result<String, Failure> {
        let commands = &self.extras.commands;
        let Some(command) = commands.of_call(call) else {
            return Ok(super::tools::UNANSWERED.to_owned());
        };
        let run = async { Ok(commands.run(command, call).await) };
        self.interrupt.or(run).await
    }
}
