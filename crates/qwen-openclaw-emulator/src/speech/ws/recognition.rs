//! The tasks that listen: audio comes in pieces, and text goes out while it grows.

use serde_json::{Map, Value, json};

use super::{
    Session,
    failure::Failure,
    inference::{Command, Input, Stop, Task, endpoint},
    listener::{Change, Listener, Setup},
};
use crate::{
    served::TokenCounts,
    speech::{
        audio::Timed,
        models::{self, Seat},
        text,
    },
};

/// The silence after which a connection without heartbeats is closed, in milliseconds.
const SILENCE: u64 = 60_000;

/// The silence between heartbeats, in milliseconds. Inferred.
const HEARTBEAT: u64 = 10_000;

/// The silence that ends a sentence, in milliseconds.
const PAUSE: u64 = 1300;

/// Bytes a second of audio that is not samples: that of the emulator's own MP3.
const COMPRESSED: u64 = 4_000;

/// Runs a task that listens. It has no tokens.
pub(super) async fn run(
    task: &Task,
    session: &mut Session,
    command: &Command,
) -> Result<Option<TokenCounts>, Stop> {
    let model = command.payload["model"].as_str().unwrap_or_default();
    let model =
        models::find_listener(endpoint(session), model, &[Seat::Live]).map_err(Failure::from)?;
    let parameters = command.object("parameters");
    let mut recognition = Recognition {
        listener: Listener::new(setup(&parameters)?),
        numbered: model.id.starts_with("fun-asr"),
        sentences: 1,
        heartbeats: 0,
    };
    let heartbeat = parameters.get("heartbeat").and_then(Value::as_bool);
    task.send(session, "task-started", json!({})).await?;
    loop {
        match task.receive(session).await? {
            Input::Audio(audio) => {
                let changes = recognition.listener.listen(&audio);
                recognition.tell(task, session, changes).await?;
                let silent = recognition.listener.silent();
                if heartbeat == Some(true) {
                    recognition.beat(task, session, silent).await?;
                } else if silent >= SILENCE {
                    return Err(Stop::Hangup);
                }
            }
            Input::Command(command) if command.action == "finish-task" => break,
            Input::Command(command) => {
                let action = &command.action;
                return Err(Failure::parameter(format!("Unexpected action: {action:?}")).into());
            }
        }
    }
    let mut changes = Vec::new();
    recognition.listener.end(&mut changes);
    recognition.tell(task, session, changes).await?;
    let payload = json!({"output": {}, "usage": null});
    task.send(session, "task-finished", payload).await?;
    Ok(None)
}

/// Reads how to listen. The texts of the failures are inferred.
fn setup(parameters: &Map<String, Value>) -> Result<Setup, Failure> {
    const FORMATS: [&str; 7] = ["pcm", "wav", "mp3", "opus", "speex", "aac", "amr"];
    let format = parameters
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or("pcm");
    if !FORMATS.contains(&format) {
        let message = format!("format must be one of {}", FORMATS.join(", "));
        return Err(Failure::parameter(message));
    }
    let number =
        |name: &str, range: std::ops::RangeInclusive<u64>, default| match parameters.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(given) => {
                let given = given.as_u64().filter(|given| range.contains(given));
                given.ok_or_else(|| {
                    let (least, most) = (range.start(), range.end());
                    Failure::parameter(format!("{name} must be in [{least}, {most}]"))
                })
            }
        };
    let rate = number("sample_rate", 8_000..=48_000, 16_000)?;
    let pause = number("max_sentence_silence", 200..=6_000, PAUSE)?;
    let samples = matches!(format, "pcm" | "wav");
    Ok(Setup {
        bytes: if samples { rate * 2 } else { COMPRESSED },
        samples,
        sentences: true,
        pause: Some(pause),
    })
}

struct Recognition {
    listener: Listener,
    /// Whether sentences have numbers.
    numbered: bool,
    sentences: u64,
    heartbeats: u64,
}

impl Recognition {
    async fn tell(
        &mut self,
        task: &Task,
        session: &mut Session,
        changes: Vec<Change>,
    ) -> Result<(), Stop> {
        for change in changes {
            match change {
                Change::Started(_) => {}
                Change::Grew => {
                    let sentence = self.sentence(text::trim(self.listener.text()), None);
                    let payload = json!({"output": {"sentence": sentence}, "usage": null});
                    task.send(session, "result-generated", payload).await?;
                }
                Change::Ended(text, end) => {
                    let sentence = self.sentence(&text, Some(end));
                    self.sentences += 1;
                    let seconds = self.listener.milliseconds().div_ceil(1000);
                    let payload = json!({
                        "output": {"sentence": sentence},
                        "usage": {"duration": seconds},
                    });
                    task.send(session, "result-generated", payload).await?;
                }
            }
        }
        Ok(())
    }

    fn sentence(&self, text: &[Timed], end: Option<u64>) -> Value {
        let spoken: String = text.iter().map(|timed| timed.character).collect();
        let mut sentence = json!({
            "begin_time": text::start(text),
            "end_time": end,
            "heartbeat": false,
            "sentence_end": end.is_some(),
            "text": spoken,
            "words": text::timed_words(text, false),
        });
        if self.numbered {
            sentence["sentence_id"] = self.sentences.into();
        }
        sentence
    }

    /// Sends the heartbeats that are due after some silence.
    async fn beat(&mut self, task: &Task, session: &mut Session, silent: u64) -> Result<(), Stop> {
        let due = silent / HEARTBEAT;
        if due == 0 {
            self.heartbeats = 0;
        }
        while self.heartbeats < due {
            self.heartbeats += 1;
            let mut sentence = self.sentence(&[], None);
            sentence["heartbeat"] = true.into();
            if self.numbered {
                sentence["sentence_id"] = 0.into();
            }
            let payload = json!({"output": {"sentence": sentence}, "usage": null});
            task.send(session, "result-generated", payload).await?;
        }
        Ok(())
    }
}
