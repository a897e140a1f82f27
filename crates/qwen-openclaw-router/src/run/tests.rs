//! Requests with scripted answers: what is sent to whom, what is recorded, and what is said.

mod accounting;
mod cooldowns;
mod probing;
mod table;

use std::{
    collections::VecDeque,
    future::{Ready, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use qwen_openclaw_auth::{ApiKey, Credential, Source, StaticCredential};
use qwen_openclaw_client::{Route, Routes};
use qwen_openclaw_http::ServerError;

use super::*;
use crate::{Router, RouterBuilder, Tokens, Used};

/// A clock that stands still until it is set.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn now(&self) -> SystemTime {
        at(self.0.load(Ordering::Relaxed))
    }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn router(change: impl FnOnce(RouterBuilder) -> RouterBuilder) -> (Router, Clock) {
    let clock = Clock::default();
    let read = clock.clone();
    let builder = Router::builder().clock(move || read.now());
    (change(builder).build(), clock)
}

/// A route to a model with an account of that name.
async fn route(model_ref: &str, account: &str) -> Route {
    route_with_key(model_ref, account, &format!("sk-0123456789-{account}")).await
}

async fn route_with_key(model_ref: &str, account: &str, key: &str) -> Route {
    let routes = Routes::new();
    let provider = routes.parse(model_ref).unwrap().provider;
    let name = format!("{provider}:{account}");
    let credential = Credential::new(ApiKey::parse(key).unwrap(), Source::Profile(name));
    let credential = Arc::new(StaticCredential::new(credential));
    routes
        .credential(provider, credential)
        .route(model_ref)
        .await
        .unwrap()
}

async fn candidate(model_ref: &str, account: &str) -> Candidate {
    Candidate::new(route(model_ref, account).await)
}

/// Three models of three providers.
async fn chain() -> [Candidate; 3] {
    [
        candidate("qwen/one", "a").await,
        candidate("anthropic/two", "b").await,
        candidate("openai/three", "c").await,
    ]
}

/// Three accounts of the same model.
async fn accounts() -> [Candidate; 3] {
    [
        candidate("qwen/one", "a").await,
        candidate("qwen/one", "b").await,
        candidate("qwen/one", "c").await,
    ]
}

/// Answers as scripted, and notes what it was asked. What is not scripted is answered.
#[derive(Clone, Debug, Default)]
struct Script {
    results: Arc<Mutex<VecDeque<Result<(), HttpError>>>>,
    choices: Arc<Mutex<Vec<Choice>>>,
}

impl Script {
    fn of(results: impl IntoIterator<Item = Result<(), HttpError>>) -> Self {
        Self {
            results: Arc::new(Mutex::new(results.into_iter().collect())),
            ..Self::default()
        }
    }

    fn failing(error: HttpError) -> Self {
        Self::of(vec![Err(error); 20])
    }

    fn send(&self) -> impl FnMut(Choice) -> Ready<Result<usize, HttpError>> {
        |choice| {
            let position = choice.position;
            self.choices.lock().unwrap().push(choice);
            let result = self.results.lock().unwrap().pop_front();
            ready(result.unwrap_or(Ok(())).map(|()| position))
        }
    }

    /// Where it was sent, in order.
    fn positions(&self) -> Vec<usize> {
        let choices = self.choices.lock().unwrap();
        choices.iter().map(|choice| choice.position).collect()
    }
}

impl Script {
    /// The base URLs in place of the routes' own, in order.
    fn base_urls(&self) -> Vec<Option<String>> {
        let choices = self.choices.lock().unwrap();
        choices
            .iter()
            .map(|choice| choice.base_url.clone())
            .collect()
    }
}

async fn run(
    router: &Router,
    candidates: &[Candidate],
    script: &Script,
) -> Result<Routed<usize>, RouteError<HttpError>> {
    router.request("chat").run(candidates, script.send()).await
}

fn error(kind: ErrorKind) -> HttpError {
    HttpError::new(kind)
}

/// A server's answer with `Retry-After`.
fn throttled(seconds: u64) -> HttpError {
    let body = br#"{"error":{"code":"Throttling.RateQuota","message":"slow down"}}"#;
    let server = ServerError::parse(body).unwrap();
    HttpError::from_answer(429, server, Some(Duration::from_secs(seconds)))
}

/// A server's refusal of the key.
fn refused() -> HttpError {
    let body = br#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided."}}"#;
    HttpError::from_answer(401, ServerError::parse(body).unwrap(), None)
}

fn outcomes(attempts: &[Attempt]) -> Vec<(usize, String)> {
    let shown = |attempt: &Attempt| (attempt.position, attempt.outcome.to_string());
    attempts.iter().map(shown).collect()
}

async fn answer(routed: Routed<usize>) {
    let used = Used {
        sends: 1,
        ..Used::default()
    };
    routed.ticket.settle(used, Outcome::Answered).await;
}

#[tokio::test]
async fn the_first_candidate_answers_and_nothing_else_is_sent() {
    let (router, _) = router(|builder| builder);
    let script = Script::default();
    let routed = run(&router, &chain().await, &script).await.unwrap();
    assert_eq!((routed.answer, routed.position), (0, 0));
    assert_eq!(script.positions(), [0]);
    assert_eq!(outcomes(&routed.attempts), [(0, "answered".to_owned())]);
    assert_eq!(routed.attempts[0].model_ref(), "qwen/one");
    assert_eq!(routed.attempts[0].credential, "qwen:a");
}

#[tokio::test]
async fn a_candidate_that_is_unfit_is_left_out_and_the_reason_is_said() {
    let (router, _) = router(|builder| builder);
    let [one, two, three] = chain().await;
    let candidates = [
        one.unfit("takes no images"),
        two,
        three.unfit("has no tools"),
    ];
    let script = Script::of([Err(error(ErrorKind::Server))]);
    let failed = run(&router, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [1]);
    assert_eq!(failed.kind(), ErrorKind::Server);
    assert_eq!(
        failed.to_string(),
        "no model answered: qwen/one (qwen:a): takes no images; anthropic/two (anthropic:b): server; \
         openai/three (openai:c): has no tools; retry in 30 s"
    );

    let routes = |at: usize| router.request("chat").unusable(at, "a b", "no ref");
    let listed = routes(0).unusable(3, "nowhere/x", "unknown provider");
    let attempts = async |request: RouteRequest, result: Result<(), HttpError>| {
        let sent = request.run(&candidates, |_| ready(result.clone())).await;
        match sent {
            Ok(routed) => outcomes(&routed.attempts),
            Err(failed) => outcomes(failed.attempts()),
        }
    };
    let unfit = |at: usize, reason: &str| (at, reason.to_owned());
    let first = [unfit(0, "no ref"), unfit(0, "takes no images")];
    let insisting = listed.ignore_cooldowns(true);
    let answered = attempts(insisting.clone(), Ok(())).await;
    assert_eq!(answered, [&first[..], &[unfit(1, "answered")]].concat());
    let last = [
        unfit(1, "server"),
        unfit(2, "has no tools"),
        unfit(3, "unknown provider"),
    ];
    let failed = attempts(insisting, Err(error(ErrorKind::Server))).await;
    assert_eq!(failed, [&first[..], &last].concat());

    let [one, ..] = candidates;
    let script = Script::default();
    let failed = run(&router, &[one], &script).await.unwrap_err();
    assert!(script.positions().is_empty());
    assert_eq!(failed.kind(), ErrorKind::InvalidRequest);
    assert!(failed.last().is_none());
    assert_eq!(
        failed.to_string(),
        "no model could be tried: qwen/one (qwen:a): takes no images"
    );
    let failed = run(&router, &[], &script).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::InvalidRequest);
    assert_eq!(failed.to_string(), "no model could be tried");
}

#[tokio::test]
async fn exhaustion_lists_every_attempt_and_the_soonest_retry() {
    let (router, clock) = router(|builder| builder);
    let script = Script::of([
        Err(error(ErrorKind::Billing)),
        Err(throttled(7).with_message("slow down, please")),
        Err(error(ErrorKind::Network)),
    ]);
    let failed = run(&router, &chain().await, &script).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Network);
    assert_eq!(
        failed.retry_at(),
        Some(clock.now() + Duration::from_secs(7))
    );
    assert_eq!(failed.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(
        failed.to_string(),
        "no model answered: qwen/one (qwen:a): billing; anthropic/two (anthropic:b): rate_limit; \
         openai/three (openai:c): network; retry in 7 s"
    );
    let source = std::error::Error::source(&failed).unwrap();
    assert_eq!(source.to_string(), "the connection failed");
    assert_eq!(failed.into_last().unwrap().kind(), ErrorKind::Network);
}

#[tokio::test]
async fn a_plan_key_is_a_fallback_only_of_its_own_provider() {
    let coding = |account: &'static str| async move {
        Candidate::new(route_with_key("qwen/one", account, "sk-sp-0123456789").await)
    };
    let token = Candidate::new(route_with_key("qwen-token-plan/one", "t", "sk-0123456789").await);
    let other = candidate("openai/three", "c").await;
    let plan_key = "the key of a plan is not used as a fallback";

    let (strict, _) = router(|builder| builder);
    let candidates = [other.clone(), coding("p").await, token.clone()];
    let script = Script::failing(error(ErrorKind::Server));
    let failed = run(&strict, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0]);
    let barred = |at: usize| (at, plan_key.to_owned());
    assert_eq!(outcomes(failed.attempts())[1..], [barred(1), barred(2)]);

    // The one that the user chose is used, and so is another account of its provider.
    let (strict, _) = router(|builder| builder);
    let candidates = [
        coding("p").await,
        candidate("qwen/one", "a").await,
        coding("q").await,
    ];
    let script = Script::failing(error(ErrorKind::Server));
    run(&strict, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0, 1, 2]);

    let (allowing, _) = router(|builder| builder.allow_plan_keys(true));
    let candidates = [other, coding("p").await, token];
    let script = Script::failing(error(ErrorKind::Server));
    run(&allowing, &candidates, &script).await.unwrap_err();
    assert_eq!(script.positions(), [0, 1, 2]);
}

#[tokio::test]
async fn neither_errors_nor_debug_show_a_key() {
    let (router, _) = router(|builder| builder);
    let candidates = chain().await;
    let script = Script::failing(refused());
    let failed = run(&router, &candidates, &script).await.unwrap_err();
    let running = router.failover().running(at(0)).await.unwrap();
    let shown = format!("{failed} {failed:?} {router:?} {candidates:?} {running:?}");
    assert!(!shown.contains("0123456789"), "{shown}");
}

#[test]
fn the_futures_of_requests_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let candidates: [Candidate; 0] = [];
    let script = Script::default();
    let router = Router::new();
    let request = router.request("chat");
    is_send(request.run(&candidates, script.send()));
    is_send(router.flush());
}
