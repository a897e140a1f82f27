//! Files that are read with care, and replaced whole.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

use super::{folder::folder_of, owner};
use crate::error::Error;

/// What was read from a file. `Debug` does not show it, and it is wiped from memory.
pub struct Contents {
    text: Zeroizing<Vec<u8>>,
    loose: bool,
}

impl Contents {
    /// Returns the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns true when others than the owner can read the file.
    #[must_use]
    pub fn is_loose(&self) -> bool {
        self.loose
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents")
            .field("length", &self.text.len())
            .field("loose", &self.loose)
            .finish()
    }
}

/// Reads a regular file of the user's own, or root's, of at most `limit` bytes; `None` when there
/// is none. A symbolic link is followed.
///
/// # Errors
///
/// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when it belongs to another user or is not
/// a regular file, [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when it is longer,
/// [`ErrorKind::Read`](crate::ErrorKind::Read) when it cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Option<Contents>, Error> {
    let failed = |error| Error::read(&path.display().to_string(), error);
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Asked of what is open: a path may change between two questions.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::untrusted(path, "it is no regular file"));
    }
    if !owner::is_trusted(&metadata) {
        return Err(Error::untrusted(path, "it belongs to another user"));
    }
    let mut text = Zeroizing::new(Vec::new());
    if metadata.len() <= limit {
        // It may grow meanwhile.
        let more = limit.saturating_add(1);
        (&mut file)
            .take(more)
            .read_to_end(&mut text)
            .map_err(failed)?;
    }
    if metadata.len() > limit || text.len() as u64 > limit {
        return Err(Error::too_long(path));
    }
    let loose = owner::is_loose(&metadata);
    Ok(Some(Contents { text, loose }))
}

/// Replaces the file at `path`, or makes it: nobody ever sees a part of it, nobody else can read
/// it (mode 0600), and when this returns it outlasts a crash. Its folder must be there.
///
/// A symbolic link at `path` is replaced, not followed. Two who write the same file at once need a
/// [`FileLock`](super::FileLock). `passed` is told `temporary-file`, `synced` and `renamed` when
/// these steps are done, for tests that end the process there; others pass `drop`.
///
/// # Errors
///
/// [`ErrorKind::Write`](crate::ErrorKind::Write) when it cannot be written. Then the old file is
/// still there.
pub fn replace(path: &Path, text: &[u8], passed: fn(&'static str)) -> Result<(), Error> {
    let failed = |error| Error::write(path, error);
    let mut temporary = temporary(path)?;
    temporary.write_all(text).map_err(failed)?;
    passed("temporary-file");
    temporary.as_file().sync_all().map_err(failed)?;
    passed("synced");
    temporary
        .persist(path)
        .map_err(|error| failed(error.error))?;
    passed("renamed");
    sync_folder(folder_of(path)).map_err(failed)
}

/// Fails when `room` bytes could not be written beside `path`.
pub(crate) fn try_room(path: &Path, room: usize) -> Result<(), Error> {
    let mut temporary = temporary(path)?;
    // A file system that is full takes the file, but not what is in it.
    temporary
        .write_all(&vec![b' '; room])
        .and_then(|()| temporary.as_file().sync_data())
        .map_err(|error| Error::write(path, error))
}

/// Files that processes have left which were killed while they wrote. There may be secrets in
/// them.
#[derive(Debug)]
#[must_use]
pub struct Leftovers {
    paths: Vec<PathBuf>,
}

impl Leftovers {
    /// Finds those of one file.
    pub fn of(path: &Path) -> Self {
        let prefix = prefix(path);
        Self::find(folder_of(path), |name| {
            name.starts_with(&prefix) && name.ends_with(TEMPORARY)
        })
    }

    /// Finds those of any file in a folder, and other files that `is_left` knows as such by their
    /// names.
    pub fn within(folder: &Path, is_left: impl Fn(&str) -> bool) -> Self {
        Self::find(folder, |name| {
            name.starts_with('.') && name.ends_with(TEMPORARY) || is_left(name)
        })
    }

    /// Returns true when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Removes them. Whoever does has the lock under which such files are written, so that none of
    /// them is one that is still needed. One that cannot be removed stays, for the next time.
    pub fn remove(self) {
        for path in self.paths {
            let _ = fs::remove_file(path);
        }
    }

    fn find(folder: &Path, is_left: impl Fn(&str) -> bool) -> Self {
        // In a folder that cannot be read nothing can be removed either.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let left = entries.filter(|entry| is_left(&entry.file_name().to_string_lossy()));
        Self {
            paths: left.map(|entry| entry.path()).collect(),
        }
    }
}

/// How temporary files end: no other program's do.
const TEMPORARY: &str = ".qwen-openclaw.tmp";

/// How the temporary files of a file begin.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

/// A file beside `path` of a name that nothing had, with mode 0600 from the start.
fn temporary(path: &Path) -> Result<NamedTempFile, Error> {
    tempfile::Builder::new()
        .prefix(&prefix(path))
        .suffix(TEMPORARY)
        .tempfile_in(folder_of(path))
        .map_err(|error| Error::write(path, error))
}

/// Opens a file for reading, without waiting for the other end where it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    File::open(path)
}

/// Makes a rename outlast a crash of the machine, where folders can be flushed.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(read(&path, 4).unwrap().is_none());
        replace(&path, b"four", drop).unwrap();
        let contents = read(&path, 4).unwrap().unwrap();
        assert_eq!(
            (contents.bytes(), contents.is_loose()),
            (&b"four"[..], false)
        );
        assert!(!format!("{contents:?}").contains("four"));
        let error = read(&path, 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("too long"), "{error}");
        assert!(read(folder.path(), 4).is_err());
    }

    #[test]
    fn leftovers_are_ours_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            fs::write(folder.path().join(name), "x").unwrap();
        };
        for name in [
            ".a.json.x1.qwen-openclaw.tmp",
            ".b.json.x2.qwen-openclaw.tmp",
            ".x3.new",
            "a.json",
            "b.qwen-openclaw.tmp",
            ".x4.tmp",
        ] {
            place(name);
        }
        Leftovers::of(&folder.path().join("a.json")).remove();
        let left = || {
            let names = fs::read_dir(folder.path()).unwrap();
            let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        assert_eq!(left().len(), 5);
        Leftovers::within(folder.path(), |name| name.ends_with(".new")).remove();
        assert_eq!(left(), [".x4.tmp", "a.json", "b.qwen-openclaw.tmp"]);
        assert!(Leftovers::within(folder.path(), |_| false).is_empty());
        assert!(Leftovers::of(&folder.path().join("gone/a.json")).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_what_it_points_to_is_left_alone() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("file"));
        fs::write(&victim, "keep").unwrap();
        symlink(&victim, &path).unwrap();
        replace(&path, b"new", drop).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"keep");
        let metadata = fs::symlink_metadata(&path).unwrap();
        assert!(metadata.is_file());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}
