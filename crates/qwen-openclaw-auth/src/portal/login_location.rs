//! Where a login lives: a profile of a store, or the Qwen Code CLI's file.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use super::{
    Portal,
    cli_file::{CliDocument, QwenCliFile},
    cli_lock::CliLock,
};
use crate::{
    error::Error,
    source::Source,
    store::{CredentialStore, Lease, Login, Profile, ProfileId},
};

/// The place of one login.
#[derive(Clone, Debug)]
pub(super) enum LoginLocation {
    Profile {
        store: Arc<dyn CredentialStore>,
        id: ProfileId,
    },
    /// The CLI's file, which is not ours to change.
    ReadOnly(QwenCliFile),
}

/// A login as it was found, with what is needed to replace it.
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
pub(super) struct HomeLease {
    /// Given back first: who waits for the lease would find the other taken.
    cli: Option<(PathBuf, CliLock)>,
    pub(super) lease: Lease,
}

impl LoginLocation {
    /// Reads the login; an error when there is none.
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
                Some(_) => Err(Error::not_refreshable(id.as_str(), "it is no login")),
                None => Err(Error::no_profile(id)),
            },
            Self::ReadOnly(file) => self.in_cli_file(file).await,
        }
    }

    async fn in_cli_file(&self, file: &QwenCliFile) -> Result<LoadedLogin, Error> {
        let document = file.document().await?.ok_or_else(|| {
            Error::not_refreshable(&self.name(), "the Qwen Code CLI's file is gone")
        })?;
        Ok(LoadedLogin {
            login: document.login.clone(),
            place: Place::CliFile(Box::new((file.clone(), document))),
        })
    }

    /// Waits for the right to renew. `None` where that is not ours to do.
    pub(super) async fn lease(&self, portal: &Portal) -> Result<Option<HomeLease>, Error> {
        let Self::Profile { store, id } = self else {
            return Ok(None);
        };
        // Our own lock first: it tells at once when its holder is dead, and keeps all of ours
        // from queueing at the CLI's.
        let lease = store.lease(id).await?;
        let cli = match store.load(id).await? {
            Some(Profile::QwenCli { path, .. }) => {
                // Without the folder there is nothing to lock, and it is not ours to create.
                if !path.exists() {
                    let gone = "the Qwen Code CLI's file is gone";
                    return Err(Error::not_refreshable(id.as_str(), gone));
                }
                // Beside the path by which the CLI knows it, wherever a link leads.
                let lock = CliLock::acquire(&path, portal.options().stale_lock).await?;
                Some((path, lock))
            }
            _ => None,
        };
        Ok(Some(HomeLease { cli, lease }))
    }

    /// Fails when a renewed login could not be saved.
    pub(super) async fn check_writable(&self, found: &LoadedLogin) -> Result<(), Error> {
        match (self, &found.place) {
            (_, Place::CliFile(place)) => place.0.check_writable(),
            (Self::Profile { store, .. }, Place::Profile) => store.check_writable().await,
            (Self::ReadOnly(_), Place::Profile) => Ok(()),
        }
    }

    /// Puts `login` in the place of what was found; false when that is not there any more.
    pub(super) async fn save(&self, found: &LoadedLogin, login: &Login) -> Result<bool, Error> {
        match (self, &found.place) {
            (_, Place::CliFile(place)) => place.0.replace(&place.1, login),
            (Self::Profile { store, id }, Place::Profile) => {
                save_in_store(&**store, id, &found.login, login).await
            }
            (Self::ReadOnly(_), Place::Profile) => Ok(false),
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        matches!(self, Self::ReadOnly(_))
    }

    /// The name of the login in messages.
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

/// Puts `renewed` in the place of `old`. What somebody else has changed beside the tokens stays
/// changed; false when the tokens are others.
async fn save_in_store(
    store: &dyn CredentialStore,
    id: &ProfileId,
    old: &Login,
    renewed: &Login,
) -> Result<bool, Error> {
    let mut present = old.clone();
    // Whoever changes it so often does so on purpose.
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
    /// How long before its end the token is renewed.
    pub(super) fn ahead(&self, wanted: Duration) -> Duration {
        match &self.place {
            // As the CLI does: whoever of us comes first renews it, at the same time.
            Place::CliFile(..) => Duration::from_secs(30),
            Place::Profile => match self.login.lifetime {
                Some(lifetime) => wanted.min(lifetime / 2),
                None => wanted,
            },
        }
    }
}

impl HomeLease {
    /// Whether the right is that to what was found. A profile may have been tied to a file, or to
    /// another one, after the lease was taken.
    pub(super) fn covers(&self, found: &LoadedLogin) -> bool {
        match (&found.place, &self.cli) {
            (Place::Profile, _) => true,
            (Place::CliFile(place), Some((path, _))) => place.0.path() == path,
            (Place::CliFile(_), None) => false,
        }
    }

    /// Runs a request, and keeps the CLI's lock alive meanwhile.
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
