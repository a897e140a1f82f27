//! `models auth list`.

use std::time::SystemTime;

use jiff::{Timestamp, Unit};
use qwen_openclaw::{
    auth::{CredentialStore, Profile, ProfileId},
    catalog::Provider,
};
use serde_json::{Value, json};

use super::{args::List, environment, failure, store, warn};
use crate::{block_on, failure::Failure, output::Out};

pub(crate) fn run(arguments: &List) -> Result<(), Failure> {
    block_on(list(arguments))
}

async fn list(arguments: &List) -> Result<(), Failure> {
    let environment = environment();
    let store = store(&environment)?;
    let provider = arguments.provider.as_deref().map(canonical);
    let mut profiles = Vec::new();
    for id in store.list().await.map_err(failure)? {
        if provider
            .as_deref()
            .is_none_or(|provider| provider == id.provider())
            && let Some(profile) = store.load(&id).await.map_err(failure)?
        {
            profiles.push((id, profile));
        }
    }
    warn(&store);
    let mut out = Out::new();
    if arguments.json {
        let rows: Vec<Value> = profiles
            .iter()
            .map(|(id, profile)| row(id, profile))
            .collect();
        let document = json!({
            "authStatePath": store.path(),
            "provider": provider,
            "profiles": rows,
        });
        return out.line(&format!("{document:#}"));
    }
    out.line(&format!(
        "Auth state store: {}",
        environment.shown(store.path())
    ))?;
    if profiles.is_empty() {
        return out.line("No profiles stored.");
    }
    out.line("Profiles:")?;
    for (id, profile) in &profiles {
        out.line(&format!("- {}", label(id, profile)))?;
    }
    Ok(())
}

fn row(id: &ProfileId, profile: &Profile) -> Value {
    json!({
        "id": id.as_str(),
        "provider": id.provider(),
        "type": profile.kind(),
        "label": label(id, profile),
        "expires": profile.expires().and_then(timestamp),
        "endpoint": endpoint(profile),
    })
}

/// The endpoint a key was stored for, if known.
fn endpoint(profile: &Profile) -> Option<Value> {
    let Profile::ApiKey(stored) = profile else {
        return None;
    };
    let endpoint = stored.endpoint();
    (!endpoint.is_empty()).then(|| {
        json!({
            "plan": endpoint.plan,
            "region": endpoint.region,
            "baseUrl": endpoint.base_url,
        })
    })
}

/// As OpenClaw writes it: `qwen:tok [qwen/token; expires 2026-12-21T02:51:11.247Z]`.
fn label(id: &ProfileId, profile: &Profile) -> String {
    let expires = profile.expires().and_then(timestamp);
    let expires = expires.map_or_else(String::new, |time| format!("; expires {time}"));
    format!("{id} [{}/{}{expires}]", id.provider(), profile.kind())
}

/// The id of a known provider; any other name unchanged.
pub(super) fn canonical(provider: &str) -> String {
    Provider::by_name(provider).map_or_else(|| provider.to_owned(), |known| known.id().to_owned())
}

/// A time in UTC to the millisecond; `None` if it is out of range.
pub(super) fn timestamp(time: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(time)
        .ok()?
        .round(Unit::Millisecond)
        .ok()?;
    Some(format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let time = UNIX_EPOCH + Duration::from_millis(1_797_821_471_247);
        assert_eq!(timestamp(time).unwrap(), "2026-12-21T02:51:11.247Z");
        let whole = UNIX_EPOCH + Duration::from_secs(1_797_821_471);
        assert_eq!(timestamp(whole).unwrap(), "2026-12-21T02:51:11.000Z");
    }
}
