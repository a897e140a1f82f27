//! Jobs in memory, for a process that does not mind to lose them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{JobLease, JobList, JobStore, Replaced};
use crate::{
    error::Error,
    ledger::record::{JobId, JobRecord},
};

/// Keeps jobs in memory. They are gone with the process: what was being made then can only be
/// found again in the vendor's console.
#[derive(Clone, Debug, Default)]
pub struct MemoryJobs {
    jobs: Arc<Mutex<Jobs>>,
}

#[derive(Debug, Default)]
struct Jobs {
    records: BTreeMap<JobId, JobRecord>,
    leased: HashSet<JobId>,
}

impl MemoryJobs {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jobs {
    fn replace(&mut self, record: &JobRecord) -> Replaced {
        match self.records.get_mut(&record.id) {
            Some(stored) if stored.revision.checked_add(1) == Some(record.revision) => {
                *stored = record.clone();
                Replaced::Stored
            }
            _ => Replaced::Changed,
        }
    }

    fn list(&self) -> JobList {
        JobList::new(self.records.values().cloned().collect(), Vec::new())
    }
}

#[async_trait]
impl JobStore for MemoryJobs {
    async fn insert(&self, record: &JobRecord) -> Result<(), Error> {
        let mut jobs = self.lock();
        if jobs.records.contains_key(&record.id) {
            return Err(Error::ledger(format!(
                "there is a job {} already",
                record.id
            )));
        }
        jobs.records.insert(record.id.clone(), record.clone());
        Ok(())
    }

    async fn load(&self, id: &JobId) -> Result<Option<JobRecord>, Error> {
        Ok(self.lock().records.get(id).cloned())
    }

    async fn list(&self) -> Result<JobList, Error> {
        Ok(self.lock().list())
    }

    async fn replace(&self, record: &JobRecord) -> Result<Replaced, Error> {
        Ok(self.lock().replace(record))
    }

    async fn claim(&self, record: &JobRecord) -> Result<Replaced, Error> {
        let mut jobs = self.lock();
        if jobs.list().is_taken_from(record) {
            return Ok(Replaced::Taken);
        }
        Ok(jobs.replace(record))
    }

    async fn remove(&self, id: &JobId) -> Result<bool, Error> {
        Ok(self.lock().records.remove(id).is_some())
    }

    async fn lease(&self, id: &JobId) -> Result<Option<JobLease>, Error> {
        let free = self.lock().leased.insert(id.clone());
        Ok(free.then(|| {
            JobLease::new(Held {
                store: self.clone(),
                id: id.clone(),
            })
        }))
    }
}

struct Held {
    store: MemoryJobs,
    id: JobId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.store.lock().leased.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::contract, *};

    #[tokio::test]
    async fn keeps_the_contract() {
        contract::check(&MemoryJobs::new()).await;
    }
}
