//! One refresh, from the lock to the file.

use super::{
    Portal,
    answer::{Answer, Cause},
    fingerprint,
    login_location::{HomeLease, LoadedLogin, LoginLocation},
    pending::Pending,
    server::LoginServer,
    token::Tokens,
};
use crate::{error::Error, fault, store::Login};

const DOING: &str = "renewing the login";

/// What is known about a login beside what is on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The fingerprint of a refresh token that the server does not take any more.
    pub(super) dead: Option<(String, Error)>,
    /// A renewed login that could not be saved, and what it replaces.
    pub(super) unsaved: Option<(LoadedLogin, Login)>,
}

/// Why a token is renewed.
#[derive(Clone, Debug)]
pub(super) enum Reason {
    /// It expires soon; one that is fresh enough does as well.
    Expiring,
    /// The service refused the token with this fingerprint; any other does.
    Refused(String),
}

/// What a refresh came to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) result: Result<LoadedLogin, Failed>,
    pub(super) memory: Memory,
    /// True when the token is new, false when somebody else's was adopted.
    pub(super) renewed: bool,
}

/// A refresh that failed, and the login as it was last seen.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) found: Option<LoadedLogin>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, found: None }
    }
}

/// What became of one request.
enum Attempt {
    Renewed(Tokens),
    /// The server takes this refresh token no more.
    Dead,
    /// The answer got lost; the server may have acted.
    Lost(Error),
    /// The server has not acted.
    Failed(Error),
}

/// Renews the login at `home`, unless somebody else has done it meanwhile.
pub(super) async fn refresh(
    portal: Portal,
    home: LoginLocation,
    reason: Reason,
    memory: Memory,
    is_fresh: impl Fn(&LoadedLogin) -> bool + Send,
) -> Outcome {
    let mut refresh = Refresh {
        portal,
        home,
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
    home: LoginLocation,
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
        let Some(mut lease) = self.home.lease(&self.portal).await? else {
            return self.without_lease(is_fresh).await;
        };
        fault::point("leased");
        self.save_unsaved().await?;
        // Twice at most: the second time with what somebody else has put there meanwhile.
        let mut found = self.home.load().await?;
        fault::point("read-again");
        for last in [false, true] {
            if self.suits(&found, &is_fresh) {
                return Ok(found);
            }
            if !lease.covers(&found) {
                lease = self.lease_again(lease).await?;
                found = self.home.load().await?;
                if !lease.covers(&found) {
                    return Err(Failed::with(moved(), found));
                }
                if self.suits(&found, &is_fresh) {
                    return Ok(found);
                }
            }
            match self.renew(&lease, &found).await {
                Ok(renewed) => return Ok(renewed),
                Err(error) if last => return Err(Failed::with(error, found)),
                Err(error) => {
                    let again = self.home.load().await?;
                    if again.login.refresh_text() == found.login.refresh_text() {
                        return Err(Failed::with(error, again));
                    }
                    found = again;
                }
            }
        }
        Ok(found)
    }

    /// A lease of where the login is now.
    async fn lease_again(&self, lease: HomeLease) -> Result<HomeLease, Error> {
        drop(lease);
        let lease = self.home.lease(&self.portal).await?;
        lease.ok_or_else(moved)
    }

    /// The CLI's file, which the CLI renews: nothing can be done but to look again.
    async fn without_lease(
        &self,
        is_fresh: impl Fn(&LoadedLogin) -> bool + Send,
    ) -> Result<LoadedLogin, Failed> {
        let found = self.home.load().await?;
        if self.suits(&found, &is_fresh) {
            return Ok(found);
        }
        let error = Error::not_refreshable(
            &self.home.name(),
            "it belongs to the Qwen Code CLI: run that program, or log in with --share-qwen-cli",
        );
        Err(Failed::with(error, found))
    }

    fn suits(&self, found: &LoadedLogin, is_fresh: impl Fn(&LoadedLogin) -> bool) -> bool {
        match &self.reason {
            Reason::Expiring => is_fresh(found),
            Reason::Refused(refused) => {
                fingerprint::of(found.login.access.expose()) != *refused && is_fresh(found)
            }
        }
    }

    /// Saves what an earlier refresh could not.
    async fn save_unsaved(&mut self) -> Result<(), Error> {
        if let Some((found, login)) = &self.memory.unsaved {
            // False: somebody else has logged in, and theirs stays.
            self.home.save(found, login).await?;
            self.memory.unsaved = None;
        }
        Ok(())
    }

    /// Sends the refresh token and saves what comes back.
    async fn renew(
        &mut self,
        lease: &HomeLease,
        found: &LoadedLogin,
    ) -> Result<LoadedLogin, Error> {
        let name = self.home.name();
        let Some(token) = found.login.refresh_text() else {
            let why = "it has no refresh token; log in again";
            return Err(Error::not_refreshable(&name, why));
        };
        let print = fingerprint::of(token);
        if let Some((dead, error)) = &self.memory.dead
            && *dead == print
        {
            return Err(error.clone());
        }
        // A token that was about to be sent by somebody who then died has probably been spent.
        let mut spent = lease.lease.note()?.as_ref() == Some(&print);
        self.home.check_writable(found).await?;
        fault::point("writable");
        let _pending = Pending::new();
        lease.lease.set_note(Some(&print))?;
        fault::point("noted");
        let mut attempt = lease.alive_during(self.ask(found, token)).await;
        if let Attempt::Lost(error) = attempt {
            if self.home.load().await?.login.refresh_text() != Some(token) {
                return Err(error);
            }
            // Once more: a server may take it, and if not, nothing is lost that was not already.
            spent = true;
            attempt = lease.alive_during(self.ask(found, token)).await;
        }
        match attempt {
            Attempt::Renewed(tokens) => {
                fault::point("answered");
                let login = tokens.renew(&found.login);
                self.renewed = self.save(found, login).await?;
                fault::point("saved");
                lease.lease.set_note(None)?;
                fault::point("note-removed");
                self.home.load().await
            }
            Attempt::Dead => {
                self.forget_note(lease, spent)?;
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

    /// Removes the note, unless the token was sent without an answer: then it tells who comes next
    /// what has probably happened.
    fn forget_note(&self, lease: &HomeLease, spent: bool) -> Result<(), Error> {
        if spent {
            return Ok(());
        }
        lease.lease.set_note(None)
    }

    /// Saves a renewed login; false when somebody has logged in while the request was under way.
    /// Theirs stays, and is what the caller gets.
    async fn save(&mut self, found: &LoadedLogin, login: Login) -> Result<bool, Error> {
        let saved = self.home.save(found, &login).await;
        if saved.is_err() {
            self.memory.unsaved = Some((found.clone(), login));
        }
        saved
    }

    async fn ask(&self, found: &LoadedLogin, token: &str) -> Attempt {
        let server = match LoginServer::parse(found.login.server.as_deref()) {
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
            // By the status: servers call a spent token `invalid_request` as often as
            // `invalid_grant`. But an error there must be: a gateway's own JSON has another form.
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

/// The profile is tied to another file each time one looks.
fn moved() -> Error {
    Error::unavailable("the login is being moved to another place")
}

impl Failed {
    fn with(error: Error, found: LoadedLogin) -> Self {
        let found = Some(found);
        Self { error, found }
    }
}
