//! Sends tasks: each once, unless it is certain that no task was made.

use std::{collections::HashSet, path::Path, time::SystemTime};

use qwen_openclaw_auth::fault;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::{
    Error, ErrorKind,
    engine::{NewTask, Tasks, busy, unnoted},
    hint::Hint,
    job::Job,
    ledger::record::{Failure, JobId, JobRecord, Phase},
    ledger::store::JobLease,
    next::NextStep,
    service::answer::TaskReport,
    service::api::Created,
    service::running::Place,
    service::state::TaskState,
    transfer::download::{check_target, numbered},
};

impl Tasks {
    /// Records the job in the ledger and submits it, after waiting for the rate limits
    /// ([`Rates`](crate::Rates)): submissions per second, and tasks running at once.
    ///
    /// # Errors
    ///
    /// Before anything is recorded or sent: [`ErrorKind::Authentication`] for a plan's key, and
    /// [`ErrorKind::Storage`] for a target where no file can be created. Afterwards:
    /// [`ErrorKind::Ambiguous`] if it is unclear whether the service accepted the job, and its task
    /// list did not settle it; [`ErrorKind::Storage`] if the ledger fails; or the error with which
    /// the service rejected it. Except for a plan's key, a target and the ledger, the error has the
    /// job's id.
    pub async fn submit(&self, task: NewTask) -> Result<Job, Error> {
        self.shared.api.check_key().await?;
        check_targets(task.target.as_deref(), task.count)?;
        let record = self.shared.new_record(task);
        let id = &record.id;
        let lease = self.lease(id).await?;
        fault::point("before-ledger");
        let inserted = self.shared.store.insert(&record).await;
        inserted.map_err(|error| error.of_job(id, None))?;
        fault::point("prepared");
        self.send(record, lease).await
    }

    /// Submits a recorded job that was not submitted, or for which that is unclear. If the service
    /// already has it, it is made and billed twice.
    ///
    /// # Errors
    ///
    /// Same as [`submit`](Self::submit); [`ErrorKind::InvalidRequest`] for a job that the service
    /// has, and for one whose uploaded files have expired.
    pub async fn resubmit(&self, id: &JobId) -> Result<Job, Error> {
        self.shared.api.check_key().await?;
        self.undecided(id).await?;
        let lease = self.lease(id).await?;
        // It may have moved on before the lease was ours.
        let record = self.undecided(id).await?;
        let now = SystemTime::now();
        if record.uploads.iter().any(|upload| upload.expires_at <= now) {
            let error = Error::refused("the files that were uploaded for this job are deleted");
            let error = error.with_hint(Hint::SubmitAnew);
            return Err(error.of_job(id, None));
        }
        let target = check_targets(record.target(), record.count);
        target.map_err(|error| error.of_job(id, None))?;
        self.send(record, lease).await
    }

    /// Gives up a job that was never sent, or has no task that could be found.
    pub(crate) async fn drop_unsent(&self, id: &JobId) -> Result<JobRecord, Error> {
        let _lease = self.lease(id).await?;
        // It may have moved on before the lease was ours.
        let record = self.record(id).await?;
        if !record.may_be_dropped() {
            return Err(busy(id));
        }
        self.update(id, |record| record.phase = Phase::Canceled)
            .await
    }

    async fn send(&self, record: JobRecord, lease: JobLease) -> Result<Job, Error> {
        let id = record.id.clone();
        let place = self.enter(&id).await?;
        let job = self.send_now(record).await?;
        // What is done at once does not run.
        if let Some(place) = place.filter(|_| job.record().phase == Phase::Submitted) {
            place.keep();
        }
        drop(lease);
        Ok(job)
    }

    /// Sends it, and again as long as it is certain that no task was made.
    async fn send_now(&self, record: JobRecord) -> Result<Job, Error> {
        let (id, shared) = (record.id.clone(), &self.shared);
        let mut attempts = shared.api.connection.retry().attempts();
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
            let created = shared.api.create(&record).await;
            fault::point("answered");
            let (error, refused) = match created {
                Created::Task(report, task_id) => return self.accept(&id, report, task_id).await,
                Created::Results(report) => return self.accept_results(&id, report).await,
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
        let phase = match before.phase {
            // This try made no task, but an earlier one may have.
            phase if phase.is_unresolved() => Phase::Ambiguous,
            // What may work another time is still not sent.
            _ if !refused || error.is_transient() => Phase::Prepared,
            _ => Phase::Refused,
        };
        let error = error.of_job(id, None);
        let error = match phase {
            Phase::Prepared => error.with_next(NextStep::unsent()),
            Phase::Ambiguous => error.with_next(NextStep::undecided(before, Vec::new())),
            _ => error,
        };
        let noted = self.update(id, |record| {
            record.phase = phase;
            record.sent_at = before.sent_at;
            record.failure = Some(Failure {
                code: error.code().map(str::to_owned),
                message: Some(error.to_string()),
            });
        });
        match noted.await {
            Ok(_) => error,
            // The record says that it is being sent: resuming it finds out.
            Err(failed) => failed.with_source(error),
        }
    }

    /// Notes what was made at once.
    async fn accept_results(&self, id: &JobId, report: TaskReport) -> Result<Job, Error> {
        let noted = self.update(id, |record| {
            record.request_id = report.request_id.clone();
            self.shared.note(record, &report, &TaskState::Succeeded);
        });
        let unnoted = |error: Error| error.with_next(NextStep::unsent());
        let record = noted.await.map_err(unnoted)?;
        fault::point("noted");
        debug!(job = %id, "done");
        Ok(Job::new(self.clone(), record))
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

    /// Waits for a place among the tasks that run, asking about them meanwhile: the caller that
    /// submitted them need not be waiting for them.
    async fn enter(&self, id: &JobId) -> Result<Option<Place<'_>>, Error> {
        let shared = &self.shared;
        let Some(limit) = shared.running_limit else {
            return Ok(None);
        };
        let late = || {
            let limit = shared.deadline.as_secs();
            let error = format!("no place among the tasks that run was free within {limit} s");
            let error = Error::new(ErrorKind::Deadline, error).of_job(id, None);
            error.with_next(NextStep::unsent())
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
                // The caller that waits for that job is told; it must not hold up this one.
                Err(error) => !error.may_pass(),
            };
            if over {
                shared.running.leave(&stalest);
            }
        }
    }
}

/// Nothing is paid for that could not be saved.
fn check_targets(target: Option<&Path>, count: u32) -> Result<(), Error> {
    let Some(target) = target else {
        return Ok(());
    };
    let paths = numbered(target, count.max(1) as usize);
    paths.iter().try_for_each(|path| check_target(path))
}
