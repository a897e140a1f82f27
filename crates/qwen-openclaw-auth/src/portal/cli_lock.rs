//! The Qwen Code CLI's lock, which is held while its file exists.
//!
//! The file is created exclusively, contains a random id, and is considered orphaned when it is
//! old. The CLI removes it without checking who owns it, so holding it is a courtesy, not a
//! guarantee; the real safeguard is what is read and compared under the lock.
//!
//! A lock of ours contains a marker after the id and is also locked by the operating system, which
//! the CLI does not notice. If that lock is free, its holder is dead, and other processes of ours
//! need not wait for the file to age.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, interval, sleep};

use super::device::random_uuid;
use crate::{error::Error, fault, state::no_follow};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct CliLock {
    path: PathBuf,
    content: String,
    /// Kept open while the lock is held, because it carries the operating system's lock.
    _file: File,
}

/// The marker after the id in a lock that is also locked by the operating system.
const MARK: &str = " qwen-openclaw";

/// The CLI's own polling pace.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often the lock's timestamp is refreshed. Versions up to 0.15 break a lock that is 10 s old.
const HEARTBEAT: Duration = Duration::from_millis(2500);

impl CliLock {
    /// Waits for the lock next to `file`, breaking one that is older than `stale`.
    pub(super) async fn acquire(file: &Path, stale: Duration) -> Result<Self, Error> {
        let path = file.with_file_name("oauth_creds.lock");
        let id = random_uuid()?;
        let started = Instant::now();
        let limit = stale.saturating_add(Duration::from_secs(10));
        let mut pause = FIRST_PAUSE;
        let mut seen: Option<Seen> = None;
        loop {
            match create(&path, &id) {
                Ok((content, file)) => {
                    return Ok(Self {
                        path,
                        content,
                        _file: file,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::write(&path, error)),
            }
            match (Look::at(&path), &seen) {
                (Some(look), _) if look.holder_is_dead(&path) => {
                    break_lock(&path, &look, &id)?;
                    seen = None;
                    continue;
                }
                (Some(look), Some(before)) if before.look == look => {
                    // A lock of ours is never orphaned while it is held, no matter how long its
                    // holder was suspended.
                    if before.is_orphaned(stale) && !look.holder_lives(&path) {
                        break_lock(&path, &look, &id)?;
                        seen = None;
                        continue;
                    }
                }
                (look, _) => {
                    seen = look.map(|look| Seen {
                        look,
                        first: Instant::now(),
                    });
                }
            }
            if started.elapsed() >= limit {
                return Err(Error::locked(path.display().to_string(), limit));
            }
            fault::point("cli-lock-busy");
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// Runs `work`, keeping the lock's timestamp fresh meanwhile.
    pub(super) async fn alive_during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut beats = interval(HEARTBEAT);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = beats.tick() => self.beat(),
            }
        }
    }

    /// Refreshes the file's timestamp. A lock that is no longer ours is left alone.
    fn beat(&self) {
        let mut options = OpenOptions::new();
        options.write(true);
        // The path may have become a symbolic link, which must not be followed.
        no_follow(&mut options);
        if self.is_ours()
            && let Ok(file) = options.open(&self.path)
        {
            // If this fails, another process may break the lock; saving compares the file's
            // contents anyway.
            let _ = file.set_modified(SystemTime::now());
        }
    }

    fn is_ours(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|found| found == self.content)
    }
}

impl Drop for CliLock {
    fn drop(&mut self) {
        if self.is_ours() {
            // A lock that cannot be removed becomes orphaned, which other processes detect.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A snapshot of another process's lock.
#[derive(Debug, Eq, PartialEq)]
struct Look {
    content: Vec<u8>,
    modified: SystemTime,
}

impl Look {
    fn at(path: &Path) -> Option<Self> {
        let modified = fs::metadata(path).ok()?.modified().ok()?;
        let content = fs::read(path).ok()?;
        Some(Self { content, modified })
    }

    /// Returns true for a lock of ours whose operating-system lock is held.
    fn holder_lives(&self, path: &Path) -> bool {
        let is_held = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        self.content.ends_with(MARK.as_bytes()) && File::open(path).is_ok_and(is_held)
    }

    /// Returns true for a lock of ours whose operating-system lock is free. The marker is written
    /// after that lock is taken, so it is never free because it has not been taken yet.
    fn holder_is_dead(&self, path: &Path) -> bool {
        if !self.content.ends_with(MARK.as_bytes()) {
            return false;
        }
        let is_free = |mut file: File| {
            let mut content = Vec::new();
            // Read from the locked file, because the path may belong to another process by now.
            file.try_lock().is_ok()
                && file.read_to_end(&mut content).is_ok()
                && content == self.content
        };
        File::open(path).is_ok_and(is_free)
    }
}

#[derive(Debug)]
struct Seen {
    look: Look,
    first: Instant,
}

impl Seen {
    /// Returns true if the lock is old by its timestamp, or has been unchanged for long enough by
    /// our own clock, because a wrong clock can set a timestamp in the future.
    fn is_orphaned(&self, stale: Duration) -> bool {
        let age = SystemTime::now().duration_since(self.look.modified);
        age.is_ok_and(|age| age > stale) || self.first.elapsed() > stale
    }
}

/// Creates the lock file, and returns its contents.
fn create(path: &Path, id: &str) -> io::Result<(String, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // On other systems, locking would keep others from reading the file. Not every file system
    // supports locks.
    let mark = if cfg!(unix) && file.try_lock().is_ok() {
        MARK
    } else {
        ""
    };
    let content = format!("{id}{mark}");
    if let Err(error) = file.write_all(content.as_bytes()) {
        // The disk is full: no one should wait for a lock that no one holds.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok((content, file))
}

/// Removes an orphaned lock. It is renamed first and checked again: of two processes that break it
/// at once, the second could otherwise remove the first one's fresh lock.
fn break_lock(path: &Path, orphan: &Look, id: &str) -> Result<(), Error> {
    let failed = |error| Error::write(path, error);
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".stale.{id}"));
    let aside = PathBuf::from(aside);
    match fs::rename(path, &aside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed.map_err(failed)?,
    }
    if fs::read(&aside).is_ok_and(|content| content != orphan.content) {
        // A fresh lock of another process: it is put back, unless there is a new one by now.
        let _ = File::open(&aside).and_then(|_| fs::hard_link(&aside, path));
    }
    fs::remove_file(&aside).map_err(failed)
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const STALE: Duration = Duration::from_secs(35);

    fn lock_file(folder: &tempfile::TempDir) -> (PathBuf, PathBuf) {
        let file = folder.path().join("oauth_creds.json");
        (file.clone(), folder.path().join("oauth_creds.lock"))
    }

    fn age(path: &Path, seconds: u64) {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
            .unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_caller_waits_for_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        let content = fs::read_to_string(&path).unwrap();
        assert_eq!(content.split(' ').next().unwrap().len(), 36, "{content}");
        let wait = timeout(Duration::from_secs(5), CliLock::acquire(&file, STALE));
        assert!(wait.await.is_err());
        drop(lock);
        assert!(!path.exists());
        drop(CliLock::acquire(&file, STALE).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_no_longer_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        fs::write(&path, "another process").unwrap();
        age(&path, 20);
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        lock.alive_during(sleep(Duration::from_secs(6))).await;
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        drop(lock);
        assert_eq!(fs::read_to_string(&path).unwrap(), "another process");
    }

    #[tokio::test(start_paused = true)]
    async fn its_timestamp_is_kept_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        age(&path, 9);
        lock.alive_during(sleep(Duration::from_secs(3))).await;
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(modified.elapsed().unwrap_or_default() < Duration::from_secs(5));
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_dead_holders_lock_is_taken_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let dead = CliLock::acquire(&file, STALE).await.unwrap();
        let content = dead.content.clone();
        drop(dead);
        // What a dead holder leaves behind: a fresh file without a lock on it.
        fs::write(&path, content).unwrap();
        let started = Instant::now();
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert!(lock.is_ours());
        // A lock of the CLI's with the same contents has to age.
        fs::write(&path, lock.content.trim_end_matches(MARK)).unwrap();
        let wait = timeout(Duration::from_secs(30), CliLock::acquire(&file, STALE));
        assert!(wait.await.is_err());
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_suspended_holders_lock_is_not_broken() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let asleep = CliLock::acquire(&file, STALE).await.unwrap();
        age(&path, 3600);
        let error = CliLock::acquire(&file, STALE).await.unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Busy);
        assert!(asleep.is_ours());
        drop(asleep);
        CliLock::acquire(&file, Duration::MAX).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn breaking_at_once_leaves_one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        fs::write(&path, "orphan").unwrap();
        age(&path, 60);
        let orphan = Look::at(&path).unwrap();
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        // The other process saw the orphan too, and arrives late.
        break_lock(&path, &orphan, "late").unwrap();
        assert!(lock.is_ours());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }
}
