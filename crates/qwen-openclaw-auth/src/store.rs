//! Where credentials are kept: the seam, and what every store does alike.

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

/// Keeps profiles: API keys, tokens and logins, each under the id `provider:account`.
///
/// A provider may be named by an alias, which is the provider itself: what is under
/// `modelstudio:default` is `qwen:default`, wherever it is listed, loaded, ordered or removed.
///
/// Several processes may use the same store at once. Everything that changes a profile is one
/// operation, [`swap`](Self::swap), which succeeds only if the profile is still what the caller
/// has seen; a [`Lease`] gives one of them the right to renew it. [`MemoryStore`] and
/// [`FileStore`] are two stores, and one suite of tests holds both to what is written here.
#[async_trait]
pub trait CredentialStore: fmt::Debug + Send + Sync + 'static {
    /// Returns the ids of all profiles that can be read, sorted.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn list(&self) -> Result<Vec<ProfileId>, Error>;

    /// Reads a profile; `None` when there is none of this id.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the profile is damaged
    /// ([`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt)).
    async fn load(&self, id: &ProfileId) -> Result<Option<Profile>, Error>;

    /// Puts `new` in the place of `expected`, and tells whether it did.
    ///
    /// Nothing is changed, and false is returned, when the profile is not `expected` any more.
    /// `None` stands for no profile: expected, it makes this an insertion; new, a removal. A
    /// profile that is removed leaves the order of its provider too. When this returns true, the
    /// profile outlasts a crash as far as the store outlasts one at all.
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

    /// Returns the profiles of a provider in the order in which they are to be used; empty when
    /// no order was set.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn order(&self, provider: &str) -> Result<Vec<ProfileId>, Error>;

    /// Sets the order of a provider's profiles; an empty one forgets it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoProfile`](crate::ErrorKind::NoProfile) for an id that has no profile or
    /// belongs to another provider, otherwise when the store cannot be read or written.
    async fn set_order(&self, provider: &str, order: &[ProfileId]) -> Result<(), Error>;

    /// Waits for the right to renew a profile. Others wait until the lease is dropped, or its
    /// holder is dead.
    ///
    /// A lease does not keep anybody from [`swap`](Self::swap).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when it takes too long, otherwise when the
    /// store cannot be written.
    async fn lease(&self, id: &ProfileId) -> Result<Lease, Error>;

    /// Returns true when it is known at once that there is no profile of `provider`.
    ///
    /// It saves whoever has no other key the wait for the error of the first request. By default
    /// nothing is known.
    fn lacks(&self, provider: &str) -> bool {
        let _ = provider;
        false
    }

    /// Fails if a change could not be saved now: a full disk, a read-only file system.
    ///
    /// It is called before something is done that cannot be taken back, such as spending a refresh
    /// token. By default it succeeds.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn check_writable(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Stores a profile, whatever was there.
    ///
    /// # Errors
    ///
    /// As [`swap`](Self::swap), and [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) when
    /// others keep changing it.
    async fn put(&self, id: &ProfileId, profile: &Profile) -> Result<(), Error> {
        for _ in 0..8 {
            let present = self.load(id).await?;
            if self.swap(id, present.as_ref(), Some(profile)).await? {
                return Ok(());
            }
        }
        Err(Error::conflict(id))
    }

    /// Returns the profiles of a provider in the order in which they are used: those of its order
    /// first, then logins, tokens and keys, of each the account `default` first.
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
        // Sorted by id already, which therefore decides last.
        found.sort_by_key(|(rank, ..)| *rank);
        Ok(found
            .into_iter()
            .map(|(_, id, profile)| (id, profile))
            .collect())
    }
}

/// The right to renew a profile, until it is dropped.
#[derive(Debug)]
#[must_use = "a lease that is dropped is given back"]
pub struct Lease {
    guard: Box<dyn LeaseGuard>,
}

impl Lease {
    /// Wraps what a store holds for as long as the lease lives.
    pub fn new(guard: impl LeaseGuard + 'static) -> Self {
        let guard = Box::new(guard);
        Self { guard }
    }

    /// Reads the note that the last holder left; `None` when it left none.
    ///
    /// A note says what its holder was about to do. One that is still there is of a holder that
    /// died on the way.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn note(&self) -> Result<Option<String>, Error> {
        self.guard.note()
    }

    /// Writes a note, or removes it. It outlasts the holder.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn set_note(&self, note: Option<&str>) -> Result<(), Error> {
        self.guard.set_note(note)
    }
}

/// What a store holds for as long as a [`Lease`] lives. Dropping it gives the lease back.
pub trait LeaseGuard: fmt::Debug + Send + Sync {
    /// Reads the note of the last holder.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn note(&self) -> Result<Option<String>, Error>;

    /// Writes or removes the note.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn set_note(&self, note: Option<&str>) -> Result<(), Error>;
}

#[cfg(test)]
mod tests;
