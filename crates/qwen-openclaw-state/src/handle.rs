//! An open connection, and how it is set up.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use qwen_openclaw_auth::state::FileLock;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::{
    error::Failure,
    place::{self, Place},
    schema,
};

/// How long other processes are waited for. Each of their transactions takes well under a millisecond.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(30);

/// How long the check may take when a process opens the file for writing: enough for all of a file
/// of some ten thousand entries. Of a larger one it is the first part; the rest is checked by
/// `integrity_check`, and whole once damage was met.
const CHECK_TIME: Duration = Duration::from_millis(40);

/// Steps of SQLite between two looks at the clock.
const CHECK_STEPS: i32 = 100;

/// What a transaction does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// It reads.
    Read,
    /// It writes. What it wrote survives a crash of the process; a crash of the system may undo it.
    Write,
    /// It writes, and what it wrote survives a crash of the system, too.
    Durable,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Handle {
    connection: Connection,
    file: Option<Identity>,
    /// Keeps the file under its name while it is open. Fields are dropped in order.
    _lock: FileLock,
}

/// What tells a file from another under the same name.
type Identity = (u64, u64);

impl Handle {
    /// Opens the file, creating it if needed, and checks it if `checks` is true.
    pub(crate) fn open(place: &Place, checks: bool) -> Result<Self, Failure> {
        place.prepare()?;
        let lock = place.share()?;
        // Again, now that no one renames it.
        place.prepare()?;
        if place.is_suspect() || place.has_log_only() {
            return Err(Failure::Damaged);
        }
        let file = identity(&place.path);
        let mut connection = connect(&place.path)?;
        set_up(&mut connection)?;
        if checks {
            check_at_most(&mut connection, CHECK_TIME)?;
        }
        let this = Self {
            connection,
            file,
            _lock: lock,
        };
        if this.is_current(place) {
            Ok(this)
        } else {
            Err(Failure::Busy)
        }
    }

    /// Whether the file is still the one under that name.
    pub(crate) fn is_current(&self, place: &Place) -> bool {
        self.file == identity(&place.path)
    }

    /// Runs a transaction; what it did is undone if it fails.
    pub(crate) fn run<T>(
        &mut self,
        access: Access,
        work: &mut impl FnMut(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if access == Access::Durable {
            self.connection.pragma_update(None, "synchronous", "FULL")?;
        }
        let behavior = match access {
            Access::Read => TransactionBehavior::Deferred,
            Access::Write | Access::Durable => TransactionBehavior::Immediate,
        };
        let done = (|| {
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        if access == Access::Durable {
            self.connection
                .pragma_update(None, "synchronous", "NORMAL")?;
        }
        done
    }

    /// Checks the whole file, its indexes included.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        place::check(&self.connection, "integrity_check")
    }

    /// Limits the size of the file to `pages` beyond its present one.
    #[cfg(test)]
    pub(crate) fn limit_pages(&self, pages: i64) {
        let now: i64 = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        let limit = format!("PRAGMA max_page_count = {}", now + pages);
        self.connection.query_row(&limit, [], |_| Ok(())).unwrap();
    }

    /// Makes every write fail as on a disk that is read-only.
    #[cfg(test)]
    pub(crate) fn refuse_writes(&mut self) -> Result<(), Failure> {
        Ok(self.connection.pragma_update(None, "query_only", true)?)
    }

    /// Closes a connection whose file was renamed or removed, without touching what has its name now.
    pub(crate) fn abandon(self) {
        // A connection without this removes the log by its name.
        let flag = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if self.connection.set_db_config(flag, true).is_err() {
            // Rather a file that stays open.
            std::mem::forget(self);
        }
    }
}

/// Opens a file that exists.
pub(crate) fn connect(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    let mut started = Instant::now();
    // SQLite's own waits grow to a tenth of a second, in which many others have their turn.
    connection.busy_handler(Some(move |count: i32| {
        if count == 0 {
            started = Instant::now();
        }
        let longest = 200_u64 << count.clamp(0, 5);
        thread::sleep(Duration::from_micros(fastrand::u64(100..=longest)));
        started.elapsed() < BUSY_WAIT
    }))?;
    Ok(connection)
}

fn set_up(connection: &mut Connection) -> Result<(), Failure> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Failure::Value("SQLite's write-ahead log is not available"));
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // After many writes at once, the log is cut to this size again.
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    // What damage could make of a schema is not executed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_prepared_statement_cache_capacity(64);
    schema::migrate(connection)
}

/// Checks the file, or as much of it as there is time for.
fn check_at_most(connection: &mut Connection, time: Duration) -> Result<(), Failure> {
    let ends = Instant::now() + time;
    connection.progress_handler(CHECK_STEPS, Some(move || Instant::now() >= ends))?;
    let checked = place::check(connection, "quick_check");
    connection.progress_handler(0, None::<fn() -> bool>)?;
    match checked {
        Err(Failure::Sqlite(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            Ok(())
        }
        checked => checked,
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;

    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

/// Elsewhere an open file can be neither renamed nor removed.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|_| (0, 0))
}
