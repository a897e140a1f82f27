//! A job: polling, waiting and canceling.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    Error, ErrorKind,
    engine::{Tasks, unsent},
    finished::Finished,
    hint::Hint,
    ledger::record::{JobId, JobRecord, Phase},
    next::NextStep,
    service::state::TaskState,
};

/// The longest wait before a question, whatever the service asks for. Its throttles recover within
/// a minute (help.aliyun.com, Model Studio, "error-code").
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// A job in the ledger. Dropping it changes nothing: the service continues, and the ledger keeps
/// it.
#[derive(Clone, Debug)]
pub struct Job {
    tasks: Tasks,
    record: JobRecord,
}

impl Job {
    pub(crate) fn new(tasks: Tasks, record: JobRecord) -> Self {
        Self { tasks, record }
    }

    /// Returns the job's id in the ledger.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.record.id
    }

    /// Returns the task id assigned by the service.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.record.task_id()
    }

    /// Returns the job's record as of the last update through this value.
    #[must_use]
    pub fn record(&self) -> &JobRecord {
        &self.record
    }

    /// Returns the possible next steps, the most obvious first. It is empty when the job is
    /// settled.
    #[must_use]
    pub fn next_steps(&self) -> Vec<NextStep> {
        self.record.next_steps()
    }

    /// Returns this job with a newer record, such as one from [`Watch`]. A record of another job is
    /// ignored.
    #[must_use]
    pub fn with_record(&self, record: JobRecord) -> Self {
        let record = match record.id == self.record.id {
            true => record,
            false => self.record.clone(),
        };
        let tasks = self.tasks.clone();
        Self { tasks, record }
    }

    /// Queries the task's state once.
    ///
    /// # Errors
    ///
    /// If the job has no task, or the query fails.
    pub async fn refresh(&mut self) -> Result<&JobRecord, Error> {
        self.record = self.tasks.refresh(self.id()).await?;
        Ok(&self.record)
    }

    /// Watches the job until it is finished or the deadline passes.
    pub fn watch(&self) -> Watch {
        let now = Instant::now();
        Watch {
            tasks: self.tasks.clone(),
            id: self.record.id.clone(),
            shown: None,
            known: Some(self.record.clone()),
            last: self.record.clone(),
            trouble: None,
            asked: 0,
            missing: false,
            started: now,
            throttled: 0,
            over: false,
        }
    }

    /// Waits for the task to finish.
    ///
    /// Throttling, server errors, network failures and responses that are not the service's own are
    /// retried until the deadline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Failed`], [`ErrorKind::Canceled`] or [`ErrorKind::Expired`] if there will be no
    /// result; [`ErrorKind::Deadline`] if there is none yet, with the last failure as its source;
    /// [`ErrorKind::Ambiguous`] if the job has no task; and any error with which the server rejects
    /// the query.
    pub async fn wait(&self) -> Result<Finished, Error> {
        let mut watch = self.watch();
        let mut last = self.record.clone();
        while let Some(record) = watch.next().await {
            last = record?;
        }
        finish(&self.tasks, last)
    }

    /// Returns the result, if the record says that the task has finished. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Same as [`wait`](Self::wait); [`ErrorKind::Deadline`] while the task is running.
    pub fn finished(&self) -> Result<Finished, Error> {
        finish(&self.tasks, self.record.clone())
    }

    /// Cancels the job. The service cancels only tasks that are still queued; a job that was never
    /// submitted is dropped without a request, and so is a synchronous one whose outcome is unknown.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the service reports that the task has started, or if the
    /// job is known to be finished; [`ErrorKind::Ambiguous`] if it is unclear whether the service
    /// has the task.
    pub async fn cancel(&mut self) -> Result<&JobRecord, Error> {
        let id = self.id().clone();
        let record = self.tasks.record(&id).await?;
        if record.may_be_dropped() {
            self.record = self.tasks.drop_unsent(&id).await?;
            return Ok(&self.record);
        }
        if record.phase == Phase::Succeeded || record.phase.is_settled() {
            let error = format!("there is nothing to cancel: the job is {}", record.phase);
            return Err(Error::refused(error).of_job(&id, record.task_id()));
        }
        let Some(task_id) = record.task_id.as_deref() else {
            return Err(unsent(&record));
        };
        let canceled = self.tasks.shared.api.cancel(task_id).await;
        if let Err(error) = canceled.map_err(|error| error.of_job(&id, Some(task_id))) {
            // An answer that was lost, and a second request that found it canceled.
            let record = self.tasks.refresh(&id).await.ok();
            self.record = record
                .filter(|record| record.phase == Phase::Canceled)
                .ok_or(error)?;
            return Ok(&self.record);
        }
        let canceled = self.tasks.update(&id, |record| {
            if record.phase == Phase::Submitted {
                record.phase = Phase::Canceled;
                record.state = Some(TaskState::Canceled);
            }
        });
        self.record = canceled.await?;
        self.tasks.shared.running.leave(&id);
        Ok(&self.record)
    }
}

/// The service does not know a task that it must still have.
fn unknown(record: &JobRecord) -> Error {
    let error = "the service does not know the task, although it is younger than 24 hours";
    let error = Error::new(ErrorKind::Expired, error);
    let error = error.with_hint(Hint::OtherAccount);
    error.of_job(&record.id, record.task_id())
}

fn finish(tasks: &Tasks, record: JobRecord) -> Result<Finished, Error> {
    let (id, task_id) = (&record.id, record.task_id());
    let error = match record.phase {
        Phase::Succeeded | Phase::Saved => {
            if record.results.is_empty() {
                return Err(Error::ledger("the job's record has no result").of_job(id, task_id));
            }
            return Ok(Finished::new(tasks.clone(), record));
        }
        Phase::Failed => {
            let failure = record.failure.clone().unwrap_or_default();
            let why = failure.message.or(failure.code.clone());
            let why = why.unwrap_or_else(|| "without saying why".to_owned());
            Error::new(ErrorKind::Failed, format!("the task has failed: {why}"))
                .with_code(failure.code.as_deref())
        }
        Phase::Canceled => Error::new(ErrorKind::Canceled, "the task was canceled"),
        Phase::Expired => Error::new(
            ErrorKind::Expired,
            "the service does not know the task: they are kept for 24 hours",
        ),
        Phase::Submitted if record.state == Some(TaskState::Unknown) => {
            return Err(unknown(&record));
        }
        Phase::Submitted => Error::new(ErrorKind::Deadline, "the task is not done yet")
            .with_next(record.next_steps()),
        _ => return Err(unsent(&record)),
    };
    Err(error.of_job(id, task_id))
}

/// A stream of a job's state changes.
#[derive(Debug)]
#[must_use]
pub struct Watch {
    tasks: Tasks,
    id: JobId,
    /// What was told last.
    shown: Option<(Phase, Option<TaskState>)>,
    known: Option<JobRecord>,
    last: JobRecord,
    /// Why the service gave no answer when it was last asked.
    trouble: Option<Error>,
    /// How often the service was asked.
    asked: u32,
    /// Whether the service did not know the task when it was last asked.
    missing: bool,
    started: Instant,
    /// How often in a row the service asked to be asked less.
    throttled: u32,
    over: bool,
}

impl Watch {
    /// Returns the job's record: immediately, then after each state change, and once each time the
    /// service stops responding ([`trouble`](Self::trouble)) or responds again. Returns `None`
    /// after the last one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Deadline`], and any error with which the server rejects the query. It ends the
    /// watch.
    pub async fn next(&mut self) -> Option<Result<JobRecord, Error>> {
        if self.over {
            return None;
        }
        if let Some(record) = self.known.take() {
            return Some(Ok(self.tell(record)));
        }
        loop {
            let left = self.tasks.shared.deadline;
            let left = left.saturating_sub(self.started.elapsed());
            if left.is_zero() {
                self.over = true;
                return Some(Err(self.late()));
            }
            // Whatever the wait is, the service is asked once more at the deadline.
            let wait = self.wait().min(left);
            sleep(wait).await;
            let record = match self.tasks.refresh(&self.id).await {
                Ok(record) => record,
                Err(error) if error.may_pass() => {
                    let told = self.trouble().is_some();
                    self.trouble = Some(error);
                    match self.trouble().is_some() && !told {
                        true => return Some(Ok(self.last.clone())),
                        false => continue,
                    }
                }
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            };
            let answers_again = self.trouble().is_some();
            (self.trouble, self.throttled) = (None, 0);
            let missing =
                record.phase == Phase::Submitted && record.state == Some(TaskState::Unknown);
            if missing && self.missing {
                self.over = true;
                return Some(Err(unknown(&record)));
            }
            self.missing = missing;
            let now = (record.phase, record.state.clone());
            if (self.shown.as_ref() != Some(&now) || answers_again) && !missing {
                return Some(Ok(self.tell(record)));
            }
        }
    }

    /// Returns why the last poll got no response. Polling continues until the deadline.
    ///
    /// Throttling counts as a response.
    #[must_use]
    pub fn trouble(&self) -> Option<&Error> {
        let trouble = self.trouble.as_ref();
        trouble.filter(|error| error.kind() != ErrorKind::RateLimited)
    }

    fn tell(&mut self, record: JobRecord) -> JobRecord {
        self.last = record.clone();
        self.shown = Some((record.phase, record.state.clone()));
        self.over = record.phase != Phase::Submitted;
        record
    }

    /// How long to wait before the next question.
    fn wait(&mut self) -> Duration {
        let schedule = &self.tasks.shared.schedule;
        let wait = schedule.wait(self.asked);
        self.asked = self.asked.saturating_add(1);
        let trouble = self.trouble.as_ref();
        let Some(error) = trouble.filter(|error| error.kind() == ErrorKind::RateLimited) else {
            return wait;
        };
        // Asked too often, by all who use this account: more rarely each time.
        self.throttled = self.throttled.saturating_add(1);
        let backed_off = wait.saturating_mul(1 << self.throttled.min(5));
        let asked = error.retry_after().unwrap_or_default();
        backed_off.max(asked).min(LONGEST_WAIT).max(wait)
    }

    fn late(&mut self) -> Error {
        let limit = self.tasks.shared.deadline.as_secs();
        let error = Error::new(
            ErrorKind::Deadline,
            format!("the task was not done within {limit} s"),
        )
        .with_next(vec![NextStep::Wait])
        .of_job(&self.id, None);
        match self.trouble.take() {
            Some(trouble) => error.after(trouble),
            None => error,
        }
    }
}
