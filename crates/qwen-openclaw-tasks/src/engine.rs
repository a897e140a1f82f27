//! The tasks of one kind and account, and their records in the ledger.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential, fault, state::Fields};
use qwen_openclaw_catalog::{Provider, Region};
use qwen_openclaw_client::{Connection, ConnectionBuilder, EndpointRules};
use qwen_openclaw_http::UrlPolicy;
use serde_json::{Map, Value};

use crate::{
    Error, ErrorKind,
    builder::TasksBuilder,
    job::Job,
    ledger::record::{
        Failure, JobId, JobRecord, MOST_RESULTS, OneResult, Phase, ResultFile, Upload, VERSION,
        is_result_url,
    },
    ledger::store::{JobLease, JobStore, Replaced},
    likeness::Likeness,
    next::NextStep,
    service::answer::TaskReport,
    service::api::Api,
    service::pace::Pace,
    service::running::Running,
    service::schedule::PollSchedule,
    service::state::TaskState,
    transfer::download::FileKind,
};

/// A kind of task: what it produces, and how to read the service's responses about it.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The product's name in the ledger.
    pub name: &'static str,
    /// The file type of its results.
    pub file: FileKind,
    /// Extracts all result URLs from a task's `output`, in order.
    pub results: fn(&Map<String, Value>) -> Vec<&str>,
    /// Compares a request body with the service's report of a task, to find out whether the task
    /// was created by that request.
    pub likeness: fn(&Value, &TaskReport) -> Likeness,
    /// The service's limits for an account.
    pub rates: Rates,
}

/// Rate limits of a client; `None` means no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rates {
    /// Maximum submissions per second.
    pub submits_per_second: Option<u32>,
    /// Maximum task queries per second.
    pub queries_per_second: Option<u32>,
    /// Maximum tasks running at once.
    pub running: Option<usize>,
}

/// A task to submit. `Debug` shows neither the body nor header values.
#[derive(Clone)]
#[must_use]
pub struct NewTask {
    pub(crate) model: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) target: Option<PathBuf>,
    pub(crate) synchronous: bool,
    pub(crate) count: u32,
}

impl NewTask {
    /// Creates a task for `model`, submitted by posting `body` to `path` below the origin.
    pub fn new(model: impl Into<String>, path: impl Into<String>, body: Value) -> Self {
        Self {
            model: model.into(),
            path: path.into(),
            headers: Vec::new(),
            body,
            uploads: Vec::new(),
            target: None,
            synchronous: false,
            count: 1,
        }
    }

    /// Adds a header. It is written to the ledger, so it must not be a secret.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Records a file that was uploaded for this task.
    pub fn upload(mut self, upload: Upload) -> Self {
        self.uploads.push(upload);
        self
    }

    /// Says that the response has the results, not a task. It is waited for up to ten minutes, and
    /// the job is then [`Succeeded`](crate::Phase::Succeeded), or
    /// [`Failed`](crate::Phase::Failed) without a result. The default is a task.
    pub fn synchronous(mut self) -> Self {
        self.synchronous = true;
        self
    }

    /// Sets how many results are requested: the names of more than one are numbered, even if fewer
    /// are made. The default is 1.
    pub fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Records where to save the result, for the process that resumes the job after a crash. The
    /// task is submitted only if a file can be created there.
    pub fn target(mut self, path: impl Into<PathBuf>) -> Self {
        self.target = Some(path.into());
        self
    }
}

impl fmt::Debug for NewTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        f.debug_struct("NewTask")
            .field("model", &self.model)
            .field("path", &self.path)
            .field("headers", &names.collect::<Vec<_>>())
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A client for tasks of one product, with one account. Cheap to clone; clones share their rate
/// limits.
#[derive(Clone, Debug)]
pub struct Tasks {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) product: Product,
    pub(crate) store: Arc<dyn JobStore>,
    pub(crate) schedule: PollSchedule,
    pub(crate) deadline: Duration,
    pub(crate) screening: UrlPolicy,
    /// The largest result that is saved.
    pub(crate) largest: u64,
    pub(crate) submits: Pace,
    pub(crate) running: Running,
    pub(crate) running_limit: Option<usize>,
}

impl Tasks {
    /// Creates a builder for tasks of `product` at `origin`, such as
    /// `https://dashscope-intl.aliyuncs.com`.
    pub fn builder(
        product: Product,
        origin: impl Into<String>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> TasksBuilder {
        Self::builder_with(product, origin, Arc::new(StaticCredential::new(credential)))
    }

    /// Like [`builder`](Self::builder), with a credential that is queried before each request.
    pub fn builder_with(
        product: Product,
        origin: impl Into<String>,
        credential: Arc<dyn CredentialProvider>,
    ) -> TasksBuilder {
        let rules = EndpointRules::new().base_url(origin);
        let connection = Connection::builder(Provider::QWEN, rules).credentials(credential);
        Self::over(product, connection)
    }

    /// Creates a builder for tasks of `product` over a connection. Tasks are submitted to the AIGC
    /// host of the region that the connection's rules choose without a key. A key that leads to
    /// another host is rejected, because a job stays with the host that has it.
    pub fn over(product: Product, connection: ConnectionBuilder) -> TasksBuilder {
        TasksBuilder::new(product, connection)
    }

    /// Returns the origin that tasks are submitted to.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.shared.api.origin.as_str()
    }

    /// Returns the region whose prices apply, if the host belongs to one.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        let regions = Region::all().iter().copied();
        let origin = self.origin();
        regions
            .into_iter()
            .find(|region| region.aigc_origin() == origin)
    }

    /// Returns the ledger.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn JobStore> {
        &self.shared.store
    }

    /// Loads a job from the ledger.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such job, [`ErrorKind::Storage`] if it cannot be
    /// read.
    pub async fn job(&self, id: &JobId) -> Result<Job, Error> {
        let record = self.record(id).await?;
        Ok(Job::new(self.clone(), record))
    }

    pub(crate) async fn lease(&self, id: &JobId) -> Result<JobLease, Error> {
        let lease = self.shared.store.lease(id).await;
        let lease = lease.map_err(|error| error.of_job(id, None))?;
        lease.ok_or_else(|| busy(id))
    }

    /// A job about which the caller may decide.
    pub(crate) async fn undecided(&self, id: &JobId) -> Result<JobRecord, Error> {
        let record = self.record(id).await?;
        if record.phase == Phase::Prepared || record.phase.is_unresolved() {
            return Ok(record);
        }
        let error = Error::refused(format!(
            "there is nothing to decide: the job is {}",
            record.phase
        ));
        Err(error.of_job(id, record.task_id()))
    }

    /// Makes `task_id` the task of the job, unless it belongs to another job.
    pub(crate) async fn claim(&self, mut record: JobRecord, task_id: &str) -> Result<Job, Error> {
        let id = record.id.clone();
        record.revision = next_revision(&record)?;
        record.phase = Phase::Submitted;
        record.task_id = Some(task_id.to_owned());
        record.failure = None;
        record.shorten();
        let claimed = self.shared.store.claim(&record).await;
        match claimed.map_err(|error| unnoted(error, &id, task_id))? {
            Replaced::Stored => Ok(Job::new(self.clone(), record)),
            Replaced::Changed => Err(busy(&record.id)),
            _ => Err(
                Error::refused("this task is that of another job, or may be")
                    .of_job(&record.id, Some(task_id)),
            ),
        }
    }

    /// Returns a job's record, if the job was made here.
    pub(crate) async fn record(&self, id: &JobId) -> Result<JobRecord, Error> {
        let record = self.shared.store.load(id).await;
        let record = record.map_err(|error| error.of_job(id, None))?;
        let record = record.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("no such job: {id}")).of_job(id, None)
        })?;
        if !self.is_own(&record) {
            let error = Error::refused(format!(
                "the job is a {} at {}, and this is for a {} at {}",
                record.product,
                record.origin,
                self.shared.product.name,
                self.origin()
            ));
            return Err(error.of_job(id, record.task_id()));
        }
        Ok(record)
    }

    /// Whether a job was made here: another host has other tasks, and takes other keys.
    pub(crate) fn is_own(&self, record: &JobRecord) -> bool {
        record.product == self.shared.product.name && record.origin == self.origin()
    }

    /// Changes a job's record, whatever others change meanwhile.
    pub(crate) async fn update(
        &self,
        id: &JobId,
        change: impl Fn(&mut JobRecord) + Send + Sync,
    ) -> Result<JobRecord, Error> {
        loop {
            let mut record = self.record(id).await?;
            change(&mut record);
            record.shorten();
            record.revision = next_revision(&record)?;
            let replaced = self.shared.store.replace(&record).await;
            let replaced = replaced.map_err(|error| error.of_job(id, record.task_id()));
            if replaced? == Replaced::Stored {
                return Ok(record);
            }
        }
    }

    /// Asks the service about a job and writes down what has changed.
    ///
    /// A task that the service does not know is given up only when it is older than the service
    /// keeps them: a younger one may be another account's, and is worth asking about again.
    pub(crate) async fn refresh(&self, id: &JobId) -> Result<JobRecord, Error> {
        let record = self.record(id).await?;
        let Some(task_id) = record.task_id.clone() else {
            return Err(unsent(&record));
        };
        if record.phase != Phase::Submitted {
            self.shared.running.leave(id);
            return Ok(record);
        }
        self.shared.running.asked(id);
        let report = self.shared.api.get(&task_id).await;
        let report = report.map_err(|error| error.of_job(id, Some(&task_id)))?;
        let Some(state) = report.state.clone() else {
            let error = Error::new(ErrorKind::Server, "the service's answer has no task in it");
            return Err(error.of_job(id, Some(&task_id)));
        };
        if state == TaskState::Unknown && !record.is_old() {
            let state = Some(state);
            return Ok(JobRecord { state, ..record });
        }
        if state.is_final() {
            self.shared.running.leave(id);
        } else if record.state.as_ref() == Some(&state) {
            return Ok(record);
        }
        let record = self
            .update(id, |record| {
                if record.phase == Phase::Submitted {
                    self.shared.note(record, &report, &state);
                }
            })
            .await?;
        fault::point("noted");
        Ok(record)
    }
}

impl Shared {
    pub(crate) fn new_record(&self, task: NewTask) -> JobRecord {
        let now = SystemTime::now();
        JobRecord {
            version: VERSION,
            revision: 0,
            id: JobId::new(now),
            phase: Phase::Prepared,
            product: self.product.name.to_owned(),
            model: task.model,
            created_at: now,
            sent_at: None,
            origin: self.api.origin.as_str().to_owned(),
            workspace: self.api.connection.workspace().map(str::to_owned),
            path: task.path,
            headers: task.headers,
            body: task.body,
            uploads: task.uploads,
            task_id: None,
            request_id: None,
            state: None,
            failure: None,
            synchronous: task.synchronous,
            count: task.count,
            failures: Vec::new(),
            results: Vec::new(),
            usage: None,
            target: task.target,
            old: OneResult::default(),
            extra: Fields::default(),
        }
    }

    /// Where the results of a task lie, as far as the service says so.
    pub(crate) fn results(&self, report: &TaskReport) -> Vec<ResultFile> {
        let now = SystemTime::now();
        let urls = (self.product.results)(&report.output).into_iter();
        let urls = urls.filter(|url| is_result_url(url)).take(MOST_RESULTS);
        urls.map(|url| ResultFile::new(url.to_owned(), now))
            .collect()
    }

    /// Notes what the service says of a task.
    pub(crate) fn note(&self, record: &mut JobRecord, report: &TaskReport, state: &TaskState) {
        record.state = Some(state.clone());
        record.usage = report.usage.clone();
        let failure = || Failure {
            code: report.code.clone(),
            message: report.message.clone(),
        };
        match state {
            TaskState::Succeeded => {
                record.results = self.results(report);
                record.failures = report.failures();
                record.phase = Phase::Succeeded;
                if record.results.is_empty() {
                    record.phase = Phase::Failed;
                    let none = || Failure {
                        code: None,
                        message: Some("the task succeeded without a result".to_owned()),
                    };
                    record.failure = Some(record.failures.first().cloned().unwrap_or_else(none));
                }
            }
            TaskState::Failed => {
                record.phase = Phase::Failed;
                record.failure = Some(failure());
            }
            TaskState::Canceled => record.phase = Phase::Canceled,
            TaskState::Unknown => record.phase = Phase::Expired,
            _ => {}
        }
    }
}

/// A task that is known, and could not be written down.
pub(crate) fn unnoted(error: Error, id: &JobId, task_id: &str) -> Error {
    let tasks = vec![task_id.to_owned()];
    error
        .of_job(id, Some(task_id))
        .with_next(vec![NextStep::Adopt { tasks }])
}

fn next_revision(record: &JobRecord) -> Result<u64, Error> {
    let next = record.revision.checked_add(1);
    next.ok_or_else(|| {
        let error = Error::ledger("the job's record was changed too often to be true");
        error.of_job(&record.id, record.task_id())
    })
}

pub(crate) fn busy(id: &JobId) -> Error {
    let error = Error::new(
        ErrorKind::Busy,
        format!("another process is at work on the job {id}"),
    );
    error.of_job(id, None)
}

/// The error of a job that has no task.
pub(crate) fn unsent(record: &JobRecord) -> Error {
    let error = match record.phase {
        Phase::Refused => {
            let failure = record.failure.clone().unwrap_or_default();
            let message = failure.message.unwrap_or_default();
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the service refused the job: {message}"),
            )
            .with_code(failure.code.as_deref())
        }
        Phase::Prepared => Error::new(ErrorKind::Ambiguous, "the job was never sent"),
        _ => undecided(record, None),
    };
    error
        .of_job(&record.id, None)
        .with_next(record.next_steps())
}

/// The error of a job about which it is unclear whether the service has it.
pub(crate) fn undecided(record: &JobRecord, why: Option<&str>) -> Error {
    let mut message = match record.synchronous {
        true => {
            "it is unclear whether the service made the results; if so, they are billed, and \
             cannot be downloaded"
        }
        false => "it is unclear whether the service has the job",
    }
    .to_owned();
    if let Some(why) = why {
        message += &format!(" ({why})");
    }
    Error::new(ErrorKind::Ambiguous, message)
}
