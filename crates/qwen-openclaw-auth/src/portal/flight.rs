//! Work that is shared by its callers and continues when they are canceled.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// Runs at most one piece of work at a time. Callers that arrive while it is in progress share its
/// result.
///
/// The work runs in its own task, which canceling a caller does not cancel: once a refresh token
/// has been sent, the response must be read and saved, or the login is lost. It is bounded by its
/// internal waits and timeouts, and there is at most one per credential.
#[derive(Debug)]
pub(super) struct Flight<T> {
    current: Mutex<Option<watch::Receiver<Option<T>>>>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self {
            current: Mutex::new(None),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Waits for the work in progress, or starts `work`. `None` if its runtime was shut down.
    pub(super) async fn join<F>(&self, work: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut result = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            match current.as_ref().filter(|result| is_in_progress(result)) {
                Some(result) => result.clone(),
                None => {
                    let (sender, result) = watch::channel(None);
                    let work = work();
                    tokio::spawn(async move {
                        // All callers may be gone by now.
                        let _ = sender.send(Some(work.await));
                    });
                    *current = Some(result.clone());
                    result
                }
            }
        };
        result.wait_for(Option::is_some).await.ok()?.clone()
    }
}

fn is_in_progress<T>(result: &watch::Receiver<Option<T>>) -> bool {
    result.borrow().is_none() && result.has_changed().is_ok()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn callers_share_one_piece_of_work_and_may_be_canceled() {
        let flight = Arc::new(Flight::default());
        let runs = Arc::new(AtomicU32::new(0));
        let work = || {
            let runs = Arc::clone(&runs);
            move || async move {
                sleep(Duration::from_secs(2)).await;
                runs.fetch_add(1, Ordering::Relaxed) + 1
            }
        };
        // The first caller starts the work and is canceled; the others arrive while it is in
        // progress.
        let left = timeout(Duration::from_secs(1), flight.join(work())).await;
        assert!(left.is_err());
        let (a, b) = tokio::join!(flight.join(work()), flight.join(work()));
        assert_eq!((a, b), (Some(1), Some(1)));
        assert_eq!(flight.join(work()).await, Some(2));
    }
}
