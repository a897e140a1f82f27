//! Files that hold state: their folder, how they are read and replaced, and who may change them.
//!
//! Everything that is kept for later (credentials, jobs) is kept this way. The folder is checked
//! before anything is stored in it ([`StateDir::create`], [`create_folder`]); a file is read only
//! when nobody else can have written it ([`read`]) and is only ever replaced whole ([`replace`]);
//! whoever changes it has a [`FileLock`]; and what a killed process was writing is removed by the
//! next one ([`Leftovers`]).
//!
//! # Folders
//!
//! On Unix a folder is refused, with
//! [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted), when
//!
//! * it belongs to another user, root included,
//! * it is reached by a symbolic link that belongs to another user but root, or
//! * everybody, or its group, can write to it (`chmod go-w` closes it, once it is certain that
//!   everything in it is one's own). A folder that is not the state folder may be open to the
//!   user's own group, which on many systems is the user alone.
//!
//! A symbolic link of one's own is followed, and what it points to is held to the same. A folder of
//! one's own that others can only read is used; where it is the state folder itself it is closed to
//! them first (mode 0700), any other keeps its mode. Folders that are made here have mode 0700.
//!
//! Elsewhere a user's folders are the user's own, and nothing is checked.

mod fields;
mod file;
mod folder;
mod lock;
mod owner;

#[cfg(feature = "portal")]
pub(crate) use self::owner::no_follow;
pub use self::{
    fields::Fields,
    file::{Contents, Leftovers, read, replace},
    folder::create_folder,
    lock::FileLock,
};
pub(crate) use self::{
    file::try_room,
    folder::{close_folder, folder_of, is_private},
    owner::is_us,
};
pub use crate::folders::StateDir;
