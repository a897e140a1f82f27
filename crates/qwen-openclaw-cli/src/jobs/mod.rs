//! Jobs that outlast the command: what `image` and `video` do with those of the ledger.
//!
//! Both keep their jobs in one ledger, and each shows and resumes its own.

pub(crate) mod args;
mod commands;
pub(crate) mod deliver;
pub(crate) mod follow;
pub(crate) mod piped;
mod prune;
mod resume;
pub(crate) mod view;

use std::sync::{Arc, OnceLock};

use qwen_openclaw::{
    auth::{Environment, StateDir},
    catalog::Provider,
    video::task::{FileJobs, Job, JobRecord, JobStore, Tasks},
};

pub(crate) use self::view::{advice, state};

use self::args::JobCommand;
use crate::{args::Connection, block_on, failure::Failure};

/// What a job makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Image,
    Video,
}

/// The kind whose command this process runs.
static RUNNING: OnceLock<Kind> = OnceLock::new();

impl Kind {
    /// Notes whose command this process runs: the advice of an error names it.
    pub(crate) fn run(self) {
        let _ = RUNNING.set(self);
    }

    fn running() -> Self {
        RUNNING.get().copied().unwrap_or(Self::Video)
    }

    /// The name of its command, and of its jobs in the ledger.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
        }
    }

    /// The end of the names of its files.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Image => "png",
            Self::Video => "mp4",
        }
    }

    fn of(record: &JobRecord) -> Option<Self> {
        [Self::Image, Self::Video]
            .into_iter()
            .find(|kind| kind.name() == record.product())
    }

    /// Whether a job is of this kind.
    pub(crate) fn makes(self, record: &JobRecord) -> bool {
        Self::of(record) == Some(self)
    }
}

pub(crate) fn run(kind: Kind, command: JobCommand) -> Result<(), Failure> {
    match command {
        JobCommand::List(list) => block_on(commands::list(kind, list)),
        JobCommand::Show(one) => block_on(commands::show(kind, one)),
        JobCommand::Wait(save) => block_on(commands::wait(kind, save, true)),
        JobCommand::Download(save) => block_on(commands::wait(kind, save, false)),
        JobCommand::Resume(resume) => block_on(resume::run(kind, resume)),
        JobCommand::Cancel(one) => block_on(commands::cancel(kind, one)),
        JobCommand::Prune(prune) => block_on(prune::run(kind, prune)),
    }
}

/// The ledger of the state folder.
fn ledger(connection: &Connection) -> Result<Arc<FileJobs>, Failure> {
    ledger_in(&connection.environment()?)
}

pub(crate) fn ledger_in(environment: &Environment) -> Result<Arc<FileJobs>, Failure> {
    let folder = StateDir::of(environment)?;
    Ok(Arc::new(FileJobs::in_folder(&folder)))
}

/// The one job that `text` means.
async fn find(kind: Kind, store: &FileJobs, text: &str) -> Result<JobRecord, Failure> {
    let list = store.list().await?;
    let found = |fits: &dyn Fn(&JobRecord) -> bool| -> Vec<JobRecord> {
        let records = list.records.iter().filter(|record| kind.makes(record));
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
            .with_hint(format!("`{} list` shows those there are", kind.name()))),
    }
}

/// The client of the host and workspace that have the job.
async fn tasks_of(
    kind: Kind,
    connection: &Connection,
    store: &Arc<FileJobs>,
    record: &JobRecord,
) -> Result<Tasks, Failure> {
    let mut connection = connection.clone();
    if connection.base_url.is_none() {
        connection.base_url = Some(record.origin().to_owned());
    }
    if connection.workspace.is_none() {
        connection.workspace = record.workspace().map(str::to_owned);
    }
    let builder = connection.qwen(&Provider::QWEN)?;
    let store: Arc<dyn JobStore> = Arc::clone(store) as _;
    let qwen = builder.jobs(store).build()?;
    Ok(match kind {
        Kind::Image => qwen.image_client().await?.tasks().clone(),
        Kind::Video => qwen.video_client().await?.tasks().clone(),
    })
}

async fn job_of(
    kind: Kind,
    connection: &Connection,
    store: &Arc<FileJobs>,
    record: &JobRecord,
) -> Result<Job, Failure> {
    let tasks = tasks_of(kind, connection, store, record).await?;
    Ok(tasks.job(record.id()).await?)
}
