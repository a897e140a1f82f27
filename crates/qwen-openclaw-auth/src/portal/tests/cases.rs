//! The twenty cases in which tokens get lost, and the eight defects observed in other clients (D3
//! is in `processes`).

use std::{
    fs, slice,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use qwen_openclaw_emulator::OAuthScenario as S;
use qwen_openclaw_http::{Body, Client, SendRequest};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::testing::*;
use crate::{
    ApiKey, Credential, CredentialProvider, CredentialStore, Error, ErrorKind, FileStore,
    MemoryStore, Profile, ProfileId, Source,
    portal::{
        CLOSURE_NOTICE, Import, Portal, PortalCredential, QwenCliFile, cli_lock::CliLock,
        fingerprint, import_qwen_cli,
    },
    store::to_millis,
};

fn rejected(token: &str) -> Credential {
    Credential::new(
        ApiKey::parse(token).unwrap(),
        Source::Profile("qwen-oauth:default".to_owned()),
    )
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Case 1: A crash between the response and saving the file is reported as such; the other crash
/// tests run in separate processes.
#[tokio::test]
async fn a_crash_between_the_response_and_the_file_is_reported() {
    let world = World::new().await;
    let issued = world.logged_in(Left::Nothing).await;
    // What a process that dies there leaves behind: the note, and a token that the server has
    // consumed.
    let lease = world.store.lease(&world.id).await.unwrap();
    let note = fingerprint::of(&issued.refresh);
    lease.set_note(Some(&note)).unwrap();
    drop(lease);
    world.oauth().scenario_times(S::RefreshRefused, 1);
    let error = world.credential().credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "the saved login qwen-oauth:default was used up by an interrupted refresh: log in again"
    );
    // The error persists for later processes until the user logs in.
    world.oauth().scenario_times(S::RefreshRefused, 1);
    let again = world.credential().credential().await.unwrap_err();
    assert_eq!(again.to_string(), error.to_string());
    world.logged_in(Left::Hours).await;
    world.token().await;
}

/// Case 1: The note names the token that was sent, so a later login is not blamed.
#[tokio::test]
async fn an_old_note_says_nothing_about_a_new_login() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    let lease = world.store.lease(&world.id).await.unwrap();
    lease.set_note(Some(&fingerprint::of("another"))).unwrap();
    drop(lease);
    world.oauth().scenario_times(S::RefreshRefused, 1);
    let error = world.credential().credential().await.unwrap_err();
    assert!(error.to_string().contains("no longer accepted"), "{error}");
}

/// Case 2.
#[tokio::test]
async fn two_processes_that_refresh_at_once_share_one_refresh() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    let (one, other) = (world.credential(), world.credential());
    let (one, other) = tokio::join!(one.credential(), other.credential());
    assert_eq!(one.unwrap(), other.unwrap());
    let stats = world.oauth().stats();
    assert_eq!((stats.refreshes, stats.refused), (1, 0));
}

/// Case 3.
#[tokio::test]
async fn a_truncated_file_is_read_again_and_then_reported() {
    let world = World::new().await;
    let issued = world.oauth().issue();
    let file = world.shared(&issued, Left::Hours).await;
    let whole = fs::read(file.path()).unwrap();
    // Another program writes in place, so the file is briefly corrupt.
    fs::write(file.path(), &whole[..whole.len() / 2]).unwrap();
    let repaired = async {
        sleep(Duration::from_millis(30)).await;
        fs::write(file.path(), &whole).unwrap();
    };
    let (login, ()) = fast(async { tokio::join!(file.read(), repaired) }).await;
    assert_eq!(login.unwrap().unwrap().access().expose(), issued.access);
    // It stays corrupt: reported with its path, and left alone.
    fs::write(file.path(), &whole[..whole.len() / 2]).unwrap();
    let error = world.credential().credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("oauth_creds.json"), "{error}");
    assert_eq!(fs::read(file.path()).unwrap(), whole[..whole.len() / 2]);
}

/// Case 4.
#[tokio::test]
async fn another_login_stored_during_a_refresh_wins() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    // During the refresh, the user logs in with another account.
    world.oauth().scenario_times(S::RefreshSlow, 1);
    let credential = world.credential();
    let other_login = async {
        world.requested(1).await;
        world.logged_in(Left::Hours).await
    };
    let (found, other) = fast(async { tokio::join!(credential.credential(), other_login) }).await;
    assert_eq!(found.unwrap().key().expose(), other.access);
    assert_eq!(world.stored().await.refresh_text(), Some(&*other.refresh));
}

/// Case 5.
#[tokio::test]
async fn a_used_refresh_token_is_never_sent_again() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    // A peer that does not know our locks spends the token and saves its own, between our request
    // and the refusal.
    world.oauth().scenario_times(S::RefreshSlowlyRefused, 1);
    let credential = world.credential();
    let peer_login = async {
        world.requested(1).await;
        world.logged_in(Left::Hours).await
    };
    let (found, peer) = fast(async { tokio::join!(credential.credential(), peer_login) }).await;
    assert_eq!(found.unwrap().key().expose(), peer.access);
    assert_eq!(world.stored().await.refresh_text(), Some(&*peer.refresh));
    // What the peer saved has expired as well: one more refresh, with its token.
    world.logged_in(Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshSlowlyRefused, 1);
    let credential = world.credential();
    let peer_login = async {
        world.requested(2).await;
        world.logged_in(Left::Nothing).await
    };
    let (found, peer) = fast(async { tokio::join!(credential.credential(), peer_login) }).await;
    assert_ne!(found.unwrap().key().expose(), peer.access);
    assert_eq!(world.oauth().stats().refreshes, 1);

    // Rejected with nothing new on disk: the token is dead and remembered, and the file stays.
    let world = World::new().await;
    let dead = world.logged_in(Left::Nothing).await;
    world.oauth().revoke(&dead.refresh);
    let credential = world.credential();
    for _ in 0..3 {
        let error = credential.credential().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("log in again"), "{error}");
    }
    assert_eq!(world.token_requests().len(), 1);
    assert_eq!(world.stored().await.refresh_text(), Some(&*dead.refresh));
}

/// Case 6.
#[cfg(unix)]
#[tokio::test]
async fn without_write_permission_no_token_is_spent() {
    let world = World::new().await;
    world.logged_in(Left::Hours).await;
    let folder = world.store.path().parent().unwrap().to_path_buf();
    set_mode(&folder, 0o500);
    // A good token is used although nothing could be saved.
    world.token().await;
    if is_root() {
        println!("half skipped: nothing is denied to root");
        return;
    }
    set_mode(&folder, 0o700);
    world.logged_in(Left::Nothing).await;
    set_mode(&folder, 0o500);
    let error = world.credential().credential().await.unwrap_err();
    set_mode(&folder, 0o700);
    assert_eq!(error.kind(), ErrorKind::Write);
    assert!(error.to_string().contains("credentials.json"), "{error}");
    assert!(world.token_requests().is_empty(), "a token was spent");
}

/// Case 7.
#[tokio::test]
async fn on_a_read_only_file_system_no_token_is_spent() {
    let world = World::new().await;
    let issued = world.oauth().issue();
    let login = Profile::Login(world.login_of(&issued, Left::Nothing));
    // A store that can be read and not written: nothing is sent that could not be kept.
    let store = Arc::new(ReadOnly(MemoryStore::new()));
    store.0.put(&world.id, &login).await.unwrap();
    let credential = PortalCredential::stored(&world.portal, store, world.id.clone());
    let error = credential.credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Write);
    assert!(world.token_requests().is_empty(), "a token was spent");
    // With an in-memory store, which is the caller's choice, it works.
    let memory = MemoryStore::new();
    memory.put(&world.id, &login).await.unwrap();
    let credential = PortalCredential::stored(&world.portal, Arc::new(memory), world.id.clone());
    credential.credential().await.unwrap();
}

/// A store on a read-only file system.
#[derive(Debug)]
struct ReadOnly(MemoryStore);

#[async_trait::async_trait]
impl CredentialStore for ReadOnly {
    async fn list(&self) -> Result<Vec<ProfileId>, Error> {
        self.0.list().await
    }
    async fn load(&self, id: &ProfileId) -> Result<Option<Profile>, Error> {
        self.0.load(id).await
    }
    async fn swap(
        &self,
        _: &ProfileId,
        _: Option<&Profile>,
        _: Option<&Profile>,
    ) -> Result<bool, Error> {
        self.check_writable().await.map(|()| false)
    }
    async fn order(&self, provider: &str) -> Result<Vec<ProfileId>, Error> {
        self.0.order(provider).await
    }
    async fn set_order(&self, _: &str, _: &[ProfileId]) -> Result<(), Error> {
        self.check_writable().await
    }
    async fn lease(&self, id: &ProfileId) -> Result<crate::Lease, Error> {
        self.0.lease(id).await
    }
    async fn check_writable(&self) -> Result<(), Error> {
        let cause = std::io::ErrorKind::ReadOnlyFilesystem.into();
        Err(Error::write("credentials.json".as_ref(), cause))
    }
}

/// Case 8.
#[tokio::test]
async fn clock_jumps_do_not_expire_a_cached_token() {
    use std::sync::atomic::AtomicU64;

    // The clock of this machine, in seconds ahead of the real one.
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let world = World::with(|builder| {
        builder
            .clock(move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::Relaxed)))
    })
    .await;
    world.logged_in(Left::Hours).await;
    let credential = world.credential();
    let before = credential.credential().await.unwrap();
    // It jumps ahead by a day: the cached token stays valid.
    ahead.store(86_400, Ordering::Relaxed);
    pass(Duration::from_millis(1100)).await;
    assert_eq!(credential.credential().await.unwrap(), before);
    assert!(world.token_requests().is_empty());
    // A process that starts now renews once, and not at each request.
    let late = world.credential();
    let renewed = late.credential().await.unwrap();
    assert_ne!(renewed, before);
    for _ in 0..3 {
        assert_eq!(late.credential().await.unwrap(), renewed);
    }
    assert_eq!(world.credential().credential().await.unwrap(), renewed);
    assert_eq!(world.oauth().stats().refreshes, 1);
    // An end in the far future proves nothing: a 401 renews all the same.
    let after = late.refresh(&rejected(renewed.key().expose())).await;
    assert_ne!(after.unwrap().unwrap(), renewed);
}

/// Case 9.
#[tokio::test]
async fn a_canceled_login_stores_nothing_and_stops_polling() {
    let world = World::new().await;
    let device = world.portal.start_login().await.unwrap();
    let code = device.user_code().unwrap().to_owned();
    let waiting = tokio::spawn(device.wait());
    fast(world.requested(3)).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert!(!world.store.path().exists(), "something was stored");
    assert!(world.oauth().approve(&code));
    // Polling has stopped.
    let polls = world.token_requests().len();
    fast(sleep(Duration::from_secs(60))).await;
    assert!(world.token_requests().len() <= polls + 1);
}

/// Case 10.
#[tokio::test]
async fn an_html_page_is_reported_and_costs_no_login() {
    for (scenario, status) in [
        (S::RefreshBadRequestPage, 400),
        (S::RefreshChallenge, 200),
        (S::RefreshGateway, 504),
    ] {
        let world = World::new().await;
        let issued = world.logged_in(Left::Nothing).await;
        world.oauth().scenario(scenario);
        let error = world.credential().credential().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Blocked, "{scenario}");
        let shown = error.to_string();
        assert!(shown.contains(&status.to_string()), "{shown}");
        assert!(shown.contains("text/html"), "{shown}");
        assert!(
            !shown.contains("robot") && !shown.contains("Gateway Time"),
            "{shown}"
        );
        assert_eq!(world.stored().await.refresh_text(), Some(&*issued.refresh));
        // It passes, and the login is as good as before.
        world.oauth().clear_scenarios();
        world.token().await;
    }
}

/// Case 11.
#[tokio::test]
async fn a_captcha_page_stops_the_login() {
    let world = World::new().await;
    world.oauth().scenario(S::DeviceChallenge);
    let error = world.portal.start_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Blocked);
    assert!(
        error.to_string().contains("open the site in a browser"),
        "{error}"
    );
    assert_eq!(world.emulator.requests().len(), 1);

    world.oauth().clear_scenarios();
    let device = world.portal.start_login().await.unwrap();
    world.oauth().scenario(S::PollChallenge);
    let error = fast(device.wait()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Blocked);
    assert_eq!(world.token_requests().len(), 2, "one retry, and no more");
}

/// Case 12.
#[tokio::test]
async fn polling_survives_network_drops() {
    let world = World::new().await;
    world.oauth().auto_approve(true);
    for scenario in [S::PollReset, S::PollGateway, S::PollReset] {
        world.oauth().scenario_times(scenario, 2);
    }
    let device = world.portal.start_login().await.unwrap();
    fast(device.wait()).await.unwrap();
    // A drop that lasts is reported with its cause.
    let device = world.portal.start_login().await.unwrap();
    world.oauth().scenario(S::PollReset);
    let error = fast(device.wait()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(std::error::Error::source(&error).is_some());
}

/// Case 12: A certificate that is not trusted is not asked about again; a connection that is not made is.
#[tokio::test(start_paused = true)]
async fn a_certificate_error_stops_the_polling() {
    for (why, polls) in [
        ("invalid peer certificate: UnknownIssuer", 1),
        ("connection refused", 9),
    ] {
        let server = Unconnected {
            why,
            asked: Arc::default(),
        };
        let http = Client::builder().sender(server.clone()).build().unwrap();
        let portal = Portal::builder().http(http).build().unwrap();
        let device = portal.start_login().await.unwrap();
        let error = device.wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{why}");
        let mut causes =
            std::iter::successors(std::error::Error::source(&error), |error| error.source());
        assert!(causes.any(|cause| cause.to_string() == why), "{error:?}");
        // One of the requests was for the code.
        assert_eq!(server.asked.load(Ordering::Relaxed) - 1, polls, "{why}");
    }
}

/// Gives a device code, and cannot be connected to after that.
#[derive(Clone, Debug)]
struct Unconnected {
    why: &'static str,
    asked: Arc<AtomicU32>,
}

#[async_trait::async_trait]
impl SendRequest for Unconnected {
    async fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, qwen_openclaw_http::Error> {
        if self.asked.fetch_add(1, Ordering::Relaxed) == 0 {
            return Ok(http::Response::new(Body::full(
                r#"{"device_code":"d","verification_uri":"https://login.example","expires_in":900}"#,
            )));
        }
        let kind = qwen_openclaw_http::ErrorKind::Network;
        Err(qwen_openclaw_http::Error::unsent(kind).with_source(self.why))
    }
}

/// Case 13.
#[cfg(unix)]
#[tokio::test]
async fn a_symlinked_file_is_replaced_at_its_target() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let (dotfiles, home) = (folder.path().join("dotfiles"), folder.path().join("home"));
    fs::create_dir(&dotfiles).unwrap();
    fs::create_dir(&home).unwrap();
    for folder in [&dotfiles, &home] {
        set_mode(folder, 0o755);
    }
    let (target, link) = (dotfiles.join("creds"), home.join("credentials.json"));
    fs::write(&target, r#"{"version":1,"profiles":{}}"#).unwrap();
    symlink(&target, &link).unwrap();
    let id: ProfileId = "qwen:a".parse().unwrap();
    let key = Profile::from(ApiKey::parse("sk-1").unwrap());

    // The target is replaced, the link stays.
    let store = FileStore::new(&link);
    store.put(&id, &key).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        FileStore::new(&target).list().await.unwrap(),
        slice::from_ref(&id)
    );
    assert_eq!(mode(&target), 0o600);

    // Not where others could put something else.
    set_mode(&dotfiles, 0o777);
    let error = store.put(&id, &key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    assert!(error.to_string().contains("others can write"), "{error}");
    assert_eq!(
        store.list().await.unwrap(),
        slice::from_ref(&id),
        "it is read still"
    );

    // Unless the link itself is to be replaced.
    let forced = FileStore::new(&link).replace_links();
    forced.put(&id, &key).await.unwrap();
    assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());

    // Dangling links, and links to something other than a file.
    for (name, to) in [
        ("nothing", "gone"),
        ("folder", "."),
        ("device", "/dev/zero"),
    ] {
        let link = home.join(name);
        symlink(to, &link).unwrap();
        let error = FileStore::new(&link).put(&id, &key).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Untrusted | ErrorKind::Read),
            "{name}: {error}"
        );
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

/// Case 14.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_read_is_reported_and_restricted() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    let path = world.store.path().to_path_buf();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    set_mode(&path, 0o644);
    world.token().await;
    assert_eq!(mode(&path), 0o600, "the refresh closes it");
    let warning = world.store.warning().unwrap();
    assert!(warning.contains("was readable by other users"), "{warning}");
    assert_eq!(world.store.warning(), None, "it is said once");

    // The Qwen Code CLI's file as well.
    let other = World::new().await;
    let file = other.shared(&other.oauth().issue(), Left::Nothing).await;
    set_mode(file.path(), 0o644);
    let warning = file.warning().unwrap();
    assert!(
        warning.contains("oauth_creds.json was readable"),
        "{warning}"
    );
    other.token().await;
    assert_eq!((file.warning(), mode(file.path())), (None, 0o600));

    if is_root() {
        // Only root can change a file's owner.
        std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
        let error = world.store.list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted);
        assert!(error.to_string().contains("another user"), "{error}");
    }
}

/// Case 15.
#[tokio::test]
async fn an_orphaned_lock_is_broken_when_it_is_stale() {
    let world = World::new().await;
    let issued = world.oauth().issue();
    let file = world.shared(&issued, Left::Nothing).await;
    let lock = file.path().with_file_name("oauth_creds.lock");
    // Its timestamp is in the future, as after setting the clock back, so its age is unknown.
    fs::write(&lock, "orphan").unwrap();
    let orphan = fs::OpenOptions::new().write(true).open(&lock).unwrap();
    orphan
        .set_modified(SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    let started = Instant::now();
    fast(world.token()).await;
    assert!(
        started.elapsed() > Duration::from_secs(35),
        "broken too early"
    );
    assert!(!lock.exists());
    // Our own lock needs no age limit: it is released when its holder dies.
    assert_eq!(fs::read_dir(lock.parent().unwrap()).unwrap().count(), 1);
}

/// Case 15: Two callers break the same orphan at once: they get the lock one after the other, and
/// no file is left behind.
#[cfg(unix)]
#[test]
fn breaking_one_orphan_at_once_leaves_one_holder() {
    const STALE: Duration = Duration::from_secs(35);
    const BREAKERS: usize = 2;

    struct Round {
        folder: tempfile::TempDir,
        holders: AtomicU32,
        taken: AtomicUsize,
    }

    let round = |number: usize| {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("oauth_creds.lock");
        // One of the CLI's, which must look old, or one of ours, whose holder is dead.
        fs::write(&lock, ["orphan", "orphan qwen-openclaw"][number % 2]).unwrap();
        let orphan = fs::OpenOptions::new().write(true).open(&lock).unwrap();
        orphan.set_modified(SystemTime::now() - 2 * STALE).unwrap();
        Arc::new(Round {
            folder,
            holders: AtomicU32::new(0),
            taken: AtomicUsize::new(0),
        })
    };
    let rounds: Vec<_> = (0..1000).map(round).collect();
    let take = async |round: Arc<Round>| {
        let file = round.folder.path().join("oauth_creds.json");
        let held = CliLock::acquire(&file, STALE).await.unwrap();
        let others = round.holders.fetch_add(1, Ordering::SeqCst);
        assert_eq!(others, 0, "two hold it");
        // Real time, in which the other thread would be seen if it got the lock as well. A longer one
        // only makes it likelier.
        sleep(Duration::from_millis(5)).await;
        round.holders.fetch_sub(1, Ordering::SeqCst);
        round.taken.fetch_add(1, Ordering::SeqCst);
        drop(held);
    };
    // One thread per caller, running many rounds at once, because they mostly wait. All rounds at
    // once would open too many files.
    for some in rounds.chunks(200) {
        let start = Barrier::new(BREAKERS);
        thread::scope(|scope| {
            for _ in 0..BREAKERS {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .build()
                        .unwrap();
                    start.wait();
                    runtime.block_on(async {
                        let mut takes = tokio::task::JoinSet::new();
                        for round in some {
                            takes.spawn(take(Arc::clone(round)));
                        }
                        takes.join_all().await;
                    });
                });
            }
        });
    }
    for round in rounds {
        assert_eq!(round.taken.load(Ordering::SeqCst), BREAKERS);
        assert_eq!(fs::read_dir(round.folder.path()).unwrap().count(), 0);
    }
}

/// Case 16.
#[tokio::test]
async fn a_refresh_response_without_some_fields_keeps_the_old_ones() {
    for scenario in [
        S::RefreshNoResource,
        S::RefreshNoRotation,
        S::RefreshEmptyToken,
    ] {
        let world = World::new().await;
        let issued = world.logged_in(Left::Nothing).await;
        world.oauth().scenario_times(scenario, 1);
        let found = world.credential().credential().await.unwrap();
        assert_eq!(found.base_url(), Some(&*issued.resource_url), "{scenario}");
        let stored = world.stored().await;
        assert_eq!(stored.resource_url(), Some(&*issued.resource_url));
        assert!(stored.is_refreshable());
        if scenario != S::RefreshNoResource {
            assert_eq!(stored.refresh_text(), Some(&*issued.refresh), "{scenario}");
        }
    }
}

/// Case 17.
#[tokio::test]
async fn a_login_response_without_a_refresh_token_is_rejected() {
    let world = World::new().await;
    world.oauth().auto_approve(true);
    world.oauth().scenario(S::PollNoRefreshToken);
    let device = world.portal.start_login().await.unwrap();
    let error = fast(device.wait()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("no refresh token"), "{error}");
}

/// Case 18.
#[tokio::test]
async fn many_callers_after_expiry_share_one_refresh() {
    let world = World::with(|builder| builder.failure_pause(Duration::from_secs(10))).await;
    let issued = world.logged_in(Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshChallenge, 1);
    let credential = world.credential();
    let storm = || async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let credential = credential.clone();
            tasks.spawn(async move { credential.credential().await });
        }
        tasks.join_all().await
    };
    // All callers share the first failure, and it is not retried at once.
    assert!(storm().await.iter().all(Result::is_err));
    assert!(storm().await.iter().all(Result::is_err));
    assert_eq!(world.token_requests().len(), 1);
    // All callers share one refresh, although the first is canceled during it.
    let credential = world.credential();
    world.oauth().scenario_times(S::RefreshSlow, 1);
    tokio::select! {
        found = credential.credential() => panic!("{found:?}"),
        () = world.requested(2) => {}
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let credential = credential.clone();
        tasks.spawn(async move { credential.credential().await.unwrap() });
    }
    let found = fast(tasks.join_all()).await;
    assert!(found.iter().all(|each| *each == found[0]));
    assert_ne!(found[0].key().expose(), issued.access);
    assert_eq!(world.oauth().stats().refreshes, 1);
}

/// Case 19.
#[tokio::test]
async fn importing_the_clis_login_never_replaces_a_newer_one() {
    let world = World::new().await;
    let first = world.oauth().issue();
    let file = world.cli_file(&first, Left::Nothing);
    let file = file.server(&world.oauth().url()).unwrap();
    let import = || async {
        import_qwen_cli(&*world.store, &world.id, &file)
            .await
            .unwrap()
    };
    assert_eq!(import().await, Import::Imported);
    // The copy is renewed; the file still has the used token.
    let renewed = world.token().await;
    assert_eq!(import().await, Import::Unchanged);
    assert_eq!(world.token().await, renewed);
    // An older file is restored from somewhere, with a token never seen before.
    let older = world.oauth().issue();
    world.cli_file(&older, Left::Nothing);
    assert_eq!(import().await, Import::Kept);
    assert_eq!(world.token().await, renewed);
    // The CLI has logged in again: that is newer.
    let newer = world.oauth().issue();
    let text = cli_text(
        &newer.access,
        &newer.refresh,
        Left::Hours,
        &newer.resource_url,
    );
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let later = SystemTime::now() + Duration::from_secs(7 * 3600);
    value["expiry_date"] = to_millis(later).into();
    fs::write(file.path(), value.to_string()).unwrap();
    // Not for a login at another server, or over a login made here.
    let elsewhere = QwenCliFile::new(file.path());
    let import_elsewhere = import_qwen_cli(&*world.store, &world.id, &elsewhere).await;
    assert_eq!(import_elsewhere.unwrap(), Import::Kept);
    let imported = world.stored().await;
    let own = world.logged_in(Left::Nothing).await;
    assert_eq!(import().await, Import::Kept);
    assert_eq!(world.stored().await.refresh_text(), Some(&*own.refresh));
    let profile = Profile::Login(imported);
    world.store.put(&world.id, &profile).await.unwrap();
    assert_eq!(import().await, Import::Imported);
    assert_eq!(world.token().await, newer.access);
}

/// Case 20.
#[tokio::test]
async fn a_second_rejection_is_final_and_names_the_shutdown() {
    assert!(CLOSURE_NOTICE.contains("2026-04-15"));
    let world = World::new().await;
    let issued = world.logged_in(Left::Hours).await;
    let credential = world.credential();
    // The first 401 renews, once.
    let renewed = credential.refresh(&rejected(&issued.access)).await;
    let renewed = renewed.unwrap().unwrap();
    assert_eq!(world.oauth().stats().refreshes, 1);
    // The second is final, and stays so.
    for _ in 0..3 {
        let error = credential.refresh(&renewed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(
            error
                .to_string()
                .contains("discontinued by Qwen on 2026-04-15"),
            "{error}"
        );
    }
    assert_eq!(world.oauth().stats().refreshes, 1);
}

/// Case 20: An exhausted quota never invalidates the token, however often it is reported.
#[tokio::test]
async fn an_exhausted_quota_is_not_the_tokens_fault() {
    for (scenario, status) in [(S::ApiQuota, 429), (S::ApiForbiddenQuota, 403)] {
        let world = World::new().await;
        let issued = world.logged_in(Left::Hours).await;
        let before = fs::read(world.store.path()).unwrap();
        world.oauth().scenario(scenario);
        let credential = world.credential();
        let http = Client::builder().build().unwrap();
        for _ in 0..3 {
            let found = credential.credential().await.unwrap();
            assert_eq!(found.key().expose(), issued.access);
            let models = http.get(format!("{}/models", found.base_url().unwrap()));
            let models = models.bearer(found.key().expose()).unwrap();
            let error = http.send(models).await.unwrap_err();
            assert_eq!(error.status(), Some(status));
            assert_eq!(error.code(), Some("insufficient_quota"));
        }
        assert!(world.token_requests().is_empty());
        assert_eq!(fs::read(world.store.path()).unwrap(), before);
    }
}

/// D1: the refresh token that is kept is the one read under the lock, not one from before.
#[tokio::test]
async fn d1_a_token_captured_before_the_lock_is_not_written_back() {
    let world = World::new().await;
    let first = world.oauth().issue();
    let file = world.shared(&first, Left::Nothing).await;
    let lock = file.path().with_file_name("oauth_creds.lock");
    fs::write(&lock, "a peer").unwrap();
    world.oauth().scenario_times(S::RefreshNoRotation, 1);
    let credential = world.credential();
    let peer = world.oauth().issue();
    let peer_saves = async {
        // The peer saves another refresh token while we wait, expired as well. Our lock is taken
        // right before waiting for the CLI's.
        let lease = "credentials.json.lease=qwen-oauth=default";
        while !world.store.path().with_file_name(lease).exists() {
            tokio::task::yield_now().await;
        }
        world.cli_file(&peer, Left::Nothing);
        fs::remove_file(&lock).unwrap();
    };
    let (found, ()) = fast(async { tokio::join!(credential.credential(), peer_saves) }).await;
    found.unwrap();
    assert_eq!(world.cli_json()["refresh_token"], peer.refresh);
    assert_ne!(world.cli_json()["access_token"], peer.access);
    assert_eq!(world.cli_json()["kept"]["by"], "somebody");
}

/// D2: a response without resource_url does not erase it.
#[tokio::test]
async fn d2_resource_url_survives_a_refresh() {
    let world = World::new().await;
    let issued = world.oauth().issue();
    world.shared(&issued, Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshNoResource, 1);
    let found = world.credential().credential().await.unwrap();
    assert_eq!(found.base_url(), Some(&*issued.resource_url));
    assert_eq!(world.cli_json()["resource_url"], issued.resource_url);
}

/// D4: after a 401, a token that a peer has stored meanwhile is adopted.
#[tokio::test]
async fn d4_a_forced_refresh_adopts_what_a_peer_has_stored() {
    let world = World::new().await;
    let old = world.logged_in(Left::Hours).await;
    let credential = world.credential();
    credential.credential().await.unwrap();
    let peer = world.logged_in(Left::Hours).await;
    let found = credential.refresh(&rejected(&old.access)).await.unwrap();
    assert_eq!(found.unwrap().key().expose(), peer.access);
    assert!(world.token_requests().is_empty(), "a second rotation");
}

/// D5: an older file never replaces a newer token.
#[tokio::test]
async fn d5_an_expired_copy_is_not_overwritten_by_an_older_file() {
    let world = World::new().await;
    let stored = world.oauth().issue();
    let mut login = world.login_of(&stored, Left::Nothing);
    let profile = Profile::Login(login.clone());
    world.store.put(&world.id, &profile).await.unwrap();
    // The file's token expires before the stored one, which has expired as well.
    login.expires = SystemTime::now() - Duration::from_secs(3600);
    let spent = world.oauth().issue();
    let file = world.cli_file(&spent, Left::Nothing);
    let text = fs::read_to_string(file.path()).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["expiry_date"] = to_millis(login.expires).into();
    fs::write(file.path(), value.to_string()).unwrap();
    let import = import_qwen_cli(&*world.store, &world.id, &file).await;
    assert_eq!(import.unwrap(), Import::Kept);
    assert_eq!(world.stored().await.refresh_text(), Some(&*stored.refresh));
}

/// D6: a response without expires_in leaves a usable file.
#[tokio::test]
async fn d6_a_missing_lifetime_is_saved_as_a_date() {
    for scenario in [
        S::RefreshExpiresMissing,
        S::RefreshExpiresZero,
        S::RefreshExpiresText,
    ] {
        let world = World::new().await;
        let issued = world.oauth().issue();
        world.shared(&issued, Left::Nothing).await;
        world.oauth().scenario_times(scenario, 1);
        let first = world.token().await;
        let date = world.cli_json()["expiry_date"].as_u64().unwrap();
        assert!(date > to_millis(SystemTime::now()), "{scenario}");
        assert_eq!(
            world.token().await,
            first,
            "{scenario}: it was renewed again"
        );
    }
}

/// D7: a file replaced by one with an older timestamp is noticed.
#[tokio::test]
async fn d7_a_file_with_an_older_timestamp_is_noticed() {
    let world = World::new().await;
    let first = world.oauth().issue();
    let file = world.shared(&first, Left::Hours).await;
    let credential = world.credential();
    credential.credential().await.unwrap();
    let other = world.oauth().issue();
    world.cli_file(&other, Left::Hours);
    let restored = fs::OpenOptions::new()
        .write(true)
        .open(file.path())
        .unwrap();
    restored
        .set_modified(SystemTime::now() - Duration::from_secs(86_400))
        .unwrap();
    pass(Duration::from_millis(1100)).await;
    let found = credential.credential().await.unwrap();
    assert_eq!(found.key().expose(), other.access);
}

/// D8: truncated JSON is an error that names the file, and never starts a login.
#[tokio::test]
async fn d8_truncated_json_is_reported() {
    let world = World::new().await;
    let file = QwenCliFile::new(world.cli_path());
    fs::create_dir_all(file.path().parent().unwrap()).unwrap();
    fs::write(file.path(), "{\"access_token\":\"secret").unwrap();
    let portal: &Portal = &world.portal;
    let error = PortalCredential::read_only(portal, file)
        .credential()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("oauth_creds.json"), "{error}");
    assert!(world.emulator.requests().is_empty());
    assert!(world.cli_path().exists());
}
