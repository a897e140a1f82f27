//! `models status --json`: OpenClaw's shape with our paths, and the documented `auth.profiles`.

use std::time::{Duration, SystemTime};

use qwen_openclaw::auth::Profile;
use serde_json::{Map, Value, json};

use super::{Effective, ModelStatus, ProviderStatus, Readiness, WARN_AFTER};
use crate::{auth::list::Row, survey::Survey};

/// OpenClaw's word for a profile that the configured order leaves out.
const EXCLUDED: &str = "excluded_by_auth_order";

pub(super) fn of(survey: &Survey, status: &ModelStatus) -> Value {
    let folder = survey.store.path().parent();
    let document = &survey.document;
    let aliases = document.as_ref().map(|document| document.aliases());
    let aliases = aliases.into_iter().flatten();
    let aliases: Map<_, _> = aliases
        .map(|(alias, model)| (alias, model.into()))
        .collect();
    json!({
        "configPath": survey.configuration.file.path(),
        "agentDir": folder,
        "defaultModel": status.default,
        "resolvedDefault": status.resolved,
        "fallbacks": status.fallbacks,
        "imageModel": status.image,
        "imageFallbacks": status.image_fallbacks,
        // A model for small tasks of OpenClaw's own, of which there are none here.
        "utilityModel": {"ref": null, "source": "none"},
        "aliases": aliases,
        // Which models may be used is not restricted.
        "allowed": [],
        "auth": auth(survey, status),
    })
}

fn auth(survey: &Survey, status: &ModelStatus) -> Value {
    let profiles: Map<_, _> = survey
        .profiles
        .iter()
        .map(|row| (row.id.to_string(), documented(row, survey)))
        .collect();
    let used = || status.providers.iter().filter(|provider| provider.is_used);
    let missing = used().filter(|provider| provider.readiness == Readiness::Missing);
    let issues = used().filter_map(|provider| Some((provider, provider.problem.as_ref()?)));
    let issues = issues
        .map(|(provider, message)| json!({"kind": "indeterminate", "provider": provider.provider, "message": message}))
        .chain(status.problems.iter().map(|message| json!({"kind": "indeterminate", "message": message})));
    let unusable = survey.profiles.iter();
    let unusable = unusable.filter(|row| row.status.is_dead() || row.is_excluded);
    let health: Vec<Value> = survey
        .profiles
        .iter()
        .map(|row| health(row, survey))
        .collect();
    let grouped: Vec<Value> = status
        .providers
        .iter()
        .filter(|provider| !provider.rows.is_empty())
        .map(|provider| group(provider, survey))
        .collect();
    json!({
        "storePath": survey.store.path(),
        "shellEnvFallback": {
            "enabled": survey.config.env.shell.is_enabled,
            "appliedKeys": survey.environment().shell_variables().collect::<Vec<_>>(),
        },
        "profiles": profiles,
        "providersWithOAuth": status.with_logins(survey),
        "missingProvidersInUse": missing.map(|provider| provider.provider.id()).collect::<Vec<_>>(),
        "modelRouteIssues": issues.collect::<Vec<_>>(),
        "runtimeAuthRoutes": [],
        "providers": status.providers.iter().map(|each| provider(each, survey)).collect::<Vec<_>>(),
        "unusableProfiles": unusable.map(|row| json!({
            "profileId": row.id.as_str(),
            "provider": row.id.provider(),
            "kind": if row.is_excluded { "excluded" } else { "disabled" },
            "reason": if row.is_excluded { EXCLUDED } else { row.status.as_str() },
        })).collect::<Vec<_>>(),
        "oauth": {
            "warnAfterMs": millis(WARN_AFTER),
            "profiles": health,
            "providers": grouped,
        },
    })
}

/// A profile under the documented path.
fn documented(row: &Row, survey: &Survey) -> Value {
    let mut value = json!({
        "provider": row.id.provider(),
        "mode": kind(row),
        "status": row.status.as_str(),
    });
    add_expiry(&mut value, row, survey.now);
    value
}

fn provider(status: &ProviderStatus, survey: &Survey) -> Value {
    let count = |kinds: &[&str]| status.count(survey, |kind| kinds.contains(&kind));
    let labels: Vec<_> = status.rows(survey).map(label).collect();
    let mut value = json!({
        "provider": status.provider,
        "effective": {"kind": status.effective.as_str(), "detail": status.detail(survey)},
        "profiles": {
            "count": labels.len(),
            "oauth": count(&["oauth", "qwen_cli"]),
            "token": count(&["token"]),
            "apiKey": count(&["api_key"]),
            "labels": labels,
        },
    });
    let found = [
        ("env", &status.variable),
        ("modelsJson", &status.configured),
    ];
    for (name, found) in found {
        if let Some((key, source)) = found {
            value[name] = json!({"value": key, "source": source});
        }
    }
    value
}

/// As OpenClaw writes it: `qwen:default=sk...23`.
pub(super) fn label(row: &Row) -> String {
    let secret = match &row.profile {
        Profile::ApiKey(stored) => stored.key().masked(),
        Profile::Token(token) => format!("token:{}", token.token().masked()),
        _ => "OAuth".to_owned(),
    };
    let excluded = if row.is_excluded {
        " (not in auth.order)"
    } else {
        ""
    };
    format!("{}={secret}{excluded}", row.id)
}

fn health(row: &Row, survey: &Survey) -> Value {
    let mut value = json!({
        "profileId": row.id.as_str(),
        "provider": row.id.provider(),
        "type": kind(row),
        "status": row.health(survey.now),
        "source": "store",
        "label": row.id.as_str(),
    });
    add_expiry(&mut value, row, survey.now);
    value
}

fn group(status: &ProviderStatus, survey: &Survey) -> Value {
    let all: Vec<Value> = status.rows(survey).map(|row| health(row, survey)).collect();
    // The one that lasts longest decides.
    let best = status
        .rows(survey)
        .min_by_key(|row| row.readiness(survey.now));
    let is_effective = status.effective == Effective::Profiles;
    let mut value = json!({
        "provider": status.provider,
        "status": best.map(|row| row.health(survey.now)),
        "profiles": all,
        "effectiveProfiles": if is_effective { all.clone() } else { Vec::new() },
    });
    if let Some(best) = best {
        add_expiry(&mut value, best, survey.now);
    }
    value
}

/// OpenClaw's word for the kind of a profile. The Qwen Code CLI's login is a login.
fn kind(row: &Row) -> &'static str {
    match row.profile.kind() {
        "qwen_cli" => "oauth",
        kind => kind,
    }
}

/// In milliseconds since 1970, and from now.
fn add_expiry(value: &mut Value, row: &Row, now: SystemTime) {
    let Some(expires) = row.expires else {
        return;
    };
    let at = expires.duration_since(SystemTime::UNIX_EPOCH);
    value["expiresAt"] = at.map_or(0, millis).into();
    value["remainingMs"] = match expires.duration_since(now) {
        Ok(left) => millis(left).into(),
        Err(past) => 0_i64
            .saturating_sub_unsigned(millis(past.duration()))
            .into(),
    };
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
