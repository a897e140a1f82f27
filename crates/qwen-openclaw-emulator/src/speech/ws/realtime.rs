//! `/api-ws/v1/realtime`: a session with one model, in which the service speaks first.

use serde_json::{Map, Value, json};

use super::{
    Session,
    failure::Failure,
    inference::{check, endpoint, request, spend},
    link::{Gone, Incoming},
    realtime_recognition, realtime_synthesis,
};
use crate::{
    query,
    served::TokenCounts,
    speech::models::{self, Stage},
};

/// Runs a session to its end.
pub(super) async fn run(session: &mut Session) -> Result<(), Gone> {
    let query = session.socket.request.query().map(str::to_owned);
    let model = query::parameter(query.as_deref(), "model").unwrap_or_default();
    session.open.model(&model);
    let request = request(session, json!({"model": model}).to_string());
    let mut events = Events::default();
    if let Err(failure) = check(session, &request) {
        return events.fail(session, &failure).await;
    }
    let speaker = models::find_speaker(endpoint(session), &model, Stage::Realtime);
    let tokens = match speaker {
        Ok(speaker) => realtime_synthesis::run(session, &mut events, speaker).await?,
        Err(_) => realtime_recognition::run(session, &mut events, &model).await?,
    };
    spend(session, &request, tokens);
    Ok(())
}

/// An event of the client.
pub(super) enum Event {
    Fields(Map<String, Value>),
    /// The session is over, and the client knows.
    Over,
}

impl Event {
    /// The name of the event, as long as there is one.
    pub(super) fn name(fields: &Map<String, Value>) -> &str {
        fields
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// The events of a session and the numbers in their ids.
#[derive(Debug, Default)]
pub(super) struct Events {
    sent: usize,
}

impl Events {
    /// Receives an event of the client.
    pub(super) async fn receive(&mut self, session: &mut Session) -> Result<Event, Gone> {
        loop {
            if let Some(fault) = session.link.failure() {
                self.fail(session, &Failure::of_fault(&fault)).await?;
                return Ok(Event::Over);
            }
            match session.link.receive(None).await? {
                Incoming::Closed => return Ok(Event::Over),
                Incoming::Text(text) => match serde_json::from_str(&text) {
                    Ok(fields) => return Ok(Event::Fields(fields)),
                    Err(_) => {
                        self.refuse(session, &invalid("The event is not JSON."))
                            .await?
                    }
                },
                Incoming::Binary(_) => {
                    self.refuse(session, &invalid("Events are text.")).await?;
                }
                Incoming::Nothing => {}
            }
        }
    }

    /// Sends an event.
    pub(super) async fn send(
        &mut self,
        session: &mut Session,
        name: &str,
        mut fields: Value,
    ) -> Result<(), Gone> {
        self.sent += 1;
        fields["event_id"] = format!("event_{}", self.sent).into();
        fields["type"] = name.into();
        session.link.send(fields).await
    }

    /// Tells an error, after which the session goes on.
    pub(super) async fn refuse(
        &mut self,
        session: &mut Session,
        failure: &Failure,
    ) -> Result<(), Gone> {
        let error = json!({"code": failure.code, "message": failure.message});
        self.send(session, "error", json!({"error": error})).await
    }

    /// Tells an error that ends the session. The code of the end is inferred.
    pub(super) async fn fail(
        &mut self,
        session: &mut Session,
        failure: &Failure,
    ) -> Result<(), Gone> {
        self.refuse(session, failure).await?;
        session.link.close(1000, "").await;
        Ok(())
    }

    /// Ends the session as the client asked for.
    pub(super) async fn finish(&mut self, session: &mut Session) -> Result<(), Gone> {
        self.send(session, "session.finished", json!({})).await?;
        session.link.close(1000, "").await;
        Ok(())
    }

    /// The id of the session.
    pub(super) fn session_id(session: &Session) -> String {
        format!("sess_{}", session.socket.id)
    }
}

/// An event that cannot be done. The texts are inferred, unless a page has them.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new("invalid_value", message)
}

/// What a session spent.
pub(super) type Spent = Option<TokenCounts>;
