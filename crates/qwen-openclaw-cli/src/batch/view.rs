//! A batch as the command shows it.

use std::time::SystemTime;

use jiff::Timestamp;
use qwen_openclaw::{
    batch::{BatchFile, BatchRecord, BatchUsage, Step},
    catalog::price::{Charge, Cost},
};
use serde_json::{Value, json};

use crate::{failure::Failure, number::thousands, output::Out};

/// The batch as JSON: what there is of it.
pub(super) fn document(record: &BatchRecord) -> Value {
    let counts = record.counts().map(|counts| {
        json!({
            "total": counts.total, "completed": counts.completed, "failed": counts.failed,
        })
    });
    json!({
        "id": record.id().as_str(),
        "step": record.step().as_str(),
        "status": record.status().map(|status| status.as_str().to_owned()),
        "model": record.model(),
        "endpoint": record.endpoint(),
        "file": record.file().display().to_string(),
        "lines": record.lines(),
        "name": record.name(),
        "base_url": record.base_url(),
        "created_at": time(record.created_at()),
        "file_id": record.file_id(),
        "batch_id": record.batch_id(),
        "counts": counts,
        "failure": record.failure(),
        "saved": record.saved().map(|path| path.display().to_string()),
        "usage": record.usage().map(usage),
    })
}

fn usage(usage: &BatchUsage) -> Value {
    json!({
        "succeeded": usage.succeeded,
        "failed": usage.failed,
        "missing": usage.missing,
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "reasoning_tokens": usage.reasoning,
        "cost": usage.cost(),
        "price_date": usage.price_date,
    })
}

/// What a check has found, as JSON.
pub(super) fn checked_document(file: &BatchFile, cost: Option<Charge>) -> Value {
    json!({
        "file": file.path.display().to_string(),
        "bytes": file.bytes,
        "lines": file.lines,
        "model": file.model,
        "endpoint": file.endpoint,
        "estimate": {
            "input_tokens": file.estimate.input,
            "output_limit": file.estimate.output_limit,
            "cost": cost.map(|charge| charge.cost),
            "price_date": cost.map(|charge| charge.as_of),
        },
    })
}

/// The same for people.
pub(super) fn checked(file: &BatchFile, cost: Option<Charge>) -> Vec<String> {
    let (lines, input) = (thousands(file.lines), thousands(file.estimate.input));
    let mut text = vec![format!(
        "{lines} lines for {} at {}",
        file.model, file.endpoint
    )];
    let output = match file.estimate.output_limit {
        Some(limit) => format!("at most {} of output", thousands(limit)),
        None => "output that not every line limits".to_owned(),
    };
    text.push(format!("about {input} tokens of input, {output}"));
    text.push(match (cost, file.estimate.output_limit) {
        (Some(charge), Some(_)) => format!(
            "at most about {:.4} at half of the list price of {}",
            charge.cost, charge.as_of
        ),
        (Some(charge), None) => format!(
            "about {:.4} for the input alone, at half of the list price of {}",
            charge.cost, charge.as_of
        ),
        (None, _) => "the price is unknown".to_owned(),
    });
    text
}

/// Batches with a header; nothing if there are none.
pub(super) fn table<'a>(
    records: impl IntoIterator<Item = &'a BatchRecord>,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut records = records.into_iter().peekable();
    if records.peek().is_some() {
        out.line(&columns("BATCH", "CREATED", "MODEL", "STATE"))?;
    }
    for record in records {
        out.line(&line(record))?;
    }
    Ok(())
}

/// The batch on one line.
pub(super) fn line(record: &BatchRecord) -> String {
    let created = time(record.created_at());
    columns(
        record.id().as_str(),
        &created,
        record.model(),
        &state(record),
    )
}

fn columns(id: &str, created: &str, model: &str, state: &str) -> String {
    format!("{id:<21}  {created:<20}  {model:<18}  {state}")
}

/// What is to be said of its state, in few words.
pub(super) fn state(record: &BatchRecord) -> String {
    let why = || {
        record
            .failure()
            .map(|why| format!(": {why}"))
            .unwrap_or_default()
    };
    match (record.step(), record.status()) {
        (Step::Saved, _) => {
            let path = record.saved().map(|path| path.display().to_string());
            format!("saved as {}", path.unwrap_or_default())
        }
        (Step::Created, Some(status)) => {
            let counts = record.counts().filter(|counts| counts.total > 0);
            let counts = counts.map(|counts| {
                let done = counts.completed.saturating_add(counts.failed);
                format!(", {} of {} lines", thousands(done), thousands(counts.total))
            });
            format!("{status}{}{}", counts.unwrap_or_default(), why())
        }
        (Step::Refused, _) => format!("refused{}", why()),
        (step, _) => step.to_string(),
    }
}

/// What was saved, in one line.
pub(super) fn summary(record: &BatchRecord) -> Option<String> {
    let usage = record.usage()?;
    let count =
        |number: u64, what: &str| (number > 0).then(|| format!("{} {what}", thousands(number)));
    let mut parts = vec![record.model().to_owned()];
    parts.push(format!("{} succeeded", thousands(usage.succeeded)));
    parts.extend(count(usage.failed, "failed"));
    parts.extend(count(usage.missing, "without a result"));
    parts.push(format!(
        "{} in, {} out",
        thousands(usage.input),
        thousands(usage.output)
    ));
    parts.extend(usage.cost().as_ref().map(Cost::to_string));
    Some(format!("[{}]", parts.join(" · ")))
}

fn time(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| String::new(), |stamp| format!("{stamp:.0}"))
}
