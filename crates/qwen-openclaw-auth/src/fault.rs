//! Named points at which tests end the process, to see what a crash there leaves behind. The crates
//! above that keep files the same way have theirs here too.

/// Marks a point. Outside of tests it is nothing.
#[cfg(not(any(test, feature = "__faults")))]
pub fn point(_name: &str) {}

/// Ends the process here when the variable `QWEN_OPENCLAW_TEST_DIE_AT` names this point, if need be
/// with the number of times that it is passed before: `renamed:2`.
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
        // Nothing can be done against it, and no destructor runs.
        #[cfg(unix)]
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}

/// Every point of a refresh, in the order in which it passes them.
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
