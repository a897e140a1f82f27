//! The service's clock against ours, and what that lets us say of when a task was made.
//!
//! The list of tasks has points in time; what is said of a single task has a date and a time
//! without a zone. Neither is by our clock, and a job's record is.

use std::time::SystemTime;

use jiff::{civil::DateTime, tz::TimeZone};

use crate::ledger::stamp;

/// How far the clocks may be apart where the service does not tell its own.
const UNKNOWN: i64 = 60_000;
/// A clock that is known less well than that is not known.
const WORST: i64 = 5_000;
/// A gateway may tell the time for the service.
const GATEWAY: i64 = 2_000;
/// How long after a job was sent its task may have been made: connecting, sending, and a gateway
/// that takes its time.
pub(crate) const LATEST: i64 = 5 * 60_000;
/// Zones differ by whole quarters of an hour.
const QUARTER: i64 = 15 * 60_000;
/// The furthest zones, in quarters of an hour.
const FURTHEST: i64 = 14 * 4;
/// How far the two ways to tell when a task was made may be apart.
const SAME: i64 = 5_000;

/// By how many milliseconds the service's clock is ahead of ours: somewhere between the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Clock {
    least: i64,
    most: i64,
}

/// When a task was made, seen from when a job was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Made {
    /// Certainly before, or long after.
    Elsewhen,
    /// After it, as far as two clocks that agree can tell.
    After,
    /// It cannot be told.
    Unclear,
}

impl Clock {
    /// Reads it from the `Date` of an answer, which is cut to the second.
    pub(crate) fn of(asked: SystemTime, answered: SystemTime, date: Option<SystemTime>) -> Self {
        let unknown = Self {
            least: -UNKNOWN,
            most: UNKNOWN,
        };
        let (asked, answered) = (stamp::to_millis(asked), stamp::to_millis(answered));
        let Some(date) = date.map(stamp::to_millis) else {
            return unknown;
        };
        let clock = Self {
            least: date - answered,
            most: date + 1_000 - asked,
        };
        // A clock that was set meanwhile tells nothing.
        match (0..=WORST).contains(&(clock.most - clock.least)) {
            true => clock,
            false => unknown,
        }
    }

    /// Judges a task that was made at `made` by the service's clock.
    ///
    /// A second is all that a `Date` tells. Where the clocks agree that far they are taken for
    /// right, so that a task made a moment before counts as such; where they do not, whatever they
    /// may be wrong by is doubt.
    pub(crate) fn judge(self, sent_at: SystemTime, made: i64) -> Made {
        let sent = stamp::to_millis(sent_at);
        let earliest = made.saturating_sub(self.most);
        if self.is_before(sent_at, made) || earliest > sent.saturating_add(LATEST) {
            return Made::Elsewhen;
        }
        let known = self.most - self.least <= WORST;
        let agree = known && (self.least..=self.most).contains(&0);
        match (agree && made >= sent) || earliest >= sent {
            true => Made::After,
            false => Made::Unclear,
        }
    }

    /// Whether something was certainly done at `made`, by the service's clock, before `sent_at`.
    pub(crate) fn is_before(self, sent_at: SystemTime, made: i64) -> bool {
        let latest = made.saturating_sub(self.least).saturating_add(GATEWAY);
        latest < stamp::to_millis(sent_at)
    }
}

/// The earlier of the two times that the service tells of a task; `None` when they contradict each
/// other.
///
/// `words` has no zone, and says more than `listed`, which may be cut to the second: what is left
/// of the difference beside whole quarters of an hour is no zone's.
pub(crate) fn earlier(listed: i64, words: Option<&str>) -> Option<i64> {
    let Some(words) = words else {
        return Some(listed);
    };
    let words: DateTime = words.trim().parse().ok()?;
    let words = words.to_zoned(TimeZone::UTC).ok()?;
    let apart = words.timestamp().as_millisecond().checked_sub(listed)?;
    let zone = apart.checked_add(QUARTER / 2)?.div_euclid(QUARTER);
    let rest = apart - zone * QUARTER;
    if zone.abs() > FURTHEST || rest.abs() > SAME {
        return None;
    }
    let is_cut = listed % 1_000 == 0 && (0..1_000).contains(&rest);
    Some(match is_cut {
        true => listed + rest,
        false => listed + rest.min(0),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: i64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_000 + millis.unsigned_abs())
    }

    const SENT: i64 = 100_400;

    /// A task made so many milliseconds after the job was sent, by a clock that is ahead by so
    /// many.
    fn judge(made: i64, ahead: i64, tells: bool) -> Made {
        let answered = 120_700;
        let date = (answered - 10 + ahead).div_euclid(1_000) * 1_000;
        let date = tells.then(|| at(date));
        let clock = Clock::of(at(answered - 20), at(answered), date);
        clock.judge(at(SENT), 1_790_000_000_000 + SENT + made + ahead)
    }

    #[test]
    fn a_task_made_before_ours_was_sent_is_never_taken_for_it() {
        for ahead in [-90_000, -30_000, -700, -100, 0, 100, 300, 5_000, 90_000] {
            for before in [3_600_000, 30_000, 5_000] {
                assert_eq!(
                    judge(-before, ahead, true),
                    Made::Elsewhen,
                    "{ahead} {before}"
                );
            }
            for before in [2_000, 1_000, 500, 301] {
                assert_ne!(judge(-before, ahead, true), Made::After, "{ahead} {before}");
            }
        }
        assert_eq!(judge(-1, 0, true), Made::Unclear);
        assert_eq!(judge(0, 0, true), Made::After);
        assert_eq!(judge(200, 0, true), Made::After);
        assert_eq!(judge(299_000, 0, true), Made::After);
        assert_eq!(judge(302_000, 0, true), Made::Elsewhen);
    }

    #[test]
    fn clocks_that_do_not_agree_leave_a_second_of_doubt() {
        assert_eq!(judge(200, 30_000, true), Made::Unclear);
        assert_eq!(judge(2_000, 30_000, true), Made::After);
        assert_eq!(judge(2_000, -30_000, true), Made::After);
    }

    #[test]
    fn a_clock_that_nobody_tells_says_little() {
        for made in [-30_000, 0, 200, 30_000] {
            assert_eq!(judge(made, 0, false), Made::Unclear, "{made}");
        }
        assert_eq!(judge(-90_000, 0, false), Made::Elsewhen);
        // An answer that took half a minute, and a clock that was set back meanwhile.
        for (asked, answered) in [(0, 30_000), (30_000, 0)] {
            let clock = Clock::of(at(asked), at(answered), Some(at(15_000)));
            assert_eq!(clock.judge(at(0), 1_790_000_000_200), Made::Unclear);
        }
        let clock = Clock::of(at(0), at(1), Some(at(0)));
        for made in [i64::MIN, i64::MAX] {
            assert_eq!(clock.judge(at(0), made), Made::Elsewhen);
        }
    }

    #[test]
    fn a_time_without_a_zone_agrees_with_one_that_has_one() {
        // 2026-09-21T14:13:20Z
        let listed = 1_790_000_000_000;
        for (words, expected) in [
            (None, Some(0)),
            (Some("2026-09-21 14:13:20.331"), Some(331)),
            // Beijing, Kathmandu, California.
            (Some("2026-09-21 22:13:20.331"), Some(331)),
            (Some("2026-09-21 19:58:20.331"), Some(331)),
            (Some("2026-09-21 07:13:20.331"), Some(331)),
            (Some("2026-09-21 22:13:18.331"), Some(-1_669)),
            (Some("2026-09-21 22:13:22"), Some(0)),
            (Some("2026-09-21 22:14:20"), None),
            (Some("2026-09-25 22:13:20"), None),
            (Some("yesterday"), None),
            (Some("9999-12-31 23:59:59.999"), None),
        ] {
            let earlier = earlier(listed, words).map(|made| made - listed);
            assert_eq!(earlier, expected, "{words:?}");
        }
        assert_eq!(earlier(i64::MIN, Some("2026-09-21 22:13:20")), None);
        // One that has its milliseconds is not moved on.
        assert_eq!(
            earlier(listed + 5, Some("2026-09-21 22:13:20.331")),
            Some(listed + 5)
        );
    }
}
