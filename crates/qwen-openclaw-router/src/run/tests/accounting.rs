//! What is reserved and recorded, and which budgets refuse.

use async_trait::async_trait;
use qwen_openclaw_catalog::price::{Cost, Currency};

use super::*;
use crate::{
    Amount, Budget, BudgetWindow, Error, Limit, MemoryUsage, Period, UsageFilter, UsageQuery,
    UsageRow, UsageStore,
};

fn requests(limit: u64) -> Budget {
    Budget::new("daily", Period::Day, Limit::Requests(limit))
}

async fn standing(router: &Router, clock: &Clock) -> (Amount, Amount) {
    let window = requests(0).window(clock.now());
    let standing = router.usage().standing(&window, clock.now());
    standing.await.unwrap()
}

async fn entries(router: &Router) -> Vec<UsageEntry> {
    router.usage().latest(100).await.unwrap()
}

#[tokio::test]
async fn each_attempt_has_an_entry_and_the_last_one_ends_the_request() {
    let (router, clock) = router(|builder| builder.agent("main"));
    let script = Script::of([Err(throttled(1)), Err(error(ErrorKind::Network))]);
    let routed = run(&router, &chain().await, &script).await.unwrap();
    let id = routed.ticket.id().clone();
    clock.advance(3);
    let used = Used {
        sends: 2,
        tokens: Tokens {
            input: 10,
            output: 5,
            ..Tokens::default()
        },
        cost: Some(Cost::from_picos(Currency::Usd, 42)),
        price_date: Some("2026-09-01".to_owned()),
        ..Used::default()
    };
    routed.ticket.settle(used.clone(), Outcome::Answered).await;
    let entries = entries(&router).await;
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| {
            let provider = entry.provider.as_str();
            (provider, entry.outcome, entry.is_last, entry.sends)
        })
        .collect();
    let failed = Outcome::Failed;
    assert_eq!(
        seen,
        [
            ("openai", Outcome::Answered, true, 2),
            ("anthropic", failed(ErrorKind::Network), false, 1),
            ("qwen", failed(ErrorKind::RateLimited), false, 1),
        ]
    );
    let expected = UsageEntry {
        id,
        time: at(0),
        provider: "openai".to_owned(),
        credential: "openai:c".to_owned(),
        model: "three".to_owned(),
        agent: Some("main".to_owned()),
        kind: "chat".to_owned(),
        is_last: true,
        sends: 2,
        tokens: used.tokens,
        images: 0,
        media: Duration::ZERO,
        cost: used.cost,
        price_date: used.price_date,
        outcome: Outcome::Answered,
        latency: Duration::from_secs(3),
    };
    assert_eq!(entries[0], expected);
}

#[tokio::test]
async fn the_last_attempt_of_a_failed_request_ends_it() {
    // The second is the last, whatever else is in the list.
    let (router, _) = router(|builder| builder);
    let [one, two, three] = chain().await;
    let script = Script::failing(error(ErrorKind::Server));
    let candidates = [one, two, three.unfit("takes no images")];
    run(&router, &candidates, &script).await.unwrap_err();
    let entries = entries(&router).await;
    let last: Vec<_> = entries.iter().map(|entry| entry.is_last).collect();
    assert_eq!(last, [true, false]);
}

#[tokio::test]
async fn a_request_reserves_its_estimate_until_it_is_settled() {
    let (router, clock) = router(|builder| builder);
    let tokens = Tokens {
        input: 100,
        output: 200,
        ..Tokens::default()
    };
    let one = candidate("qwen/one", "a").await.estimate(tokens, None);
    let routed = run(&router, &[one], &Script::default()).await.unwrap();
    let (used, reserved) = standing(&router, &clock).await;
    assert_eq!(
        (used.tokens, reserved.tokens, reserved.requests),
        (0, 300, 1)
    );
    answer(routed).await;
    let (used, reserved) = standing(&router, &clock).await;
    assert_eq!((used.tokens, used.requests, reserved.requests), (0, 1, 0));
}

#[tokio::test]
async fn a_ticket_that_is_dropped_counts_as_canceled() {
    let (router, clock) = router(|builder| builder);
    let tokens = Tokens {
        input: 100,
        ..Tokens::default()
    };
    let candidates = [candidate("qwen/one", "a").await.estimate(tokens, None)];
    drop(run(&router, &candidates, &Script::default()).await.unwrap());
    clock.advance(1);
    // Another is dropped while it is being sent.
    let request = router.request("chat");
    let never = |_| std::future::pending::<Result<(), HttpError>>();
    let mut sending = Box::pin(request.run(&candidates, never));
    let is_pending = std::future::poll_fn(|context| {
        std::task::Poll::Ready(sending.as_mut().poll(context).is_pending())
    });
    assert!(is_pending.await);
    assert_eq!(standing(&router, &clock).await.1.requests, 1);
    drop(sending);
    router.flush().await;
    let entries = entries(&router).await;
    assert_eq!(entries.len(), 2);
    for entry in entries {
        assert_eq!((entry.outcome, entry.sends), (Outcome::Canceled, 1));
        assert_eq!((entry.tokens, entry.cost), (Tokens::default(), None));
    }
    assert_eq!(standing(&router, &clock).await.1.requests, 0);
}

#[tokio::test]
async fn what_is_settled_later_is_stored_by_the_next_request() {
    let (router, clock) = router(|builder| builder);
    let candidates = chain().await;
    // A failure, so that there is something for the success to forget.
    let script = Script::failing(error(ErrorKind::Server));
    let failed = run(&router, &candidates[..1], &script).await;
    failed.unwrap_err();
    clock.advance(1);
    let request = router.request("chat").ignore_cooldowns(true);
    let script = Script::default();
    let routed = request.run(&candidates, script.send()).await.unwrap();
    let used = Used::default();
    routed.ticket.settle_later(used, Outcome::Answered);
    assert_eq!(entries(&router).await.len(), 1);
    let routed = run(&router, &candidates, &script).await.unwrap();
    assert_eq!(routed.position, 0);
    let entries = entries(&router).await;
    assert_eq!((entries.len(), entries[0].outcome), (2, Outcome::Answered));
}

#[tokio::test]
async fn a_process_that_died_leaves_a_reservation_that_expires() {
    let expiry = Duration::from_secs(120);
    let (router, clock) = router(|builder| builder.reservation_expiry(expiry));
    let candidates = chain().await;
    let script = Script::default();
    let routed = run(&router, &candidates, &script).await.unwrap();
    std::mem::forget(routed.ticket);
    clock.advance(119);
    assert_eq!(standing(&router, &clock).await.1.requests, 1);
    clock.advance(61);
    answer(run(&router, &candidates, &script).await.unwrap()).await;
    let entries = entries(&router).await;
    let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Answered, Outcome::Lost]);
}

#[tokio::test]
async fn a_budget_refuses_before_anything_is_sent() {
    let (router, clock) = router(|builder| builder.budget(requests(2)));
    let candidates = chain().await;
    let script = Script::default();
    answer(run(&router, &candidates, &script).await.unwrap()).await;
    let on_its_way = run(&router, &candidates, &script).await.unwrap();
    let failed = run(&router, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0, 0]);
    assert_eq!(failed.kind(), ErrorKind::Budget);
    assert!(failed.last().is_none());
    let exceeded = failed.exceeded().unwrap();
    assert_eq!(exceeded.budget, requests(2).window(clock.now()));
    assert_eq!((exceeded.used.requests, exceeded.reserved.requests), (1, 1));
    assert_eq!(
        failed.to_string(),
        "no model could be tried: qwen/one (qwen:a): the budget \"daily\" is exhausted"
    );
    drop(on_its_way);
    // The next day begins with nothing used.
    clock.advance(86_400);
    answer(run(&router, &candidates, &script).await.unwrap()).await;
}

#[tokio::test]
async fn a_budget_that_says_so_leads_to_the_next_candidate() {
    let filter = UsageFilter {
        model: Some("one".to_owned()),
        ..UsageFilter::default()
    };
    let budget = requests(0).filter(filter).advances(true);
    let (router, _) = router(|builder| builder.budget(budget));
    let candidates = chain().await;
    let script = Script::default();
    let routed = run(&router, &candidates, &script).await.unwrap();
    assert_eq!((routed.answer, script.positions()), (1, vec![1]));
    let outcome = &routed.attempts[0].outcome;
    assert!(matches!(outcome, AttemptOutcome::OverBudget(_)));
    let failed = run(&router, &candidates[..1], &script).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Budget);
}

#[tokio::test]
async fn budgets_of_the_same_name_are_each_obeyed() {
    let of = |model: &str| UsageFilter {
        model: Some(model.to_owned()),
        ..UsageFilter::default()
    };
    let advancing = requests(0).filter(of("one")).advances(true);
    let refusing = requests(0).filter(of("two"));
    let (router, _) = router(|builder| builder.budget(advancing).budget(refusing));
    let script = Script::default();
    let failed = run(&router, &chain().await, &script).await.unwrap_err();
    assert!(script.positions().is_empty());
    assert_eq!(failed.kind(), ErrorKind::Budget);
    let positions: Vec<_> = failed.attempts().iter().map(|one| one.position).collect();
    assert_eq!(positions, [0, 1]);
}

#[tokio::test]
async fn every_attempt_needs_room_of_its_own() {
    let (router, _) = router(|builder| builder.budget(requests(2)));
    let script = Script::failing(error(ErrorKind::Server));
    let failed = run(&router, &chain().await, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0, 1]);
    assert_eq!(failed.kind(), ErrorKind::Budget);
    assert_eq!(failed.last().unwrap().kind(), ErrorKind::Server);
    let entries = entries(&router).await;
    let last: Vec<_> = entries.iter().map(|entry| entry.is_last).collect();
    assert_eq!(last, [true, false]);
}

#[tokio::test]
async fn concurrent_requests_share_the_budget() {
    let (router, _) = router(|builder| builder.budget(requests(5)));
    let candidates = Arc::new(chain().await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (router, candidates) = (router.clone(), Arc::clone(&candidates));
        calls.spawn(async move {
            let request = router.request("chat");
            let sent = request.run(&candidates[..], |choice| async move {
                tokio::task::yield_now().await;
                Ok::<_, HttpError>(choice.position)
            });
            let Ok(routed) = sent.await else { return false };
            answer(routed).await;
            true
        });
    }
    let sent = calls.join_all().await;
    assert_eq!(sent.iter().filter(|is_sent| **is_sent).count(), 5);
}

/// A store in memory that fails so often.
#[derive(Debug)]
struct Failing {
    error: Error,
    times: AtomicU64,
    inner: MemoryUsage,
}

impl Failing {
    fn new(error: Error, times: u64) -> Arc<Self> {
        Arc::new(Self {
            error,
            times: AtomicU64::new(times),
            inner: MemoryUsage::new(),
        })
    }

    fn works(&self) -> Result<&MemoryUsage, Error> {
        let fewer = |times: u64| times.checked_sub(1);
        match self
            .times
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer)
        {
            Ok(_) => Err(self.error.clone()),
            Err(_) => Ok(&self.inner),
        }
    }
}

#[async_trait]
impl UsageStore for Failing {
    async fn reserve(
        &self,
        reservation: &Reservation,
        budgets: &[BudgetWindow],
    ) -> Result<Option<Exceeded>, Error> {
        self.works()?.reserve(reservation, budgets).await
    }

    async fn settle(&self, entry: &UsageEntry) -> Result<(), Error> {
        self.works()?.settle(entry).await
    }

    async fn expire(&self, now: SystemTime) -> Result<u64, Error> {
        self.works()?.expire(now).await
    }

    async fn standing(
        &self,
        budget: &BudgetWindow,
        now: SystemTime,
    ) -> Result<(Amount, Amount), Error> {
        self.works()?.standing(budget, now).await
    }

    async fn report(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, Error> {
        self.works()?.report(query).await
    }

    async fn latest(&self, count: usize) -> Result<Vec<UsageEntry>, Error> {
        self.works()?.latest(count).await
    }

    async fn compact(&self, before: SystemTime) -> Result<u64, Error> {
        self.works()?.compact(before).await
    }
}

#[tokio::test]
async fn a_store_that_is_full_stops_no_request() {
    let full = Failing::new(Error::storage("no space left"), u64::MAX);
    let (router, _) = router(|builder| builder.usage_store(full).budget(requests(0)));
    let script = Script::of([Err(error(ErrorKind::Server))]);
    let routed = run(&router, &chain().await, &script).await.unwrap();
    assert_eq!(routed.answer, 1);
    answer(routed).await;
    let failure = router.store_failure().unwrap();
    assert_eq!(failure.to_string(), "no space left");
}

#[tokio::test]
async fn what_a_busy_store_did_not_take_is_stored_later() {
    let busy = Failing::new(Error::busy("in use"), 0);
    let store = Arc::clone(&busy);
    let (router, clock) = router(|builder| builder.usage_store(store));
    for _ in 0..2 {
        let routed = run(&router, &chain().await, &Script::default())
            .await
            .unwrap();
        busy.times.store(1, Ordering::Relaxed);
        answer(routed).await;
        clock.advance(1);
    }
    assert_eq!(router.store_failure().unwrap().kind(), ErrorKind::Busy);
    // The first was stored by the second request.
    assert_eq!(entries(&router).await.len(), 1);
    router.flush().await;
    let entries = entries(&router).await;
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry.time, entry.outcome))
        .collect();
    assert_eq!(
        seen,
        [(at(1), Outcome::Answered), (at(0), Outcome::Answered)]
    );
    assert_eq!(standing(&router, &clock).await.1.requests, 0);
}
