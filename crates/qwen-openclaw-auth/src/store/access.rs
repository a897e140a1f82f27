//! Files that hold secrets: who may own them, and how they are replaced.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

use crate::{error::Error, fault};

/// No credential file is longer.
const MAX_BYTES: u64 = 1 << 20;

/// What happens to a symbolic link that stands where a file is to be written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Replacement {
    /// The file it points to is replaced, if link and file are ours and nobody else can write
    /// there; dotfile managers rely on it.
    #[default]
    Target,
    /// The link itself is replaced by a file.
    Link,
}

/// A file with secrets at a fixed path.
#[derive(Clone, Debug)]
pub(crate) struct PlacedFile {
    path: PathBuf,
    replacement: Replacement,
}

/// What was read, and what is to be said about it.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) text: Zeroizing<Vec<u8>>,
    /// Others than the owner can read the file.
    pub(crate) loose: bool,
}

impl PlacedFile {
    pub(crate) fn new(path: PathBuf, replacement: Replacement) -> Self {
        Self { path, replacement }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; `None` when there is none.
    pub(crate) fn read(&self) -> Result<Option<Contents>, Error> {
        let failed = |error| Error::read(&self.path.display().to_string(), error);
        let mut file = match open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // Asked of what is open: a path may change between two questions.
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::untrusted(&self.path, "it is no regular file"));
        }
        if !owner::may_be_read(&metadata) {
            return Err(Error::untrusted(&self.path, "it belongs to another user"));
        }
        if metadata.len() > MAX_BYTES {
            return Err(Error::corrupt(&self.path, "is far too long"));
        }
        let mut text = Zeroizing::new(Vec::new());
        (&mut file)
            .take(MAX_BYTES)
            .read_to_end(&mut text)
            .map_err(failed)?;
        let loose = owner::is_loose(&metadata);
        Ok(Some(Contents { text, loose }))
    }

    /// Replaces the file by `text`: nobody ever sees a part of it, and nobody else can read it.
    pub(crate) fn write(&self, text: &[u8]) -> Result<(), Error> {
        let target = self.target()?;
        let failed = |error| Error::write(&target, error);
        remove_left(&target);
        let mut temporary = self.temporary(&target)?;
        temporary.write_all(text).map_err(failed)?;
        fault::point("temporary-file");
        temporary.as_file().sync_all().map_err(failed)?;
        fault::point("synced");
        temporary
            .persist(&target)
            .map_err(|error| failed(error.error))?;
        fault::point("renamed");
        sync_folder(&target).map_err(failed)
    }

    /// Fails when [`write`](Self::write) would.
    pub(crate) fn check_writable(&self, room: usize) -> Result<(), Error> {
        let target = self.target()?;
        let mut temporary = self.temporary(&target)?;
        // A file system that is full takes the file, but not what is in it.
        temporary
            .write_all(&vec![b' '; room])
            .and_then(|()| temporary.as_file().sync_data())
            .map_err(|error| Error::write(&target, error))
    }

    /// The file that is replaced by a write: the one at the path, or what a link there points to.
    pub(crate) fn target(&self) -> Result<PathBuf, Error> {
        let metadata = match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self.path.clone()),
            Err(error) => return Err(Error::read(&self.path.display().to_string(), error)),
        };
        let foreign = || Error::untrusted(&self.path, "it belongs to another user");
        if !owner::is_us(&metadata) {
            return Err(foreign());
        }
        if !metadata.is_symlink() {
            return if metadata.is_file() {
                Ok(self.path.clone())
            } else {
                Err(Error::untrusted(&self.path, "it is no regular file"))
            };
        }
        if self.replacement == Replacement::Link {
            return Ok(self.path.clone());
        }
        let target = fs::canonicalize(&self.path)
            .map_err(|_| Error::untrusted(&self.path, "it is a link to nothing"))?;
        let metadata = fs::metadata(&target)
            .map_err(|error| Error::read(&target.display().to_string(), error))?;
        if !metadata.is_file() {
            return Err(Error::untrusted(
                &self.path,
                "it is no link to a regular file",
            ));
        }
        if !owner::is_us(&metadata) {
            return Err(foreign());
        }
        let folder = fs::metadata(folder_of(&target))
            .map_err(|error| Error::read(&target.display().to_string(), error))?;
        if owner::others_can_write(&folder) {
            return Err(Error::untrusted(
                &self.path,
                "it is a link into a folder that others can write to",
            ));
        }
        Ok(target)
    }

    fn temporary(&self, target: &Path) -> Result<NamedTempFile, Error> {
        let failed = |error| Error::write(target, error);
        let folder = folder_of(target);
        create_folder(folder).map_err(failed)?;
        // With mode 0600 from the start.
        tempfile::Builder::new()
            .prefix(&prefix(target))
            .suffix(TEMPORARY)
            .tempfile_in(folder)
            .map_err(failed)
    }
}

/// How the temporary files beside a file end: no other program's do.
const TEMPORARY: &str = ".qwen-openclaw.tmp";

/// How the temporary files beside a file begin.
fn prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

/// Removes temporary files that a process has left which was killed: there are credentials in
/// them. Whoever writes has the lock, so that none of them is another's that is still needed, but
/// for a trial whether there is room, which its owner forgets anyway.
fn remove_left(target: &Path) {
    let prefix = prefix(target);
    let Ok(entries) = fs::read_dir(folder_of(target)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(TEMPORARY) {
            // One that stays is tried again at the next change.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What is said about a file that others can read.
pub(crate) fn loose(path: &Path) -> String {
    format!(
        "{} could be read by other users of this machine",
        path.display()
    )
}

/// Creates a folder and those above it, for nobody but the user. One that exists keeps its mode.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Opens a file for reading, without waiting for the other end where it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    File::open(path)
}

/// Makes a rename outlast a crash.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
mod owner {
    use std::{fs::Metadata, os::unix::fs::MetadataExt};

    pub(super) fn is_us(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw()
    }

    /// Root can read everything anyway.
    pub(super) fn may_be_read(metadata: &Metadata) -> bool {
        is_us(metadata) || metadata.uid() == 0
    }

    pub(super) fn is_loose(metadata: &Metadata) -> bool {
        metadata.mode() & 0o077 != 0
    }

    pub(super) fn others_can_write(metadata: &Metadata) -> bool {
        metadata.mode() & 0o022 != 0
    }
}

/// Elsewhere a user's folders are the user's own.
#[cfg(not(unix))]
mod owner {
    use std::fs::Metadata;

    pub(super) fn is_us(_: &Metadata) -> bool {
        true
    }

    pub(super) fn may_be_read(_: &Metadata) -> bool {
        true
    }

    pub(super) fn is_loose(_: &Metadata) -> bool {
        false
    }

    pub(super) fn others_can_write(_: &Metadata) -> bool {
        false
    }
}
