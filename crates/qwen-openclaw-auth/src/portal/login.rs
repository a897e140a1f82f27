//! A login as the credential of requests, renewed when it has to be.

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

/// How long a login that was read is not read again.
const REREAD: Duration = Duration::from_secs(1);

/// The credential of a login. Cheap to clone; clones share what is under way.
///
/// The token is renewed ahead of its end, once however many ask, in this process and in all that
/// share the store. What is on the disk counts: it is read again before and after everything that
/// could have been overtaken, a newer token of somebody else is taken over, and a renewed one is
/// saved before it is used. After a 401 the token is renewed once; when the new one is refused as
/// well, that is final.
///
/// A refresh runs to its end even if whoever asked for it has left, since an answer that is not
/// saved is a login lost. It needs a tokio runtime.
#[derive(Clone)]
pub struct PortalCredential {
    inner: Arc<Inner>,
}

struct Inner {
    portal: Portal,
    home: LoginLocation,
    flight: Flight<Outcome>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<CachedLogin>,
    memory: Memory,
    /// The last failure, and when it happened.
    failure: Option<(Instant, Error)>,
    /// The fingerprint of a token that replaced a refused one.
    replacement: Option<(String, Instant)>,
    /// The fingerprint of a token whose refusal is final.
    refused: Option<String>,
}

/// A login in hand. Its times are those of the monotonic clock: what was fresh when it came does
/// not expire because somebody sets the other clock.
#[derive(Clone)]
struct CachedLogin {
    found: LoadedLogin,
    read: Instant,
    fresh_until: Instant,
    good_until: Instant,
}

impl PortalCredential {
    /// Uses the login in a profile of a store, or the one in the Qwen Code CLI's file that the
    /// profile is bound to.
    pub fn stored(portal: &Portal, store: Arc<dyn CredentialStore>, id: ProfileId) -> Self {
        Self::at(portal, LoginLocation::Profile { store, id })
    }

    /// Uses the login in the Qwen Code CLI's file for as long as it is good. It is not renewed:
    /// that program does, or a profile that is bound to the file.
    #[must_use]
    pub fn read_only(portal: &Portal, file: QwenCliFile) -> Self {
        Self::at(portal, LoginLocation::ReadOnly(file))
    }

    fn at(portal: &Portal, home: LoginLocation) -> Self {
        Self {
            inner: Arc::new(Inner {
                portal: portal.clone(),
                home,
                flight: Flight::default(),
                state: Mutex::default(),
            }),
        }
    }

    /// The login on the disk, or the one in hand if that was read just now.
    async fn current(&self) -> Result<CachedLogin, Error> {
        let now = Instant::now();
        let held = self.inner.state().held.clone();
        if let Some(held) = &held
            && now.duration_since(held.read) < REREAD
        {
            return Ok(held.clone());
        }
        match (self.inner.home.load().await, held) {
            (Ok(found), _) => Ok(self.inner.hold(found)),
            // A file that cannot be read just now is no reason to stop while the token is good.
            (Err(error), Some(held)) if is_passing(&error) && now < held.fresh_until => Ok(held),
            (Err(error), _) => Err(error),
        }
    }

    /// Renews, or waits for whoever is renewing.
    async fn renew(&self, reason: Reason) -> Result<CachedLogin, Failed> {
        let work = || {
            let inner = Arc::clone(&self.inner);
            async move { inner.renew(reason).await }
        };
        let ended = || Failed::from(Error::unavailable("the refresh was ended from outside"));
        let outcome = self.inner.flight.join(work).await.ok_or_else(ended)?;
        outcome.result.map(|found| self.inner.hold(found))
    }

    fn credential_of(&self, held: &CachedLogin) -> Result<Credential, Error> {
        let login = &held.found.login;
        let options = self.inner.portal.options();
        let base_url = match &options.base_url {
            Some(base_url) => base_url.to_string(),
            None => resource::base_url(
                login.resource_url.as_deref(),
                &LoginServer::parse(login.server.as_deref())?,
                &options.allowed_hosts,
            )
            .map_err(|error| error.at(self.inner.home.source()))?,
        };
        let token = login.access.clone().into_token();
        let credential = Credential::new(token, self.inner.home.source());
        Ok(credential.with_base_url(base_url))
    }
}

#[async_trait]
impl CredentialProvider for PortalCredential {
    async fn credential(&self) -> Result<Credential, Error> {
        let held = self.current().await?;
        let now = Instant::now();
        let unsaved = self.inner.state().memory.unsaved.is_some();
        if now < held.fresh_until && !unsaved {
            return self.credential_of(&held);
        }
        let good = (now < held.good_until).then_some(&held);
        if let Some(error) = self.inner.recent_failure() {
            return match good {
                Some(held) => self.credential_of(held),
                None => Err(error),
            };
        }
        match (self.renew(Reason::Expiring).await, good) {
            (Ok(held), _) => self.credential_of(&held),
            // It is too early to fail: the token is good for a little while.
            (Err(_), Some(held)) => self.credential_of(held),
            (Err(failed), None) => Err(failed.error),
        }
    }

    async fn peek(&self) -> Result<Credential, Error> {
        self.credential_of(&self.current().await?)
    }

    async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
        let print = fingerprint::of(rejected.key().expose());
        self.inner.final_refusal(&print)?;
        let held = self.current().await?;
        let other = fingerprint::of(held.found.login.access.expose()) != print;
        if other && Instant::now() < held.fresh_until {
            return self.credential_of(&held).map(Some);
        }
        if let Some(error) = self.inner.recent_failure() {
            return match self.inner.home.is_read_only() {
                true => Ok(None),
                false => Err(error),
            };
        }
        // Twice: the first may be a refresh for another reason, under way already, that adopted
        // the refused token.
        for _ in 0..2 {
            let held = match self.renew(Reason::Refused(print.clone())).await {
                Ok(held) => held,
                Err(failed) if self.inner.home.is_read_only() && failed.found.is_some() => {
                    return Ok(None);
                }
                Err(failed) => return Err(failed.error),
            };
            let found = fingerprint::of(held.found.login.access.expose());
            if found != print {
                return self.credential_of(&held).map(Some);
            }
        }
        Ok(None)
    }
}

/// True when a file could not be read, which says nothing about the login in it.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Read | ErrorKind::Corrupt)
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(self: Arc<Self>, reason: Reason) -> Outcome {
        let memory = self.state().memory.clone();
        let fresh = |found: &LoadedLogin| {
            let held = self.held_of(found.clone());
            Instant::now() < held.fresh_until
        };
        let (portal, home) = (self.portal.clone(), self.home.clone());
        let outcome = refresh(portal, home, reason.clone(), memory, fresh).await;
        let mut state = self.state();
        state.memory = outcome.memory.clone();
        let now = Instant::now();
        match &outcome.result {
            Ok(found) => {
                state.failure = None;
                if let (Reason::Refused(_), true) = (&reason, outcome.renewed) {
                    let print = fingerprint::of(found.login.access.expose());
                    state.replacement = Some((print, now));
                }
            }
            Err(failed) => state.failure = Some((now, failed.error.clone())),
        }
        drop(state);
        outcome
    }

    /// The failure that is too recent for another attempt.
    fn recent_failure(&self) -> Option<Error> {
        let state = self.state();
        let (at, error) = state.failure.as_ref()?;
        let recent = at.elapsed() < self.portal.options().failure_pause;
        recent.then(|| error.clone())
    }

    /// Fails when the token with this fingerprint has replaced a refused one just now, or was
    /// refused for good before.
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
        match state.refused.as_deref() == Some(print) {
            true => Err(Error::closed()),
            false => Ok(()),
        }
    }

    /// Takes a login in hand.
    fn hold(&self, found: LoadedLogin) -> CachedLogin {
        let held = self.held_of(found);
        self.state().held = Some(held.clone());
        held
    }

    fn held_of(&self, found: LoadedLogin) -> CachedLogin {
        let read = Instant::now();
        let state = self.state();
        if let Some(held) = &state.held
            && held.found.login.access == found.login.access
            && held.found.login.expires == found.login.expires
        {
            // Known already, and with it when it ends.
            return CachedLogin {
                found,
                read,
                ..held.clone()
            };
        }
        drop(state);
        let left = found.login.expires.duration_since(self.portal.now());
        let left = left.unwrap_or_default();
        let ahead = found.ahead(self.portal.options().ahead);
        CachedLogin {
            read,
            fresh_until: read + left.saturating_sub(ahead),
            good_until: read + left,
            found,
        }
    }
}

impl fmt::Debug for PortalCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalCredential")
            .field("home", &self.inner.home)
            .finish_non_exhaustive()
    }
}
