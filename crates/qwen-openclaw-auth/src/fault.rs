//! Named points at which tests kill the process, to see what a crash there leaves behind.

/// Marks a point. Outside the crate's own tests it does nothing.
#[cfg(not(test))]
pub(crate) fn point(_name: &str) {}

/// Kills the process here if the variable `QWEN_OPENCLAW_TEST_DIE_AT` names this point.
#[cfg(test)]
pub(crate) fn point(name: &str) {
    use std::sync::LazyLock;

    static DIE_AT: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::var("QWEN_OPENCLAW_TEST_DIE_AT").ok());
    if DIE_AT.as_deref() == Some(name) {
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
