//! `/api-ws/v1/inference`: tasks, one after the other.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value, json};

use super::{
    Session,
    failure::Failure,
    link::{Gone, Incoming},
    recognition, synthesis,
};
use crate::{
    answer::Answer, capture::CapturedRequest, endpoint::Endpoint, fault, limits, route::Exchange,
    served::TokenCounts,
};

/// How long a task waits for its client.
pub(super) const PATIENCE: Duration = Duration::from_secs(23);

/// How a task ends that does not finish.
#[derive(Debug)]
pub(super) enum Stop {
    /// The connection broke, or the client closed it.
    Gone,
    Failed(Failure),
    /// The service closes the connection.
    Hangup,
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Runs tasks until one fails or the client closes the connection.
pub(super) async fn run(session: &mut Session) -> Result<(), Gone> {
    loop {
        let command = match session.link.receive(None).await? {
            Incoming::Closed => return Ok(()),
            Incoming::Text(text) => Command::read(&text),
            // Audio that was on its way when its task ended.
            Incoming::Binary(_) | Incoming::Nothing => continue,
        };
        let task = Task {
            id: command.task.clone(),
        };
        match task.run(session, command).await {
            Ok(()) => {}
            Err(Stop::Gone) => return Err(Gone),
            Err(Stop::Hangup) => {
                session.link.close(1000, "").await;
                return Ok(());
            }
            Err(Stop::Failed(failure)) => {
                session.link.send(task.failed(&failure)).await?;
                // No task comes after one that failed. The code is inferred.
                session.link.close(1000, "").await;
                return Ok(());
            }
        }
    }
}

/// A command of the client.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) action: String,
    pub(super) task: String,
    pub(super) streaming: String,
    pub(super) payload: Value,
}

impl Command {
    fn read(text: &str) -> Self {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let field = |name: &str| {
            message["header"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            action: field("action"),
            task: field("task_id"),
            streaming: field("streaming"),
            payload: message["payload"].clone(),
        }
    }

    /// An object of the payload; absent ones are empty.
    pub(super) fn object(&self, name: &str) -> Map<String, Value> {
        self.payload[name].as_object().cloned().unwrap_or_default()
    }
}

/// What the client has for a task.
pub(super) enum Input {
    Command(Command),
    Audio(Bytes),
}

/// A task that runs.
#[derive(Debug)]
pub(super) struct Task {
    id: String,
}

impl Task {
    async fn run(&self, session: &mut Session, command: Command) -> Result<(), Stop> {
        if command.action != "run-task" {
            let action = &command.action;
            return Err(Failure::parameter(format!("Unexpected action: {action:?}")).into());
        }
        if command.task.is_empty() {
            return Err(Failure::parameter("task_id must be set").into());
        }
        let model = command.payload["model"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        session.open.model(&model);
        let request = request(session, command.payload.to_string());
        check(session, &request)?;
        let function = command.payload["function"].as_str().unwrap_or_default();
        let tokens = match (command.payload["task"].as_str(), function) {
            (Some("tts"), "SpeechSynthesizer") => synthesis::run(self, session, &command).await?,
            (Some("asr"), "recognition") => recognition::run(self, session, &command).await?,
            _ => {
                return Err(Failure::parameter("task and function must be known").into());
            }
        };
        spend(session, &request, tokens);
        Ok(())
    }

    /// Receives what the client has for the task.
    pub(super) async fn receive(&self, session: &mut Session) -> Result<Input, Stop> {
        if let Some(fault) = session.link.failure() {
            return Err(Failure::of_fault(&fault).into());
        }
        match session.link.receive(Some(PATIENCE)).await? {
            Incoming::Closed => Err(Stop::Gone),
            Incoming::Nothing => Err(Failure::timeout().into()),
            Incoming::Binary(audio) => Ok(Input::Audio(audio)),
            Incoming::Text(text) => {
                let command = Command::read(&text);
                if command.task != self.id {
                    return Err(Failure::parameter("task_id is not that of the task").into());
                }
                Ok(Input::Command(command))
            }
        }
    }

    /// Sends an event of the task, or fails where a fault wants it to.
    pub(super) async fn send(
        &self,
        session: &mut Session,
        event: &str,
        payload: Value,
    ) -> Result<(), Stop> {
        if let Some(fault) = session.link.failure() {
            return Err(Failure::of_fault(&fault).into());
        }
        let mut attributes = json!({});
        if event == "task-finished" {
            attributes["request_uuid"] = session.socket.id.to_string().into();
        }
        let event = json!({
            "header": {"attributes": attributes, "event": event, "task_id": self.id},
            "payload": payload,
        });
        Ok(session.link.send(event).await?)
    }

    fn failed(&self, failure: &Failure) -> Value {
        json!({
            "header": {
                "attributes": {},
                "error_code": failure.code,
                "error_message": failure.message,
                "event": "task-failed",
                "task_id": self.id,
            },
            "payload": {},
        })
    }
}

/// The request that a task would be over HTTP, for rules and quotas.
pub(super) fn request(session: &Session, body: String) -> CapturedRequest {
    CapturedRequest {
        method: Method::POST,
        body: body.into(),
        ..session.socket.request.clone()
    }
}

/// Refuses a task as a request would be: by a rule for its model, a gate, or a quota.
pub(super) fn check(session: &mut Session, request: &CapturedRequest) -> Result<(), Failure> {
    let state = session.state.clone();
    let exchange = Exchange::new(&state, request);
    if let Some(fault) = state.faults.due_for_model(request) {
        if let Some(answer) = fault::refuse(&fault, &exchange) {
            return Err(Failure::of_answer(&answer));
        }
        session.link.expect(fault);
    }
    match limits::check(&exchange) {
        Some(answer) => Err(Failure::of_answer(&answer)),
        None => Ok(()),
    }
}

/// Counts the tokens of a task.
pub(super) fn spend(session: &mut Session, request: &CapturedRequest, tokens: Option<TokenCounts>) {
    session.open.spent(tokens);
    let state = session.state.clone();
    let exchange = Exchange::new(&state, request);
    let answer = Answer {
        tokens,
        ..Answer::text("", exchange.id)
    };
    limits::spend(&exchange, &answer);
}

/// The endpoint of a session.
pub(super) fn endpoint(session: &Session) -> Endpoint {
    let path = session.socket.request.path();
    super::route(path).map_or_else(
        || Endpoint::native(crate::endpoint::Region::Global),
        |route| route.0,
    )
}
