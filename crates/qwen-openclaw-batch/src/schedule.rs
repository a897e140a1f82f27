//! How often a batch is asked for.

use std::time::Duration;

/// How often the service is asked for the state of a batch, and for how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct PollSchedule {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    pub(crate) deadline: Duration,
}

impl PollSchedule {
    /// Sets the wait after the first question; each wait is half as long again as the one before. The
    /// default is a minute, the shortest that the service asks for.
    pub fn first(mut self, wait: Duration) -> Self {
        self.first = wait.max(Duration::from_millis(1));
        self
    }

    /// Sets the longest wait. The default is five minutes.
    pub fn longest(mut self, wait: Duration) -> Self {
        self.longest = wait.max(Duration::from_millis(1));
        self
    }

    /// Sets how long a batch is waited for. The default is 15 days, one more than the longest window.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = limit;
        self
    }

    /// The wait after question number `asked`, counted from 0.
    pub(crate) fn wait(&self, asked: u32) -> Duration {
        let mut wait = self.first;
        for _ in 0..asked.min(64) {
            if wait >= self.longest {
                break;
            }
            wait = wait.saturating_mul(3) / 2;
        }
        wait.min(self.longest.max(self.first))
    }
}

impl Default for PollSchedule {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(60),
            longest: Duration::from_secs(5 * 60),
            deadline: Duration::from_secs(15 * 24 * 60 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_minute_to_five() {
        let schedule = PollSchedule::default();
        let waits = [0, 1, 2, 3, 4, 99].map(|asked| schedule.wait(asked).as_secs());
        assert_eq!(waits, [60, 90, 135, 202, 300, 300]);
    }
}
