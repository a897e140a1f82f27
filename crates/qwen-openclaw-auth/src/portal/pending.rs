//! Counts this process's refreshes that are between sending the token and saving its replacement.

use std::sync::LazyLock;

use tokio::sync::watch;

/// Process-wide, because exiting the process would cut off all of them.
static PENDING: LazyLock<watch::Sender<usize>> = LazyLock::new(watch::Sender::default);

/// Waits until every refresh in progress in this process has saved its result.
///
/// A program that exits in the middle of a refresh loses the login: the server has consumed the old
/// token, and no one has saved the new one. Await this before the runtime is dropped, including
/// after Ctrl-C. It takes no longer than a refresh, at most half a minute if the server does not
/// respond; usually nothing is in progress.
pub async fn wait_for_pending_refreshes() {
    // The sender lives as long as the process.
    let _ = PENDING.subscribe().wait_for(|pending| *pending == 0).await;
}

/// Marks a refresh as in progress until dropped.
#[derive(Debug)]
pub(super) struct Pending(());

impl Pending {
    pub(super) fn new() -> Self {
        PENDING.send_modify(|pending| *pending += 1);
        Self(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        PENDING.send_modify(|pending| *pending -= 1);
    }
}
