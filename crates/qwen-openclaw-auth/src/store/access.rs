//! Secret files at a fixed path: who may own them, and how symbolic links are handled.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::Error,
    fault,
    state::{self, Contents, Leftovers, folder_of, is_private, is_us},
};

/// The maximum size of a credential file.
const MAX_BYTES: u64 = 1 << 20;

/// What to do when the path to write is a symbolic link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Replacement {
    /// Replace its target, if link and target belong to the user and no one else can write there;
    /// dotfile managers rely on it.
    #[default]
    Target,
    /// Replace the link itself with a file.
    Link,
}

/// A secret file at a fixed path.
#[derive(Clone, Debug)]
pub(crate) struct PlacedFile {
    path: PathBuf,
    replacement: Replacement,
}

impl PlacedFile {
    pub(crate) fn new(path: PathBuf, replacement: Replacement) -> Self {
        Self { path, replacement }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; `None` if it does not exist.
    pub(crate) fn read(&self) -> Result<Option<Contents>, Error> {
        state::read(&self.path, MAX_BYTES)
    }

    /// Replaces the file's contents with `text`. The caller must hold the lock, because leftovers
    /// of killed processes are removed first.
    pub(crate) fn write(&self, text: &[u8]) -> Result<(), Error> {
        let target = self.target()?;
        Leftovers::of(&target).remove();
        state::replace(&target, text, fault::point)
    }

    /// Fails if [`write`](Self::write) would.
    pub(crate) fn check_writable(&self, room: usize) -> Result<(), Error> {
        state::try_room(&self.target()?, room)
    }

    /// Returns the file that a write replaces: the one at the path, or a link's target.
    pub(crate) fn target(&self) -> Result<PathBuf, Error> {
        let metadata = match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self.path.clone()),
            Err(error) => return Err(Error::read(&self.path.display().to_string(), error)),
        };
        let foreign = || Error::untrusted(&self.path, "it belongs to another user");
        if !is_us(&metadata) {
            return Err(foreign());
        }
        if !metadata.is_symlink() {
            return if metadata.is_file() {
                Ok(self.path.clone())
            } else {
                Err(Error::untrusted(&self.path, "it is not a regular file"))
            };
        }
        if self.replacement == Replacement::Link {
            return Ok(self.path.clone());
        }
        let target = fs::canonicalize(&self.path)
            .map_err(|_| Error::untrusted(&self.path, "it is a dangling link"))?;
        let failed = |error| Error::read(&target.display().to_string(), error);
        let metadata = fs::metadata(&target).map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::untrusted(
                &self.path,
                "it is not a link to a regular file",
            ));
        }
        if !is_us(&metadata) {
            return Err(foreign());
        }
        if !is_private(folder_of(&target)).map_err(failed)? {
            return Err(Error::untrusted(
                &self.path,
                "it is a link into a folder that others can write to",
            ));
        }
        Ok(target)
    }
}

/// Returns the warning about a file that others can read.
pub(crate) fn loose(path: &Path) -> String {
    format!(
        "{} was readable by other users of this machine",
        path.display()
    )
}
