//! A job as the command shows it.

use std::time::SystemTime;

use jiff::{Timestamp, tz::TimeZone};
use qwen_openclaw::video::{
    NextStep,
    task::{JobId, JobRecord, Phase, ResultFile},
};
use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Kind;
use crate::{
    failure::Failure,
    output::{self, Out},
};

/// The job as JSON: what there is of it.
pub(crate) fn document(record: &JobRecord) -> Value {
    let mut document = json!({
        "id": record.id().as_str(),
        "phase": record.phase().as_str(),
        "model": record.model(),
        "origin": record.origin(),
        "created_at": time(record.created_at()),
    });
    let result = record.results().first();
    let path = |path: Option<&std::path::Path>| path.map(|path| path.display().to_string().into());
    let optional: [(&str, Option<Value>); 11] = [
        ("prompt", prompt(record).map(Value::from)),
        ("workspace", record.workspace().map(Value::from)),
        ("task_id", record.task_id().map(Value::from)),
        ("request_id", record.request_id().map(Value::from)),
        ("state", record.state().map(|state| state.as_str().into())),
        ("failure", record.failure().map(|failure| json!(failure))),
        ("url", result.map(|result| result.url.clone().into())),
        (
            "expires_at",
            result.map(|result| time(result.expires_at).into()),
        ),
        ("usage", record.usage().cloned()),
        ("target", path(record.target())),
        ("saved", path(record.saved().next())),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            document[name] = value;
        }
    }
    if record.results().len() > 1 {
        let result = |result: &ResultFile| {
            json!({
                "url": result.url,
                "expires_at": time(result.expires_at),
                "saved": result.saved().map(|path| path.display().to_string()),
            })
        };
        document["results"] = record.results().iter().map(result).collect();
    }
    if !record.failures().is_empty() {
        document["failures"] = json!(record.failures());
    }
    if !record.uploads().is_empty() {
        document["uploads"] = json!(record.uploads());
    }
    document
}

/// What the result is to show: each form of a request has its own place for it.
fn prompt(record: &JobRecord) -> Option<&str> {
    let body = record.body();
    let prompt = body.pointer("/input/prompt").or_else(|| body.get("prompt"));
    let message = || {
        let content = body.pointer("/input/messages/0/content")?.as_array()?;
        content.iter().find_map(|part| part.get("text"))
    };
    prompt.or_else(message)?.as_str()
}

/// Prints where the results of a job were saved, and says which were not made.
pub(crate) fn saved(record: &JobRecord) -> Result<(), Failure> {
    for failure in record.failures() {
        let why = failure.message.as_deref().or(failure.code.as_deref());
        let why = why.unwrap_or_default();
        output::note(&format!("warning: a result was not made: {why}"));
    }
    let mut out = Out::new();
    for path in record.saved() {
        out.line(&path.display().to_string())?;
    }
    Ok(())
}

/// Jobs with a header, each with its prompt below; nothing if there are none.
pub(crate) fn table<'a>(
    records: impl IntoIterator<Item = &'a JobRecord>,
    out: &mut Out,
) -> Result<(), Failure> {
    let zone = TimeZone::system();
    let mut records = records.into_iter().peekable();
    if records.peek().is_some() {
        out.line(&columns("JOB", "CREATED", "MODEL", "STATE"))?;
    }
    for record in records {
        out.line(&line(record, &zone))?;
        if let Some(prompt) = prompt(record) {
            let width = out.width().map(|width| width.saturating_sub(2));
            out.line(&format!("  {}", on_one_line(prompt, width)))?;
        }
    }
    Ok(())
}

/// The job on one line, with the time in `zone`.
pub(crate) fn line(record: &JobRecord, zone: &TimeZone) -> String {
    let created = local(record.created_at(), zone);
    let (id, model) = (record.id().as_str(), record.model());
    columns(id, &created, model, &state(record))
}

fn columns(id: &str, created: &str, model: &str, state: &str) -> String {
    format!("{id:<24}  {created:<23}  {model:<16}  {state}")
}

/// A text without line breaks, cut to `width` columns if there is one.
fn on_one_line(text: &str, width: Option<usize>) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match width {
        Some(width) if text.width() > width => {
            let mut columns = 1;
            let fits = text.chars().take_while(|c| {
                columns += c.width().unwrap_or(0);
                columns <= width
            });
            fits.collect::<String>() + "…"
        }
        _ => text,
    }
}

/// The local time with the offset of its zone.
fn local(time: SystemTime, zone: &TimeZone) -> String {
    let stamp = Timestamp::try_from(time).ok();
    let local = stamp.map(|stamp| stamp.to_zoned(zone.clone()));
    local.map_or_else(String::new, |local| {
        local.strftime("%Y-%m-%d %H:%M %:z").to_string()
    })
}

/// What is to be said of a job's state, in few words.
pub(crate) fn state(record: &JobRecord) -> String {
    match record.phase() {
        Phase::Submitted => {
            let state = record.state().map_or("submitted", |state| state.as_str());
            state.to_ascii_lowercase()
        }
        Phase::Saved => {
            let paths = record.saved().map(|path| path.display().to_string());
            format!("saved as {}", paths.collect::<Vec<_>>().join(", "))
        }
        Phase::Succeeded => match record.results().first() {
            Some(result) => format!("done, {}", until(result.expires_at, SystemTime::now())),
            None => "done".to_owned(),
        },
        Phase::Sending => "sending, or broken off while sending".to_owned(),
        Phase::Failed | Phase::Refused => {
            let failure = record.failure().cloned().unwrap_or_default();
            let why = failure.message.or(failure.code).unwrap_or_default();
            format!("{}: {why}", record.phase())
        }
        phase => phase.to_string(),
    }
}

/// What may be done about a job, in the words of this command.
pub(crate) fn advice(id: &JobId, steps: &[NextStep]) -> Option<String> {
    advice_of(Kind::running(), id, steps)
}

fn advice_of(kind: Kind, id: &JobId, steps: &[NextStep]) -> Option<String> {
    let name = kind.name();
    let words = |step: &NextStep| {
        Some(match step {
            NextStep::Wait => format!("`{name} wait {id}` waits for it"),
            NextStep::Save => format!("`{name} download {id}` saves it"),
            NextStep::LookAgain => format!("`{name} resume {id}` looks for it again"),
            NextStep::Adopt { tasks } => match &tasks[..] {
                [task] => {
                    format!("`{name} resume {id} --adopt {task}` takes that task for its own")
                }
                _ => format!("`{name} resume {id} --adopt TASK` takes a task for its own"),
            },
            NextStep::Resubmit => format!("`{name} resume {id} --resubmit` sends it"),
            NextStep::Cancel => format!("`{name} cancel {id}` drops it"),
            _ => return None,
        })
    };
    let words: Vec<String> = steps.iter().filter_map(words).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// How long a result can still be fetched.
pub(crate) fn until(expires_at: SystemTime, now: SystemTime) -> String {
    match expires_at.duration_since(now) {
        Ok(left) if left.as_secs() >= 3600 => {
            format!("to be fetched within {} h", left.as_secs() / 3600)
        }
        Ok(left) => format!("to be fetched within {} min", left.as_secs() / 60),
        Err(_) => "not to be fetched any more".to_owned(),
    }
}

fn time(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| String::new(), |stamp| format!("{stamp:.0}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_step_has_its_command() {
        let id: JobId = "a-1".parse().unwrap();
        let tasks = vec!["t".to_owned()];
        let steps = [
            NextStep::LookAgain,
            NextStep::Adopt { tasks },
            NextStep::Resubmit,
        ];
        assert_eq!(
            advice_of(Kind::Video, &id, &steps).unwrap(),
            "`video resume a-1` looks for it again, `video resume a-1 --adopt t` takes that task \
             for its own, `video resume a-1 --resubmit` sends it"
        );
        assert_eq!(advice_of(Kind::Image, &id, &[]), None);
        let again = advice_of(Kind::Image, &id, &[NextStep::LookAgain]);
        assert_eq!(again.unwrap(), "`image resume a-1` looks for it again");
    }

    #[test]
    fn a_time_is_local_and_says_its_zone() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(local(time, &zone), "1970-01-12 21:46 +08:00");
    }

    #[test]
    fn a_prompt_is_one_line_of_the_terminal() {
        assert_eq!(on_one_line("a\n  cat", None), "a cat");
        assert_eq!(on_one_line("a cat", Some(5)), "a cat");
        assert_eq!(on_one_line("a cat", Some(4)), "a c…");
        assert_eq!(on_one_line("你好世界", Some(6)), "你好…");
    }

    #[test]
    fn what_is_left_is_said_in_hours_then_minutes() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let said = |seconds: u64| until(now + Duration::from_secs(seconds), now);
        assert_eq!(said(86_399), "to be fetched within 23 h");
        assert_eq!(said(3599), "to be fetched within 59 min");
        assert_eq!(
            until(now, now + Duration::from_secs(1)),
            "not to be fetched any more"
        );
        assert_eq!(time(now), "1970-01-12T13:46:40Z");
    }
}
