//! One refresh, from taking the lock to saving the file.

use super::{
    Portal,
    answer::{Answer, Cause},
    fingerprint,
    login_location::{LoadedLogin, LoginLease, LoginLocation},
    note::Note,
    pending::Pending,
    server::LoginServer,
    token::Tokens,
};
use crate::{error::Error, fault, store::Login};

const DOING: &str = "renewing the login";

/// What is known about a login beyond what is on disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The fingerprint of a refresh token that the server no longer accepts.
    pub(super) dead: Option<(String, Error)>,
    /// A renewed login that could not be saved, and the one it replaces.
    pub(super) unsaved: Option<(LoadedLogin, Login)>,
}

/// Why a token is renewed.
#[derive(Clone, Debug)]
pub(super) enum Reason {
    /// It expires soon; any token that is fresh enough will do.
    Expiring,
    /// The service rejected the token with this fingerprint; any other token will do.
    Refused(String),
}

/// The outcome of a refresh.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) result: Result<LoadedLogin, Failed>,
    pub(super) memory: Memory,
    /// True if the token is new, false if another process's was adopted.
    pub(super) renewed: bool,
}

/// A failed refresh, and the login as last loaded.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) loaded: Option<LoadedLogin>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            loaded: None,
        }
    }
}

/// The outcome of one request.
enum Attempt {
    Renewed(Tokens),
    /// The server no longer accepts this refresh token.
    Dead,
    /// The response was lost; the server may have acted.
    Lost(Error),
    /// The server has not acted.
    Failed(Error),
}

/// Renews the login at `location`, unless another process has done so meanwhile.
pub(super) async fn refresh(
    portal: Portal,
    location: LoginLocation,
    reason: Reason,
    memory: Memory,
    is_fresh: impl Fn(&LoadedLogin) -> bool + Send,
) -> Outcome {
    let mut refresh = Refresh {
        portal,
        location,
        reason,
        memory,
        renewed: false,
    };
    let result = refresh.run(is_fresh).await;
    let Refresh {
        memory, renewed, ..
    } = refresh;
    Outcome {
        result,
        memory,
        renewed,
    }
}

struct Refresh {
    portal: Portal,
    location: LoginLocation,
    reason: Reason,
    memory: Memory,
    renewed: bool,
}

impl Refresh {
    async fn run(
        &mut self,
        is_fresh: impl Fn(&LoadedLogin) -> bool + Send,
    ) -> Result<LoadedLogin, Failed> {
        fault::point("before-lease");
        let Some(mut lease) = self.location.lease().await? else {
            return self.without_lease(is_fresh).await;
        };
        fault::point("leased");
        self.save_unsaved().await?;
        // At most twice: the second time with what another process has stored meanwhile.
        let mut loaded = self.location.load().await?;
        fault::point("read-again");
        for last in [false, true] {
            if self.suits(&loaded, &is_fresh) {
                return Ok(loaded);
            }
            if !lease.covers(&loaded) {
                lease = self.lease_again(lease).await?;
                loaded = self.location.load().await?;
                if !lease.covers(&loaded) {
                    return Err(Failed::with(moved(), loaded));
                }
                if self.suits(&loaded, &is_fresh) {
                    return Ok(loaded);
                }
            }
            match self.renew(&lease, &loaded).await {
                Ok(renewed) => return Ok(renewed),
                Err(error) if last => return Err(Failed::with(error, loaded)),
                Err(error) => {
                    let again = self.location.load().await?;
                    if again.login.refresh_text() == loaded.login.refresh_text() {
                        return Err(Failed::with(error, again));
                    }
                    loaded = again;
                }
            }
        }
        Ok(loaded)
    }

    /// Takes a lease for the login's current location.
    async fn lease_again(&self, lease: LoginLease) -> Result<LoginLease, Error> {
        drop(lease);
        let lease = self.location.lease().await?;
        lease.ok_or_else(moved)
    }

    /// Handles the CLI's file, which only the CLI renews: all we can do is load it again.
    async fn without_lease(
        &self,
        is_fresh: impl Fn(&LoadedLogin) -> bool + Send,
    ) -> Result<LoadedLogin, Failed> {
        let loaded = self.location.load().await?;
        if self.suits(&loaded, &is_fresh) {
            return Ok(loaded);
        }
        let error = Error::not_refreshable(
            &self.location.name(),
            "it belongs to the Qwen Code CLI: run that program, or log in with --share-qwen-cli",
        );
        Err(Failed::with(error, loaded))
    }

    fn suits(&self, loaded: &LoadedLogin, is_fresh: impl Fn(&LoadedLogin) -> bool) -> bool {
        match &self.reason {
            Reason::Expiring => is_fresh(loaded),
            Reason::Refused(refused) => {
                fingerprint::of(loaded.login.access.expose()) != *refused && is_fresh(loaded)
            }
        }
    }

    /// Saves what an earlier refresh could not save.
    async fn save_unsaved(&mut self) -> Result<(), Error> {
        if let Some((loaded, login)) = &self.memory.unsaved {
            // False means that another process has logged in; its login stays.
            self.location.save(loaded, login).await?;
            self.memory.unsaved = None;
        }
        Ok(())
    }

    /// Sends the refresh token and saves the response.
    async fn renew(
        &mut self,
        lease: &LoginLease,
        loaded: &LoadedLogin,
    ) -> Result<LoadedLogin, Error> {
        let name = self.location.name();
        let Some(token) = loaded.login.refresh_text() else {
            let why = "it has no refresh token; log in again";
            return Err(Error::not_refreshable(&name, why));
        };
        let print = fingerprint::of(token);
        if let Some((dead, error)) = &self.memory.dead
            && *dead == print
        {
            return Err(error.clone());
        }
        // A token that a process was about to send when it died has probably been used up.
        let mut spent = match Note::of(lease.lease.note()?.as_deref(), &print) {
            Note::Sent | Note::Spent => true,
            Note::Refused | Note::None => false,
        };
        self.location.check_writable(loaded).await?;
        fault::point("writable");
        let _pending = Pending::new();
        lease.lease.set_note(Note::Sent.text(&print).as_deref())?;
        fault::point("noted");
        let mut attempt = lease.alive_during(self.ask(loaded, token)).await;
        if let Attempt::Lost(error) = attempt {
            if self.location.load().await?.login.refresh_text() != Some(token) {
                return Err(error);
            }
            // Try once more: the server may accept it, and if it does not, nothing more is lost.
            spent = true;
            attempt = lease.alive_during(self.ask(loaded, token)).await;
        }
        match attempt {
            Attempt::Renewed(tokens) => {
                fault::point("answered");
                let login = tokens.renew(&loaded.login);
                self.renewed = self.save(loaded, login).await?;
                fault::point("saved");
                lease.lease.set_note(None)?;
                fault::point("note-removed");
                self.location.load().await
            }
            Attempt::Dead => {
                let note = if spent { Note::Spent } else { Note::Refused };
                lease.lease.set_note(note.text(&print).as_deref())?;
                let error = Error::spent(&name, spent);
                self.memory.dead = Some((print, error.clone()));
                Err(error)
            }
            Attempt::Failed(error) => {
                self.forget_note(lease, spent)?;
                Err(error)
            }
            Attempt::Lost(error) => Err(error),
        }
    }

    /// Removes the note, unless the token was sent and the response was lost: the note then tells
    /// the next process what has probably happened.
    fn forget_note(&self, lease: &LoginLease, spent: bool) -> Result<(), Error> {
        if spent {
            return Ok(());
        }
        lease.lease.set_note(None)
    }

    /// Saves a renewed login; false if another process has logged in during the request. Its login
    /// stays, and is what the caller gets.
    async fn save(&mut self, loaded: &LoadedLogin, login: Login) -> Result<bool, Error> {
        let saved = self.location.save(loaded, &login).await;
        if saved.is_err() {
            self.memory.unsaved = Some((loaded.clone(), login));
        }
        saved
    }

    async fn ask(&self, loaded: &LoadedLogin, token: &str) -> Attempt {
        let server = match LoginServer::parse(loaded.login.server.as_deref()) {
            Ok(server) => server,
            Err(error) => return Attempt::Failed(error),
        };
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", self.portal.options().client_id.as_str()),
        ];
        match self
            .portal
            .ask(DOING, server.token_url(), &fields, None)
            .await
        {
            Ok(answer) => self.judge(&answer),
            Err(none) => match none.cause {
                Cause::Lost | Cause::Failing => Attempt::Lost(none.error),
                Cause::NotSent | Cause::Hopeless | Cause::Foreign => Attempt::Failed(none.error),
            },
        }
    }

    fn judge(&self, answer: &Answer) -> Attempt {
        if answer.is_success() && answer.error().is_none() {
            return match Tokens::read(DOING, answer, self.portal.now()) {
                Ok(tokens) => Attempt::Renewed(tokens),
                Err(error) => Attempt::Failed(error),
            };
        }
        match answer.status {
            // Based on the status, because servers call a used token `invalid_request` as often as
            // `invalid_grant`. But there must be an error code: a gateway's own JSON has another
            // form.
            400 | 401 if answer.error().is_some() => Attempt::Dead,
            status @ 500.. => Attempt::Lost(Error::failing(DOING, status)),
            429 => Attempt::Failed(Error::failing(DOING, 429)),
            _ => {
                let code = answer.error();
                let code = code.unwrap_or_else(|| format!("status-{}", answer.status));
                Attempt::Failed(Error::login_refused(&code))
            }
        }
    }
}

/// Creates the error for a profile that is bound to a different file each time it is loaded.
fn moved() -> Error {
    Error::unavailable("the login is being moved to another place")
}

impl Failed {
    fn with(error: Error, loaded: LoadedLogin) -> Self {
        let loaded = Some(loaded);
        Self { error, loaded }
    }
}
