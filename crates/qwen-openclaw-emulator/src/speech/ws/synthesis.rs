//! The tasks that speak: text comes in pieces, and audio goes out sentence by sentence.

use serde_json::{Value, json};

use super::{
    Session,
    failure::Failure,
    inference::{Command, Input, Stop, Task, endpoint},
};
use crate::{
    served::TokenCounts,
    speech::{
        audio::{Format, Sound, Speech},
        models::{self, Speaker, Stage},
        text::first_sentence,
        tts::{
            events::{PIECE, words},
            order::{Names, flag, sound, string, without_tags},
            usage::Usage,
        },
    },
};

/// The longest text of a message and of a task, in characters.
const MAX_PIECE: usize = 20_000;
const MAX_TOTAL: usize = 200_000;

/// Runs a task that speaks, and returns its tokens.
pub(super) async fn run(
    task: &Task,
    session: &mut Session,
    command: &Command,
) -> Result<Option<TokenCounts>, Stop> {
    let mut synthesis = Synthesis::new(session, command)?;
    task.send(session, "task-started", json!({})).await?;
    let input = command.object("input");
    let text = input.get("text").and_then(Value::as_str);
    if let Some(text) = text {
        synthesis.take(text)?;
        synthesis.speak(task, session, false).await?;
    }
    // The text of an older form is all there.
    let mut finished = text.is_some() && command.streaming != "duplex";
    while !finished {
        let command = match task.receive(session).await? {
            Input::Command(command) => command,
            Input::Audio(_) => return Err(Failure::parameter("audio is not taken").into()),
        };
        let input = command.object("input");
        match &*command.action {
            "continue-task" => {
                let text = input
                    .get("text")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let flush = input
                    .get("flush")
                    .and_then(Value::as_bool)
                    .unwrap_or_default();
                synthesis.take(text)?;
                synthesis.speak(task, session, flush).await?;
            }
            "finish-task" => {
                let directive = input.get("directive").and_then(Value::as_str);
                if directive == Some("cancel") {
                    synthesis.waiting.clear();
                }
                finished = true;
            }
            action => {
                return Err(Failure::parameter(format!("Unexpected action: {action:?}")).into());
            }
        }
    }
    synthesis.speak(task, session, true).await?;
    let usage = synthesis.usage.json();
    task.send(session, "task-finished", json!({"usage": usage}))
        .await?;
    Ok(synthesis.usage.tokens())
}

/// A text that is spoken while it comes.
struct Synthesis {
    speaker: &'static Speaker,
    sound: Sound,
    words: bool,
    ssml: bool,
    /// What is not spoken yet.
    waiting: String,
    /// The characters that came, and the messages that they came in.
    characters: usize,
    messages: usize,
    sentences: usize,
    milliseconds: u64,
    usage: Usage,
}

impl Synthesis {
    fn new(session: &Session, command: &Command) -> Result<Self, Failure> {
        let model = command.payload["model"].as_str().unwrap_or_default();
        let speaker = models::find_speaker(endpoint(session), model, Stage::Synthesizer)?;
        let parameters = command.object("parameters");
        let voice = string(&parameters, "voice")?.unwrap_or_default();
        if voice.is_empty() {
            return Err(Failure::parameter("voice must be set"));
        }
        session.state.voices.check(&voice, model)?;
        Ok(Self {
            speaker,
            sound: sound(&parameters, Names::HTTP, Format::Mp3, 22_050)?,
            words: flag(&parameters, "word_timestamp_enabled")?,
            ssml: flag(&parameters, "enable_ssml")?,
            waiting: String::new(),
            characters: 0,
            messages: 0,
            sentences: 0,
            milliseconds: 0,
            usage: Usage::of(speaker, "", 0),
        })
    }

    fn take(&mut self, text: &str) -> Result<(), Failure> {
        let length = text.chars().count();
        self.characters += length;
        if length > MAX_PIECE || self.characters > MAX_TOTAL {
            let message = format!(
                "The text of a message has at most {MAX_PIECE} characters, that of a task {MAX_TOTAL}."
            );
            return Err(Failure::parameter(message));
        }
        if length > 0 {
            self.messages += 1;
        }
        if !self.ssml {
            self.waiting.push_str(text);
            return Ok(());
        }
        if self.messages > 1 {
            let message = "With enable_ssml, the text comes in one message.";
            return Err(Failure::parameter(message));
        }
        self.waiting.push_str(&without_tags(text));
        Ok(())
    }

    /// Speaks the sentences that are complete, or all of the text.
    async fn speak(&mut self, task: &Task, session: &mut Session, all: bool) -> Result<(), Stop> {
        while let Some(end) = first_sentence(&self.waiting) {
            let sentence: String = self.waiting.drain(..end).collect();
            self.sentence(task, session, &sentence).await?;
        }
        if all {
            let rest = std::mem::take(&mut self.waiting);
            if rest.trim().is_empty() {
                // It is paid for, too.
                self.usage.add(Usage::of(self.speaker, &rest, 0));
            } else {
                self.sentence(task, session, &rest).await?;
            }
        }
        Ok(())
    }

    async fn sentence(
        &mut self,
        task: &Task,
        session: &mut Session,
        text: &str,
    ) -> Result<(), Stop> {
        let index = self.sentences;
        self.sentences += 1;
        let speech = Speech::new(text, self.sound);
        let output = |kind: &str, words: Vec<Value>| json!({"sentence": {"index": index, "words": words}, "type": kind});
        let mut begin = output("sentence-begin", Vec::new());
        begin["original_text"] = text.trim().into();
        task.send(session, "result-generated", json!({"output": begin}))
            .await?;
        let header = if index == 0 {
            Speech::open_header(&self.sound)
        } else {
            Vec::new()
        };
        let header = (!header.is_empty()).then_some(header);
        let pieces = header.into_iter().chain(speech.pieces(PIECE));
        for (number, piece) in pieces.enumerate() {
            session.pause(index == 0 && number == 0).await;
            let output = output("sentence-synthesis", Vec::new());
            task.send(session, "result-generated", json!({"output": output}))
                .await?;
            session.link.send_audio(piece).await?;
        }
        let words = if self.words {
            words(text, &speech, self.milliseconds)
        } else {
            Vec::new()
        };
        self.milliseconds += speech.milliseconds();
        self.usage
            .add(Usage::of(self.speaker, text, speech.milliseconds()));
        let mut end = output("sentence-end", words);
        end["original_text"] = text.trim().into();
        let payload = json!({"output": end, "usage": self.usage.json()});
        task.send(session, "result-generated", payload).await
    }
}
