//! Nothing of a token, a code or a verifier is ever shown: every output of logins, refreshes and
//! failures is searched for all of them.

use std::{collections::BTreeSet, error::Error as _, fmt::Debug, fs, path::Path, sync::Arc};

use bytes::Bytes;
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_emulator::{IssuedLogin, OAuthScenario};
use qwen_openclaw_http::{Body, Client, SendRequest};

use super::testing::*;
use crate::{
    CredentialProvider, CredentialStore, Error, MemoryStore, Profile, ProfileId,
    portal::{Portal, PortalCredential},
};

/// Says what it was told: each secret of a form as error code, as message and as id.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Json,
    Page,
}

#[async_trait::async_trait]
impl SendRequest for Echo {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, qwen_openclaw_http::Error> {
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        let value_of = |name: &str| {
            let mut fields = form.split('&').filter_map(|field| field.split_once('='));
            fields.find_map(|(found, value)| (found == name).then(|| value.to_owned()))
        };
        let response = http::Response::builder();
        if request.uri().path().ends_with("/device/code") {
            let body =
                r#"{"device_code":"dEvIcE-0123456789","verification_uri":"https://login.example"}"#;
            return Ok(response.body(Body::full(body)).unwrap());
        }
        let token = value_of("refresh_token")
            .or(value_of("code_verifier"))
            .unwrap();
        let response = response.status(403).header("x-request-id", token.as_str());
        Ok(match self {
            Self::Json => {
                let body = format!(r#"{{"error":"{token}","error_description":"{token}"}}"#);
                response.body(Body::full(body)).unwrap()
            }
            Self::Page => {
                let response = response.header("content-type", format!("text/{token}"));
                response.body(Body::full("<html>")).unwrap()
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_repeats_a_token_as_its_error_code_shows_none() {
    const TOKEN: &str = "rEfReSh-0123456789";
    for echo in [Echo::Json, Echo::Page] {
        let http = Client::builder().sender(echo).build().unwrap();
        let portal = Portal::builder().http(http).build().unwrap();
        let store = MemoryStore::default();
        let id = ProfileId::default_of(&Provider::QWEN_OAUTH);
        let profile = Profile::Login(login("access-0123456789", TOKEN, Left::Nothing));
        store.put(&id, &profile).await.unwrap();
        let credential = PortalCredential::stored(&portal, Arc::new(store), id);
        let mut shown = Shown::default();
        shown.error(&credential.credential().await.unwrap_err());
        let device = portal.start_login().await.unwrap();
        shown.error(&device.wait().await.unwrap_err());
        let shown = shown.0.to_ascii_lowercase();
        assert!(
            shown.contains("[unreadable]") || shown.contains("[key]"),
            "{shown}"
        );
        assert!(!shown.contains("0123456789"), "{shown}");
        // The verifier is made up for each login.
        for word in shown.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_') {
            assert!(word.len() < 40, "{word}: {shown}");
        }
    }
}

/// Everything that could be printed.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        self.0.push_str(&format!("{value:?}\n{value:#?}\n"));
    }

    fn error(&mut self, error: &Error) {
        self.debug(error);
        self.0.push_str(&format!("{error}\n"));
        let mut cause = error.source();
        while let Some(error) = cause {
            self.0.push_str(&format!("{error} {error:?}\n"));
            cause = error.source();
        }
    }
}

/// What there was to be shown so far.
#[derive(Default)]
struct Secrets {
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    /// Device codes and verifiers.
    others: BTreeSet<String>,
}

impl Secrets {
    fn issued(&mut self, issued: &IssuedLogin) {
        self.access.insert(issued.access.clone());
        self.refresh.insert(issued.refresh.clone());
    }

    /// What is stored now, before something else is.
    async fn stored(&mut self, world: &World) {
        if let Ok(Some(Profile::Login(login))) = world.store.load(&world.id).await {
            self.access.insert(login.access().expose().to_owned());
            self.refresh.extend(login.refresh_text().map(str::to_owned));
        }
    }

    /// What went over the wire in requests.
    fn sent(&mut self, world: &World) {
        for request in world.emulator.requests() {
            let body = String::from_utf8(request.body().to_vec()).unwrap();
            for field in body.split('&') {
                let (name, value) = field.split_once('=').unwrap_or_default();
                match name {
                    "refresh_token" => self.refresh.insert(value.to_owned()),
                    "device_code" | "code_verifier" => self.others.insert(value.to_owned()),
                    _ => continue,
                };
            }
            self.access.extend(request.bearer().map(str::to_owned));
        }
    }

    fn all(&self) -> Vec<String> {
        let all = self.access.iter().chain(&self.refresh).chain(&self.others);
        all.cloned().collect()
    }
}

#[track_caller]
fn holds_none(shown: &str, secrets: &[String], what: &str) {
    for secret in secrets {
        // Not even a part that would help.
        let tail = &secret[secret.len().saturating_sub(10)..];
        assert!(!shown.contains(tail), "{what}: {shown}");
    }
}

#[tokio::test]
async fn no_output_of_any_run_holds_a_secret() {
    let mut runs = tokio::task::JoinSet::new();
    for scenario in OAuthScenario::ALL {
        runs.spawn(run(*scenario));
    }
    let searched: usize = fast(runs.join_all()).await.into_iter().sum();
    assert!(
        searched > 200,
        "only {searched} secrets were there to be found"
    );
}

/// Searches a login, a refresh and a refusal under a scenario; returns how many secrets there were.
async fn run(scenario: OAuthScenario) -> usize {
    let world = World::new().await;
    let (mut shown, mut secrets) = (Shown::default(), Secrets::default());
    world.oauth().auto_approve(true);
    world.oauth().scenario_times(scenario, 3);
    shown.debug(&world.portal);
    shown.debug(&world.store);
    // A login.
    match world.portal.start_login().await {
        Ok(device) => {
            shown.debug(&device);
            match device.wait().await {
                Ok(login) => {
                    shown.debug(&login);
                    let profile = Profile::Login(login);
                    shown.debug(&profile);
                    world.store.put(&world.id, &profile).await.unwrap();
                    secrets.stored(&world).await;
                }
                Err(error) => shown.error(&error),
            }
        }
        Err(error) => shown.error(&error),
    }
    // A refresh, and a refusal after it.
    secrets.issued(&world.logged_in(Left::Nothing).await);
    let credential = world.credential();
    shown.debug(&credential);
    match credential.credential().await {
        Ok(found) => {
            shown.debug(&found);
            shown.debug(&found.key().masked());
            let http = qwen_openclaw_http::Client::builder().build().unwrap();
            let models = format!("{}/models", found.base_url().unwrap());
            let models = http.get(models).bearer(found.key().expose()).unwrap();
            if let Err(error) = http.send(models).await {
                shown.debug(&error);
            }
            for _ in 0..2 {
                match credential.refresh(&found).await {
                    Ok(found) => shown.debug(&found),
                    Err(error) => shown.error(&error),
                }
            }
        }
        Err(error) => shown.error(&error),
    }
    // The CLI's file, whole and broken.
    secrets.stored(&world).await;
    let issued = world.oauth().issue();
    secrets.issued(&issued);
    let file = world.shared(&issued, Left::Nothing).await;
    let whole = fs::read_to_string(file.path()).unwrap();
    let read_only = PortalCredential::read_only(&world.portal, file.clone());
    shown.debug(&file);
    shown.debug(&read_only);
    for cut in [whole.len(), whole.len() - 20, 60] {
        fs::write(file.path(), &whole[..cut]).unwrap();
        match read_only.credential().await {
            Ok(found) => shown.debug(&found),
            Err(error) => shown.error(&error),
        }
    }
    secrets.sent(&world);
    let name = scenario.name();
    // At the least those of the two logins that every run is given.
    assert!(secrets.access.len() >= 2, "{name}: {:?}", secrets.access);
    assert!(secrets.refresh.len() >= 2, "{name}: {:?}", secrets.refresh);
    let secrets = secrets.all();
    holds_none(&shown.0, &secrets, name);
    // Beside the file itself, nothing on the disk holds one either.
    let folder = world.store.path().parent().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path != Path::new(world.store.path()) {
            let text = fs::read_to_string(&path).unwrap();
            holds_none(&text, &secrets, &path.display().to_string());
        }
    }
    secrets.len()
}
