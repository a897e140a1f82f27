//! Device-code login (RFC 8628) with PKCE (RFC 7636).

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};
use url::Url;

use super::{
    Portal,
    poll::{Next, Pace},
    server::LoginServer,
    token::Tokens,
};
use crate::{error::Error, store::Login};

const STARTING: &str = "starting the login";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The polling interval if the server does not specify one (RFC 8628, section 3.2).
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The assumed lifetime of a code if the response does not specify one, and the limits if it does.
const UNKNOWN_LIFE: Duration = Duration::from_secs(600);
const SHORTEST_LIFE: Duration = Duration::from_secs(30);
const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// A login waiting for the user's approval. `Debug` shows no codes.
///
/// Nothing is stored yet. Dropping it abandons the login; the code then expires by itself.
pub struct DeviceLogin {
    portal: Portal,
    device_code: SecretString,
    verifier: SecretString,
    user_code: Option<String>,
    url: String,
    short_url: Option<String>,
    interval: Duration,
    deadline: Deadline,
}

/// A code's expiry by two clocks: one stops while the machine sleeps, the other can be changed.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    at: Instant,
    wall: SystemTime,
    life: Duration,
}

impl DeviceLogin {
    pub(super) async fn start(portal: Portal) -> Result<Self, Error> {
        let verifier = random_text()?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()));
        let options = portal.options();
        let fields = [
            ("client_id", options.client_id.as_str()),
            ("scope", options.scope.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let server = &portal.settings.server;
        let id = random_uuid()?;
        let asked = portal.ask(STARTING, server.device_url(), &fields, Some(&id));
        let answer = asked.await.map_err(|none| none.error)?;
        if let Some(code) = answer.error() {
            return Err(Error::login_refused(&code));
        }
        if !answer.is_success() {
            return Err(Error::failing(STARTING, answer.status));
        }
        let missing = |what| Error::protocol(STARTING, what);
        let device_code = answer
            .text("device_code")
            .ok_or_else(|| missing("contains no device code"))?;
        let short_url = answer.text("verification_uri");
        let url = answer
            .text("verification_uri_complete")
            .or(short_url)
            .ok_or_else(|| missing("names no page to open"))?;
        let life = answer.seconds("expires_in").unwrap_or(UNKNOWN_LIFE);
        let life = life.clamp(SHORTEST_LIFE, LONGEST_LIFE);
        let interval = answer
            .seconds("interval")
            .map(|interval| interval.clamp(Duration::from_secs(1), Duration::from_secs(60)));
        Ok(Self {
            url: page(url, server)?,
            short_url: short_url.map(|url| page(url, server)).transpose()?,
            device_code: SecretString::from(device_code),
            user_code: answer.text("user_code").map(str::to_owned),
            interval: interval.unwrap_or(POLL_INTERVAL),
            deadline: Deadline {
                at: Instant::now() + life,
                wall: portal.now() + life,
                life,
            },
            verifier,
            portal,
        })
    }

    /// Returns the URL of the login page, which usually includes the code.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the URL of the page where the user enters the code, if there is one.
    #[must_use]
    pub fn short_url(&self) -> Option<&str> {
        self.short_url.as_deref()
    }

    /// Returns the user code, exactly as the server wrote it, if there is one.
    ///
    /// Show it even if the URL includes it, so that the user can compare it.
    #[must_use]
    pub fn user_code(&self) -> Option<&str> {
        self.user_code.as_deref()
    }

    /// Returns how long the code is valid.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.deadline.life
    }

    /// Returns the initial polling interval.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Waits for the user's approval, and returns the login, which is not stored yet.
    ///
    /// Dropping the future cancels the login. Once it completes, the code is used up: store the
    /// login before anything else can interrupt.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`](crate::ErrorKind::Denied) and
    /// [`ErrorKind::LoginExpired`](crate::ErrorKind::LoginExpired) when the user denies the login
    /// or the code expires; [`ErrorKind::LoginRefused`](crate::ErrorKind::LoginRefused) when the
    /// server rejects it for another reason; [`ErrorKind::Protocol`](crate::ErrorKind::Protocol)
    /// when the response lacks usable tokens;
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) and
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) when the server keeps failing.
    pub async fn wait(self) -> Result<Login, Error> {
        let mut pace = Pace::new(self.interval);
        let mut wait = pace.interval();
        loop {
            let is_last = !self.pause(wait).await;
            let asked = self.poll().await;
            let next = match &asked {
                Ok(answer) => pace.after(answer),
                Err(none) => pace.after_none(none),
            };
            wait = match (next, asked) {
                (Next::Finish, Ok(answer)) => return self.finish(&answer),
                (Next::Stop(error), _) => return Err(error),
                (Next::Wait(_), Ok(_)) if is_last => return Err(Error::login_expired()),
                (Next::Wait(wait), _) if !is_last => wait,
                // The last poll failed, and its error says more than that the time is up.
                (_, Err(none)) => return Err(none.error),
                (Next::Wait(wait), Ok(_)) => wait,
            };
        }
    }

    /// Waits before the next poll; false if that is the last one.
    async fn pause(&self, wait: Duration) -> bool {
        let left = self.deadline.left(self.portal.now());
        sleep(wait.min(left)).await;
        // After the machine was suspended, only the wall clock shows that the time is up.
        wait < left && !self.deadline.left(self.portal.now()).is_zero()
    }

    async fn poll(&self) -> Result<super::answer::Answer, super::answer::NoAnswer> {
        let fields = [
            ("grant_type", GRANT),
            ("client_id", self.portal.options().client_id.as_str()),
            ("device_code", self.device_code.expose_secret()),
            ("code_verifier", self.verifier.expose_secret()),
        ];
        let url = self.portal.settings.server.token_url();
        self.portal
            .ask("waiting for the login", url, &fields, None)
            .await
    }

    fn finish(&self, answer: &super::answer::Answer) -> Result<Login, Error> {
        let server = &self.portal.settings.server;
        let tokens = Tokens::read("waiting for the login", answer, self.portal.now())?;
        let login = tokens.into_login(server.remembered());
        if !login.is_refreshable() {
            // Other programs reject a file without one, and the login would last only hours.
            return Err(Error::protocol(
                "waiting for the login",
                "contains no refresh token",
            ));
        }
        Ok(login)
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin")
            .field("expires_in", &self.deadline.life)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl Deadline {
    fn left(&self, wall: SystemTime) -> Duration {
        let by_wall = self.wall.duration_since(wall).unwrap_or_default();
        self.at
            .saturating_duration_since(Instant::now())
            .min(by_wall)
    }
}

/// Checks the URL of a login page: https, or on this machine if the server is.
fn page(text: &str, server: &LoginServer) -> Result<String, Error> {
    let refused = || Error::address("the login page", "its URL is not https");
    let url = Url::parse(text).map_err(|_| refused())?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(url.into()),
        "http" if local && server.is_loopback() => Ok(url.into()),
        _ => Err(refused()),
    }
}

/// Returns 32 random bytes as 43 characters of text, for a PKCE verifier.
fn random_text() -> Result<SecretString, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    fill(&mut *bytes)?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// Returns a random UUID (version 4).
pub(super) fn random_uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    Ok([
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-"))
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(Error::unavailable)
}

#[cfg(test)]
mod tests;
