//! Every key that is found, with where it was found.

use std::time::SystemTime;

use qwen_openclaw::{
    auth::{
        ApiKey, CredentialStore, KeyEndpoint, MemoryStore, Profile, ProfileId, Source,
        portal::import_openclaw,
    },
    catalog::Provider,
    provider_of_entry,
};

use super::home::OpenClaw;
use crate::survey::Survey;

#[derive(Clone, Debug)]
pub(super) struct FoundKey {
    pub(super) provider: Provider,
    pub(super) key: ApiKey,
    pub(super) source: String,
    /// The endpoint it was stored for.
    pub(super) endpoint: KeyEndpoint,
    /// Whether it is in a store of OpenClaw's.
    pub(super) is_openclaws: bool,
    /// When it expires, if it is a token that cannot be renewed.
    pub(super) expires: Option<SystemTime>,
}

/// The keys of this program, then those of OpenClaw's stores; a key that is found twice counts where
/// it is found first.
pub(super) async fn all(survey: &Survey, openclaw: &OpenClaw) -> Vec<FoundKey> {
    let mut all: Vec<FoundKey> = Vec::new();
    let mut add = |found: FoundKey| {
        let is_same =
            |other: &&mut FoundKey| other.provider == found.provider && other.key == found.key;
        match all.iter_mut().find(is_same) {
            Some(same) => same.is_openclaws |= found.is_openclaws,
            None => all.push(found),
        }
    };
    for row in &survey.profiles {
        stored(&row.id, &row.profile).into_iter().for_each(&mut add);
    }
    for (provider, source, key) in variables(survey) {
        add(FoundKey::new(provider, key, source.to_string()));
    }
    let derived = openclaw
        .derived
        .iter()
        .flat_map(|(_, models)| &models.providers);
    for entry in survey.config.models.providers.iter().chain(derived) {
        let Some(provider) = provider_of_entry(entry) else {
            continue;
        };
        let key = entry.api_key.as_ref();
        let key = key.and_then(|key| key.key(survey.environment()).ok().flatten());
        if let Some((key, source)) = key {
            add(FoundKey::new(provider.clone(), key, source.to_string()));
        }
        let token = entry
            .tokens
            .as_ref()
            .and_then(|tokens| tokens.access.clone());
        if let Some(token) = token {
            let source = format!("accessToken of {}", entry.name);
            add(FoundKey::new(provider, token, source));
        }
    }
    let copies = MemoryStore::new();
    // What cannot be imported is no key.
    if import_openclaw(&copies, &openclaw.stores.stores)
        .await
        .is_ok()
    {
        for id in copies.list().await.unwrap_or_default() {
            if let Ok(Some(profile)) = copies.load(&id).await {
                let found = stored(&id, &profile);
                found
                    .map(FoundKey::of_openclaw)
                    .into_iter()
                    .for_each(&mut add);
            }
        }
    }
    all
}

/// The keys in variables, the provider's first variable first, each with the layers below it.
///
/// `QWEN_API_KEY` is the portal's token if the default model is the portal's, and otherwise a key of
/// `qwen`: it is never tried at both.
pub(super) fn variables(survey: &Survey) -> Vec<(Provider, Source, ApiKey)> {
    let choice = &survey.config.agents.defaults.model;
    let model = survey.default_model(choice).unwrap_or_default();
    let is_portal = survey.provider_of(&model).ok() == Some(Provider::QWEN_OAUTH);
    let skipped = if is_portal {
        Provider::QWEN
    } else {
        Provider::QWEN_OAUTH
    };
    let portal = Provider::QWEN_OAUTH;
    let is_skipped =
        |provider: &Provider, name: &str| *provider == skipped && portal.env_vars().contains(&name);
    let mut found = Vec::new();
    for provider in Provider::well_known() {
        for name in provider.env_vars() {
            if is_skipped(&provider, name) {
                continue;
            }
            for variable in survey.environment().all(name) {
                if let Ok(key) = variable.value().and_then(ApiKey::parse) {
                    found.push((provider.clone(), variable.source(), key));
                }
            }
        }
    }
    found
}

fn stored(id: &ProfileId, profile: &Profile) -> Option<FoundKey> {
    let provider = Provider::exactly(id.provider()).ok()?;
    let source = format!("profile: {id}");
    let endpoint = match profile {
        Profile::ApiKey(stored) => stored.endpoint().clone(),
        _ => KeyEndpoint::default(),
    };
    let is_renewed = matches!(profile, Profile::Login(login) if login.is_refreshable());
    Some(FoundKey {
        endpoint,
        expires: profile.expires().filter(|_| !is_renewed),
        ..FoundKey::new(provider, profile.key()?.clone(), source)
    })
}

impl FoundKey {
    fn new(provider: Provider, key: ApiKey, source: String) -> Self {
        Self {
            provider,
            key,
            source,
            endpoint: KeyEndpoint::default(),
            is_openclaws: false,
            expires: None,
        }
    }

    fn of_openclaw(self) -> Self {
        Self {
            source: format!("{} of OpenClaw", self.source),
            is_openclaws: true,
            ..self
        }
    }
}
