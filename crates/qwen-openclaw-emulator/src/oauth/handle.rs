//! The handle with which tests control the login server.

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
    pub(super) state: &'a State,
}

impl<'a> OAuth<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// Returns the server's URL, such as `http://127.0.0.1:4711/oauth`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{PATH}", self.state.origin)
    }

    /// Enables a scenario indefinitely.
    ///
    /// Scenarios for the same request are used in the order in which they were enabled, each after
    /// the previous one is used up.
    pub fn scenario(&self, scenario: OAuthScenario) {
        self.state.oauth.scenarios.push(scenario, None);
    }

    /// Enables a scenario for the next `times` requests.
    pub fn scenario_times(&self, scenario: OAuthScenario, times: u32) {
        self.state.oauth.scenarios.push(scenario, Some(times));
    }

    /// Disables every scenario.
    pub fn clear_scenarios(&self) {
        self.state.oauth.scenarios.clear();
    }

    /// Sets whether logins are approved immediately. Default: no, they are approved on the page.
    pub fn auto_approve(&self, on: bool) {
        self.state.login_books().auto_approve = on;
    }

    /// Sets the `interval` field of responses, in seconds. Default: none, as on the public server.
    pub fn interval(&self, seconds: Option<u64>) {
        *lock(&self.state.oauth.interval) = seconds;
    }

    /// Sets the lifetime of tokens issued from now on, on the emulated clock. Default: six hours.
    pub fn token_life(&self, life: Duration) {
        self.state.login_books().life = life;
    }

    /// Sets whether reusing a refresh token revokes its login. Default: yes.
    pub fn revoke_on_reuse(&self, on: bool) {
        self.state.login_books().revoke_on_reuse = on;
    }

    /// Returns the user codes waiting for a decision.
    #[must_use]
    pub fn pending(&self) -> Vec<String> {
        self.state.login_books().pending()
    }

    /// Approves a login, as its page does; false if no such code is waiting.
    pub fn approve(&self, user_code: &str) -> bool {
        let mut books = self.state.login_books();
        books.decide(user_code, Decision::Approved)
    }

    /// Denies a login, as its page does; false if no such code is waiting.
    pub fn deny(&self, user_code: &str) -> bool {
        let mut books = self.state.login_books();
        books.decide(user_code, Decision::Denied)
    }

    /// Issues tokens without a login, for tests that start after one.
    #[must_use]
    pub fn issue(&self) -> IssuedLogin {
        let issued = self.state.login_books().issue(&self.state.ids);
        IssuedLogin {
            access: issued.access,
            refresh: issued.refresh,
            life: issued.life,
            resource_url: resource_url(&self.state.origin),
        }
    }

    /// Revokes the login that a token belongs to; false if the token is unknown.
    pub fn revoke(&self, token: &str) -> bool {
        self.state.login_books().revoke(token)
    }

    /// Expires an access token early; false if it is unknown.
    pub fn expire(&self, access: &str) -> bool {
        self.state.login_books().expire(access)
    }

    /// Returns true if the portal accepts this access token.
    #[must_use]
    pub fn is_good(&self, access: &str) -> bool {
        self.state.login_books().is_good(access)
    }

    /// Returns the counts so far.
    #[must_use]
    pub fn stats(&self) -> OAuthStats {
        self.state.login_books().stats()
    }
}

impl fmt::Debug for OAuth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// Tokens issued without a login. `Debug` does not show them.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct IssuedLogin {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The lifetime of the access token.
    pub life: Duration,
    /// The portal's URL.
    pub resource_url: String,
}

impl fmt::Debug for IssuedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedLogin")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

impl State {
    /// The login server's records, brought up to the present.
    pub(super) fn login_books(&self) -> MutexGuard<'_, Books> {
        let now = self.now();
        let mut books = lock(&self.oauth.books);
        books.now = now;
        books
    }
}

/// Where the portal's API is.
pub(crate) fn resource_url(origin: &str) -> String {
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

    /// Puts everything back to the start.
    pub(crate) fn reset(&self, auto_approve: bool, scenarios: Vec<(OAuthScenario, Option<u32>)>) {
        self.scenarios.set(scenarios);
        let mut books = Books::default();
        books.auto_approve = auto_approve;
        *lock(&self.books) = books;
        self.set_interval(None);
    }

    pub(super) fn interval(&self) -> Option<u64> {
        *lock(&self.interval)
    }

    pub(super) fn set_interval(&self, seconds: Option<u64>) {
        *lock(&self.interval) = seconds;
    }
}
