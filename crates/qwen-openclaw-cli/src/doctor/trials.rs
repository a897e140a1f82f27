//! `--online`: every key at every endpoint it may belong to. Nothing but `GET /models` is sent.

use qwen_openclaw::{
    ErrorKind,
    auth::{ApiKey, KeyKind},
    catalog::{Endpoint, Plan, Provider},
    client::{Error, KeyVerdict},
    config::ProviderEntry,
};

use super::{
    check::Found, credentials::store_again, endpoints::lookalike, home::Home, keys::FoundKey,
};
use crate::{failure::Failure, hint::flags, key_check::KeyCheck, output::note, symptom::LOG_IN};

/// The most keys that are tried.
const MOST_KEYS: usize = 12;

/// A key that was tried at an endpoint.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) provider: Provider,
    pub(super) key: ApiKey,
    pub(super) source: String,
    pub(super) place: Place,
    /// Whether requests for the default model go there with this key.
    pub(super) is_used: bool,
    pub(super) outcome: Outcome,
}

/// Where a key is tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) base_url: String,
    /// The official endpoint, or the one that the emulator stands for.
    endpoint: Option<Endpoint>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Accepted,
    Refused(String),
    Unreachable(String),
    /// It answers, but neither accepts the key nor refuses it.
    Unclear(String),
}

/// Tries the keys, and keeps what came out.
pub(super) async fn run(home: &mut Home, use_emulator: bool) -> Result<(), Failure> {
    let check = KeyCheck::open(use_emulator).await?;
    let mut trials = Vec::new();
    if let Some(more) = home
        .keys
        .len()
        .checked_sub(MOST_KEYS)
        .filter(|more| *more > 0)
    {
        note(&format!("warning: {more} of the keys are not tried"));
    }
    for key in home.keys.iter().take(MOST_KEYS) {
        for (place, is_used) in places(home, key, &check) {
            // What cannot be reached is waited for once.
            let known = trials
                .iter()
                .find_map(|trial: &Trial| match &trial.outcome {
                    Outcome::Unreachable(message) if trial.place == place => Some(message.clone()),
                    _ => None,
                });
            let outcome = match known {
                Some(message) => Outcome::Unreachable(message),
                None => attempt(&check, key, &place).await,
            };
            trials.push(Trial {
                provider: key.provider.clone(),
                key: key.key.clone(),
                source: key.source.clone(),
                place,
                is_used,
                outcome,
            });
        }
    }
    home.trials = trials;
    Ok(())
}

/// Where a key may belong, the place in use first. A host that only looks like one of the vendor's is
/// not given a key.
fn places(home: &Home, key: &FoundKey, check: &KeyCheck) -> Vec<(Place, bool)> {
    let official = |endpoint: Endpoint| Place {
        base_url: check.url_of(endpoint).to_owned(),
        endpoint: Some(endpoint),
    };
    let elsewhere = |url: &str| Place {
        base_url: url.trim_end_matches('/').to_owned(),
        endpoint: None,
    };
    let mut places: Vec<(Place, bool)> = Vec::new();
    if let (true, Some(route)) = (home.is_used(key), &home.route) {
        let base_url = route.endpoint().base_url();
        let place = match route.endpoint().class().endpoint() {
            Some(endpoint) => official(endpoint),
            None => elsewhere(base_url.as_str()),
        };
        places.push((place, true));
    }
    // A key that is bound to a server goes nowhere else.
    if let Some(url) = &key.endpoint.base_url {
        if places.is_empty() {
            places.push((elsewhere(url), false));
        }
        places.retain(|(place, _)| lookalike(&place.base_url).is_none());
        return places;
    }
    let plans: &[Plan] = match key.key.kind() {
        KeyKind::CodingPlan if key.provider == Provider::QWEN => &[Plan::Coding],
        _ => key.provider.plans(),
    };
    for endpoint in Endpoint::all() {
        let place = official(*endpoint);
        let is_there = places
            .iter()
            .any(|(other, _)| other.base_url == place.base_url);
        if plans.contains(&endpoint.plan()) && !is_there {
            places.push((place, false));
        }
    }
    let entry = home.survey.entry(&key.provider);
    if let Some(Ok(Some(url))) = entry.map(ProviderEntry::base_url)
        && places.is_empty()
    {
        places.push((elsewhere(url), false));
    }
    places.retain(|(place, _)| lookalike(&place.base_url).is_none());
    places
}

async fn attempt(check: &KeyCheck, key: &FoundKey, place: &Place) -> Outcome {
    let verdict = check.at(&key.provider, &key.key, &place.base_url).await;
    match verdict {
        Ok(KeyVerdict::Accepted) => Outcome::Accepted,
        Ok(KeyVerdict::Refused(error)) => Outcome::Refused(what(error)),
        Ok(KeyVerdict::Unclear(error)) | Err(error) => match error.kind() {
            ErrorKind::Network | ErrorKind::Timeout => Outcome::Unreachable(what(error)),
            _ => Outcome::Unclear(what(error)),
        },
        Ok(_) => Outcome::Unclear("an answer of an unknown kind".to_owned()),
    }
}

/// What a server said, or what kept it from being asked; the same words as everywhere.
fn what(error: Error) -> String {
    Failure::from(error).message().to_owned()
}

impl Place {
    pub(super) fn label(&self) -> String {
        match self.endpoint {
            Some(endpoint) => endpoint.label().to_owned(),
            None => self.base_url.clone(),
        }
    }
}

impl Outcome {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(_) => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::Unclear(_) => "unclear",
        }
    }

    pub(super) fn message(&self) -> Option<&str> {
        match self {
            Self::Accepted => None,
            Self::Refused(text) | Self::Unreachable(text) | Self::Unclear(text) => Some(text),
        }
    }
}

/// The trials of each key that was tried.
fn by_key(home: &Home) -> impl Iterator<Item = Vec<&Trial>> {
    let groups = home.keys.iter().map(|key| {
        let trials = home.trials.iter().filter(|trial| trial.is_of(key));
        trials.collect::<Vec<_>>()
    });
    groups.filter(|group| !group.is_empty())
}

impl Trial {
    pub(super) fn is_of(&self, key: &FoundKey) -> bool {
        self.key == key.key && self.provider == key.provider
    }

    fn is_accepted(&self) -> bool {
        matches!(self.outcome, Outcome::Accepted)
    }

    fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Refused(_))
    }

    fn shown(&self) -> String {
        format!(
            "the key {} of {} ({})",
            self.key.masked(),
            self.provider,
            self.source
        )
    }
}

/// Keys that are refused everywhere.
pub(super) fn refused(home: &Home) -> Vec<Found> {
    let refused = by_key(home).filter(|group| group.iter().all(|trial| trial.is_refused()));
    refused
        .filter_map(|group| {
            let first = group.first()?;
            let places: Vec<String> = group.iter().map(|trial| trial.place.label()).collect();
            let places = places.join("; ");
            Some(Found::new(
                format!("{} is refused everywhere: {places}", first.shown()),
                match first.provider == Provider::QWEN_OAUTH {
                    true => format!("`qwen-openclaw {LOG_IN}`"),
                    false => format!("make another; {}", store_again(first.provider.id())),
                },
            ))
        })
        .collect()
}

/// The key in use, refused where it is sent and accepted at another endpoint.
pub(super) fn elsewhere(home: &Home) -> Vec<Found> {
    let mut found = Vec::new();
    for group in by_key(home) {
        let used = group
            .iter()
            .find(|trial| trial.is_used && trial.is_refused());
        let good = group.iter().find(|trial| trial.is_accepted());
        if let (Some(used), Some(good)) = (used, good)
            && let Some(endpoint) = good.place.endpoint
        {
            let text = format!(
                "{} is refused by {}, and accepted by {}",
                used.shown(),
                used.place.label(),
                endpoint.label()
            );
            found.push(Found::new(text, move_to(home, used, endpoint)));
        }
    }
    found
}

fn move_to(home: &Home, trial: &Trial, endpoint: Endpoint) -> String {
    let provider = &trial.provider;
    let store = format!(
        "`qwen-openclaw models auth paste-api-key --provider {provider} {}`",
        flags(endpoint)
    );
    match home.survey.entry_with_url(provider) {
        Some(entry) => {
            let path = super::configuration::provider(&entry.name).name("baseUrl");
            super::shell::set(&path, endpoint.base_url())
        }
        None => store,
    }
}

/// Endpoints that no key could be tried at.
pub(super) fn unreachable(home: &Home) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut seen: Vec<&Place> = Vec::new();
    for trial in &home.trials {
        if let Outcome::Unreachable(message) = &trial.outcome
            && !seen.contains(&&trial.place)
        {
            seen.push(&trial.place);
            let (label, url) = (trial.place.label(), &trial.place.base_url);
            let text = match label == *url {
                true => format!("{url} cannot be reached: {message}"),
                false => format!("{label} ({url}) cannot be reached: {message}"),
            };
            let fix = format!("check the network and the proxy: `curl -I {url}`");
            found.push(Found::new(text, fix));
        }
    }
    found
}
