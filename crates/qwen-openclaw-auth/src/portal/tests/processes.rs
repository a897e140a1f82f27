//! Several processes sharing one login, each a child of this test program.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use qwen_openclaw_emulator::OAuthScenario as S;

use super::testing::*;
use crate::{
    Credential, CredentialProvider, CredentialStore, FileStore, Profile, fault,
    portal::{Portal, PortalCredential},
};

/// The environment variables that control a child.
const STORE: &str = "QWEN_OPENCLAW_TEST_STORE";
const ROUNDS: &str = "QWEN_OPENCLAW_TEST_ROUNDS";
const DIE_AT: &str = "QWEN_OPENCLAW_TEST_DIE_AT";
const PASSED: &str = "QWEN_OPENCLAW_TEST_PASSED";

/// Not a test of its own: the body of a child process. It does nothing unless it is told to.
///
/// It asks for the credential and, for each round, for another one after a refusal. It prints the
/// last token, or the error.
#[test]
fn child() {
    let (Ok(store), Ok(rounds)) = (env::var(STORE), env::var(ROUNDS)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(async {
        #[cfg(unix)]
        exit_when_interrupted();
        rounds_of(Path::new(&store), rounds.parse().unwrap()).await
    });
    let line = match result {
        Ok(credential) => format!("token {}", credential.key().expose()),
        Err(error) => format!("error {error}"),
    };
    fs::write(result_file(Path::new(&store)), line).unwrap();
}

/// Exits at an interrupt, also where the test program was started in the background: a shell has it
/// ignore interrupts then, and children inherit that.
#[cfg(unix)]
fn exit_when_interrupted() {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    tokio::spawn(async move {
        interrupt.recv().await;
        std::process::exit(130);
    });
}

async fn rounds_of(store: &Path, rounds: u32) -> Result<Credential, crate::Error> {
    let portal = Portal::builder()
        .second_refusal(Duration::ZERO)
        .failure_pause(Duration::ZERO)
        .build()?;
    let store = Arc::new(FileStore::new(store));
    let id = "qwen-oauth:default".parse()?;
    let credential = PortalCredential::stored(&portal, store, id);
    let mut found = credential.credential().await?;
    for _ in 0..rounds {
        if let Some(other) = credential.refresh(&found).await? {
            found = other;
        }
        // Without a pause, this process would take the lock again before another could. Nothing
        // depends on its length.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(found)
}

fn result_file(store: &Path) -> std::path::PathBuf {
    store.with_file_name(format!("result-{}", std::process::id()))
}

fn spawn(world: &World, rounds: u32, die_at: Option<&str>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "portal::tests::processes::child", "--nocapture"])
        .env(STORE, world.store.path())
        .env(ROUNDS, rounds.to_string())
        .env(PASSED, world.folder.path())
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(point) = die_at {
        command.env(DIE_AT, point);
    }
    command.spawn().unwrap()
}

/// Waits for a child, and returns its result; `None` if it died.
async fn ended(world: &World, child: Child) -> Option<String> {
    let id = child.id();
    let output: Output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
        .await
        .unwrap();
    let file = world.store.path().with_file_name(format!("result-{id}"));
    let result = fs::read_to_string(&file).ok();
    assert_eq!(result.is_some(), output.status.success(), "{output:?}");
    if result.is_some() {
        fs::remove_file(file).unwrap();
    }
    result
}

/// Returns how often a child has passed a point.
fn passed(world: &World, child: u32, point: &str) -> usize {
    let path = world.folder.path().join(format!("passed-{child}"));
    let points = fs::read_to_string(path).unwrap_or_default();
    points.lines().filter(|line| *line == point).count()
}

/// Waits until a child has passed a point.
async fn reached(world: &World, child: &mut Child, point: &str) {
    while passed(world, child.id(), point) == 0 {
        let status = child.try_wait().unwrap();
        assert_eq!(status, None, "it ended before `{point}`");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_and_a_thousand_rotations() {
    const PROCESSES: u32 = 8;
    const ROTATIONS: u64 = 1000;

    let world = World::new().await;
    world.logged_in(Left::Hours).await;
    // Repeated until there are enough: a process that is late for a rotation adopts it, so there
    // are more rounds than rotations.
    let mut rotations = 0;
    while rotations < ROTATIONS {
        let left = u32::try_from(ROTATIONS - rotations).unwrap();
        let children: Vec<Child> = (0..PROCESSES)
            .map(|_| spawn(&world, left.div_ceil(4).max(20), None))
            .collect();
        for child in children {
            let result = ended(&world, child).await.unwrap();
            assert!(result.starts_with("token "), "{result}");
        }
        rotations = world.oauth().stats().refreshes;
    }
    let stats = world.oauth().stats();
    assert_eq!((stats.refused, stats.reused), (0, 0), "{stats:?}");
    // One request and one generation per rotation.
    let requests = u64::try_from(world.token_requests().len()).unwrap();
    assert_eq!(requests, stats.refreshes);
    assert_eq!(world.stored().await.generation(), stats.refreshes);
    assert!(
        world
            .oauth()
            .is_good(world.stored().await.access().expose())
    );
}

/// D3: an exiting process removes no lock but its own.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_a_lock_that_was_never_held_is_not_removed() {
    use rustix::process::{Pid, Signal, kill_process};

    for signal in [Signal::INT, Signal::TERM] {
        let world = World::new().await;
        let issued = world.oauth().issue();
        let file = world.shared(&issued, Left::Nothing).await;
        let lock = file.path().with_file_name("oauth_creds.lock");
        fs::write(&lock, "a peer").unwrap();
        let mut child = spawn(&world, 0, None);
        reached(&world, &mut child, "cli-lock-busy").await;
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert!(ended(&world, child).await.is_none());
        assert_eq!(fs::read_to_string(&lock).unwrap(), "a peer");
    }
}

/// Case 1: between the server's response and the rename, the new token is stored nowhere.
const LOSING: [&str; 3] = ["answered", "temporary-file", "synced"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_at_named_points() {
    let world = World::new().await;
    let mut lost = 0;
    for number in 0..50 {
        let point = fault::REFRESH_POINTS[number % fault::REFRESH_POINTS.len()];
        world.logged_in(Left::Nothing).await;
        let before = world.oauth().stats();
        let killed = ended(&world, spawn(&world, 0, Some(point))).await;
        assert_eq!(killed, None, "{point} was not passed");
        let next = ended(&world, spawn(&world, 0, None)).await.unwrap();
        let after = world.oauth().stats();
        if LOSING.contains(&point) {
            lost += 1;
            assert_eq!(
                next,
                "error the saved login qwen-oauth:default was used up by an interrupted refresh: \
                 log in again",
                "{point}"
            );
            continue;
        }
        let token = next
            .strip_prefix("token ")
            .unwrap_or_else(|| panic!("{point}: {next}"));
        assert!(world.oauth().is_good(token), "{point}");
        assert_eq!(after.refreshes, before.refreshes + 1, "{point}");
        assert_eq!(after.refused, before.refused, "{point}");
    }
    // Eleven points in rotation: the last round stops at the first of the three.
    assert_eq!(lost, 13);
    // What the killed processes left next to the file blocks no one.
    world.logged_in(Left::Nothing).await;
    world.token().await;
}

/// The same with the Qwen Code CLI's file. Locks left by killed processes need no waiting, because
/// the operating system reports that their holder is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_every_point_leave_the_clis_file_whole_and_free() {
    let world = World::new().await;
    for point in fault::REFRESH_POINTS {
        let issued = world.oauth().issue();
        let file = world.shared(&issued, Left::Nothing).await;
        let before = world.oauth().stats();
        let killed = ended(&world, spawn(&world, 0, Some(point))).await;
        assert_eq!(killed, None, "{point} was not passed");
        assert_eq!(world.cli_json()["kept"]["by"], "somebody", "{point}");
        // One extra refresh, so that the lock is needed at every point.
        let next = spawn(&world, 1, None);
        let id = next.id();
        let next = ended(&world, next).await.unwrap();
        assert_eq!(passed(&world, id, "lock-busy"), 0, "{point}");
        assert_eq!(passed(&world, id, "cli-lock-busy"), 0, "{point}");
        assert!(passed(&world, id, "leased") > 0, "{point}");
        let (expect, expected) = if LOSING.contains(point) {
            ("error the saved login", 1)
        } else {
            ("token ", 2)
        };
        assert!(next.starts_with(expect), "{point}: {next}");
        let refreshes = world.oauth().stats().refreshes - before.refreshes;
        assert_eq!(refreshes, expected, "{point}");
        let lock = file.path().with_file_name("oauth_creds.lock");
        assert!(!lock.exists(), "{point}");
    }
}

/// When the holder of our lock dies, a waiting process takes over at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_holder_of_our_lock_is_noticed_at_once() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshStall, 1);
    let mut holder = spawn(&world, 0, None);
    world.requested(1).await;
    let mut waiter = spawn(&world, 0, None);
    reached(&world, &mut waiter, "lock-busy").await;
    holder.kill().unwrap();
    holder.wait().unwrap();
    let id = waiter.id();
    let before = passed(&world, id, "lock-busy");
    let result = ended(&world, waiter).await.unwrap();
    assert!(result.starts_with("token "), "{result}");
    // It may have looked just before, and noted that afterwards.
    let after = passed(&world, id, "lock-busy");
    assert!(after <= before + 1, "it waited for a dead process");
}

/// A stand-in for the Qwen Code CLI, which knows only its own lock, renews the same file alongside
/// two of our processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_discipline_of_the_cli_holds_both_ways() {
    const ROUNDS: u32 = 60;

    let world = World::new().await;
    let issued = world.oauth().issue();
    world.shared(&issued, Left::Hours).await;
    let ours: Vec<Child> = (0..2).map(|_| spawn(&world, ROUNDS, None)).collect();
    let stand_in = cli::StandIn::new(&world);
    for _ in 0..ROUNDS {
        stand_in.force_refresh().await;
    }
    for child in ours {
        let result = ended(&world, child).await.unwrap();
        assert!(result.starts_with("token "), "{result}");
    }
    let stats = world.oauth().stats();
    assert_eq!((stats.refused, stats.reused), (0, 0), "{stats:?}");
    assert!(stats.refreshes >= u64::from(ROUNDS), "{stats:?}");
    let json = world.cli_json();
    assert_eq!(json["kept"]["by"], "somebody");
    assert!(
        world
            .oauth()
            .is_good(json["access_token"].as_str().unwrap())
    );
    // Neither left a lock or a temporary file, and the profile is still bound.
    let folder = world.cli_path().parent().unwrap().to_path_buf();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    let profile = world.store.load(&world.id).await.unwrap();
    assert!(matches!(profile, Some(Profile::QwenCli { .. })));
}

/// The Qwen Code CLI's locking, as far as it is known.
mod cli {
    use std::{
        fs::{self, OpenOptions},
        io::{ErrorKind, Write},
        path::PathBuf,
        time::{Duration, SystemTime},
    };

    use qwen_openclaw_http::Client;
    use serde_json::Value;

    use super::World;
    use crate::{
        portal::{CLIENT_ID, device::random_uuid},
        store::to_millis,
    };

    pub(super) struct StandIn {
        folder: PathBuf,
        token_url: String,
        http: Client,
    }

    impl StandIn {
        pub(super) fn new(world: &World) -> Self {
            Self {
                folder: world.cli_path().parent().unwrap().to_path_buf(),
                token_url: format!("{}/api/v1/oauth2/token", world.oauth().url()),
                http: Client::builder().build().unwrap(),
            }
        }

        /// Locks, reads again, renews, writes, and unlocks without checking who owns the lock.
        pub(super) async fn force_refresh(&self) {
            self.lock().await;
            let path = self.folder.join("oauth_creds.json");
            let mut credentials: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let request = self.http.post(&self.token_url).form(&[
                ("grant_type", "refresh_token"),
                (
                    "refresh_token",
                    credentials["refresh_token"].as_str().unwrap(),
                ),
                ("client_id", CLIENT_ID),
            ]);
            let answer: Value = self.http.json(request).await.unwrap();
            credentials["access_token"] = answer["access_token"].clone();
            credentials["refresh_token"] = answer["refresh_token"].clone();
            let life = answer["expires_in"].as_u64().unwrap() * 1000;
            credentials["expiry_date"] = (to_millis(SystemTime::now()) + life).into();
            let temporary = self
                .folder
                .join(format!("oauth_creds.json.{}.tmp", random_uuid().unwrap()));
            fs::write(
                &temporary,
                serde_json::to_string_pretty(&credentials).unwrap(),
            )
            .unwrap();
            fs::rename(&temporary, &path).unwrap();
            fs::remove_file(self.folder.join("oauth_creds.lock")).unwrap();
        }

        /// Renames a lock that has not been touched for ten seconds, as versions up to 0.15 do.
        fn break_stale(&self) {
            let path = self.folder.join("oauth_creds.lock");
            let Ok(modified) = fs::metadata(&path).and_then(|metadata| metadata.modified()) else {
                return;
            };
            let age = SystemTime::now().duration_since(modified);
            if age.is_ok_and(|age| age > Duration::from_secs(10)) {
                let name = format!("oauth_creds.lock.stale.{}", random_uuid().unwrap());
                let aside = self.folder.join(name);
                if fs::rename(&path, &aside).is_ok() {
                    fs::remove_file(&aside).unwrap();
                }
            }
        }

        async fn lock(&self) {
            let path = self.folder.join("oauth_creds.lock");
            // The CLI polls more slowly; a faster pace makes for a tighter race.
            for _ in 0..6000 {
                match OpenOptions::new().write(true).create_new(true).open(&path) {
                    Ok(mut file) => {
                        file.write_all(random_uuid().unwrap().as_bytes()).unwrap();
                        return;
                    }
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => self.break_stale(),
                    Err(error) => panic!("{error}"),
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("the lock was never free");
        }
    }
}
