//! What is kept under a profile's id.

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
    /// A token that somebody pasted; it is not renewed.
    Token(StaticToken),
    /// A login, which is renewed with its refresh token.
    Login(Login),
    /// The login in the Qwen Code CLI's own file, which is used and renewed where it is.
    QwenCli {
        /// The file.
        path: PathBuf,
        /// The login server; `None` is the public one.
        server: Option<String>,
    },
}

impl Profile {
    /// Returns the word for this kind of profile: `api_key`, `token`, `oauth` or `qwen_cli`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api_key",
            Self::Token(_) => "token",
            Self::Login(_) => "oauth",
            Self::QwenCli { .. } => "qwen_cli",
        }
    }

    /// Returns when the credential expires, where it does and that is known here.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        match self {
            Self::Token(token) => token.expires,
            Self::Login(login) => Some(login.expires),
            Self::ApiKey(_) | Self::QwenCli { .. } => None,
        }
    }

    /// Where it stands among the profiles of a provider for which no order was set.
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
    /// Takes a key of which nothing else is known.
    fn from(key: ApiKey) -> Self {
        Self::ApiKey(key.into())
    }
}

/// A key, and the endpoint that it was issued for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredKey {
    pub(crate) key: ApiKey,
    pub(crate) endpoint: KeyEndpoint,
}

impl StoredKey {
    /// Takes a key, to be sent to `endpoint` unless something else is asked for.
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
    /// Takes a token that lives until it is revoked.
    #[must_use]
    pub fn new(token: ApiKey) -> Self {
        let expires = None;
        Self { token, expires }
    }

    /// Sets when the token expires, to the millisecond. Default: not known.
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

/// A login: the token that requests are sent with, and what renews it. `Debug` shows neither.
#[derive(Clone)]
pub struct Login {
    pub(crate) access: ApiKey,
    pub(crate) refresh: Option<SecretString>,
    /// Whole milliseconds, as files keep it.
    pub(crate) expires: SystemTime,
    /// How long the token was to live when it was given out, in whole seconds.
    pub(crate) lifetime: Option<Duration>,
    pub(crate) resource_url: Option<String>,
    /// The login server, where it is not the public one.
    pub(crate) server: Option<String>,
    /// Counts the tokens of this login, so that an older one can be told.
    pub(crate) generation: u64,
    /// The fingerprint of the foreign refresh token that this login was copied from.
    pub(crate) imported: Option<String>,
    /// What other programs have written beside it.
    pub(crate) extra: Fields,
}

impl Login {
    /// Makes a login of tokens that were obtained elsewhere.
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

    /// Returns the token that requests are sent with.
    #[must_use]
    pub fn access(&self) -> &ApiKey {
        &self.access
    }

    /// Returns when that token expires.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// Returns true when the token can be renewed.
    #[must_use]
    pub fn is_refreshable(&self) -> bool {
        self.refresh.is_some()
    }

    /// Returns where the API is, as the login server said it.
    #[must_use]
    pub fn resource_url(&self) -> Option<&str> {
        self.resource_url.as_deref()
    }

    /// Returns the login server; `None` is the public one.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Returns how many tokens the login has had here: 1 when it was made, one more for each
    /// refresh, 0 for one that came from elsewhere.
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

/// A text that is kept from view, such as a refresh token.
#[derive(Clone)]
pub struct SecretText(pub(crate) SecretString);

impl SecretText {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

/// Milliseconds since 1970; 0 for a time before.
pub(crate) fn to_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time so many milliseconds after 1970, at most ten thousand years from there.
pub(crate) fn from_millis(millis: u64) -> SystemTime {
    const MAX: u64 = 10_000 * 365 * 86_400 * 1000;
    UNIX_EPOCH + Duration::from_millis(millis.min(MAX))
}
