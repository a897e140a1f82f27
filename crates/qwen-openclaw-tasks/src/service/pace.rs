//! Holds requests to a rate.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Lets one through at a time, with a gap between them.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most `rate` a second; `None` for as many as there are.
    pub(crate) fn per_second(rate: Option<u32>) -> Self {
        let gap = rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        Self {
            gap,
            next: Mutex::new(None),
        }
    }

    /// Waits for this one's turn.
    pub(crate) async fn turn(&self) {
        if self.gap.is_zero() {
            return;
        }
        let now = Instant::now();
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.gap);
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_the_rate() {
        let pace = Pace::per_second(Some(5));
        let started = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert_eq!(started.elapsed(), Duration::from_secs(2));
        // What was not used is not saved up.
        tokio::time::sleep(Duration::from_secs(9)).await;
        let started = Instant::now();
        for _ in 0..6 {
            pace.turn().await;
        }
        assert_eq!(started.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nobody_waits() {
        let pace = Pace::per_second(None);
        let started = Instant::now();
        for _ in 0..1000 {
            pace.turn().await;
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
