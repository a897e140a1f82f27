//! How often a task is polled.

use std::time::Duration;

/// The intervals between polls of a task: short at first, then growing to a maximum.
///
/// A task that finishes within seconds is noticed within seconds; one that takes minutes is polled
/// no more often than the service suggests (help.aliyun.com, Model Studio,
/// "text-to-video-api-reference": every 15 seconds).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PollSchedule {
    first: Duration,
    settled: Duration,
}

impl Default for PollSchedule {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            settled: Duration::from_secs(15),
        }
    }
}

impl PollSchedule {
    /// Sets the first interval. Each following one is half again as long. The default is one
    /// second.
    #[must_use]
    pub fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// Sets the maximum interval. The default is 15 seconds.
    #[must_use]
    pub fn settled(mut self, settled: Duration) -> Self {
        self.settled = settled;
        self
    }

    /// The wait after `asked` questions, the first being number 0.
    pub(crate) fn wait(&self, asked: u32) -> Duration {
        let factor = 1.5f64.powi(i32::try_from(asked.min(40)).unwrap_or(40));
        let grown = self.first.as_secs_f64() * factor;
        self.settled
            .min(Duration::from_secs_f64(grown.min(86_400.0)))
    }

    /// The gap at which `several` tasks are asked about in turn, so that each is asked about as
    /// often as one would be.
    pub(crate) fn settled_gap(&self, several: usize) -> Duration {
        self.settled / u32::try_from(several.max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_quick_and_settles() {
        let schedule = PollSchedule::default();
        let waits: Vec<_> = (0..9).map(|n| schedule.wait(n).as_secs()).collect();
        assert_eq!(waits, [1, 1, 2, 3, 5, 7, 11, 15, 15]);
        assert_eq!(schedule.wait(u32::MAX), Duration::from_secs(15));
    }
}
