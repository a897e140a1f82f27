//! How many tasks of ours run at once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, time::Instant};

use super::record::JobId;

/// The tasks that were submitted here and are not known to be over.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// One waits for a free place at a time, in the order in which they came.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// Each task, and when it was last asked about.
    tasks: Mutex<HashMap<JobId, Instant>>,
    over: Notify,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Instant>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for `id` if fewer than `limit` are taken.
    pub(crate) fn enter(&self, id: &JobId, limit: usize) -> bool {
        let mut tasks = self.lock();
        let free = tasks.len() < limit;
        if free {
            tasks.insert(id.clone(), Instant::now());
        }
        free
    }

    /// Gives the place of `id` free.
    pub(crate) fn leave(&self, id: &JobId) {
        if self.lock().remove(id).is_some() {
            self.over.notify_one();
        }
    }

    pub(crate) fn asked(&self, id: &JobId) {
        if let Some(asked) = self.lock().get_mut(id) {
            *asked = Instant::now();
        }
    }

    /// The task that nobody has asked about for the longest time.
    pub(crate) fn stalest(&self) -> Option<(JobId, Instant)> {
        let tasks = self.lock();
        let stalest = tasks.iter().min_by_key(|(_, asked)| **asked);
        stalest.map(|(id, asked)| (id.clone(), *asked))
    }

    /// Waits until a place is given free.
    pub(crate) async fn one_is_over(&self) {
        self.over.notified().await;
    }
}
