//! `models auth logout`.

use qwen_openclaw::auth::{CredentialStore, ErrorKind, FileStore, ProfileId};
use serde_json::json;

use super::{args::Logout, failure, must_exist, store, warn};
use crate::{
    block_on,
    configuration::environment,
    failure::Failure,
    output::{Out, note},
};

pub(crate) fn run(arguments: &Logout) -> Result<(), Failure> {
    let id = arguments.profile.parse().map_err(failure)?;
    block_on(log_out(arguments, &id))
}

async fn log_out(arguments: &Logout, id: &ProfileId) -> Result<(), Failure> {
    let store = store(&environment())?;
    match store.load(id).await {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            return discard(arguments, &store, id).await;
        }
        _ => must_exist(&store, id).await?,
    }
    // Not between a refresh request and its response, which would put the login back.
    let lease = store.lease(id).await.map_err(failure)?;
    let Some(profile) = store.load(id).await.map_err(failure)? else {
        return must_exist(&store, id).await;
    };
    let removed = store
        .swap(id, Some(&profile), None)
        .await
        .map_err(failure)?;
    // The file may hold it again under an alias of its provider.
    if removed {
        store.discard(id).await.map_err(failure)?;
    }
    drop(lease);
    if !removed {
        return Err(Failure::other(format!(
            "the profile {id} was changed in the meantime: try again"
        )));
    }
    warn(&store);
    if profile.kind() == "qwen_cli" {
        note("The Qwen Code CLI stays logged in: its file is unchanged.");
    }
    tell(arguments, id, profile.kind())
}

/// Removes a profile that cannot be read.
async fn discard(arguments: &Logout, store: &FileStore, id: &ProfileId) -> Result<(), Failure> {
    let _lease = store.lease(id).await.map_err(failure)?;
    if !store.discard(id).await.map_err(failure)? {
        return must_exist(store, id).await;
    }
    tell(arguments, id, "damaged")
}

fn tell(arguments: &Logout, id: &ProfileId, kind: &str) -> Result<(), Failure> {
    let mut out = Out::new();
    if arguments.json {
        let document = json!({
            "ok": true,
            "removed": {"id": id.as_str(), "provider": id.provider(), "type": kind},
        });
        return out.document(&document);
    }
    out.line(&format!(
        "Removed auth profile: {id} ({}/{kind})",
        id.provider()
    ))
}
