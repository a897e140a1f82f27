//! Whether the key is accepted, and where it belongs otherwise.

use qwen_openclaw::{
    auth::variables,
    catalog::{AuthChoice, Endpoint, Provider, classify},
    client::{KeySearch, KeyVerdict},
};

use super::{Onboarding, args::Onboard, key::FoundKey};
use crate::{failure::Failure, key_check::KeyCheck, output::note, prompt};

/// Where a console shows keys.
const CONSOLE: &str = "https://home.qwencloud.com/api-keys";

/// What is known of the key.
pub(super) enum Checked {
    Accepted,
    /// It belongs to another choice, which the user has agreed to.
    Belongs(AuthChoice),
    /// Nothing could be found out, for this reason.
    Unclear(String),
    Skipped,
}

/// Where the key is used.
pub(super) struct Place {
    pub(super) url: String,
    /// What decided it, if it was not the choice.
    fixed_by: Option<String>,
}

impl Place {
    /// As for every request: a variable comes first, then the configuration.
    pub(super) fn of(onboarding: &Onboarding<'_>, choice: AuthChoice) -> Result<Self, Failure> {
        let environment = onboarding.config.environment();
        if let Some(variable) = environment.get(variables::QWEN_BASE_URL)
            && choice.provider() == Provider::QWEN
        {
            return Ok(Self {
                url: variable.value()?.to_owned(),
                fixed_by: Some(variable.source().to_string()),
            });
        }
        if let Some(url) = Self::configured(onboarding, choice)? {
            let fixed_by = Some(onboarding.configuration.file.shown().to_owned());
            return Ok(Self { url, fixed_by });
        }
        Ok(Self {
            url: onboarding.check.url_of(choice.endpoint()).to_owned(),
            fixed_by: None,
        })
    }

    /// The base URL of every request to come; the emulator is gone by then.
    pub(super) fn after(
        onboarding: &Onboarding<'_>,
        choice: AuthChoice,
    ) -> Result<String, Failure> {
        let place = Self::of(onboarding, choice)?;
        Ok(match place.fixed_by {
            Some(_) => place.url,
            None => choice.endpoint().base_url().to_owned(),
        })
    }

    /// A base URL in the configuration that is none of the service's: it stays.
    pub(super) fn configured(
        onboarding: &Onboarding<'_>,
        choice: AuthChoice,
    ) -> Result<Option<String>, Failure> {
        let models = &onboarding.config.models;
        let Some(entry) = models.provider(choice.provider().id()) else {
            return Ok(None);
        };
        let url = entry.base_url()?;
        let own = url.filter(|url| classify(url).endpoint().is_none());
        Ok(own.map(str::to_owned))
    }
}

pub(super) async fn open(arguments: &Onboard) -> Result<KeyCheck, Failure> {
    let check = KeyCheck::open(arguments.emulator).await?;
    if let Some(emulator) = check.emulator() {
        note(&format!("emulator at {}", emulator.origin()));
    }
    Ok(check)
}

pub(super) async fn run(
    onboarding: &Onboarding<'_>,
    choice: AuthChoice,
    found: &FoundKey,
) -> Result<Checked, Failure> {
    let (key, place) = (&found.key, Place::of(onboarding, choice)?);
    if let Some(fixed_by) = &place.fixed_by {
        note(&format!(
            "Checking the key at {} ({fixed_by}) ...",
            place.url
        ));
    } else {
        note(&format!(
            "Checking the key at {} ({}) ...",
            place.url,
            choice.endpoint().label()
        ));
    }
    let verdict = onboarding
        .check
        .at(&choice.provider(), key, &place.url)
        .await;
    match verdict? {
        KeyVerdict::Accepted => Ok(Checked::Accepted),
        KeyVerdict::Refused(_) if place.fixed_by.is_none() && is_cloud(choice) => {
            let search = onboarding.check.search(key, choice.endpoint()).await?;
            elsewhere(onboarding, choice, found, &search).await
        }
        KeyVerdict::Refused(error) => {
            let fixed = place.fixed_by.map(|by| format!(", which {by} sets"));
            let message = format!(
                "the key {} ({}) was refused by {}{}: {error}",
                key.masked(),
                found.source,
                place.url,
                fixed.unwrap_or_default()
            );
            Err(Failure::authentication(message).with_hint("nothing was written"))
        }
        KeyVerdict::Unclear(error) => {
            let reason = Failure::from(error).message().to_owned();
            note(&format!(
                "warning: the key could not be checked and is stored as it is: {reason}"
            ));
            Ok(Checked::Unclear(reason))
        }
        _ => Ok(Checked::Unclear("an answer of an unknown kind".to_owned())),
    }
}

/// A portal token belongs to no other place.
fn is_cloud(choice: AuthChoice) -> bool {
    choice.endpoint() != Endpoint::Portal
}

/// Offers the choice that the key belongs to.
async fn elsewhere(
    onboarding: &Onboarding<'_>,
    choice: AuthChoice,
    found: &FoundKey,
    search: &KeySearch,
) -> Result<Checked, Failure> {
    let (masked, label) = (found.key.masked(), choice.endpoint().label());
    let source = &found.source;
    let Some(other) = search.found.and_then(choice_of) else {
        let mut message = format!(
            "the key {masked} ({source}) was refused by {label} and by {} other endpoints",
            search.refused.len()
        );
        if !search.unclear.is_empty() {
            message.push_str(&format!("; {} did not answer", search.unclear.len()));
        }
        return Err(Failure::authentication(message).with_hint(format!(
            "nothing was written. Copy the key again from {CONSOLE}"
        )));
    };
    let belongs = other.endpoint().label();
    let message = format!("the key {masked} ({source}) belongs to {belongs}, not to {label}");
    let command = format!("onboard --auth-choice {}", other.id());
    let refused = || {
        Failure::authentication(&message).with_hint(format!(
            "nothing was written. Run `{command}` with this key"
        ))
    };
    if !onboarding.asks {
        return Err(refused());
    }
    note(&format!("{message}."));
    let question = format!("Set up {belongs} ({}) instead?", other.id());
    if prompt::confirm(&question, true).await? {
        Ok(Checked::Belongs(other))
    } else {
        Err(refused())
    }
}

fn choice_of(endpoint: Endpoint) -> Option<AuthChoice> {
    let mut all = AuthChoice::all().iter();
    all.find(|choice| choice.endpoint() == endpoint).copied()
}
