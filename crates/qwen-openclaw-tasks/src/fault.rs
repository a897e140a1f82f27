//! Named points at which tests end the process, to see what a crash there leaves behind.

/// Marks a point. Outside the crate's own tests it is nothing.
#[cfg(not(test))]
pub(crate) fn point(_name: &str) {}

/// Ends the process here when the variable `QWEN_OPENCLAW_TEST_DIE_AT` names this point, with the
/// number of times it is passed before: `renamed:2`.
#[cfg(test)]
pub(crate) fn point(name: &str) {
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
        // No destructor runs, as in a kill.
        std::process::abort();
    }
}
