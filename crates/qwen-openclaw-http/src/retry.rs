//! When, how often and after how long a failed request is retried.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::Error;

/// How failed requests are retried.
///
/// Only [transient](Error::is_transient) errors are retried, so never quota and billing errors. Waits
/// double from [`base`](Self::base) up to [`cap`](Self::cap), with jitter so that clients that failed
/// together do not come back together. The server's `Retry-After` is a minimum; above
/// [`retry_after_cap`](Self::retry_after_cap), the request is not retried.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    retries: u32,
    base: Duration,
    cap: Duration,
    retry_after_cap: Duration,
    budget: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 2,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(8),
            // Throttling on this service ends within a minute, according to its documentation.
            retry_after_cap: Duration::from_secs(60),
            budget: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    /// Creates a policy that never retries.
    #[must_use]
    pub fn none() -> Self {
        Self {
            retries: 0,
            ..Self::default()
        }
    }

    /// Sets the maximum number of retries. The default is 2.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the first wait. The default is half a second.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the maximum wait that this policy chooses itself. The default is 8 seconds.
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets the maximum wait that a server may ask for. The default is one minute.
    ///
    /// If it asks for more, the request is not retried.
    #[must_use]
    pub fn retry_after_cap(mut self, cap: Duration) -> Self {
        self.retry_after_cap = cap;
        self
    }

    /// Sets the maximum time between the start of the first attempt and of the last. The default is
    /// two minutes.
    #[must_use]
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Starts counting the attempts of one request.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        Attempts {
            policy: self.clone(),
            made: 1,
            started: tokio::time::Instant::now(),
        }
    }
}

/// The attempts of one request.
#[derive(Clone, Debug)]
pub struct Attempts {
    policy: RetryPolicy,
    made: u32,
    started: tokio::time::Instant,
}

impl Attempts {
    /// Returns how many attempts have been made, including the current one.
    #[must_use]
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Records the failure of the current attempt and returns how long to wait before the next one.
    ///
    /// `None` means that `error` is final.
    pub fn after(&mut self, error: &Error) -> Option<Duration> {
        error
            .is_transient()
            .then(|| self.after_transient(error.retry_after()))
            .flatten()
    }

    /// Like [`after`](Self::after), for a transient failure with an optional wait from the server.
    pub fn after_transient(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        if self.made > self.policy.retries {
            return None;
        }
        let own = self.backoff();
        let wait = match retry_after {
            Some(asked) if asked > self.policy.retry_after_cap => return None,
            // Add jitter: all clients were told the same time.
            Some(asked) => asked + own.mul_f64(0.25).min(Duration::from_secs(1)),
            None => own,
        };
        if self.started.elapsed() + wait > self.policy.budget {
            return None;
        }
        self.made += 1;
        Some(wait)
    }

    /// The wait after this attempt: doubled each time, then a random part between half and all of it.
    fn backoff(&self) -> Duration {
        let doubled = self
            .policy
            .base
            .saturating_mul(1 << (self.made - 1).min(16));
        doubled
            .min(self.policy.cap)
            .mul_f64(0.5 + 0.5 * fastrand::f64())
    }
}

/// Parses how long the server asks to wait: `retry-after-ms`, or `Retry-After` as seconds or date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let value = text("retry-after")?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn asked(name: &'static str, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let now = httpdate::parse_http_date("Fri, 02 Jan 2026 00:00:00 GMT").unwrap();
        retry_after(&headers, now)
    }

    #[test]
    fn reads_seconds_milliseconds_and_dates() {
        assert_eq!(asked("retry-after", " 7 "), Some(Duration::from_secs(7)));
        assert_eq!(
            asked("retry-after", "0.5"),
            Some(Duration::from_millis(500))
        );
        assert_eq!(
            asked("retry-after-ms", "250"),
            Some(Duration::from_millis(250))
        );
        let date = "Fri, 02 Jan 2026 00:00:09 GMT";
        assert_eq!(asked("retry-after", date), Some(Duration::from_secs(9)));
        let past = "Thu, 01 Jan 2026 00:00:00 GMT";
        assert_eq!(asked("retry-after", past), Some(Duration::ZERO));
    }

    #[test]
    fn invalid_values_are_ignored() {
        for value in ["", "soon", "-3", "NaN", "inf", "1e300"] {
            assert_eq!(asked("retry-after", value), None, "{value}");
        }
    }

    fn failure(kind: ErrorKind) -> Error {
        Error::new(kind)
    }

    #[tokio::test(start_paused = true)]
    async fn stops_after_the_maximum_number_of_retries() {
        let mut attempts = RetryPolicy::default().retries(2).attempts();
        assert!(attempts.after(&failure(ErrorKind::Network)).is_some());
        assert!(attempts.after(&failure(ErrorKind::Server)).is_some());
        assert_eq!(attempts.after(&failure(ErrorKind::Server)), None);
        assert_eq!(attempts.made(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn permanent_errors_are_not_retried() {
        let mut attempts = RetryPolicy::default().attempts();
        for kind in [
            ErrorKind::Quota,
            ErrorKind::Billing,
            ErrorKind::Authentication,
            ErrorKind::InvalidRequest,
        ] {
            assert_eq!(attempts.after(&failure(kind)), None, "{kind:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_the_cap() {
        let policy = RetryPolicy::default()
            .retries(10)
            .cap(Duration::from_secs(2));
        let mut attempts = policy.attempts();
        for most in [500, 1000, 2000, 2000] {
            let wait = attempts.after(&failure(ErrorKind::Server)).unwrap();
            assert!(wait <= Duration::from_millis(most), "{wait:?} of {most}");
            assert!(
                wait >= Duration::from_millis(most / 2),
                "{wait:?} of {most}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_a_minimum_up_to_its_cap() {
        let throttle = |seconds| {
            let server = crate::ServerError::default();
            Error::from_answer(429, server, Some(Duration::from_secs(seconds)))
        };
        let mut attempts = RetryPolicy::default().attempts();
        assert!(attempts.after(&throttle(30)).unwrap() >= Duration::from_secs(30));
        assert_eq!(attempts.after(&throttle(61)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn stays_within_the_time_budget() {
        let mut attempts = RetryPolicy::default()
            .budget(Duration::from_secs(10))
            .attempts();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(attempts.after(&failure(ErrorKind::Server)), None);
    }
}
