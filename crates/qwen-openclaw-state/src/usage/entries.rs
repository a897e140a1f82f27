//! The rows of entries and reservations.

use qwen_openclaw_router::{Outcome, Reservation, Tokens, UsageEntry};
use rusqlite::{Connection, Row, params};

use super::series::{self, Series};
use crate::{error::Failure, values};

/// The columns that [`read`] expects, in this order.
const COLUMNS: &str = "id, time, is_last, sends, input, implicit_cached, explicit_cached, cache_write, \
                       output, reasoning, images, media, currency, cost, price_date, outcome, latency";

/// Inserts an entry.
pub(super) fn insert(connection: &Connection, entry: &UsageEntry) -> Result<(), Failure> {
    write(connection, entry, None)
}

/// Inserts a reservation.
pub(super) fn reserve(connection: &Connection, reservation: &Reservation) -> Result<(), Failure> {
    let expires = values::of_time(reservation.expires);
    write(connection, &reservation.entry, Some(expires))
}

fn write(connection: &Connection, entry: &UsageEntry, expires: Option<i64>) -> Result<(), Failure> {
    let series = series::number_of(connection, entry)?;
    let insert = format!(
        "INSERT INTO entries ({COLUMNS}, series, expires) VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
    );
    let tokens = entry.tokens;
    connection.prepare_cached(&insert)?.execute(params![
        values::of_id(&entry.id)?,
        values::of_time(entry.time),
        entry.is_last,
        entry.sends,
        values::of_count(tokens.input),
        values::of_count(tokens.implicit_cached),
        values::of_count(tokens.explicit_cached),
        values::of_count(tokens.cache_write),
        values::of_count(tokens.output),
        values::of_count(tokens.reasoning),
        values::of_count(entry.images),
        values::of_length(entry.media),
        entry.cost.map(|cost| cost.currency().as_str()),
        entry.cost.map(|cost| cost.picos().to_string()),
        entry.price_date,
        of_outcome(entry.outcome),
        values::of_length(entry.latency),
        series,
        expires,
    ])?;
    Ok(())
}

/// Returns the entries that `rest`, a condition and an order, selects.
pub(super) fn select(
    connection: &Connection,
    rest: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<UsageEntry>, Failure> {
    let query = format!(
        "SELECT {}, {COLUMNS} FROM entries CROSS JOIN series ON series.id = entries.series {rest}",
        Series::COLUMNS
    )
    .replace(" id, time", " entries.id, time");
    let mut query = connection.prepare_cached(&query)?;
    let mut rows = query.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<UsageEntry, Failure> {
    let series = Series::read(row, 0)?;
    let text = |column| row.get::<_, Option<String>>(column);
    let count = |column| row.get(column).map(values::to_count);
    let cost = match (text("currency")?, text("cost")?) {
        (Some(currency), Some(picos)) => values::to_cost(&currency, &picos)?,
        _ => None,
    };
    Ok(UsageEntry {
        id: values::to_id(row.get("id")?)?,
        time: values::to_time(row.get("time")?),
        provider: series.provider,
        credential: series.credential,
        model: series.model,
        agent: series.agent,
        kind: series.kind,
        is_last: row.get("is_last")?,
        sends: row.get("sends")?,
        tokens: Tokens {
            input: count("input")?,
            implicit_cached: count("implicit_cached")?,
            explicit_cached: count("explicit_cached")?,
            cache_write: count("cache_write")?,
            output: count("output")?,
            reasoning: count("reasoning")?,
        },
        images: count("images")?,
        media: values::to_length(row.get("media")?),
        cost,
        price_date: row.get("price_date")?,
        outcome: to_outcome(&row.get::<_, String>("outcome")?),
        latency: values::to_length(row.get("latency")?),
    })
}

/// What stands for [`Outcome::Lost`].
pub(super) const LOST: &str = "lost";

fn of_outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Answered => "answered".to_owned(),
        Outcome::Canceled => "canceled".to_owned(),
        Outcome::Lost => LOST.to_owned(),
        Outcome::Failed(kind) => format!("failed: {}", kind.as_str()),
        // Of a newer version of the router: it did not succeed.
        _ => "failed".to_owned(),
    }
}

fn to_outcome(text: &str) -> Outcome {
    match text {
        "answered" => Outcome::Answered,
        "canceled" => Outcome::Canceled,
        LOST => Outcome::Lost,
        other => {
            let kind = other.strip_prefix("failed: ").unwrap_or_default();
            Outcome::Failed(values::to_kind(kind))
        }
    }
}
