//! `resume`: resumes what a crash or a lost network has left.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt, stream::FuturesUnordered};
use qwen_openclaw::video::{
    Finished, Job,
    task::{FileJobs, JobRecord, JobStore, Phase, Resumed, Tasks},
};
use serde_json::{Value, json};

use super::{Kind, args::Resume, find, follow, follow::Teller, ledger, tasks_of, view};
use crate::{failure::Failure, interrupt::Interrupt, output, output::Out};

/// What has become of each job.
#[derive(Default)]
struct Report {
    rows: Vec<Value>,
    /// Records that cannot be read.
    unreadable: Vec<String>,
    json: bool,
    /// What is to be told when all are through: the first failure counts.
    failure: Option<Failure>,
}

pub(super) async fn run(kind: Kind, arguments: Resume) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let store = ledger(&arguments.connection)?;
    let teller = Teller::new();
    let mut report = Report {
        json: arguments.json,
        ..Report::default()
    };
    let resumed = interrupt.or(resume(kind, &arguments, &store, &teller, &mut report));
    resumed.await?;
    drop(teller);
    if arguments.json {
        let document = json!({ "jobs": report.rows, "unreadable": report.unreadable });
        // What failed is in there; the exit code tells that something did.
        Out::new().document(&document)?;
        return report
            .failure
            .map_or(Ok(()), |failure| Err(failure.silent()));
    }
    match report.failure {
        Some(failure) => Err(failure),
        None if report.rows.is_empty() => {
            output::note("nothing to resume");
            Ok(())
        }
        None => Ok(()),
    }
}

async fn resume(
    kind: Kind,
    arguments: &Resume,
    store: &Arc<FileJobs>,
    teller: &Teller,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut going = Vec::new();
    if let Some(text) = &arguments.job {
        let record = find(kind, store, text).await?;
        let tasks = tasks_of(kind, &arguments.connection, store, &record).await?;
        let id = record.id();
        match (&arguments.adopt, arguments.resubmit) {
            (Some(task), _) => going.push(tasks.adopt(id, task).await?),
            (None, true) => going.push(tasks.resubmit(id).await?),
            (None, false) => going.extend(report.sort(&record, tasks.resume_job(id).await?)),
        }
        return finish(going, teller, report).await;
    }
    let list = store.list().await?;
    for error in list.unreadable {
        report.unreadable.push(error.to_string());
        report.failed(error.into());
    }
    // One client for each host and workspace: another has other tasks, and takes other keys.
    let unfinished = list.records.into_iter();
    let unfinished = unfinished.filter(|record| kind.makes(record) && !record.phase().is_settled());
    let mut clients: BTreeMap<_, Tasks> = BTreeMap::new();
    for record in unfinished {
        let place = (
            record.origin().to_owned(),
            record.workspace().map(str::to_owned),
        );
        let client = match clients.get(&place) {
            Some(client) => client.clone(),
            None => match tasks_of(kind, &arguments.connection, store, &record).await {
                Ok(client) => client,
                Err(failure) => {
                    report.error(&record, failure);
                    continue;
                }
            },
        };
        clients.insert(place, client.clone());
        match client.resume_job(record.id()).await {
            Ok(resumed) => going.extend(report.sort(&record, resumed)),
            Err(error) => report.error(&record, error.into()),
        }
    }
    finish(going, teller, report).await
}

/// Waits for all jobs at once, and saves each result as soon as it is made.
async fn finish(going: Vec<Job>, teller: &Teller, report: &mut Report) -> Result<(), Failure> {
    let wait = |job: Job| async move {
        let done = follow::wait(&job, teller).await;
        (job, done)
    };
    let mut waiting: FuturesUnordered<_> = going.into_iter().map(wait).collect();
    while let Some((job, done)) = waiting.next().await {
        let saved = match done {
            Ok(finished) if finished.record().phase() != Phase::Saved => {
                follow::save(finished, None, false, teller).await
            }
            done => done,
        };
        match saved {
            Ok(finished) => report.saved(&finished)?,
            Err(failure) => report.error(job.record(), failure),
        }
    }
    Ok(())
}

impl Report {
    /// Tells what became of the job of `record`, and returns it if it goes on.
    fn sort(&mut self, record: &JobRecord, resumed: Resumed) -> Option<Job> {
        match resumed {
            Resumed::Going(job) => return Some(job),
            // Nothing is being made, and nothing was lost.
            Resumed::NotSent(record) => {
                let id = record.id();
                let advice = view::advice(id, &record.next_steps()).unwrap_or_default();
                self.decide(&record, &format!("was never sent: {advice}"));
            }
            Resumed::Ambiguous(record, error) => {
                let what = match view::advice(record.id(), error.next_steps()) {
                    Some(advice) => format!("{error}: {advice}"),
                    None => error.to_string(),
                };
                self.decide(&record, &what);
                self.failed(error.into());
            }
            Resumed::Busy(record) => self.decide(&record, "another process is at work on it"),
            Resumed::Unclear(error) => self.error(record, error.into()),
            _ => {}
        }
        None
    }

    fn saved(&mut self, finished: &Finished) -> Result<(), Failure> {
        self.rows.push(view::document(finished.record()));
        if self.json {
            return Ok(());
        }
        view::saved(finished.record())
    }

    fn error(&mut self, record: &JobRecord, failure: Failure) {
        let mut row = view::document(record);
        row["error"] = failure.to_json()["error"].take();
        self.rows.push(row);
        self.failed(failure);
    }

    fn decide(&mut self, record: &JobRecord, what: &str) {
        let mut row = view::document(record);
        row["note"] = what.into();
        self.rows.push(row);
        if !self.json {
            output::note(&format!("job {}: {what}", record.id()));
        }
    }

    fn failed(&mut self, failure: Failure) {
        if self.failure.is_none() {
            self.failure = Some(failure);
        } else if !self.json {
            failure.tell();
        }
    }
}
