//! Failures from the errors of the libraries and of the command line.

use qwen_openclaw::{Hint, auth, catalog::Provider, config};

use super::{Failure, OTHER, exit_code, with_causes};
use crate::{
    attempts::Attempts,
    hint,
    jobs::advice,
    symptom::{self, Symptom},
};

/// A command line that could not be parsed, without the usage text that clap adds.
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
        let symptom = Symptom::of(&error);
        let (code, kind) = match symptom {
            Some((symptom, _)) if symptom.is_switch() => (OTHER, "other"),
            _ => (exit_code(error.kind()), error.kind().as_str()),
        };
        let hint = error.hint();
        // The hint is printed on a line of its own.
        let mut message = error.to_string();
        if let Some(hint) = &hint
            && let Some(without) = message.strip_suffix(&format!("; {hint}"))
        {
            message.truncate(without.len());
        }
        // Where only one was asked, its error says it all; several are listed below the message.
        let attempts = Attempts::of_several(error.attempts());
        let known = error.as_chat().and_then(|error| error.hint());
        let known = known.or_else(|| error.as_batch()?.hint());
        let known = known.or_else(|| error.as_embeddings()?.hint());
        let known = known.or_else(|| error.as_speech()?.hint());
        let hint = match (known, symptom) {
            // The portal counts by the day.
            (Some(Hint::QuotaUsedUp), Some((Symptom::DailyLimit, _))) => None,
            (known, _) => known.map(hint::for_command).or(hint),
        };
        let message = match &attempts {
            Some(attempts) => plain(attempts.summary().to_owned()),
            None => plain(with_causes(message, &error)),
        };
        // What may be done about a job has words of its own here.
        let hint = match error.as_task() {
            Some(task) => {
                let advice = task.job_id().and_then(|id| advice(id, task.next_steps()));
                advice.or_else(|| task.hint().map(hint::for_task))
            }
            None => hint,
        };
        let missing = error.as_auth().map_or(&[][..], |error| error.variables());
        let hint = hint.or_else(|| symptom.map(|(symptom, _)| symptom.remedy()));
        Self {
            hint: match missing {
                [] if error.as_auth().is_some_and(|error| error.kind() == auth::ErrorKind::Missing) => Some(
                    "store one with `qwen-openclaw models auth paste-api-key --provider PROVIDER`"
                        .to_owned(),
                ),
                [] => hint,
                variables => {
                    let lacking = Provider::well_known().find(|each| each.env_vars() == variables);
                    let command = symptom::set_up(&lacking.unwrap_or(Provider::QWEN));
                    Some(format!(
                        "set one up with `{command}`, or use `--emulator`, which needs no key"
                    ))
                }
            },
            scope: Some(error.scope()),
            status: error.status().or(symptom.and_then(|(_, status)| status)),
            symptom: symptom.map(|(symptom, _)| symptom),
            request_id: error.request_id().map(str::to_owned),
            partial: error.partial().cloned().map(Box::new),
            attempts: attempts.map(Box::new),
            ..Self::new(code, kind, message)
        }
    }
}

/// A message without what only a program that uses the libraries can do. What a user can do is the
/// hint.
pub(crate) fn plain(mut message: String) -> String {
    const PASS: &str = " or pass a key";
    if let Some(end) = message.find(PASS) {
        let start = message[..end].rfind("; set ").unwrap_or(end);
        message.replace_range(start..end + PASS.len(), "");
    }
    for (theirs, ours) in [
        (": pass or store one", ""),
        (" is empty: pass a key or omit it", " is empty"),
        (
            "to send a local file, read it with `Media::file`",
            "`--image FILE` and the like attach a local file",
        ),
        (
            "or allow plain http explicitly",
            "or pass `--allow-http`, if nobody else can listen",
        ),
        (
            " or pass an https address of it",
            " or pass an https URL of it",
        ),
    ] {
        message = message.replace(theirs, ours);
    }
    message
}

/// Errors of the libraries below the facade are worded as it does.
macro_rules! through_the_facade {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                qwen_openclaw::Error::from(error).into()
            }
        }
    )+};
}

through_the_facade!(
    qwen_openclaw::auth::Error,
    qwen_openclaw::batch::Error,
    qwen_openclaw::catalog::Error,
    qwen_openclaw::chat::Error,
    qwen_openclaw::client::Error,
    qwen_openclaw::embeddings::Error,
    qwen_openclaw::video::Error,
);

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&config::Error> for Failure {
    fn from(error: &config::Error) -> Self {
        // What was asked for is at fault, not the file or the machine.
        let is_request = matches!(
            error.kind(),
            config::ErrorKind::InvalidModel
                | config::ErrorKind::InvalidAlias
                | config::ErrorKind::InvalidPath
        );
        let kind = if is_request {
            "invalid_request"
        } else {
            "config"
        };
        Self::of(1, kind, error).with_position(error.position().cloned())
    }
}
