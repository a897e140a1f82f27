//! Checks of keys, tokens and logins.

use qwen_openclaw::{
    auth::{ApiKey, KeyKind, Source},
    catalog::{Plan, Provider},
};

use super::{
    check::Found,
    configuration::provider as entry_path,
    home::Home,
    keys::variables,
    shell::{unset, word},
};
use crate::{
    auth::list::{Row, Status},
    models_status::{Effective, Readiness},
    symptom::set_up,
};

/// The command that stores a key of a provider.
pub(super) fn store_again(provider: &str) -> String {
    let provider = word(Provider::canonical_id(provider));
    format!("`qwen-openclaw models auth paste-api-key --provider {provider}` stores a key")
}

/// Providers of configured models without any credential.
pub(super) fn missing(home: &Home) -> Vec<Found> {
    let Ok(status) = &home.status else {
        return Vec::new();
    };
    let lacking = status.providers.iter().filter(|each| {
        each.is_used && each.readiness == Readiness::Missing && each.effective == Effective::Missing
    });
    lacking
        .map(|each| {
            let provider = &each.provider;
            let models: Vec<&str> = status
                .models()
                .filter(|model| home.survey.provider_of(model).ok().as_ref() == Some(provider))
                .map(String::as_str)
                .collect();
            let text = format!(
                "there is no key for {provider}, which {} needs",
                models.join(", ")
            );
            let openclaw_has = home.keys.iter().any(|key| key.provider == *provider);
            let has_expired = provider == &Provider::QWEN_OAUTH && home.survey.cli_login.is_some();
            let text = match has_expired {
                true => format!("{text}; the Qwen Code CLI's login has expired"),
                false => text,
            };
            let fix = if openclaw_has {
                "`qwen-openclaw models auth import openclaw` takes over OpenClaw's".to_owned()
            } else {
                format!("`qwen-openclaw {}`", set_up(provider))
            };
            Found::new(text, fix)
        })
        .collect()
}

/// Variables and configured keys that are no keys.
pub(super) fn malformed(home: &Home) -> Vec<Found> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    let providers = Provider::well_known();
    for name in providers.flat_map(|provider| provider.env_vars().iter()) {
        if seen.contains(name) {
            continue;
        }
        seen.push(*name);
        for variable in home.survey.environment().all(name) {
            if let Err(error) = variable.value().and_then(ApiKey::parse) {
                let source = variable.source();
                let fix = remove(home, &source, None);
                found.push(Found::new(error.at(source).to_string(), fix));
            }
        }
    }
    for entry in &home.survey.config.models.providers {
        let key = entry.api_key.as_ref();
        let error = key.and_then(|key| key.key(home.survey.environment()).err());
        if let Some(error) = error
            && error.kind() == qwen_openclaw::config::ErrorKind::InvalidKey
        {
            let path = entry_path(&entry.name).name("apiKey");
            let fix = format!("{}; then {}", store_again(&entry.name), unset(&path));
            found.push(Found::new(format!("{error} ({path})"), fix));
        }
    }
    found
}

/// Keys that are never used, because another one of the same provider comes first.
pub(super) fn shadowed(home: &Home) -> Vec<Found> {
    let mut found = Vec::new();
    for provider in Provider::well_known() {
        let mut ranked: Vec<(ApiKey, Source)> = Vec::new();
        let usable = home.survey.profiles.iter();
        let mut usable = usable
            .filter(|row| row.id.provider() == provider.id())
            .filter(|row| !row.status.is_dead() && !row.is_excluded)
            .filter_map(|row| {
                let key = row.profile.key()?.clone();
                Some((key, Source::Profile(row.id.to_string())))
            });
        // Several profiles are several accounts; the first stands for all.
        ranked.extend(usable.next());
        let profiles: Vec<ApiKey> = usable.map(|(key, _)| key).collect();
        for (owner, source, key) in variables(&home.survey) {
            if owner == provider && !profiles.contains(&key) {
                ranked.push((key, source));
            }
        }
        if let Ok(Some((key, source))) = home.survey.configured_key(&provider) {
            ranked.push((key.clone(), source.clone()));
        }
        let Some(((first, first_source), others)) = ranked.split_first() else {
            continue;
        };
        for (key, source) in others.iter().filter(|(key, _)| key != first) {
            let text = format!(
                "the key {} of {provider} ({source}) is not used, because {} ({first_source}) comes \
                 first",
                key.masked(),
                first.masked()
            );
            let entry = home
                .survey
                .entry(&provider)
                .map(|entry| entry.name.as_str());
            found.push(Found::new(text, remove(home, source, entry)));
        }
    }
    found
}

/// How a key is removed from where it was found.
fn remove(home: &Home, source: &Source, entry: Option<&str>) -> String {
    match source {
        Source::Environment { name } => {
            format!("`unset {name}`, also in the profile of the shell")
        }
        Source::Dotenv { name, path } => format!("remove {name} from {path}"),
        Source::ConfigVariable { name, .. } => {
            let document = home.survey.document.as_ref();
            let paths = [vec!["env", "vars", name], vec!["env", name]];
            let paths = paths.map(|names| {
                let empty = qwen_openclaw::config::KeyPath::default();
                names.iter().fold(empty, |path, name| path.name(*name))
            });
            let there = paths
                .iter()
                .find(|path| document.is_some_and(|document| document.contains(path)));
            there.map_or_else(|| format!("remove {name} from env.vars"), unset)
        }
        Source::Config { .. } => match entry {
            Some(name) => unset(&entry_path(name).name("apiKey")),
            None => format!("remove it: {source}"),
        },
        _ => format!("remove it: {source}"),
    }
}

/// A Coding Plan key of `qwen` that is sent to an endpoint of another plan, or the reverse.
pub(super) fn wrong_plan(home: &Home) -> Vec<Found> {
    let used = home
        .route
        .as_ref()
        .and_then(|route| Some((route, route.credential()?)));
    let Some((route, credential)) = used else {
        return Vec::new();
    };
    let (key, provider) = (credential.key(), route.provider());
    let Some(plan) = route.endpoint().plan() else {
        return Vec::new();
    };
    if *provider != Provider::QWEN
        || (key.kind() == KeyKind::CodingPlan) == (plan == Plan::Coding)
        || key.kind() == KeyKind::Other
    {
        return Vec::new();
    }
    let fits = match key.kind() {
        KeyKind::CodingPlan => "coding",
        _ => "standard",
    };
    let text = format!(
        "the key {} ({}) does not look like one of {} ({}), where it is sent",
        key.masked(),
        credential.source(),
        route.endpoint().base_url(),
        route.endpoint().rule()
    );
    let configured = home.survey.entry_with_url(provider);
    let store =
        format!("`qwen-openclaw models auth paste-api-key --provider {provider} --plan {fits}`");
    let fix = match configured {
        Some(entry) => format!(
            "{}, and {store}",
            unset(&entry_path(&entry.name).name("baseUrl"))
        ),
        None => store,
    };
    vec![Found::new(text, fix)]
}

/// Logins and tokens that cannot be used any more.
pub(super) fn dead(home: &Home) -> Vec<Found> {
    let dead = home
        .survey
        .profiles
        .iter()
        .filter(|row| row.status.is_dead());
    dead.map(|row| Found::new(row.label(), replacement(row)))
        .collect()
}

/// Tokens that expire within a day and cannot be renewed, and logins whose renewal broke off.
pub(super) fn expiring(home: &Home) -> Vec<Found> {
    let rows = home.survey.profiles.iter();
    let soon = rows.filter(|row| {
        row.readiness(home.survey.now) == Readiness::Expiring || row.status == Status::Interrupted
    });
    soon.map(|row| Found::new(row.label(), replacement(row)))
        .collect()
}

fn replacement(row: &Row) -> String {
    format!(
        "{}, or `qwen-openclaw models auth logout {}`",
        row.replacement()
            .replace("`models ", "`qwen-openclaw models "),
        row.id
    )
}
