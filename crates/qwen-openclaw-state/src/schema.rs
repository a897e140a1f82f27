//! The tables, and how a file of an older version gets them.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Failure;

/// Each brings a file from the version that is its index to the next. A released one never changes.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];

/// Marks a file as this program's ("qwoc").
const APPLICATION: i32 = 0x7177_6f63;

/// The tables of the current version.
const TABLES: [&str; 8] = [
    "budgets",
    "compacted",
    "cooldowns",
    "endpoints",
    "entries",
    "jobs",
    "series",
    "sums",
];

/// Brings a file to the current version.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    if version(connection)? < MIGRATIONS.len() {
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have done it while this one waited.
        let from = version(&change)?;
        for step in MIGRATIONS.get(from..).unwrap_or_default() {
            change.execute_batch(step)?;
        }
        change.pragma_update(None, "application_id", APPLICATION)?;
        change.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        change.commit()?;
    }
    verify(connection)
}

/// Fails if a file that should have all tables does not.
pub(crate) fn verify(connection: &Connection) -> Result<(), Failure> {
    if version(connection)? < MIGRATIONS.len() {
        return Ok(());
    }
    let tables = format!(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('{}')",
        TABLES.join("','")
    );
    let found: i64 = connection.query_row(&tables, [], |row| row.get(0))?;
    if found == TABLES.len() as i64 {
        Ok(())
    } else {
        Err(Failure::Damaged)
    }
}

/// The version of a file of this program that is not newer than it; 0 for an empty one.
fn version(connection: &Connection) -> Result<usize, Failure> {
    // In one statement, so that all is as of one moment.
    let query = "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) \
                 FROM pragma_user_version, pragma_application_id";
    let (version, application, things): (i64, i32, i64) =
        connection.query_row(query, [], |row| row.try_into())?;
    match usize::try_from(version) {
        Ok(0) if application == 0 && things == 0 => Ok(0),
        _ if application != APPLICATION => Err(Failure::Foreign),
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(Failure::Newer { version }),
    }
}
