//! Periods by the calendar of a zone. No test needs the system's database of zones.

use std::time::Duration;

use super::*;

fn time(text: &str) -> SystemTime {
    text.parse::<Timestamp>().unwrap().into()
}

fn budget(period: Period) -> Budget {
    Budget::new("b", period, Limit::Requests(1))
}

/// A budget in a zone with daylight saving time, by the rules of Berlin.
fn in_berlin(period: Period) -> Budget {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    Budget {
        zone,
        ..budget(period)
    }
}

#[track_caller]
fn check(budget: &Budget, now: &str, since: &str, ends: &str) {
    let now = time(now);
    assert_eq!(budget.window(now).since, time(since));
    assert_eq!(budget.ends(now), Some(time(ends)));
    // A period begins where the one before it ends.
    assert_eq!(budget.window(time(ends)).since, time(ends));
    let last = time(ends) - Duration::from_nanos(1);
    assert_eq!(budget.window(last).since, time(since));
}

#[test]
fn days_and_months_begin_in_their_zone() {
    let (day, month) = (Period::Day, Period::Month);
    check(
        &budget(day),
        "2026-09-15T23:59:59Z",
        "2026-09-15T00:00:00Z",
        "2026-09-16T00:00:00Z",
    );
    let shanghai = |period| budget(period).zone("Asia/Shanghai").unwrap();
    check(
        &shanghai(day),
        "2026-09-15T16:00:00Z",
        "2026-09-15T16:00:00Z",
        "2026-09-16T16:00:00Z",
    );
    check(
        &shanghai(month),
        "2026-12-31T15:59:59Z",
        "2026-11-30T16:00:00Z",
        "2026-12-31T16:00:00Z",
    );
    check(
        &budget(month),
        "2028-02-29T12:00:00Z",
        "2028-02-01T00:00:00Z",
        "2028-03-01T00:00:00Z",
    );
}

#[test]
fn a_day_may_have_another_length_than_24_hours() {
    check(
        &in_berlin(Period::Day),
        "2026-03-29T12:00:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
    );
    check(
        &in_berlin(Period::Day),
        "2026-10-25T12:00:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T23:00:00Z",
    );
    check(
        &in_berlin(Period::Month),
        "2026-10-25T12:00:00Z",
        "2026-09-30T22:00:00Z",
        "2026-10-31T23:00:00Z",
    );
}

#[test]
fn a_total_has_no_beginning_and_no_end() {
    let now = time("2026-09-15T12:00:00Z");
    let total = budget(Period::Total);
    assert_eq!(total.window(now).since, SystemTime::UNIX_EPOCH);
    assert_eq!(total.ends(now), None);
}

#[test]
fn a_time_that_no_calendar_has_counts_everything() {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60);
    for period in [Period::Day, Period::Month, Period::Total] {
        assert_eq!(budget(period).window(far).since, SystemTime::UNIX_EPOCH);
        assert_eq!(budget(period).ends(far), None);
    }
}

#[test]
fn the_quota_of_the_portal_is_counted_by_the_day_of_shanghai() {
    let portal = Budget::portal();
    let window = portal.window(time("2026-03-01T15:59:59Z"));
    assert_eq!(window.limit, Limit::Requests(2_000));
    assert_eq!(window.filter.provider.as_deref(), Some("qwen-oauth"));
    assert_eq!(window.since, time("2026-02-28T16:00:00Z"));
}

#[test]
fn a_zone_is_found_again_by_its_name() {
    for name in ["UTC", PORTAL_ZONE] {
        let zoned = budget(Period::Day).zone(name).unwrap();
        assert_eq!(zoned.zone_name(), name);
    }
    assert_eq!(Budget::portal().zone_name(), PORTAL_ZONE);
}

#[test]
fn a_zone_that_is_not_known_is_an_error() {
    for name in ["", "Mars/Olympus", "../../etc/passwd"] {
        let error = budget(Period::Day).zone(name).unwrap_err();
        assert_eq!(error.kind(), qwen_openclaw_http::ErrorKind::Setup);
        let message = format!("the time zone {name:?} is not known");
        assert_eq!(error.to_string(), message);
    }
}
