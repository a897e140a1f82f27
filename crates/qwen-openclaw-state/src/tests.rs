//! Tests of the store as a whole.

mod contract;
mod crashes;
mod opening;
mod processes;
mod size;

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use qwen_openclaw_catalog::price::{Cost, Currency};
use qwen_openclaw_router::{
    BudgetWindow, EntryId, Limit, Outcome, Tokens, UsageEntry, UsageFilter, UsageGroup, UsageQuery,
    UsageRow, UsageStore,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::SqliteState;

/// A folder that no one else can write to, whatever the umask is.
fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().unwrap()
}

async fn open(folder: &Path) -> SqliteState {
    SqliteState::open(folder.join("state.sqlite"))
        .await
        .unwrap()
}

/// A time in seconds after the beginning of a quarter of an hour.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn entry(seconds: u64, picos: u128) -> UsageEntry {
    UsageEntry {
        id: EntryId::random(),
        time: at(seconds),
        provider: "qwen".to_owned(),
        credential: "qwen:default".to_owned(),
        model: "some-model".to_owned(),
        agent: None,
        kind: "chat".to_owned(),
        is_last: true,
        sends: 1,
        tokens: Tokens {
            input: 7,
            output: 3,
            ..Tokens::default()
        },
        images: 0,
        media: Duration::ZERO,
        cost: Some(Cost::from_picos(Currency::Usd, picos)),
        price_date: None,
        outcome: Outcome::Answered,
        latency: Duration::from_millis(5),
    }
}

/// A budget of everything.
fn budget(limit: Limit) -> BudgetWindow {
    BudgetWindow {
        name: "all".to_owned(),
        filter: UsageFilter::default(),
        since: at(0),
        limit,
    }
}

fn everything(by: UsageGroup) -> UsageQuery {
    UsageQuery {
        since: SystemTime::UNIX_EPOCH,
        until: at(1 << 31),
        filter: UsageFilter::default(),
        by,
    }
}

async fn report(state: &SqliteState, by: UsageGroup) -> Vec<UsageRow> {
    state.report(&everything(by)).await.unwrap()
}

/// Checks that the sums of each level are those of the entries, none of which was compacted.
fn sums_match(path: &Path) {
    let file = Connection::open(path).unwrap();
    let number = |query: &str| -> i64 { file.query_row(query, [], |row| row.get(0)).unwrap() };
    let money = |query: &str| -> u128 {
        let mut query = file.prepare(query).unwrap();
        let found = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        found
            .map(|picos| picos.unwrap().parse::<u128>().unwrap())
            .sum()
    };
    let entries = "FROM entries WHERE expires IS NULL";
    let cost = money(&format!("SELECT cost {entries} AND cost IS NOT NULL"));
    for span in [1, 96, 3_072] {
        let sums = format!("FROM sums WHERE span = {span}");
        assert_eq!(money(&format!("SELECT cost {sums}")), cost, "{span}");
        for (of_sums, of_entries) in [
            ("total(sends)", "total(sends)"),
            ("total(requests)", "total(is_last)"),
            ("total(input)", "total(input)"),
            ("total(output)", "total(output)"),
            ("total(failures)", "total(outcome <> 'answered')"),
            ("total(lost)", "total(outcome = 'lost')"),
        ] {
            let sum = number(&format!("SELECT CAST({of_sums} AS INTEGER) {sums}"));
            let expected = number(&format!("SELECT CAST({of_entries} AS INTEGER) {entries}"));
            assert_eq!(sum, expected, "{of_sums} of {span}");
        }
    }
    let found: String = file
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, "ok");
}
