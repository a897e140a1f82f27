//! Resumes the jobs that a crash left behind, without submitting anything.

use crate::{
    Error, ErrorKind,
    engine::Tasks,
    job::Job,
    ledger::record::{JobId, JobRecord, Phase, is_task_id},
    next::NextStep,
    service::state::TaskState,
};

/// The outcome of resuming a job.
#[derive(Debug)]
#[non_exhaustive]
pub enum Resumed {
    /// The service has the task, or has finished it: the job can be waited for and saved.
    Going(Job),
    /// The job was never submitted. [`Tasks::resubmit`] submits it.
    NotSent(JobRecord),
    /// It is unclear whether the service has the task: use [`Tasks::adopt`] or [`Tasks::resubmit`].
    Ambiguous(JobRecord, Error),
    /// Another process is working on the job.
    Busy(JobRecord),
    /// The state could not be determined now, or the record is unreadable.
    Unclear(Error),
}

impl Resumed {
    /// Returns the possible next steps, the most obvious first.
    #[must_use]
    pub fn next_steps(&self) -> Vec<NextStep> {
        match self {
            Self::Going(job) => job.next_steps(),
            Self::NotSent(record) => record.next_steps(),
            Self::Ambiguous(_, error) => error.next_steps().to_vec(),
            Self::Busy(_) => vec![NextStep::LookAgain],
            Self::Unclear(error) => error.next_steps().to_vec(),
        }
    }
}

impl Tasks {
    /// Resumes every unfinished job of this product and origin. It determines what became of jobs
    /// that were being submitted when their process died, and submits nothing.
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

    /// Resumes one job, like [`resume`](Self::resume).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such job, [`ErrorKind::Storage`] if it cannot be
    /// read.
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

    /// Assigns an existing task of the service to this job.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the job already has a task, if the task belongs to another
    /// job, or if the service does not know the task.
    pub async fn adopt(&self, id: &JobId, task_id: &str) -> Result<Job, Error> {
        let task_id = task_id.trim();
        if task_id.is_empty() {
            return Err(Error::refused("no task is named").of_job(id, None));
        }
        if self.undecided(id).await?.synchronous {
            let error = "the job's request makes no task";
            return Err(Error::refused(error).of_job(id, None));
        }
        let lease = self.lease(id).await?;
        let record = self.undecided(id).await?;
        let report = self.shared.api.get(task_id).await?;
        // As the service writes it: two ways to write one id would be two tasks.
        let task_id = report.task_id.as_deref().unwrap_or(task_id);
        let is_known = !matches!(report.state, None | Some(TaskState::Unknown));
        if !is_known || !is_task_id(task_id) {
            let error = Error::refused("the service does not know this task");
            return Err(error.of_job(id, Some(task_id)));
        }
        let job = self.claim(record, task_id).await?;
        drop(lease);
        Ok(job)
    }
}
