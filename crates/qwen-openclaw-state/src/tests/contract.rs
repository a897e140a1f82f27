//! The suites that every store passes, and what goes beyond them.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_router::{
    Budget, Limit, Outcome, Period, UsageFilter, UsageGroup, UsageStore, contract,
};
use tempfile::TempDir;

use super::{at, budget, entry, folder, open, report, sums_match};
use crate::SqliteState;

/// Stores, each in a folder of its own.
async fn create(folders: &std::sync::Mutex<Vec<TempDir>>) -> Arc<SqliteState> {
    let folder = folder();
    let state = open(folder.path()).await;
    folders.lock().unwrap().push(folder);
    Arc::new(state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_of_usage() {
    let folders = std::sync::Mutex::default();
    contract::usage_store(async || create(&folders).await).await;
    for folder in folders.into_inner().unwrap() {
        // What was compacted is in the sums alone.
        let path = folder.path().join("state.sqlite");
        let file = rusqlite::Connection::open(&path).unwrap();
        let compacted: i64 = file
            .query_row("SELECT count(*) FROM compacted", [], |row| row.get(0))
            .unwrap();
        if compacted == 0 {
            sums_match(&path);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract_of_failover() {
    let folders = std::sync::Mutex::default();
    contract::failover_store(async || create(&folders).await).await;
}

#[cfg(feature = "jobs")]
#[tokio::test]
async fn keeps_the_contract_of_jobs() {
    let folder = folder();
    qwen_openclaw_tasks::contract::check(&open(folder.path()).await).await;
}

#[tokio::test]
async fn the_largest_numbers_neither_overflow_nor_round() {
    let folder = folder();
    let state = open(folder.path()).await;
    let mut expected = 0_u128;
    for (seconds, picos) in [(0, u128::MAX / 4), (1, u128::MAX / 4 + 1), (900, 1)] {
        let mut large = entry(seconds, picos);
        large.tokens.input = u64::MAX / 2;
        large.media = Duration::from_secs(4_000_000_000);
        state.settle(&large).await.unwrap();
        expected += picos;
    }
    let rows = report(&state, UsageGroup::Model).await;
    assert_eq!(
        rows[0].sum.cost,
        [Cost::from_picos(Currency::Usd, expected)]
    );
    // Counts beyond 64 bits stay at the end of what they can say.
    assert_eq!(rows[0].sum.tokens.input, u64::MAX);
    assert_eq!(rows[0].sum.media, Duration::from_secs(12_000_000_000));
}

#[tokio::test]
async fn compacting_keeps_sums_and_knows_the_ids_of_the_last_week() {
    const WEEK: u64 = 7 * 24 * 3_600;
    let folder = folder();
    let state = open(folder.path()).await;
    let (old, recent, kept) = (entry(0, 1), entry(WEEK, 10), entry(2 * WEEK, 100));
    let mut lost = entry(WEEK + 1, 0);
    (lost.cost, lost.outcome) = (None, Outcome::Lost);
    for entry in [&old, &recent, &kept, &lost] {
        state.settle(entry).await.unwrap();
    }
    let before = report(&state, UsageGroup::Model).await;
    let standing = state
        .standing(&budget(Limit::Requests(1)), at(0))
        .await
        .unwrap();
    let end = at(2 * WEEK - 900);
    assert_eq!(state.compact(end).await.unwrap(), 3);
    assert_eq!(state.compact(end).await.unwrap(), 0);
    assert_eq!(report(&state, UsageGroup::Model).await, before);
    assert_eq!(state.latest(9).await.unwrap(), std::slice::from_ref(&kept));
    assert_eq!(
        state
            .standing(&budget(Limit::Requests(1)), at(0))
            .await
            .unwrap(),
        standing
    );
    // What was sent in the week before counts once, lost or not.
    lost.outcome = Outcome::Answered;
    for again in [&recent, &kept, &lost] {
        state.settle(again).await.unwrap();
        assert_eq!(report(&state, UsageGroup::Model).await, before);
    }
    // What is older counts again: its id was forgotten.
    state.settle(&old).await.unwrap();
    assert_eq!(report(&state, UsageGroup::Model).await[0].sum.requests, 5);
    // Ids are forgotten as time goes on.
    state.compact(at(4 * WEEK)).await.unwrap();
    let file = rusqlite::Connection::open(state.path()).unwrap();
    let ids: i64 = file
        .query_row("SELECT count(*) FROM compacted", [], |row| row.get(0))
        .unwrap();
    assert_eq!(ids, 0);
}

#[tokio::test]
async fn many_entries_are_compacted_in_several_transactions() {
    let folder = folder();
    let state = open(folder.path()).await;
    let write = (0..4_500_u64).map(|index| {
        let entry = entry(index, 1);
        let state = state.clone();
        async move { state.settle(&entry).await.unwrap() }
    });
    for one in write {
        one.await;
    }
    let before = report(&state, UsageGroup::Model).await;
    assert_eq!(state.compact(at(4_500)).await.unwrap(), 4_500);
    assert_eq!(report(&state, UsageGroup::Model).await, before);
}

#[tokio::test]
async fn a_period_may_begin_within_a_quarter_of_an_hour() {
    let folder = folder();
    let state = open(folder.path()).await;
    for seconds in [0, 100, 200, 900, 1_000_000] {
        state.settle(&entry(seconds, 1)).await.unwrap();
    }
    for (since, requests) in [
        (0, 5),
        (100, 4),
        (101, 3),
        (900, 2),
        (901, 1),
        (1_000_001, 0),
    ] {
        let mut budget = budget(Limit::Requests(1));
        budget.since = at(since);
        let (used, _) = state.standing(&budget, at(0)).await.unwrap();
        assert_eq!(used.requests, requests, "since {since}");
    }
}

#[tokio::test]
async fn budgets_are_kept_as_they_were_set() {
    let folder = folder();
    let state = open(folder.path()).await;
    let filter = UsageFilter {
        provider: Some("qwen".to_owned()),
        credential: None,
        model: Some("some-model".to_owned()),
        agent: Some(String::new()),
    };
    let money = Limit::Cost(Cost::from_picos(Currency::Cny, u128::MAX));
    let all = [
        Budget::new("a", Period::Day, Limit::Tokens(u64::MAX)),
        Budget::new("b", Period::Total, money)
            .filter(filter)
            .advances(true),
        Budget::new("c", Period::Month, Limit::Requests(0))
            .zone("UTC")
            .unwrap(),
        Budget::portal(),
    ];
    for budget in all.iter().rev() {
        state.set_budget(budget).await.unwrap();
    }
    assert_eq!(open(folder.path()).await.budgets().await.unwrap(), all);
    let replaced = Budget::new("a", Period::Month, Limit::Requests(3));
    state.set_budget(&replaced).await.unwrap();
    assert_eq!(state.budgets().await.unwrap()[0], replaced);
    assert!(state.remove_budget("a").await.unwrap());
    assert!(!state.remove_budget("a").await.unwrap());
    assert_eq!(state.budgets().await.unwrap(), all[1..]);

    // A limit that cannot be read is not left out.
    let file = rusqlite::Connection::open(state.path()).unwrap();
    file.execute("UPDATE budgets SET unit = 'hours' WHERE name = 'c'", [])
        .unwrap();
    let error = state.budgets().await.unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[cfg(feature = "jobs")]
mod jobs {
    use qwen_openclaw_tasks::{ErrorKind, JobRecord, JobStore, Replaced, contract};
    use rusqlite::Connection;

    use super::*;

    #[tokio::test]
    async fn a_bad_record_holds_up_no_one_but_who_wants_its_task() {
        let folder = folder();
        let state = open(folder.path()).await;
        let [a, b, c] = ["a", "b", "c"].map(contract::record);
        for record in [&a, &b, &c] {
            state.insert(record).await.unwrap();
        }
        let claimed = contract::next(&c, Some("t"));
        assert_eq!(state.claim(&claimed).await.unwrap(), Replaced::Stored);
        let file = Connection::open(state.path()).unwrap();
        for (id, text) in [("b", "{"), ("c", r#"{"version":99}"#)] {
            let update = "UPDATE jobs SET record = ?2 WHERE id = ?1";
            file.execute(update, (id, text.as_bytes())).unwrap();
        }
        let list = state.list().await.unwrap();
        assert_eq!((list.records.len(), list.unreadable.len()), (1, 2));
        assert_eq!(
            state.load(b.id()).await.unwrap_err().kind(),
            ErrorKind::Storage
        );
        // What a newer version wrote is not overwritten.
        state
            .replace(&contract::next(&claimed, None))
            .await
            .unwrap_err();
        let wants = contract::next(&a, Some("t"));
        assert_eq!(state.claim(&wants).await.unwrap(), Replaced::Taken);
        let wants = contract::next(&a, Some("u"));
        assert_eq!(state.claim(&wants).await.unwrap(), Replaced::Stored);
    }

    #[tokio::test]
    async fn what_a_newer_version_added_keeps_its_text() {
        let folder = folder();
        let state = open(folder.path()).await;
        let text = contract::record("a").to_json(JobRecord::LARGEST).unwrap();
        let numbers = "[0.30000000000000004, 1.10, 1E+2, 98765432109876543210]";
        let text = String::from_utf8(text).unwrap();
        let text = text.replacen('{', &format!("{{\"mood\":{numbers},"), 1);
        let record = JobRecord::from_json(text.as_bytes(), &"a").unwrap();
        state.insert(&record).await.unwrap();
        let read = state.load(record.id()).await.unwrap().unwrap();
        assert_eq!(
            state.replace(&contract::next(&read, None)).await.unwrap(),
            Replaced::Stored
        );
        let file = Connection::open(state.path()).unwrap();
        let stored: Vec<u8> = file
            .query_row("SELECT record FROM jobs", [], |row| row.get(0))
            .unwrap();
        assert!(String::from_utf8(stored).unwrap().contains(numbers));
    }
}
