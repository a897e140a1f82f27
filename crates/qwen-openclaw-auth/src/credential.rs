//! The seam between whoever has a credential and whoever sends requests with it.

use std::fmt;

use async_trait::async_trait;

use crate::{error::Error, key::ApiKey, source::Source};

/// What a request is sent with: a key, where it came from, and the address that came with it.
///
/// `Debug` shows neither the key nor a base URL that may hold a secret.
#[derive(Clone, Eq, PartialEq)]
pub struct Credential {
    key: ApiKey,
    source: Source,
    base_url: Option<String>,
}

impl Credential {
    /// Makes a credential that is sent to whatever endpoint the caller has chosen.
    #[must_use]
    pub fn new(key: ApiKey, source: Source) -> Self {
        Self {
            key,
            source,
            base_url: None,
        }
    }

    /// Sets the base URL that was issued together with the key, as a portal login does. Default:
    /// none.
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Returns where the key was found.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the base URL that was issued together with the key, if there was one.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }
}

impl From<ApiKey> for Credential {
    /// Takes a key as one that the caller gave.
    fn from(key: ApiKey) -> Self {
        Self::new(key, Source::Explicit)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hides_nothing = |url: &&str| is_plain_address(url);
        let base_url = self
            .base_url()
            .map(|url| Some(url).filter(hides_nothing).unwrap_or("[redacted]"));
        f.debug_struct("Credential")
            .field("key", &self.key)
            .field("source", &self.source)
            .field("base_url", &base_url)
            .finish()
    }
}

/// Whether nothing in `url` may be a secret: no user, no query, and no part that may be a key.
fn is_plain_address(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let may_be_key = |part: &str| {
        let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
        let begins = part.to_ascii_lowercase().starts_with("sk-");
        begins || part.len() >= 32 || (part.len() >= 12 && has_digit)
    };
    let mut parts = url.split(['/', '.', ':']);
    is_web && !url.contains(['@', '?', '#', '\\']) && !parts.any(may_be_key)
}

/// Something that has a credential: a fixed key, a login that is renewed, a vault.
///
/// Whoever sends requests asks before each attempt, so an implementation that fetches keeps what
/// it has fetched. The calls may come from several tasks at once.
#[async_trait]
pub trait CredentialProvider: fmt::Debug + Send + Sync + 'static {
    /// Returns the credential to send the next request with.
    ///
    /// # Errors
    ///
    /// What [`Error::unavailable`] or [`Error::refused`] made of the cause: nothing is sent.
    async fn credential(&self) -> Result<Credential, Error>;

    /// Returns another credential after the service has answered 401 to `rejected`, or `None` when
    /// there is no other.
    ///
    /// It is called at most once a request. An implementation that finds `rejected` already
    /// replaced returns the newer one without asking for another. By default there is no other.
    ///
    /// # Errors
    ///
    /// As [`credential`](Self::credential).
    async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
        let _ = rejected;
        Ok(None)
    }
}

/// A credential that never changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StaticCredential(Credential);

impl StaticCredential {
    /// Makes a provider of this credential.
    pub fn new(credential: impl Into<Credential>) -> Self {
        Self(credential.into())
    }
}

#[async_trait]
impl CredentialProvider for StaticCredential {
    async fn credential(&self) -> Result<Credential, Error> {
        Ok(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential() -> Credential {
        Credential::from(ApiKey::parse("sk-secret-0123456789").unwrap())
    }

    #[tokio::test]
    async fn a_static_credential_is_given_again_and_never_renewed() {
        let provider: Box<dyn CredentialProvider> = Box::new(StaticCredential::new(credential()));
        let first = provider.credential().await.unwrap();
        assert_eq!(first, credential());
        assert_eq!(first.source(), &Source::Explicit);
        assert_eq!(provider.credential().await.unwrap(), first);
        assert_eq!(provider.refresh(&first).await.unwrap(), None);
    }

    #[test]
    fn debug_hides_the_key_and_a_telling_base_url() {
        let plain = credential().with_base_url("https://portal.qwen.ai/v1");
        let shown = format!("{:?}", StaticCredential::new(plain.clone()));
        assert!(shown.contains("https://portal.qwen.ai/v1"), "{shown}");
        assert!(!shown.contains("0123456789"), "{shown}");
        assert_eq!(plain.base_url(), Some("https://portal.qwen.ai/v1"));

        for url in [
            "https://olena:pass@example.com/v1",
            "https://example.com/v1?token=pass",
            "https://example.com:sk-pass/v1",
            "https://example.com/pass-0123456789",
            "sk-pass",
            "pass",
        ] {
            let shown = format!("{:?}", credential().with_base_url(url));
            assert!(
                shown.contains("[redacted]") && !shown.contains("pass"),
                "{shown}"
            );
        }
    }
}
