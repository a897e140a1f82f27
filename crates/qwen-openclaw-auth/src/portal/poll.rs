//! How to interpret a poll's response (RFC 8628, section 3.5), and how long to wait afterward.

use std::time::Duration;

use super::answer::{Answer, Cause, NoAnswer};
use crate::error::Error;

const DOING: &str = "waiting for the login";

/// The polling pace.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    /// Consecutive throttling responses other than `slow_down`.
    throttled: u32,
    /// Consecutive transient failures.
    failures: u32,
    /// Consecutive HTML pages in place of a response.
    pages: u32,
    backoff: Duration,
}

/// What to do after a poll.
#[derive(Debug)]
pub(super) enum Next {
    /// The response contains tokens.
    Finish,
    /// Poll again after this time.
    Wait(Duration),
    Stop(Error),
}

/// How much a `slow_down` adds to the interval.
const SLOWER: Duration = Duration::from_secs(5);
const SLOWEST: Duration = Duration::from_secs(60);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
const MAX_FAILURES: u32 = 8;
const MAX_THROTTLES: u32 = 3;
/// Retrying does not make a challenge page go away.
const MAX_PAGES: u32 = 1;

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            throttled: 0,
            failures: 0,
            pages: 0,
            backoff: interval,
        }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Decides based on a response: on its `error` if there is one, because servers send the same
    /// error with different statuses.
    pub(super) fn after(&mut self, answer: &Answer) -> Next {
        let error = answer.error();
        let throttle = answer.status == 429 && error.as_deref() != Some("slow_down");
        let failing = answer.status >= 500;
        if !throttle {
            self.throttled = 0;
        }
        if !failing {
            (self.failures, self.pages, self.backoff) = (0, 0, self.interval);
        }
        match error.as_deref() {
            Some("authorization_pending") => Next::Wait(self.interval),
            Some("slow_down") => {
                self.interval = (self.interval + SLOWER).min(SLOWEST);
                Next::Wait(self.interval)
            }
            Some("expired_token") => Next::Stop(Error::login_expired()),
            Some("access_denied") => Next::Stop(Error::denied()),
            _ if answer.status == 401 => Next::Stop(Error::login_expired()),
            _ if throttle => self.throttle(answer),
            _ if failing => self.failure(Error::failing(DOING, answer.status)),
            Some(code) => Next::Stop(Error::login_refused(code)),
            None if answer.is_success() => self.success(answer),
            None => Next::Stop(Error::failing_login(answer.status)),
        }
    }

    /// Decides what to do when there was no response.
    pub(super) fn after_none(&mut self, none: &NoAnswer) -> Next {
        match none.cause {
            Cause::Hopeless => Next::Stop(none.error.clone()),
            Cause::Foreign => {
                self.pages += 1;
                if self.pages > MAX_PAGES {
                    return Next::Stop(none.error.clone());
                }
                Next::Wait(self.interval)
            }
            Cause::NotSent | Cause::Lost | Cause::Failing => self.failure(none.error.clone()),
        }
    }

    fn success(&self, answer: &Answer) -> Next {
        if answer.text("access_token").is_some() {
            return Next::Finish;
        }
        let null = answer
            .object
            .get("access_token")
            .is_some_and(serde_json::Value::is_null);
        let pending = answer.text("status") == Some("pending");
        if null || pending {
            return Next::Wait(self.interval);
        }
        Next::Stop(Error::protocol(DOING, "contains no access token"))
    }

    fn throttle(&mut self, answer: &Answer) -> Next {
        self.throttled += 1;
        if self.throttled > MAX_THROTTLES {
            return Next::Stop(Error::failing(DOING, answer.status));
        }
        Next::Wait(match answer.retry_after {
            Some(wait) => wait.max(self.interval),
            None => self.interval + SLOWER,
        })
    }

    fn failure(&mut self, error: Error) -> Next {
        self.failures += 1;
        if self.failures > MAX_FAILURES {
            return Next::Stop(error);
        }
        let longest = LONGEST_BACKOFF.max(self.interval);
        self.backoff = (self.backoff * 3 / 2).min(longest);
        Next::Wait(self.backoff)
    }
}

impl Error {
    /// Creates the error for an error status without a readable error code.
    fn failing_login(status: u16) -> Self {
        Self::login_refused(&format!("status-{status}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ErrorKind;

    fn answer(status: u16, object: &Value) -> Answer {
        Answer {
            status,
            object: object.as_object().cloned().unwrap(),
            retry_after: None,
            date: None,
            sent: qwen_openclaw_http::Secrets::default(),
        }
    }

    fn pace() -> Pace {
        Pace::new(Duration::from_secs(5))
    }

    #[track_caller]
    fn waits(next: Next, seconds: u64) {
        match next {
            Next::Wait(wait) => assert_eq!(wait, Duration::from_millis(seconds * 1000)),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn stops(next: Next, kind: ErrorKind) {
        match next {
            Next::Stop(error) => assert_eq!(error.kind(), kind),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pending_goes_on_at_any_status() {
        for status in [200, 400, 403, 428] {
            let pending = answer(status, &json!({"error": "authorization_pending"}));
            waits(pace().after(&pending), 5);
        }
        waits(pace().after(&answer(200, &json!({"status": "pending"}))), 5);
        waits(
            pace().after(&answer(200, &json!({"access_token": null}))),
            5,
        );
    }

    #[test]
    fn slow_down_is_sticky_and_capped() {
        for status in [400, 429] {
            let mut pace = pace();
            let slow = answer(status, &json!({"error": "slow_down"}));
            waits(pace.after(&slow), 10);
            let pending = answer(400, &json!({"error": "authorization_pending"}));
            waits(pace.after(&pending), 10);
            for _ in 0..20 {
                pace.after(&slow);
            }
            waits(pace.after(&pending), 60);
        }
    }

    #[test]
    fn refusals_stop() {
        let table = [
            (400, "expired_token", ErrorKind::LoginExpired),
            (400, "access_denied", ErrorKind::Denied),
            (403, "ACCESS_DENIED", ErrorKind::Denied),
            (400, "invalid_grant", ErrorKind::LoginRefused),
            (400, "invalid_request", ErrorKind::LoginRefused),
            (400, "unsupported_grant_type", ErrorKind::LoginRefused),
            (200, "invalid_client", ErrorKind::LoginRefused),
            (400, "something new", ErrorKind::LoginRefused),
            (401, "invalid_client", ErrorKind::LoginExpired),
        ];
        for (status, code, kind) in table {
            stops(pace().after(&answer(status, &json!({"error": code}))), kind);
        }
        stops(
            pace().after(&answer(400, &json!({}))),
            ErrorKind::LoginRefused,
        );
        stops(
            pace().after(&answer(200, &json!({"token_type": "Bearer"}))),
            ErrorKind::Protocol,
        );
    }

    #[test]
    fn throttles_are_waited_for_three_times() {
        let mut pace = pace();
        let mut throttle = answer(429, &json!({"message": "too many"}));
        waits(pace.after(&throttle), 10);
        throttle.retry_after = Some(Duration::from_secs(30));
        waits(pace.after(&throttle), 30);
        waits(pace.after(&throttle), 30);
        stops(pace.after(&throttle), ErrorKind::Unavailable);
    }

    #[test]
    fn failures_back_off_and_end() {
        let mut pace = Pace::new(Duration::from_secs(4));
        for wait in [6, 9] {
            waits(pace.after(&answer(503, &json!({}))), wait);
        }
        for _ in 2..MAX_FAILURES {
            waits(pace.after_none(&none(Cause::Failing)), 10);
        }
        stops(pace.after_none(&none(Cause::Lost)), ErrorKind::Unavailable);
        // A failure that passes is forgotten.
        pace.after(&answer(400, &json!({"error": "authorization_pending"})));
        waits(pace.after_none(&none(Cause::NotSent)), 6);
    }

    #[test]
    fn a_page_gets_one_more_chance_and_a_certificate_none() {
        let mut pace = pace();
        waits(pace.after_none(&none(Cause::Foreign)), 5);
        stops(
            pace.after_none(&none(Cause::Foreign)),
            ErrorKind::Unavailable,
        );
        stops(
            pace.after_none(&none(Cause::Hopeless)),
            ErrorKind::Unavailable,
        );
    }

    fn none(cause: Cause) -> NoAnswer {
        let error = Error::failing(DOING, 504);
        NoAnswer { error, cause }
    }
}
