//! Test suites for implementers of stores: what the router expects, checked the same way for each.
//!
//! A suite gets a function that creates an empty store, calls it for each of its tests, and panics at
//! the first expectation that is not met. It has to run in a tokio runtime; one with several threads
//! finds more in the tests of concurrent calls. Times are whole milliseconds from the year 2027 on; a
//! store need not keep them more precisely.
//!
//! ```
//! use std::sync::Arc;
//!
//! use qwen_openclaw_router::{MemoryFailover, MemoryUsage, contract};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! contract::usage_store(async || Arc::new(MemoryUsage::new())).await;
//! contract::failover_store(async || Arc::new(MemoryFailover::new())).await;
//! # }
//! ```

mod failover;
mod usage;

use std::{
    fmt::Debug,
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::task::JoinSet;

pub use self::{failover::failover_store, usage::usage_store};

/// 2027-01-15T08:00:00Z, which begins a quarter of an hour.
const START: Duration = Duration::from_secs(1_800_000_000);

/// A time in seconds after the start.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + START + Duration::from_secs(seconds)
}

#[track_caller]
#[expect(clippy::expect_used, reason = "a suite fails by panicking")]
fn ok<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("no call of a suite may fail")
}

/// The results of calls that are made at the same time.
async fn all_at_once<S, T, F>(
    store: &Arc<S>,
    count: usize,
    call: impl Fn(Arc<S>, usize) -> F,
) -> Vec<T>
where
    S: ?Sized,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut calls = JoinSet::new();
    for index in 0..count {
        calls.spawn(call(Arc::clone(store), index));
    }
    calls.join_all().await
}
