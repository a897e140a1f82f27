//! The file: where it is, how it is read, and how it is changed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use qwen_openclaw_auth::{
    Environment, openclaw_dir,
    state::{self, Contents, FileLock, Leftovers, Prepared},
    variables::OPENCLAW_CONFIG_PATH,
};

use crate::{document::Document, error::Error};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 8 << 20;

/// How long an edit waits for those of other processes.
const WAIT: Duration = Duration::from_secs(60);

/// How often an edit is repeated because a program without our lock changed the file.
const ATTEMPTS: usize = 20;

/// The extensions of the backups, the latest first. OpenClaw keeps as many.
const BACKUPS: [&str; 5] = ["bak", "bak.1", "bak.2", "bak.3", "bak.4"];

/// OpenClaw's configuration file.
///
/// The value is only a path: the file need not exist.
///
/// ```
/// use std::path::Path;
/// use qwen_openclaw_config::{ConfigFile, auth::Environment};
///
/// let environment = Environment::from_pairs([("HOME", "/home/olena")]);
/// let file = ConfigFile::locate(&environment)?;
/// assert_eq!(file.path(), Path::new("/home/olena/.openclaw/openclaw.json"));
/// assert_eq!(file.shown(), "~/.openclaw/openclaw.json");
/// # Ok::<(), qwen_openclaw_config::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigFile {
    path: PathBuf,
    shown: String,
}

/// What [`ConfigFile::edit`] did.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Edited<T> {
    /// What the edit returned.
    pub value: T,
    /// Whether the file was written; false if the edit changed nothing.
    pub is_written: bool,
    /// Where the previous contents are, if the file was replaced.
    pub backup: Option<PathBuf>,
}

impl ConfigFile {
    /// Locates the file: `OPENCLAW_CONFIG_PATH`, or else `openclaw.json` in OpenClaw's folder, which
    /// is `OPENCLAW_STATE_DIR`, or else `.openclaw` in `OPENCLAW_HOME` or the home folder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoHome`](crate::ErrorKind::NoHome) when none of them is set.
    pub fn locate(environment: &Environment) -> Result<Self, Error> {
        let path = match environment.path(OPENCLAW_CONFIG_PATH) {
            Some(path) => path,
            None => openclaw_dir(environment)
                .map_err(Error::auth)?
                .join("openclaw.json"),
        };
        let shown = environment.shown(&path);
        Ok(Self { path, shown })
    }

    /// Uses the file at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let shown = path.display().to_string();
        Self { path, shown }
    }

    /// Returns the file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path for display, with `~` for the home folder.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Reads the file as it is, without its includes; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Read`](crate::ErrorKind::Read) when it cannot be read,
    /// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when it belongs to another user,
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) when it is larger than 8 MiB,
    /// [`ErrorKind::NotUnicode`](crate::ErrorKind::NotUnicode),
    /// [`ErrorKind::Syntax`](crate::ErrorKind::Syntax), and
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) when it is not a JSON5 object.
    pub fn read(&self) -> Result<Option<Document>, Error> {
        match read(&self.path, MAX_BYTES).map_err(|error| error.in_file(&self.shown))? {
            Some(contents) => self.parse(&contents).map(Some),
            None => Ok(None),
        }
    }

    /// Returns whether users other than the owner can read the file, which may contain keys.
    ///
    /// # Errors
    ///
    /// The same as [`read`](Self::read), except for those about the contents.
    pub fn is_loose(&self) -> Result<bool, Error> {
        let contents = read(&self.path, MAX_BYTES).map_err(|error| error.in_file(&self.shown))?;
        Ok(contents.is_some_and(|contents| contents.is_loose()))
    }

    /// Changes the file, or creates it.
    ///
    /// `change` gets the current contents and may be called again when another program changes the
    /// file in the meantime. If it fails or changes nothing, nothing is written. Otherwise the file is
    /// replaced as a whole, readable only by its owner; the previous contents are in `.bak`, those
    /// before in `.bak.1` to `.bak.4`. A symbolic link stays a link.
    ///
    /// Processes that use this crate take turns, by a lock in a hidden file beside the configuration.
    /// OpenClaw takes no lock; its changes are noticed up to the moment of the rename.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read) and of `change`;
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) when the file is read-only or a link that
    /// leads nowhere; [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when others can write to
    /// its folder; [`ErrorKind::Busy`](crate::ErrorKind::Busy) when another process holds the lock for
    /// more than a minute; [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) when the file keeps
    /// changing; [`ErrorKind::Write`](crate::ErrorKind::Write).
    pub async fn edit<T>(
        &self,
        mut change: impl FnMut(&mut Document) -> Result<T, Error>,
    ) -> Result<Edited<T>, Error> {
        state::create_folder(folder_of(&self.path)).map_err(Error::auth)?;
        let target = self.target()?;
        state::create_folder(folder_of(&target)).map_err(Error::auth)?;
        let lock = beside(&target, ".", ".qwen-openclaw.lock");
        let _lock = FileLock::acquire(&lock, WAIT).await.map_err(Error::auth)?;
        Leftovers::of(&target).remove();
        for _ in 0..ATTEMPTS {
            let edited = self.attempt(&target, &mut change);
            if let Some(edited) = edited.map_err(|error| error.in_file(&self.shown))? {
                return Ok(edited);
            }
        }
        Err(Error::changed().in_file(&self.shown))
    }

    /// Makes a change without writing it, to find out beforehand whether [`edit`](Self::edit) can.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read) and of `change`, and
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) as for [`edit`](Self::edit).
    pub fn try_edit<T>(
        &self,
        change: impl FnOnce(&mut Document) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let applied = self.apply(&self.target()?, change);
        Ok(applied.map_err(|error| error.in_file(&self.shown))?.value)
    }

    /// Makes the change once; `None` if the file was changed by another program.
    fn attempt<T>(
        &self,
        target: &Path,
        change: &mut impl FnMut(&mut Document) -> Result<T, Error>,
    ) -> Result<Option<Edited<T>>, Error> {
        let Applied {
            value,
            document,
            before,
            is_changed,
        } = self.apply(target, change)?;
        let old = before.as_ref().map(Contents::bytes);
        if !is_changed {
            return Ok(Some(Edited {
                value,
                is_written: false,
                backup: None,
            }));
        }
        let prepared = Prepared::new(target, document.text().as_bytes()).map_err(Error::auth)?;
        if !is_still(target, old)? {
            return Ok(None);
        }
        let backup = old.map(|old| self.back_up(old)).transpose()?;
        if !is_still(target, old)? {
            return Ok(None);
        }
        prepared.commit().map_err(Error::auth)?;
        Ok(Some(Edited {
            value,
            is_written: true,
            backup,
        }))
    }

    /// Makes the change to what the file has now, if the result may be written to it.
    fn apply<T>(
        &self,
        target: &Path,
        change: impl FnOnce(&mut Document) -> Result<T, Error>,
    ) -> Result<Applied<T>, Error> {
        let before = read(target, MAX_BYTES)?;
        let mut document = match &before {
            Some(contents) => self.parse(contents)?,
            None => Document::new(),
        };
        let value = change(&mut document)?;
        let text = document.text();
        let is_changed = match &before {
            Some(before) => before.bytes() != text.as_bytes(),
            None => text != Document::new().text(),
        };
        if is_changed && text.len() as u64 > MAX_BYTES {
            return Err(Error::too_large(MAX_BYTES));
        }
        if is_changed && fs::metadata(target).is_ok_and(|file| file.permissions().readonly()) {
            return Err(Error::read_only());
        }
        Ok(Applied {
            value,
            document,
            before,
            is_changed,
        })
    }

    /// Moves the backups on, and keeps `old` as the latest.
    fn back_up(&self, old: &[u8]) -> Result<PathBuf, Error> {
        let place = |extension: &str| beside(&self.path, "", &format!(".{extension}"));
        for pair in BACKUPS.windows(2).rev() {
            match fs::rename(place(pair[0]), place(pair[1])) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::write(&place(pair[1]), error));
                }
                _ => {}
            }
        }
        let latest = place(BACKUPS[0]);
        state::replace(&latest, old, drop).map_err(Error::auth)?;
        Ok(latest)
    }

    /// Returns the file to replace: that which a symbolic link leads to.
    fn target(&self) -> Result<PathBuf, Error> {
        let is_link = fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.is_symlink());
        if !is_link {
            return Ok(self.path.clone());
        }
        fs::canonicalize(&self.path).map_err(|error| {
            let error = match error.kind() {
                io::ErrorKind::NotFound => Error::dangling_link(),
                _ => Error::read(error),
            };
            error.in_file(&self.shown)
        })
    }

    fn parse(&self, contents: &Contents) -> Result<Document, Error> {
        text_of(contents)
            .and_then(Document::parse)
            .map_err(|error| error.in_file(&self.shown))
    }
}

/// A change that is not written yet.
struct Applied<T> {
    value: T,
    document: Document,
    before: Option<Contents>,
    is_changed: bool,
}

/// Reads a file; `None` if it does not exist.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Option<Contents>, Error> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > limit) {
        return Err(Error::too_large(limit));
    }
    state::read(path, limit).map_err(Error::auth)
}

pub(crate) fn text_of(contents: &Contents) -> Result<&str, Error> {
    str::from_utf8(contents.bytes()).map_err(|_| Error::not_unicode())
}

/// Whether a file has these contents.
fn is_still(path: &Path, old: Option<&[u8]>) -> Result<bool, Error> {
    let now = read(path, MAX_BYTES)?;
    Ok(now.as_ref().map(Contents::bytes) == old)
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns a path in the same folder, its name put between two texts.
fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
