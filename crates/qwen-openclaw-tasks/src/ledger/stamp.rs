//! Points in time as a job's record has them: RFC 3339, to the millisecond.

use std::time::SystemTime;

use jiff::Timestamp;

/// The form in a record. A time that no calendar has becomes the epoch.
pub(crate) fn to_text(time: SystemTime) -> String {
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{stamp:.3}")
}

/// Milliseconds since 1970.
pub(crate) fn to_millis(time: SystemTime) -> i64 {
    Timestamp::try_from(time).map_or(0, Timestamp::as_millisecond)
}

/// `YYYYMMDD-hhmmss`, for names that sort by time.
pub(crate) fn to_name(time: SystemTime) -> String {
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y%m%d-%H%M%S").to_string()
}

fn of_text(text: &str) -> Result<SystemTime, jiff::Error> {
    Ok(text.parse::<Timestamp>()?.into())
}

pub(crate) mod required {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&super::to_text(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<SystemTime, D::Error> {
        super::of_text(&String::deserialize(d)?).map_err(D::Error::custom)
    }
}

pub(crate) mod optional {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    // The signature is serde's.
    #[expect(clippy::ref_option)]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => s.serialize_str(&super::to_text(*time)),
            None => s.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        let time = text.map(|text| super::of_text(&text)).transpose();
        time.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_written_for_people_and_read_again() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        assert_eq!(to_text(time), "2026-09-21T14:13:20.123Z");
        assert_eq!(of_text(&to_text(time)).unwrap(), time);
        assert_eq!(to_name(time), "20260921-141320");
        assert_eq!(to_millis(time), 1_790_000_000_123);
        assert!(of_text("yesterday").is_err());
    }
}
