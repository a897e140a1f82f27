//! How many tasks of ours run at once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, time::Instant};

use crate::ledger::record::JobId;

/// The tasks that are submitted here and are not known to be over.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// One waits for a free place at a time, in the order in which they came.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// Each task, and when it was last asked about; `None` while it is being sent.
    tasks: Mutex<HashMap<JobId, Option<Instant>>>,
    changed: Notify,
}

/// A place of a job that is being sent. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    running: &'a Running,
    id: JobId,
    sent: bool,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Option<Instant>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for `id` if fewer than `limit` are taken.
    pub(crate) fn enter(&self, id: &JobId, limit: usize) -> Option<Place<'_>> {
        let mut tasks = self.lock();
        (tasks.len() < limit).then(|| {
            tasks.insert(id.clone(), None);
            Place {
                running: self,
                id: id.clone(),
                sent: false,
            }
        })
    }

    /// Gives the place of `id` free.
    pub(crate) fn leave(&self, id: &JobId) {
        if self.lock().remove(id).is_some() {
            self.changed.notify_one();
        }
    }

    pub(crate) fn asked(&self, id: &JobId) {
        if let Some(Some(asked)) = self.lock().get_mut(id) {
            *asked = Instant::now();
        }
    }

    /// The task that was not asked about for the longest time; `None` while all are being sent.
    pub(crate) fn stalest(&self) -> Option<(JobId, Instant)> {
        let tasks = self.lock();
        let sent = tasks.iter().filter_map(|(id, asked)| Some((id, (*asked)?)));
        let stalest = sent.min_by_key(|(_, asked)| *asked);
        stalest.map(|(id, asked)| (id.clone(), asked))
    }

    /// Waits until a place is given free, or one more task can be asked about.
    pub(crate) async fn change(&self) {
        self.changed.notified().await;
    }
}

impl Place<'_> {
    /// Keeps the place until the task is seen to be over.
    pub(crate) fn keep(mut self) {
        self.sent = true;
        if let Some(asked) = self.running.lock().get_mut(&self.id) {
            *asked = Some(Instant::now());
        }
        self.running.changed.notify_one();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.sent {
            self.running.leave(&self.id);
        }
    }
}
