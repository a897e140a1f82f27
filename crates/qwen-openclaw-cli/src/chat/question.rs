//! One question, its answer as it arrives, and its usage.

use qwen_openclaw::{
    Chat,
    chat::{Event, Message, Reply, ReplyStream, RequestNote},
    routing::Attempt,
};
use serde_json::{Value, json};

use crate::{
    args::Json,
    attempts,
    chat::{
        Session, Who, answer::Answer, args::Reasoning, note, request::without_media, rounds::line,
        usage_line::usage_line,
    },
    failure::Failure,
    models::choice::the_alias,
    output::{self, Aside, Out},
    terminal,
    waiting::Waiting,
};

impl Session {
    /// Answers a single prompt.
    pub(super) async fn answer(&mut self, prompt: String) -> Result<(), Failure> {
        self.check_consent()?;
        let mut out = Out::to(self.arguments.output.as_deref(), self.arguments.overwrite)?;
        self.warn().await?;
        let (rounds, reply) = match self.ask(&prompt, &mut out).await {
            Ok(answered) => answered,
            Err(failure) => {
                out.abandon();
                return Err(failure);
            }
        };
        // The turn is saved before anything says that it is done; but what was paid for is printed
        // even if it cannot be saved.
        let mut kept = self.keep(&prompt, rounds.messages).await;
        if let Some(json) = self.arguments.json {
            let mut result = self.result(&reply);
            if !rounds.rows.is_empty() {
                result["tool_rounds"] = rounds.rows.into();
            }
            match json {
                Json::Result => out.document(&result)?,
                Json::Stream => {
                    result["type"] = "result".into();
                    out.line(&result.to_string())?;
                }
            }
            // Nothing may follow it on standard output.
            kept = kept.map_err(|failure| {
                failure.tell();
                failure.silent()
            });
        }
        out.finish()?;
        kept
    }

    /// Saves a turn. Attached media are not saved, as they belong to their question, unless the model
    /// needs them.
    async fn keep(&mut self, prompt: &str, answer: Vec<Message>) -> Result<(), Failure> {
        let question = self.extras.question(prompt);
        let question = if self.keeps_media().await? {
            question
        } else {
            let kept = without_media(&question);
            if kept != question && self.conversation.file().is_some() {
                output::note(
                    "note: what is attached is sent and billed with this question alone; attach it \
                     again to ask more about it",
                );
            }
            kept
        };
        let turn = std::iter::once(question).chain(answer);
        self.conversation.add_turn(turn).await
    }

    /// Whether attached media stay in the conversation: the model's encrypted reasoning is bound to
    /// everything before it.
    pub(super) async fn keeps_media(&self) -> Result<bool, Failure> {
        let row = self.route().await?.row();
        Ok(row.is_some_and(|row| row.thinking().summarizes()))
    }

    /// Waits for the whole reply.
    pub(super) async fn wait_for(&mut self, chat: Chat) -> Result<Reply, Failure> {
        let mut stream = self.open_stream(chat).await?;
        while self.next(&mut stream).await?.is_some() {}
        let reply = stream.finish().await?;
        self.check_schema(&reply)?;
        Ok(reply)
    }

    /// Prints the answer as it arrives: text to standard output, everything else to standard error.
    pub(super) async fn print(&mut self, chat: Chat, out: &mut Out) -> Result<Reply, Failure> {
        let (mut answer, mut aside) = (Answer::new(out, self.is_raw()), Aside::new());
        let billing = chat.request().billing();
        let shows_reasoning = self.shows_reasoning();
        let mut waiting = Waiting::start("queued");
        let chat = chat.on_progress(waiting.hook());
        let mut stream = waiting.during(self.open_stream(chat)).await?;
        let result = loop {
            match waiting.during(self.next(&mut stream)).await {
                Ok(Some(Event::Text(text) | Event::Refusal(text))) => {
                    waiting.end();
                    aside.end_reasoning();
                    answer.piece(&text)?;
                }
                Ok(Some(Event::Reasoning(text))) if shows_reasoning => {
                    waiting.end();
                    answer.end()?;
                    aside.reasoning(&text);
                }
                Ok(Some(Event::Reasoning(_))) => waiting.thinks(),
                // Without a command for it, a call is the answer.
                Ok(Some(Event::ToolDone { call, .. })) if self.extras.commands.is_empty() => {
                    waiting.end();
                    aside.close();
                    answer.line(&line(&call))?;
                }
                Ok(Some(Event::ToolDone { call, .. })) => {
                    waiting.end();
                    answer.end()?;
                    aside.line(&format!("[tool call {}]", line(&call)));
                }
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
            }
        };
        drop(waiting);
        aside.close();
        answer.end()?;
        result?;
        let reply = stream.finish().await?;
        if reply.finish_reason().is_some_and(|reason| reason.is_cut()) {
            aside.line("[the reply was cut off: raise --max-tokens for a longer one]");
        }
        if !self.arguments.no_usage {
            aside.line(&usage_line(
                &self.qwen,
                &self.route().await?,
                billing,
                &reply,
            ));
        }
        self.check_schema(&reply)?;
        Ok(reply)
    }

    /// Whether the answer is printed as it is: JSON is no Markdown.
    fn is_raw(&self) -> bool {
        self.arguments.raw || self.body.is_some() || self.extras.schema().is_some()
    }

    fn shows_reasoning(&self) -> bool {
        match self.arguments.reasoning {
            Some(wish) => wish == Reasoning::Show,
            None => !terminal::is_paged(),
        }
    }

    /// Prints each event as a line of JSON.
    pub(super) async fn print_events(
        &mut self,
        chat: Chat,
        out: &mut Out,
    ) -> Result<Reply, Failure> {
        let mut stream = self.open_stream(chat).await?;
        while let Some(event) = self.next(&mut stream).await? {
            let line = match event {
                Event::Text(text) => json!({ "type": "text", "text": text }),
                Event::Reasoning(text) => json!({ "type": "reasoning", "text": text }),
                Event::Refusal(text) => json!({ "type": "refusal", "text": text }),
                Event::ToolStart { index, id, name } => {
                    json!({ "type": "tool_start", "index": index, "id": id, "name": name })
                }
                Event::ToolDelta { index, json } => {
                    json!({ "type": "tool_delta", "index": index, "json": json })
                }
                Event::ToolDone { index, call } => {
                    json!({ "type": "tool_done", "index": index, "call": call })
                }
                Event::Usage(usage) => json!({ "type": "usage", "usage": usage }),
                Event::Finish(reason) => json!({ "type": "finish", "reason": reason }),
                _ => continue,
            };
            out.line(&line.to_string())?;
        }
        let reply = stream.finish().await?;
        self.check_schema(&reply)?;
        Ok(reply)
    }

    async fn open_stream(&mut self, chat: Chat) -> Result<ReplyStream, Failure> {
        let notes = async { Ok(chat.notes().await?) };
        let notes = match self.interrupt.or(notes).await {
            // What this model does not take, another may.
            Err(failure) if !self.fallbacks.is_empty() && !failure.is_interrupted() => Vec::new(),
            notes => notes?,
        };
        let model = self.model.to_string();
        let (late, now): (Vec<_>, Vec<_>) = notes.into_iter().partition(note::is_for_refusals);
        for said in now {
            self.say(said, &model);
        }
        self.answered = None;
        let state = &self.state;
        let answered = async {
            let answered = chat.stream_answered().await;
            answered.map_err(|error| state.failure_of(error))
        };
        let stream = self.interrupt.or(answered).await.map(|answered| {
            tell_of_others(&answered.attempts);
            self.answered = Some(Who {
                model: answered.model_ref(),
                route: answered.route,
                attempts: answered.attempts,
            });
            answered.answer
        });
        let stream = match stream {
            Err(failure) if failure.is_unknown_model() => {
                let similar = self.route().await?.unknown_model();
                let similar = similar.map(|unknown| unknown.nearest).unwrap_or_default();
                let similar = similar.first().map(|model| format!("`{model}`"));
                let alias = self
                    .settings
                    .nearest_alias(&self.model.model)
                    .map(the_alias);
                Err(match alias.or(similar) {
                    Some(meant) => failure.with_another_hint(format!("did you mean {meant}?")),
                    None => failure,
                })
            }
            other => other.map_err(|failure| failure.at(&self.model.provider)),
        };
        stream.map_err(|failure| match late.first() {
            Some(note) if failure.is_refusal() => {
                failure.with_hint(note::for_command(note, &model))
            }
            _ => failure,
        })
    }

    /// Says a note once, rather than on every turn.
    fn say(&mut self, said: RequestNote, model: &str) {
        if !self.said.contains(&said) {
            let words = note::for_command(&said, model);
            output::note(&format!("note: {words}"));
            self.said.push(said);
        }
    }

    /// Checks whether an answer fits the schema that was asked for. A reply that only calls tools is
    /// no answer yet.
    fn check_schema(&self, reply: &Reply) -> Result<(), Failure> {
        let calls = reply.text().is_empty() && !reply.tool_calls().is_empty();
        if let Some(schema) = self.extras.schema().filter(|_| !calls) {
            reply.json_matching(schema)?;
        }
        Ok(())
    }

    /// The next event, `None` at the end. After Ctrl-C the failure holds what had arrived.
    async fn next(&mut self, stream: &mut ReplyStream) -> Result<Option<Event>, Failure> {
        let event = async { Ok(stream.next().await.transpose()?) };
        let event = self.interrupt.or(event).await;
        event.map_err(|failure| failure.with_partial(stream.reply()))
    }

    /// The reply as one JSON document.
    fn result(&self, reply: &Reply) -> Value {
        let mut result = serde_json::to_value(reply).unwrap_or_default();
        let timings = reply.timings();
        let seconds = |duration: Option<std::time::Duration>| duration.map(|d| d.as_secs_f64());
        let model = self.answered.as_ref().map(|who| who.model.clone());
        result["ref"] = model.unwrap_or_else(|| self.model.to_string()).into();
        let attempts = self.answered.iter().flat_map(|who| &who.attempts);
        result["attempts"] = attempts.map(attempts::to_json).collect();
        result["timings"] = json!({
            "head": seconds(timings.head),
            "first_content": seconds(timings.first_content),
            "total": seconds(timings.total),
        });
        result
    }
}

/// Says that another than the first one answers, and why.
fn tell_of_others(attempts: &[Attempt]) {
    let [others @ .., answered] = attempts else {
        return;
    };
    for other in others {
        output::note(&format!("note: {}", attempts::line(other)));
    }
    if !others.is_empty() {
        let credential = match &*answered.credential {
            "" => String::new(),
            credential => format!(" ({credential})"),
        };
        output::note(&format!(
            "note: {}{credential} answers instead",
            answered.model_ref()
        ));
    }
}
