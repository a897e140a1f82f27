//! Sends tasks, asks about them, and keeps the ledger true.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_http::Screening;
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::{
    answer::TaskReport,
    api::{Api, Created},
    builder::TasksBuilder,
    download::FileKind,
    fault,
    job::Job,
    pace::Pace,
    record::{Failure, JobId, JobRecord, Phase, ResultFile, Upload, VERSION},
    running::{Place, Running},
    schedule::PollSchedule,
    state::TaskState,
    store::{JobLease, JobStore, Replaced},
};
use crate::error::{Error, ErrorKind};

/// What a kind of task makes, and where its answers say where that lies.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Its name in the ledger.
    pub name: &'static str,
    /// What the result is.
    pub file: FileKind,
    /// Finds the address of the result in the `output` of a task.
    pub result: fn(&Map<String, Value>) -> Option<&str>,
}

/// A task to be made.
#[derive(Clone, Debug)]
#[must_use]
pub struct NewTask {
    pub(crate) model: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) target: Option<PathBuf>,
}

impl NewTask {
    /// A task of `model`, to be asked for at `path` below the origin with `body`.
    pub fn new(model: impl Into<String>, path: impl Into<String>, body: Value) -> Self {
        Self {
            model: model.into(),
            path: path.into(),
            headers: Vec::new(),
            body,
            uploads: Vec::new(),
            target: None,
        }
    }

    /// Sends a header with it. It is written to the ledger, so it must be no secret.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Notes a file that was uploaded for it.
    pub fn upload(mut self, upload: Upload) -> Self {
        self.uploads.push(upload);
        self
    }

    /// Notes where the result is to be saved, for whoever takes the job up after a crash.
    pub fn target(mut self, path: impl Into<PathBuf>) -> Self {
        self.target = Some(path.into());
        self
    }
}

/// Makes tasks of one kind with one account. Cheap to clone; clones share their limits.
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
    pub(crate) screening: Screening,
    pub(crate) submits: Pace,
    pub(crate) running: Running,
    pub(crate) running_limit: Option<usize>,
}

/// What became of a job that was taken up again.
#[derive(Debug)]
#[non_exhaustive]
pub enum Resumed {
    /// The service has it, or has made it: it can be waited for and saved.
    Going(Job),
    /// It was never sent. [`Tasks::resubmit`] sends it.
    NotSent(JobRecord),
    /// Nobody can tell whether the service has it: [`Tasks::adopt`] or [`Tasks::resubmit`].
    Ambiguous(JobRecord, Error),
    /// Another process is at work on it.
    Busy(JobRecord),
    /// It could not be found out now, or its record is unreadable.
    Unclear(Error),
}

impl Tasks {
    /// Starts to set up the tasks of a kind at `origin`, such as
    /// `https://dashscope-intl.aliyuncs.com`.
    pub fn builder(
        product: Product,
        origin: impl Into<String>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> TasksBuilder {
        Self::builder_with(product, origin, Arc::new(StaticCredential::new(credential)))
    }

    /// As [`builder`](Self::builder), with a credential that is asked for before each request.
    pub fn builder_with(
        product: Product,
        origin: impl Into<String>,
        credential: Arc<dyn CredentialProvider>,
    ) -> TasksBuilder {
        TasksBuilder::new(product, origin.into(), credential)
    }

    /// Returns where tasks are made.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.shared.api.origin.as_str()
    }

    /// Returns the ledger.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn JobStore> {
        &self.shared.store
    }

    /// Writes the job down and sends it, waiting for a free place first: the service takes five
    /// submissions a second, and works on five tasks at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] for a plan's key, before anything is written or sent;
    /// [`ErrorKind::Ambiguous`] when it is unclear whether the service took it, and its list of
    /// tasks could not tell; [`ErrorKind::Ledger`]; or why the service refused it. But for a
    /// plan's key and the ledger, the error has the job's id.
    pub async fn submit(&self, task: NewTask) -> Result<Job, Error> {
        self.shared.api.credential().await?;
        let record = self.shared.new_record(task);
        let id = &record.id;
        let lease = self.lease(id).await?;
        fault::point("before-ledger");
        let inserted = self.shared.store.insert(&record).await;
        inserted.map_err(|error| error.of_job(id, None))?;
        fault::point("prepared");
        self.send(record, lease).await
    }

    /// Sends a job of the ledger that was not sent, or of which nobody knows whether it was. If
    /// the service has it all the same, it is made and billed twice.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit); [`ErrorKind::Refused`] for a job that the service has, and for
    /// one whose uploaded files are gone.
    pub async fn resubmit(&self, id: &JobId) -> Result<Job, Error> {
        self.shared.api.credential().await?;
        self.undecided(id).await?;
        let lease = self.lease(id).await?;
        // It may have moved on before the lease was ours.
        let record = self.undecided(id).await?;
        let now = SystemTime::now();
        if record.uploads.iter().any(|upload| upload.expires_at <= now) {
            let error = Error::refused("the files that were uploaded for this job are deleted");
            let error = error.with_hint("submit it anew");
            return Err(error.of_job(id, None));
        }
        self.send(record, lease).await
    }

    /// Takes a task that the service has for the one of this job.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] for a job that has a task, for a task of another job, and for one
    /// that the service does not know.
    pub async fn adopt(&self, id: &JobId, task_id: &str) -> Result<Job, Error> {
        let task_id = task_id.trim();
        if task_id.is_empty() {
            return Err(Error::refused("no task is named").of_job(id, None));
        }
        self.undecided(id).await?;
        let lease = self.lease(id).await?;
        let record = self.undecided(id).await?;
        let report = self.shared.api.get(task_id).await?;
        // As the service writes it: two ways to write one id would be two tasks.
        let task_id = report.task_id.as_deref().unwrap_or(task_id);
        if matches!(report.state, None | Some(TaskState::Unknown)) {
            let error = Error::refused("the service does not know this task");
            return Err(error.of_job(id, Some(task_id)));
        }
        let job = self.claim(record, task_id).await?;
        drop(lease);
        Ok(job)
    }

    /// Returns a job of the ledger.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is none of that id, [`ErrorKind::Ledger`].
    pub async fn job(&self, id: &JobId) -> Result<Job, Error> {
        let record = self.record(id).await?;
        Ok(Job::new(self.clone(), record))
    }

    /// Takes up every job of this product and origin that is not over: finds out what became of those that were being sent
    /// when their process ended, and sends nothing.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub async fn resume(&self) -> Result<Vec<Resumed>, Error> {
        let list = self.shared.store.list().await?;
        let mut resumed: Vec<_> = list.unreadable.into_iter().map(Resumed::Unclear).collect();
        let ours = |record: &JobRecord| self.is_own(record) && !record.phase.is_settled();
        for record in list.records.into_iter().filter(ours) {
            resumed.push(self.resume_one(record).await);
        }
        Ok(resumed)
    }

    /// Takes up one job, as [`resume`](Self::resume) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is none of that id, [`ErrorKind::Ledger`].
    pub async fn resume_job(&self, id: &JobId) -> Result<Resumed, Error> {
        Ok(self.resume_one(self.record(id).await?).await)
    }

    async fn resume_one(&self, record: JobRecord) -> Resumed {
        if record.phase != Phase::Prepared && !record.phase.is_unresolved() {
            return Resumed::Going(Job::new(self.clone(), record));
        }
        let id = record.id.clone();
        let lease = match self.shared.store.lease(&id).await {
            Ok(Some(lease)) => lease,
            Ok(None) => return Resumed::Busy(record),
            Err(error) => return Resumed::Unclear(error.of_job(&id, None)),
        };
        // It may have moved on before the lease was ours.
        let record = match self.record(&id).await {
            Ok(record) => record,
            Err(error) => return Resumed::Unclear(error),
        };
        if record.phase == Phase::Prepared {
            return Resumed::NotSent(record);
        }
        if !record.phase.is_unresolved() {
            return Resumed::Going(Job::new(self.clone(), record));
        }
        match self.reconcile(record, None).await {
            Ok(job) => Resumed::Going(job),
            Err(error) => match self.record(&id).await {
                Ok(record) if error.kind() == ErrorKind::Ambiguous => {
                    drop(lease);
                    Resumed::Ambiguous(record, error)
                }
                _ => Resumed::Unclear(error),
            },
        }
    }

    async fn lease(&self, id: &JobId) -> Result<JobLease, Error> {
        let lease = self.shared.store.lease(id).await;
        let lease = lease.map_err(|error| error.of_job(id, None))?;
        lease.ok_or_else(|| busy(id))
    }

    /// A job of which somebody may decide what becomes of it.
    async fn undecided(&self, id: &JobId) -> Result<JobRecord, Error> {
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

    async fn send(&self, record: JobRecord, lease: JobLease) -> Result<Job, Error> {
        let id = record.id.clone();
        let place = self.enter(&id).await?;
        let job = self.send_now(record).await?;
        if let Some(place) = place {
            place.keep();
        }
        drop(lease);
        Ok(job)
    }

    /// Sends it, and again as long as it is certain that no task was made.
    async fn send_now(&self, record: JobRecord) -> Result<Job, Error> {
        let (id, shared) = (record.id.clone(), &self.shared);
        let mut attempts = shared.api.retry.attempts();
        let before = record;
        loop {
            shared.submits.turn().await;
            let record = self
                .update(&id, |record| {
                    record.phase = Phase::Sending;
                    record.sent_at = Some(SystemTime::now());
                    record.failure = None;
                })
                .await?;
            fault::point("sending");
            let (path, headers, body) = (&record.path, &record.headers, &record.body);
            let created = shared.api.create(path, headers, body).await;
            fault::point("answered");
            let (error, refused) = match created {
                Created::Task(report, task_id) => return self.accept(&id, report, task_id).await,
                Created::Unclear(error) => {
                    warn!(job = %id, "unclear whether the service took the job");
                    return self.reconcile(record, Some(error)).await;
                }
                Created::NotSent(error) => (error, false),
                Created::Nothing(error) => (error, true),
            };
            let wait = (refused && error.is_transient())
                .then(|| attempts.after_transient(error.retry_after()))
                .flatten();
            if let Some(wait) = wait {
                sleep(wait).await;
                continue;
            }
            return Err(self.give_up(&before, error, refused).await);
        }
    }

    /// Notes that a job was not taken, and returns why.
    async fn give_up(&self, before: &JobRecord, error: Error, refused: bool) -> Error {
        let id = &before.id;
        let error = error.of_job(id, None);
        let noted = self.update(id, |record| {
            record.phase = match before.phase {
                // This try made no task, but an earlier one may have.
                phase if phase.is_unresolved() => Phase::Ambiguous,
                // What may work another time is still not sent.
                _ if !refused || error.is_transient() => Phase::Prepared,
                _ => Phase::Refused,
            };
            record.sent_at = before.sent_at;
            record.failure = Some(Failure {
                code: error.code().map(str::to_owned),
                message: Some(error.to_string()),
            });
        });
        match noted.await {
            Ok(_) => error,
            // The record says that it is being sent: whoever takes it up finds out.
            Err(failed) => failed.with_source(error),
        }
    }

    async fn accept(&self, id: &JobId, report: TaskReport, task_id: String) -> Result<Job, Error> {
        let noted = self.update(id, |record| {
            record.phase = Phase::Submitted;
            record.task_id = Some(task_id.clone());
            record.request_id = report.request_id.clone();
            record.state = report.state.clone();
        });
        let record = noted.await.map_err(|error| unnoted(error, id, &task_id))?;
        fault::point("submitted");
        debug!(job = %id, task = task_id, "submitted");
        Ok(Job::new(self.clone(), record))
    }

    /// Makes `task_id` the task of the job, if it is no other's.
    pub(crate) async fn claim(&self, mut record: JobRecord, task_id: &str) -> Result<Job, Error> {
        let id = record.id.clone();
        record.revision = next_revision(&record)?;
        record.phase = Phase::Submitted;
        record.task_id = Some(task_id.to_owned());
        record.failure = None;
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

    /// Waits for a place among the tasks that run, asking about them meanwhile: whoever submitted
    /// them need not be waiting for them.
    async fn enter(&self, id: &JobId) -> Result<Option<Place<'_>>, Error> {
        let shared = &self.shared;
        let Some(limit) = shared.running_limit else {
            return Ok(None);
        };
        let late = || {
            let limit = shared.deadline.as_secs();
            let error = format!("no place among the tasks that run was free within {limit} s");
            let error = Error::new(ErrorKind::Deadline, error).of_job(id, None);
            error.with_hint(format!("it was not sent: `video resume {id} --resubmit`"))
        };
        let place = timeout(shared.deadline, self.free_place(id, limit.max(1)));
        Ok(Some(place.await.map_err(|_| late())?))
    }

    async fn free_place(&self, id: &JobId, limit: usize) -> Place<'_> {
        let shared = &self.shared;
        let _turn = shared.running.turn.lock().await;
        let gap = shared.schedule.settled_gap(limit);
        let mut unknown = HashSet::new();
        loop {
            if let Some(place) = shared.running.enter(id, limit) {
                return place;
            }
            let Some((stalest, asked)) = shared.running.stalest() else {
                // All are being sent: each will be over, or can be asked about.
                shared.running.change().await;
                continue;
            };
            let wait = gap.saturating_sub(asked.elapsed()).max(gap / 8);
            if timeout(wait, shared.running.change()).await.is_ok() {
                continue;
            }
            shared.running.asked(&stalest);
            let over = match self.refresh(&stalest).await {
                // What the service does not know does not run.
                Ok(record) => {
                    record.state == Some(TaskState::Unknown) && !unknown.insert(stalest.clone())
                }
                // Whoever waits for that job is told; it must not hold up this one.
                Err(error) => !error.is_transient(),
            };
            if over {
                shared.running.leave(&stalest);
            }
        }
    }

    /// Returns a job's record, if the job was made here.
    pub(crate) async fn record(&self, id: &JobId) -> Result<JobRecord, Error> {
        let record = self.shared.store.load(id).await;
        let record = record.map_err(|error| error.of_job(id, None))?;
        let record = record.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no job {id}")).of_job(id, None)
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
    fn is_own(&self, record: &JobRecord) -> bool {
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
    fn new_record(&self, task: NewTask) -> JobRecord {
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
            path: task.path,
            headers: task.headers,
            body: task.body,
            uploads: task.uploads,
            task_id: None,
            request_id: None,
            state: None,
            failure: None,
            result: None,
            usage: None,
            target: task.target,
            part: None,
            saved: None,
            extra: Map::new(),
        }
    }

    /// Notes what the service says of a task.
    fn note(&self, record: &mut JobRecord, report: &TaskReport, state: &TaskState) {
        record.state = Some(state.clone());
        record.usage = report.usage.clone();
        let failure = || Failure {
            code: report.code.clone(),
            message: report.message.clone(),
        };
        match state {
            TaskState::Succeeded => match (self.product.result)(&report.output) {
                Some(url) => {
                    record.phase = Phase::Succeeded;
                    record.result = Some(ResultFile::new(url.to_owned(), SystemTime::now()));
                }
                None => {
                    record.phase = Phase::Failed;
                    record.failure = Some(Failure {
                        code: None,
                        message: Some("the task succeeded without a result".to_owned()),
                    });
                }
            },
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
fn unnoted(error: Error, id: &JobId, task_id: &str) -> Error {
    let hint = format!("the task is there: `video resume {id} --adopt {task_id}`");
    error.of_job(id, Some(task_id)).with_hint(hint)
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
    let id = &record.id;
    let error = match record.phase {
        Phase::Refused => {
            let failure = record.failure.clone().unwrap_or_default();
            let message = failure.message.unwrap_or_default();
            Error::new(
                ErrorKind::Rejected,
                format!("the service refused the job: {message}"),
            )
            .with_code(failure.code.as_deref())
        }
        Phase::Prepared => Error::new(ErrorKind::Ambiguous, "the job was never sent")
            .with_hint(format!("send it: `video resume {id} --resubmit`")),
        _ => Error::new(
            ErrorKind::Ambiguous,
            "it is unclear whether the service has the job",
        )
        .with_hint(format!(
            "look for it: `video resume {id}`; or decide: `--adopt TASK` or `--resubmit`"
        )),
    };
    error.of_job(id, None)
}
