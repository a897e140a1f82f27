//! Credential stores: the trait, and the behavior that all stores share.

use std::fmt;

use async_trait::async_trait;

use self::profile_id::canonical;
use crate::error::Error;

mod access;
mod document;
mod file;
mod memory;
mod profile;
mod profile_id;
mod stored;

#[cfg(feature = "portal")]
pub(crate) use self::{
    access::{PlacedFile, Replacement, loose},
    profile::{from_millis, to_millis},
};
pub use self::{
    file::FileStore,
    memory::MemoryStore,
    profile::{Login, Profile, SecretText, StaticToken, StoredKey},
    profile_id::ProfileId,
    stored::StoredCredential,
};

/// A store of profiles: API keys, tokens, and logins, each under an id `provider:account`.
///
/// An alias of a provider means the provider itself: `modelstudio:default` is `qwen:default`
/// wherever profiles are listed, loaded, ordered, or removed.
///
/// Several processes may use the same store at once. Every change to a profile goes through one
/// operation, [`swap`](Self::swap), which succeeds only if the profile is still what the caller
/// last saw; a [`Lease`] gives one process the right to renew it. [`MemoryStore`] and [`FileStore`]
/// implement this trait, and a shared test suite holds both to this contract.
#[async_trait]
pub trait CredentialStore: fmt::Debug + Send + Sync + 'static {
    /// Returns the ids of all profiles that can be read, sorted.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn list(&self) -> Result<Vec<ProfileId>, Error>;

    /// Loads a profile; `None` if no profile has this id.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the profile is corrupt
    /// ([`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt)).
    async fn load(&self, id: &ProfileId) -> Result<Option<Profile>, Error>;

    /// Replaces `expected` with `new`, and returns whether it did.
    ///
    /// If the profile is no longer `expected`, nothing is changed and false is returned. `None`
    /// means no profile: as `expected`, it makes this an insertion; as `new`, a removal. Removing a
    /// profile also removes it from its provider's order. Once this returns true, the change
    /// survives a crash to the extent that the store itself does.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    async fn swap(
        &self,
        id: &ProfileId,
        expected: Option<&Profile>,
        new: Option<&Profile>,
    ) -> Result<bool, Error>;

    /// Returns the configured order of a provider's profiles; empty if none was set.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn order(&self, provider: &str) -> Result<Vec<ProfileId>, Error>;

    /// Sets the order of a provider's profiles; an empty slice clears it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoProfile`](crate::ErrorKind::NoProfile) for an id that has no profile or
    /// belongs to another provider, and when the store cannot be read or written.
    async fn set_order(&self, provider: &str, order: &[ProfileId]) -> Result<(), Error>;

    /// Waits for the exclusive right to renew a profile.
    ///
    /// Other callers wait until the lease is dropped or its holder dies.
    ///
    /// A lease does not prevent other callers from calling [`swap`](Self::swap).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when it takes too long, and when the store
    /// cannot be written.
    async fn lease(&self, id: &ProfileId) -> Result<Lease, Error>;

    /// Reads the note of a profile's lease without waiting for the lease.
    ///
    /// The holder may be about to change it: it is for showing, and no reason to do anything. The
    /// default implementation knows no note.
    ///
    /// # Errors
    ///
    /// When the note cannot be read.
    async fn note(&self, id: &ProfileId) -> Result<Option<String>, Error> {
        let _ = id;
        Ok(None)
    }

    /// Returns true if it is already known that `provider` has no profile.
    ///
    /// It lets a caller without any other key fail early instead of on the first request. The
    /// default implementation returns false.
    fn lacks(&self, provider: &str) -> bool {
        let _ = provider;
        false
    }

    /// Fails if a change could not be saved now, as on a full disk or a read-only file system.
    ///
    /// It is called before an action that cannot be undone, such as spending a refresh token. The
    /// default implementation succeeds.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn check_writable(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Stores a profile, replacing any existing one.
    ///
    /// # Errors
    ///
    /// The same as [`swap`](Self::swap), and [`ErrorKind::Conflict`](crate::ErrorKind::Conflict)
    /// when other callers keep changing it.
    async fn put(&self, id: &ProfileId, profile: &Profile) -> Result<(), Error> {
        for _ in 0..8 {
            let present = self.load(id).await?;
            if self.swap(id, present.as_ref(), Some(profile)).await? {
                return Ok(());
            }
        }
        Err(Error::conflict(id))
    }

    /// Returns the profiles of a provider in the order in which they are used.
    ///
    /// Profiles in the configured order come first, then logins, tokens, and keys; within each
    /// kind, the account `default` comes first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn ranked(&self, provider: &str) -> Result<Vec<(ProfileId, Profile)>, Error> {
        let provider = canonical(provider);
        let order = self.order(provider).await?;
        let mut found = Vec::new();
        for id in self.list().await? {
            if id.provider() == provider
                && let Some(profile) = self.load(&id).await?
            {
                let place = order.iter().position(|ordered| *ordered == id);
                let rank = (
                    place.unwrap_or(usize::MAX),
                    profile.rank(),
                    id.account() != "default",
                );
                found.push((rank, id, profile));
            }
        }
        // The list is already sorted by id, so ties are broken by id.
        found.sort_by_key(|(rank, ..)| *rank);
        Ok(found
            .into_iter()
            .map(|(_, id, profile)| (id, profile))
            .collect())
    }
}

/// The exclusive right to renew a profile, held until dropped.
#[derive(Debug)]
#[must_use = "dropping a lease releases it"]
pub struct Lease {
    guard: Box<dyn LeaseGuard>,
}

impl Lease {
    /// Wraps the guard that a store holds for as long as the lease lives.
    pub fn new(guard: impl LeaseGuard + 'static) -> Self {
        let guard = Box::new(guard);
        Self { guard }
    }

    /// Reads the note left by the last holder, if any.
    ///
    /// A note says what its holder was about to do. A note that is still there means that the
    /// holder died before it finished.
    ///
    /// # Errors
    ///
    /// When the note cannot be read.
    pub fn note(&self) -> Result<Option<String>, Error> {
        self.guard.note()
    }

    /// Writes or removes the note, which outlives its holder.
    ///
    /// # Errors
    ///
    /// When the note cannot be written.
    pub fn set_note(&self, note: Option<&str>) -> Result<(), Error> {
        self.guard.set_note(note)
    }
}

/// The guard that a store holds for as long as a [`Lease`] lives. Dropping it releases the lease.
pub trait LeaseGuard: fmt::Debug + Send + Sync {
    /// Reads the note left by the last holder, if any.
    ///
    /// # Errors
    ///
    /// When the note cannot be read.
    fn note(&self) -> Result<Option<String>, Error>;

    /// Writes or removes the note.
    ///
    /// # Errors
    ///
    /// When the note cannot be written.
    fn set_note(&self, note: Option<&str>) -> Result<(), Error>;
}

#[cfg(test)]
mod tests;
