//! The database file: where it is, who may use it, and what happens if it is damaged.
//!
//! Beside it are `<name>.lock`, which everyone who has it open shares, and `<name>.suspect` while it is
//! to be checked as a whole. A damaged file is renamed only by a process that has the lock for itself:
//! SQLite removes the log of a file by its name when the file is closed, which by then could be that of
//! the new file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use qwen_openclaw_auth::{
    StateDir,
    state::{self, FileLock},
};
use rusqlite::Connection;

use crate::{error::Failure, handle, schema};

/// How long a process that is setting a damaged file aside is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How long others are waited for that have a damaged file open. They close it when they next use it.
const CLOSED_WAIT: Duration = Duration::from_millis(500);

/// What SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Where a database is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// The state folder, if it is in one: it is closed to others before something is stored.
    pub(crate) home: Option<StateDir>,
}

impl Place {
    /// Makes sure that the folder and the file exist and that no one else can write there.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        match &self.home {
            Some(home) => home.create()?,
            None => state::create_folder(self.folder())?,
        }
        state::create_file(&self.path)?;
        Ok(())
    }

    /// Shares the lock, which keeps the file under its name.
    pub(crate) fn share(&self) -> Result<FileLock, Failure> {
        let path = self.beside(".lock");
        wait(LOCK_WAIT, || FileLock::try_share(&path))?.ok_or(Failure::Busy)
    }

    /// Notes that the next process to open the file should check all of it.
    pub(crate) fn suspect(&self) {
        // Without the note it is found when it is next met.
        let _ = state::create_file(&self.beside(".suspect"));
    }

    /// Whether all of the file is to be checked.
    pub(crate) fn is_suspect(&self) -> bool {
        self.beside(".suspect").exists()
    }

    /// Forgets a suspicion that was not confirmed, or was dealt with.
    fn clear(&self) {
        let _ = fs::remove_file(self.beside(".suspect"));
    }

    /// Sets a damaged file aside and returns its new path; `None` if it is sound, such as one that
    /// another process put in its place.
    ///
    /// The caller must not have the file open.
    pub(crate) fn set_aside(&self) -> Result<Option<PathBuf>, Failure> {
        let shared = self.share()?;
        if self.is_sound()? {
            return Ok(None);
        }
        drop(shared);
        let lock = self.beside(".lock");
        let Some(_lock) = wait(CLOSED_WAIT, || FileLock::try_acquire(&lock))? else {
            return Err(Failure::DamagedInUse);
        };
        // Another process may have set it aside meanwhile.
        if self.is_sound()? {
            return Ok(None);
        }
        let aside = self.free_name();
        // The log first: it is nothing without its file, while a file is something without its log.
        for end in BESIDE {
            rename(&named(&self.path, end), &named(&aside, end))?;
        }
        rename(&self.path, &aside)?;
        self.clear();
        Ok(Some(aside))
    }

    /// Whether the file is sound as a whole; then it is no longer suspect.
    fn is_sound(&self) -> Result<bool, Failure> {
        match self.check_whole() {
            Err(failure) if failure.is_damage() => Ok(false),
            checked => {
                checked?;
                self.clear();
                Ok(true)
            }
        }
    }

    fn check_whole(&self) -> Result<(), Failure> {
        state::create_file(&self.path)?;
        if self.has_log_only() {
            return Err(Failure::Damaged);
        }
        let connection = handle::connect(&self.path)?;
        check(&connection, "quick_check")?;
        // A table that is missing is damage too, if the version says that it should be there.
        schema::verify(&connection)
    }

    /// Whether a log has lost its file: SQLite would remove it.
    pub(crate) fn has_log_only(&self) -> bool {
        let length = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
        length(&self.path) == 0 && length(&named(&self.path, "-wal")) > 0
    }

    fn free_name(&self) -> PathBuf {
        let stamp = Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let name = self.beside(&format!(".damaged-{stamp}"));
        let more = (2_u32..).map(|number| named(&name, &format!("-{number}")));
        let mut names = std::iter::once(name.clone()).chain(more);
        names.find(|name| !name.exists()).unwrap_or(name)
    }

    /// The path of the leases of jobs.
    #[cfg(feature = "jobs")]
    pub(crate) fn leases(&self) -> PathBuf {
        self.beside(".leases")
    }

    fn beside(&self, end: &str) -> PathBuf {
        named(&self.path, end)
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

/// Runs `quick_check` or `integrity_check`.
pub(crate) fn check(connection: &Connection, pragma: &str) -> Result<(), Failure> {
    let found = connection.query_row(&format!("PRAGMA {pragma}(1)"), [], |row| {
        row.get::<_, String>(0)
    })?;
    if found == "ok" {
        Ok(())
    } else {
        Err(Failure::Damaged)
    }
}

/// The path with `end` appended to its name.
fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::Rename(error)),
        _ => Ok(()),
    }
}

/// Tries until there is a lock, or for long enough.
fn wait(
    limit: Duration,
    lock: impl Fn() -> Result<Option<FileLock>, qwen_openclaw_auth::Error>,
) -> Result<Option<FileLock>, Failure> {
    let started = Instant::now();
    loop {
        let found = lock()?;
        if found.is_some() || started.elapsed() >= limit {
            return Ok(found);
        }
        thread::sleep(Duration::from_millis(fastrand::u64(1..10)));
    }
}
