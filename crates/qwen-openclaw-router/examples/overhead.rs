//! Measures what the router adds to a request, with its stores in memory:
//! `cargo run --release -p qwen-openclaw-router --example overhead`.

#![expect(clippy::print_stdout, reason = "it is a command")]

use std::{
    error::Error,
    future::ready,
    time::{Duration, Instant},
};

use qwen_openclaw_router::{
    Budget, Candidate, Choice, Limit, Outcome, Period, Router, Used,
    auth::ApiKey,
    catalog::Provider,
    client::Routes,
    http::{self, ErrorKind},
};

const REQUESTS: u32 = 20_000;
const ROUNDS: u32 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let routes = Routes::new().api_key(Provider::QWEN, ApiKey::parse("sk-0123456789abcdef")?);
    let candidate = Candidate::new(routes.route("qwen/some-model").await?);
    let one = [candidate.clone()];
    let chain = [candidate.clone(), candidate.clone(), candidate];

    let budgets = [Period::Day, Period::Month, Period::Total]
        .map(|period| Budget::new(format!("{period:?}"), period, Limit::Requests(u64::MAX)));
    let limited = budgets
        .into_iter()
        .fold(Router::builder(), |builder, budget| builder.budget(budget));

    println!(
        "one candidate: {:?} a request",
        measure(&Router::new(), &one).await?
    );
    println!(
        "with three budgets: {:?} a request",
        measure(&limited.build(), &one).await?
    );
    let cooling = Router::new();
    let request = cooling.request("chat");
    let failed = request.run(&one, |_| {
        ready(Err::<(), _>(http::Error::new(ErrorKind::Server)))
    });
    assert!(failed.await.is_err());
    // All three are the same target, so that each is left out.
    let start = Instant::now();
    for _ in 0..REQUESTS {
        let request = cooling.request("chat");
        assert!(request.run(&chain, send).await.is_err());
    }
    println!(
        "three that cool down: {:?} a request",
        start.elapsed() / REQUESTS
    );
    Ok(())
}

/// The fastest round: routing, an answer at once, and settling it.
async fn measure(router: &Router, candidates: &[Candidate]) -> Result<Duration, http::Error> {
    let mut fastest = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..REQUESTS {
            let request = router.request("chat");
            let Ok(routed) = request.run(candidates, send).await else {
                return Err(http::Error::new(ErrorKind::Server));
            };
            let used = Used {
                sends: 1,
                ..Used::default()
            };
            routed.ticket.settle(used, Outcome::Answered).await;
        }
        fastest = fastest.min(start.elapsed() / REQUESTS);
    }
    Ok(fastest)
}

fn send(_: Choice) -> std::future::Ready<Result<(), http::Error>> {
    ready(Ok(()))
}
