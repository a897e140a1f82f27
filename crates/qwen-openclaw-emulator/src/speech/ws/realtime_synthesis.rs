//! Sessions that speak.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Session,
    failure::Failure,
    link::Gone,
    realtime::{Event, Events, Spent, invalid},
};
use crate::speech::{
    audio::{Format, Sound, Speech},
    models::Speaker,
    text::first_sentence,
    tts::{
        events::PIECE,
        order::{Names, sound},
        usage::Usage,
    },
};

/// Runs a session that speaks, and returns its tokens.
pub(super) async fn run(
    session: &mut Session,
    events: &mut Events,
    speaker: &'static Speaker,
) -> Result<Spent, Gone> {
    let mut singer = Singer::new(session, speaker);
    let created = json!({"session": singer.settings});
    events.send(session, "session.created", created).await?;
    loop {
        let fields = match events.receive(session).await? {
            Event::Fields(fields) => fields,
            Event::Over => break,
        };
        match Event::name(&fields) {
            "session.update" => match singer.update(&fields) {
                Ok(()) => {
                    let updated = json!({"session": singer.settings});
                    events.send(session, "session.updated", updated).await?;
                }
                Err(failure) => events.refuse(session, &failure).await?,
            },
            "input_text_buffer.append" => {
                singer.started = true;
                let text = fields
                    .get("text")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                singer.waiting.push_str(text);
                while singer.commits_itself()
                    && let Some(end) = first_sentence(&singer.waiting)
                {
                    let text: String = singer.waiting.drain(..end).collect();
                    singer.respond(session, events, &text).await?;
                }
            }
            "input_text_buffer.commit" => singer.commit(session, events).await?,
            "input_text_buffer.clear" => {
                singer.waiting.clear();
                events
                    .send(session, "input_text_buffer.cleared", json!({}))
                    .await?;
            }
            // What is spoken is sent before the next event is read: nothing is left to cancel.
            "response.cancel" => {}
            "session.finish" => {
                singer.commit(session, events).await?;
                events.finish(session).await?;
                break;
            }
            name => {
                let failure = invalid(format!("Unknown event type: {name:?}"));
                events.refuse(session, &failure).await?;
            }
        }
    }
    Ok(singer.total.tokens())
}

/// A session's settings and what it is to say.
struct Singer {
    speaker: &'static Speaker,
    settings: Value,
    sound: Sound,
    started: bool,
    waiting: String,
    responses: usize,
    total: Usage,
}

impl Singer {
    fn new(session: &Session, speaker: &'static Speaker) -> Self {
        let voice = "Cherry";
        let settings = json!({
            "id": Events::session_id(session),
            "mode": "server_commit",
            "model": speaker.id,
            "object": "realtime.session",
            "response_format": "pcm",
            "sample_rate": 24_000,
            "voice": voice,
        });
        Self {
            speaker,
            settings,
            sound: Sound {
                format: Format::Pcm,
                sample_rate: 24_000,
                volume: 50,
                speed: 1000,
                pitch: 1000,
                voice: Sound::pitch_of(voice),
            },
            started: false,
            waiting: String::new(),
            responses: 0,
            total: Usage::of(speaker, "", 0),
        }
    }

    /// Whether sentences are spoken as soon as they are complete.
    fn commits_itself(&self) -> bool {
        self.settings["mode"] == "server_commit"
    }

    fn update(&mut self, fields: &Map<String, Value>) -> Result<(), Failure> {
        if self.started {
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
        if !matches!(settings["mode"].as_str(), Some("server_commit" | "commit")) {
            return Err(invalid("mode must be one of server_commit, commit"));
        }
        self.sound = sound(&settings, Names::REALTIME, Format::Pcm, 24_000)
            .map_err(|refusal| invalid(refusal.message))?;
        self.settings = settings.into();
        Ok(())
    }

    /// Speaks what is left.
    async fn commit(&mut self, session: &mut Session, events: &mut Events) -> Result<(), Gone> {
        let text = std::mem::take(&mut self.waiting);
        if text.trim().is_empty() {
            return Ok(());
        }
        self.respond(session, events, &text).await
    }

    async fn respond(
        &mut self,
        session: &mut Session,
        events: &mut Events,
        text: &str,
    ) -> Result<(), Gone> {
        self.responses += 1;
        let number = self.responses;
        let (response, item) = (format!("resp_{number}"), format!("item_{number}"));
        let committed = json!({"item_id": ""});
        events
            .send(session, "input_text_buffer.committed", committed)
            .await?;
        let mut object = json!({
            "conversation_id": "",
            "id": response,
            "object": "realtime.response",
            "output": [],
            "status": "in_progress",
            "voice": self.settings["voice"],
        });
        let created = json!({"response": object});
        events.send(session, "response.created", created).await?;
        let output = |status: &str, content: Value| {
            json!({
                "content": content,
                "id": item,
                "object": "realtime.item",
                "role": "assistant",
                "status": status,
                "type": "message",
            })
        };
        let part = json!({"text": "", "type": "audio"});
        let of_item = |mut fields: Value| {
            fields["output_index"] = 0.into();
            fields["response_id"] = response.clone().into();
            fields
        };
        let of_part = |fields: Value| {
            let mut fields = of_item(fields);
            fields["content_index"] = 0.into();
            fields["item_id"] = item.clone().into();
            fields
        };
        let added = of_item(json!({"item": output("in_progress", json!([]))}));
        events
            .send(session, "response.output_item.added", added)
            .await?;
        let added = of_part(json!({"part": part}));
        events
            .send(session, "response.content_part.added", added)
            .await?;
        let speech = Speech::new(text, self.sound);
        let header = (number == 1).then(|| Speech::open_header(&self.sound));
        let header = header.filter(|header| !header.is_empty());
        let pieces = header.into_iter().chain(speech.pieces(PIECE));
        for (index, piece) in pieces.enumerate() {
            session.pause(number == 1 && index == 0).await;
            let delta = of_part(json!({"delta": STANDARD.encode(piece)}));
            events.send(session, "response.audio.delta", delta).await?;
        }
        events
            .send(
                session,
                "response.content_part.done",
                of_part(json!({"part": part})),
            )
            .await?;
        let item_done = output("completed", json!([part]));
        let done = of_item(json!({"item": item_done}));
        events
            .send(session, "response.output_item.done", done)
            .await?;
        events
            .send(session, "response.audio.done", of_part(json!({})))
            .await?;
        let usage = Usage::of(self.speaker, text, speech.milliseconds());
        self.total.add(usage);
        object["modalities"] = json!(["text", "audio"]);
        object["output"] = json!([item_done]);
        object["status"] = "completed".into();
        object["usage"] = usage.json();
        events
            .send(session, "response.done", json!({"response": object}))
            .await
    }
}
