//! Files that are read safely and replaced atomically.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

use super::{folder::folder_of, owner};
use crate::error::Error;

/// The contents of a file. `Debug` does not show them, and they are zeroed on drop.
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

    /// Returns true if users other than the owner can read the file.
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

/// Reads a regular file of at most `limit` bytes; `None` if it does not exist.
///
/// The file must belong to the user or to root. Symbolic links are followed.
///
/// # Errors
///
/// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when it belongs to another user or is not
/// a regular file, [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when it is too large,
/// [`ErrorKind::Read`](crate::ErrorKind::Read) when it cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Option<Contents>, Error> {
    let failed = |error| Error::read(&path.display().to_string(), error);
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Taken from the open file, because the path may change between two calls.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::untrusted(path, "it is not a regular file"));
    }
    if !owner::is_trusted(&metadata) {
        return Err(Error::untrusted(path, "it belongs to another user"));
    }
    let mut text = Zeroizing::new(Vec::new());
    if metadata.len() <= limit {
        // The file may grow in the meantime.
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

/// Makes sure that a file exists that only the user can read, for a library that opens it by its
/// path; a new one is empty. Returns it. Its folder must exist.
///
/// A file that others can read is closed to them (mode 0600). Symbolic links are refused.
///
/// # Errors
///
/// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when the path is a symbolic link, not a
/// regular file, or belongs to another user, [`ErrorKind::Write`](crate::ErrorKind::Write) when it
/// cannot be opened for writing.
pub fn create_file(path: &Path) -> Result<File, Error> {
    let file = open_own(path, "it must be a regular file, not a link")?;
    #[cfg(unix)]
    {
        let failed = |error| Error::write(path, error);
        if owner::is_loose(&file.metadata().map_err(failed)?) {
            let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            file.set_permissions(closed).map_err(failed)?;
        }
    }
    Ok(file)
}

/// Opens a file of the user's for reading and writing, creating it for them alone.
pub(super) fn open_own(path: &Path, irregular: &'static str) -> Result<File, Error> {
    let irregular = || Error::untrusted(path, irregular);
    let is_irregular = || fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file());
    // Checked first, for systems without the flag below.
    if is_irregular() {
        return Err(irregular());
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    owner::private(&mut options);
    owner::no_follow(&mut options);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(_) if is_irregular() => return Err(irregular()),
        Err(error) => return Err(Error::write(path, error)),
    };
    let metadata = file.metadata().map_err(|error| Error::write(path, error))?;
    if !metadata.is_file() {
        return Err(irregular());
    }
    if !owner::is_us(&metadata) {
        return Err(Error::untrusted(path, "it belongs to another user"));
    }
    Ok(file)
}

/// Atomically replaces or creates the file at `path`.
///
/// No reader ever sees a partial file, no other user can read it (mode 0600), and once this returns
/// it survives a crash. Its folder must exist.
///
/// A symbolic link at `path` is replaced, not followed. Concurrent writers of the same file need a
/// [`FileLock`](super::FileLock). `passed` is called with `temporary-file`, `synced`, and `renamed`
/// after these steps, for tests that kill the process there; other callers pass `drop`.
///
/// # Errors
///
/// [`ErrorKind::Write`](crate::ErrorKind::Write) when it cannot be written; the old file is then
/// unchanged.
pub fn replace(path: &Path, text: &[u8], passed: fn(&'static str)) -> Result<(), Error> {
    let prepared = Prepared::passing(path, text, passed)?;
    prepared.commit()
}

/// New contents of a file, written and flushed beside it, that have not taken its place yet.
///
/// For callers that must check something at the last moment. Dropping it removes the new contents.
#[derive(Debug)]
#[must_use = "nothing is replaced before `commit`"]
pub struct Prepared {
    temporary: NamedTempFile,
    path: PathBuf,
    passed: fn(&'static str),
}

impl Prepared {
    /// Writes the contents that [`commit`](Self::commit) puts at `path`. Its folder must exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Write`](crate::ErrorKind::Write) when they cannot be written.
    pub fn new(path: &Path, text: &[u8]) -> Result<Self, Error> {
        Self::passing(path, text, drop)
    }

    /// Atomically puts the contents in place, as [`replace`] does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Write`](crate::ErrorKind::Write) when the rename fails; the old file is then
    /// unchanged.
    pub fn commit(self) -> Result<(), Error> {
        let Self {
            temporary,
            path,
            passed,
        } = self;
        let failed = |error| Error::write(&path, error);
        temporary
            .persist(&path)
            .map_err(|error| failed(error.error))?;
        passed("renamed");
        sync_folder(folder_of(&path)).map_err(failed)
    }

    fn passing(path: &Path, text: &[u8], passed: fn(&'static str)) -> Result<Self, Error> {
        let failed = |error| Error::write(path, error);
        let mut temporary = temporary(path)?;
        temporary.write_all(text).map_err(failed)?;
        passed("temporary-file");
        temporary.as_file().sync_all().map_err(failed)?;
        passed("synced");
        Ok(Self {
            temporary,
            path: path.to_path_buf(),
            passed,
        })
    }
}

/// Fails if `room` bytes could not be written next to `path`.
pub(crate) fn try_room(path: &Path, room: usize) -> Result<(), Error> {
    let mut temporary = temporary(path)?;
    // A full file system accepts the file, but not its contents.
    temporary
        .write_all(&vec![b' '; room])
        .and_then(|()| temporary.as_file().sync_data())
        .map_err(|error| Error::write(path, error))
}

/// Temporary files left by processes that were killed while writing. They may contain secrets.
#[derive(Debug)]
#[must_use]
pub struct Leftovers {
    paths: Vec<PathBuf>,
}

impl Leftovers {
    /// Finds the leftovers of one file.
    pub fn of(path: &Path) -> Self {
        let prefix = prefix(path);
        Self::find(folder_of(path), |name| {
            name.starts_with(&prefix) && name.ends_with(TEMPORARY)
        })
    }

    /// Finds the leftovers of any file in a folder, and other files whose names `is_left` accepts.
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

    /// Removes the files.
    ///
    /// The caller must hold the lock under which such files are written, so that none of them is
    /// still in use. A file that cannot be removed is left for the next time.
    pub fn remove(self) {
        for path in self.paths {
            let _ = fs::remove_file(path);
        }
    }

    fn find(folder: &Path, is_left: impl Fn(&str) -> bool) -> Self {
        // If the folder cannot be read, nothing in it can be removed either.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let left = entries.filter(|entry| is_left(&entry.file_name().to_string_lossy()));
        Self {
            paths: left.map(|entry| entry.path()).collect(),
        }
    }
}

/// The suffix of temporary files, which no other program uses.
const TEMPORARY: &str = ".qwen-openclaw.tmp";

/// Returns the prefix of a file's temporary files.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

/// Creates a uniquely named file next to `path`, with mode 0600 from the start.
fn temporary(path: &Path) -> Result<NamedTempFile, Error> {
    tempfile::Builder::new()
        .prefix(&prefix(path))
        .suffix(TEMPORARY)
        .tempfile_in(folder_of(path))
        .map_err(|error| Error::write(path, error))
}

/// Opens a file for reading, without blocking on a pipe.
fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    File::open(path)
}

/// Makes a rename survive a system crash, on systems where folders can be flushed.
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
        assert!(error.to_string().contains("too large"), "{error}");
        assert!(read(folder.path(), 4).is_err());
    }

    #[test]
    fn prepared_contents_replace_nothing_before_they_are_committed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, b"old", drop).unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let dropped = Prepared::new(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(dropped);
        assert_eq!(files(), 1);
        Prepared::new(&path, b"new").unwrap().commit().unwrap();
        assert_eq!((fs::read(&path).unwrap(), files()), (b"new".to_vec(), 1));
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
    fn a_file_made_for_a_library_is_ours_alone() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(create_file(&path).unwrap().metadata().unwrap().len(), 0);
        assert_eq!(mode(), 0o600);
        fs::write(&path, "kept").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        create_file(&path).unwrap();
        assert_eq!((mode(), fs::read(&path).unwrap()), (0o600, b"kept".into()));
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        for refused in [&link, &folder.path().to_path_buf()] {
            let error = create_file(refused).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted);
        }
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
