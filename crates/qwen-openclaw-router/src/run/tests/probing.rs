//! A key that is refused is looked for at the other endpoints, of which the emulator plays all.

use qwen_openclaw_catalog::{Endpoint, Provider, Region};
use qwen_openclaw_client::KeyCheck;
use qwen_openclaw_emulator::{self as emulator, Emulator};

use super::*;

/// The emulator in place of every endpoint.
fn check_at(emulator: &Emulator) -> KeyCheck {
    let http = qwen_openclaw_http::Client::builder().build().unwrap();
    let endpoints = Endpoint::all().iter();
    endpoints.fold(KeyCheck::new(http), |check, endpoint| {
        let (plan, region) = place(*endpoint);
        check.base_url(*endpoint, emulator.base_url_for(plan, region))
    })
}

fn place(endpoint: Endpoint) -> (emulator::Plan, emulator::Region) {
    let plan = match endpoint.plan() {
        Plan::Coding => emulator::Plan::Coding,
        Plan::Token => emulator::Plan::Token,
        Plan::Portal => emulator::Plan::Portal,
        _ => emulator::Plan::Standard,
    };
    let region = match endpoint.region() {
        Region::China => emulator::Region::China,
        _ => emulator::Region::Global,
    };
    (plan, region)
}

fn key_of(endpoint: Endpoint) -> String {
    let (plan, region) = place(endpoint);
    Emulator::key_for(plan, region)
}

async fn candidate_with(key: &str) -> Candidate {
    Candidate::new(route_with_key("qwen/one", "a", key).await)
}

fn probing(emulator: &Emulator) -> (Router, Clock) {
    router(|builder| builder.probe_endpoints(check_at(emulator)))
}

#[tokio::test]
async fn a_refused_key_is_found_at_its_endpoint_and_remembered() {
    let emulator = Emulator::start().await.unwrap();
    let (router, clock) = probing(&emulator);
    let candidates = [candidate_with(&key_of(Endpoint::StandardChina)).await];
    let script = Script::of([Err(refused())]);
    let routed = run(&router, &candidates, &script).await.unwrap();
    let url = emulator.base_url_for(emulator::Plan::Standard, emulator::Region::China);
    assert_eq!(script.base_urls(), [None, Some(url.clone())]);
    assert_eq!(
        outcomes(&routed.attempts),
        [(0, "auth".to_owned()), (0, "answered".to_owned())]
    );
    answer(routed).await;
    let running = router.failover().running(clock.now()).await.unwrap();
    assert_eq!(running, []);
    let asked = emulator.requests();
    assert!(!asked.is_empty());
    for request in &asked {
        assert_eq!(request.method().as_str(), "GET");
        assert!(request.path().ends_with("/models"), "{}", request.path());
    }

    // From now on it goes there at once.
    let script = Script::default();
    run(&router, &candidates, &script).await.unwrap();
    assert_eq!(script.base_urls(), [Some(url)]);
    assert_eq!(emulator.requests().len(), asked.len());
}

#[tokio::test]
async fn a_key_that_no_endpoint_accepts_is_asked_about_once() {
    let emulator = Emulator::builder().require_key("sk-another");
    let emulator = emulator.start().await.unwrap();
    let (router, clock) = probing(&emulator);
    let candidates = [candidate_with("sk-0123456789").await];
    let script = Script::failing(refused());
    let failed = run(&router, &candidates, &script).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Authentication);
    assert_eq!(script.positions(), [0]);
    let asked = emulator.requests().len();
    assert!(asked > 0);
    clock.advance(3_600);
    run(&router, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0, 0]);
    assert_eq!(emulator.requests().len(), asked);
}

#[tokio::test]
async fn requests_at_the_same_time_ask_once() {
    let emulator = Emulator::start().await.unwrap();
    let (router, _) = probing(&emulator);
    let candidates = Arc::new([candidate_with(&key_of(Endpoint::StandardChina)).await]);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (router, candidates) = (router.clone(), Arc::clone(&candidates));
        calls.spawn(async move {
            let request = router.request("chat");
            let sent = request.run(&candidates[..], |choice| {
                ready(choice.base_url.map(|_| ()).ok_or_else(refused))
            });
            sent.await.is_ok()
        });
    }
    assert!(calls.join_all().await.into_iter().all(|is_ok| is_ok));
    // The likeliest other endpoint is the one.
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn a_plan_key_that_is_found_is_no_fallback_from_another_provider() {
    let emulator = Emulator::start().await.unwrap();
    let key = key_of(Endpoint::TokenGlobal);
    let candidates = [
        candidate("openai/three", "c").await,
        candidate_with(&key).await,
    ];
    let errors = || Script::of([Err(error(ErrorKind::Server)), Err(refused())]);

    let (strict, _) = probing(&emulator);
    let script = errors();
    let failed = run(&strict, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0, 1]);
    let last = failed.attempts().last().unwrap();
    assert_eq!(
        (last.position, &last.outcome),
        (1, &AttemptOutcome::PlanKey)
    );

    let check = check_at(&emulator);
    let (allowing, _) = router(|builder| builder.probe_endpoints(check).allow_plan_keys(true));
    let script = errors();
    run(&allowing, &candidates, &script).await.unwrap();
    assert_eq!(script.positions(), [0, 1, 1]);
}

#[tokio::test]
async fn nothing_is_asked_where_the_place_is_fixed_or_the_key_was_not_refused() {
    let emulator = Emulator::start().await.unwrap();
    let key = key_of(Endpoint::StandardChina);
    let routes = Routes::new().api_key(Provider::QWEN, ApiKey::parse(key.clone()).unwrap());
    let url = Endpoint::StandardGlobal.base_url();
    let fixed = [
        routes.clone().base_url(Provider::QWEN, url),
        routes.clone().region(Region::Global),
        routes.plan(Plan::Standard),
    ];
    for routes in fixed {
        let (router, _) = probing(&emulator);
        let candidates = [Candidate::new(routes.route("qwen/one").await.unwrap())];
        let script = Script::failing(refused());
        run(&router, &candidates, &script).await.unwrap_err();
        assert_eq!(script.positions(), [0]);
    }
    let candidates = [candidate_with(&key).await];
    let not_refused = [
        error(ErrorKind::Permission),
        HttpError::unsent(ErrorKind::Authentication),
    ];
    for error in not_refused {
        let (router, _) = probing(&emulator);
        let script = Script::failing(error);
        run(&router, &candidates, &script).await.unwrap_err();
        assert_eq!(script.positions(), [0]);
    }
    let (unasked, _) = router(|builder| builder);
    let script = Script::failing(refused());
    run(&unasked, &candidates, &script).await.unwrap_err();
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn an_address_from_the_store_that_is_not_the_services_gets_no_key() {
    let emulator = Emulator::start().await.unwrap();
    let (router, _) = probing(&emulator);
    let candidates = [candidate_with("sk-0123456789").await];
    let target = candidates[0].target();
    let remembered = router.failover();
    let remembered = remembered.remember_endpoint(target, "https://evil.example/v1");
    remembered.await.unwrap();
    let script = Script::default();
    run(&router, &candidates, &script).await.unwrap();
    assert_eq!(script.base_urls(), [None]);
}
