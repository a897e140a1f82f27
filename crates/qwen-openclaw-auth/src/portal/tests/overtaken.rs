//! Concurrent changes during a refresh.

use std::time::Duration;

use qwen_openclaw_emulator::OAuthScenario as S;
use tokio::time::timeout;

use super::testing::*;
use crate::{
    ApiKey, Credential, CredentialProvider, CredentialStore, ErrorKind, Profile, Source,
    portal::cli_lock::CliLock,
};

const STALE: Duration = Duration::from_secs(35);

#[tokio::test]
async fn a_change_to_another_field_costs_no_token() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshSlow, 1);
    let credential = world.credential();
    let change = async {
        world.requested(1).await;
        let mut login = world.stored().await;
        login.extra.set("note", "mine");
        let changed = Profile::Login(login);
        world.store.put(&world.id, &changed).await.unwrap();
    };
    let (found, ()) = fast(async { tokio::join!(credential.credential(), change) }).await;
    let stored = world.stored().await;
    assert_eq!(found.unwrap().key(), stored.access());
    assert_eq!(stored.extra.text("note"), Some("\"mine\""));
    // The next refresh sends the new token, not the used one.
    let mut expired = stored;
    expired.expires = expires(Left::Nothing);
    let expired = Profile::Login(expired);
    world.store.put(&world.id, &expired).await.unwrap();
    world.token().await;
    let stats = world.oauth().stats();
    assert_eq!((stats.refreshes, stats.reused), (2, 0));
}

#[cfg(unix)]
#[tokio::test]
async fn the_clis_lock_is_beside_the_path_that_it_knows() {
    let world = World::new().await;
    let issued = world.oauth().issue();
    let file = world.shared(&issued, Left::Nothing).await;
    let elsewhere = world.folder.path().join("dotfiles/qwen.json");
    std::fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
    std::fs::rename(file.path(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, file.path()).unwrap();
    let theirs = CliLock::acquire(file.path(), STALE).await.unwrap();
    let credential = world.credential();
    let waiting = timeout(Duration::from_secs(10), credential.credential());
    assert!(fast(waiting).await.is_err());
    assert!(world.token_requests().is_empty());
    drop(theirs);
    assert_ne!(world.token().await, issued.access);
    // The link is still there, and its target was renewed.
    let metadata = std::fs::symlink_metadata(file.path()).unwrap();
    assert!(metadata.is_symlink());
    assert_ne!(world.cli_json()["access_token"], *issued.access);
}

#[tokio::test]
async fn a_profile_bound_to_a_file_meanwhile_is_renewed_under_its_lock() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshSlowlyRefused, 1);
    let credential = world.credential();
    let waiting = timeout(Duration::from_secs(10), credential.credential());
    let bound = async {
        world.requested(1).await;
        let issued = world.oauth().issue();
        let file = world.shared(&issued, Left::Nothing).await;
        CliLock::acquire(file.path(), STALE).await.unwrap()
    };
    let (waiting, lock) = fast(async { tokio::join!(waiting, bound) }).await;
    assert!(waiting.is_err(), "{waiting:?}");
    assert_eq!(world.oauth().stats().refreshes, 0);
    drop(lock);
    world.token().await;
    assert_eq!(world.oauth().stats().refreshes, 1);
}

#[tokio::test]
async fn a_peers_login_is_renewed_when_it_is_refused_for_the_first_time() {
    let world = World::new().await;
    let first = world.logged_in(Left::Hours).await;
    world.oauth().scenario_times(S::RefreshSlow, 1);
    let credential = world.credential();
    let rejected = |token: &str| {
        let source = Source::Profile(world.id.to_string());
        Credential::new(ApiKey::parse(token).unwrap(), source)
    };
    let refused = rejected(&first.access);
    let peer_login = async {
        world.requested(1).await;
        world.logged_in(Left::Hours).await
    };
    let (found, peer) =
        fast(async { tokio::join!(credential.refresh(&refused), peer_login) }).await;
    assert_eq!(found.unwrap().unwrap().key().expose(), peer.access);
    let renewed = credential.refresh(&rejected(&peer.access)).await;
    assert_ne!(renewed.unwrap().unwrap().key().expose(), peer.access);
}

#[tokio::test]
async fn a_logout_in_another_process_ends_the_use_of_the_cached_login() {
    let world = World::new().await;
    world.logged_in(Left::Hours).await;
    let credential = world.credential();
    credential.credential().await.unwrap();
    let present = world.store.load(&world.id).await.unwrap();
    let removed = world.store.swap(&world.id, present.as_ref(), None).await;
    assert!(removed.unwrap());
    // A login that was just loaded is not loaded again.
    pass(Duration::from_millis(1100)).await;
    let error = credential.credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoProfile);
}
