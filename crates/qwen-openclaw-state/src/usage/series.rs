//! What entries have in common: the labels that reports tell them apart by.

use std::collections::HashMap;

use qwen_openclaw_router::{UsageEntry, UsageFilter, UsageGroup};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Failure;

/// The labels of entries.
pub(super) struct Series {
    pub(super) provider: String,
    pub(super) credential: String,
    pub(super) model: String,
    pub(super) kind: String,
    pub(super) agent: Option<String>,
}

impl Series {
    /// The columns that [`read`](Self::read) expects.
    pub(super) const COLUMNS: &str = "provider, credential, model, kind, agent";

    /// Reads the columns from the one at `first` on.
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            provider: row.get(first)?,
            credential: row.get(first + 1)?,
            model: row.get(first + 2)?,
            kind: row.get(first + 3)?,
            agent: row.get(first + 4)?,
        })
    }

    /// The key of the group that they are in; of a period, that is up to the period.
    pub(super) fn key(&self, by: &UsageGroup) -> String {
        match by {
            UsageGroup::Model => format!("{}/{}", self.provider, self.model),
            UsageGroup::Credential => self.credential.clone(),
            UsageGroup::Agent => self.agent.clone().unwrap_or_default(),
            UsageGroup::Kind => self.kind.clone(),
            _ => String::new(),
        }
    }
}

/// Returns the number of an entry's series, which gets one if it is new.
///
/// No two are made for the same labels: the caller is the only one who writes.
pub(super) fn number_of(connection: &Connection, entry: &UsageEntry) -> Result<i64, Failure> {
    let labels = params![
        entry.model,
        entry.credential,
        entry.provider,
        entry.kind,
        entry.agent,
    ];
    let known = connection
        .prepare_cached(
            "SELECT id FROM series WHERE model = ?1 AND credential = ?2 AND provider = ?3 \
             AND kind = ?4 AND agent IS ?5",
        )?
        .query_row(labels, |row| row.get(0))
        .optional()?;
    if let Some(number) = known {
        return Ok(number);
    }
    connection
        .prepare_cached(
            "INSERT INTO series (model, credential, provider, kind, agent) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(labels)?;
    Ok(connection.last_insert_rowid())
}

/// The series that count.
pub(super) struct Counted(Option<HashMap<i64, Series>>);

impl Counted {
    /// Whether a series counts.
    pub(super) fn contains(&self, series: i64) -> bool {
        self.0
            .as_ref()
            .is_none_or(|counted| counted.contains_key(&series))
    }
}

/// Returns which series count, without reading them if all do.
pub(super) fn counted(connection: &Connection, filter: &UsageFilter) -> Result<Counted, Failure> {
    let is_all = *filter == UsageFilter::default();
    let some = (!is_all).then(|| matching(connection, filter));
    some.transpose().map(Counted)
}

/// Returns the series that count.
pub(super) fn matching(
    connection: &Connection,
    filter: &UsageFilter,
) -> Result<HashMap<i64, Series>, Failure> {
    let query = format!("SELECT id, {} FROM series", Series::COLUMNS);
    let mut query = connection.prepare_cached(&query)?;
    let mut rows = query.query([])?;
    let mut found = HashMap::new();
    while let Some(row) = rows.next()? {
        let series = Series::read(row, 1)?;
        let agent = series.agent.as_deref();
        if filter.matches_labels(&series.provider, &series.credential, &series.model, agent) {
            found.insert(row.get(0)?, series);
        }
    }
    Ok(found)
}
