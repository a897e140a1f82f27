//! Importing the logins and keys of other programs into a store.

use std::io;

use super::{cli_file::QwenCliFile, fingerprint};
use crate::{
    error::Error,
    store::{CredentialStore, Login, Profile, ProfileId},
};

mod openclaw;

pub use self::openclaw::{Imported, OpenClawImport, OpenClawStore, import_openclaw};

/// The outcome of importing one credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Import {
    /// It was stored.
    Imported,
    /// It was already imported or present; the stored credential stays, renewed or not.
    Unchanged,
    /// The stored credential is newer, or was not imported; it stays.
    Kept,
    /// It cannot be used: it is empty, a reference to another place, or of an unknown kind or
    /// provider.
    Skipped,
}

/// Imports the Qwen Code CLI's login into a profile.
///
/// A login is imported once: afterward the copy and the file are independent. The token imported
/// from the file is recognized later and never replaces the renewed copy. A new token replaces a
/// stored one only if it expires later.
///
/// # Errors
///
/// The same as [`QwenCliFile::read`]; [`ErrorKind::Read`](crate::ErrorKind::Read) when the file
/// does not exist; [`ErrorKind::Refused`](crate::ErrorKind::Refused) when it has no refresh token;
/// when the store cannot be read or written.
pub async fn import_qwen_cli(
    store: &dyn CredentialStore,
    id: &ProfileId,
    file: &QwenCliFile,
) -> Result<Import, Error> {
    let name = || file.path().display().to_string();
    let missing = || Error::read(&name(), io::ErrorKind::NotFound.into());
    let login = file.read().await?.ok_or_else(missing)?;
    if !login.is_refreshable() {
        return Err(Error::not_refreshable(&name(), "it has no refresh token"));
    }
    copy(store, id, login).await
}

/// Stores a profile unless one exists.
async fn insert(
    store: &dyn CredentialStore,
    id: &ProfileId,
    profile: &Profile,
) -> Result<Import, Error> {
    match store.load(id).await? {
        Some(present) if present == *profile => Ok(Import::Unchanged),
        Some(_) => Ok(Import::Kept),
        None if store.swap(id, None, Some(profile)).await? => Ok(Import::Imported),
        None => Ok(Import::Kept),
    }
}

/// Stores an imported login, unless the stored one is newer or comes from the same token.
async fn copy(
    store: &dyn CredentialStore,
    id: &ProfileId,
    mut login: Login,
) -> Result<Import, Error> {
    // Under the lease, so that no refresh is in progress.
    let _lease = store.lease(id).await?;
    let print = login.refresh_text().map(fingerprint::of);
    let present = store.load(id).await?;
    match &present {
        None => {}
        Some(Profile::Login(present)) => {
            let same =
                present.imported == print || present.refresh_text().map(fingerprint::of) == print;
            if same {
                return match login.server {
                    Some(server) if present.server.as_ref() != Some(&server) => {
                        correct(store, id, present, server).await
                    }
                    _ => Ok(Import::Unchanged),
                };
            }
            // A login made here stays, and a token is never sent to a server other than its own.
            let is_other = present.imported.is_none() || present.server != login.server;
            if is_other || login.expires <= present.expires {
                return Ok(Import::Kept);
            }
            login.generation = present.generation.saturating_add(1);
        }
        Some(_) => return Ok(Import::Kept),
    }
    login.imported = print;
    let new = Profile::Login(login);
    if store.swap(id, present.as_ref(), Some(&new)).await? {
        Ok(Import::Imported)
    } else {
        Ok(Import::Kept)
    }
}

/// Corrects the server of a login that was imported without one, or with another.
async fn correct(
    store: &dyn CredentialStore,
    id: &ProfileId,
    present: &Login,
    server: String,
) -> Result<Import, Error> {
    let mut corrected = present.clone();
    corrected.server = Some(server);
    let (old, new) = (Profile::Login(present.clone()), Profile::Login(corrected));
    if store.swap(id, Some(&old), Some(&new)).await? {
        Ok(Import::Imported)
    } else {
        Ok(Import::Kept)
    }
}

#[cfg(test)]
mod tests;
