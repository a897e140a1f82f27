//! Shared helpers for the portal's tests: a login server, a folder, a login.

use std::{
    fs,
    future::poll_fn,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, SystemTime},
};

use qwen_openclaw_catalog::Provider;
use qwen_openclaw_emulator::{CapturedRequest, Emulator, IssuedLogin, OAuth};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    ApiKey, CredentialProvider, CredentialStore, FileStore, Login, Profile, ProfileId, SecretText,
    portal::{Portal, PortalBuilder, PortalCredential, QwenCliFile},
    store::to_millis,
};

/// A login server, and a folder with a store.
pub(super) struct World {
    pub(super) emulator: Emulator,
    pub(super) folder: TempDir,
    pub(super) store: Arc<FileStore>,
    pub(super) portal: Portal,
    pub(super) id: ProfileId,
}

/// How much of its lifetime a token has left.
#[derive(Clone, Copy)]
pub(super) enum Left {
    Hours,
    Nothing,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(super) async fn with(set_up: impl FnOnce(PortalBuilder) -> PortalBuilder) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path().join("state/credentials.json"));
        let builder = Portal::builder()
            .server(emulator.oauth().url())
            .failure_pause(Duration::ZERO);
        Self {
            portal: set_up(builder).build().unwrap(),
            store: Arc::new(store),
            id: ProfileId::default_of(&Provider::QWEN_OAUTH),
            emulator,
            folder,
        }
    }

    pub(super) fn oauth(&self) -> OAuth<'_> {
        self.emulator.oauth()
    }

    /// Stores a login that the server has issued.
    pub(super) async fn logged_in(&self, left: Left) -> IssuedLogin {
        let issued = self.oauth().issue();
        let profile = Profile::Login(self.login_of(&issued, left));
        self.store.put(&self.id, &profile).await.unwrap();
        issued
    }

    pub(super) fn login_of(&self, issued: &IssuedLogin, left: Left) -> Login {
        let mut login = login(&issued.access, &issued.refresh, left);
        login.resource_url = Some(issued.resource_url.clone());
        login.server = Some(self.oauth().url());
        login
    }

    /// Returns the credential of a freshly started process.
    pub(super) fn credential(&self) -> PortalCredential {
        PortalCredential::stored(&self.portal, self.store.clone(), self.id.clone())
    }

    /// Returns the token that a fresh process would send.
    pub(super) async fn token(&self) -> String {
        let credential = self.credential().credential().await.unwrap();
        credential.key().expose().to_owned()
    }

    pub(super) async fn stored(&self) -> Login {
        match self.store.load(&self.id).await.unwrap() {
            Some(Profile::Login(login)) => login,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the requests to the token endpoint so far.
    pub(super) fn token_requests(&self) -> Vec<CapturedRequest> {
        let requests = self.emulator.requests().into_iter();
        requests
            .filter(|request| request.path().ends_with("/token"))
            .collect()
    }

    /// Waits until that many requests have reached the token endpoint.
    pub(super) async fn requested(&self, count: usize) {
        while self.token_requests().len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// Writes the Qwen Code CLI's file as that program does, and binds the profile to it.
    pub(super) async fn shared(&self, issued: &IssuedLogin, left: Left) -> QwenCliFile {
        let file = self.cli_file(issued, left);
        let profile = Profile::QwenCli {
            path: file.path().to_path_buf(),
            server: Some(self.oauth().url()),
        };
        self.store.put(&self.id, &profile).await.unwrap();
        file
    }

    pub(super) fn cli_file(&self, issued: &IssuedLogin, left: Left) -> QwenCliFile {
        let path = self.cli_path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = cli_text(&issued.access, &issued.refresh, left, &issued.resource_url);
        fs::write(&path, text).unwrap();
        QwenCliFile::new(path)
    }

    pub(super) fn cli_path(&self) -> PathBuf {
        self.folder.path().join("home/.qwen/oauth_creds.json")
    }

    pub(super) fn cli_json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.cli_path()).unwrap()).unwrap()
    }
}

/// Moves tokio's clock forward. It keeps running, because a paused one would jump to the next
/// timeout while a request is on its way over the loopback socket.
pub(super) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Runs `work` on a fast clock: whatever waits for a delay does not keep the test waiting. The
/// steps are small, so that requests are answered long before they time out.
pub(super) async fn fast<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        let polled = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
        if let Poll::Ready(done) = polled {
            return done;
        }
        pass(Duration::from_millis(50)).await;
    }
}

pub(super) fn login(access: &str, refresh: &str, left: Left) -> Login {
    Login::new(
        ApiKey::parse(access).unwrap(),
        Some(SecretText::new(refresh)),
        expires(left),
    )
}

pub(super) fn expires(left: Left) -> SystemTime {
    let now = SystemTime::now();
    match left {
        Left::Hours => now + Duration::from_secs(6 * 3600),
        Left::Nothing => now - Duration::from_secs(60),
    }
}

pub(super) fn cli_text(access: &str, refresh: &str, left: Left, resource_url: &str) -> String {
    let value = json!({
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "Bearer",
        "resource_url": resource_url,
        "expiry_date": to_millis(expires(left)),
        "kept": {"by": "somebody"},
    });
    serde_json::to_string_pretty(&value).unwrap()
}
