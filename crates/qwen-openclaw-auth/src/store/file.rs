//! Credentials in a file that several processes may use at once.

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

/// Keeps profiles in a JSON file, `credentials.json` of the state folder.
///
/// The file is for its owner alone (mode 0600) and is only ever replaced whole: written beside it,
/// flushed to the disk, renamed. What stands in it that is not understood is kept. A file that
/// belongs to another user is refused; one that others can read is read, told by
/// [`warning`](Self::warning), and closed to others at the next change. Where a symbolic link
/// stands, the file it points to is replaced, if both are the user's own and nobody else can write
/// to that folder. Nothing is stored in a folder that belongs to another user, or that others can
/// write to: [`state`](crate::state) has the rules. What a process has left that was killed while
/// it wrote is removed when the store is next used.
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
    /// The state folder, where it is one: it is closed to others before something is stored in it.
    home: Option<StateDir>,
    /// Whether what killed processes have left was looked for.
    swept: AtomicBool,
    wait: Duration,
    loose: AtomicBool,
}

impl FileStore {
    /// Keeps profiles in the file at `path`. Nothing is read or written yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            file: PlacedFile::new(path.into(), Replacement::default()),
            home: None,
            swept: AtomicBool::new(false),
            wait: Duration::from_secs(120),
            loose: AtomicBool::new(false),
        }
    }

    /// Keeps profiles in `credentials.json` of a state folder.
    #[must_use]
    pub fn in_folder(folder: &StateDir) -> Self {
        Self {
            home: Some(folder.clone()),
            ..Self::new(folder.path().join("credentials.json"))
        }
    }

    /// Replaces a symbolic link by a file, in place of the file that it points to.
    #[must_use]
    pub fn replace_links(mut self) -> Self {
        self.file = PlacedFile::new(self.file.path().to_path_buf(), Replacement::Link);
        self
    }

    /// Sets how long a lock that others hold is waited for. Default: 120 seconds, which is longer
    /// than a refresh can take, the wait for the Qwen Code CLI's lock included.
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

    /// Returns what a user should be told about the file, once something was read from it.
    ///
    /// It is told once: the next call returns `None`.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let told = self.loose.swap(false, Ordering::Relaxed);
        told.then(|| loose(self.path()))
    }

    /// Moves a file that cannot be read out of the way, to `credentials.json.corrupt-<time>`, and
    /// returns its new path; `None` when it can be read or there is none.
    ///
    /// This is for a login that somebody asked for, and for nothing that happens by itself.
    ///
    /// # Errors
    ///
    /// When the file cannot be moved, or is not ours.
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

    /// Removes a profile, readable or not, under every name that it has in the file; false when
    /// there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read as a whole, or written.
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

    /// Removes, once, what killed processes have left. Nobody waits for that, and where it does not
    /// work now the next change does it.
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

    /// The file that is replaced, in a folder that is there and in which something may be stored.
    fn target(&self) -> Result<PathBuf, Error> {
        match &self.home {
            Some(home) => home.create()?,
            None => create_folder(folder_of(self.path()))?,
        }
        self.file.target()
    }

    /// A file of ours beside the one that is replaced, so that all who get there by links of
    /// their own agree on it.
    fn beside(&self, what: &str) -> Result<PathBuf, Error> {
        let mut path = self.target()?.into_os_string();
        path.push(format!(".{what}"));
        Ok(path.into())
    }
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
            // The file is JSON, which has no other texts.
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
        // An equal sign stands in no id, so that two ids never share a file.
        let name = format!("lease={}={}", id.provider(), id.account());
        let lock = FileLock::acquire(&self.beside(&name)?, self.wait).await?;
        Ok(Lease::new(lock))
    }

    fn lacks(&self, provider: &str) -> bool {
        // What cannot be read is said when it is loaded.
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
