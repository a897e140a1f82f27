//! The lock of the Qwen Code CLI: a file that is there or not.
//!
//! It is created exclusively, holds a random id, and counts as orphaned when it is old. The CLI
//! itself removes it without looking whose it is, so that holding it is a courtesy and no proof;
//! what is read and compared under it is the real safeguard.
//!
//! One of ours holds a mark beside the id and is locked by the operating system as well, which the
//! CLI does not notice. When that lock is free, its holder is dead: nobody of ours waits for it to
//! get old.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, interval, sleep};

use super::device::random_uuid;
use crate::{error::Error, state::no_follow};

/// The lock, until it is dropped.
#[derive(Debug)]
pub(super) struct CliLock {
    path: PathBuf,
    content: String,
    /// Open for as long as the lock is held: it carries the operating system's.
    _file: File,
}

/// What follows the id in a lock that is the operating system's as well.
const MARK: &str = " qwen-openclaw";

/// The CLI's own pace of asking.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often the lock is marked as alive. Versions up to 0.15 break one that is 10 s old.
const HEARTBEAT: Duration = Duration::from_millis(2500);

impl CliLock {
    /// Waits for the lock beside `file`. One that has not changed for as long as `stale`, and
    /// looks as old, is orphaned.
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
                    // One of ours is never orphaned while it is held, however long its holder was
                    // asleep.
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
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    /// Runs `work`, and marks the lock as alive while it does.
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

    /// Moves the time of the file on. One that is not ours any more is left alone.
    fn beat(&self) {
        let mut options = OpenOptions::new();
        options.write(true);
        // A file that somebody has linked to is not touched.
        no_follow(&mut options);
        if self.is_ours()
            && let Ok(file) = options.open(&self.path)
        {
            // A lock that looks older than it is may be broken; then the file is compared.
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
            // One that cannot be removed is orphaned, which others will find out.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A lock of somebody else, as it was found.
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

    /// True for a lock of ours that the operating system says is held.
    fn holder_lives(&self, path: &Path) -> bool {
        let is_held = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        self.content.ends_with(MARK.as_bytes()) && File::open(path).is_ok_and(is_held)
    }

    /// True for a lock of ours that the operating system has taken back. The mark is written when
    /// the lock is held, so that it is never free because it was not taken yet.
    fn holder_is_dead(&self, path: &Path) -> bool {
        if !self.content.ends_with(MARK.as_bytes()) {
            return false;
        }
        let is_free = |mut file: File| {
            let mut content = Vec::new();
            // Of the file that is locked: the path may be somebody else's by now.
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
    /// Old by its own time, or unchanged for long enough by ours: the clock that wrote it may be
    /// wrong, and then its age is negative.
    fn is_orphaned(&self, stale: Duration) -> bool {
        let age = SystemTime::now().duration_since(self.look.modified);
        age.is_ok_and(|age| age > stale) || self.first.elapsed() > stale
    }
}

/// Creates the lock, and returns what is in it.
fn create(path: &Path, id: &str) -> io::Result<(String, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // Elsewhere a lock keeps others from reading the file. Not every file system has any.
    let mark = match cfg!(unix) && file.try_lock().is_ok() {
        true => MARK,
        false => "",
    };
    let content = format!("{id}{mark}");
    if let Err(error) = file.write_all(content.as_bytes()) {
        // A full disk: nobody shall wait for a lock that nobody holds.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok((content, file))
}

/// Removes an orphaned lock. It is moved away first and looked at again: between two who break it
/// at once, the second would remove the fresh lock of the first.
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
        // Somebody's fresh lock: it goes back, unless there is another one by now.
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
    async fn one_holds_it_and_the_other_waits() {
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
    async fn one_that_is_not_ours_any_more_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        fs::write(&path, "somebody else").unwrap();
        age(&path, 20);
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        lock.alive_during(sleep(Duration::from_secs(6))).await;
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        drop(lock);
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else");
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_kept_alive() {
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
    async fn one_of_ours_whose_holder_is_dead_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        let dead = CliLock::acquire(&file, STALE).await.unwrap();
        let content = dead.content.clone();
        drop(dead);
        // What a dead holder leaves: the file, fresh, and no lock on it.
        fs::write(&path, content).unwrap();
        let started = Instant::now();
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert!(lock.is_ours());
        // The same file of the CLI's has to get old.
        fs::write(&path, lock.content.trim_end_matches(MARK)).unwrap();
        let wait = timeout(Duration::from_secs(30), CliLock::acquire(&file, STALE));
        assert!(wait.await.is_err());
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn one_of_ours_whose_holder_was_asleep_is_not_broken() {
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
    async fn two_who_break_at_once_leave_one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = lock_file(&folder);
        fs::write(&path, "orphan").unwrap();
        age(&path, 60);
        let orphan = Look::at(&path).unwrap();
        let lock = CliLock::acquire(&file, STALE).await.unwrap();
        // The other had seen the orphan too, and comes late.
        break_lock(&path, &orphan, "late").unwrap();
        assert!(lock.is_ours());
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }
}
