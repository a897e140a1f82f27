//! Servers that mean no good: each row has its outcome, its time and its memory.
//!
//! A program of its own, because memory is counted for all of it, and its rows run one by one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where it cannot go on"
)]

mod chat;
mod server;
mod video;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    time::Duration,
};

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Whose time a row takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Clock {
    /// It jumps to the next thing to do as soon as nothing is to be done.
    Paused,
    /// For servers that always have something to do.
    Real,
}

/// What no row may take in seconds of work, on a slow machine and without optimization.
const LONGEST: f64 = 90.0;

type Run = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

struct Row {
    name: &'static str,
    clock: Clock,
    seconds: u64,
    mebibytes: usize,
    run: Run,
}

impl Row {
    fn new<F: Future<Output = ()> + 'static>(
        name: &'static str,
        clock: Clock,
        seconds: u64,
        mebibytes: usize,
        run: impl Fn() -> F + 'static,
    ) -> Self {
        Self {
            name,
            clock,
            seconds,
            mebibytes,
            run: Box::new(move || Box::pin(run())),
        }
    }

    /// Returns what is wrong.
    fn problem(&self) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(self.clock == Clock::Paused)
            .build()
            .unwrap();
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let limit = Duration::from_secs(self.seconds);
        // The clock may be paused, and work that never yields does not move it.
        let start = std::time::Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async { tokio::time::timeout(limit, (self.run)()).await })
        }));
        let peak = MEMORY.peak_usage().saturating_sub(before) >> 20;
        runtime.shutdown_background();
        let time = start.elapsed().as_secs_f64();
        println!("{:64} {time:>5.1} s {peak:>4} MiB", self.name);
        match ended {
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text =
                    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                Some(text.unwrap_or_default())
            }
            Ok(Err(_)) => Some(format!("it took more than {} s", self.seconds)),
            Ok(Ok(())) if time > LONGEST => {
                Some(format!("it took {time} s, whatever its clock says"))
            }
            Ok(Ok(())) if peak > self.mebibytes => {
                Some(format!("it took {peak} MiB, more than {}", self.mebibytes))
            }
            Ok(Ok(())) => None,
        }
    }
}

#[test]
fn hostile_servers() {
    let mut problems = Vec::new();
    for row in chat::rows().into_iter().chain(video::rows()) {
        problems.extend(
            row.problem()
                .map(|problem| format!("{}: {problem}", row.name)),
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
