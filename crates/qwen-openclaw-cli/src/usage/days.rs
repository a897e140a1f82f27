//! Days, which begin at different times in different places.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use jiff::{
    Timestamp, ToSpan,
    civil::Date,
    tz::{Offset, TimeZone},
};

/// What a store keeps sums by, in seconds.
pub(crate) const QUARTER: u64 = 15 * 60;

/// A time zone, with the name that it was asked for by.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    name: String,
    zone: TimeZone,
}

/// A day, from its first instant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) since: SystemTime,
}

impl Zone {
    /// The zone of this machine.
    pub(crate) fn system() -> Self {
        let zone = TimeZone::system();
        let name = match zone.iana_name() {
            Some("Etc/UTC") => "UTC",
            Some(name) => name,
            None => "local time",
        };
        let name = name.to_owned();
        Self { name, zone }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The last days up to `now`, the earliest first, and the instant at which the last one ends.
    pub(crate) fn days(&self, now: SystemTime, count: u16) -> (Vec<Day>, SystemTime) {
        let today = self.date(now);
        let back = (0..i64::from(count)).rev();
        let dates = back.filter_map(|days| today.checked_sub(days.days()).ok());
        let days: Vec<Day> = dates
            .filter_map(|date| {
                let since = self.start(date)?;
                Some(Day { date, since })
            })
            .collect();
        let end = today.tomorrow().ok().and_then(|date| self.start(date));
        (days, end.unwrap_or(now + Duration::from_secs(QUARTER)))
    }

    /// A point in time, to the minute.
    pub(crate) fn shown(&self, time: SystemTime) -> String {
        self.written(time, "%Y-%m-%d %H:%M")
    }

    /// A point in time that may be only seconds away. It is rounded up: what is said of it holds then.
    pub(crate) fn shown_to_the_second(&self, time: SystemTime) -> String {
        let after = time.duration_since(SystemTime::UNIX_EPOCH);
        let missing = match after.unwrap_or_default().subsec_nanos() {
            0 => Duration::ZERO,
            nanos => Duration::from_nanos(u64::from(1_000_000_000 - nanos)),
        };
        let rounded = time.checked_add(missing).unwrap_or(time);
        self.written(rounded, "%Y-%m-%d %H:%M:%S")
    }

    fn written(&self, time: SystemTime, format: &str) -> String {
        match Timestamp::try_from(time) {
            Ok(time) => {
                let time = time.to_zoned(self.zone.clone());
                format!("{} {}", time.strftime(format), self.name)
            }
            Err(_) => "an unknown time".to_owned(),
        }
    }

    fn date(&self, time: SystemTime) -> Date {
        let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
        time.to_zoned(self.zone.clone()).date()
    }

    /// The first instant of a date. All zones of today are whole quarters of an hour apart; the local
    /// times of the nineteenth century are not.
    fn start(&self, date: Date) -> Option<SystemTime> {
        let start = date.to_zoned(self.zone.clone()).ok()?.timestamp();
        let seconds = u64::try_from(start.as_second()).ok()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds - seconds % QUARTER))
    }
}

impl FromStr for Zone {
    type Err = String;

    /// An IANA name such as `Asia/Shanghai`, `UTC`, `local`, or an offset such as `+08:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("local") {
            return Ok(Self::system());
        }
        let zone = match text {
            _ if text.eq_ignore_ascii_case("utc") => Some(TimeZone::UTC),
            _ if text.starts_with(['+', '-']) => offset(text),
            _ => TimeZone::get(text).ok().or_else(|| without_database(text)),
        };
        let zone = zone.ok_or("must be a zone such as Asia/Shanghai, UTC, local, or +08:00")?;
        let name = zone.iana_name().unwrap_or(text).to_owned();
        Ok(Self { name, zone })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// `+08:00` or `+08`, in whole quarters of an hour.
fn offset(text: &str) -> Option<TimeZone> {
    let (sign, rest) = text.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let is_number =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    if hours > 14 || minutes > 45 || minutes % 15 != 0 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    let seconds = if sign == "-" { -seconds } else { seconds };
    Some(Offset::from_seconds(seconds).ok()?.to_time_zone())
}

/// The zone of the portal's day, for machines without a time zone database. It has had one offset
/// since 1991.
fn without_database(name: &str) -> Option<TimeZone> {
    let is_shanghai = name.eq_ignore_ascii_case("Asia/Shanghai");
    is_shanghai.then(|| jiff::tz::offset(8).to_time_zone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().into()
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        let now = at("2026-11-28T17:30:00Z");
        for (zone, first, last, end) in [
            (
                "UTC",
                "2026-11-27T00:00:00Z",
                "2026-11-28",
                "2026-11-29T00:00:00Z",
            ),
            (
                "Asia/Shanghai",
                "2026-11-27T16:00:00Z",
                "2026-11-29",
                "2026-11-29T16:00:00Z",
            ),
            (
                "+05:45",
                "2026-11-26T18:15:00Z",
                "2026-11-28",
                "2026-11-28T18:15:00Z",
            ),
            (
                "-08",
                "2026-11-27T08:00:00Z",
                "2026-11-28",
                "2026-11-29T08:00:00Z",
            ),
        ] {
            let zone: Zone = zone.parse().unwrap();
            let (days, until) = zone.days(now, 2);
            assert_eq!(days.len(), 2);
            assert_eq!(days[0].since, at(first), "{zone}");
            assert_eq!(days[1].date.to_string(), last, "{zone}");
            assert_eq!(until, at(end), "{zone}");
        }
    }

    #[test]
    fn a_day_may_have_twenty_five_hours() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let (days, until) = zone.days(at("2026-10-25T12:00:00Z"), 1);
        let length = until.duration_since(days[0].since).unwrap();
        assert_eq!(length, Duration::from_secs(25 * 3600));
    }

    #[test]
    fn what_is_not_a_zone_is_refused() {
        for text in ["", "Mars/Base", "+25", "+01:07", "+", "-1:", "+é"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_moment_is_too_early() {
        let zone: Zone = "-08:00".parse().unwrap();
        let (days, _) = zone.days(SystemTime::UNIX_EPOCH, 3);
        assert!(days.is_empty());
        assert_eq!(
            zone.shown(at("2026-11-28T17:30:59Z")),
            "2026-11-28 09:30 -08:00"
        );
        for (time, shown) in [
            ("2026-11-28T17:30:58Z", "2026-11-28 09:30:58 -08:00"),
            (
                "2026-11-28T17:30:58.000000001Z",
                "2026-11-28 09:30:59 -08:00",
            ),
            ("2026-11-28T17:30:59.5Z", "2026-11-28 09:31:00 -08:00"),
        ] {
            assert_eq!(zone.shown_to_the_second(at(time)), shown);
        }
    }
}
