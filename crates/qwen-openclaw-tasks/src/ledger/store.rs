//! The store that job records are written to.

mod files;
mod memory;

#[cfg(any(test, feature = "contract"))]
pub mod contract;

use std::{any::Any, fmt};

use async_trait::async_trait;

use crate::{
    error::Error,
    ledger::record::{JobId, JobRecord},
};

pub use self::{files::FileJobs, memory::MemoryJobs};

/// Stores job records: in memory, in files, or wherever an implementation puts them.
///
/// Several processes may use a store at once. Each method is atomic: after a crash, a record is
/// either the old one or the new one in full.
#[async_trait]
pub trait JobStore: fmt::Debug + Send + Sync + 'static {
    /// Inserts a new record. Once this returns, the record survives a crash.
    ///
    /// # Errors
    ///
    /// If it cannot be written, if it could not be read back, or if a record with that id exists.
    async fn insert(&self, record: &JobRecord) -> Result<(), Error>;

    /// Loads a record, or `None` if there is no such job.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    async fn load(&self, id: &JobId) -> Result<Option<JobRecord>, Error>;

    /// Returns all records, oldest first.
    ///
    /// # Errors
    ///
    /// If the store cannot be read. Single unreadable records are reported in the list.
    async fn list(&self) -> Result<JobList, Error>;

    /// Replaces the record whose revision precedes that of `record`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    async fn replace(&self, record: &JobRecord) -> Result<Replaced, Error>;

    /// Like [`replace`](Self::replace), for a record that claims a task: only if no other record
    /// has that task id. Unreadable records are searched for the id as well, as far as possible.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    async fn claim(&self, record: &JobRecord) -> Result<Replaced, Error>;

    /// Removes a record, and returns whether it existed.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    async fn remove(&self, id: &JobId) -> Result<bool, Error>;

    /// Leases a job exclusively, to submit it or to save its result, until the lease is dropped or
    /// the process exits. Returns `None` while another process holds the lease.
    ///
    /// # Errors
    ///
    /// If the lease cannot be checked.
    async fn lease(&self, id: &JobId) -> Result<Option<JobLease>, Error>;
}

/// The outcome of replacing a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Replaced {
    /// The record was stored.
    Stored,
    /// Another process has changed or removed the record in the meantime. Nothing was stored.
    Changed,
    /// The task belongs to another record, or might. Nothing was stored.
    Taken,
}

/// An exclusive lease on a job, until it is dropped.
#[must_use]
pub struct JobLease {
    _held: Box<dyn Any + Send + Sync>,
}

impl JobLease {
    /// Creates a lease that lasts as long as `held` is not dropped.
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
    /// The readable records, oldest first.
    pub records: Vec<JobRecord>,
    /// Errors for unreadable records: damaged, or written by a newer version.
    pub unreadable: Vec<Error>,
}

impl JobList {
    /// Creates a list, sorting the records by age.
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
