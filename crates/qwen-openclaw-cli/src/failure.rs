//! What went wrong, for people and for programs, and the exit code.

use std::process::ExitCode;

use qwen_openclaw::{ErrorKind, ErrorScope, catalog::Provider, chat::Reply, config::Position};
use serde_json::{Value, json};

use crate::{
    args::Json,
    attempts::Attempts,
    output::{self, Out},
    symptom::Symptom,
};

mod commands;
mod convert;

pub(crate) use self::convert::plain;

/// The exit code of failures that have none of their own.
const OTHER: u8 = 1;

/// A failure of the command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    kind: &'static str,
    message: String,
    /// Which other requests would fail for the same reason; `None` where the command failed by itself.
    scope: Option<ErrorScope>,
    hint: Option<String>,
    /// Where a configuration is broken.
    position: Option<Box<Position>>,
    status: Option<u16>,
    request_id: Option<String>,
    partial: Option<Box<Reply>>,
    /// What OpenClaw's documentation calls it.
    symptom: Option<Symptom>,
    /// What became of each model and account, if there were several.
    attempts: Option<Box<Attempts>>,
    /// Whether it was already reported.
    said: bool,
}

impl Failure {
    fn new(code: u8, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            kind,
            message: message.into(),
            scope: None,
            hint: None,
            position: None,
            status: None,
            request_id: None,
            partial: None,
            symptom: None,
            attempts: None,
            said: false,
        }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(OTHER, "other", message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(2, "usage", message)
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        let kind = ErrorKind::InvalidRequest;
        Self::new(exit_code(kind), kind.as_str(), message)
    }

    /// Something about OpenClaw's configuration.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(OTHER, "config", message)
    }

    /// A failure described by an error of another crate, with its causes.
    pub(crate) fn of(code: u8, kind: &'static str, error: &dyn std::error::Error) -> Self {
        Self::new(code, kind, with_causes(error.to_string(), error))
    }

    /// Adds what to do about it.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Adds where a configuration is broken.
    pub(crate) fn with_position(self, position: Option<Position>) -> Self {
        Self {
            position: position.map(Box::new),
            ..self
        }
    }

    /// A failure that OpenClaw's documentation describes, with its remedy.
    pub(crate) fn symptom(code: u8, symptom: Symptom, message: impl Into<String>) -> Self {
        Self {
            symptom: Some(symptom),
            ..Self::new(code, "other", message).with_hint(symptom.remedy())
        }
    }

    /// Credentials that are not accepted.
    pub(crate) fn authentication(message: impl Into<String>) -> Self {
        let kind = ErrorKind::Authentication;
        Self::new(exit_code(kind), kind.as_str(), message)
    }

    /// Names the symptom of a token that the portal, or a server in its place, did not accept.
    pub(crate) fn at(self, provider: &Provider) -> Self {
        let is_refused = *provider == Provider::QWEN_OAUTH
            && self.kind == ErrorKind::Authentication.as_str()
            && self.status == Some(401)
            && self.symptom.is_none();
        if !is_refused {
            return self;
        }
        let symptom = Some(Symptom::OAuth);
        Self { symptom, ..self }.with_another_hint(Symptom::OAuth.remedy())
    }

    /// Adds to what to do about it.
    pub(crate) fn with_another_hint(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        let hint = match &self.hint {
            Some(first) => format!("{first}; {hint}"),
            None => hint,
        };
        self.with_hint(hint)
    }

    /// A budget that has no room.
    pub(crate) fn budget(message: impl Into<String>) -> Self {
        let kind = ErrorKind::Budget;
        Self::new(exit_code(kind), kind.as_str(), message)
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self::new(130, "interrupted", "interrupted")
    }

    /// Keeps what had arrived before Ctrl-C. An error of the stream already holds it.
    pub(crate) fn with_partial(mut self, reply: &Reply) -> Self {
        if self.code == 130 {
            self.partial = Some(Box::new(reply.clone()));
        }
        self
    }

    /// What had arrived before it.
    pub(crate) fn partial(&self) -> Option<&Reply> {
        self.partial.as_deref()
    }

    /// A closed pipe is not an error: the reader has stopped reading.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(0, "closed", ""),
            _ => Self::other(format!("could not write the output: {error}")),
        }
    }

    /// Sets the exit code that OpenClaw's own listing has for an unknown name.
    pub(crate) fn with_code_1(self) -> Self {
        Self { code: 1, ..self }
    }

    /// The same exit code, for a failure that was already reported.
    pub(crate) fn silent(self) -> Self {
        Self { said: true, ..self }
    }

    /// What went wrong, with its causes.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, with complete commands.
    fn hint(&self) -> Option<String> {
        self.hint.as_deref().map(commands::written_out)
    }

    /// Says first what the failure is about.
    pub(crate) fn about(self, what: &str) -> Self {
        Self {
            message: format!("{what}: {}", self.message),
            ..self
        }
    }

    /// The status of the server's answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.status
    }

    /// True when the server could not be reached, or took too long.
    pub(crate) fn is_network(&self) -> bool {
        self.code == exit_code(ErrorKind::Network)
    }

    /// True when the server does not know the model.
    pub(crate) fn is_unknown_model(&self) -> bool {
        self.symptom == Some(Symptom::ModelNotFound)
    }

    /// True when the server refused the request because of what it says.
    pub(crate) fn is_refusal(&self) -> bool {
        self.kind == ErrorKind::InvalidRequest.as_str() && self.status == Some(400)
    }

    /// True when what was asked for is not kept any longer.
    pub(crate) fn is_expired(&self) -> bool {
        self.kind == ErrorKind::Expired.as_str()
    }

    /// True after Ctrl-C.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.code == 130
    }

    /// True when the reader of our output is gone.
    pub(crate) fn ends_conversation(&self) -> bool {
        self.code == 0
    }

    /// Reports it on standard error.
    pub(crate) fn tell(&self) {
        if self.code != 0 && self.code != 130 {
            for line in self.lines() {
                output::note(&line);
            }
        }
    }

    /// What [`to_json`](Self::to_json) has for programs, for people: the error, the server's status
    /// and request id, and the hint.
    fn lines(&self) -> Vec<String> {
        let status = self.status.map(|status| format!("HTTP {status}"));
        let status = status.filter(|_| self.symptom.is_none());
        let request_id = self
            .request_id
            .as_ref()
            .map(|id| format!("request id {id}"));
        let answer: Vec<String> = status.into_iter().chain(request_id).collect();
        let mut lines = match self.symptom {
            None => vec![format!("error: {}", self.message)],
            Some(symptom) => {
                let status = self.status.map(|status| format!("Status: {status}"));
                let mut lines = vec![format!("Error: {}", symptom.title())];
                lines.extend(status);
                lines.push(format!("cause: {}", self.message));
                lines
            }
        };
        let attempts = self.attempts.iter().flat_map(|attempts| attempts.lines());
        lines.extend(attempts.map(|line| format!("  {line}")));
        // The line, and a caret below it.
        let place = self.position.as_ref().map(ToString::to_string);
        lines.extend(
            place
                .iter()
                .flat_map(|place| place.lines())
                .map(|line| format!("  {line}")),
        );
        if !answer.is_empty() {
            lines.push(format!("({})", answer.join(", ")));
        }
        lines.extend(self.hint().map(|hint| format!("hint: {hint}")));
        lines
    }

    /// Reports it, as JSON on standard output if asked for, and returns the exit code.
    pub(crate) fn report(&self, json: Option<Json>) -> ExitCode {
        let document = match json {
            _ if self.code == 0 || self.said => return ExitCode::from(self.code),
            None => None,
            Some(Json::Result) => Some(format!("{:#}", self.to_json())),
            Some(Json::Stream) => {
                let mut event = self.to_json();
                event["type"] = "error".into();
                Some(event.to_string())
            }
        };
        match document {
            Some(document) => match Out::new().line(&document) {
                Err(failure) if failure.code != 0 => self.tell(),
                // Without a reader there is no one left to tell.
                _ => {}
            },
            None => self.tell(),
        }
        ExitCode::from(self.code)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        let optional = [
            ("scope", self.scope.map(|scope| scope.as_str().into())),
            ("status", self.status.map(Value::from)),
            ("request_id", self.request_id.clone().map(Value::from)),
            ("hint", self.hint().map(Value::from)),
            (
                "line",
                self.position.as_ref().map(|place| place.line().into()),
            ),
            (
                "column",
                self.position.as_ref().map(|place| place.column().into()),
            ),
            (
                "partial",
                self.partial
                    .as_ref()
                    .and_then(|reply| serde_json::to_value(reply).ok()),
            ),
        ];
        if let Some(attempts) = &self.attempts {
            error["attempts"] = attempts.to_json();
            error["retryAt"] = attempts.retry_at().into();
        }
        for (name, value) in optional {
            if let Some(value) = value {
                error[name] = value;
            }
        }
        json!({ "ok": false, "error": error })
    }
}

/// A message about an error, followed by the error's causes.
pub(crate) fn with_causes(mut message: String, error: &dyn std::error::Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    message
}

/// The exit code for each kind of error.
pub(crate) fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Authentication | ErrorKind::Permission => 3,
        // The request is at fault, whether we or the server refuse it.
        ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::ContentFilter => 4,
        ErrorKind::RateLimited | ErrorKind::Quota | ErrorKind::Billing | ErrorKind::Budget => 5,
        // The network failed, perhaps in mid-request, or something took too long.
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Ambiguous | ErrorKind::Deadline => 6,
        // The server is at fault, or the model behind it.
        ErrorKind::Server
        | ErrorKind::Protocol
        | ErrorKind::TooLarge
        | ErrorKind::ToolArguments
        | ErrorKind::Json
        | ErrorKind::Failed
        | ErrorKind::Canceled
        | ErrorKind::Expired => 7,
        ErrorKind::Truncated => 8,
        ErrorKind::Setup | ErrorKind::Storage | ErrorKind::Busy | ErrorKind::ToolRounds => OTHER,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests;
