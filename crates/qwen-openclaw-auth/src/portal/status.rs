//! What is known of a stored login without asking a server.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{fingerprint, login_location::LoginLocation, note::Note};
use crate::{
    error::Error,
    store::{CredentialStore, ProfileId},
};

/// Whether a stored login can be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LoginState {
    /// Its access token has not expired.
    Valid,
    /// Its access token has expired, or nobody knows when it does; the next use renews it.
    Renewable,
    /// Its access token has expired and cannot be renewed.
    Expired,
    /// The login server has refused to renew it.
    Refused,
    /// Its access token has expired, and a refresh was interrupted or is in progress, which may
    /// have used up the refresh token.
    Interrupted,
}

/// The state of a stored login.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LoginStatus {
    /// Whether it can be used.
    pub state: LoginState,
    /// When its access token expires, if known.
    pub expires: Option<SystemTime>,
}

/// Returns what is known of a login in `store`, or in the file that its profile is bound to.
///
/// Nothing is sent or changed. What a server said is known if a process with the same store asked.
///
/// # Errors
///
/// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the profile is not a login or its file
/// does not exist, [`ErrorKind::NoProfile`](crate::ErrorKind::NoProfile) when there is none, and
/// when the store or the file cannot be read.
pub async fn login_status(
    store: Arc<dyn CredentialStore>,
    id: &ProfileId,
    now: SystemTime,
) -> Result<LoginStatus, Error> {
    let note = store.note(id).await?;
    let id = id.clone();
    let login = LoginLocation::Profile { store, id }.load().await?.login;
    let noted = login.refresh_text().map(|token| {
        let print = fingerprint::of(token);
        Note::of(note.as_deref(), &print)
    });
    let state = match noted {
        Some(Note::Refused | Note::Spent) => LoginState::Refused,
        _ if now < login.expires => LoginState::Valid,
        None => LoginState::Expired,
        Some(Note::Sent) => LoginState::Interrupted,
        Some(Note::None) => LoginState::Renewable,
    };
    Ok(LoginStatus {
        state,
        expires: Some(login.expires).filter(|expires| *expires > UNIX_EPOCH),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{ApiKey, Login, MemoryStore, Profile, SecretText};

    #[tokio::test]
    async fn a_login_is_what_its_tokens_and_the_note_say() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let (soon, past) = (now + Duration::from_secs(1), now);
        let id: ProfileId = "qwen-oauth:x".parse().unwrap();
        let (sent, refused, spent) = (Note::Sent, Note::Refused, Note::Spent);
        for (expires, refresh, note, state) in [
            (soon, Some("r"), Note::None, LoginState::Valid),
            (soon, Some("r"), sent, LoginState::Valid),
            (soon, None, Note::None, LoginState::Valid),
            (past, Some("r"), Note::None, LoginState::Renewable),
            (UNIX_EPOCH, Some("r"), Note::None, LoginState::Renewable),
            (past, None, Note::None, LoginState::Expired),
            (past, Some("r"), sent, LoginState::Interrupted),
            (past, Some("r"), refused, LoginState::Refused),
            (soon, Some("r"), refused, LoginState::Refused),
            (past, Some("r"), spent, LoginState::Refused),
            // Of a login before this one.
            (past, Some("newer"), refused, LoginState::Renewable),
        ] {
            let store = MemoryStore::new();
            let access = ApiKey::parse("a").unwrap();
            let login = Login::new(access, refresh.map(SecretText::new), expires);
            store.put(&id, &Profile::Login(login)).await.unwrap();
            let lease = store.lease(&id).await.unwrap();
            let note_text = note.text(&fingerprint::of("r"));
            lease.set_note(note_text.as_deref()).unwrap();
            // The lease is not waited for.
            let status = login_status(Arc::new(store), &id, now).await.unwrap();
            assert_eq!(status.state, state, "{expires:?} {refresh:?} {note:?}");
            assert_eq!(status.expires.is_some(), expires != UNIX_EPOCH);
        }
    }
}
