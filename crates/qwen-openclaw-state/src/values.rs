//! Values as columns have them.

use std::time::{Duration, SystemTime};

use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_http::ErrorKind;
use qwen_openclaw_router::EntryId;

use crate::error::Failure;

/// Nanoseconds since 1970, up to the years 1677 and 2262: what is beyond becomes one of them.
pub(crate) fn of_time(time: SystemTime) -> i64 {
    let nanos = |length: Duration| i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// The reverse of [`of_time`].
pub(crate) fn to_time(nanos: i64) -> SystemTime {
    let length = Duration::from_nanos(nanos.unsigned_abs());
    let time = match nanos {
        0.. => SystemTime::UNIX_EPOCH.checked_add(length),
        _ => SystemTime::UNIX_EPOCH.checked_sub(length),
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Nanoseconds, up to 584 years.
pub(crate) fn of_length(length: Duration) -> i64 {
    of_count(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}

/// The reverse of [`of_length`].
pub(crate) fn to_length(nanos: i64) -> Duration {
    Duration::from_nanos(to_count(nanos))
}

/// A count, bit by bit: SQLite's integers have a sign.
pub(crate) fn of_count(count: u64) -> i64 {
    count.cast_signed()
}

/// The reverse of [`of_count`].
pub(crate) fn to_count(column: i64) -> u64 {
    column.cast_unsigned()
}

/// The 16 bytes of an id.
pub(crate) fn of_id(id: &EntryId) -> Result<[u8; 16], Failure> {
    let number = u128::from_str_radix(id.as_str(), 16);
    number
        .map(u128::to_be_bytes)
        .map_err(|_| Failure::Value("an id cannot be stored"))
}

/// The reverse of [`of_id`].
pub(crate) fn to_id(bytes: [u8; 16]) -> Result<EntryId, Failure> {
    let text = format!("{:032x}", u128::from_be_bytes(bytes));
    EntryId::parse(&text).ok_or(Failure::Value("an id cannot be read"))
}

/// An amount of money; `None` for a currency that a newer version added.
pub(crate) fn to_cost(currency: &str, picos: &str) -> Result<Option<Cost>, Failure> {
    let unreadable = |_| Failure::Value("an amount of money cannot be read");
    let picos = picos.parse().map_err(unreadable)?;
    Ok(to_currency(currency).map(|currency| Cost::from_picos(currency, picos)))
}

/// A currency by its code.
pub(crate) fn to_currency(code: &str) -> Option<Currency> {
    let mut all = Currency::ALL.iter();
    all.find(|currency| currency.as_str() == code).copied()
}

/// A kind of errors by its name. What a newer version added is the server's fault.
pub(crate) fn to_kind(name: &str) -> ErrorKind {
    let mut all = ErrorKind::ALL.iter();
    all.find(|kind| kind.as_str() == name)
        .copied()
        .unwrap_or(ErrorKind::Server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        for nanos in [0, 1, -1, 1_790_000_000_123_456_789, i64::MAX, -i64::MAX] {
            assert_eq!(of_time(to_time(nanos)), nanos);
        }
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(of_time(far), i64::MAX);
        for count in [0, 1, i64::MAX as u64, u64::MAX] {
            assert_eq!(to_count(of_count(count)), count);
        }
        assert_eq!(
            to_length(of_length(Duration::MAX)).as_secs(),
            u64::MAX / 1_000_000_000
        );
        let id = EntryId::random();
        assert_eq!(to_id(of_id(&id).unwrap()).unwrap(), id);
        for currency in Currency::ALL {
            let most = u128::MAX.to_string();
            let cost = to_cost(currency.as_str(), &most).unwrap();
            assert_eq!(cost, Some(Cost::from_picos(*currency, u128::MAX)));
        }
        assert_eq!(to_cost("EUR", "1").unwrap(), None);
        assert!(to_cost("USD", "-1").is_err());
        for kind in ErrorKind::ALL {
            assert_eq!(to_kind(kind.as_str()), *kind);
        }
        assert_eq!(to_kind("of tomorrow"), ErrorKind::Server);
    }
}
