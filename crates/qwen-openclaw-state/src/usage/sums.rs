//! The sums of entries: by quarter of an hour, by day, and by 32 days, so that a report over years
//! reads few rows.

use std::ops::Range;

use qwen_openclaw_router::{Tokens, UsageEntry, UsageSum};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{error::Failure, values};

/// How many quarters of an hour each row sums up: those of one level are in one of the next.
const SPANS: [i64; 3] = [1, 96, 3_072];

/// Nanoseconds of a quarter of an hour.
const QUARTER: i64 = 15 * 60 * 1_000_000_000;

const COLUMNS: &str = "currency, requests, sends, failures, lost, unpriced, input, implicit_cached, \
                       explicit_cached, cache_write, output, reasoning, images, media, cost";

/// The quarter of an hour that a time, in nanoseconds, is in.
pub(super) fn quarter_of(nanos: i64) -> i64 {
    nanos.div_euclid(QUARTER)
}

/// The first quarter of an hour that begins at that time or later.
pub(super) fn quarter_from(nanos: i64) -> i64 {
    quarter_of(nanos.saturating_add(QUARTER - 1))
}

/// When a quarter of an hour begins, in nanoseconds.
pub(super) fn start_of(quarter: i64) -> i64 {
    quarter.saturating_mul(QUARTER)
}

/// Adds an entry.
pub(super) fn add(connection: &Connection, series: i64, entry: &UsageEntry) -> Result<(), Failure> {
    let mut more = UsageSum::default();
    more.add(entry);
    change(connection, series, entry, |sum| sum.merge(&more))
}

/// Takes back an entry that was lost, which has neither tokens nor cost.
pub(super) fn take_back(
    connection: &Connection,
    series: i64,
    entry: &UsageEntry,
) -> Result<(), Failure> {
    let mut less = UsageSum::default();
    less.add(entry);
    change(connection, series, entry, |sum| {
        let take = |from: &mut u64, less: u64| *from = from.saturating_sub(less);
        take(&mut sum.requests, less.requests);
        take(&mut sum.sends, less.sends);
        take(&mut sum.failures, less.failures);
        take(&mut sum.lost, less.lost);
        take(&mut sum.images, less.images);
        sum.media = sum.media.saturating_sub(less.media);
    })
}

/// Changes the rows of an entry, in numbers that cannot overflow as SQLite's would.
fn change(
    connection: &Connection,
    series: i64,
    entry: &UsageEntry,
    change: impl Fn(&mut UsageSum),
) -> Result<(), Failure> {
    let quarter = quarter_of(values::of_time(entry.time));
    let currency = entry.cost.map_or("", |cost| cost.currency().as_str());
    let query = format!(
        "SELECT {COLUMNS} FROM sums WHERE span = ?1 AND quarter = ?2 AND series = ?3 AND currency = ?4"
    );
    let mut query = connection.prepare_cached(&query)?;
    let write = format!(
        "REPLACE INTO sums (span, quarter, series, {COLUMNS}) VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    );
    let mut write = connection.prepare_cached(&write)?;
    for span in SPANS {
        let quarter = quarter.div_euclid(span) * span;
        let key = params![span, quarter, series, currency];
        let known = query.query_row(key, |row| Ok(read(row, 0))).optional()?;
        let mut sum = known.transpose()?.unwrap_or_default();
        change(&mut sum);
        write.execute(params![
            span,
            quarter,
            series,
            currency,
            values::of_count(sum.requests),
            values::of_count(sum.sends),
            values::of_count(sum.failures),
            values::of_count(sum.lost),
            values::of_count(sum.unpriced),
            values::of_count(sum.tokens.input),
            values::of_count(sum.tokens.implicit_cached),
            values::of_count(sum.tokens.explicit_cached),
            values::of_count(sum.tokens.cache_write),
            values::of_count(sum.tokens.output),
            values::of_count(sum.tokens.reasoning),
            values::of_count(sum.images),
            values::of_length(sum.media),
            sum.cost.first().map_or(0, |cost| cost.picos()).to_string(),
        ])?;
    }
    Ok(())
}

/// Calls `found` with the series and the sum of each row that together make up the quarters.
pub(super) fn for_each(
    connection: &Connection,
    quarters: &Range<i64>,
    counts: impl Fn(i64) -> bool,
    mut found: impl FnMut(i64, &UsageSum),
) -> Result<(), Failure> {
    let query = format!(
        "SELECT series, {COLUMNS} FROM sums WHERE span = ?1 AND quarter >= ?2 AND quarter < ?3"
    );
    let mut query = connection.prepare_cached(&query)?;
    for (span, part) in parts(quarters) {
        let mut rows = query.query([span, part.start, part.end])?;
        while let Some(row) = rows.next()? {
            let series = row.get(0)?;
            if counts(series) {
                found(series, &read(row, 1)?);
            }
        }
    }
    Ok(())
}

/// Cuts a range into parts, each with the longest span of which it has whole ones.
fn parts(quarters: &Range<i64>) -> Vec<(i64, Range<i64>)> {
    let mut parts = Vec::new();
    let (mut left, mut right) = (quarters.start, quarters.end);
    for (at, span) in SPANS.into_iter().enumerate() {
        if left >= right {
            break;
        }
        let Some(next) = SPANS.get(at + 1) else {
            parts.push((span, left..right));
            break;
        };
        let inner = -(-left).div_euclid(*next) * next..right.div_euclid(*next) * next;
        if inner.start >= inner.end {
            parts.push((span, left..right));
            break;
        }
        parts.push((span, left..inner.start));
        parts.push((span, inner.end..right));
        (left, right) = (inner.start, inner.end);
    }
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

/// Reads [`COLUMNS`] from the one at `first` on.
fn read(row: &Row<'_>, first: usize) -> Result<UsageSum, Failure> {
    let count = |column: usize| row.get(first + column).map(values::to_count);
    let currency = row.get_ref(first)?;
    let currency = currency.as_str().map_err(rusqlite::Error::from)?;
    let cost = match currency {
        "" => None,
        currency => {
            let picos = row.get_ref(first + 14)?;
            values::to_cost(currency, picos.as_str().map_err(rusqlite::Error::from)?)?
        }
    };
    Ok(UsageSum {
        requests: count(1)?,
        sends: count(2)?,
        failures: count(3)?,
        lost: count(4)?,
        unpriced: count(5)?,
        tokens: Tokens {
            input: count(6)?,
            implicit_cached: count(7)?,
            explicit_cached: count(8)?,
            cache_write: count(9)?,
            output: count(10)?,
            reasoning: count(11)?,
        },
        images: count(12)?,
        media: values::to_length(row.get(first + 13)?),
        cost: cost.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each quarter is in one part, and parts are of whole spans.
        #[test]
        fn parts_make_up_the_range(start in -10_000_i64..10_000, length in 0_i64..20_000) {
            let range = start..start + length;
            let mut parts = parts(&range);
            prop_assert!(parts.len() <= 5);
            for (span, part) in &parts {
                prop_assert!(part.start % span == 0 && part.end % span == 0);
            }
            parts.sort_by_key(|(_, part)| part.start);
            let mut at = range.start;
            for (_, part) in parts {
                prop_assert_eq!(part.start, at);
                at = part.end;
            }
            prop_assert_eq!(at, range.end.max(range.start));
        }
    }

    #[test]
    fn a_month_and_a_total_read_few_rows() {
        let rows = |range: Range<i64>| -> i64 {
            let parts = parts(&range);
            parts
                .iter()
                .map(|(span, part)| (part.end - part.start) / span)
                .sum()
        };
        // A month that begins at four in the afternoon, UTC.
        assert_eq!(
            rows(3_072 * 600 + 64..3_072 * 600 + 64 + 31 * 96),
            30 + 32 + 64
        );
        assert_eq!(rows(0..40 * 365 * 96), 40 * 365 / 32 + 8);
    }

    #[test]
    fn quarters_begin_at_or_before_their_times() {
        for (nanos, from, to) in [(0, 0, 0), (1, 0, 1), (-1, -1, 0), (QUARTER, 1, 1)] {
            assert_eq!((quarter_of(nanos), quarter_from(nanos)), (from, to));
        }
        for nanos in [i64::MIN, i64::MAX] {
            assert!(start_of(quarter_of(nanos)) <= nanos);
            quarter_from(nanos);
        }
    }
}
