//! The suite of `FailoverStore`.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_catalog::Provider;
use qwen_openclaw_http::ErrorKind;

use super::{all_at_once, at, ok};
use crate::{Cooldown, FailoverStore, Failure, Policy, Target};

/// Checks stores of cooldowns, which `create` makes.
///
/// # Panics
///
/// If a store is not as expected.
pub async fn failover_store<S: FailoverStore>(create: impl AsyncFn() -> Arc<S>) {
    starts_empty(&*create().await).await;
    returns_what_is_running_soonest_end_first(&*create().await).await;
    keeps_targets_apart(&*create().await).await;
    takes_the_steps_of_the_pure_function(&*create().await).await;
    keeps_every_kind(&*create().await).await;
    forgets_after_a_success(&*create().await).await;
    remembers_endpoints_by_credential(&*create().await).await;
    counts_failures_at_the_same_time_once(&create().await).await;
    keeps_concurrent_targets(&create().await).await;
}

fn target(model: &str) -> Target {
    Target {
        provider: Provider::QWEN,
        credential: "qwen:default".to_owned(),
        mark: 0xbeef,
        model: Some(model.to_owned()),
    }
}

fn failure(target: &Target, kind: ErrorKind) -> Failure {
    Failure {
        target: target.clone(),
        kind,
        retry_after: None,
    }
}

async fn starts_empty(store: &impl FailoverStore) {
    assert_eq!(ok(store.running(at(0)).await), []);
    assert_eq!(ok(store.endpoint(&target("a")).await), None);
    ok(store.succeed(&target("a")).await);
}

async fn returns_what_is_running_soonest_end_first(store: &impl FailoverStore) {
    let (slow, fast) = (target("slow"), target("fast"));
    let billing = ok(store.fail(&failure(&slow, ErrorKind::Billing), at(0)).await);
    let server = ok(store.fail(&failure(&fast, ErrorKind::Server), at(1)).await);
    assert_eq!(
        ok(store.running(at(2)).await),
        [server.clone(), billing.clone()]
    );
    // The end is exclusive.
    let last = server.until - Duration::from_millis(1);
    assert_eq!(ok(store.running(last).await).len(), 2);
    assert_eq!(
        ok(store.running(server.until).await),
        std::slice::from_ref(&billing)
    );
    assert_eq!(ok(store.running(billing.until).await), []);
    // Long before its beginning, which only a clock that was set back can see, nothing is running.
    assert_eq!(
        ok(store.running(at(0) - Duration::from_secs(120)).await),
        []
    );
}

async fn keeps_targets_apart(store: &impl FailoverStore) {
    let one = target("a");
    let others = [
        target("b"),
        one.of_credential(),
        Target {
            mark: 0,
            ..one.clone()
        },
        Target {
            mark: u16::MAX,
            ..one.clone()
        },
        Target {
            credential: "qwen:work".to_owned(),
            ..one.clone()
        },
        Target {
            credential: String::new(),
            ..one.clone()
        },
        Target {
            provider: Provider::QWEN_OAUTH,
            ..one.clone()
        },
        Target {
            model: Some(String::new()),
            ..one.clone()
        },
        Target {
            model: Some("ünïcode/'\"; --".to_owned()),
            ..one.clone()
        },
    ];
    ok(store.fail(&failure(&one, ErrorKind::Server), at(0)).await);
    for (before, other) in others.iter().enumerate() {
        assert_eq!(
            ok(store.running(at(1)).await).len(),
            before + 1,
            "{other:?}"
        );
        let cooldown = ok(store.fail(&failure(other, ErrorKind::Server), at(1)).await);
        assert_eq!((&cooldown.target, cooldown.failures), (other, 1));
    }
    let running = ok(store.running(at(1)).await);
    for expected in others.iter().chain([&one]) {
        let found = running
            .iter()
            .filter(|cooldown| cooldown.target == *expected);
        assert_eq!(found.count(), 1, "{expected:?}");
    }
}

async fn takes_the_steps_of_the_pure_function(store: &impl FailoverStore) {
    // While running, shortly after its end, long after it, a day later, and back in time.
    let times = [
        0, 10, 31, 35, 95, 300, 301, 5_000, 90_000, 89_000, 90_500, 300_000,
    ];
    for kind in [
        ErrorKind::RateLimited,
        ErrorKind::Server,
        ErrorKind::Billing,
    ] {
        let target = target(kind.as_str());
        let mut expected: Option<Cooldown> = None;
        for (index, time) in times.into_iter().enumerate() {
            let failure = Failure {
                retry_after: (index % 4 == 3).then(|| Duration::from_millis(90_001)),
                ..failure(&target, kind)
            };
            let next = Cooldown::after(expected.as_ref(), &failure, at(time));
            assert_eq!(
                ok(store.fail(&failure, at(time)).await),
                next,
                "{kind:?} at {time}"
            );
            expected = Some(next);
        }
    }
}

async fn keeps_every_kind(store: &impl FailoverStore) {
    let kinds = ErrorKind::ALL.iter().copied();
    let kinds: Vec<_> = kinds
        .filter(|kind| Policy::of(*kind).cooldown.is_some())
        .collect();
    for kind in &kinds {
        ok(store
            .fail(&failure(&target(kind.as_str()), *kind), at(0))
            .await);
    }
    let running = ok(store.running(at(1)).await);
    assert_eq!(running.len(), kinds.len());
    for cooldown in running {
        assert_eq!(
            cooldown.target.model.as_deref(),
            Some(cooldown.kind.as_str())
        );
    }
}

async fn forgets_after_a_success(store: &impl FailoverStore) {
    let (a, b) = (target("a"), target("b"));
    let first = ok(store
        .fail(&failure(&a, ErrorKind::RateLimited), at(0))
        .await);
    ok(store
        .fail(&failure(&a.of_credential(), ErrorKind::Billing), at(0))
        .await);
    ok(store.fail(&failure(&b, ErrorKind::Server), at(0)).await);
    let second = ok(store
        .fail(&failure(&a, ErrorKind::RateLimited), at(31))
        .await);
    assert_eq!((first.failures, second.failures), (1, 2));
    ok(store.succeed(&a).await);
    let running = ok(store.running(at(1)).await);
    assert_eq!(running.len(), 1, "{running:?}");
    assert_eq!(running[0].target, b);
    let again = ok(store
        .fail(&failure(&a, ErrorKind::RateLimited), at(32))
        .await);
    assert_eq!(again.failures, 1);
}

async fn remembers_endpoints_by_credential(store: &impl FailoverStore) {
    const FIRST: &str = "https://dashscope.aliyuncs.com/compatible-mode/v1";
    const SECOND: &str = "https://coding-intl.dashscope.aliyuncs.com/v1";

    let one = target("a");
    let replaced = Target {
        mark: 1,
        ..one.clone()
    };
    ok(store.remember_endpoint(&one, FIRST).await);
    for same in [&one, &target("b"), &one.of_credential()] {
        assert_eq!(ok(store.endpoint(same).await).as_deref(), Some(FIRST));
    }
    assert_eq!(ok(store.endpoint(&replaced).await), None);
    ok(store.remember_endpoint(&target("b"), SECOND).await);
    assert_eq!(ok(store.endpoint(&one).await).as_deref(), Some(SECOND));
    // A success says nothing about it.
    ok(store.succeed(&one).await);
    assert_eq!(ok(store.endpoint(&one).await).as_deref(), Some(SECOND));
}

async fn counts_failures_at_the_same_time_once<S: FailoverStore>(store: &Arc<S>) {
    let cooldowns = all_at_once(store, 32, |store, _| async move {
        ok(store
            .fail(&failure(&target("a"), ErrorKind::RateLimited), at(0))
            .await)
    })
    .await;
    // Whoever came first has started the cooldown, and the others have not changed it.
    assert!(
        cooldowns.iter().all(|one| one == &cooldowns[0]),
        "{cooldowns:?}"
    );
    assert_eq!(cooldowns[0].failures, 1);
    assert_eq!(ok(store.running(at(1)).await), [cooldowns[0].clone()]);
    // So it is for one who took the time before, and came after.
    let before = at(0) - Duration::from_millis(1);
    let late = failure(&target("a"), ErrorKind::RateLimited);
    assert_eq!(ok(store.fail(&late, before).await), cooldowns[0]);
}

async fn keeps_concurrent_targets<S: FailoverStore>(store: &Arc<S>) {
    all_at_once(store, 32, |store, index| async move {
        let target = target(&index.to_string());
        ok(store
            .fail(&failure(&target, ErrorKind::Server), at(0))
            .await);
        ok(store
            .remember_endpoint(&target, "https://example.com/v1")
            .await);
        if index % 2 == 0 {
            ok(store.succeed(&target).await);
        }
    })
    .await;
    assert_eq!(ok(store.running(at(1)).await).len(), 16);
}
