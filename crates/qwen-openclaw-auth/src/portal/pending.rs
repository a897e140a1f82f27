//! How many refreshes of this process are between their request and the file.

use std::sync::LazyLock;

use tokio::sync::watch;

/// Of the whole process, since what ends them all is the end of the process.
static PENDING: LazyLock<watch::Sender<usize>> = LazyLock::new(watch::Sender::default);

/// Waits until no refresh of this process is between its request and the file.
///
/// A program that ends in between loses the login: the server has taken the old token, and nobody
/// has kept the new one. Wait for this before the runtime is dropped, after a Ctrl-C as well. It
/// takes no longer than a refresh, half a minute at most where the server does not answer; mostly
/// nothing is under way.
pub async fn wait_for_pending_refreshes() {
    // The sender lives as long as the process.
    let _ = PENDING.subscribe().wait_for(|pending| *pending == 0).await;
}

/// A refresh whose token is on its way, until it is dropped.
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
