//! A credential provider that renews its login when needed.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    Portal,
    cli_file::QwenCliFile,
    fingerprint,
    flight::Flight,
    login_location::{LoadedLogin, LoginLocation},
    refresh::{Failed, Memory, Outcome, Reason, refresh},
    resource,
    server::LoginServer,
};
use crate::{
    credential::{Credential, CredentialProvider},
    error::{Error, ErrorKind},
    store::{CredentialStore, ProfileId},
};

/// How long a loaded login is used before it is loaded again.
const REREAD: Duration = Duration::from_secs(1);

/// A credential provider for a login. Cheap to clone; clones share refreshes in progress.
///
/// The token is renewed before it expires, once for all callers in this process and in every
/// process that shares the store. The stored login is authoritative: it is loaded again whenever
/// another process could have changed it, another process's newer token is adopted, and a renewed
/// token is saved before it is used. After a 401 the token is renewed once; if the new one is
/// rejected as well, that is final.
///
/// A refresh runs to completion even if its callers are canceled, because a response that is not
/// saved means a lost login. It requires a tokio runtime.
#[derive(Clone)]
pub struct PortalCredential {
    inner: Arc<Inner>,
}

struct Inner {
    portal: Portal,
    location: LoginLocation,
    flight: Flight<Outcome>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cached: Option<CachedLogin>,
    memory: Memory,
    /// The last failure, and when it happened.
    failure: Option<(Instant, Error)>,
    /// The fingerprint of a token that replaced a rejected one, and when.
    replacement: Option<(String, Instant)>,
    /// The fingerprint of a token whose rejection is final.
    refused: Option<String>,
}

/// A login in memory. Its times are those of the monotonic clock, so that changing the wall clock
/// does not expire a fresh token.
#[derive(Clone)]
struct CachedLogin {
    loaded: LoadedLogin,
    read: Instant,
    fresh_until: Instant,
    good_until: Instant,
}

impl PortalCredential {
    /// Uses the login in a stored profile.
    ///
    /// If the profile is bound to the Qwen Code CLI's file, the login in that file is used.
    pub fn stored(portal: &Portal, store: Arc<dyn CredentialStore>, id: ProfileId) -> Self {
        Self::at(portal, LoginLocation::Profile { store, id })
    }

    /// Uses the login in the Qwen Code CLI's file while it is valid.
    ///
    /// It is not renewed; that is left to the CLI, or to a profile bound to the file.
    #[must_use]
    pub fn read_only(portal: &Portal, file: QwenCliFile) -> Self {
        Self::at(portal, LoginLocation::ReadOnly(file))
    }

    fn at(portal: &Portal, location: LoginLocation) -> Self {
        Self {
            inner: Arc::new(Inner {
                portal: portal.clone(),
                location,
                flight: Flight::default(),
                state: Mutex::default(),
            }),
        }
    }

    /// Returns the stored login, or the cached one if it was loaded just now.
    async fn current(&self) -> Result<CachedLogin, Error> {
        let now = Instant::now();
        let cached = self.inner.state().cached.clone();
        if let Some(cached) = &cached
            && now.duration_since(cached.read) < REREAD
        {
            return Ok(cached.clone());
        }
        match (self.inner.location.load().await, cached) {
            (Ok(loaded), _) => Ok(self.inner.cache(loaded)),
            // A file that is temporarily unreadable does not matter while the token is valid.
            (Err(error), Some(cached)) if is_passing(&error) && now < cached.fresh_until => {
                Ok(cached)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Renews the login, or waits for the refresh in progress.
    async fn renew(&self, reason: Reason) -> Result<CachedLogin, Failed> {
        let work = || {
            let inner = Arc::clone(&self.inner);
            async move { inner.renew(reason).await }
        };
        let ended = || {
            Failed::from(Error::unavailable(
                "the runtime shut down during the refresh",
            ))
        };
        let outcome = self.inner.flight.join(work).await.ok_or_else(ended)?;
        outcome.result.map(|loaded| self.inner.cache(loaded))
    }

    fn credential_of(&self, cached: &CachedLogin) -> Result<Credential, Error> {
        let login = &cached.loaded.login;
        let options = self.inner.portal.options();
        let base_url = match &options.base_url {
            Some(base_url) => base_url.to_string(),
            None => resource::base_url(
                login.resource_url.as_deref(),
                &LoginServer::parse(login.server.as_deref())?,
                &options.allowed_hosts,
            )
            .map_err(|error| error.at(self.inner.location.source()))?,
        };
        let token = login.access.clone().into_token();
        let credential = Credential::new(token, self.inner.location.source());
        Ok(credential.with_base_url(base_url))
    }
}

#[async_trait]
impl CredentialProvider for PortalCredential {
    async fn credential(&self) -> Result<Credential, Error> {
        let cached = self.current().await?;
        let now = Instant::now();
        let unsaved = self.inner.state().memory.unsaved.is_some();
        if now < cached.fresh_until && !unsaved {
            return self.credential_of(&cached);
        }
        let good = (now < cached.good_until).then_some(&cached);
        if let Some(error) = self.inner.recent_failure() {
            return match good {
                Some(cached) => self.credential_of(cached),
                None => Err(error),
            };
        }
        match (self.renew(Reason::Expiring).await, good) {
            (Ok(cached), _) => self.credential_of(&cached),
            // Too early to fail: the token is still valid for a little while.
            (Err(_), Some(cached)) => self.credential_of(cached),
            (Err(failed), None) => Err(failed.error),
        }
    }

    async fn peek(&self) -> Result<Credential, Error> {
        self.credential_of(&self.current().await?)
    }

    async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
        let print = fingerprint::of(rejected.key().expose());
        self.inner.final_refusal(&print)?;
        let cached = self.current().await?;
        let other = fingerprint::of(cached.loaded.login.access.expose()) != print;
        if other && Instant::now() < cached.fresh_until {
            return self.credential_of(&cached).map(Some);
        }
        if let Some(error) = self.inner.recent_failure() {
            return if self.inner.location.is_read_only() {
                Ok(None)
            } else {
                Err(error)
            };
        }
        // Twice, because the first may be a refresh already in progress for another reason, which
        // adopted the rejected token.
        for _ in 0..2 {
            let cached = match self.renew(Reason::Refused(print.clone())).await {
                Ok(cached) => cached,
                Err(failed) if self.inner.location.is_read_only() && failed.loaded.is_some() => {
                    return Ok(None);
                }
                Err(failed) => return Err(failed.error),
            };
            let renewed = fingerprint::of(cached.loaded.login.access.expose());
            if renewed != print {
                return self.credential_of(&cached).map(Some);
            }
        }
        Ok(None)
    }
}

/// Returns true if a file could not be read, which says nothing about the login in it.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Read | ErrorKind::Corrupt)
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code below can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(self: Arc<Self>, reason: Reason) -> Outcome {
        let memory = self.state().memory.clone();
        let fresh = |loaded: &LoadedLogin| {
            let cached = self.cached_of(loaded.clone());
            Instant::now() < cached.fresh_until
        };
        let (portal, location) = (self.portal.clone(), self.location.clone());
        let outcome = refresh(portal, location, reason.clone(), memory, fresh).await;
        let mut state = self.state();
        state.memory = outcome.memory.clone();
        let now = Instant::now();
        match &outcome.result {
            Ok(loaded) => {
                state.failure = None;
                if let (Reason::Refused(_), true) = (&reason, outcome.renewed) {
                    let print = fingerprint::of(loaded.login.access.expose());
                    state.replacement = Some((print, now));
                }
            }
            Err(failed) => state.failure = Some((now, failed.error.clone())),
        }
        drop(state);
        outcome
    }

    /// Returns the last failure, if it is too recent for another attempt.
    fn recent_failure(&self) -> Option<Error> {
        let state = self.state();
        let (at, error) = state.failure.as_ref()?;
        let recent = at.elapsed() < self.portal.options().failure_pause;
        recent.then(|| error.clone())
    }

    /// Fails if the token with this fingerprint has just replaced a rejected one, or its rejection
    /// is already final.
    fn final_refusal(&self, print: &str) -> Result<(), Error> {
        let within = self.portal.options().second_refusal;
        let mut state = self.state();
        let second = state
            .replacement
            .as_ref()
            .is_some_and(|(replacement, at)| replacement == print && at.elapsed() < within);
        if second {
            state.refused = Some(print.to_owned());
        }
        if state.refused.as_deref() == Some(print) {
            Err(Error::closed())
        } else {
            Ok(())
        }
    }

    /// Caches a loaded login.
    fn cache(&self, loaded: LoadedLogin) -> CachedLogin {
        let cached = self.cached_of(loaded);
        self.state().cached = Some(cached.clone());
        cached
    }

    fn cached_of(&self, loaded: LoadedLogin) -> CachedLogin {
        let read = Instant::now();
        let state = self.state();
        if let Some(cached) = &state.cached
            && cached.loaded.login.access == loaded.login.access
            && cached.loaded.login.expires == loaded.login.expires
        {
            // Already cached, along with its times.
            return CachedLogin {
                loaded,
                read,
                ..cached.clone()
            };
        }
        drop(state);
        let left = loaded.login.expires.duration_since(self.portal.now());
        let left = left.unwrap_or_default();
        let ahead = loaded.ahead(self.portal.options().ahead);
        CachedLogin {
            read,
            fresh_until: read + left.saturating_sub(ahead),
            good_until: read + left,
            loaded,
        }
    }
}

impl fmt::Debug for PortalCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalCredential")
            .field("location", &self.inner.location)
            .finish_non_exhaustive()
    }
}
