//! Checks for secrets in places where this program does not use them, or where they do not belong.

use qwen_openclaw::{
    catalog::Provider,
    config::{ErrorKind, KeyForm, ProviderEntry},
};

use super::{
    check::Found,
    configuration::{at, provider},
    credentials::store_again,
    home::Home,
    shell::{set, unset, word},
};
use crate::symptom::LOG_IN;

/// Keys that only OpenClaw can read.
pub(super) fn secret_sources(home: &Home) -> Vec<Found> {
    let mut found = Vec::new();
    for entry in &home.survey.config.models.providers {
        let key = entry.api_key.as_ref();
        let error = key.and_then(|key| key.key(home.survey.environment()).err());
        if let Some(error) = error
            && error.kind() == ErrorKind::UnreadableSecret
        {
            found.push(Found::new(error.to_string(), store_again(&entry.name)));
        }
    }
    found
}

/// Keys in the clear.
pub(super) fn literal_keys(home: &Home) -> Vec<Found> {
    let entries = home.survey.config.models.providers.iter();
    let literal = entries.filter_map(|entry| {
        let key = entry.api_key.as_ref()?;
        if key.form() != KeyForm::Literal {
            return None;
        }
        let (key, _) = key.key(home.survey.environment()).ok()??;
        let path = provider(&entry.name).name("apiKey");
        let text = format!(
            "the API key {} of {} is in the configuration, in the clear",
            key.masked(),
            entry.name
        );
        Some(Found::new(
            at(home, &path, text),
            format!("{}; then {}", store_again(&entry.name), unset(&path)),
        ))
    });
    literal.collect()
}

/// Tokens in an entry, as an old page of the documentation has them.
pub(super) fn tokens(home: &Home) -> Vec<Found> {
    let entries = home.survey.config.models.providers.iter();
    entries
        .filter(|entry| entry.tokens.is_some())
        .map(|entry| {
            let path = provider(&entry.name);
            let names = ["accessToken", "refreshToken", "expiresAt"];
            let document = home.survey.document.as_ref();
            let there = names.map(|name| path.clone().name(name));
            let there = there
                .iter()
                .filter(|path| document.is_some_and(|document| document.contains(path)));
            let removed: Vec<String> = there.map(unset).collect();
            let text = format!(
                "the entry {} contains tokens{}; OpenClaw 2026.9 refuses it",
                entry.name,
                expiry(home, entry)
            );
            let mut fix = move_tokens(&entry.name);
            if !removed.is_empty() {
                fix = format!("{fix}; then {}", removed.join(", "));
            }
            Found::new(at(home, &path, text), fix)
        })
        .collect()
}

/// What a documentation page puts into an agent's `models.json`, and what this program needs elsewhere.
pub(super) fn derived(home: &Home) -> Vec<Found> {
    let mut found = Vec::new();
    for (agent, models) in &home.openclaw.derived {
        let file = format!("models.json of the agent {agent}");
        for entry in &models.providers {
            let key = entry.api_key.as_ref();
            let name = &entry.name;
            let is_configured = home.survey.config.models.provider(name).is_some();
            if entry.tokens.is_some() {
                let expiry = expiry(home, entry);
                found.push(Found::new(
                    format!("the {file} contains tokens of {name}{expiry}, which are not used"),
                    move_tokens(name),
                ));
            } else if key.is_some_and(|key| key.form() == KeyForm::Literal) {
                found.push(Found::new(
                    format!("the {file} contains an API key of {name}, which is not used"),
                    store_again(name),
                ));
            } else if let Some(known) = Provider::by_name(name)
                && known.is_qwen()
                && !is_configured
                && let Ok(Some(url)) = entry.base_url()
                && Some(url) != known.default_base_url()
            {
                let path = provider(name).name("baseUrl");
                found.push(Found::new(
                    format!("the {file} sets a base URL of {name}, which is not used: {url}"),
                    set(&path, &word(url)),
                ));
            }
        }
    }
    found
}

/// When the token expires or has expired, as far as it says so.
fn expiry(home: &Home, entry: &ProviderEntry) -> String {
    let tokens = entry.tokens.as_ref();
    let Some(text) = tokens.and_then(|tokens| tokens.expires_at.as_deref()) else {
        return String::new();
    };
    let time = match text.trim().parse::<i64>() {
        Ok(millis) => jiff::Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.trim().parse().ok(),
    };
    let now = jiff::Timestamp::try_from(home.survey.now).ok();
    match (time, now) {
        (Some(time), Some(now)) if time <= now => format!(" that expired {time:.0}"),
        (Some(time), _) => format!(" that expire {time:.0}"),
        _ => String::new(),
    }
}

/// How tokens get from a file into the credential store.
fn move_tokens(name: &str) -> String {
    match Provider::by_name(name) {
        Some(known) if known == Provider::QWEN_OAUTH => format!(
            "log in again with `qwen-openclaw {LOG_IN}`, or store the token with `qwen-openclaw models \
             auth paste-token --provider {known}`"
        ),
        _ => format!(
            "store the token with `qwen-openclaw models auth paste-token --provider {}`",
            word(name)
        ),
    }
}
