//! What is left out while it cools down, and what the error says then.

use async_trait::async_trait;

use super::*;
use crate::{Error, FailoverStore};

#[tokio::test]
async fn what_cools_down_is_left_out_until_it_has_run_out() {
    let (router, clock) = router(|builder| builder);
    let candidates = chain().await;
    let script = Script::of([Err(error(ErrorKind::Server))]);
    answer(run(&router, &candidates, &script).await.unwrap()).await;
    let routed = run(&router, &candidates, &script).await.unwrap();
    assert_eq!(script.positions(), [0, 1, 1]);
    let skipped = AttemptOutcome::CoolingDown {
        kind: ErrorKind::Server,
        until: at(30),
    };
    assert_eq!(routed.attempts[0].outcome, skipped);
    answer(routed).await;
    clock.advance(30);
    answer(run(&router, &candidates, &script).await.unwrap()).await;
    assert_eq!(script.positions(), [0, 1, 1, 0]);
}

#[tokio::test]
async fn a_credential_cools_down_for_every_model_and_a_model_for_one_credential() {
    let (router, _) = router(|builder| builder);
    let bill = [candidate("qwen/one", "a").await];
    let script = Script::failing(error(ErrorKind::Billing));
    run(&router, &bill, &script).await.unwrap_err();
    let other = [candidate("qwen/two", "a").await];
    let script = Script::default();
    let failed = run(&router, &other, &script).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Billing);
    assert!(script.positions().is_empty());

    let throttled = [candidate("qwen/one", "b").await];
    let script = Script::failing(error(ErrorKind::RateLimited));
    run(&router, &throttled, &script).await.unwrap_err();
    for (model, account, is_sent) in [
        ("qwen/one", "b", false),
        ("qwen/two", "b", true),
        ("qwen/one", "c", true),
        ("openai/one", "b", true),
    ] {
        let candidates = [candidate(model, account).await];
        let result = run(&router, &candidates, &Script::default()).await;
        assert_eq!(result.is_ok(), is_sent, "{model} {account}");
    }
    // A new key under the same name is not blamed for the old one.
    let replaced = route_with_key("qwen/one", "b", "sk-another-0123456789").await;
    let candidates = [Candidate::new(replaced)];
    run(&router, &candidates, &Script::default()).await.unwrap();
}

#[tokio::test]
async fn all_cooling_down_is_an_error_with_the_soonest_end_and_sends_nothing() {
    let (router, clock) = router(|builder| builder);
    let candidates = chain().await;
    let script = Script::of([
        Err(error(ErrorKind::Billing)),
        Err(error(ErrorKind::Timeout)),
        Err(throttled(90)),
    ]);
    run(&router, &candidates, &script).await.unwrap_err();
    clock.advance(10);
    let script = Script::default();
    let failed = run(&router, &candidates, &script).await.unwrap_err();
    assert!(script.positions().is_empty());
    assert!(failed.last().is_none());
    assert_eq!(failed.kind(), ErrorKind::Timeout);
    assert_eq!(failed.retry_after(), Some(Duration::from_secs(20)));
    assert_eq!(
        failed.to_string(),
        "no model could be tried: qwen/one (qwen:a): cooling down after billing; \
         anthropic/two (anthropic:b): cooling down after timeout; \
         openai/three (openai:c): cooling down after rate_limit; retry in 20 s"
    );
    // Nothing was sent, so that nothing was used.
    assert_eq!(router.usage().latest(10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_cooldown_of_another_process_counts_from_the_next_attempt_on() {
    let (router, _) = router(|builder| builder);
    let candidates = chain().await;
    let second = candidates[1].target().clone();
    let store = Arc::clone(router.failover());
    let sent = Mutex::new(Vec::new());
    let request = router.request("chat");
    let run = request.run(&candidates, |choice| {
        sent.lock().unwrap().push(choice.position);
        let (store, target) = (Arc::clone(&store), second.clone());
        async move {
            if choice.position > 0 {
                return Ok(choice.position);
            }
            let failure = Failure {
                target,
                kind: ErrorKind::Billing,
                retry_after: None,
            };
            store.fail(&failure, at(0)).await.unwrap();
            Err(error(ErrorKind::Server))
        }
    });
    assert_eq!(run.await.unwrap().answer, 2);
    assert_eq!(*sent.lock().unwrap(), [0, 2]);
}

#[tokio::test]
async fn a_user_who_insists_is_sent_to_what_cools_down() {
    let (router, _) = router(|builder| builder);
    let one = [candidate("qwen/one", "a").await];
    let script = Script::failing(error(ErrorKind::Billing));
    run(&router, &one, &script).await.unwrap_err();
    let script = Script::default();
    let request = router.request("chat").ignore_cooldowns(true);
    let routed = request.run(&one, script.send()).await.unwrap();
    answer(routed).await;
    assert_eq!(script.positions(), [0]);
    // Its success ends the cooldown for everyone.
    run(&router, &one, &script).await.unwrap();
}

#[tokio::test]
async fn a_missing_key_advances_and_cools_nothing_down() {
    let (router, clock) = router(|builder| builder);
    let candidates = chain().await;
    let script = Script::of([Err(HttpError::unsent(ErrorKind::Authentication))]);
    let routed = run(&router, &candidates, &script).await.unwrap();
    assert_eq!(routed.answer, 1);
    let running = router.failover().running(clock.now()).await.unwrap();
    assert_eq!(running, []);
    let entries = router.usage().latest(10).await.unwrap();
    assert_eq!((entries.len(), entries[0].sends), (1, 0));
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl FailoverStore for Broken {
    async fn running(&self, _: SystemTime) -> Result<Vec<Cooldown>, Error> {
        Err(Error::storage("the disk is gone"))
    }

    async fn fail(&self, _: &Failure, _: SystemTime) -> Result<Cooldown, Error> {
        Err(Error::busy("locked"))
    }

    async fn succeed(&self, _: &Target) -> Result<(), Error> {
        Err(Error::busy("locked"))
    }

    async fn endpoint(&self, _: &Target) -> Result<Option<String>, Error> {
        Err(Error::busy("locked"))
    }

    async fn remember_endpoint(&self, _: &Target, _: &str) -> Result<(), Error> {
        Err(Error::busy("locked"))
    }
}

#[tokio::test]
async fn a_store_that_fails_stops_no_request() {
    let (router, _) = router(|builder| builder.failover_store(Arc::new(Broken)));
    assert!(router.store_failure().is_none());
    let script = Script::of([Err(error(ErrorKind::Server))]);
    let routed = run(&router, &chain().await, &script).await.unwrap();
    assert_eq!(routed.answer, 1);
    answer(routed).await;
    let failure = router.store_failure().unwrap();
    assert_eq!(failure.kind(), ErrorKind::Busy);
    assert_eq!(failure.to_string(), "locked");
    assert_eq!(router.usage().latest(10).await.unwrap().len(), 2);
}
