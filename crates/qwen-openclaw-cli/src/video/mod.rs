//! `video`: videos by Wan, as jobs that outlast the command.

pub(crate) mod args;
mod follow;
mod generate;
mod jobs;
mod piped;
mod prune;
mod resume;
mod view;

use std::sync::Arc;

use qwen_openclaw::{
    auth::{Environment, StateDir},
    video::{
        Client,
        task::{FileJobs, Job, JobRecord, JobStore},
    },
};

pub(crate) use self::view::{advice, state};

use self::args::VideoCommand;
use crate::{args::Connection, block_on, failure::Failure};

pub(crate) fn run(command: VideoCommand) -> Result<(), Failure> {
    match command {
        VideoCommand::Generate(generate) => generate::run(*generate),
        VideoCommand::List(list) => block_on(jobs::list(list)),
        VideoCommand::Show(one) => block_on(jobs::show(one)),
        VideoCommand::Wait(save) => block_on(jobs::wait(save, true)),
        VideoCommand::Download(save) => block_on(jobs::wait(save, false)),
        VideoCommand::Resume(resume) => block_on(resume::run(resume)),
        VideoCommand::Cancel(one) => block_on(jobs::cancel(one)),
        VideoCommand::Prune(prune) => block_on(prune::run(prune)),
    }
}

/// The ledger of the state folder.
fn ledger(connection: &Connection) -> Result<Arc<FileJobs>, Failure> {
    ledger_in(&connection.environment()?)
}

fn ledger_in(environment: &Environment) -> Result<Arc<FileJobs>, Failure> {
    let folder = StateDir::of(environment)?;
    Ok(Arc::new(FileJobs::in_folder(&folder)))
}

/// The one job that `text` means.
async fn find(store: &FileJobs, text: &str) -> Result<JobRecord, Failure> {
    let list = store.list().await?;
    let found = |fits: &dyn Fn(&JobRecord) -> bool| -> Vec<JobRecord> {
        let records = list.records.iter();
        records.filter(|record| fits(record)).cloned().collect()
    };
    let mut exact = found(&|record| {
        record.id().as_str() == text || record.task_id().is_some_and(|task| task == text)
    });
    if exact.is_empty() {
        exact = found(&|record| !text.is_empty() && record.id().as_str().starts_with(text));
    }
    match (exact.pop(), exact.len()) {
        (Some(record), 0) => Ok(record),
        (Some(_), more) => Err(Failure::usage(format!(
            "{} jobs begin with `{text}`: give more of the id",
            more + 1
        ))),
        (None, _) => Err(Failure::usage(format!("no such job: `{text}`"))
            .with_hint("`video list` shows those there are")),
    }
}

/// The client of the host and workspace that have the job.
async fn client_of(
    connection: &Connection,
    store: &Arc<FileJobs>,
    record: &JobRecord,
) -> Result<Client, Failure> {
    let mut connection = connection.clone();
    if connection.base_url.is_none() {
        connection.base_url = Some(record.origin().to_owned());
    }
    if connection.workspace.is_none() {
        connection.workspace = record.workspace().map(str::to_owned);
    }
    let builder = connection.qwen(&qwen_openclaw::catalog::Provider::QWEN)?;
    let store: Arc<dyn JobStore> = Arc::clone(store) as _;
    Ok(builder.jobs(store).build()?.video_client().await?)
}

async fn job_of(
    connection: &Connection,
    store: &Arc<FileJobs>,
    record: &JobRecord,
) -> Result<Job, Failure> {
    Ok(client_of(connection, store, record)
        .await?
        .job(record.id())
        .await?)
}
