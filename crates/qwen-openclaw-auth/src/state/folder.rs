//! Folders for state.

use std::{
    fs::{self, DirBuilder, File},
    io,
    path::Path,
};

use super::owner::{self, Verdict, Writers};
use crate::error::Error;

/// Creates a folder and its parents, accessible only to the user, and checks it.
///
/// The [module documentation](super) has the rules. An existing folder keeps its mode.
///
/// # Errors
///
/// [`ErrorKind::Folder`](crate::ErrorKind::Folder) when it cannot be created,
/// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) when it belongs to another user or others
/// can write to it.
pub fn create_folder(path: &Path) -> Result<(), Error> {
    make(path)?;
    check(path, Writers::OwnGroup).map(drop)
}

/// The same as [`create_folder`] for the state folder, which no group may write to; removes read
/// access by others.
pub(crate) fn close_folder(path: &Path) -> Result<(), Error> {
    make(path)?;
    let Some(folder) = check(path, Writers::OwnerOnly)? else {
        return Ok(());
    };
    #[cfg(unix)]
    {
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        match folder.set_permissions(closed) {
            Ok(()) => {}
            // On some file systems the mount determines the modes. No one else can write there, and
            // the files in it have modes of their own.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(Error::write(path, error)),
        }
    }
    #[cfg(not(unix))]
    drop(folder);
    Ok(())
}

/// Returns whether no one else can write to a folder.
pub(crate) fn is_private(path: &Path) -> io::Result<bool> {
    let verdict = owner::verdict(&fs::metadata(path)?, Writers::OwnerOnly);
    Ok(!matches!(verdict, Verdict::Refused(_)))
}

/// Returns the folder that contains a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn make(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| Error::folder(path, error))
}

/// Checks a folder; returns it if others can read it.
fn check(path: &Path, writers: Writers) -> Result<Option<File>, Error> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let failed = |error| Error::read(&path.display().to_string(), error);
    let link = fs::symlink_metadata(path).map_err(failed)?;
    if link.is_symlink() && !owner::is_trusted(&link) {
        return Err(Error::untrusted(
            path,
            "it is a link that belongs to another user: choose a folder of your own",
        ));
    }
    // Opened, so that the folder that is checked is the one that is changed.
    let folder = File::open(path).map_err(failed)?;
    match owner::verdict(&folder.metadata().map_err(failed)?, writers) {
        Verdict::Closed => Ok(None),
        Verdict::Readable => Ok(Some(folder)),
        Verdict::Refused(why) => Err(Error::untrusted(path, why)),
    }
}
