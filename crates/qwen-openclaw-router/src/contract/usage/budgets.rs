//! Budgets: room in all or none, and never more than there is.

use super::*;
use crate::Exceeded;

pub(super) async fn check<S: UsageStore>(create: &impl AsyncFn() -> Arc<S>) {
    limits_each_kind_of_amount(&*create().await).await;
    keeps_currencies_apart(&*create().await).await;
    reserves_in_every_budget_or_in_none(&*create().await).await;
    counts_what_the_filter_says(&*create().await).await;
    counts_from_the_beginning_of_the_period(&*create().await).await;
    ignores_expired_reservations(&*create().await).await;
    never_exceeds_a_limit_from_many_tasks(&create().await).await;
}

fn usd(picos: u128) -> Cost {
    Cost::from_picos(Currency::Usd, picos)
}

/// An entry that uses a unit of each amount.
fn unit(seconds: u64) -> UsageEntry {
    UsageEntry {
        sends: 1,
        tokens: Tokens {
            input: 1,
            ..Tokens::default()
        },
        cost: Some(usd(1)),
        ..entry(seconds)
    }
}

async fn has_room(store: &impl UsageStore, entry: &UsageEntry, budgets: &[BudgetWindow]) -> bool {
    let exceeded = ok(store.reserve(&reservation(entry, 600), budgets).await);
    exceeded.is_none()
}

async fn limits_each_kind_of_amount(store: &impl UsageStore) {
    // One unit is used and one reserved, by which three are full and two are not enough.
    ok(store.settle(&unit(1)).await);
    assert!(has_room(store, &unit(2), &[]).await);
    let limits = |units: u64| {
        [
            Limit::Requests(units),
            Limit::Tokens(units),
            Limit::Cost(usd(units.into())),
        ]
    };
    for limit in limits(2) {
        let budget = budget(limit);
        let exceeded = ok(store
            .reserve(&reservation(&unit(3), 600), std::slice::from_ref(&budget))
            .await);
        let one = Amount {
            cost: matches!(limit, Limit::Cost(_)).then(|| usd(1)),
            ..requests_and_tokens(1, 1)
        };
        assert_eq!(ok(store.standing(&budget, at(3)).await), (one, one));
        let expected = Exceeded {
            budget,
            used: one,
            reserved: one,
        };
        assert_eq!(exceeded, Some(expected));
    }
    for limit in limits(3) {
        let third = unit(3);
        assert!(has_room(store, &third, &[budget(limit)]).await, "{limit:?}");
        let never_sent = UsageEntry {
            sends: 0,
            tokens: Tokens::default(),
            cost: None,
            ..third
        };
        ok(store.settle(&never_sent).await);
    }
}

async fn keeps_currencies_apart(store: &impl UsageStore) {
    let cny = Cost::from_picos(Currency::Cny, 1_000);
    ok(store
        .settle(&UsageEntry {
            cost: Some(cny),
            ..unit(1)
        })
        .await);
    ok(store
        .settle(&UsageEntry {
            cost: None,
            ..unit(2)
        })
        .await);
    ok(store
        .settle(&UsageEntry {
            cost: Some(usd(4)),
            ..unit(3)
        })
        .await);
    let dollars = budget(Limit::Cost(usd(5)));
    let yuan = budget(Limit::Cost(cny));
    assert_eq!(
        ok(store.standing(&dollars, at(4)).await).0.cost,
        Some(usd(4))
    );
    assert_eq!(ok(store.standing(&yuan, at(4)).await).0.cost, Some(cny));
    assert!(has_room(store, &unit(4), std::slice::from_ref(&dollars)).await);
    assert!(!has_room(store, &unit(5), std::slice::from_ref(&dollars)).await);
    // The yuan are all used, by which neither dollars nor what has no price are refused.
    assert!(has_room(store, &unit(6), std::slice::from_ref(&yuan)).await);
    let unpriced = UsageEntry {
        cost: None,
        ..unit(7)
    };
    assert!(has_room(store, &unpriced, &[yuan, dollars]).await);
}

async fn reserves_in_every_budget_or_in_none(store: &impl UsageStore) {
    let budgets: Vec<_> = [3, 1, 2]
        .map(|limit| BudgetWindow {
            name: limit.to_string(),
            ..budget(Limit::Requests(limit))
        })
        .into();
    assert!(has_room(store, &unit(1), &budgets).await);
    let refused = reservation(&unit(2), 600);
    let exceeded = ok(store.reserve(&refused, &budgets).await);
    assert_eq!(
        exceeded.map(|exceeded| exceeded.budget.name).as_deref(),
        Some("1")
    );
    for budget in &budgets {
        assert_eq!(ok(store.standing(budget, at(2)).await).1.requests, 1);
    }
    // What was refused can be reserved again once there is room.
    assert_eq!(ok(store.reserve(&refused, &budgets[..1]).await), None);
}

async fn counts_what_the_filter_says(store: &impl UsageStore) {
    let of = |provider: &str, credential: &str, model: &str, agent: Option<&str>| UsageEntry {
        provider: provider.to_owned(),
        credential: credential.to_owned(),
        model: model.to_owned(),
        agent: agent.map(str::to_owned),
        ..unit(1)
    };
    let entries = [
        of("qwen", "a", "x", Some("main")),
        of("qwen", "a", "y", Some("main")),
        of("qwen", "b", "x", None),
        of("other", "a", "x", Some("")),
    ];
    for (index, entry) in entries.iter().enumerate() {
        if index % 2 == 0 {
            ok(store.settle(entry).await);
        } else {
            assert!(has_room(store, entry, &[]).await);
        }
    }
    let some = |text: &str| Some(text.to_owned());
    let none = UsageFilter::default;
    let filters = [
        (none(), 4),
        (
            UsageFilter {
                provider: some("qwen"),
                ..none()
            },
            3,
        ),
        (
            UsageFilter {
                credential: some("a"),
                ..none()
            },
            3,
        ),
        (
            UsageFilter {
                model: some("x"),
                ..none()
            },
            3,
        ),
        (
            UsageFilter {
                agent: some("main"),
                ..none()
            },
            2,
        ),
        // An agent without a name is one all the same.
        (
            UsageFilter {
                agent: some(""),
                ..none()
            },
            1,
        ),
        (
            UsageFilter {
                provider: some("qwen"),
                credential: some("a"),
                model: some("x"),
                agent: some("main"),
            },
            1,
        ),
        (
            UsageFilter {
                provider: some("QWEN"),
                ..none()
            },
            0,
        ),
    ];
    for (filter, expected) in filters {
        let budget = BudgetWindow {
            filter,
            ..budget(Limit::Requests(0))
        };
        let (used, reserved) = ok(store.standing(&budget, at(2)).await);
        assert_eq!(used.requests + reserved.requests, expected, "{budget:?}");
    }
}

async fn counts_from_the_beginning_of_the_period(store: &impl UsageStore) {
    for seconds in [899, 900, 901] {
        ok(store.settle(&unit(seconds)).await);
    }
    let budget = |seconds| BudgetWindow {
        since: at(seconds),
        ..budget(Limit::Requests(3))
    };
    assert_eq!(
        ok(store.standing(&budget(900), at(1_000)).await).0.requests,
        2
    );
    assert_eq!(
        ok(store.standing(&budget(0), at(1_000)).await).0.requests,
        3
    );
    assert!(has_room(store, &unit(902), &[budget(900)]).await);
    assert!(!has_room(store, &unit(902), &[budget(900), budget(0)]).await);
    // A period that is yet to begin has used nothing.
    assert_eq!(
        ok(store.standing(&budget(1_800), at(1_000)).await),
        (NOTHING, NOTHING)
    );
}

async fn ignores_expired_reservations(store: &impl UsageStore) {
    let budget = [budget(Limit::Requests(1))];
    ok(store.reserve(&reservation(&unit(1), 100), &budget).await);
    assert!(!has_room(store, &unit(99), &budget).await);
    assert!(has_room(store, &unit(100), &budget).await);
}

async fn never_exceeds_a_limit_from_many_tasks<S: UsageStore>(store: &Arc<S>) {
    let budgets = [10, 7].map(|limit| budget(Limit::Requests(limit)));
    ok(store.settle(&unit(0)).await);
    let given = budgets.clone();
    let room = all_at_once(store, 64, move |store, index| {
        let budgets = given.clone();
        async move {
            let entry = unit(1);
            let has_room = has_room(&*store, &entry, &budgets).await;
            // Some have already answered while others are still asking.
            if has_room && index % 2 == 0 {
                ok(store.settle(&entry).await);
            }
            has_room
        }
    })
    .await;
    assert_eq!(room.iter().filter(|has_room| **has_room).count(), 6);
    let (used, reserved) = ok(store.standing(&budgets[1], at(2)).await);
    assert_eq!(used.requests + reserved.requests, 7);
}
