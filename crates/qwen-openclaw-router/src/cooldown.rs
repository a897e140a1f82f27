//! How long a target is not tried after a failure.

use std::time::{Duration, SystemTime};

use qwen_openclaw_http::ErrorKind;

use crate::{Policy, Steps, Target};

/// How long a count of failures lasts after the last one.
const MEMORY: Duration = Duration::from_secs(24 * 3_600);

/// The longest wait that a server can ask for.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3_600);

/// How far the clocks of hosts may be apart. Processes of one host, too, see records of a moment later
/// than their own: they take the time before they wait for each other.
const SKEW: Duration = Duration::from_secs(60);

/// A failure to record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What failed, and will not be tried during the cooldown.
    pub target: Target,
    /// Why.
    pub kind: ErrorKind,
    /// How long the server asked to wait. It takes precedence over the steps of the kind.
    pub retry_after: Option<Duration>,
}

/// A target that is not tried for a while.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cooldown {
    /// What is cooling down.
    pub target: Target,
    /// Why. A kind that a newer version recorded is [`ErrorKind::Server`].
    pub kind: ErrorKind,
    /// How many failures in a row led to it.
    pub failures: u32,
    /// When the failure was that began it, or that last prolonged it.
    pub since: SystemTime,
    /// When it ends.
    pub until: SystemTime,
}

impl Cooldown {
    /// Returns the record of a target after a failure, given its previous record.
    ///
    /// Its length is the step of [`Policy`] for the number of failures in a row; how long the server
    /// asked to wait takes precedence, up to 31 days. While a cooldown is running, further failures
    /// neither count nor change it, unless the server asks to wait beyond its end.
    ///
    /// The count starts again a day after the last failure that changed the record. Except for rate
    /// limits, it also starts again once a cooldown has run out and as much time again has passed:
    /// for those who seldom send, a bill that was unpaid weeks ago does not block a model for
    /// hours.
    #[must_use]
    pub fn after(previous: Option<&Self>, failure: &Failure, now: SystemTime) -> Self {
        let asked = failure
            .retry_after
            .map(|wait| later(now, wait.min(LONGEST)));
        if let Some(running) = previous.filter(|previous| previous.is_running(now)) {
            let mut this = running.clone();
            if let Some(asked) = asked.filter(|asked| *asked > running.until) {
                this.kind = failure.kind;
                this.since = now;
                this.until = asked;
            }
            return this;
        }
        let steps = Policy::of(failure.kind).cooldown.unwrap_or(Steps::Brief);
        let before = previous.map_or(0, |previous| previous.counted(steps, now));
        let failures = before.saturating_add(1);
        Self {
            target: failure.target.clone(),
            kind: failure.kind,
            failures,
            since: now,
            until: asked.unwrap_or_else(|| later(now, steps.wait(failures))),
        }
    }

    /// Returns true while the target should not be tried. A record from more than a minute in the
    /// future, left by a clock that was set back, does not count.
    #[must_use]
    pub fn is_running(&self, now: SystemTime) -> bool {
        let ahead = self.since.duration_since(now).unwrap_or_default();
        ahead <= SKEW && now < self.until
    }

    /// Returns true once the record affects nothing any more: it is not running, and a day old. Stores
    /// may remove it then.
    #[must_use]
    pub fn is_forgotten(&self, now: SystemTime) -> bool {
        let age = now.duration_since(self.since).unwrap_or_default();
        !self.is_running(now) && age > MEMORY
    }

    /// How many failures of this record count for the next step.
    fn counted(&self, steps: Steps, now: SystemTime) -> u32 {
        let age = now.duration_since(self.since).unwrap_or_default();
        let length = self.until.duration_since(self.since).unwrap_or_default();
        let is_recent = steps.outlast_their_cooldown() || age <= length.saturating_mul(2);
        if age <= MEMORY && is_recent {
            self.failures
        } else {
            0
        }
    }
}

/// A time that cannot be represented is no wait.
fn later(now: SystemTime, wait: Duration) -> SystemTime {
    now.checked_add(wait).unwrap_or(now)
}

#[cfg(test)]
mod tests;
