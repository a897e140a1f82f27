//! The emulated time: that of day, which runs with tokio's clock and can be put forward.

use std::{sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::{clock, lock::lock};

/// How long the service keeps a task and the address of its result.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How far the clock is put forward at most: no date has a fifth digit for its year.
const CENTURY: Duration = Duration::from_secs(100 * 365 * DAY.as_secs());

/// Where the service is. It writes its times without a zone, and reads those of the task list so.
const BEIJING: u64 = 8 * 60 * 60;

/// An emulated clock. It starts at the time of day.
#[derive(Debug)]
pub(crate) struct EmulatedClock {
    start: Duration,
    started: Instant,
    advanced: Mutex<Duration>,
}

impl EmulatedClock {
    pub(crate) fn new() -> Self {
        Self {
            start: clock::since_epoch(),
            started: Instant::now(),
            advanced: Mutex::default(),
        }
    }

    /// The time since 1970.
    pub(super) fn now(&self) -> Duration {
        let run = self.start.saturating_add(self.started.elapsed());
        run.saturating_add(*lock(&self.advanced))
    }

    /// How far it was put forward.
    pub(super) fn advanced(&self) -> Duration {
        *lock(&self.advanced)
    }

    /// Takes back what it was put forward.
    pub(super) fn reset(&self) {
        *lock(&self.advanced) = Duration::ZERO;
    }

    pub(super) fn advance(&self, by: Duration) {
        let mut advanced = lock(&self.advanced);
        *advanced = advanced.saturating_add(by).min(CENTURY);
    }
}

/// A moment as it stands in tasks, such as `2025-09-29 14:18:52.331`.
pub(crate) fn in_words(at: Duration) -> String {
    let Civil(year, month, day) = Civil::of(at.as_secs() + BEIJING);
    let (hour, minute, second) = time_of_day(at.as_secs() + BEIJING);
    let milliseconds = at.subsec_millis();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milliseconds:03}")
}

/// A moment in the way of ISO 8601, in UTC, as it stands in upload policies.
pub(super) fn iso(at: Duration) -> String {
    let Civil(year, month, day) = Civil::of(at.as_secs());
    let (hour, minute, second) = time_of_day(at.as_secs());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

/// The date of a moment, such as `2025-09-29`.
pub(super) fn date(at: Duration) -> String {
    let Civil(year, month, day) = Civil::of(at.as_secs() + BEIJING);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Reads a moment of the task list's filters, `YYYYMMDDhhmmss`.
pub(crate) fn from_digits(text: &str) -> Option<Duration> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u64>().ok();
    let civil = Civil(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let days = civil.days()?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days * 86_400 + hour * 3_600 + minute * 60 + second;
    local.checked_sub(BEIJING).map(Duration::from_secs)
}

/// Hour, minute and second of a moment.
const fn time_of_day(seconds: u64) -> (u64, u64, u64) {
    (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day.
struct Civil(u64, u64, u64);

impl Civil {
    /// The date of a moment since 1970. Years are counted from March, so that a leap day is a
    /// year's last; 719 468 days lie between the first of March of the year 0 and 1970.
    fn of(seconds: u64) -> Self {
        let days = seconds / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march + 2) / 5 + 1;
        let month = if march < 10 { march + 3 } else { march - 9 };
        Self(era * 400 + year + u64::from(month <= 2), month, day)
    }

    /// The days since 1970; `None` for no date, and for those before.
    fn days(&self) -> Option<u64> {
        let Self(year, month, day) = *self;
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
            return None;
        }
        let year = year - u64::from(month <= 2);
        let march = (month + 9) % 12;
        let of_year = (153 * march + 2) / 5 + day - 1;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
        let back = Self::of(days * 86_400);
        (back.1 == month && back.2 == day).then_some(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // Beijing is eight hours ahead.
        let at = Duration::from_millis(1_759_155_532_331);
        assert_eq!(in_words(at), "2025-09-29 22:18:52.331");
        assert_eq!(iso(at), "2025-09-29T14:18:52.000Z");
        let leap = Duration::from_secs(1_709_208_000);
        assert_eq!(date(leap), "2024-02-29");
    }

    #[test]
    fn digits_are_read_back() {
        assert_eq!(
            from_digits("20250929221852"),
            Some(Duration::from_secs(1_759_155_532))
        );
        for wrong in [
            "",
            "2025092922185",
            "2025-09-29 22:1",
            "20250229000000",
            "20251301000000",
            "20250101240000",
            "19691231000000",
            "19700101000000",
        ] {
            assert_eq!(from_digits(wrong), None, "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_passes_and_is_put_forward() {
        let clock = EmulatedClock::new();
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(3)).await;
        clock.advance(DAY);
        assert_eq!(clock.now() - start, DAY + Duration::from_secs(3));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now() - start, CENTURY + Duration::from_secs(3));
    }
}
