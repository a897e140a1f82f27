//! The interface between credential providers and the clients that send requests.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{error::Error, key::ApiKey, key_endpoint::KeyEndpoint, source::Source};

/// A credential for requests: a key, its source, and the endpoint it was issued for.
///
/// `Debug` shows neither the key nor a base URL that may contain a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    key: ApiKey,
    source: Source,
    endpoint: KeyEndpoint,
}

impl Credential {
    /// Creates a credential without an endpoint; it is sent to the one the caller chooses.
    #[must_use]
    pub fn new(key: ApiKey, source: Source) -> Self {
        Self {
            key,
            source,
            endpoint: KeyEndpoint::default(),
        }
    }

    /// Sets the base URL that was issued together with the key, as by a portal login. Default:
    /// none.
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.endpoint.base_url = Some(base_url.into());
        self
    }

    /// Sets the endpoint that the key was issued for. Default: unknown.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: KeyEndpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Returns the source of the key.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the base URL that was issued together with the key, if there was one.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.endpoint.base_url.as_deref()
    }

    /// Returns the endpoint that the key was issued for, as far as it is known.
    #[must_use]
    pub fn endpoint(&self) -> &KeyEndpoint {
        &self.endpoint
    }
}

impl From<ApiKey> for Credential {
    /// Converts a key, with [`Source::Explicit`] as its source.
    fn from(key: ApiKey) -> Self {
        Self::new(key, Source::Explicit)
    }
}

/// A provider of credentials: a fixed key, a renewable login, a vault.
///
/// Clients call it before each attempt, so an implementation that fetches credentials should cache
/// them. Calls may come from several tasks concurrently.
///
/// # Example
///
/// A key from a vault that rotates it from time to time. The macro is re-exported as
/// [`async_trait`](crate::async_trait).
///
/// ```
/// use qwen_openclaw_auth::{
///     ApiKey, Credential, CredentialProvider, Error, Source, async_trait,
/// };
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Vault {
///     async fn read(&self) -> std::io::Result<String> {
///         Ok("sk-0123456789abcdef".to_owned())
///     }
/// }
///
/// #[async_trait]
/// impl CredentialProvider for Vault {
///     async fn credential(&self) -> Result<Credential, Error> {
///         // An unreachable vault is worth a retry; an invalid key is not.
///         let text = self.read().await.map_err(Error::unavailable)?;
///         Ok(Credential::new(ApiKey::parse(text)?, Source::Explicit))
///     }
///
///     async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
///         let newer = self.credential().await?;
///         Ok(Some(newer).filter(|newer| newer.key() != rejected.key()))
///     }
/// }
/// ```
#[async_trait]
pub trait CredentialProvider: Debug + Send + Sync + 'static {
    /// Returns the credential for the next request.
    ///
    /// # Errors
    ///
    /// [`Error::unavailable`] or [`Error::refused`] with the cause; nothing is sent.
    async fn credential(&self) -> Result<Credential, Error>;

    /// Returns the current credential without renewing it, to show where a request would go.
    ///
    /// The default implementation calls [`credential`](Self::credential).
    ///
    /// # Errors
    ///
    /// As [`credential`](Self::credential).
    async fn peek(&self) -> Result<Credential, Error> {
        self.credential().await
    }

    /// Returns another credential after a 401 response to `rejected`, or `None` if there is none.
    ///
    /// It is called at most once per request. An implementation that finds `rejected` already
    /// replaced should return the newer credential without renewing it again. The default
    /// implementation returns `None`.
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
    /// Creates a provider of this credential.
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
    async fn a_static_credential_is_returned_every_time_and_never_renewed() {
        let provider: Box<dyn CredentialProvider> = Box::new(StaticCredential::new(credential()));
        let first = provider.credential().await.unwrap();
        assert_eq!(first, credential());
        assert_eq!(first.source(), &Source::Explicit);
        assert_eq!(provider.credential().await.unwrap(), first);
        assert_eq!(provider.refresh(&first).await.unwrap(), None);
    }

    #[test]
    fn debug_hides_the_key_and_a_revealing_base_url() {
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
