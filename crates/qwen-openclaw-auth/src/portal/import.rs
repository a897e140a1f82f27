//! Logins and keys of other programs, copied into a store of ours.

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

/// What became of one credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Import {
    /// It is stored now.
    Imported,
    /// It was imported before, or is there already; what is stored stays, renewed or not.
    Unchanged,
    /// What is stored is newer, or somebody's own; it stays.
    Kept,
    /// It cannot be used: it is a reference to somewhere else, empty, or of a form or a provider
    /// that is not known here.
    Skipped,
}

/// A credential that was looked at, and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// The profile, as it is called where it comes from.
    pub name: String,
    /// The profile here, unless it was skipped.
    pub id: Option<ProfileId>,
    /// What became of it.
    pub import: Import,
}

/// Copies the Qwen Code CLI's login into a profile.
///
/// A login is copied once: afterwards the copy and the file go their own ways, and the file's
/// token of that time is known again and never replaces what the copy was renewed to. A token
/// that was not seen before replaces a stored one only if it expires later.
///
/// # Errors
///
/// As [`QwenCliFile::read`], and [`ErrorKind::Read`](crate::ErrorKind::Read) when the file is not
/// there; [`ErrorKind::Refused`](crate::ErrorKind::Refused) when it has no refresh token; when the
/// store cannot be read or written.
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

/// Copies the keys, tokens and logins of OpenClaw's `auth-profiles.json`.
///
/// Keys and tokens are copied where there is no profile of that id; logins as by
/// [`import_qwen_cli`]. The file is not changed. Its profiles of providers that are not known here
/// are skipped, and so are keys that it keeps elsewhere (`keyRef`, `tokenRef`).
///
/// # Errors
///
/// [`ErrorKind::Read`](crate::ErrorKind::Read) when the file cannot be read,
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when it is not what it should be, and when
/// the store cannot be read or written.
pub async fn import_openclaw(
    store: &dyn CredentialStore,
    path: &Path,
) -> Result<Vec<Imported>, Error> {
    let text = fs::read(path).map_err(|error| Error::read(&path.display().to_string(), error))?;
    let text = Zeroizing::new(text);
    let corrupt = || Error::corrupt(path, "is no list of OpenClaw's profiles");
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

/// Stores a profile where there is none.
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

/// Stores a foreign login, unless what is there is newer or comes from the same token.
async fn copy(
    store: &dyn CredentialStore,
    id: &ProfileId,
    mut login: Login,
) -> Result<Import, Error> {
    // With the lease, so that no refresh of ours is between its request and its answer.
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
            // One of somebody's own stays, and a token never goes to another server than its own.
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
    match store.swap(id, present.as_ref(), Some(&new)).await? {
        true => Ok(Import::Imported),
        false => Ok(Import::Kept),
    }
}

/// Stores the server of a login that was imported without it, or with another.
async fn correct(
    store: &dyn CredentialStore,
    id: &ProfileId,
    present: &Login,
    server: String,
) -> Result<Import, Error> {
    let mut corrected = present.clone();
    corrected.server = Some(server);
    let (old, new) = (Profile::Login(present.clone()), Profile::Login(corrected));
    match store.swap(id, Some(&old), Some(&new)).await? {
        true => Ok(Import::Imported),
        false => Ok(Import::Kept),
    }
}

/// A profile of OpenClaw's file; `None` when it cannot be used here.
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
            // Its address is in OpenClaw's configuration, which is not read here: the portal is
            // meant.
            Profile::Login(Login::new(key("access")?, Some(refresh), expires))
        }
        _ => return None,
    };
    Some((id, profile))
}

#[cfg(test)]
mod tests;
