//! Reports, and that they stay the same when old entries are summed up.

use super::*;
use crate::UsageSum;

pub(super) async fn check<S: UsageStore>(create: &impl AsyncFn() -> Arc<S>) {
    sums_up_everything(&*create().await).await;
    counts_attempts_apart_from_requests(&*create().await).await;
    groups_by_each_key(&*create().await).await;
    begins_inclusively_and_ends_exclusively(&*create().await).await;
    stays_the_same_when_compacted(&*create().await).await;
    compacts_again(&*create().await).await;
}

async fn sums_up_everything(store: &impl UsageStore) {
    let yuan = Cost::from_picos(Currency::Cny, (1 << 90) + 7);
    ok(store.settle(&entry(1)).await);
    ok(store.settle(&entry(2)).await);
    ok(store
        .settle(&UsageEntry {
            cost: Some(yuan),
            ..entry(3)
        })
        .await);
    ok(store
        .settle(&UsageEntry {
            cost: None,
            ..entry(4)
        })
        .await);
    let one = entry(1).tokens;
    let expected = UsageSum {
        requests: 4,
        sends: 8,
        failures: 0,
        lost: 0,
        tokens: Tokens {
            input: 4 * one.input,
            implicit_cached: 4 * one.implicit_cached,
            explicit_cached: 4 * one.explicit_cached,
            cache_write: 4 * one.cache_write,
            output: 4 * one.output,
            reasoning: 4 * one.reasoning,
        },
        images: 12,
        media: Duration::from_secs(22),
        cost: vec![yuan, Cost::from_picos(Currency::Usd, 2 * 1_234_567_890_123)],
        unpriced: 1,
    };
    let rows = report(store, UsageGroup::Kind).await;
    assert_eq!(
        rows,
        [UsageRow {
            key: "chat".to_owned(),
            sum: expected
        }]
    );
}

async fn counts_attempts_apart_from_requests(store: &impl UsageStore) {
    let failed = UsageEntry {
        is_last: false,
        sends: 3,
        cost: None,
        outcome: Outcome::Failed(ErrorKind::RateLimited),
        ..entry(1)
    };
    ok(store.settle(&failed).await);
    ok(store.settle(&entry(2)).await);
    ok(store
        .settle(&UsageEntry {
            cost: None,
            outcome: Outcome::Canceled,
            ..entry(3)
        })
        .await);
    let rows = report(store, UsageGroup::Model).await;
    let sum = &rows[0].sum;
    assert_eq!(
        (sum.requests, sum.sends, sum.failures, sum.lost),
        (2, 7, 2, 0)
    );
    // What was canceled used something; what failed is not billed.
    assert_eq!(sum.unpriced, 1);
}

/// Entries that differ in everything they are grouped by, some an hour apart.
async fn settle_all(store: &impl UsageStore) {
    for (index, provider) in ["qwen", "anthropic"].into_iter().enumerate() {
        for credential in ["qwen:default", "env: QWEN_API_KEY"] {
            for agent in [None, Some("quick-tasks")] {
                for kind in ["chat", "video"] {
                    for hour in 0..12 {
                        let entry = UsageEntry {
                            provider: provider.to_owned(),
                            credential: credential.to_owned(),
                            model: format!("model-{index}"),
                            agent: agent.map(str::to_owned),
                            kind: kind.to_owned(),
                            ..entry(hour * 3_600 + 7)
                        };
                        ok(store.settle(&entry).await);
                    }
                }
            }
        }
    }
}

fn groups() -> Vec<UsageGroup> {
    vec![
        UsageGroup::Model,
        UsageGroup::Credential,
        UsageGroup::Agent,
        UsageGroup::Kind,
        UsageGroup::Since((1..12).map(|hour| at(hour * 3_600)).collect()),
        UsageGroup::Since(Vec::new()),
    ]
}

async fn groups_by_each_key(store: &impl UsageStore) {
    settle_all(store).await;
    let mut found = Vec::new();
    for by in groups() {
        let rows = report(store, by).await;
        let keys = rows.into_iter().map(|row| (row.key, row.sum.requests));
        found.push(keys.collect::<Vec<_>>());
    }
    let row = |key: &str, requests| (key.to_owned(), requests);
    let hours = (0..11)
        .map(|hour: u64| row(&hour.to_string(), 16))
        .collect();
    let expected = [
        vec![row("anthropic/model-1", 96), row("qwen/model-0", 96)],
        vec![row("env: QWEN_API_KEY", 96), row("qwen:default", 96)],
        vec![row("", 96), row("quick-tasks", 96)],
        vec![row("chat", 96), row("video", 96)],
        // In order of time, and not of the text of the keys. The first hour is before all of them.
        hours,
        vec![],
    ];
    assert_eq!(found, expected);
}

async fn begins_inclusively_and_ends_exclusively(store: &impl UsageStore) {
    for seconds in [899, 900, 1_799, 1_800] {
        ok(store.settle(&entry(seconds)).await);
    }
    let query = UsageQuery {
        since: at(900),
        until: at(1_800),
        filter: UsageFilter::default(),
        by: UsageGroup::Since(vec![at(0), at(900), at(1_800)]),
    };
    let rows = ok(store.report(&query).await);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].key.as_str(), rows[0].sum.requests), ("1", 2));
    let other = UsageQuery {
        filter: UsageFilter {
            model: Some("another".to_owned()),
            ..UsageFilter::default()
        },
        ..query
    };
    assert_eq!(ok(store.report(&other).await), []);
}

/// Every report, with and without filters, and what budgets have used.
async fn everything(store: &impl UsageStore) -> (Vec<Vec<UsageRow>>, Vec<Amount>) {
    let filters = [
        UsageFilter::default(),
        UsageFilter {
            agent: Some("quick-tasks".to_owned()),
            ..UsageFilter::default()
        },
        UsageFilter {
            provider: Some("qwen".to_owned()),
            credential: Some("qwen:default".to_owned()),
            ..UsageFilter::default()
        },
    ];
    let (mut reports, mut amounts) = (Vec::new(), Vec::new());
    for filter in filters {
        for by in groups() {
            for (since, until) in [(0, 12), (3, 7), (11, 12)] {
                let query = UsageQuery {
                    since: at(since * 3_600),
                    until: at(until * 3_600),
                    filter: filter.clone(),
                    by: by.clone(),
                };
                reports.push(ok(store.report(&query).await));
            }
        }
        for hour in [0, 5, 11] {
            let budget = BudgetWindow {
                filter: filter.clone(),
                since: at(hour * 3_600),
                ..budget(Limit::Cost(Cost::zero(Currency::Usd)))
            };
            amounts.push(ok(store.standing(&budget, at(12 * 3_600)).await).0);
        }
    }
    (reports, amounts)
}

async fn stays_the_same_when_compacted(store: &impl UsageStore) {
    settle_all(store).await;
    let lost = reservation(&entry(10), 100);
    ok(store.reserve(&lost, &[]).await);
    ok(store.expire(at(100)).await);
    let before = everything(store).await;
    assert_eq!(ok(store.compact(at(6 * 3_600)).await), 6 * 16 + 1);
    assert_eq!(everything(store).await, before);
    assert_eq!(ok(store.latest(1_000).await).len(), 6 * 16);
    assert_eq!(ok(store.compact(at(6 * 3_600)).await), 0);
    assert_eq!(ok(store.compact(at(24 * 3_600)).await), 6 * 16);
    assert_eq!(everything(store).await, before);
    assert_eq!(ok(store.latest(1_000).await), []);
}

async fn compacts_again(store: &impl UsageStore) {
    // An entry of a quarter that has been summed up already joins its sum.
    for seconds in [1, 2, 901] {
        ok(store.settle(&entry(seconds)).await);
        assert_eq!(ok(store.compact(at(1_800)).await), 1);
    }
    let rows = report(store, UsageGroup::Since(vec![at(0), at(900)])).await;
    let requests: Vec<_> = rows.iter().map(|row| row.sum.requests).collect();
    assert_eq!(requests, [2, 1]);
    assert_eq!(
        standing(store, 2_000).await.0,
        requests_and_tokens(6, 4_500)
    );
}
