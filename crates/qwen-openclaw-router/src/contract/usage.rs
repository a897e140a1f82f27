//! The suite of `UsageStore`.

mod budgets;
mod reports;

use std::{sync::Arc, time::Duration};

use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_http::ErrorKind;

use super::{all_at_once, at, ok};
use crate::{
    Amount, BudgetWindow, EntryId, Limit, Outcome, Reservation, Tokens, UsageEntry, UsageFilter,
    UsageGroup, UsageQuery, UsageRow, UsageStore,
};

/// Checks stores of usage, which `create` makes.
///
/// # Panics
///
/// If a store is not as expected.
pub async fn usage_store<S: UsageStore>(create: impl AsyncFn() -> Arc<S>) {
    starts_empty(&*create().await).await;
    returns_entries_as_they_were_settled(&*create().await).await;
    returns_the_latest_entries_first(&*create().await).await;
    counts_an_id_once(&*create().await).await;
    ends_reservations(&*create().await).await;
    turns_expired_reservations_into_lost_entries(&*create().await).await;
    replaces_a_lost_entry(&*create().await).await;
    settles_an_id_once_from_many_tasks(&create().await).await;
    budgets::check(&create).await;
    reports::check(&create).await;
}

/// An entry with something in every field.
fn entry(seconds: u64) -> UsageEntry {
    UsageEntry {
        id: EntryId::random(),
        time: at(seconds),
        provider: "qwen".to_owned(),
        credential: "qwen:default".to_owned(),
        model: "some-model".to_owned(),
        agent: Some("main".to_owned()),
        kind: "chat".to_owned(),
        is_last: true,
        sends: 2,
        tokens: Tokens {
            input: 1_000,
            implicit_cached: 100,
            explicit_cached: 10,
            cache_write: 1,
            output: 500,
            reasoning: 50,
        },
        images: 3,
        media: Duration::from_millis(5_500),
        cost: Some(Cost::from_picos(Currency::Usd, 1_234_567_890_123)),
        price_date: Some("2026-09-01".to_owned()),
        outcome: Outcome::Answered,
        latency: Duration::from_millis(1_234),
    }
}

fn reservation(entry: &UsageEntry, seconds: u64) -> Reservation {
    Reservation {
        entry: UsageEntry {
            outcome: Outcome::Lost,
            ..entry.clone()
        },
        expires: at(seconds),
    }
}

/// A budget of everything.
fn budget(limit: Limit) -> BudgetWindow {
    BudgetWindow {
        name: "all".to_owned(),
        filter: UsageFilter::default(),
        since: at(0),
        limit,
    }
}

async fn report(store: &impl UsageStore, by: UsageGroup) -> Vec<UsageRow> {
    let query = UsageQuery {
        since: at(0),
        until: at(1_000_000 / 900 * 900),
        filter: UsageFilter::default(),
        by,
    };
    ok(store.report(&query).await)
}

async fn standing(store: &impl UsageStore, seconds: u64) -> (Amount, Amount) {
    let budget = budget(Limit::Requests(0));
    ok(store.standing(&budget, at(seconds)).await)
}

fn requests_and_tokens(requests: u64, tokens: u64) -> Amount {
    Amount {
        requests,
        tokens,
        cost: None,
    }
}

const NOTHING: Amount = Amount {
    requests: 0,
    tokens: 0,
    cost: None,
};

async fn starts_empty(store: &impl UsageStore) {
    assert_eq!(standing(store, 0).await, (NOTHING, NOTHING));
    assert_eq!(report(store, UsageGroup::Model).await, []);
    assert_eq!(ok(store.latest(10).await), []);
    assert_eq!(ok(store.expire(at(0)).await), 0);
    assert_eq!(ok(store.compact(at(900)).await), 0);
}

async fn returns_entries_as_they_were_settled(store: &impl UsageStore) {
    let failed = ErrorKind::ALL.iter().map(|kind| Outcome::Failed(*kind));
    let outcomes = failed.chain([Outcome::Answered, Outcome::Canceled]);
    let mut entries: Vec<_> = outcomes
        .zip(0..)
        .map(|(outcome, seconds)| UsageEntry {
            outcome,
            ..entry(seconds)
        })
        .collect();
    let empty = UsageEntry {
        provider: String::new(),
        credential: String::new(),
        model: "ünïcode/'\"; --".to_owned(),
        agent: None,
        is_last: false,
        sends: 0,
        tokens: Tokens::default(),
        images: 0,
        media: Duration::ZERO,
        cost: None,
        price_date: None,
        latency: Duration::ZERO,
        ..entry(100)
    };
    // More than 64 bits, and more tokens than any model has.
    let large = UsageEntry {
        agent: Some(String::new()),
        sends: u32::MAX,
        tokens: Tokens {
            input: 1 << 60,
            output: (1 << 60) + 1,
            ..Tokens::default()
        },
        cost: Some(Cost::from_picos(Currency::Cny, (1 << 90) + 7)),
        ..entry(101)
    };
    entries.extend([empty, large]);
    for entry in &entries {
        ok(store.settle(entry).await);
    }
    entries.reverse();
    assert_eq!(ok(store.latest(entries.len() + 1).await), entries);
}

async fn returns_the_latest_entries_first(store: &impl UsageStore) {
    // The order of their times, and not that of settling them.
    for seconds in [5, 1, 9, 3, 7] {
        ok(store.settle(&entry(seconds)).await);
    }
    let times = |entries: Vec<UsageEntry>| -> Vec<_> {
        entries.into_iter().map(|entry| entry.time).collect()
    };
    assert_eq!(times(ok(store.latest(3).await)), [at(9), at(7), at(5)]);
    assert_eq!(ok(store.latest(0).await), []);
    assert_eq!(ok(store.latest(usize::MAX).await).len(), 5);
}

async fn counts_an_id_once(store: &impl UsageStore) {
    let first = entry(1);
    ok(store.settle(&first).await);
    let again = UsageEntry {
        sends: 7,
        outcome: Outcome::Canceled,
        ..first.clone()
    };
    ok(store.settle(&again).await);
    ok(store.settle(&first).await);
    let entries = ok(store.latest(10).await);
    assert_eq!(entries, std::slice::from_ref(&first));
    assert_eq!(
        standing(store, 2).await,
        (requests_and_tokens(2, 1_500), NOTHING)
    );

    // Nor does a reservation with its id, which is as good as one.
    let late = reservation(&first, 100);
    assert_eq!(
        ok(store.reserve(&late, &[budget(Limit::Requests(0))]).await),
        None
    );
    assert_eq!(
        standing(store, 2).await,
        (requests_and_tokens(2, 1_500), NOTHING)
    );
    let other = reservation(&entry(2), 100);
    ok(store.reserve(&other, &[]).await);
    ok(store.reserve(&other, &[]).await);
    assert_eq!(standing(store, 2).await.1, requests_and_tokens(2, 1_500));
}

async fn ends_reservations(store: &impl UsageStore) {
    let (sent, unsent) = (entry(1), entry(2));
    for one in [&sent, &unsent] {
        assert_eq!(ok(store.reserve(&reservation(one, 600), &[]).await), None);
    }
    assert_eq!(
        standing(store, 3).await,
        (NOTHING, requests_and_tokens(4, 3_000))
    );
    // A reservation is no entry.
    assert_eq!(ok(store.latest(10).await), []);
    let never_sent = UsageEntry {
        sends: 0,
        tokens: Tokens::default(),
        ..unsent
    };
    ok(store.settle(&never_sent).await);
    assert_eq!(
        standing(store, 3).await,
        (requests_and_tokens(0, 0), requests_and_tokens(2, 1_500))
    );
    let settled = UsageEntry {
        sends: 1,
        tokens: Tokens {
            input: 7,
            output: 1,
            ..Tokens::default()
        },
        ..sent.clone()
    };
    ok(store.settle(&settled).await);
    assert_eq!(
        standing(store, 3).await,
        (requests_and_tokens(1, 8), NOTHING)
    );
    // It does not come back.
    assert_eq!(ok(store.expire(at(1_000)).await), 0);
    assert_eq!(ok(store.latest(10).await), [never_sent, settled]);
}

async fn turns_expired_reservations_into_lost_entries(store: &impl UsageStore) {
    let (short, long) = (entry(1), entry(2));
    ok(store.reserve(&reservation(&short, 100), &[]).await);
    ok(store.reserve(&reservation(&long, 200), &[]).await);
    let (used, reserved) = standing(store, 99).await;
    assert_eq!((used, reserved.requests), (NOTHING, 4));
    // It stops counting when it expires, whether anyone has looked or not.
    assert_eq!(standing(store, 100).await.1.requests, 2);
    assert_eq!(ok(store.expire(at(99)).await), 0);
    assert_eq!(ok(store.expire(at(100)).await), 1);
    assert_eq!(ok(store.expire(at(100)).await), 0);
    let lost = UsageEntry {
        tokens: Tokens::default(),
        cost: None,
        price_date: None,
        outcome: Outcome::Lost,
        ..short
    };
    assert_eq!(ok(store.latest(10).await), [lost]);
    // It may have been sent.
    let (used, reserved) = standing(store, 100).await;
    assert_eq!((used, reserved.requests), (requests_and_tokens(2, 0), 2));
    let rows = report(store, UsageGroup::Kind).await;
    let sum = &rows[0].sum;
    assert_eq!(
        (sum.requests, sum.lost, sum.failures, sum.unpriced),
        (1, 1, 1, 0)
    );
}

async fn replaces_a_lost_entry(store: &impl UsageStore) {
    let slow = entry(1);
    ok(store.reserve(&reservation(&slow, 100), &[]).await);
    assert_eq!(standing(store, 50).await.0, NOTHING);
    assert_eq!(ok(store.expire(at(100)).await), 1);
    assert_eq!(standing(store, 100).await.0, requests_and_tokens(2, 0));
    ok(store.settle(&slow).await);
    let entries = ok(store.latest(10).await);
    assert_eq!(entries, std::slice::from_ref(&slow));
    assert_eq!(standing(store, 100).await.0, requests_and_tokens(2, 1_500));
    let rows = report(store, UsageGroup::Model).await;
    let sum = &rows[0].sum;
    assert_eq!((sum.requests, sum.lost, sum.failures), (1, 0, 0));
    // Now it is settled.
    ok(store
        .settle(&UsageEntry {
            sends: 9,
            ..slow.clone()
        })
        .await);
    assert_eq!(ok(store.latest(10).await), [slow]);
}

async fn settles_an_id_once_from_many_tasks<S: UsageStore>(store: &Arc<S>) {
    let one = entry(1);
    ok(store.reserve(&reservation(&one, 100), &[]).await);
    let settled = one.clone();
    all_at_once(store, 32, move |store, index| {
        let same = settled.clone();
        async move {
            ok(store.settle(&same).await);
            ok(store.settle(&entry(index as u64)).await);
            ok(store.expire(at(1_000)).await)
        }
    })
    .await;
    let entries = ok(store.latest(100).await);
    assert_eq!(entries.len(), 33);
    assert_eq!(
        standing(&**store, 1_000).await,
        (requests_and_tokens(66, 33 * 1_500), NOTHING)
    );
}
