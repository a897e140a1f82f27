//! Locks that the operating system takes back when their holder dies.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    LeaseGuard,
    access::{create_folder, folder_of},
};
use crate::error::Error;

/// An exclusive lock on a file of our own, which stays where it is: removing one that others may
/// be waiting for would let two in at once. What is in the file is the note of a lease.
#[derive(Debug)]
pub(crate) struct OsLock {
    file: File,
    path: PathBuf,
}

impl OsLock {
    /// Waits for the lock, at most `limit`. It is asked for again and again, because the waiting
    /// of the operating system would hold up everything else on the thread.
    pub(crate) async fn acquire(path: &Path, limit: Duration) -> Result<Self, Error> {
        const LONGEST: Duration = Duration::from_millis(40);
        let started = Instant::now();
        let file = open(path)?;
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => {
                    let path = path.to_path_buf();
                    return Ok(Self { file, path });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(Error::write(path, error)),
            }
            if started.elapsed() >= limit {
                return Err(Error::locked(path.display().to_string(), limit));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    fn read(&self) -> std::io::Result<String> {
        let mut note = String::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.take(4096).read_to_string(&mut note)?;
        Ok(note)
    }

    fn write(&self, note: &str) -> std::io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(note.as_bytes())?;
        // A note is worth only what outlasts its writer.
        file.sync_data()
    }
}

impl LeaseGuard for OsLock {
    fn note(&self) -> Result<Option<String>, Error> {
        let shown = || self.path.display().to_string();
        let note = self.read().map_err(|error| Error::read(&shown(), error))?;
        Ok(Some(note).filter(|note| !note.is_empty()))
    }

    fn set_note(&self, note: Option<&str>) -> Result<(), Error> {
        self.write(note.unwrap_or_default())
            .map_err(|error| Error::write(&self.path, error))
    }
}

fn open(path: &Path) -> Result<File, Error> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(Error::untrusted(path, "a lock must be a regular file"));
    }
    let failed = |error| Error::write(path, error);
    create_folder(folder_of(path)).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed)
}
