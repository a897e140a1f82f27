//! Importing the logins and keys of other programs into a store.

use std::{fs, io, path::Path, time::SystemTime};

use qwen_openclaw_catalog::Provider;
use secrecy::zeroize::Zeroizing;
use serde_json::Value;

use super::{cli_file::QwenCliFile, fingerprint};
use crate::{
    ApiKey, SecretText, StaticToken,
    error::Error,
    store::{CredentialStore, Login, Profile, ProfileId, from_millis},
};

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

/// A credential considered for import, and the outcome.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// The profile's name in the source file.
    pub name: String,
    /// The profile's id in the store, unless it was skipped.
    pub id: Option<ProfileId>,
    /// The outcome.
    pub import: Import,
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

/// Imports the keys, tokens, and logins from OpenClaw's `auth-profiles.json`.
///
/// Keys and tokens are imported if no profile has their id; logins as by [`import_qwen_cli`]. The
/// file is not changed. Profiles of unknown providers are skipped, as are keys that are stored
/// elsewhere (`keyRef`, `tokenRef`).
///
/// # Errors
///
/// [`ErrorKind::Read`](crate::ErrorKind::Read) when the file cannot be read,
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when its format is invalid, and when the store
/// cannot be read or written.
pub async fn import_openclaw(
    store: &dyn CredentialStore,
    path: &Path,
) -> Result<Vec<Imported>, Error> {
    let text = fs::read(path).map_err(|error| Error::read(&path.display().to_string(), error))?;
    let text = Zeroizing::new(text);
    let corrupt = || Error::corrupt(path, "is not a list of OpenClaw profiles");
    let document: Value = serde_json::from_slice(&text).map_err(|_| corrupt())?;
    let profiles = document.get("profiles").and_then(Value::as_object);
    let mut imported = Vec::new();
    for (name, value) in profiles.ok_or_else(corrupt)? {
        let (id, import) = match read(name, value) {
            None => (None, Import::Skipped),
            Some((id, Profile::Login(login))) => {
                let import = copy(store, &id, login).await?;
                (Some(id), import)
            }
            Some((id, profile)) => {
                let import = insert(store, &id, &profile).await?;
                (Some(id), import)
            }
        };
        imported.push(Imported {
            name: name.chars().filter(|c| !c.is_control()).take(200).collect(),
            id,
            import,
        });
    }
    Ok(imported)
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

/// Parses a profile from OpenClaw's file; `None` if it cannot be used.
fn read(name: &str, value: &Value) -> Option<(ProfileId, Profile)> {
    let text = |name: &str| {
        let text = value.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    };
    let provider = Provider::by_name(text("provider")?)?;
    let account = name.split_once(':').map_or(name, |(_, account)| account);
    let id = ProfileId::new(provider.id(), account).ok()?;
    let key = |name| ApiKey::parse(text(name)?).ok();
    let expires = value
        .get("expires")
        .and_then(Value::as_f64)
        // The conversion saturates.
        .map(|millis| from_millis(millis as u64));
    let profile = match text("type")? {
        "api_key" => Profile::from(key("key")?),
        "token" => {
            let token = StaticToken::new(key("token")?);
            Profile::Token(match expires {
                Some(expires) => token.expires_at(expires),
                None => token,
            })
        }
        "oauth" => {
            let refresh = SecretText::new(text("refresh")?);
            let expires = expires.unwrap_or(SystemTime::UNIX_EPOCH);
            // Its URL is in OpenClaw's configuration, which is not read here; it is assumed to be
            // the portal's.
            Profile::Login(Login::new(key("access")?, Some(refresh), expires))
        }
        _ => return None,
    };
    Some((id, profile))
}

#[cfg(test)]
mod tests;
