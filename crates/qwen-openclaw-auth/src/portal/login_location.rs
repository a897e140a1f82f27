//! Where a login is stored: a profile in a store, or the Qwen Code CLI's file.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use super::{
    cli_file::{CliDocument, QwenCliFile},
    cli_lock::CliLock,
};
use crate::{
    error::Error,
    source::Source,
    store::{CredentialStore, Lease, Login, Profile, ProfileId},
};

/// The age at which a lock in the Qwen Code CLI's folder is orphaned, as in that program.
const STALE_LOCK: Duration = Duration::from_secs(35);

/// The location of a login.
#[derive(Clone, Debug)]
pub(super) enum LoginLocation {
    Profile {
        store: Arc<dyn CredentialStore>,
        id: ProfileId,
    },
    /// The CLI's file, which must not be changed.
    ReadOnly(QwenCliFile),
}

/// A login as loaded, with what is needed to replace it.
#[derive(Clone)]
pub(super) struct LoadedLogin {
    pub(super) login: Login,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Profile,
    CliFile(Box<(QwenCliFile, CliDocument)>),
}

/// The right to renew a login.
#[derive(Debug)]
pub(super) struct LoginLease {
    /// Dropped first, because the next holder of the lease would otherwise find this lock taken.
    cli: Option<(PathBuf, CliLock)>,
    pub(super) lease: Lease,
}

impl LoginLocation {
    /// Loads the login; an error if there is none.
    pub(super) async fn load(&self) -> Result<LoadedLogin, Error> {
        match self {
            Self::Profile { store, id } => match store.load(id).await? {
                Some(Profile::Login(login)) => Ok(LoadedLogin {
                    login,
                    place: Place::Profile,
                }),
                Some(Profile::QwenCli { path, server }) => {
                    let file = QwenCliFile::bound(&path, server.as_deref())?;
                    self.in_cli_file(&file).await
                }
                Some(_) => Err(Error::not_refreshable(id.as_str(), "it is not a login")),
                None => Err(Error::no_profile(id)),
            },
            Self::ReadOnly(file) => self.in_cli_file(file).await,
        }
    }

    async fn in_cli_file(&self, file: &QwenCliFile) -> Result<LoadedLogin, Error> {
        let document = file.document().await?.ok_or_else(|| {
            Error::not_refreshable(&self.name(), "the Qwen Code CLI's file no longer exists")
        })?;
        Ok(LoadedLogin {
            login: document.login.clone(),
            place: Place::CliFile(Box::new((file.clone(), document))),
        })
    }

    /// Waits for the right to renew the login; `None` if it must not be renewed.
    pub(super) async fn lease(&self) -> Result<Option<LoginLease>, Error> {
        let Self::Profile { store, id } = self else {
            return Ok(None);
        };
        // Our own lock comes first: it is released at once when its holder dies, and it keeps our
        // processes from queueing for the CLI's lock.
        let lease = store.lease(id).await?;
        let cli = match store.load(id).await? {
            Some(Profile::QwenCli { path, .. }) => {
                // Without the folder there is nothing to lock, and it must not be created.
                if !path.exists() {
                    let gone = "the Qwen Code CLI's file no longer exists";
                    return Err(Error::not_refreshable(id.as_str(), gone));
                }
                // Next to the path that the CLI uses, wherever a link leads.
                let lock = CliLock::acquire(&path, STALE_LOCK).await?;
                Some((path, lock))
            }
            _ => None,
        };
        Ok(Some(LoginLease { cli, lease }))
    }

    /// Fails if a renewed login could not be saved.
    pub(super) async fn check_writable(&self, loaded: &LoadedLogin) -> Result<(), Error> {
        match (self, &loaded.place) {
            (_, Place::CliFile(place)) => place.0.check_writable(),
            (Self::Profile { store, .. }, Place::Profile) => store.check_writable().await,
            (Self::ReadOnly(_), Place::Profile) => Ok(()),
        }
    }

    /// Replaces the loaded login with `login`; false if it is no longer there.
    pub(super) async fn save(&self, loaded: &LoadedLogin, login: &Login) -> Result<bool, Error> {
        match (self, &loaded.place) {
            (_, Place::CliFile(place)) => place.0.replace(&place.1, login),
            (Self::Profile { store, id }, Place::Profile) => {
                save_in_store(&**store, id, &loaded.login, login).await
            }
            (Self::ReadOnly(_), Place::Profile) => Ok(false),
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        matches!(self, Self::ReadOnly(_))
    }

    /// Returns the login's name for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Profile { id, .. } => id.to_string(),
            Self::ReadOnly(file) => file.path().display().to_string(),
        }
    }

    pub(super) fn source(&self) -> Source {
        match self {
            Self::Profile { id, .. } => Source::Profile(id.to_string()),
            Self::ReadOnly(file) => Source::File {
                path: file.path().display().to_string(),
            },
        }
    }
}

/// Replaces `old` with `renewed`, keeping concurrent changes to anything but the tokens; false if
/// the tokens have changed.
async fn save_in_store(
    store: &dyn CredentialStore,
    id: &ProfileId,
    old: &Login,
    renewed: &Login,
) -> Result<bool, Error> {
    let mut present = old.clone();
    // A limit, so that a process that keeps changing the profile cannot hold this up forever.
    for _ in 0..16 {
        let new = Profile::Login(renewed.clone().over(old, &present));
        let expected = Profile::Login(present);
        if store.swap(id, Some(&expected), Some(&new)).await? {
            return Ok(true);
        }
        match store.load(id).await? {
            Some(Profile::Login(login)) if login.refresh_text() == old.refresh_text() => {
                present = login;
            }
            _ => return Ok(false),
        }
    }
    Err(Error::conflict(id))
}

impl LoadedLogin {
    /// Returns how long before its expiry the token is renewed.
    pub(super) fn ahead(&self, wanted: Duration) -> Duration {
        match &self.place {
            // The same as the CLI, so that both renew it at the same time, and the first to do so
            // wins.
            Place::CliFile(..) => Duration::from_secs(30),
            Place::Profile => match self.login.lifetime {
                Some(lifetime) => wanted.min(lifetime / 2),
                None => wanted,
            },
        }
    }
}

impl LoginLease {
    /// Returns whether the lease covers the loaded login. A profile may have been bound to a file,
    /// or to another one, after the lease was taken.
    pub(super) fn covers(&self, loaded: &LoadedLogin) -> bool {
        match (&loaded.place, &self.cli) {
            (Place::Profile, _) => true,
            (Place::CliFile(place), Some((path, _))) => place.0.path() == path,
            (Place::CliFile(_), None) => false,
        }
    }

    /// Runs a request, keeping the CLI's lock alive meanwhile.
    pub(super) async fn alive_during<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.cli {
            Some((_, lock)) => lock.alive_during(work).await,
            None => work.await,
        }
    }
}

impl fmt::Debug for LoadedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedLogin")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}
