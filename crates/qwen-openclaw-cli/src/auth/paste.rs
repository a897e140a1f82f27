//! `models auth paste-api-key` and `paste-token`: one from standard input into the store.

use qwen_openclaw::{
    auth::{CredentialStore, Profile, ProfileId, StaticToken},
    catalog::Provider,
};
use serde_json::json;

use super::{args::Paste, environment, failure, profile_id, store, warn};
use crate::{block_on, connect::key_from_stdin, failure::Failure, output::Out};

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    ApiKey,
    Token,
}

pub(crate) fn run(arguments: &Paste, kind: Kind) -> Result<(), Failure> {
    // A key for a provider that nobody knows would never be sent.
    let provider: Provider = arguments
        .provider
        .parse()
        .map_err(|error: qwen_openclaw::catalog::Error| Failure::from(error).with_code_1())?;
    let id = profile_id(provider.id(), Some(&arguments.profile))?;
    let key = key_from_stdin()?;
    let profile = match kind {
        Kind::ApiKey => Profile::ApiKey(key),
        Kind::Token => Profile::Token(StaticToken::new(key)),
    };
    block_on(save(arguments, &id, &profile))
}

async fn save(arguments: &Paste, id: &ProfileId, profile: &Profile) -> Result<(), Failure> {
    let store = store(&environment())?;
    store.put(id, profile).await.map_err(failure)?;
    warn(&store);
    let mut out = Out::new();
    if arguments.json {
        let document = json!({
            "ok": true,
            "profile": {"id": id.as_str(), "provider": id.provider(), "type": profile.kind()},
            "authStatePath": store.path(),
        });
        return out.line(&format!("{document:#}"));
    }
    let kind = profile.kind();
    out.line(&format!("Auth profile: {id} ({}/{kind})", id.provider()))
}
