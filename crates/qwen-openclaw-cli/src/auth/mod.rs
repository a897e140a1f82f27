//! `models auth`: stored keys, tokens and logins.

use std::{path::Path, sync::Arc};

use qwen_openclaw::auth::{
    CredentialStore, Environment, Error, ErrorKind, FileStore, Profile, ProfileId, StateDir,
    portal::QwenCliFile, variables,
};

use crate::failure::Failure;

pub(crate) mod args;
mod browser;
mod import;
pub(crate) mod list;
mod login;
mod logout;
pub(crate) mod openclaw;
mod order;
mod paste;
mod qr;

use self::args::AuthCommand;

pub(crate) fn run(command: AuthCommand) -> Result<(), Failure> {
    match command {
        AuthCommand::Login(login) => login::run(&login),
        AuthCommand::PasteApiKey(paste) => paste::run(&paste, paste::Kind::ApiKey),
        AuthCommand::PasteToken(paste) => paste::run(&paste, paste::Kind::Token),
        AuthCommand::List(list) => list::run(&list),
        AuthCommand::Logout(logout) => logout::run(&logout),
        AuthCommand::Import(import) => import::run(&import),
        AuthCommand::Order { command } => order::run(&command),
    }
}

/// The credential store in the state folder.
pub(crate) fn store(environment: &Environment) -> Result<Arc<FileStore>, Failure> {
    let folder = StateDir::of(environment)?;
    Ok(Arc::new(FileStore::in_folder(&folder)))
}

/// The Qwen Code CLI's file, and the server of the login in it: as given, otherwise from the
/// environment.
fn cli_file(
    path: Option<&Path>,
    server: Option<&str>,
    environment: &Environment,
) -> Result<QwenCliFile, Failure> {
    let file = match path {
        Some(path) => QwenCliFile::new(path),
        None => QwenCliFile::of(environment).map_err(failure)?,
    };
    let server = match server {
        Some(url) => Some(url),
        None => environment
            .value(variables::QWEN_OAUTH_BASE_URL)
            .map_err(failure)?,
    };
    if let Some(warning) = file.warning() {
        crate::output::note(&format!("warning: {warning}"));
    }
    match server {
        Some(url) => file.server(url).map_err(failure),
        None => Ok(file),
    }
}

/// The profile that a name refers to: an id, or an account of the provider.
pub(crate) fn profile_id(provider: &str, name: Option<&str>) -> Result<ProfileId, Failure> {
    let id = match name {
        Some(name) if name.contains(':') => name.parse(),
        Some(name) => ProfileId::new(provider, name),
        None => ProfileId::new(provider, "default"),
    };
    let id = id.map_err(failure)?;
    if id.provider() != provider {
        return Err(Failure::usage(format!(
            "the profile {id} does not belong to {provider}"
        )));
    }
    Ok(id)
}

/// Stores a key or a token, unless a login would be overwritten; true if it replaces another one.
pub(crate) async fn store_profile(
    store: &FileStore,
    id: &ProfileId,
    profile: &Profile,
) -> Result<bool, Failure> {
    let present = store.load(id).await.map_err(failure)?;
    if let Some(Profile::Login(_) | Profile::QwenCli { .. }) = present {
        let error = Failure::invalid_request(format!(
            "the profile {id} is a login, which would be overwritten"
        ));
        return Err(error.with_hint(format!(
            "use `--profile NAME` to keep both, or remove the login first with `models auth logout \
             {id}`"
        )));
    }
    let stored = store.swap(id, present.as_ref(), Some(profile)).await;
    if !stored.map_err(failure)? {
        return Err(Failure::other(format!(
            "the profile {id} was changed in the meantime: try again"
        )));
    }
    Ok(present.is_some())
}

/// Says that a profile is stored, in OpenClaw's words.
pub(crate) fn stored_line(id: &ProfileId, kind: &str, is_replaced: bool) -> String {
    let before = if is_replaced { ", replaced" } else { "" };
    format!("Auth profile: {id} ({}/{kind}){before}", id.provider())
}

/// Prints the store's warning, if reading the file produced one.
fn warn(store: &FileStore) {
    if let Some(warning) = store.warning() {
        crate::output::note(&format!("warning: {warning}"));
    }
}

/// A failure of a command about credentials.
fn failure(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::ProfileId => Failure::of(2, "usage", &error),
        // OpenClaw's exit code.
        ErrorKind::NoProfile => Failure::of(1, "no_profile", &error),
        _ => error.into(),
    }
}

/// Fails if a profile is not stored, with OpenClaw's wording.
async fn must_exist(store: &FileStore, id: &ProfileId) -> Result<(), Failure> {
    match store.load(id).await.map_err(failure)? {
        Some(_) => Ok(()),
        None => Err(failure(Error::no_profile(id))
            .with_hint("`models auth list` shows the stored profiles")),
    }
}
