//! Reads the JSON in one of OpenClaw's SQLite databases, without touching the database.
//!
//! Even a reader writes to a database in WAL mode (its `-shm` file), so a copy is read: of the file,
//! and of the log beside it, which has what was committed last.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Take},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, config::DbConfig, limits::Limit,
};

/// What every database begins with that is not encrypted.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The most that is copied, in bytes. Conversations may be in the database too.
const LARGEST: u64 = 512 << 20;

/// The longest JSON that is read, in bytes.
const LONGEST: i32 = 16 << 20;

/// How often a copy is tried while somebody writes.
const TRIES: usize = 20;

/// What is beside the database, and belongs to it: the log of committed changes, or what undoes an
/// interrupted one.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// The JSON of a store.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) profiles: Option<Vec<u8>>,
    pub(super) state: Option<Vec<u8>>,
}

/// Where a release keeps its JSON.
struct Place {
    table: &'static str,
    query: &'static str,
    document: fn(&mut Documents) -> &mut Option<Vec<u8>>,
}

/// The shared database has the first two, that of an agent the others.
const PLACES: [Place; 4] = [
    Place {
        table: "config_machine_state",
        query: "SELECT value_json FROM config_machine_state WHERE state_key = 'authProfiles.store'",
        document: |documents| &mut documents.profiles,
    },
    Place {
        table: "config_machine_state",
        query: "SELECT value_json FROM config_machine_state WHERE state_key = 'authProfiles.state'",
        document: |documents| &mut documents.state,
    },
    Place {
        table: "auth_profile_store",
        query: "SELECT store_json FROM auth_profile_store WHERE store_key = 'primary'",
        document: |documents| &mut documents.profiles,
    },
    Place {
        table: "auth_profile_state",
        query: "SELECT state_json FROM auth_profile_state WHERE state_key = 'primary'",
        document: |documents| &mut documents.state,
    },
];

/// Whether a file is a database, or at least called one.
pub(super) fn is_database(path: &Path) -> bool {
    let begins = || -> io::Result<bool> {
        let mut begin = [0; MAGIC.len()];
        open(path)?.read_exact(&mut begin)?;
        Ok(begin == *MAGIC)
    };
    path.extension().is_some_and(|end| end == "sqlite") || begins().unwrap_or(false)
}

/// Reads the documents in the database at `path`; an error is what is wrong with it.
pub(super) fn read(path: &Path) -> Result<Documents, String> {
    check(path)?;
    let folder = private_folder().map_err(|error| format!("could not be copied: {error}"))?;
    let copy = folder.path().join("copy.sqlite");
    copy_of(path, &copy)?;
    query(&copy).map_err(|error| match error {
        Unreadable::Sqlite(error) => why(&error),
        Unreadable::Damaged => "is damaged".to_owned(),
        Unreadable::Foreign => "is an SQLite database, but not one of OpenClaw's".to_owned(),
    })
}

/// Makes a temporary folder that only the user can look into.
fn private_folder() -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("qwen-openclaw-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// Refuses what is not a database before anything is copied.
fn check(path: &Path) -> Result<(), String> {
    let metadata = path.symlink_metadata().map_err(|error| cannot(&error))?;
    if metadata.is_symlink() {
        return Err("is a symbolic link; `--file` reads the file that it leads to".to_owned());
    }
    let mut file = open(path).map_err(|error| cannot(&error))?;
    let length = file.metadata().map_err(|error| cannot(&error))?.len();
    if length > LARGEST {
        return Err(too_large(length));
    }
    let mut begin = [0; MAGIC.len()];
    match file.read_exact(&mut begin) {
        Ok(()) if begin == *MAGIC => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(cannot(&error)),
        _ if length == 0 => Err("is empty".to_owned()),
        _ => Err("is not an SQLite database, or is encrypted".to_owned()),
    }
}

fn cannot(error: &io::Error) -> String {
    format!("cannot be read: {error}")
}

fn too_large(length: u64) -> String {
    format!(
        "is too large: {} MiB, and at most {} MiB are read",
        length >> 20,
        LARGEST >> 20
    )
}

/// Opens a regular file; opening a pipe would wait.
fn open(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    File::open(path)
}

/// The path with `end` appended to its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Copies a database and what belongs to it, all as of one moment.
fn copy_of(path: &Path, copy: &Path) -> Result<(), String> {
    for _ in 0..TRIES {
        let before = Marks::of(path).map_err(|error| cannot(&error))?;
        let mut room = LARGEST;
        for end in [""].iter().chain(&BESIDE) {
            let (from, to) = (beside(path, end), beside(copy, end));
            match copy_file(&from, &to, &mut room) {
                Ok(()) => {}
                Err(error) if !end.is_empty() && error.kind() == io::ErrorKind::NotFound => {
                    // From an earlier try.
                    let _ = fs::remove_file(&to);
                }
                Err(error) => return Err(format!("could not be copied: {error}")),
            }
            if room == 0 {
                return Err(too_large(LARGEST));
            }
        }
        if Marks::of(path).map_err(|error| cannot(&error))? == before {
            return Ok(());
        }
    }
    Err("is being written to all the time: close OpenClaw and try again".to_owned())
}

/// Copies at most `room` bytes, and takes them off it.
fn copy_file(from: &Path, to: &Path, room: &mut u64) -> io::Result<()> {
    let mut source: Take<File> = open(from)?.take(*room);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let copied = io::copy(&mut source, &mut options.open(to)?)?;
    *room = room.saturating_sub(copied);
    Ok(())
}

/// What changes when somebody writes to the database itself, or starts its log anew.
///
/// Changes that are appended to the log meanwhile do no harm: SQLite takes those that are whole.
#[derive(Eq, PartialEq)]
struct Marks {
    database: (u64, Option<SystemTime>),
    journal: Option<(u64, Option<SystemTime>)>,
    /// The header of the log, which has a random number of its own each time it is started.
    log: Vec<u8>,
}

impl Marks {
    fn of(path: &Path) -> io::Result<Self> {
        let mark = |metadata: &Metadata| (metadata.len(), metadata.modified().ok());
        let mut log = Vec::new();
        match open(&beside(path, "-wal")) {
            Ok(file) => drop(file.take(32).read_to_end(&mut log)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self {
            database: mark(&fs::metadata(path)?),
            journal: fs::metadata(beside(path, "-journal"))
                .ok()
                .as_ref()
                .map(mark),
            log,
        })
    }
}

enum Unreadable {
    Sqlite(rusqlite::Error),
    Damaged,
    Foreign,
}

impl From<rusqlite::Error> for Unreadable {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Reads the copy, after checking what is read. A damaged conversation beside it does not matter.
fn query(copy: &Path) -> Result<Documents, Unreadable> {
    // For writing, because the log is applied, and an interrupted change undone.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags)?;
    // Nothing in a file from elsewhere is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    let mut documents = Documents::default();
    let mut is_ours = false;
    for place in PLACES {
        let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        let exists = connection.query_row(table, [place.table], |_| Ok(()));
        if exists.optional()?.is_none() {
            continue;
        }
        is_ours = true;
        let check = format!("PRAGMA integrity_check({})", place.table);
        let verdict: String = connection.query_row(&check, [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Unreadable::Damaged);
        }
        let text = connection.query_row(place.query, [], |row| {
            Ok(row.get_ref(0)?.as_bytes_or_null()?.map(<[u8]>::to_vec))
        });
        *(place.document)(&mut documents) = text.optional()?.flatten();
    }
    if is_ours {
        Ok(documents)
    } else {
        Err(Unreadable::Foreign)
    }
}

/// What is wrong, without SQL.
fn why(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "is damaged".to_owned(),
        Some(ErrorCode::TooBig) => "contains more than OpenClaw stores".to_owned(),
        // No such column, or not text.
        Some(ErrorCode::Unknown) | None => {
            "has a form that this version does not know, perhaps of a newer OpenClaw".to_owned()
        }
        Some(code) => format!("cannot be read by SQLite: {code:?}"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_copy_is_for_the_user_alone() {
        let folder = private_folder().unwrap();
        let (from, copy) = (folder.path().join("from"), folder.path().join("copy"));
        fs::write(&from, "secret").unwrap();
        copy_file(&from, &copy, &mut 6).unwrap();
        for (path, mode) in [(folder.path(), 0o700), (&copy, 0o600)] {
            let found = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{}", path.display());
        }
        assert_eq!(fs::read(copy).unwrap(), b"secret");
    }
}
