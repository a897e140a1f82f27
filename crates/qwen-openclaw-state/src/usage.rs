//! What was used and what it cost.

mod entries;
mod series;
mod sums;

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use qwen_openclaw_router::{
    Amount, BudgetWindow, EntryId, Error, Exceeded, Outcome, Reservation, Tokens, UsageEntry,
    UsageGroup, UsageQuery, UsageRow, UsageStore, UsageSum,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{SqliteState, error::Failure, fault, handle::Access, values};

/// How many entries are compacted in one transaction: others write in between.
const BATCH: u32 = 2_000;

/// How long before the end of what is compacted the ids of entries are kept.
const IDS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[async_trait]
impl UsageStore for SqliteState {
    async fn reserve(
        &self,
        reservation: &Reservation,
        budgets: &[BudgetWindow],
    ) -> Result<Option<Exceeded>, Error> {
        let (reservation, budgets) = (reservation.clone(), budgets.to_vec());
        self.pool
            .run(Access::Write, move |rows| {
                reserve(rows, &reservation, &budgets)
            })
            .await
    }

    async fn settle(&self, entry: &UsageEntry) -> Result<(), Error> {
        let entry = entry.clone();
        self.pool
            .run(Access::Write, move |rows| record(rows, &entry))
            .await
    }

    async fn expire(&self, now: SystemTime) -> Result<u64, Error> {
        let now = values::of_time(now);
        let any = self.pool.run(Access::Read, move |rows| {
            let query = "SELECT EXISTS (SELECT 1 FROM entries WHERE expires <= ?1)";
            Ok(rows
                .prepare_cached(query)?
                .query_row([now], |row| row.get(0))?)
        });
        // Most of the time there are none, and no one has to wait for a writer.
        if !any.await? {
            return Ok(0);
        }
        self.pool
            .run(Access::Write, move |rows| expire(rows, now))
            .await
    }

    async fn standing(
        &self,
        budget: &BudgetWindow,
        now: SystemTime,
    ) -> Result<(Amount, Amount), Error> {
        let budget = budget.clone();
        self.pool
            .run(Access::Read, move |rows| standing(rows, &budget, now))
            .await
    }

    async fn report(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, Error> {
        let query = query.clone();
        self.pool
            .run(Access::Read, move |rows| report(rows, &query))
            .await
    }

    async fn latest(&self, count: usize) -> Result<Vec<UsageEntry>, Error> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.pool
            .run(Access::Read, move |rows| {
                let rest = "WHERE expires IS NULL ORDER BY time DESC, entries.rowid DESC LIMIT ?1";
                entries::select(rows, rest, [count])
            })
            .await
    }

    /// Deletes the entries; their sums exist already. Their ids are kept for a week before `before`: an
    /// entry that is settled again after it was compacted adds nothing if it was sent in that week, or
    /// later. It runs in several transactions, so that no one waits for long; a report is the same after
    /// each of them.
    async fn compact(&self, before: SystemTime) -> Result<u64, Error> {
        let forget = before
            .checked_sub(IDS_KEPT)
            .map_or(i64::MIN, values::of_time);
        let before = values::of_time(before);
        let any = self.pool.run(Access::Read, move |rows| {
            let query = "SELECT EXISTS (SELECT 1 FROM entries WHERE expires IS NULL AND time < ?1)";
            Ok(rows
                .prepare_cached(query)?
                .query_row([before], |row| row.get(0))?)
        });
        // As in `expire`.
        if !any.await? {
            return Ok(0);
        }
        let mut count = 0;
        loop {
            let compact = move |rows: &Connection| compact(rows, before, forget);
            let done = self.pool.run(Access::Write, compact).await?;
            count += done as u64;
            if done < BATCH as usize {
                return Ok(count);
            }
        }
    }
}

fn reserve(
    rows: &Connection,
    reservation: &Reservation,
    budgets: &[BudgetWindow],
) -> Result<Option<Exceeded>, Failure> {
    let entry = &reservation.entry;
    if known(rows, &entry.id)?.is_some() || is_compacted(rows, &entry.id)? {
        return Ok(None);
    }
    let wanted = entry.amount();
    for budget in budgets {
        let (used, reserved) = standing(rows, budget, entry.time)?;
        if !budget.has_room(&used, &reserved, &wanted) {
            let budget = budget.clone();
            return Ok(Some(Exceeded {
                budget,
                used,
                reserved,
            }));
        }
    }
    entries::reserve(rows, reservation)?;
    fault::point("reserved");
    Ok(None)
}

/// What is known of an id.
enum Recorded {
    Reserved,
    Settled,
    Lost,
}

fn known(rows: &Connection, id: &EntryId) -> Result<Option<Recorded>, Failure> {
    let query = "SELECT expires IS NOT NULL, outcome = ?2 FROM entries WHERE id = ?1";
    let known = rows
        .prepare_cached(query)?
        .query_row(params![values::of_id(id)?, entries::LOST], |row| {
            Ok(match (row.get(0)?, row.get(1)?) {
                (true, _) => Recorded::Reserved,
                (false, true) => Recorded::Lost,
                (false, false) => Recorded::Settled,
            })
        })
        .optional()?;
    Ok(known)
}

fn is_compacted(rows: &Connection, id: &EntryId) -> Result<bool, Failure> {
    let query = "SELECT EXISTS (SELECT 1 FROM compacted WHERE id = ?1)";
    let id = values::of_id(id)?;
    Ok(rows
        .prepare_cached(query)?
        .query_row([id], |row| row.get(0))?)
}

/// Records an entry, unless there is one with its id that was not lost, and ends its reservation.
pub(crate) fn record(rows: &Connection, entry: &UsageEntry) -> Result<(), Failure> {
    let mut entry = entry.clone();
    match known(rows, &entry.id)? {
        Some(Recorded::Settled) => return Ok(()),
        Some(Recorded::Lost) if entry.outcome == Outcome::Lost => return Ok(()),
        Some(Recorded::Lost) => {
            for lost in one(rows, &entry.id)? {
                sums::take_back(rows, series::number_of(rows, &lost)?, &lost)?;
                entry.time = lost.time;
            }
            delete(rows, &entry.id)?;
        }
        Some(Recorded::Reserved) => delete(rows, &entry.id)?,
        None if is_compacted(rows, &entry.id)? => return Ok(()),
        None => {}
    }
    entries::insert(rows, &entry)?;
    fault::point("inserted");
    sums::add(rows, series::number_of(rows, &entry)?, &entry)?;
    fault::point("summed");
    Ok(())
}

fn one(rows: &Connection, id: &EntryId) -> Result<Vec<UsageEntry>, Failure> {
    entries::select(rows, "WHERE entries.id = ?1", [values::of_id(id)?])
}

fn delete(rows: &Connection, id: &EntryId) -> Result<(), Failure> {
    let delete = "DELETE FROM entries WHERE id = ?1";
    rows.prepare_cached(delete)?.execute([values::of_id(id)?])?;
    Ok(())
}

fn expire(rows: &Connection, now: i64) -> Result<u64, Failure> {
    let expired = entries::select(rows, "WHERE expires <= ?1", [now])?;
    for reserved in &expired {
        let lost = UsageEntry {
            tokens: Tokens::default(),
            cost: None,
            price_date: None,
            outcome: Outcome::Lost,
            ..reserved.clone()
        };
        record(rows, &lost)?;
    }
    Ok(expired.len() as u64)
}

fn standing(
    rows: &Connection,
    budget: &BudgetWindow,
    now: SystemTime,
) -> Result<(Amount, Amount), Failure> {
    let counted = series::counted(rows, &budget.filter)?;
    let since = values::of_time(budget.since);
    let whole = sums::quarter_from(since);
    let mut used = UsageSum::default();
    let counts = |series| counted.contains(series);
    sums::for_each(rows, &(whole..i64::MAX), counts, |_, sum| used.merge(sum))?;
    // A period that begins within a quarter of an hour.
    let begun = "WHERE expires IS NULL AND time >= ?1 AND time < ?2";
    if since < sums::start_of(whole) {
        for entry in entries::select(rows, begun, [since, sums::start_of(whole)])? {
            if budget.counts(&entry) {
                used.add(&entry);
            }
        }
    }
    let mut reserved = UsageSum::default();
    for entry in entries::select(rows, "WHERE expires > ?1", [values::of_time(now)])? {
        if budget.counts(&entry) {
            reserved.add(&entry);
        }
    }
    Ok((used.amount(budget.limit), reserved.amount(budget.limit)))
}

fn report(rows: &Connection, query: &UsageQuery) -> Result<Vec<UsageRow>, Failure> {
    let counted = series::matching(rows, &query.filter)?;
    let mut found = BTreeMap::new();
    for (at, quarters) in periods(query) {
        let mut by_series = HashMap::<i64, UsageSum>::new();
        let counts = |series| counted.contains_key(&series);
        sums::for_each(rows, &quarters, counts, |series, sum| {
            by_series.entry(series).or_default().merge(sum);
        })?;
        for (series, sum) in by_series {
            let key = match &query.by {
                UsageGroup::Since(_) => at.to_string(),
                by => counted
                    .get(&series)
                    .map(|series| series.key(by))
                    .unwrap_or_default(),
            };
            let group: &mut UsageSum = found.entry((at, key)).or_default();
            group.merge(&sum);
        }
    }
    let found = found
        .into_iter()
        .filter(|(_, sum)| *sum != UsageSum::default());
    Ok(found.map(|((_, key), sum)| UsageRow { key, sum }).collect())
}

/// The periods of a report in quarters of an hour, each with its index.
fn periods(query: &UsageQuery) -> Vec<(usize, Range<i64>)> {
    let since = sums::quarter_of(values::of_time(query.since));
    let until = sums::quarter_from(values::of_time(query.until));
    let UsageGroup::Since(starts) = &query.by else {
        return vec![(0, since..until)];
    };
    let starts: Vec<i64> = starts
        .iter()
        .map(|start| sums::quarter_of(values::of_time(*start)))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([i64::MAX]);
    let periods = starts.iter().zip(ends).enumerate();
    periods
        .map(|(at, (start, end))| (at, since.max(*start)..until.min(end)))
        .collect()
}

/// Compacts some entries and returns how many.
fn compact(rows: &Connection, before: i64, forget: i64) -> Result<usize, Failure> {
    let some =
        "SELECT rowid FROM entries WHERE expires IS NULL AND time < ?1 ORDER BY time LIMIT ?2";
    let keep = format!(
        "INSERT INTO compacted (id, time) SELECT id, time FROM entries \
         WHERE time >= ?3 AND rowid IN ({some})"
    );
    rows.prepare_cached(&keep)?
        .execute(params![before, BATCH, forget])?;
    fault::point("ids-kept");
    let delete = format!("DELETE FROM entries WHERE rowid IN ({some})");
    let count = rows
        .prepare_cached(&delete)?
        .execute(params![before, BATCH])?;
    if count < BATCH as usize {
        rows.execute("DELETE FROM compacted WHERE time < ?1", [forget])?;
    }
    Ok(count)
}
