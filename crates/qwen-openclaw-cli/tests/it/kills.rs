//! The command killed at random moments: nothing is lost, nothing is sent twice, and no half of a
//! file has the final name.
//!
//! These take a minute and run with `cargo xtask ci --full`, or with
//! `cargo test -p qwen-openclaw-cli --test it -- --ignored kills`.

use std::{
    collections::hash_map::RandomState,
    fs,
    hash::{BuildHasher, Hasher},
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use qwen_openclaw_emulator::{Emulator, VideoRoute, VideoStatus};
use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

const ROUNDS: usize = 60;

/// A moment between the start of a command and a little after its usual end. Half of them are early,
/// where a request is on its way; later, waiting is all it does.
fn moment(usual: Duration) -> Duration {
    let chance = RandomState::new().build_hasher().finish();
    let share = f64::from(u32::try_from(chance % 1_150).unwrap()) / 1_000.0;
    match chance & (1 << 40) {
        0 => usual.mul_f64(share),
        _ => usual.mul_f64(share / 10.0),
    }
}

/// Runs a command and kills it (SIGKILL on Unix) after `time`, if it is still there.
fn killed(command: Qwen, time: Duration) -> bool {
    let (mut command, _home) = command.command();
    // Nobody reads what it says; a full pipe would stop it.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    sleep(time);
    let was_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    was_running
}

/// Somebody with a home of their own, and a service.
struct User {
    home: TempDir,
    service: Service,
}

impl User {
    fn of_video() -> Self {
        let (queue, work) = (Duration::from_millis(20), Duration::from_millis(40));
        let service = Service::with(Emulator::builder().video_times(queue, work));
        Self {
            home: tempfile::tempdir().unwrap(),
            service,
        }
    }

    fn qwen(&self, arguments: &[&str]) -> Qwen {
        let home = self.home.path().to_str().unwrap();
        Qwen::new(arguments).at(&self.service).env("HOME", home)
    }

    fn clip(&self) -> std::path::PathBuf {
        self.home.path().join("clip.mp4")
    }

    fn generate(&self) -> Qwen {
        let clip = self.clip();
        self.qwen(&["video", "generate", "a cat", "-o", clip.to_str().unwrap()])
    }

    fn resume(&self) -> Qwen {
        self.qwen(&["video", "resume"])
    }

    /// The records of the ledger; each can be read.
    fn records(&self) -> Vec<Value> {
        let Ok(entries) = fs::read_dir(self.home.path().join(".qwen-openclaw/jobs")) else {
            return Vec::new();
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        let records = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        records
            .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
            .collect()
    }

    /// How many tasks were asked for and made.
    fn made(&self) -> (usize, usize) {
        let video = self.service.emulator.video();
        (video.requests(VideoRoute::Create), video.tasks().len())
    }
}

/// Whether a file is a clip from its first box to its last.
fn is_whole(path: &Path) -> bool {
    let bytes = fs::read(path).unwrap();
    let (mut rest, mut kinds) = (&bytes[..], Vec::new());
    while let [a, b, c, d, kind @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (Some(kind), Some(after)) = (kind.get(..4), rest.get(length.max(8)..)) else {
            return false;
        };
        kinds.push(kind);
        rest = after;
    }
    rest.is_empty() && kinds.contains(&b"mdat".as_slice()) && kinds.contains(&b"moov".as_slice())
}

/// How long a run takes on this machine, for kills at any moment of it: those between two points of
/// the program give no sign to wait for.
fn usual(run: impl FnOnce() -> Ran) -> Duration {
    let start = Instant::now();
    run().exits_with(0);
    start.elapsed()
}

#[test]
#[ignore = "takes a minute; `cargo xtask ci --full` runs it"]
fn kills_of_generate_and_resume() {
    let unhindered = User::of_video();
    let generate = usual(|| unhindered.generate().run());
    let resume = usual(|| unhindered.resume().run());
    let (mut kills, mut unsent, mut saved) = (0, 0, 0);
    for round in 0..ROUNDS {
        let user = User::of_video();
        let mut story = vec![moment(generate)];
        kills += usize::from(killed(user.generate(), story[0]));
        for _ in 0..round % 3 {
            let time = moment(generate.max(resume));
            story.push(time);
            kills += usize::from(killed(user.resume(), time));
        }
        if user.clip().exists() {
            assert!(is_whole(&user.clip()), "a half of a clip: {story:?}");
        }
        // Now nobody kills it.
        let ran = user.resume().run();
        let (asked, made) = user.made();
        let records = user.records();
        let told = format!("{story:?}\n{records:#?}\n{}{}", ran.stdout, ran.stderr);
        assert!(made <= 1 && asked <= 1, "sent twice: {told}");
        assert!(records.len() <= 1, "{told}");
        if made == 0 {
            // It is not sent again by itself, and not forgotten once it was written down.
            let phase = records
                .first()
                .map(|record| record["phase"].as_str().unwrap());
            assert!(
                matches!(phase, None | Some("prepared" | "sending" | "ambiguous")),
                "{told}"
            );
            assert!(!user.clip().exists(), "{told}");
            unsent += 1;
            continue;
        }
        let task = &user.service.emulator.video().tasks()[0];
        assert_eq!(task.status(), VideoStatus::Succeeded, "{told}");
        assert_eq!(records.len(), 1, "a task that nobody knows: {told}");
        assert_eq!(records[0]["task_id"], task.id(), "{told}");
        assert_eq!(records[0]["phase"], "saved", "{told}");
        assert!(is_whole(&user.clip()), "{told}");
        ran.exits_with(0);
        saved += 1;
    }
    println!("{kills} kills, {saved} clips saved, {unsent} jobs not sent");
    assert!(kills > ROUNDS / 2, "hardly anything was killed: {kills}");
    assert!(saved > 0, "{unsent} not sent");
}

#[test]
#[ignore = "takes a minute; `cargo xtask ci --full` runs it"]
fn kills_of_a_refresh() {
    let user = User {
        home: tempfile::tempdir().unwrap(),
        service: Service::with(Emulator::builder().auto_approve()),
    };
    let oauth = user.service.emulator.oauth();
    oauth.interval(Some(1));
    let home = user.home.path().to_str().unwrap().to_owned();
    let qwen = |arguments: &[&str]| Qwen::new(arguments).env("HOME", &home);
    let url = oauth.url();
    let login = || {
        let arguments = [
            "models",
            "auth",
            "login",
            "--provider",
            "qwen-portal",
            "--no-browser",
            "--enable-portal",
            "--oauth-base-url",
            &url,
        ];
        qwen(&arguments).run().exits_with(0);
    };
    let chat = || qwen(&["chat", "-m", "qwen-oauth/coder-model", "hi"]);
    let stored = || -> Value {
        let path = user.home.path().join(".qwen-openclaw/credentials.json");
        let document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        document["profiles"]["qwen-oauth:default"].clone()
    };
    let expire = || assert!(oauth.expire(stored()["access"].as_str().unwrap()));

    login();
    expire();
    let usual = usual(|| chat().run());
    let (mut kills, mut lost) = (0, 0);
    for _ in 0..ROUNDS {
        expire();
        let (time, before) = (moment(usual), oauth.stats());
        kills += usize::from(killed(chat(), time));
        // The file is whole, whatever was going on.
        assert!(stored()["access"].is_string(), "{time:?}");
        let ran = chat().run();
        let stats = oauth.stats();
        assert!(
            stats.refreshes <= before.refreshes + 1,
            "{time:?}: {stats:?}"
        );
        let refused = (stats.reused - before.reused, stats.refused - before.refused);
        if ran.code == Some(0) {
            assert_eq!(refused, (0, 0), "{time:?}: a spent token was sent");
            assert!(
                oauth.is_good(stored()["access"].as_str().unwrap()),
                "{time:?}"
            );
            continue;
        }
        // The answer was on its way when the process died. Whether it was, only the server knows:
        // it is asked once, and then this is said instead of blaming the login.
        assert_eq!(refused, (1, 1), "{time:?}: {stats:?}");
        ran.says("was used up by an interrupted refresh");
        assert_eq!(stats.refreshes, before.refreshes + 1, "{time:?}");
        lost += 1;
        login();
    }
    println!(
        "{kills} kills, {lost} logins spent by them, {:?}",
        oauth.stats()
    );
    assert!(kills > ROUNDS / 2, "hardly anything was killed: {kills}");
}
