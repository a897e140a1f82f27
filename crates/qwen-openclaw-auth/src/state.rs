//! State files: their folder, how they are read and replaced, and who may change them.
//!
//! All persistent state (credentials, jobs) is stored this way. The folder is checked before
//! anything is stored in it ([`StateDir::create`], [`create_folder`]); a file is read only if no
//! other user can have written it ([`read`]), and is always replaced atomically ([`replace`]); a
//! process that changes it holds a [`FileLock`]; and temporary files left by a killed process are
//! removed by the next one ([`Leftovers`]).
//!
//! # Folders
//!
//! On Unix a folder is rejected, with [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted), if
//!
//! * it belongs to another user, root included,
//! * it is reached through a symbolic link that belongs to a user other than root, or
//! * its group or everyone can write to it (`chmod go-w` fixes that, once you are certain that
//!   everything in it is yours). A folder other than the state folder may be writable by the user's
//!   own group, which on many systems contains only the user.
//!
//! The user's own symbolic links are followed, and their targets must meet the same rules. A folder
//! of the user's that others can only read is accepted; the state folder itself is changed to mode
//! 0700 first, any other folder keeps its mode. New folders are created with mode 0700.
//!
//! On other systems a user's folders are private by default, and nothing is checked.

mod fields;
mod file;
mod folder;
mod lock;
mod owner;

#[cfg(feature = "portal")]
pub(crate) use self::owner::no_follow;
pub use self::{
    fields::Fields,
    file::{Contents, Leftovers, Prepared, create_file, read, replace},
    folder::create_folder,
    lock::FileLock,
};
pub(crate) use self::{
    file::try_room,
    folder::{close_folder, folder_of, is_private},
    owner::is_us,
};
pub use crate::folders::StateDir;
