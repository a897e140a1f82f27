//! Where jobs are written down.

mod files;
mod memory;

#[cfg(test)]
pub(crate) mod contract;

use std::{any::Any, fmt};

use async_trait::async_trait;

use crate::{
    error::Error,
    ledger::record::{JobId, JobRecord},
};

pub use self::{files::FileJobs, memory::MemoryJobs};

/// Keeps the records of jobs: in memory, in files, or wherever the caller wants them.
///
/// Several processes may use one store at once. Each method is atomic: after a crash a record is
/// the old one or the new one, whole.
#[async_trait]
pub trait JobStore: fmt::Debug + Send + Sync + 'static {
    /// Writes a new record down. When this returns, it outlasts a crash.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or could not be read again, or one of that id is there.
    async fn insert(&self, record: &JobRecord) -> Result<(), Error>;

    /// Returns a record, or `None` when there is no such job.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    async fn load(&self, id: &JobId) -> Result<Option<JobRecord>, Error>;

    /// Returns all records, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. Single records that cannot are told in the list.
    async fn list(&self) -> Result<JobList, Error>;

    /// Puts `record` in the place of the one with the revision before it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    async fn replace(&self, record: &JobRecord) -> Result<Replaced, Error>;

    /// As [`replace`](Self::replace), for a record that takes over a task: only when no other
    /// record has that task's id, one that cannot be read included, as far as it can be searched.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    async fn claim(&self, record: &JobRecord) -> Result<Replaced, Error>;

    /// Removes a record, and tells whether it was there.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    async fn remove(&self, id: &JobId) -> Result<bool, Error>;

    /// Takes the job for this process's own, to send it or to save its result, until the lease is
    /// dropped or the process ends; `None` while another process has it.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    async fn lease(&self, id: &JobId) -> Result<Option<JobLease>, Error>;
}

/// What became of a record that was to replace another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Replaced {
    /// It is stored.
    Stored,
    /// Another process has changed or removed the record in the meantime. Nothing was stored.
    Changed,
    /// The task belongs to another record, or may. Nothing was stored.
    Taken,
}

/// Holds a job until it is dropped.
#[must_use]
pub struct JobLease {
    _held: Box<dyn Any + Send + Sync>,
}

impl JobLease {
    /// Holds the job as long as `held` is not dropped.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self {
            _held: Box::new(held),
        }
    }
}

impl fmt::Debug for JobLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobLease")
    }
}

/// The records of a store.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct JobList {
    /// Those that could be read, oldest first.
    pub records: Vec<JobRecord>,
    /// Those that could not: damaged, or written by a newer version.
    pub unreadable: Vec<Error>,
}

impl JobList {
    /// Makes a list, and puts it in order.
    #[must_use]
    pub fn new(mut records: Vec<JobRecord>, unreadable: Vec<Error>) -> Self {
        records.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Self {
            records,
            unreadable,
        }
    }

    /// Whether another record than `record` has its task.
    pub(crate) fn is_taken_from(&self, record: &JobRecord) -> bool {
        self.records.iter().any(|other| {
            other.id != record.id && other.task_id.is_some() && other.task_id == record.task_id
        })
    }
}
