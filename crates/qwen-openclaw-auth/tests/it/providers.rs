//! The credential seam as another crate implements it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use qwen_openclaw_auth::{
    ApiKey, Credential, CredentialProvider, Environment, Error, ErrorKind, Source,
    StaticCredential, resolve,
};
use qwen_openclaw_catalog::Provider;

/// A login whose token can be renewed once.
#[derive(Debug)]
struct Login {
    current: Mutex<Credential>,
    renewals: AtomicUsize,
}

#[async_trait::async_trait]
impl CredentialProvider for Login {
    async fn credential(&self) -> Result<Credential, Error> {
        Ok(self.current.lock().unwrap().clone())
    }

    async fn refresh(&self, rejected: &Credential) -> Result<Option<Credential>, Error> {
        let mut current = self.current.lock().unwrap();
        if *current != *rejected {
            return Ok(Some(current.clone()));
        }
        if self.renewals.fetch_add(1, Ordering::Relaxed) > 0 {
            return Err(Error::refused("the refresh token was revoked"));
        }
        *current = Credential::new(key("token-2"), rejected.source().clone());
        Ok(Some(current.clone()))
    }
}

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

#[tokio::test]
async fn a_login_is_renewed_once_for_all_who_hold_the_old_token() {
    let first = Credential::new(key("token-1"), Source::Profile("qwen-oauth:default".into()))
        .with_base_url("https://portal.example/v1");
    let login: Arc<dyn CredentialProvider> = Arc::new(Login {
        current: Mutex::new(first.clone()),
        renewals: AtomicUsize::new(0),
    });
    assert_eq!(login.credential().await.unwrap(), first);

    let second = login.refresh(&first).await.unwrap().unwrap();
    assert_eq!(second.key().expose(), "token-2");
    assert_eq!(login.refresh(&first).await.unwrap(), Some(second.clone()));

    let error = login.refresh(&second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_key_that_was_found_becomes_a_credential_with_its_source() {
    let environment = Environment::from_pairs([("QWEN_API_KEY", "sk-1")]);
    let found = resolve(Provider::QWEN, &environment).unwrap();
    let credential = StaticCredential::new(found).credential().await.unwrap();
    assert_eq!(credential.key().expose(), "sk-1");
    assert_eq!(credential.source().to_string(), "env: QWEN_API_KEY");
    assert_eq!(credential.base_url(), None);
}
