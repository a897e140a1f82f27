//! `list`, `show`, `wait`, `download` and `cancel`.

use std::path::Path;

use jiff::tz::TimeZone;
use qwen_openclaw::{
    auth::StateDir,
    video::task::{FileJobs, Job, JobRecord, JobStore, Phase},
};
use serde_json::json;

use super::{
    Kind,
    args::{List, One, Save},
    find, follow,
    follow::Teller,
    job_of, ledger,
    piped::Piped,
    view,
};
use crate::{args::Connection, failure::Failure, interrupt::Interrupt, output, output::Out};

pub(super) async fn list(kind: Kind, arguments: List) -> Result<(), Failure> {
    let folder = StateDir::of(&Connection::default().environment()?)?;
    let list = FileJobs::in_folder(&folder).list().await?;
    let records = list.records.iter();
    let records = records.filter(|record| {
        kind.makes(record) && (!arguments.unfinished || !record.phase().is_settled())
    });
    if arguments.json {
        let jobs: Vec<_> = records.map(view::document).collect();
        let unreadable: Vec<_> = list.unreadable.iter().map(ToString::to_string).collect();
        let document = json!({ "jobs": jobs, "unreadable": unreadable });
        return Out::new().document(&document);
    }
    let mut out = Out::new();
    let mut records = records.peekable();
    if records.peek().is_none() && list.unreadable.is_empty() {
        output::note("no jobs");
    }
    view::table(records, &mut out)?;
    for error in &list.unreadable {
        output::note(&format!("warning: {error}"));
    }
    Ok(())
}

pub(super) async fn show(kind: Kind, arguments: One) -> Result<(), Failure> {
    let store = ledger(&arguments.connection)?;
    let mut record = find(kind, &store, &arguments.job).await?;
    if record.phase() == Phase::Submitted {
        let mut interrupt = Interrupt::listen()?;
        let asked = interrupt.or(async {
            let mut job = job_of(kind, &arguments.connection, &store, &record).await?;
            Ok(job.refresh().await?.clone())
        });
        match asked.await {
            Ok(newer) => record = newer,
            Err(failure) if failure.is_interrupted() => return Err(failure),
            // What the ledger has is worth showing all the same.
            Err(failure) => output::note(&format!(
                "warning: this is what was known before, as the service could not be asked: {}",
                failure.message()
            )),
        }
    }
    print(&record, arguments.json)
}

pub(super) async fn cancel(kind: Kind, arguments: One) -> Result<(), Failure> {
    let store = ledger(&arguments.connection)?;
    let record = find(kind, &store, &arguments.job).await?;
    let mut job = job_of(kind, &arguments.connection, &store, &record).await?;
    let record = Interrupt::listen()?
        .or(async { Ok(job.cancel().await?.clone()) })
        .await?;
    print(&record, arguments.json)
}

/// Saves the result of a job; if `patient`, once it is made.
pub(super) async fn wait(kind: Kind, arguments: Save, patient: bool) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let piped = Piped::of(kind, arguments.output.as_deref(), arguments.json)?;
    let mut arguments = arguments;
    if let Some(piped) = &piped {
        arguments.output = Some(piped.path());
    }
    let store = ledger(&arguments.connection)?;
    let record = find(kind, &store, &arguments.job).await?;
    let job = job_of(kind, &arguments.connection, &store, &record).await?;
    let teller = Teller::new();
    let saved = interrupt.or(save(&job, &arguments, patient, &teller)).await;
    let job = saved.inspect_err(|failure| {
        if failure.is_interrupted() {
            let id = job.id();
            let name = kind.name();
            output::note(&format!("the job goes on: qwen-openclaw {name} wait {id}"));
        }
    })?;
    drop(teller);
    if let Some(piped) = piped {
        return piped.write();
    }
    if arguments.json {
        let document = view::document(job.record());
        return Out::new().document(&document);
    }
    view::saved(job.record())
}

async fn save(job: &Job, arguments: &Save, patient: bool, teller: &Teller) -> Result<Job, Failure> {
    let are_there = job.record().saved().all(Path::is_file);
    if job.record().phase() == Phase::Saved && are_there && arguments.output.is_none() {
        return Ok(job.clone());
    }
    let finished = match patient {
        true => follow::wait(job, teller).await?,
        false => {
            let mut job = job.clone();
            job.refresh().await?;
            job.finished()?
        }
    };
    let path = arguments.output.as_deref();
    let saved = follow::save(finished, path, arguments.overwrite, teller).await;
    let saved = saved.map_err(|failure| follow::with_resume(failure, job.id()))?;
    Ok(job.with_record(saved.record().clone()))
}

fn print(record: &JobRecord, json: bool) -> Result<(), Failure> {
    let document = view::document(record);
    if json {
        return Out::new().document(&document);
    }
    let mut out = Out::new();
    out.line(&view::line(record, &TimeZone::system()))?;
    for name in [
        "prompt",
        "task_id",
        "request_id",
        "origin",
        "workspace",
        "url",
        "expires_at",
        "usage",
    ] {
        match document.get(name) {
            Some(serde_json::Value::String(text)) => out.line(&format!("  {name}: {text}"))?,
            Some(value) => out.line(&format!("  {name}: {value}"))?,
            None => {}
        }
    }
    Ok(())
}
