//! What a key may use.

use std::{collections::HashMap, fmt, time::Duration};

use tokio::time::Instant;

use crate::fault::{Fault, FaultKind};

/// A quota of requests or tokens for a key. `Debug` does not show the key.
///
/// Every `POST` with an accepted key is a request; tokens are those of the answers' usage. A key that
/// has used its quota up is refused with [`FaultKind::InsufficientQuota`] unless another fault is set.
/// The request that exceeds a quota of tokens is still answered.
///
/// ```
/// use std::time::Duration;
/// use qwen_openclaw_emulator::{FaultKind, Quota};
///
/// let per_minute = Quota::new().tokens(10_000).window(Duration::from_secs(60));
/// let free_tier = Quota::new().key("sk-1").requests(3).fault(FaultKind::FreeTierExhausted);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Quota {
    pub(crate) key: Option<String>,
    pub(crate) requests: Option<u64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) window: Option<Duration>,
    pub(crate) fault: Fault,
}

impl Quota {
    /// Creates a quota without a limit, for each key on its own.
    pub fn new() -> Self {
        Self {
            key: None,
            requests: None,
            tokens: None,
            window: None,
            fault: Fault::new(FaultKind::InsufficientQuota),
        }
    }

    /// Limits only this key or token. Default: each key, with a quota of its own.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the maximum number of requests. Default: no limit.
    pub fn requests(mut self, most: u64) -> Self {
        self.requests = Some(most);
        self
    }

    /// Sets the maximum number of tokens. Default: no limit.
    pub fn tokens(mut self, most: u64) -> Self {
        self.tokens = Some(most);
        self
    }

    /// Sets after which time the quota is granted again, on the emulated clock, from the first
    /// request. Default: never.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// Sets the answer, a fault that is an error; others have no effect. Default:
    /// [`FaultKind::InsufficientQuota`].
    pub fn fault(mut self, fault: impl Into<Fault>) -> Self {
        self.fault = fault.into();
        self
    }
}

impl Default for Quota {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quota")
            .field("key", &self.key.as_ref().map(|_| "[redacted]"))
            .field("requests", &self.requests)
            .field("tokens", &self.tokens)
            .field("window", &self.window)
            .field("fault", &self.fault)
            .finish()
    }
}

/// What was used of a quota, by all of its keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Used {
    pub(crate) keys: usize,
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
}

/// A quota and what each key has used of it.
pub(super) struct Budget {
    quota: Quota,
    spent: HashMap<String, Spent>,
}

struct Spent {
    since: Instant,
    requests: u64,
    tokens: u64,
}

impl Budget {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            quota,
            spent: HashMap::new(),
        }
    }

    pub(super) const fn quota(&self) -> &Quota {
        &self.quota
    }

    pub(super) fn is_exhausted(&mut self, key: &str, now: Instant) -> bool {
        if !self.concerns(key) {
            return false;
        }
        self.renew(now);
        let (requests, tokens) = self
            .spent
            .get(key)
            .map_or((0, 0), |spent| (spent.requests, spent.tokens));
        self.quota.requests.is_some_and(|most| requests >= most)
            || self.quota.tokens.is_some_and(|most| tokens >= most)
    }

    pub(super) fn spend(&mut self, key: &str, now: Instant, requests: u64, tokens: u64) {
        if !self.concerns(key) {
            return;
        }
        self.renew(now);
        let spent = self.spent.entry(key.to_owned()).or_insert(Spent {
            since: now,
            requests: 0,
            tokens: 0,
        });
        spent.requests += requests;
        spent.tokens += tokens;
    }

    pub(super) fn used(&mut self, now: Instant) -> Used {
        self.renew(now);
        let all = self.spent.values();
        all.fold(Used::default(), |used, spent| Used {
            keys: used.keys + 1,
            requests: used.requests + spent.requests,
            tokens: used.tokens + spent.tokens,
        })
    }

    fn concerns(&self, key: &str) -> bool {
        let own = self.quota.key.as_deref();
        own.is_none_or(|own| own == key)
    }

    /// Forgets what was spent in windows that are over.
    fn renew(&mut self, now: Instant) {
        if let Some(window) = self.quota.window {
            let runs = |spent: &Spent| now.saturating_duration_since(spent.since) < window;
            self.spent.retain(|_, spent| runs(spent));
        }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("quota", &self.quota)
            .field("keys", &self.spent.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_key_has_its_own_and_gets_it_again() {
        let window = Duration::from_secs(60);
        let mut budget = Budget::new(Quota::new().requests(2).window(window));
        let start = Instant::now();
        for _ in 0..2 {
            assert!(!budget.is_exhausted("a", start));
            budget.spend("a", start, 1, 10);
        }
        assert!(budget.is_exhausted("a", start));
        assert!(!budget.is_exhausted("b", start));
        let used = Used {
            keys: 1,
            requests: 2,
            tokens: 20,
        };
        assert_eq!(budget.used(start), used);
        assert!(!budget.is_exhausted("a", start + window));
        assert_eq!(budget.used(start + window), Used::default());
    }

    #[tokio::test]
    async fn a_quota_of_one_key_leaves_others_alone() {
        let mut budget = Budget::new(Quota::new().key("sk-secret").tokens(5));
        let now = Instant::now();
        for key in ["sk-secret", "other"] {
            budget.spend(key, now, 0, 7);
        }
        assert!(budget.is_exhausted("sk-secret", now));
        assert!(!budget.is_exhausted("other", now));
        assert!(!format!("{budget:?}").contains("sk-secret"));
    }
}
