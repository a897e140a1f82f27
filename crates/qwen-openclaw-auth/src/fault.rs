//! Named points at which tests kill the process, to see what a crash there leaves behind. Crates
//! above that write files the same way share them.

/// Marks a point. Outside of tests it does nothing.
#[cfg(not(any(test, feature = "__faults")))]
pub fn point(_name: &str) {}

/// Kills the process here if the variable `QWEN_OPENCLAW_TEST_DIE_AT` names this point, optionally
/// with the number of times that it is passed first: `renamed:2`.
#[cfg(any(test, feature = "__faults"))]
pub fn point(name: &str) {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    };

    static DIE_AT: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let text = std::env::var("QWEN_OPENCLAW_TEST_DIE_AT").ok()?;
        let (name, before) = text.split_once(':').unwrap_or((&text, "0"));
        Some((name.to_owned(), before.parse().ok()?))
    });
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Some((die_at, before)) = &*DIE_AT else {
        return;
    };
    if die_at == name && PASSED.fetch_add(1, Ordering::Relaxed) == *before {
        // It cannot be caught, and no destructor runs.
        #[cfg(unix)]
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}

/// Every point of a refresh, in the order in which they are reached.
#[cfg(all(test, feature = "portal"))]
pub(crate) const REFRESH_POINTS: &[&str] = &[
    "before-lease",
    "leased",
    "read-again",
    "writable",
    "noted",
    "answered",
    "temporary-file",
    "synced",
    "renamed",
    "saved",
    "note-removed",
];
