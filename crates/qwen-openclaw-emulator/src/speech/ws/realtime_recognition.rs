//! Sessions that listen.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Session,
    failure::Failure,
    link::Gone,
    listener::{Change, Listener, Setup},
    realtime::{Event, Events, Spent, invalid},
};
use crate::speech::{
    audio::Timed,
    text::{self, words},
};

/// The most audio of an event, in base64.
const MAX_APPEND: usize = 15 << 20;

/// Bytes a second of audio in the format opus.
const OPUS: u64 = 4_000;

/// Runs a session that listens. It has no tokens.
pub(super) async fn run(
    session: &mut Session,
    events: &mut Events,
    model: &str,
) -> Result<Spent, Gone> {
    let mut scribe = Scribe::new(session, model);
    let created = json!({"session": scribe.settings});
    events.send(session, "session.created", created).await?;
    loop {
        let fields = match events.receive(session).await? {
            Event::Fields(fields) => fields,
            Event::Over => break,
        };
        match Event::name(&fields) {
            "session.update" => match scribe.update(&fields) {
                Ok(()) => {
                    let updated = json!({"session": scribe.settings});
                    events.send(session, "session.updated", updated).await?;
                }
                Err(failure) => events.refuse(session, &failure).await?,
            },
            "input_audio_buffer.append" => match audio(&fields) {
                Ok(audio) => {
                    let changes = scribe.listener.listen(&audio);
                    scribe.tell(session, events, changes).await?;
                }
                Err(failure) => events.refuse(session, &failure).await?,
            },
            "input_audio_buffer.commit" if !scribe.detects => {
                scribe.end(session, events).await?;
            }
            "input_audio_buffer.commit" => {
                let failure = invalid("With turn detection, turns are committed by the service.");
                events.refuse(session, &failure).await?;
            }
            "session.finish" => {
                if scribe.listener.is_speaking() {
                    scribe.end(session, events).await?;
                }
                events.finish(session).await?;
                break;
            }
            name => {
                let failure = invalid(format!("Unknown event type: {name:?}"));
                events.refuse(session, &failure).await?;
            }
        }
    }
    Ok(None)
}

fn audio(fields: &Map<String, Value>) -> Result<Vec<u8>, Failure> {
    let audio = fields
        .get("audio")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if audio.len() > MAX_APPEND {
        return Err(invalid("The audio of an event has at most 15 MiB."));
    }
    STANDARD
        .decode(audio)
        .map_err(|_| invalid("audio must be base64"))
}

/// A session's settings and what it heard.
struct Scribe {
    settings: Value,
    listener: Listener,
    /// Whether silence ends a turn.
    detects: bool,
    /// The turns so far.
    turns: usize,
}

impl Scribe {
    fn new(session: &Session, model: &str) -> Self {
        let settings = json!({
            "id": Events::session_id(session),
            "input_audio_format": "pcm",
            "input_audio_transcription": {},
            "modalities": ["text"],
            "model": model,
            "object": "realtime.session",
            "sample_rate": 16_000,
            "turn_detection": {
                "silence_duration_ms": 800,
                "threshold": 0.2,
                "type": "server_vad",
            },
        });
        Self {
            settings,
            listener: Listener::new(Setup {
                bytes: 32_000,
                samples: true,
                sentences: false,
                pause: Some(800),
            }),
            detects: true,
            turns: 0,
        }
    }

    fn update(&mut self, fields: &Map<String, Value>) -> Result<(), Failure> {
        // Inferred, after the rule for sessions that speak.
        if self.listener.milliseconds() > 0 {
            return Err(invalid(
                "Session update error: session already started or finished or failed.",
            ));
        }
        let Some(Value::Object(wanted)) = fields.get("session") else {
            return Err(invalid("session must be an object"));
        };
        let mut settings = self.settings.as_object().cloned().unwrap_or_default();
        for (name, value) in wanted {
            if name != "id" && name != "model" && name != "object" {
                settings.insert(name.clone(), value.clone());
            }
        }
        let samples = match settings["input_audio_format"].as_str() {
            Some("pcm" | "pcm16") => true,
            Some("opus") => false,
            _ => return Err(invalid("input_audio_format must be one of pcm, opus")),
        };
        let rate = settings["sample_rate"].as_u64();
        let rate = rate.filter(|rate| matches!(rate, 8_000 | 16_000));
        let rate = rate.ok_or_else(|| invalid("sample_rate must be one of 8000, 16000"))?;
        let detection = &settings["turn_detection"];
        let pause = if detection.is_null() {
            None
        } else {
            if let Some(threshold) = detection.get("threshold")
                && !threshold
                    .as_f64()
                    .is_some_and(|threshold| (-1.0..=1.0).contains(&threshold))
            {
                return Err(invalid("threshold must be in [-1, 1]"));
            }
            let silence = match detection.get("silence_duration_ms") {
                None => Some(800),
                Some(silence) => silence.as_u64(),
            };
            let silence = silence.filter(|silence| (200..=6_000).contains(silence));
            Some(silence.ok_or_else(|| invalid("silence_duration_ms must be in [200, 6000]"))?)
        };
        self.detects = pause.is_some();
        self.listener = Listener::new(Setup {
            bytes: if samples { rate * 2 } else { OPUS },
            samples,
            sentences: false,
            pause,
        });
        self.settings = settings.into();
        Ok(())
    }

    fn item(&self, turn: usize) -> Value {
        if turn == 0 {
            return Value::Null;
        }
        format!("item_{turn}").into()
    }

    /// Ends the turn.
    async fn end(&mut self, session: &mut Session, events: &mut Events) -> Result<(), Gone> {
        let mut changes = Vec::new();
        self.listener.end(&mut changes);
        self.tell(session, events, changes).await
    }

    async fn tell(
        &mut self,
        session: &mut Session,
        events: &mut Events,
        changes: Vec<Change>,
    ) -> Result<(), Gone> {
        const TRANSCRIPTION: &str = "conversation.item.input_audio_transcription";
        for change in changes {
            let item = self.item(self.turns + 1);
            match change {
                Change::Started(at) if self.detects => {
                    let fields = json!({"audio_start_ms": at, "item_id": item});
                    events
                        .send(session, "input_audio_buffer.speech_started", fields)
                        .await?;
                }
                Change::Started(_) => {}
                Change::Grew => {
                    let (fixed, stash) = halves(text::trim(self.listener.text()));
                    let fields = json!({
                        "content_index": 0,
                        "emotion": "neutral",
                        "item_id": item,
                        "language": self.language(&format!("{fixed}{stash}")),
                        "stash": stash,
                        "text": fixed,
                    });
                    events
                        .send(session, &format!("{TRANSCRIPTION}.text"), fields)
                        .await?;
                }
                Change::Ended(heard, at) => {
                    if self.detects {
                        let fields = json!({"audio_end_ms": at, "item_id": item});
                        events
                            .send(session, "input_audio_buffer.speech_stopped", fields)
                            .await?;
                    }
                    let fields =
                        json!({"item_id": item, "previous_item_id": self.item(self.turns)});
                    events
                        .send(session, "input_audio_buffer.committed", fields)
                        .await?;
                    self.turns += 1;
                    let object = json!({
                        "content": [{"type": "input_audio"}],
                        "id": item,
                        "object": "realtime.item",
                        "role": "user",
                        "status": "completed",
                        "type": "message",
                    });
                    events
                        .send(
                            session,
                            "conversation.item.created",
                            json!({"item": object}),
                        )
                        .await?;
                    let transcript: String = heard.iter().map(|timed| timed.character).collect();
                    let fields = json!({
                        "content_index": 0,
                        "emotion": "neutral",
                        "item_id": item,
                        "language": self.language(&transcript),
                        "transcript": transcript,
                    });
                    events
                        .send(session, &format!("{TRANSCRIPTION}.completed"), fields)
                        .await?;
                }
            }
        }
        Ok(())
    }

    fn language(&self, text: &str) -> String {
        let set = self.settings["input_audio_transcription"]["language"].as_str();
        set.unwrap_or_else(|| text::language(text)).to_owned()
    }
}

/// Cuts a text into what is fixed and its last word, which may still change.
fn halves(text: &[Timed]) -> (String, String) {
    let text: Vec<char> = text.iter().map(|timed| timed.character).collect();
    let last = words(&text).last().map_or(0, |word| word.start);
    (text[..last].iter().collect(), text[last..].iter().collect())
}
