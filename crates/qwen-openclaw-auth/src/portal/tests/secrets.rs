//! Nothing of a token, a code or a verifier is ever shown: every output of logins, refreshes and
//! failures is searched for all of them.

use std::{error::Error as _, fmt::Debug, fs, path::Path};

use qwen_openclaw_emulator::OAuthScenario;

use super::testing::*;
use crate::{CredentialProvider, CredentialStore, Error, Profile, portal::PortalCredential};

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

/// The secrets that went over the wire in requests, and those that are stored.
async fn secrets(world: &World) -> Vec<String> {
    let mut secrets = Vec::new();
    for request in world.emulator.requests() {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        for field in body.split('&') {
            let (name, value) = field.split_once('=').unwrap_or_default();
            if ["device_code", "code_verifier", "refresh_token"].contains(&name) {
                secrets.push(value.to_owned());
            }
        }
        secrets.extend(request.bearer().map(str::to_owned));
    }
    if let Ok(Some(Profile::Login(login))) = world.store.load(&world.id).await {
        secrets.push(login.access().expose().to_owned());
        secrets.extend(login.refresh_text().map(str::to_owned));
    }
    secrets
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
    let slow = |scenario: &&OAuthScenario| {
        // Those that wait for seconds say nothing that others do not.
        !["slow-down", "429", "stall"]
            .iter()
            .any(|name| scenario.name().contains(name))
    };
    let mut runs = tokio::task::JoinSet::new();
    for scenario in OAuthScenario::ALL.iter().filter(slow) {
        runs.spawn(run(*scenario));
    }
    let searched: usize = runs.join_all().await.into_iter().sum();
    assert!(
        searched > 80,
        "only {searched} secrets were there to be found"
    );
}

/// Searches a login, a refresh and a refusal under a scenario; returns how many secrets there were.
async fn run(scenario: OAuthScenario) -> usize {
    let world = World::new().await;
    let mut shown = Shown::default();
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
                }
                Err(error) => shown.error(&error),
            }
        }
        Err(error) => shown.error(&error),
    }
    // A refresh, and a refusal after it.
    world.logged_in(Left::Nothing).await;
    let credential = world.credential();
    shown.debug(&credential);
    match credential.credential().await {
        Ok(found) => {
            shown.debug(&found);
            shown.debug(&found.key().masked());
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
    let file = world.shared(&world.oauth().issue(), Left::Nothing).await;
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
    let secrets = secrets(&world).await;
    holds_none(&shown.0, &secrets, scenario.name());
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
