//! Steps by hand, and what holds for any sequence of failures.

use proptest::prelude::*;
use qwen_openclaw_catalog::Provider;

use super::*;

const HOUR: u64 = 3_600;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn failure(kind: ErrorKind, retry_after: Option<Duration>) -> Failure {
    Failure {
        target: Target {
            provider: Provider::QWEN,
            credential: "qwen:default".to_owned(),
            mark: 7,
            model: None,
        },
        kind,
        retry_after,
    }
}

/// Failures at these seconds lead to cooldowns with these counts and ends.
#[track_caller]
fn check(kind: ErrorKind, steps: &[(u64, Option<u64>, u32, u64)]) {
    let mut record: Option<Cooldown> = None;
    for (time, retry_after, failures, until) in steps {
        let failure = failure(kind, retry_after.map(Duration::from_secs));
        let next = Cooldown::after(record.as_ref(), &failure, at(*time));
        let expected = Cooldown {
            target: failure.target,
            kind,
            failures: *failures,
            since: match &record {
                Some(running) if running.until == at(*until) && running.is_running(at(*time)) => {
                    running.since
                }
                _ => at(*time),
            },
            until: at(*until),
        };
        assert_eq!(next, expected, "at {time}");
        record = Some(next);
    }
}

#[test]
fn rate_limits_double_although_their_cooldowns_have_run_out() {
    check(
        ErrorKind::RateLimited,
        &[
            (0, None, 1, 30),
            (30, None, 2, 90),
            (5_000, None, 3, 5_120),
            // A day later it starts again.
            (5_000 + 24 * HOUR, None, 4, 5_240 + 24 * HOUR),
            (5_001 + 48 * HOUR, None, 1, 5_031 + 48 * HOUR),
        ],
    );
}

#[test]
fn other_failures_count_on_only_if_they_follow_soon() {
    check(
        ErrorKind::Billing,
        &[
            (0, None, 1, 600),
            (1_200, None, 2, 2_400),
            (3_600, None, 3, 6_000),
            (8_401, None, 1, 9_001),
        ],
    );
    check(
        ErrorKind::Authentication,
        &[
            (0, None, 1, 600),
            (600, None, 2, 1_800),
            (1_800, None, 3, 4_200),
            (4_200, None, 4, 7_800),
            (7_800, None, 5, 11_400),
        ],
    );
    check(
        ErrorKind::Server,
        &[
            (0, None, 1, 30),
            (31, None, 2, 91),
            (100, None, 3, 400),
            (400, None, 4, 700),
            (2_000, None, 1, 2_030),
        ],
    );
}

#[test]
fn a_running_cooldown_changes_only_if_the_server_asks_for_more() {
    check(
        ErrorKind::Server,
        &[
            (0, None, 1, 30),
            (10, None, 1, 30),
            (11, Some(5), 1, 30),
            (12, Some(50), 1, 62),
            (61, Some(0), 1, 62),
        ],
    );
}

#[test]
fn what_the_server_asks_for_takes_precedence_over_the_steps() {
    check(
        ErrorKind::RateLimited,
        &[
            (0, Some(1), 1, 1),
            (1, Some(0), 2, 1),
            (1, Some(7), 3, 8),
            (8, None, 4, 248),
            (248, Some(u64::MAX), 5, 248 + 31 * 24 * HOUR),
        ],
    );
}

#[test]
fn another_kind_of_failure_takes_its_own_step() {
    let server = Cooldown::after(None, &failure(ErrorKind::Server, None), at(0));
    let billing = failure(ErrorKind::Billing, None);
    // Not while the first is running.
    let during = Cooldown::after(Some(&server), &billing, at(1));
    assert_eq!((during.kind, during.until), (ErrorKind::Server, at(30)));
    let after = Cooldown::after(Some(&server), &billing, at(31));
    assert_eq!((after.kind, after.failures), (ErrorKind::Billing, 2));
    assert_eq!(after.until, at(31 + 1_200));
}

#[test]
fn a_clock_that_was_set_back_prolongs_nothing() {
    let billing = failure(ErrorKind::Billing, None);
    let record = Cooldown::after(None, &billing, at(10_000));
    assert!(!record.is_running(at(9_939)));
    assert!(record.is_running(at(9_940)));
    let next = Cooldown::after(Some(&record), &billing, at(0));
    assert!(next.until <= at(1_200), "{next:?}");
    assert!(next.is_running(at(0)));
}

/// Of processes that fail at once, one that took the time earlier may record its failure later.
#[test]
fn a_failure_of_a_moment_before_a_cooldown_counts_neither() {
    let limited = failure(ErrorKind::RateLimited, None);
    let first = Cooldown::after(None, &limited, at(100));
    let earlier = Cooldown::after(Some(&first), &limited, at(99));
    assert_eq!(earlier, first);
}

/// Failures while a cooldown is running do not shorten the time in which the next one counts on.
#[test]
fn failures_during_a_cooldown_do_not_reset_its_count() {
    check(
        ErrorKind::Billing,
        &[
            (0, None, 1, 600),
            (590, None, 1, 600),
            (1_000, None, 2, 2_200),
        ],
    );
}

fn times() -> impl Strategy<Value = SystemTime> {
    let near = (0_u64..200_000).prop_map(at);
    let anywhere = (any::<bool>(), any::<u64>(), 0_u32..1_000_000_000).prop_map(
        |(is_past, seconds, nanos)| {
            let far = Duration::new(seconds, nanos);
            let epoch = SystemTime::UNIX_EPOCH;
            let time = if is_past {
                epoch.checked_sub(far)
            } else {
                epoch.checked_add(far)
            };
            time.unwrap_or(epoch)
        },
    );
    prop_oneof![4 => near, 1 => anywhere]
}

fn failures() -> impl Strategy<Value = Failure> {
    let kinds = proptest::sample::select(ErrorKind::ALL);
    let waits = prop_oneof![
        3 => Just(None),
        2 => (0_u64..200_000).prop_map(|seconds| Some(Duration::from_secs(seconds))),
        1 => any::<(u64, u32)>().prop_map(|(seconds, nanos)| {
            Some(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos.into())))
        }),
    ];
    (kinds, waits).prop_map(|(kind, wait)| failure(kind, wait))
}

proptest! {
    #[test]
    fn nothing_is_extended_shortened_or_longer_than_it_may_be(
        sequence in proptest::collection::vec((failures(), times()), 1..20)
    ) {
        let mut record: Option<Cooldown> = None;
        for (failure, now) in sequence {
            let next = Cooldown::after(record.as_ref(), &failure, now);
            prop_assert_eq!(&next, &Cooldown::after(record.as_ref(), &failure, now));
            prop_assert!(next.failures >= 1);
            let length = next.until.duration_since(now).unwrap_or_default();
            prop_assert!(length <= LONGEST + SKEW);
            match record.as_ref().filter(|previous| previous.is_running(now)) {
                Some(running) => {
                    prop_assert_eq!(next.failures, running.failures);
                    prop_assert!(next.until >= running.until);
                    let is_prolonged = next.until > running.until;
                    prop_assert_eq!(next.since, if is_prolonged { now } else { running.since });
                    if failure.retry_after.is_none() {
                        prop_assert_eq!((next.until, next.kind), (running.until, running.kind));
                    }
                }
                None => {
                    prop_assert_eq!((next.kind, next.since), (failure.kind, now));
                    let before = record.as_ref().map_or(0, |previous| previous.failures);
                    prop_assert!(next.failures == 1 || next.failures == before.saturating_add(1));
                    let step = Policy::of(failure.kind).cooldown.unwrap_or(Steps::Brief);
                    let wait = failure.retry_after.unwrap_or_else(|| step.wait(next.failures));
                    let end = now.checked_add(wait.min(LONGEST));
                    prop_assert_eq!(next.until, end.unwrap_or(now));
                }
            }
            record = Some(next);
        }
    }

    #[test]
    fn steps_never_shrink(failures in 0..u32::MAX) {
        for steps in [Steps::RateLimit, Steps::Billing, Steps::Authentication, Steps::Brief] {
            prop_assert!(steps.wait(failures) <= steps.wait(failures + 1));
        }
    }
}
