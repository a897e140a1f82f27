//! How long it takes with a million entries.

use std::time::{Duration, Instant};

use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_router::{
    Limit, Reservation, UsageEntry, UsageFilter, UsageGroup, UsageQuery, UsageStore,
};

use super::{at, budget, entry, folder, open};
use crate::{SqliteState, handle::Access};

const ENTRIES: u64 = 1_000_000;
const DAY: u64 = 24 * 3_600;

/// Entries over a year, as of a gateway: some models, accounts and agents, day and night.
fn nth(index: u64) -> UsageEntry {
    let mut entry = entry(index * 365 * DAY / ENTRIES, u128::from(index) * 1_000);
    entry.model = format!("model-{}", index % 5);
    entry.credential = format!("qwen:{}", index % 3);
    entry.agent = (!index.is_multiple_of(4)).then(|| format!("agent-{}", index % 4));
    entry
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Measures something a few times.
async fn measured<T>(work: impl AsyncFn() -> T) -> Duration {
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        work().await;
        times.push(started.elapsed());
    }
    median(times)
}

async fn fill(state: &SqliteState) {
    const BATCH: u64 = 20_000;
    for first in (0..ENTRIES).step_by(BATCH as usize) {
        let write = move |rows: &rusqlite::Connection| {
            (first..first + BATCH).try_for_each(|index| crate::usage::record(rows, &nth(index)))
        };
        state.pool.run(Access::Write, write).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "a million entries take a minute to write; `cargo xtask ci --full` runs it"]
async fn a_million_entries_are_reported_and_added_to_quickly() {
    let folder = folder();
    let state = open(folder.path()).await;
    let started = Instant::now();
    fill(&state).await;
    println!("written in {:?}", started.elapsed());

    let year = |by: UsageGroup| UsageQuery {
        since: at(0),
        until: at(366 * DAY),
        filter: UsageFilter::default(),
        by,
    };
    let rows = state.report(&year(UsageGroup::Model)).await.unwrap();
    let (mut requests, mut cost) = (0, 0);
    for row in &rows {
        requests += row.sum.requests;
        cost += row.sum.cost[0].picos();
    }
    assert_eq!((rows.len(), requests), (5, ENTRIES));
    assert_eq!(
        cost,
        u128::from(ENTRIES) * u128::from(ENTRIES - 1) / 2 * 1_000
    );

    // Days that do not begin with those of UTC.
    let days = |count: u64| {
        let first = 365 - count;
        UsageGroup::Since((first..365).map(|day| at(day * DAY + 16 * 3_600)).collect())
    };
    let mut slowest = Duration::ZERO;
    for (name, query) in [
        ("by model", year(UsageGroup::Model)),
        ("by agent", year(UsageGroup::Agent)),
        ("30 days by day", year(days(30))),
    ] {
        let time = measured(async || state.report(&query).await.unwrap()).await;
        println!("report {name}: {time:?}");
        slowest = slowest.max(time);
    }
    let time = measured(async || state.report(&year(days(365))).await.unwrap()).await;
    println!("report 365 days by day: {time:?}");

    let mut times = Vec::new();
    for index in ENTRIES..ENTRIES + 2_000 {
        let started = Instant::now();
        state.settle(&nth(index)).await.unwrap();
        times.push(started.elapsed());
    }
    let append = median(times);
    println!("append: {append:?} at the median");

    let total = budget(Limit::Cost(Cost::from_picos(Currency::Usd, u128::MAX)));
    let month = super::BudgetWindow {
        since: at(345 * DAY + 16 * 3_600),
        ..total.clone()
    };
    for (name, budget) in [("a total", total), ("a month", month)] {
        let budgets = [budget];
        let time = measured(async || {
            let reservation = Reservation {
                entry: nth(ENTRIES),
                expires: at(999 * DAY),
            };
            let reservation = Reservation {
                entry: UsageEntry {
                    id: super::EntryId::random(),
                    ..reservation.entry
                },
                ..reservation
            };
            state.reserve(&reservation, &budgets).await.unwrap()
        })
        .await;
        println!("reservation within {name}: {time:?}");
    }
    let time = measured(async || state.latest(50).await.unwrap()).await;
    println!("the latest 50: {time:?}");
    let time = measured(async || open(folder.path()).await).await;
    println!("opening: {time:?}");
    let length = std::fs::metadata(state.path()).unwrap().len();
    let started = Instant::now();
    assert!(state.check().await.unwrap());
    println!("checking all {} MiB: {:?}", length >> 20, started.elapsed());
    let started = Instant::now();
    assert_eq!(
        state.compact(at(335 * DAY)).await.unwrap(),
        (ENTRIES * 335).div_ceil(365)
    );
    println!("compacting: {:?}", started.elapsed());

    assert!(slowest < Duration::from_millis(100), "{slowest:?}");
    assert!(append < Duration::from_millis(1), "{append:?}");
}
