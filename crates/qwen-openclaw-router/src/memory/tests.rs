//! The contract of the stores, by those in memory.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    BudgetWindow, EntryId, Limit, MemoryFailover, MemoryUsage, Outcome, Tokens, UsageEntry,
    UsageFilter, UsageStore, contract,
};

#[tokio::test(flavor = "multi_thread")]
async fn memory_usage_passes_the_suite_of_usage_stores() {
    contract::usage_store(async || Arc::new(MemoryUsage::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_failover_passes_the_suite_of_failover_stores() {
    contract::failover_store(async || Arc::new(MemoryFailover::new())).await;
}

fn entry(seconds: u64) -> UsageEntry {
    UsageEntry {
        id: EntryId::random(),
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds),
        provider: "qwen".to_owned(),
        credential: "qwen:default".to_owned(),
        model: "some-model".to_owned(),
        agent: None,
        kind: "chat".to_owned(),
        is_last: true,
        sends: 1,
        tokens: Tokens::default(),
        images: 0,
        media: Duration::ZERO,
        cost: None,
        price_date: None,
        outcome: Outcome::Answered,
        latency: Duration::ZERO,
    }
}

async fn requests(store: &MemoryUsage, since: u64) -> u64 {
    let budget = BudgetWindow {
        name: "all".to_owned(),
        filter: UsageFilter::default(),
        since: entry(since).time,
        limit: Limit::Requests(0),
    };
    let standing = store.standing(&budget, entry(0).time);
    standing.await.unwrap().0.requests
}

#[tokio::test]
async fn memory_holds_the_latest_entries_and_sums_of_the_others() {
    let store = MemoryUsage::new();
    // One a second, for about seven hours.
    for seconds in 0..25_000 {
        store.settle(&entry(seconds)).await.unwrap();
    }
    let kept = store.latest(usize::MAX).await.unwrap().len();
    assert!((10_000..20_000).contains(&kept), "{kept}");
    assert_eq!(requests(&store, 0).await, 25_000);
    assert_eq!(requests(&store, 9_000).await, 16_000);
}

#[tokio::test]
async fn the_sums_of_many_periods_stay_right() {
    let store = MemoryUsage::new();
    // More periods than sums are kept of, in each of which there is one entry.
    for quarter in 0..200 {
        let now = requests(&store, quarter * 900).await;
        assert_eq!(now, 0);
        store.settle(&entry(quarter * 900)).await.unwrap();
        for since in [0, quarter / 2, quarter] {
            let count = requests(&store, since * 900).await;
            assert_eq!(count, quarter - since + 1, "{since} of {quarter}");
        }
    }
}
