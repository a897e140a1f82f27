//! `video resume`: takes up what a crash or a lost network has left.

use std::{collections::BTreeMap, sync::Arc};

use qwen_openclaw::video::{
    Client, Job,
    task::{FileJobs, JobRecord, JobStore, Phase, Resumed},
};
use serde_json::{Value, json};

use super::{args::Resume, client_of, find, follow, follow::Teller, ledger, view};
use crate::{failure::Failure, interrupt::Interrupt, output, output::Out};

/// What has become of each job.
#[derive(Default)]
struct Report {
    rows: Vec<Value>,
    /// What is to be told when all are through: the first failure counts.
    failure: Option<Failure>,
}

pub(super) async fn run(arguments: Resume) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let store = ledger(&arguments.connection)?;
    let teller = Teller::new();
    let mut report = Report::default();
    let resumed = interrupt.or(resume(&arguments, &store, &teller, &mut report));
    resumed.await?;
    drop(teller);
    if arguments.json {
        let document = json!({ "jobs": report.rows });
        // A failure of one job is in its row; the exit code tells that there is one.
        Out::new().line(&format!("{document:#}"))?;
        return report
            .failure
            .map_or(Ok(()), |failure| Err(failure.silent()));
    }
    match report.failure {
        Some(failure) => Err(failure),
        None if report.rows.is_empty() => {
            output::note("there is nothing to take up");
            Ok(())
        }
        None => Ok(()),
    }
}

async fn resume(
    arguments: &Resume,
    store: &Arc<FileJobs>,
    teller: &Teller,
    report: &mut Report,
) -> Result<(), Failure> {
    if let Some(text) = &arguments.job {
        let record = find(store, text).await?;
        let client = client_of(&arguments.connection, store, &record)?;
        let job = match (&arguments.adopt, arguments.resubmit) {
            (Some(task), _) => client.tasks().adopt(record.id(), task).await?,
            (None, true) => client.tasks().resubmit(record.id()).await?,
            (None, false) => {
                return take_up(&client, Some(&record), arguments.json, teller, report).await;
            }
        };
        return finish(job, arguments.json, teller, report).await;
    }
    let list = store.list().await?;
    for error in &list.unreadable {
        report.failed(error.clone().into());
    }
    // One client for each host: another host has other tasks, and takes other keys.
    let unfinished = list.records.into_iter();
    let unfinished = unfinished.filter(|record| !record.phase().is_settled());
    let hosts: BTreeMap<String, JobRecord> = unfinished
        .map(|record| (record.origin().to_owned(), record))
        .collect();
    for record in hosts.values() {
        match client_of(&arguments.connection, store, record) {
            Ok(client) => take_up(&client, None, arguments.json, teller, report).await?,
            Err(failure) => report.failed(failure),
        }
    }
    Ok(())
}

async fn take_up(
    client: &Client,
    only: Option<&JobRecord>,
    json: bool,
    teller: &Teller,
    report: &mut Report,
) -> Result<(), Failure> {
    let wanted = |record: &JobRecord| only.is_none_or(|only| only.id() == record.id());
    for resumed in client.resume().await? {
        match resumed {
            Resumed::Going(job) if wanted(job.record()) => {
                let id = job.id().clone();
                if let Err(failure) = finish(job, json, teller, report).await {
                    report
                        .rows
                        .push(json!({ "id": id.as_str(), "error": failure.to_json()["error"] }));
                    report.failed(failure);
                }
            }
            Resumed::NotSent(record) if wanted(&record) => {
                report.decide(&record, json, "was never sent: `--resubmit` sends it")
            }
            Resumed::Ambiguous(record, error) if wanted(&record) => {
                report.decide(&record, json, &error.to_string());
                report.failed(error.into());
            }
            Resumed::Busy(record) if wanted(&record) => {
                report.decide(&record, json, "another process is at work on it");
            }
            Resumed::Unclear(error)
                if only.is_none_or(|only| error.job_id() == Some(only.id())) =>
            {
                report.failed(error.into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Waits for a job and saves its clip.
async fn finish(job: Job, json: bool, teller: &Teller, report: &mut Report) -> Result<(), Failure> {
    let finished = follow::wait(&job, teller).await?;
    let finished = match finished.record().phase() {
        Phase::Saved => finished,
        _ => follow::save(finished, None, false, teller).await?,
    };
    report.rows.push(view::document(finished.record()));
    match finished.record().saved() {
        Some(path) if !json => Out::new().line(&path.display().to_string()),
        _ => Ok(()),
    }
}

impl Report {
    fn decide(&mut self, record: &JobRecord, json: bool, what: &str) {
        let mut row = view::document(record);
        row["note"] = what.into();
        self.rows.push(row);
        if !json {
            output::note(&format!("job {}: {what}", record.id()));
        }
    }

    fn failed(&mut self, failure: Failure) {
        if self.failure.is_none() {
            self.failure = Some(failure);
        } else {
            failure.tell();
        }
    }
}
