//! Whatever crashes, the sum of the ledger is that of what was settled.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use proptest::prelude::*;
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_http::ErrorKind;
use qwen_openclaw_router::{
    FailoverStore, Failure as Failed, Limit, MemoryUsage, Outcome, Reservation, Target, UsageEntry,
    UsageFilter, UsageGroup, UsageStore,
};

use super::{at, budget, entry, everything, folder, open, report, sums_match};
use crate::{SqliteState, error::Failure, handle::Access};

/// What may happen to one of a few entries.
#[derive(Clone, Debug)]
enum Step {
    Reserve {
        id: usize,
        expires: u64,
        limit: u64,
    },
    Settle {
        id: usize,
        picos: Option<u64>,
        canceled: bool,
    },
    Expire {
        at: u64,
    },
    /// A transaction that got as far as that and was lost with its process.
    Crash {
        id: usize,
    },
    /// The process ends and another goes on.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 0..8_usize;
    prop_oneof![
        3 => (id(), 0..5_000_u64, 0..12_u64)
            .prop_map(|(id, expires, limit)| Step::Reserve { id, expires, limit }),
        4 => (id(), proptest::option::of(any::<u64>()), any::<bool>())
            .prop_map(|(id, picos, canceled)| Step::Settle { id, picos, canceled }),
        2 => (0..6_000_u64).prop_map(|at| Step::Expire { at }),
        2 => id().prop_map(|id| Step::Crash { id }),
        1 => Just(Step::Restart),
    ]
}

/// A few entries that differ in what they are summed up by.
fn entries() -> Vec<UsageEntry> {
    let models = ["a", "b"];
    (0..8_u64)
        .map(|index| UsageEntry {
            model: models[index as usize % 2].to_owned(),
            agent: (index % 3 == 0).then(|| "main".to_owned()),
            is_last: index % 4 != 0,
            ..entry(index * 700, 1)
        })
        .collect()
}

/// Takes steps in a file and in memory, and compares.
async fn compare(steps: &[Step]) {
    let folder = folder();
    let mut state = open(folder.path()).await;
    let memory = Arc::new(MemoryUsage::new());
    let entries = entries();
    for step in steps {
        match *step {
            Step::Reserve { id, expires, limit } => {
                let reservation = Reservation {
                    entry: entries[id].clone(),
                    expires: at(expires),
                };
                let budgets = [budget(Limit::Requests(limit))];
                let found = state.reserve(&reservation, &budgets).await.unwrap();
                assert_eq!(found, memory.reserve(&reservation, &budgets).await.unwrap());
            }
            Step::Settle {
                id,
                picos,
                canceled,
            } => {
                let mut entry = entries[id].clone();
                entry.cost = picos.map(|picos| Cost::from_picos(Currency::Cny, picos.into()));
                if canceled {
                    entry.outcome = Outcome::Canceled;
                }
                state.settle(&entry).await.unwrap();
                memory.settle(&entry).await.unwrap();
            }
            Step::Expire { at: seconds } => {
                let expired = state.expire(at(seconds)).await.unwrap();
                assert_eq!(expired, memory.expire(at(seconds)).await.unwrap());
            }
            Step::Crash { id } => {
                let entry = entries[id].clone();
                let lost = state.pool.run(Access::Write, move |rows| {
                    crate::usage::record(rows, &entry)?;
                    Err::<(), _>(Failure::Value("the process ended"))
                });
                lost.await.unwrap_err();
            }
            Step::Restart => {
                drop(state);
                state = open(folder.path()).await;
            }
        }
    }
    for by in [
        UsageGroup::Model,
        UsageGroup::Agent,
        UsageGroup::Credential,
        UsageGroup::Since(vec![at(0), at(900), at(2_700), at(1 << 20)]),
    ] {
        let expected = memory.report(&everything(by.clone())).await.unwrap();
        let found = report(&state, by).await;
        // What was taken back leaves nothing in the file, and an empty group in no one's report.
        assert_eq!(found, expected);
    }
    let filters = [None, Some("a".to_owned())];
    for model in filters {
        let mut budget = budget(Limit::Cost(Cost::zero(Currency::Cny)));
        budget.filter = UsageFilter {
            model,
            ..UsageFilter::default()
        };
        let found = state.standing(&budget, at(1_000)).await.unwrap();
        assert_eq!(found, memory.standing(&budget, at(1_000)).await.unwrap());
    }
    let mut latest = [
        state.latest(99).await.unwrap(),
        memory.latest(99).await.unwrap(),
    ];
    for entries in &mut latest {
        entries.sort_by(|a, b| a.id.cmp(&b.id));
    }
    assert_eq!(latest[0], latest[1]);
    drop(state);
    sums_match(&folder.path().join("state.sqlite"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_file_says_what_memory_says(steps in proptest::collection::vec(step(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(&steps));
    }
}

/// The folder that the child uses.
const FOLDER: &str = "QWEN_OPENCLAW_TEST_STATE_CRASH";
const DIE_AT: &str = "QWEN_OPENCLAW_TEST_DIE_AT";

/// What a process goes through, step by step; each is printed once it is done.
const STEPS: [&str; 8] = [
    "reserve", "settle", "settle", "expire", "settle", "compact", "fail", "job",
];

/// Where it may be killed, and the step that is then undone.
const POINTS: [(&str, usize); 11] = [
    ("reserved", 0),
    ("inserted:0", 1),
    ("summed:0", 1),
    ("inserted:1", 2),
    ("summed:1", 2),
    ("inserted:2", 3),
    ("summed:2", 3),
    ("summed:3", 4),
    ("ids-kept", 5),
    ("cooldown-removed", 6),
    ("job-inserted", 7),
];

/// Not a test of its own: the process that is killed. It does nothing unless it is told to.
#[test]
fn child() {
    let Ok(folder) = env::var(FOLDER) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let state = open(Path::new(&folder)).await;
        for step in 0..STEPS.len() {
            take(&state, step).await;
            println!("done: {step}");
        }
    });
}

async fn take(state: &SqliteState, step: usize) {
    let [first, second, third] = [0, 100, 200].map(|seconds| {
        let mut entry = entry(seconds, 5);
        entry.model = format!("model-{seconds}");
        entry
    });
    match step {
        0 => {
            let reserved = reservation(first);
            assert_eq!(state.reserve(&reserved, &[]).await.unwrap(), None);
        }
        1 => state.settle(&second).await.unwrap(),
        2 => state.settle(&third).await.unwrap(),
        // That of the first step.
        3 => assert_eq!(state.expire(at(50)).await.unwrap(), 1),
        4 => state.settle(&entry(2_000, 7)).await.unwrap(),
        5 => assert_eq!(state.compact(at(900)).await.unwrap(), 3),
        6 => drop(state.fail(&failure(), at(0)).await.unwrap()),
        _ => job(state).await,
    }
}

#[cfg(feature = "jobs")]
async fn job(state: &SqliteState) {
    use qwen_openclaw_tasks::{JobStore, contract};

    state.insert(&contract::record("a")).await.unwrap();
}

#[cfg(not(feature = "jobs"))]
async fn job(_: &SqliteState) {}

fn reservation(entry: UsageEntry) -> Reservation {
    Reservation {
        entry,
        expires: at(40),
    }
}

fn failure() -> Failed {
    Failed {
        target: Target {
            provider: Provider::QWEN,
            credential: "qwen:default".to_owned(),
            mark: 7,
            model: None,
        },
        kind: ErrorKind::Billing,
        retry_after: Some(Duration::from_secs(60)),
    }
}

/// Runs the child up to a point and returns how many steps it did.
fn die_at(folder: &Path, point: &str) -> usize {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "tests::crashes::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(DIE_AT, point)
        .stderr(Stdio::null());
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{point} was not passed");
    String::from_utf8_lossy(&output.stdout)
        .matches("done: ")
        .count()
}

#[tokio::test]
async fn a_process_that_is_killed_within_a_step_has_not_taken_it() {
    for (point, step) in POINTS {
        if cfg!(not(feature = "jobs")) && point.starts_with("job") {
            continue;
        }
        let folder = folder();
        assert_eq!(die_at(folder.path(), point), step, "{point}");
        let state = open(folder.path()).await;
        assert!(state.set_aside().is_empty(), "{point}");
        // Another goes on from there, and the result is that of a process that lived.
        for step in step..STEPS.len() {
            take(&state, step).await;
        }
        let rows = report(&state, UsageGroup::Kind).await;
        let sum = &rows[0].sum;
        assert_eq!((sum.requests, sum.lost, sum.sends), (4, 1, 4), "{point}");
        assert_eq!(sum.cost, [Cost::from_picos(Currency::Usd, 17)], "{point}");
        assert_eq!(state.latest(9).await.unwrap().len(), 1, "{point}");
        assert_eq!(state.running(at(1)).await.unwrap().len(), 1, "{point}");
        assert!(state.check().await.unwrap(), "{point}");
    }
}
