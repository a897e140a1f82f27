//! A credential store in a file that several processes can share.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;

use super::{
    CredentialStore, Lease,
    access::{PlacedFile, Replacement, loose},
    document::Document,
    profile::Profile,
    profile_id::{ProfileId, canonical},
};
use crate::{
    error::Error,
    state::{FileLock, Leftovers, StateDir, create_folder, folder_of},
};

#[cfg(test)]
mod tests;

/// A store that keeps profiles in a JSON file, `credentials.json` in the state folder.
///
/// Only the owner can access the file (mode 0600), and it is always replaced atomically: a
/// temporary file is written next to it, flushed to disk, and renamed. Unrecognized content is
/// preserved. A file that belongs to another user is rejected; one that others can read is
/// accepted, reported by [`warning`](Self::warning), and restricted to its owner on the next
/// change. If the path is a symbolic link, its target is replaced, provided that both belong to the
/// user and no one else can write to the target's folder. Nothing is stored in a folder that
/// belongs to another user or that others can write to: see the rules in [`state`](crate::state).
/// Temporary files left by a process that was killed while writing are removed the next time the
/// store is used.
///
/// ```
/// use qwen_openclaw_auth::{ApiKey, CredentialStore, FileStore, Profile};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// let store = FileStore::new(folder.path().join("credentials.json"));
/// let id = "qwen:work".parse()?;
/// store.put(&id, &Profile::from(ApiKey::parse("sk-0123456789abcdef")?)).await?;
/// assert_eq!(store.list().await?, [id]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileStore {
    file: PlacedFile,
    /// The state folder, if the file is in one: access by others is removed before anything is
    /// stored.
    state_dir: Option<StateDir>,
    /// Whether leftovers of killed processes have been cleaned up.
    swept: AtomicBool,
    wait: Duration,
    loose: AtomicBool,
}

impl FileStore {
    /// Creates a store in the file at `path`. Nothing is read or written yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            file: PlacedFile::new(path.into(), Replacement::default()),
            state_dir: None,
            swept: AtomicBool::new(false),
            wait: Duration::from_secs(120),
            loose: AtomicBool::new(false),
        }
    }

    /// Creates a store in `credentials.json` in a state folder.
    #[must_use]
    pub fn in_folder(folder: &StateDir) -> Self {
        Self {
            state_dir: Some(folder.clone()),
            ..Self::new(folder.path().join("credentials.json"))
        }
    }

    /// Replaces a symbolic link itself with a file, instead of replacing its target.
    #[must_use]
    pub fn replace_links(mut self) -> Self {
        self.file = PlacedFile::new(self.file.path().to_path_buf(), Replacement::Link);
        self
    }

    /// Sets how long to wait for a lock. Default: 120 seconds.
    ///
    /// The default is longer than a refresh can take, including the wait for the Qwen Code CLI's
    /// lock.
    #[must_use]
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Returns the file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns a warning to show the user about the file, once it has been read.
    ///
    /// Each warning is returned once; the next call returns `None`.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let told = self.loose.swap(false, Ordering::Relaxed);
        told.then(|| loose(self.path()))
    }

    /// Renames a corrupt file to `credentials.json.corrupt-<time>`, and returns its new path.
    ///
    /// Returns `None` if the file is intact or does not exist.
    ///
    /// Call it only for a login that the user requested, never automatically.
    ///
    /// # Errors
    ///
    /// When the file cannot be renamed, or belongs to another user.
    pub async fn set_corrupt_aside(&self) -> Result<Option<PathBuf>, Error> {
        let _lock = self.lock().await?;
        match self.document() {
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == crate::ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
        let target = self.target()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut aside = target.clone().into_os_string();
        aside.push(format!(".corrupt-{}", now.unwrap_or_default().as_secs()));
        let aside = PathBuf::from(aside);
        std::fs::rename(&target, &aside).map_err(|error| Error::write(&target, error))?;
        Ok(Some(aside))
    }

    /// Removes a profile, even a corrupt one, under every name it has in the file.
    ///
    /// Returns false if there is none.
    ///
    /// # Errors
    ///
    /// When the file as a whole is corrupt, or cannot be written.
    pub async fn discard(&self, id: &ProfileId) -> Result<bool, Error> {
        let _lock = self.lock().await?;
        let mut document = self.document()?;
        if !document.discard(id) {
            return Ok(false);
        }
        self.file.write(&document.to_text())?;
        Ok(true)
    }

    fn document(&self) -> Result<Document, Error> {
        self.sweep();
        let Some(contents) = self.file.read()? else {
            return Ok(Document::default());
        };
        if contents.is_loose() {
            self.loose.store(true, Ordering::Relaxed);
        }
        Document::parse(self.path(), contents.bytes())
    }

    async fn lock(&self) -> Result<FileLock, Error> {
        FileLock::acquire(&self.beside("lock")?, self.wait).await
    }

    /// Removes, once, the leftovers of killed processes. It never waits for the lock: if the lock
    /// is taken, the next change cleans up.
    fn sweep(&self) {
        if self.swept.load(Ordering::Relaxed) {
            return;
        }
        let Ok(target) = self.file.target() else {
            return;
        };
        let left = Leftovers::of(&target);
        let swept = left.is_empty() || {
            let lock = self.beside("lock");
            let lock = lock.and_then(|path| FileLock::try_acquire(&path));
            let is_ours = matches!(lock, Ok(Some(_)));
            if is_ours {
                left.remove();
            }
            is_ours
        };
        self.swept.store(swept, Ordering::Relaxed);
    }

    /// Returns the file to replace, after creating and checking its folder.
    fn target(&self) -> Result<PathBuf, Error> {
        match &self.state_dir {
            Some(folder) => folder.create()?,
            None => create_folder(folder_of(self.path()))?,
        }
        self.file.target()
    }

    /// Returns the path of an auxiliary file next to the target, so that processes that reach it
    /// through different links agree on it.
    fn beside(&self, what: &str) -> Result<PathBuf, Error> {
        Ok(append(self.target()?, what))
    }
}

/// Names the file that is locked for a lease. An id contains no equals sign, so two ids never share
/// a file.
fn lease_name(id: &ProfileId) -> String {
    format!("lease={}={}", id.provider(), id.account())
}

fn append(path: PathBuf, what: &str) -> PathBuf {
    let mut path = path.into_os_string();
    path.push(format!(".{what}"));
    path.into()
}

#[async_trait]
impl CredentialStore for FileStore {
    async fn list(&self) -> Result<Vec<ProfileId>, Error> {
        Ok(self.document()?.ids())
    }

    async fn load(&self, id: &ProfileId) -> Result<Option<Profile>, Error> {
        self.document()?.profile(self.path(), id)
    }

    async fn swap(
        &self,
        id: &ProfileId,
        expected: Option<&Profile>,
        new: Option<&Profile>,
    ) -> Result<bool, Error> {
        let _lock = self.lock().await?;
        let mut document = self.document()?;
        if document.profile(self.path(), id)?.as_ref() != expected {
            return Ok(false);
        }
        if let Some(Profile::QwenCli { path, .. }) = new
            && path.to_str().is_none()
        {
            // JSON strings are Unicode.
            return Err(Error::write(path, io::ErrorKind::InvalidFilename.into()));
        }
        document.set(id, new);
        self.file.write(&document.to_text())?;
        Ok(true)
    }

    async fn order(&self, provider: &str) -> Result<Vec<ProfileId>, Error> {
        Ok(self.document()?.order(provider))
    }

    async fn set_order(&self, provider: &str, order: &[ProfileId]) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut document = self.document()?;
        document.set_order(provider, order)?;
        self.file.write(&document.to_text())
    }

    async fn lease(&self, id: &ProfileId) -> Result<Lease, Error> {
        let lock = FileLock::acquire(&self.beside(&lease_name(id))?, self.wait).await?;
        Ok(Lease::new(lock))
    }

    async fn note(&self, id: &ProfileId) -> Result<Option<String>, Error> {
        // Nothing is created for a question.
        let path = append(self.file.target()?, &lease_name(id));
        let contents = crate::state::read(&path, 4096)?;
        let note = contents.map(|contents| String::from_utf8_lossy(contents.bytes()).into_owned());
        Ok(note.filter(|note| !note.is_empty()))
    }

    fn lacks(&self, provider: &str) -> bool {
        // A read error is reported on load.
        let provider = canonical(provider);
        self.document()
            .is_ok_and(|document| document.ids().iter().all(|id| id.provider() != provider))
    }

    async fn check_writable(&self) -> Result<(), Error> {
        let present = self.file.read()?;
        let present = present.map_or(0, |contents| contents.bytes().len());
        self.target()?;
        self.file.check_writable(present + (8 << 10))
    }
}
