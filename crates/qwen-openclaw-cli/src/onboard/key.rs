//! The key: given, typed, found, or the emulator's.

use std::fmt;

use qwen_openclaw::{
    auth::{ApiKey, CredentialStore, ErrorKind, KeyKind, Profile, ProfileId, Resolver, Source},
    catalog::{AuthChoice, Plan},
};

use super::{Onboarding, args::SecretInputMode};
use crate::{
    failure::Failure,
    key::{ask_for_key, bare},
    key_check::{emulator_key, is_emulator_key},
    output::note,
    prompt,
};

/// A key, and where it is from.
pub(super) struct FoundKey {
    pub(super) key: ApiKey,
    pub(super) source: KeySource,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum KeySource {
    Flag,
    Stdin,
    Typed,
    Variable(Source),
    /// The profile of the same name, which stays as it is.
    Stored,
    Emulator,
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Stdin => "standard input",
            Self::Typed => "terminal",
            Self::Variable(source) => return fmt::Display::fmt(source, f),
            Self::Stored => "stored profile",
            Self::Emulator => "emulator",
        })
    }
}

/// Finds the key for a choice: from a flag or standard input, from the environment, or the one that
/// is stored; on a terminal the user is asked.
pub(super) async fn find(
    onboarding: &Onboarding<'_>,
    choice: AuthChoice,
    id: &ProfileId,
) -> Result<FoundKey, Failure> {
    let arguments = onboarding.arguments;
    let given = arguments.keys.given();
    if arguments.secret_input_mode == SecretInputMode::Ref {
        return reference(onboarding, choice);
    }
    if let Some((_, text)) = given {
        let key = ApiKey::parse(bare(&text.0))?;
        return Ok(FoundKey::new(key, KeySource::Flag));
    }
    let what = match choice.plan() {
        Plan::Portal => "Token",
        _ => "API key",
    };
    let what = format!("{what} for {}", choice.endpoint().label());
    if arguments.key_stdin {
        return Ok(FoundKey::new(ask_for_key(&what).await?, KeySource::Stdin));
    }
    let there = there(onboarding, choice, id).await?;
    if !onboarding.asks {
        return there.ok_or_else(|| missing(choice));
    }
    let keep = there.as_ref().map(|found| {
        let (key, source) = (found.key.masked(), &found.source);
        format!(" (Enter takes {key}, {source})")
    });
    let line = prompt::secret(&format!("{what}{}: ", keep.unwrap_or_default())).await?;
    match there {
        Some(found) if line.trim().is_empty() => Ok(found),
        _ => Ok(FoundKey::new(ApiKey::parse(bare(&line))?, KeySource::Typed)),
    }
}

impl FoundKey {
    fn new(key: ApiKey, source: KeySource) -> Self {
        Self { key, source }
    }
}

/// The key that is there without being given: that of the environment, or the stored one.
async fn there(
    onboarding: &Onboarding<'_>,
    choice: AuthChoice,
    id: &ProfileId,
) -> Result<Option<FoundKey>, Failure> {
    if let Some(found) = variable(onboarding, choice)? {
        return Ok(Some(found));
    }
    let stored = onboarding.store.load(id).await.map_err(Failure::from)?;
    if let Some(Profile::ApiKey(stored)) = stored
        // One that belongs elsewhere, as far as is known, is another key.
        && stored.endpoint() == &super::place_of(choice)
    {
        let key = stored.key().clone();
        return Ok(Some(FoundKey::new(key, KeySource::Stored)));
    }
    if onboarding.arguments.emulator {
        let key = emulator_key(choice.endpoint())?;
        return Ok(Some(FoundKey::new(key, KeySource::Emulator)));
    }
    Ok(None)
}

fn variable(onboarding: &Onboarding<'_>, choice: AuthChoice) -> Result<Option<FoundKey>, Failure> {
    let environment = onboarding.config.environment();
    let resolver = Resolver::new(choice.provider()).environment(environment);
    match resolver.resolve() {
        Ok(found) => {
            let source = KeySource::Variable(found.source().clone());
            Ok(Some(FoundKey::new(found.key().clone(), source)))
        }
        Err(error) if error.kind() == ErrorKind::Missing => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A key that stays in its variable.
fn reference(onboarding: &Onboarding<'_>, choice: AuthChoice) -> Result<FoundKey, Failure> {
    let arguments = onboarding.arguments;
    if arguments.key_stdin || arguments.keys.given().is_some() {
        return Err(Failure::usage(
            "--secret-input-mode ref leaves the key in its variable: do not pass it",
        ));
    }
    variable(onboarding, choice)?.ok_or_else(|| {
        Failure::other("no key in the environment, where --secret-input-mode ref leaves it")
            .with_hint(format!("set {}", variable_of(choice)))
    })
}

fn missing(choice: AuthChoice) -> Failure {
    let (flag, variable) = (choice.key_flag(), variable_of(choice));
    Failure::other(format!(
        "missing {flag}: no key for {}, in {variable} neither",
        choice.id()
    ))
    .with_hint(format!(
        "pipe it in with `--key-stdin`, set {variable}, pass {flag}, or run `onboard` on a terminal"
    ))
}

/// The variable that is asked first.
fn variable_of(choice: AuthChoice) -> &'static str {
    let missing = Resolver::new(choice.provider()).resolve();
    let variables = missing.err().map_or(&[][..], |error| error.variables());
    variables.first().copied().unwrap_or("QWEN_API_KEY")
}

/// What speaks against the key's being one of the choice, as far as its prefix tells.
pub(super) fn doubt(key: &ApiKey, choice: AuthChoice) -> Option<String> {
    let (kind, label) = (key.kind(), choice.endpoint().label());
    if is_emulator_key(key) {
        return None;
    }
    match (kind, choice.plan()) {
        // Its keys have no prefix that is known.
        (KeyKind::CodingPlan, Plan::Coding) | (_, Plan::Token) => None,
        (KeyKind::CodingPlan, _) => Some(format!(
            "sk-sp- keys belong to a Coding Plan, and this choice is {label}"
        )),
        (_, Plan::Coding) => Some(format!(
            "keys of a Coding Plan begin with sk-sp-, and this one does not ({label})"
        )),
        (KeyKind::Other, Plan::Portal) => None,
        (_, Plan::Portal) => Some(
            "this begins as a Qwen Cloud key does: the portal accepts its own tokens only"
                .to_owned(),
        ),
        (KeyKind::Temporary, _) => Some("temporary keys (st-) expire within minutes".to_owned()),
        (KeyKind::Other, _) => Some("Qwen Cloud keys begin with sk-".to_owned()),
        _ => None,
    }
}

/// A key on the command line was seen by others.
pub(super) fn warn_about_flag(source: &KeySource) {
    if *source == KeySource::Flag {
        note("note: other processes can see a key on the command line; `--key-stdin` hides it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_does_not_fit_is_doubted() {
        for (key, id, doubted) in [
            ("sk-0123456789", "qwen-standard-api-key", false),
            ("sk-ws-0123456789", "qwen-standard-api-key-cn", false),
            ("sk-sp-0123456789", "qwen-standard-api-key", true),
            ("sk-sp-0123456789", "qwen-api-key", false),
            ("sk-0123456789", "qwen-api-key-cn", true),
            ("sk-0123456789", "qwen-token-plan", false),
            ("0123456789", "qwen-standard-api-key", true),
            ("st-0123456789", "qwen-standard-api-key", true),
            ("0123456789", "qwen-oauth", false),
            ("sk-0123456789", "qwen-oauth", true),
            ("sk-emu-coding-cn-0123456789", "qwen-api-key", false),
        ] {
            let choice = AuthChoice::by_id(id).unwrap();
            let doubt = doubt(&ApiKey::parse(key).unwrap(), choice);
            assert_eq!(doubt.is_some(), doubted, "{key} {id}: {doubt:?}");
            assert!(doubt.is_none_or(|text| !text.contains("0123456789")));
        }
    }
}
