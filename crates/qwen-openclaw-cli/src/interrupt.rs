//! Ctrl-C.

use futures_util::FutureExt;
#[cfg(unix)]
use tokio::signal::unix::Signal;
#[cfg(windows)]
use tokio::signal::windows::CtrlC as Signal;

use crate::failure::Failure;

/// Listens for Ctrl-C from the moment it is created, including between two waits.
///
/// There is one listener for all waits: with a new one for each, a Ctrl-C that arrives in the same
/// turn of the runtime as a piece of the answer would go to a listener that is about to be dropped,
/// and be lost.
#[derive(Debug)]
pub(crate) struct Interrupt {
    signal: Signal,
}

impl Interrupt {
    /// Starts listening. Must be called within the runtime.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let signal = listener()
            .map_err(|error| Failure::other(format!("could not listen for Ctrl-C: {error}")))?;
        Ok(Self { signal })
    }

    /// Waits for `future`, or for Ctrl-C.
    pub(crate) async fn or<T>(
        &mut self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            _ = self.signal.recv() => Err(Failure::interrupted()),
            result = future => result,
        }
    }

    /// Forgets a Ctrl-C that came while nothing waited, and was meant for what is over.
    pub(crate) fn forget(&mut self) {
        while self.signal.recv().now_or_never().is_some() {}
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn wait(&mut self) {
        self.signal.recv().await;
    }
}

#[cfg(unix)]
fn listener() -> std::io::Result<Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(windows)]
fn listener() -> std::io::Result<Signal> {
    tokio::signal::windows::ctrl_c()
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

    use std::{future::pending, process::Command, time::Duration};

    use super::*;

    #[tokio::test]
    async fn ctrl_c_between_two_waits_is_noticed() {
        let mut interrupt = Interrupt::listen().unwrap();
        let mut witness = Interrupt::listen().unwrap();
        interrupt.or(async { Ok(()) }).await.unwrap();
        let process = std::process::id().to_string();
        let kill = Command::new("kill").args(["-INT", &process]).status();
        assert!(kill.unwrap().success());
        // The signal has been delivered while nothing was waiting on `interrupt`.
        witness.wait().await;
        let waited = interrupt.or(pending::<Result<(), Failure>>());
        let ended = tokio::time::timeout(Duration::from_secs(60), waited).await;
        assert!(ended.expect("the interrupt was lost").is_err());
    }
}
