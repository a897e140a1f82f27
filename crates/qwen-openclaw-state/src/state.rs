//! The store.

use std::path::{Path, PathBuf};

use qwen_openclaw_auth::StateDir;
use qwen_openclaw_router::Error;

use crate::{
    handle::{Access, Handle},
    place::Place,
    pool::Pool,
};

/// A SQLite file with usage, budgets, cooldowns and jobs.
///
/// Clones share its connections. The [crate documentation](crate) says what happens when several
/// processes use it, when it is damaged, and after a crash.
#[derive(Clone, Debug)]
pub struct SqliteState {
    pub(crate) pool: Pool,
}

impl SqliteState {
    /// Opens the file at `path`, creating it and its folder if needed.
    ///
    /// The file is for its owner alone (mode 0600). A folder that belongs to another user or that
    /// others can write to is refused, and so is a symbolic link in the place of the file:
    /// [`state`](qwen_openclaw_auth::state) has the rules. A damaged file is
    /// [set aside](Self::set_aside).
    ///
    /// # Errors
    ///
    /// [`Storage`](qwen_openclaw_http::ErrorKind::Storage) when the file or its folder is refused,
    /// cannot be read or written, or was written by a newer version or another program, and when it is
    /// damaged and other processes have it open; [`Busy`](qwen_openclaw_http::ErrorKind::Busy) when
    /// other processes use it for too long.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::at(path.into(), None, Access::Write).await
    }

    /// Opens `state.sqlite` in a state folder.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub async fn in_folder(folder: &StateDir) -> Result<Self, Error> {
        Self::at(file_in(folder), Some(folder.clone()), Access::Write).await
    }

    /// Opens `state.sqlite` in a state folder for reading; `None` if there is no such file.
    ///
    /// It is not checked until something is written, so that reading costs the same however large the
    /// file is.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub async fn existing_in_folder(folder: &StateDir) -> Result<Option<Self>, Error> {
        let path = file_in(folder);
        if !path.exists() {
            return Ok(None);
        }
        let state = Self::at(path, Some(folder.clone()), Access::Read).await?;
        Ok(Some(state))
    }

    async fn at(path: PathBuf, home: Option<StateDir>, access: Access) -> Result<Self, Error> {
        let pool = Pool::new(Place { path, home });
        pool.with_handle(access, |_| Ok(())).await?;
        Ok(Self { pool })
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.pool.place().path
    }

    /// Returns the paths of damaged files that were set aside since this was opened.
    #[must_use]
    pub fn set_aside(&self) -> Vec<PathBuf> {
        self.pool.set_aside()
    }

    /// Checks the whole file, and returns whether it is sound. It takes seconds for a million
    /// entries. A damaged file is set aside when it is next opened.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub async fn check(&self) -> Result<bool, Error> {
        let place = self.pool.place().clone();
        let check = move |handle: &mut Handle| match handle.check() {
            Err(failure) if failure.is_damage() => {
                place.suspect();
                Ok(false)
            }
            checked => checked.map(|()| true),
        };
        self.pool.with_handle::<bool>(Access::Read, check).await
    }
}

fn file_in(folder: &StateDir) -> PathBuf {
    folder.path().join("state.sqlite")
}
