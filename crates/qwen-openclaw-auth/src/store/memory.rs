//! An in-memory credential store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::{
    CredentialStore, Lease, LeaseGuard,
    profile::Profile,
    profile_id::{ProfileId, canonical},
};
use crate::error::Error;

/// A store that keeps profiles in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    profiles: BTreeMap<ProfileId, Profile>,
    order: BTreeMap<String, Vec<ProfileId>>,
    leased: BTreeSet<ProfileId>,
    notes: BTreeMap<ProfileId, String>,
}

/// How long to wait for a lease.
const WAIT: Duration = Duration::from_secs(60);

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No code below can panic halfway through a change.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CredentialStore for MemoryStore {
    async fn list(&self) -> Result<Vec<ProfileId>, Error> {
        Ok(self.kept().profiles.keys().cloned().collect())
    }

    async fn load(&self, id: &ProfileId) -> Result<Option<Profile>, Error> {
        Ok(self.kept().profiles.get(id).cloned())
    }

    async fn swap(
        &self,
        id: &ProfileId,
        expected: Option<&Profile>,
        new: Option<&Profile>,
    ) -> Result<bool, Error> {
        let mut kept = self.kept();
        if kept.profiles.get(id) != expected {
            return Ok(false);
        }
        match new {
            Some(new) => {
                kept.profiles.insert(id.clone(), new.clone());
            }
            None => {
                kept.profiles.remove(id);
                for order in kept.order.values_mut() {
                    order.retain(|ordered| ordered != id);
                }
                kept.order.retain(|_, order| !order.is_empty());
            }
        }
        Ok(true)
    }

    async fn order(&self, provider: &str) -> Result<Vec<ProfileId>, Error> {
        let order = self.kept().order.get(canonical(provider)).cloned();
        Ok(order.unwrap_or_default())
    }

    async fn set_order(&self, provider: &str, order: &[ProfileId]) -> Result<(), Error> {
        let provider = canonical(provider);
        let mut kept = self.kept();
        let unknown =
            |id: &&ProfileId| id.provider() != provider || !kept.profiles.contains_key(*id);
        if let Some(unknown) = order.iter().find(unknown) {
            return Err(Error::no_profile(unknown));
        }
        if order.is_empty() {
            kept.order.remove(provider);
        } else {
            kept.order.insert(provider.to_owned(), order.to_vec());
        }
        Ok(())
    }

    async fn lease(&self, id: &ProfileId) -> Result<Lease, Error> {
        let started = Instant::now();
        while !self.kept().leased.insert(id.clone()) {
            if started.elapsed() >= WAIT {
                return Err(Error::locked(format!("the profile {id}"), WAIT));
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(Lease::new(Leased {
            store: self.clone(),
            id: id.clone(),
        }))
    }

    async fn note(&self, id: &ProfileId) -> Result<Option<String>, Error> {
        Ok(self.kept().notes.get(id).cloned())
    }

    fn lacks(&self, provider: &str) -> bool {
        let (kept, provider) = (self.kept(), canonical(provider));
        kept.profiles.keys().all(|id| id.provider() != provider)
    }
}

#[derive(Debug)]
struct Leased {
    store: MemoryStore,
    id: ProfileId,
}

impl LeaseGuard for Leased {
    fn note(&self) -> Result<Option<String>, Error> {
        Ok(self.store.kept().notes.get(&self.id).cloned())
    }

    fn set_note(&self, note: Option<&str>) -> Result<(), Error> {
        let mut kept = self.store.kept();
        match note {
            Some(note) => kept.notes.insert(self.id.clone(), note.to_owned()),
            None => kept.notes.remove(&self.id),
        };
        Ok(())
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        self.store.kept().leased.remove(&self.id);
    }
}
