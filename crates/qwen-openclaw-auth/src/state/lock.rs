//! Locks that the operating system releases when their holder dies.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::file::open_own;
use crate::{error::Error, fault, store::LeaseGuard};

/// An exclusive lock, held until it is dropped or its process exits.
///
/// It locks a separate file next to what it guards. That file is never removed: removing it while
/// others wait for it would let two holders in. Symbolic links are never locked or written through.
/// As a [`LeaseGuard`], it stores its note in that file.
#[derive(Debug)]
#[must_use = "dropping a lock releases it"]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Tries to take the lock on the file at `path`, creating it if needed.
    ///
    /// Returns `None` while another holder has it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when the path is a symbolic link, not
    /// a regular file, or belongs to another user, [`ErrorKind::Write`](crate::ErrorKind::Write)
    /// when it cannot be opened or locked.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, Error> {
        let lock = Self::open(path)?;
        Ok(lock.is_taken()?.then_some(lock))
    }

    /// Waits for the lock for at most `limit`.
    ///
    /// It polls, because a blocking wait in the operating system would stall everything else on the
    /// thread.
    ///
    /// # Errors
    ///
    /// The same as [`try_acquire`](Self::try_acquire), and
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) when the limit is exceeded.
    pub async fn acquire(path: &Path, limit: Duration) -> Result<Self, Error> {
        const LONGEST: Duration = Duration::from_millis(40);
        let started = Instant::now();
        let lock = Self::open(path)?;
        let mut pause = Duration::from_millis(1);
        while !lock.is_taken()? {
            if started.elapsed() >= limit {
                return Err(Error::locked(path.display().to_string(), limit));
            }
            fault::point("lock-busy");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
        Ok(lock)
    }

    /// Tries to share the lock: others may share it too, and no one can take it meanwhile.
    ///
    /// Returns `None` while another holder has it for itself.
    ///
    /// # Errors
    ///
    /// The same as [`try_acquire`](Self::try_acquire).
    pub fn try_share(path: &Path) -> Result<Option<Self>, Error> {
        let lock = Self::open(path)?;
        let shared = lock.file.try_lock_shared();
        Ok(lock.is_ours(shared)?.then_some(lock))
    }

    fn open(path: &Path) -> Result<Self, Error> {
        let file = open_own(path, "a lock must be a regular file, not a link")?;
        let path = path.to_path_buf();
        Ok(Self { file, path })
    }

    /// Tries to take the lock; false while another holder has it.
    fn is_taken(&self) -> Result<bool, Error> {
        self.is_ours(self.file.try_lock())
    }

    fn is_ours(&self, tried: Result<(), TryLockError>) -> Result<bool, Error> {
        match tried {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(Error::write(&self.path, error)),
        }
    }

    fn read(&self) -> io::Result<String> {
        let mut note = String::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.take(4096).read_to_string(&mut note)?;
        Ok(note)
    }

    fn write(&self, note: &str) -> io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(note.as_bytes())?;
        // A note is useful only if it outlives its writer.
        file.sync_data()
    }
}

impl LeaseGuard for FileLock {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn some_share_it_or_one_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let share = || FileLock::try_share(&path).unwrap();
        let take = || FileLock::try_acquire(&path).unwrap();
        let (one, two) = (share(), share());
        assert!(one.is_some() && two.is_some() && take().is_none());
        drop(one);
        assert!(take().is_none());
        drop(two);
        let taken = take();
        assert!(taken.is_some() && share().is_none());
        drop(taken);
        assert!(share().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_has_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = FileLock::try_acquire(&path).unwrap().unwrap();
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        let wait = Duration::from_secs(3);
        let error = FileLock::acquire(&path, wait).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        drop(lock);
        drop(FileLock::acquire(&path, wait).await.unwrap());
        assert!(path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_are_refused_and_nothing_is_made_or_changed() {
        use std::{
            fs::{self, OpenOptions},
            os::unix::{fs::symlink, net::UnixListener},
        };

        use crate::state::owner;

        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("victim"), "keep").unwrap();
        symlink(place("victim"), place("link")).unwrap();
        symlink(place("gone"), place("dangling")).unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        fs::create_dir(place("folder")).unwrap();
        for name in ["link", "dangling", "socket", "folder"] {
            let error = FileLock::try_acquire(&place(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted, "{name}");
            assert!(error.to_string().contains("not a link"), "{error}");
        }
        assert!(!place("gone").exists());
        assert_eq!(fs::read(place("victim")).unwrap(), b"keep");
        // The race is closed by the flag alone.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        owner::no_follow(&mut options);
        for name in ["link", "dangling"] {
            assert!(options.open(place(name)).is_err(), "{name}");
        }
        assert!(!place("gone").exists());
    }
}
