//! Many processes at once, and processes that are killed at random moments.
//!
//! The processes are this test program, started again by itself.

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use qwen_openclaw_catalog::Provider;
use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_http::ErrorKind;
use qwen_openclaw_router::{
    FailoverStore, Failure, Limit, Reservation, Target, UsageEntry, UsageGroup, UsageStore,
};
use rusqlite::Connection;

use super::{at, budget, entry, folder, open, report, sums_match};
use crate::SqliteState;

/// The environment variables that control a child.
const FOLDER: &str = "QWEN_OPENCLAW_TEST_STATE";
const NUMBER: &str = "QWEN_OPENCLAW_TEST_NUMBER";
const MILLIS: &str = "QWEN_OPENCLAW_TEST_MILLIS";

/// Not a test of its own: the body of a child process. It does nothing unless it is told to.
#[test]
fn child() {
    let (Ok(folder), Ok(number), Ok(millis)) =
        (env::var(FOLDER), env::var(NUMBER), env::var(MILLIS))
    else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ends = Instant::now() + Duration::from_millis(millis.parse().unwrap());
    runtime.block_on(async {
        let state = open(Path::new(&folder)).await;
        let mut round = 0;
        while round < 3 || Instant::now() < ends {
            work(&state, &number, round).await;
            round += 1;
        }
    });
}

/// Reserves, settles and fails once, and prints what it has done.
async fn work(state: &SqliteState, number: &str, round: u64) {
    let mut sent = entry(round % 100 * 60, u128::from(round) + 1);
    sent.agent = Some(number.to_owned());
    let reservation = Reservation {
        entry: UsageEntry {
            cost: None,
            ..sent.clone()
        },
        expires: at(100_000),
    };
    let budgets = [budget(Limit::Requests(LIMIT))];
    match state.reserve(&reservation, &budgets).await.unwrap() {
        None => {
            println!("reserved {}", sent.id.as_str());
            state.settle(&sent).await.unwrap();
            println!("settled {} {}", sent.id.as_str(), round + 1);
        }
        Some(exceeded) => {
            // Nothing is sent, so nothing is settled.
            let taken = exceeded.used.requests + exceeded.reserved.requests;
            assert_eq!(taken, LIMIT);
            println!("refused");
        }
    }
    for (model, now) in [("shared", at(0)), (&*format!("{number}-{round}"), at(1))] {
        let cooldown = state.fail(&failure(model), now).await.unwrap();
        assert_eq!(cooldown.failures, 1);
    }
    println!("failed {number}-{round}");
    state.running(at(2)).await.unwrap();
}

/// How many requests the budget of all children has room for.
const LIMIT: u64 = 1_000;

fn failure(model: &str) -> Failure {
    Failure {
        target: Target {
            provider: Provider::QWEN,
            credential: "qwen:default".to_owned(),
            mark: 1,
            model: Some(model.to_owned()),
        },
        kind: ErrorKind::RateLimited,
        retry_after: None,
    }
}

fn spawn(folder: &Path, number: usize, time: Duration) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "tests::processes::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(NUMBER, number.to_string())
        .env(MILLIS, time.as_millis().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What children have printed.
#[derive(Default)]
struct Said {
    reserved: HashSet<String>,
    settled: HashSet<String>,
    picos: u128,
    failed: usize,
    refused: usize,
}

impl Said {
    /// Reads whole lines; the last one of a process that was killed may be cut.
    fn read(&mut self, output: &str) {
        for line in output
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["reserved", id] => drop(self.reserved.insert(id.to_owned())),
                ["settled", id, picos] => {
                    self.settled.insert(id.to_owned());
                    self.picos += picos.parse::<u128>().unwrap();
                }
                ["failed", _] => self.failed += 1,
                ["refused"] => self.refused += 1,
                _ => {}
            }
        }
    }
}

/// The ids in the file, as text.
fn ids(path: &Path, which: &str) -> HashSet<String> {
    let file = Connection::open(path).unwrap();
    let query = format!("SELECT lower(hex(id)) FROM entries WHERE {which}");
    let mut query = file.prepare(&query).unwrap();
    let found = query.query_map([], |row| row.get(0)).unwrap();
    found.map(Result::unwrap).collect()
}

/// Starts processes that all use one file for a while, and checks that nothing is lost or drifts.
async fn at_once(processes: usize, time: Duration) {
    let folder = folder();
    let children: Vec<Child> = (0..processes)
        .map(|number| spawn(folder.path(), number, time))
        .collect();
    let waits = children.into_iter().map(|child| {
        // Read at once: a child whose pipe is full would stop.
        thread::spawn(|| child.wait_with_output().unwrap())
    });
    let mut said = Said::default();
    for wait in waits.collect::<Vec<_>>() {
        let output = wait.join().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{errors}\n{:?}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert!(!errors.contains("locked"), "{errors}");
        said.read(&String::from_utf8_lossy(&output.stdout));
    }
    println!(
        "{processes} processes: {} settled, {} refused, {} failed",
        said.settled.len(),
        said.refused,
        said.failed
    );
    let path = folder.path().join("state.sqlite");
    assert!(said.settled.len() >= 3.min(LIMIT as usize));
    assert!(said.settled.len() as u64 <= LIMIT);
    assert!(said.refused == 0 || said.settled.len() as u64 == LIMIT);
    assert_eq!(ids(&path, "expires IS NULL"), said.settled);
    assert_eq!(ids(&path, "expires IS NOT NULL"), HashSet::new());
    let state = open(folder.path()).await;
    assert!(state.set_aside().is_empty());
    let rows = report(&state, UsageGroup::Model).await;
    assert_eq!(
        rows[0].sum.cost,
        [Cost::from_picos(Currency::Usd, said.picos)]
    );
    assert_eq!(rows[0].sum.requests, said.settled.len() as u64);
    let by_agent = report(&state, UsageGroup::Agent).await;
    let requests: u64 = by_agent.iter().map(|row| row.sum.requests).sum();
    assert_eq!(requests, said.settled.len() as u64);
    // Each failure of its own target, and the one that all have shared.
    assert_eq!(state.running(at(2)).await.unwrap().len(), said.failed + 1);
    drop(state);
    sums_match(&path);
}

#[tokio::test]
async fn twenty_processes_at_once_lose_nothing() {
    at_once(20, Duration::ZERO).await;
}

#[tokio::test]
#[ignore = "two hundred processes for twenty seconds; `cargo xtask ci --full` runs it"]
async fn two_hundred_processes_at_once_lose_nothing() {
    at_once(200, Duration::from_secs(20)).await;
}

/// Kills processes at random moments, two at a time in one file, and checks what they have left.
async fn kills(rounds: usize) {
    let folder = folder();
    let path = folder.path().join("state.sqlite");
    let mut said = Said::default();
    for round in 0..rounds {
        let mut children = [2 * round, 2 * round + 1]
            .map(|number| spawn(folder.path(), number, Duration::from_secs(60)));
        let outputs = children.each_mut().map(|child| {
            let output = BufReader::new(child.stdout.take().unwrap());
            let (started, starts) = std::sync::mpsc::channel();
            let reads = thread::spawn(move || {
                let (mut text, mut output) = (String::new(), output);
                while !text.contains("reserved") && !text.contains("refused") {
                    if output.read_line(&mut text).unwrap() == 0 {
                        break;
                    }
                }
                let _ = started.send(());
                output.read_to_string(&mut text).unwrap();
                text
            });
            (starts, reads)
        });
        // Each is at work, and killed somewhere in it.
        for ((starts, _), child) in outputs.iter().zip(&mut children) {
            starts.recv().unwrap();
            thread::sleep(Duration::from_micros(fastrand::u64(0..20_000)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        for (_, reads) in outputs {
            said.read(&reads.join().unwrap());
        }
        // What was said to be done is there. The last of each process may be there unsaid.
        let settled = ids(&path, "expires IS NULL");
        let reserved = ids(&path, "expires IS NOT NULL");
        assert!(settled.is_superset(&said.settled), "round {round}");
        let unsaid = settled.len() - said.settled.len();
        assert!(unsaid <= 2 * (round + 1), "round {round}: {unsaid}");
        assert!(reserved.len() <= 2 * (round + 1), "round {round}");
        assert!(
            said.reserved
                .iter()
                .all(|id| settled.contains(id) || reserved.contains(id))
        );
        sums_match(&path);
    }
    let state = open(folder.path()).await;
    assert!(state.set_aside().is_empty());
    let reserved = ids(&path, "expires IS NOT NULL").len() as u64;
    let before = report(&state, UsageGroup::Model).await[0].sum.requests;
    println!("{rounds} rounds: {before} settled, {reserved} reserved");
    assert_eq!(state.expire(at(99_999)).await.unwrap(), 0);
    assert_eq!(state.expire(at(100_000)).await.unwrap(), reserved);
    let sum = report(&state, UsageGroup::Model).await.remove(0).sum;
    assert_eq!((sum.requests, sum.lost), (before + reserved, reserved));
    let (used, left) = state
        .standing(&budget(Limit::Requests(0)), at(0))
        .await
        .unwrap();
    assert_eq!((used.requests, left.requests), (sum.sends, 0));
    drop(state);
    sums_match(&path);
}

#[tokio::test]
async fn thirty_kills_at_random_moments_leave_sums_that_match() {
    kills(15).await;
}

#[tokio::test]
#[ignore = "two hundred kills take a minute; `cargo xtask ci --full` runs it"]
async fn two_hundred_kills_at_random_moments_leave_sums_that_match() {
    kills(100).await;
}
