//! Checks of OpenClaw: which of its stores counts, and what its service would see.

use std::{fs, io::Read, path::PathBuf};

use qwen_openclaw::{auth::Source, config::KeyPath};

use super::{
    check::Found,
    home::Home,
    shell::{set, word},
};
use crate::auth::list::timestamp;

/// The release that keeps credentials in databases.
const DATABASES: (u32, u32) = (2026, 9);

/// The longest service definition that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// A key that is only in the environment of this process, which a service does not share.
pub(super) fn service(home: &Home) -> Vec<Found> {
    let survey = &home.survey;
    let credential = home.route.as_ref().and_then(|route| route.credential());
    let source = credential.map(qwen_openclaw::auth::Credential::source);
    let Some(Source::Environment { name }) = source else {
        return Vec::new();
    };
    let provider = home.route.as_ref().map(|route| route.provider());
    let openclaw_has = home
        .keys
        .iter()
        .any(|key| key.is_openclaws && Some(&key.provider) == provider);
    let is_configured = provider.is_some_and(|provider| {
        survey
            .entry(provider)
            .is_some_and(|entry| entry.api_key.is_some())
    });
    // Without a configuration there is no service.
    if survey.document.is_none() || openclaw_has || survey.config.env.shell.is_enabled {
        return Vec::new();
    }
    let services = services(home);
    let names_it = |text: &str| text.contains(name.as_str()) || text.contains("EnvironmentFile=");
    if services.iter().any(|(_, text)| names_it(text)) {
        return Vec::new();
    }
    let dotenv = survey
        .environment()
        .shown(&home.openclaw.folder.join(".env"));
    let which = match services.first() {
        Some((path, _)) => format!("the service {}", survey.environment().shown(path)),
        None => "OpenClaw started by launchd or systemd".to_owned(),
    };
    let also = if is_configured {
        " (the configuration refers to it)"
    } else {
        ""
    };
    let shell = set(&KeyPath::from(["env", "shellEnv", "enabled"]), "true");
    vec![Found::new(
        format!("{name} is set in this process only{also}; {which} does not see it"),
        format!(
            "add the line `{name}=...` to {dotenv}, or {shell} if the login \
             shell sets it"
        ),
    )]
}

/// The definitions of OpenClaw's services, which may contain keys.
fn services(home: &Home) -> Vec<(PathBuf, String)> {
    let Some(user) = home.survey.environment().home() else {
        return Vec::new();
    };
    let folders = [".config/systemd/user", "Library/LaunchAgents"];
    let mut found = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(user.join(folder)).into_iter().flatten();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_service = name.ends_with(".service") || name.ends_with(".plist");
            if !name.contains("openclaw") || !is_service || !path.is_file() {
                continue;
            }
            let mut text = Vec::new();
            let read =
                fs::File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
            if read.is_ok() {
                found.push((path, String::from_utf8_lossy(&text).into_owned()));
            }
        }
    }
    found
}

/// Credentials that the current release refuses to start with.
pub(super) fn migration(home: &Home) -> Vec<Found> {
    let is_json = |path: &std::path::Path| path.extension().is_some_and(|end| end == "json");
    let has_database = home.openclaw.folder.join("state/openclaw.sqlite").exists();
    let version = home.openclaw.version.as_deref().and_then(release);
    if !has_database && version.is_none_or(|version| version < DATABASES) {
        return Vec::new();
    }
    let stores = home.openclaw.stores.stores.iter();
    let old = stores.filter(|store| is_json(store.path()) && !store.is_empty());
    old.map(|store| {
        let path = home.survey.environment().shown(store.path());
        Found::new(
            format!(
                "{path} is the store of an earlier release; OpenClaw 2026.9 stops until it is migrated"
            ),
            "`openclaw doctor --fix`",
        )
    })
    .collect()
}

/// The year and month of a version.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Stores of an earlier release beside the databases, which are not read.
pub(super) fn unused(home: &Home) -> Vec<Found> {
    let outdated = home.openclaw.stores.outdated.iter();
    outdated
        .map(|path| {
            let path = home.survey.environment().shown(path);
            Found::new(
                format!("{path} contains credentials, and OpenClaw no longer reads it"),
                "`openclaw doctor --fix` imports it and renames it",
            )
        })
        .collect()
}

/// Stores that cannot be read.
pub(super) fn unreadable(home: &Home) -> Vec<Found> {
    let problems = home.openclaw.stores.problems.iter();
    problems
        .map(|problem| {
            let path = home.survey.environment().shown(&problem.path);
            Found::new(
                format!("{path} {}", problem.message),
                "`openclaw doctor` examines it",
            )
        })
        .collect()
}

/// Tokens of OpenClaw's that have expired and cannot be renewed.
pub(super) fn expired(home: &Home) -> Vec<Found> {
    let expired = home.keys.iter().filter_map(|key| {
        let expires = key.expires.filter(|_| key.is_openclaws)?;
        (expires <= home.survey.now).then_some((key, expires))
    });
    expired
        .map(|(key, expires)| {
            let time = timestamp(expires).unwrap_or_default();
            let provider = word(key.provider.id());
            Found::new(
                format!("{} has expired {time}", key.source),
                format!("`openclaw models auth paste-token --provider {provider}`"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_year_and_a_month() {
        assert_eq!(release("2026.9.6"), Some((2026, 9)));
        assert!(release("2026.10.1").unwrap() > DATABASES);
        assert_eq!(release("dev"), None);
    }
}
