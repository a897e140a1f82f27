//! The credentials stored under a profile's id.

use std::{
    fmt,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use secrecy::{ExposeSecret, SecretString};

use crate::{key::ApiKey, key_endpoint::KeyEndpoint, state::Fields};

/// A stored credential. `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// A key that never changes.
    ApiKey(StoredKey),
    /// A token pasted by the user; it is not renewed.
    Token(StaticToken),
    /// A login, renewed with its refresh token.
    Login(Login),
    /// The login in the Qwen Code CLI's own file, used and renewed in place.
    QwenCli {
        /// The file's path.
        path: PathBuf,
        /// The login server; `None` means the public one.
        server: Option<String>,
    },
}

impl Profile {
    /// Returns the name of the profile's kind: `api_key`, `token`, `oauth`, or `qwen_cli`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api_key",
            Self::Token(_) => "token",
            Self::Login(_) => "oauth",
            Self::QwenCli { .. } => "qwen_cli",
        }
    }

    /// Returns the key or token; `None` if it is in another program's file.
    #[must_use]
    pub fn key(&self) -> Option<&ApiKey> {
        match self {
            Self::ApiKey(stored) => Some(&stored.key),
            Self::Token(token) => Some(&token.token),
            Self::Login(login) => Some(&login.access),
            Self::QwenCli { .. } => None,
        }
    }

    /// Returns when the credential expires, if known.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        match self {
            Self::Token(token) => token.expires,
            Self::Login(login) => Some(login.expires),
            Self::ApiKey(_) | Self::QwenCli { .. } => None,
        }
    }

    /// Returns the rank among a provider's profiles when no order is configured.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Login(_) => 0,
            Self::QwenCli { .. } => 1,
            Self::Token(_) => 2,
            Self::ApiKey(_) => 3,
        }
    }
}

impl From<ApiKey> for Profile {
    /// Wraps a key without an endpoint.
    fn from(key: ApiKey) -> Self {
        Self::ApiKey(key.into())
    }
}

/// A stored key, and the endpoint that it was issued for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredKey {
    pub(crate) key: ApiKey,
    pub(crate) endpoint: KeyEndpoint,
}

impl StoredKey {
    /// Creates a stored key that is sent to `endpoint` unless the caller requests another.
    #[must_use]
    pub fn new(key: ApiKey, endpoint: KeyEndpoint) -> Self {
        Self { key, endpoint }
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Returns the endpoint that the key was issued for, as far as it is known.
    #[must_use]
    pub fn endpoint(&self) -> &KeyEndpoint {
        &self.endpoint
    }
}

impl From<ApiKey> for StoredKey {
    fn from(key: ApiKey) -> Self {
        Self::new(key, KeyEndpoint::default())
    }
}

/// A token that is not renewed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StaticToken {
    pub(crate) token: ApiKey,
    pub(crate) expires: Option<SystemTime>,
}

impl StaticToken {
    /// Creates a token without an expiry.
    #[must_use]
    pub fn new(token: ApiKey) -> Self {
        let expires = None;
        Self { token, expires }
    }

    /// Sets when the token expires, in whole milliseconds. Default: unknown.
    #[must_use]
    pub fn expires_at(mut self, expires: SystemTime) -> Self {
        self.expires = Some(from_millis(to_millis(expires)));
        self
    }

    /// Returns the token.
    #[must_use]
    pub fn token(&self) -> &ApiKey {
        &self.token
    }
}

/// A login: an access token and the refresh token that renews it. `Debug` shows neither.
#[derive(Clone)]
pub struct Login {
    pub(crate) access: ApiKey,
    pub(crate) refresh: Option<SecretString>,
    /// In whole milliseconds, as stored in files.
    pub(crate) expires: SystemTime,
    /// The token's lifetime when it was issued, in whole seconds.
    pub(crate) lifetime: Option<Duration>,
    pub(crate) resource_url: Option<String>,
    /// The login server, if it is not the public one.
    pub(crate) server: Option<String>,
    /// Counts the login's tokens, so that an older one can be recognized.
    pub(crate) generation: u64,
    /// The fingerprint of the refresh token from which this login was imported.
    pub(crate) imported: Option<String>,
    /// Fields written by other programs.
    pub(crate) extra: Fields,
}

impl Login {
    /// Creates a login from tokens obtained elsewhere.
    #[must_use]
    pub fn new(access: ApiKey, refresh: Option<SecretText>, expires: SystemTime) -> Self {
        Self {
            access,
            refresh: refresh.map(|text| text.0),
            expires: from_millis(to_millis(expires)),
            lifetime: None,
            resource_url: None,
            server: None,
            generation: 0,
            imported: None,
            extra: Fields::default(),
        }
    }

    /// Returns the access token.
    #[must_use]
    pub fn access(&self) -> &ApiKey {
        &self.access
    }

    /// Returns when the access token expires.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// Returns true if the token can be renewed.
    #[must_use]
    pub fn is_refreshable(&self) -> bool {
        self.refresh.is_some()
    }

    /// Returns the URL of the API, as given by the login server.
    #[must_use]
    pub fn resource_url(&self) -> Option<&str> {
        self.resource_url.as_deref()
    }

    /// Returns the login server; `None` means the public one.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Returns the number of tokens the login has had: 1 at first, plus one per refresh.
    ///
    /// A login obtained elsewhere starts at 0.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn refresh_text(&self) -> Option<&str> {
        self.refresh.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.access == other.access
            && self.refresh_text() == other.refresh_text()
            && self.expires == other.expires
            && self.lifetime == other.lifetime
            && self.resource_url == other.resource_url
            && self.server == other.server
            && self.generation == other.generation
            && self.imported == other.imported
            && self.extra == other.extra
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("expires", &self.expires)
            .field("refreshable", &self.is_refreshable())
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Secret text, such as a refresh token, that is never shown.
#[derive(Clone)]
pub struct SecretText(pub(crate) SecretString);

impl SecretText {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

/// Returns the milliseconds since the Unix epoch; 0 for an earlier time.
pub(crate) fn to_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the time `millis` milliseconds after the Unix epoch, capped at ten thousand years.
pub(crate) fn from_millis(millis: u64) -> SystemTime {
    const MAX: u64 = 10_000 * 365 * 86_400 * 1000;
    UNIX_EPOCH + Duration::from_millis(millis.min(MAX))
}
