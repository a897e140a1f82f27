//! The login server as tests handle it.

use std::{
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use super::{
    PATH,
    books::{Books, Decision, OAuthStats},
    scenario::{OAuthScenario, Scenarios},
};
use crate::{
    endpoint::{Endpoint, Plan, Region},
    lock::lock,
    state::State,
};

/// The login server of a running emulator. Made by [`Emulator::oauth`](crate::Emulator::oauth).
#[derive(Clone, Copy)]
pub struct OAuth<'a> {
    state: &'a State,
}

impl<'a> OAuth<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// Returns the server's address, such as `http://127.0.0.1:4711/oauth`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{PATH}", self.state.origin)
    }

    /// Answers so from now on. Scenarios of the same request take turns in the order in which
    /// they were switched on, each when the one before has run out.
    pub fn scenario(&self, scenario: OAuthScenario) {
        self.state.oauth.scenarios.push(scenario, None);
    }

    /// Answers so the next times, `times` of them.
    pub fn scenario_times(&self, scenario: OAuthScenario, times: u32) {
        self.state.oauth.scenarios.push(scenario, Some(times));
    }

    /// Switches every scenario off.
    pub fn clear_scenarios(&self) {
        self.state.oauth.scenarios.clear();
    }

    /// Approves every login at once, or leaves that to the page again. Default: to the page.
    pub fn auto_approve(&self, on: bool) {
        self.state.oauth.books().auto_approve = on;
    }

    /// Sets the `interval` of answers, in seconds. Default: none, as on the public server.
    pub fn interval(&self, seconds: Option<u64>) {
        *lock(&self.state.oauth.interval) = seconds;
    }

    /// Sets how long tokens given out from now on are good. Default: six hours.
    pub fn token_life(&self, life: Duration) {
        self.state.oauth.books().life = life;
    }

    /// Sets whether a refresh token that is used twice ends its login. Default: it does.
    pub fn revoke_on_reuse(&self, on: bool) {
        self.state.oauth.books().revoke_on_reuse = on;
    }

    /// Returns the user codes that wait for a decision.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        self.state.oauth.books().pending()
    }

    /// Approves a login, as its page does; false when no such code waits.
    pub fn approve(&self, user_code: &str) -> bool {
        let mut books = self.state.oauth.books();
        books.decide(user_code, Decision::Approved)
    }

    /// Denies a login, as its page does; false when no such code waits.
    pub fn deny(&self, user_code: &str) -> bool {
        let mut books = self.state.oauth.books();
        books.decide(user_code, Decision::Denied)
    }

    /// Gives out tokens without a login, for tests that begin after one.
    #[must_use]
    pub fn issue(&self) -> IssuedLogin {
        let issued = self.state.oauth.books().issue(&self.state.ids);
        IssuedLogin {
            access: issued.access,
            refresh: issued.refresh,
            life: issued.life,
            resource_url: resource_url(&self.state.origin),
        }
    }

    /// Ends the login that a token belongs to; false when the token is not known.
    pub fn revoke(&self, token: &str) -> bool {
        self.state.oauth.books().revoke(token)
    }

    /// Ends an access token before its time; false when it is not known.
    pub fn expire(&self, access: &str) -> bool {
        self.state.oauth.books().expire(access)
    }

    /// Returns true when the portal answers requests with this access token.
    #[must_use]
    pub fn is_good(&self, access: &str) -> bool {
        self.state.oauth.books().is_good(access)
    }

    /// Returns what has happened so far.
    #[must_use]
    pub fn stats(&self) -> OAuthStats {
        self.state.oauth.books().stats()
    }
}

impl fmt::Debug for OAuth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// Tokens that were given out without a login. `Debug` does not show them.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct IssuedLogin {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// How long the access token is good.
    pub life: Duration,
    /// Where the portal is.
    pub resource_url: String,
}

impl fmt::Debug for IssuedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedLogin")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// Where the portal's API is.
pub(super) fn resource_url(origin: &str) -> String {
    let portal = Endpoint::open_ai(Plan::Portal, Region::Global);
    format!("{origin}{}", portal.path())
}

/// The login server as it is set up, and its state.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(super) scenarios: Scenarios,
    books: Mutex<Books>,
    interval: Mutex<Option<u64>>,
}

impl Setup {
    pub(crate) fn new(auto_approve: bool, scenarios: Vec<(OAuthScenario, Option<u32>)>) -> Self {
        let mut books = Books::default();
        books.auto_approve = auto_approve;
        Self {
            scenarios: Scenarios::new(scenarios),
            books: Mutex::new(books),
            interval: Mutex::default(),
        }
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }

    pub(super) fn interval(&self) -> Option<u64> {
        *lock(&self.interval)
    }

    pub(super) fn set_interval(&self, seconds: Option<u64>) {
        *lock(&self.interval) = seconds;
    }
}
