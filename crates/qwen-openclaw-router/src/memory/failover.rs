//! Cooldowns in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;

use crate::{Cooldown, Error, FailoverStore, Failure, Target};

/// Keeps cooldowns and endpoints in memory, for one process.
#[derive(Debug, Default)]
pub struct MemoryFailover {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    cooldowns: HashMap<Target, Cooldown>,
    endpoints: HashMap<Target, String>,
}

impl MemoryFailover {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl FailoverStore for MemoryFailover {
    async fn running(&self, now: SystemTime) -> Result<Vec<Cooldown>, Error> {
        let state = self.state();
        let all = state.cooldowns.values();
        let mut running: Vec<Cooldown> = all.filter(|one| one.is_running(now)).cloned().collect();
        running.sort_by(|a, b| (a.until, &a.target).cmp(&(b.until, &b.target)));
        Ok(running)
    }

    async fn fail(&self, failure: &Failure, now: SystemTime) -> Result<Cooldown, Error> {
        let mut state = self.state();
        // Keys are replaced and models come and go: what cannot affect a step any more is dropped.
        state.cooldowns.retain(|_, one| !one.is_forgotten(now));
        let next = Cooldown::after(state.cooldowns.get(&failure.target), failure, now);
        state.cooldowns.insert(failure.target.clone(), next.clone());
        Ok(next)
    }

    async fn succeed(&self, target: &Target) -> Result<(), Error> {
        let mut state = self.state();
        if !state.cooldowns.is_empty() {
            state.cooldowns.remove(target);
            state.cooldowns.remove(&target.of_credential());
        }
        Ok(())
    }

    async fn endpoint(&self, credential: &Target) -> Result<Option<String>, Error> {
        let state = self.state();
        if state.endpoints.is_empty() {
            return Ok(None);
        }
        Ok(state.endpoints.get(&credential.of_credential()).cloned())
    }

    async fn remember_endpoint(&self, credential: &Target, base_url: &str) -> Result<(), Error> {
        let mut state = self.state();
        let credential = credential.of_credential();
        state.endpoints.insert(credential, base_url.to_owned());
        Ok(())
    }
}
