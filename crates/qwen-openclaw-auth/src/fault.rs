//! Named points at which tests kill the process, to see what a crash there leaves behind. Crates
//! above that write files the same way share them. Tests that wait for another process, or count what
//! it did, read which points it has passed.

/// Marks a point. Outside of tests it does nothing.
#[cfg(not(any(test, feature = "__faults")))]
pub fn point(_name: &str) {}

/// Kills the process here if the variable `QWEN_OPENCLAW_TEST_DIE_AT` names this point, optionally
/// with the number of times that it is passed first: `renamed:2`.
///
/// If `QWEN_OPENCLAW_TEST_PASSED` names a folder, the point is added to this process's file in it.
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
    if let Some(folder) = std::env::var_os("QWEN_OPENCLAW_TEST_PASSED") {
        note(std::path::Path::new(&folder), name);
    }
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

#[cfg(any(test, feature = "__faults"))]
fn note(folder: &std::path::Path, name: &str) {
    use std::io::Write;

    let path = folder.join(format!("passed-{}", std::process::id()));
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    // One write for each line, so that a reader never sees half of one. A point that cannot be noted
    // is missed by the test that reads it.
    let _ = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
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
