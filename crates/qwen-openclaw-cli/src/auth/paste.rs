//! `models auth paste-api-key` and `paste-token`: store a secret from a prompt or a pipe.

use qwen_openclaw::{
    auth::{KeyEndpoint, KeyKind, Profile, ProfileId, StaticToken, StoredKey},
    catalog::Provider,
    client::EndpointRules,
};
use serde_json::json;

use super::{args::Paste, profile_id, store, store_profile, stored_line, warn};
use crate::{
    block_on,
    configuration::environment,
    failure::Failure,
    key::ask_for_key,
    output::{Out, note},
};

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    ApiKey,
    Token,
}

pub(crate) fn run(arguments: &Paste, kind: Kind) -> Result<(), Failure> {
    // A key for an unknown provider would never be sent.
    let provider = match &arguments.base_url {
        Some(_) => arguments.provider.parse()?,
        None => crate::models::known_provider(&arguments.provider)?,
    };
    let id = profile_id(provider.id(), Some(&arguments.profile))?;
    let endpoint = endpoint(arguments, &provider)?;
    if matches!(kind, Kind::Token) && !endpoint.is_empty() {
        return Err(Failure::usage(
            "a token has no plan, region or base URL: those are for `paste-api-key`",
        ));
    }
    let what = match kind {
        Kind::ApiKey => "API key",
        Kind::Token => "Token",
    };
    let key = block_on(ask_for_key(&format!("{what} for {provider}")))?;
    if matches!(kind, Kind::ApiKey)
        && provider != Provider::QWEN_OAUTH
        && key.kind() == KeyKind::Other
    {
        note("note: Qwen Cloud keys begin with sk-; this one is stored as is");
    }
    let profile = match kind {
        Kind::ApiKey => Profile::ApiKey(StoredKey::new(key, endpoint)),
        Kind::Token => Profile::Token(StaticToken::new(key)),
    };
    block_on(save(arguments, &id, &profile))
}

/// The endpoint the key is for, as far as the flags say.
fn endpoint(arguments: &Paste, provider: &Provider) -> Result<KeyEndpoint, Failure> {
    if let Some(url) = &arguments.base_url {
        // A URL that no key may be sent to is refused now, not at the first request.
        let rules = EndpointRules::new().base_url(url);
        rules
            .decide(provider, None)
            .map_err(qwen_openclaw::chat::Error::from)?;
    }
    if let Some(plan) = arguments.plan
        && !provider.plans().contains(&plan)
    {
        return Err(Failure::usage(format!(
            "the provider {provider} has no {} endpoint",
            plan.label()
        )));
    }
    let mut endpoint = KeyEndpoint::default();
    endpoint.plan = arguments.plan;
    endpoint.region = arguments.region;
    endpoint.base_url.clone_from(&arguments.base_url);
    Ok(endpoint)
}

async fn save(arguments: &Paste, id: &ProfileId, profile: &Profile) -> Result<(), Failure> {
    let store = store(&environment())?;
    let replaced = store_profile(&store, id, profile).await?;
    warn(&store);
    let mut out = Out::new();
    if arguments.json {
        let document = json!({
            "ok": true,
            "profile": {"id": id.as_str(), "provider": id.provider(), "type": profile.kind()},
            "replaced": replaced,
            "authStatePath": store.path(),
        });
        return out.document(&document);
    }
    out.line(&stored_line(id, profile.kind(), replaced))
}
