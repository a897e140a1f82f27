//! What the router adds to a request with one healthy route, and to each chunk of its reply: the facade
//! with and without a router, against a service in memory, so that no network is measured.
//!
//! `cargo bench -p qwen-openclaw-tests --no-default-features --bench router`

#![allow(missing_docs, reason = "criterion's macros write no docs")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends where it cannot go on")]

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use qwen_openclaw::{
    Qwen,
    auth::ApiKey,
    routing::{Budget, Limit, Period, Router},
};
use qwen_openclaw_tests::in_memory::InMemory;
use tokio::runtime::{Builder, Runtime};

/// One chunk for what a request costs; the difference to many is what the chunks cost.
const CHUNKS: [usize; 2] = [1, 10_000];

fn qwen(chunks: usize, router: Option<Router>) -> Qwen {
    let builder = Qwen::builder()
        .api_key(ApiKey::parse("sk-0123456789abcdef").unwrap())
        .http(InMemory::new(chunks).client().unwrap());
    let builder = match router {
        Some(router) => builder.router(router),
        None => builder,
    };
    builder.build().unwrap()
}

/// Reads a reply to its end.
fn ask(runtime: &Runtime, qwen: &Qwen) -> usize {
    runtime.block_on(async {
        let chat = qwen.chat("qwen/qwen3.5-plus").user("Who are you?");
        let mut stream = chat.stream().await.unwrap();
        let mut events = 0;
        while let Some(event) = stream.next_borrowed().await {
            event.unwrap();
            events += 1;
        }
        events
    })
}

fn router_overhead(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for chunks in CHUNKS {
        let mut group = criterion.benchmark_group(format!("chunks/{chunks}"));
        group
            .warm_up_time(Duration::from_secs(1))
            .measurement_time(Duration::from_secs(5));
        let budget = Budget::new("all", Period::Total, Limit::Requests(u64::MAX));
        let routers = [
            ("plain", None),
            ("router", Some(Router::new())),
            (
                "router and budget",
                Some(Router::builder().budget(budget).build()),
            ),
        ];
        for (name, router) in routers {
            let qwen = qwen(chunks, router);
            assert!(ask(&runtime, &qwen) > chunks);
            group.bench_function(name, |bencher| bencher.iter(|| ask(&runtime, &qwen)));
        }
        group.finish();
    }
}

criterion_group!(benches, router_overhead);
criterion_main!(benches);
