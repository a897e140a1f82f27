//! What went wrong, for people and for programs, and with which exit code.

use std::{error::Error as _, process::ExitCode};

use qwen_openclaw::{ErrorKind, Hint, chat::Reply, video::Hint as TaskHint};
use serde_json::{Value, json};

use crate::{
    args::Json,
    output::{self, Out},
    video::advice,
};

/// The exit code where nothing is said about it.
const OTHER: u8 = 1;

/// A failure of the command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    kind: &'static str,
    message: String,
    hint: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    partial: Option<Box<Reply>>,
    /// Whether it was said already.
    said: bool,
}

impl Failure {
    fn new(code: u8, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            kind,
            message: message.into(),
            hint: None,
            status: None,
            request_id: None,
            partial: None,
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

    /// A failure that an error of another crate describes, with its causes.
    pub(crate) fn of(code: u8, kind: &'static str, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Self::new(code, kind, message)
    }

    /// Adds what to do about it.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self::new(130, "interrupted", "interrupted")
    }

    /// Keeps what had arrived when Ctrl-C came. An error of the stream brings it itself.
    pub(crate) fn with_partial(mut self, reply: &Reply) -> Self {
        if self.code == 130 {
            self.partial = Some(Box::new(reply.clone()));
        }
        self
    }

    /// Whoever read our output has stopped reading. That is no error.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(0, "closed", ""),
            _ => Self::other(format!("could not write the output: {error}")),
        }
    }

    /// Sets the exit code of OpenClaw's own listing for what it does not know.
    pub(crate) fn with_code_1(self) -> Self {
        Self { code: 1, ..self }
    }

    /// The same exit code, for what is said already.
    pub(crate) fn silent(self) -> Self {
        Self { said: true, ..self }
    }

    /// What went wrong, with its causes.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// True after Ctrl-C.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.code == 130
    }

    /// True when there is nobody left to talk to.
    pub(crate) fn ends_conversation(&self) -> bool {
        self.code == 0
    }

    /// Says it on standard error.
    pub(crate) fn tell(&self) {
        if self.code != 0 && self.code != 130 {
            for line in self.lines() {
                output::note(&line);
            }
        }
    }

    /// The same for people as [`to_json`](Self::to_json) for programs: what, by whose account, and
    /// what to do.
    fn lines(&self) -> Vec<String> {
        let status = self.status.map(|status| format!("HTTP {status}"));
        let request_id = self
            .request_id
            .as_ref()
            .map(|id| format!("request id {id}"));
        let account: Vec<String> = status.into_iter().chain(request_id).collect();
        let mut lines = vec![format!("error: {}", self.message)];
        if !account.is_empty() {
            lines.push(format!("({})", account.join(", ")));
        }
        lines.extend(self.hint.as_ref().map(|hint| format!("hint: {hint}")));
        lines
    }

    /// Says it, on standard output as JSON if that is asked for, and returns the exit code.
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
            // Nobody is left to be told when this fails.
            Some(document) => drop(Out::new().line(&document)),
            None => self.tell(),
        }
        ExitCode::from(self.code)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        let optional = [
            ("status", self.status.map(Value::from)),
            ("request_id", self.request_id.clone().map(Value::from)),
            ("hint", self.hint.clone().map(Value::from)),
            (
                "partial",
                self.partial
                    .as_ref()
                    .and_then(|reply| serde_json::to_value(reply).ok()),
            ),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                error[name] = value;
            }
        }
        json!({ "ok": false, "error": error })
    }
}

/// A command line that makes no sense, without the advice for people that clap adds.
impl From<&clap::Error> for Failure {
    fn from(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        let words: Vec<&str> = first
            .trim_start_matches("error: ")
            .split_whitespace()
            .collect();
        Self::usage(words.join(" "))
    }
}

impl From<qwen_openclaw::Error> for Failure {
    fn from(error: qwen_openclaw::Error) -> Self {
        let (code, kind) = (exit_code(error.kind()), error.kind().as_str());
        let hint = error.hint();
        // The hint is said on a line of its own.
        let mut message = error.to_string();
        if let Some(hint) = &hint
            && let Some(without) = message.strip_suffix(&format!("; {hint}"))
        {
            message.truncate(without.len());
        }
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        // What may be done about a job has words of its own here.
        let hint = match error.as_video() {
            Some(video) => {
                let id = video.job_id();
                let advice = id.and_then(|id| advice(id, video.next_steps()));
                advice.or_else(|| video.hint().and_then(wording)).or(hint)
            }
            None => hint,
        };
        let missing = error.as_auth().map_or(&[][..], |error| error.variables());
        Self {
            hint: match missing {
                [] => hint,
                // The one variable that the portal looks at.
                ["QWEN_API_KEY"] => Some(
                    "log in: `models auth login --provider qwen-portal --enable-portal`".to_owned(),
                ),
                _ => Some(
                    "`models auth paste-api-key` stores one; without a key, `--emulator` answers \
                     in the service's place"
                        .to_owned(),
                ),
            },
            status: error.status(),
            request_id: error.request_id().map(str::to_owned),
            partial: error.partial().cloned().map(Box::new),
            ..Self::new(code, kind, message)
        }
    }
}

impl From<qwen_openclaw::chat::Error> for Failure {
    fn from(error: qwen_openclaw::chat::Error) -> Self {
        qwen_openclaw::Error::from(error).into()
    }
}

impl From<qwen_openclaw::video::Error> for Failure {
    fn from(error: qwen_openclaw::video::Error) -> Self {
        qwen_openclaw::Error::from(error).into()
    }
}

impl From<qwen_openclaw::auth::Error> for Failure {
    fn from(error: qwen_openclaw::auth::Error) -> Self {
        qwen_openclaw::Error::from(error).into()
    }
}

impl From<qwen_openclaw::catalog::Error> for Failure {
    fn from(error: qwen_openclaw::catalog::Error) -> Self {
        qwen_openclaw::Error::from(error).into()
    }
}

/// What to do about a video, where this command has words of its own for it.
fn wording(hint: &TaskHint) -> Option<String> {
    Some(match hint {
        TaskHint::Call(Hint::TasksNeedStandardKey { origin: None, .. }) => format!(
            "{hint}: store it as the profile `qwen:standard`, or pass it with `--api-key-stdin`"
        ),
        TaskHint::UploadFirst => "`--upload` uploads it first".to_owned(),
        _ => return None,
    })
}

/// The exit code for each kind of error.
pub(crate) fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Authentication | ErrorKind::Permission => 3,
        // The request is at fault, whoever refuses it.
        ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::ContentFilter => 4,
        ErrorKind::RateLimited | ErrorKind::Quota | ErrorKind::Billing => 5,
        // The network has failed, perhaps at the worst moment, or something was too slow.
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
mod tests {
    use super::*;

    /// As `--help` has it. A kind that is not here has no code that anybody has thought about.
    #[test]
    fn each_kind_has_the_exit_code_of_the_help() {
        let table = [
            (1, &["setup", "tool_rounds", "busy", "storage"][..]),
            (3, &["auth", "permission"]),
            (4, &["invalid_request", "not_found", "content"]),
            (5, &["rate_limit", "quota", "billing"]),
            (6, &["timeout", "network", "ambiguous", "deadline"]),
            (
                7,
                &[
                    "server",
                    "protocol",
                    "too_large",
                    "tool_arguments",
                    "json",
                    "failed",
                    "canceled",
                    "expired",
                ],
            ),
            (8, &["truncated"]),
        ];
        for kind in ErrorKind::ALL {
            let name = kind.as_str();
            let mut codes = table.iter().filter(|(_, names)| names.contains(&name));
            let (code, _) = codes.next().unwrap_or_else(|| panic!("no code for {name}"));
            assert_eq!(exit_code(*kind), *code, "{name}");
            assert!(codes.next().is_none(), "{name} is there twice");
        }
        let named: usize = table.iter().map(|(_, names)| names.len()).sum();
        assert_eq!(named, ErrorKind::ALL.len());
    }

    #[test]
    fn an_error_is_one_document() {
        let failure = Failure {
            status: Some(401),
            ..Failure::new(3, "auth", "no")
        };
        assert_eq!(
            failure.to_json(),
            json!({"ok": false, "error": {"type": "auth", "message": "no", "status": 401}})
        );
    }

    #[test]
    fn a_text_shows_what_the_document_has() {
        let failure = |status, request_id: Option<&str>| Failure {
            status,
            request_id: request_id.map(str::to_owned),
            ..Failure::new(4, "invalid_request", "no")
        };
        let lines = |failure: Failure| failure.lines();
        assert_eq!(lines(failure(None, None)), ["error: no"]);
        assert_eq!(lines(failure(Some(400), None)), ["error: no", "(HTTP 400)"]);
        assert_eq!(
            lines(failure(None, Some("r-1"))),
            ["error: no", "(request id r-1)"]
        );
        assert_eq!(
            lines(failure(Some(400), Some("r-1")).with_hint("say yes")),
            ["error: no", "(HTTP 400, request id r-1)", "hint: say yes"]
        );
    }

    #[test]
    fn an_unknown_provider_is_the_fault_of_the_request() {
        let error = qwen_openclaw::catalog::ModelRef::parse("a b/x").unwrap_err();
        let failure = Failure::from(error);
        assert_eq!((failure.code, failure.kind), (4, "not_found"));
    }
}
