//! What went wrong, for people and for programs, and with which exit code.

use std::{error::Error as _, process::ExitCode};

use qwen_openclaw::{ErrorKind, chat::Reply};
use serde_json::{Value, json};

use crate::{
    args::Json,
    output::{self, Out},
};

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
        Self::new(1, "other", message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(2, "usage", message)
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(4, "refused", message)
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
            output::note(&format!("error: {}", self.message));
            if let Some(hint) = &self.hint {
                output::note(&format!("hint: {hint}"));
            }
        }
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
        let (code, kind) = classify(error.kind());
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

fn classify(kind: ErrorKind) -> (u8, &'static str) {
    match kind {
        ErrorKind::Auth => (3, "auth"),
        ErrorKind::Refused => (4, "refused"),
        ErrorKind::RateLimit => (5, "rate_limit"),
        ErrorKind::Quota => (5, "quota"),
        ErrorKind::Billing => (5, "billing"),
        ErrorKind::Network => (6, "network"),
        ErrorKind::Stalled => (6, "stalled"),
        ErrorKind::Server => (7, "server"),
        ErrorKind::Rejected => (7, "rejected"),
        ErrorKind::Content => (7, "content"),
        ErrorKind::NotFound => (7, "not_found"),
        ErrorKind::Protocol => (7, "protocol"),
        ErrorKind::ToolArguments => (7, "tool_arguments"),
        ErrorKind::TooLarge => (7, "too_large"),
        ErrorKind::Truncated => (8, "truncated"),
        // The network has failed at the worst moment, or was too slow.
        ErrorKind::Ambiguous => (6, "ambiguous"),
        ErrorKind::Deadline => (6, "deadline"),
        ErrorKind::Failed => (7, "failed"),
        ErrorKind::Canceled => (7, "canceled"),
        ErrorKind::Expired => (7, "expired"),
        ErrorKind::Busy => (1, "busy"),
        ErrorKind::File => (1, "file"),
        ErrorKind::Setup => (1, "setup"),
        _ => (1, "other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_help() {
        for (kind, code) in [
            (ErrorKind::Auth, 3),
            (ErrorKind::Refused, 4),
            (ErrorKind::RateLimit, 5),
            (ErrorKind::Quota, 5),
            (ErrorKind::Billing, 5),
            (ErrorKind::Network, 6),
            (ErrorKind::Stalled, 6),
            (ErrorKind::Server, 7),
            (ErrorKind::Truncated, 8),
        ] {
            assert_eq!(classify(kind).0, code, "{kind:?}");
        }
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
}
