//! Work that several callers wait for, and that goes on when all of them leave.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// At most one piece of work at a time. Who comes while it is under way gets its result.
///
/// The work runs in a task of its own, which no caller's end can end: once a refresh token has
/// been sent, the answer has to be read and saved, or the login is lost. It is bounded by the
/// waits and timeouts inside, and there is one at most for each credential.
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
    /// Waits for the work under way, or starts `work`. `None` when it was ended from outside, by
    /// the end of its runtime.
    pub(super) async fn join<F>(&self, work: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut result = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            match current.as_ref().filter(|result| is_under_way(result)) {
                Some(result) => result.clone(),
                None => {
                    let (sender, result) = watch::channel(None);
                    let work = work();
                    tokio::spawn(async move {
                        // Nobody may be left to hear of it.
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

fn is_under_way<T>(result: &watch::Receiver<Option<T>>) -> bool {
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
    async fn callers_share_one_piece_of_work_and_may_leave() {
        let flight = Arc::new(Flight::default());
        let runs = Arc::new(AtomicU32::new(0));
        let work = || {
            let runs = Arc::clone(&runs);
            move || async move {
                sleep(Duration::from_secs(2)).await;
                runs.fetch_add(1, Ordering::Relaxed) + 1
            }
        };
        // The first caller starts the work and leaves; the others come while it is under way.
        let left = timeout(Duration::from_secs(1), flight.join(work())).await;
        assert!(left.is_err());
        let (a, b) = tokio::join!(flight.join(work()), flight.join(work()));
        assert_eq!((a, b), (Some(1), Some(1)));
        assert_eq!(flight.join(work()).await, Some(2));
    }
}
