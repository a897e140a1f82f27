//! Importing what OpenClaw has stored: profiles, and the order in which it uses them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt, fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use qwen_openclaw_catalog::Provider;
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::{Import, copy, insert};
use crate::{
    ApiKey, SecretText, StaticToken,
    error::Error,
    store::{CredentialStore, Login, Profile, ProfileId, from_millis},
};

/// A credential considered for import, and the outcome.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// The store of OpenClaw's that it is in.
    pub from: PathBuf,
    /// The profile's name in that store.
    pub name: String,
    /// The profile's id in the store, unless it was skipped.
    pub id: Option<ProfileId>,
    /// The outcome.
    pub import: Import,
}

/// One credential store of OpenClaw's, as it was read. `Debug` shows no secret.
///
/// OpenClaw 2026.6 and earlier keep one file per agent, which [`read`](Self::read) reads. Later
/// releases keep the same JSON in SQLite databases, which this crate does not read:
/// [`parse`](Self::parse) takes the JSON found there.
#[derive(Clone)]
pub struct OpenClawStore {
    path: PathBuf,
    profiles: Map<String, Value>,
    state: Value,
}

impl OpenClawStore {
    /// Reads an `auth-profiles.json`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Read`](crate::ErrorKind::Read) when the file cannot be read,
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when it is not JSON with an object
    /// `profiles`.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text =
            fs::read(path).map_err(|error| Error::read(&path.display().to_string(), error))?;
        let text = Zeroizing::new(text);
        Self::parse(path, Some(&text), Some(&text))
    }

    /// Parses the JSON of a store: the document with `profiles`, and that with `order` and
    /// `lastGood`.
    ///
    /// A document that does not exist is `None`; the store then has no profile, or no order. `path`
    /// says where they were found.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when `profiles` is not JSON with an object
    /// of that name, or `state` is not JSON.
    pub fn parse(
        path: &Path,
        profiles: Option<&[u8]>,
        state: Option<&[u8]>,
    ) -> Result<Self, Error> {
        // The cause is omitted, because it could quote the surrounding text.
        let corrupt = || Error::corrupt(path, "is not a list of OpenClaw profiles");
        let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).map_err(|_| corrupt());
        let profiles = match profiles.map(parse).transpose()? {
            None => Map::new(),
            Some(mut document) => match document.get_mut("profiles").map(Value::take) {
                Some(Value::Object(profiles)) => profiles,
                _ => return Err(corrupt()),
            },
        };
        Ok(Self {
            path: path.to_owned(),
            profiles,
            state: state.map(parse).transpose()?.unwrap_or_default(),
        })
    }

    /// Returns where the store was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns true if the store has no profile.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Returns what the state says of each provider under `name`.
    fn state(&self, name: &str) -> impl Iterator<Item = (Provider, &Value)> {
        let entries = self.state.get(name).and_then(Value::as_object);
        let entries = entries.into_iter().flatten();
        entries.filter_map(|(provider, value)| Some((Provider::by_name(provider)?, value)))
    }
}

impl fmt::Debug for OpenClawStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenClawStore")
            .field("path", &self.path)
            .field("profiles", &self.profiles.len())
            .finish_non_exhaustive()
    }
}

/// The outcome of [`import_openclaw`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct OpenClawImport {
    /// Every profile that was found, store by store.
    pub profiles: Vec<Imported>,
    /// The orders that were adopted, by the id of their provider.
    pub orders: BTreeMap<String, Vec<ProfileId>>,
}

/// Imports the keys, tokens, and logins from OpenClaw's stores.
///
/// Keys and tokens are imported if no profile has their id; logins as by
/// [`import_qwen_cli`](super::import_qwen_cli). Of several stores with a profile of the same name
/// the first counts. Profiles of unknown providers are skipped, as are keys that are stored
/// elsewhere (`keyRef`, `tokenRef`).
///
/// OpenClaw's order of a provider's profiles is adopted if a profile of that provider was imported
/// and the store has no order for it. If OpenClaw has none either, the profile that it used last
/// with success comes first. Of several stores the first that says anything counts.
///
/// # Errors
///
/// When the store cannot be read or written.
pub async fn import_openclaw(
    store: &dyn CredentialStore,
    from: &[OpenClawStore],
) -> Result<OpenClawImport, Error> {
    let mut outcome = OpenClawImport::default();
    for source in from {
        for (name, value) in &source.profiles {
            let (id, import) = match read(name, value) {
                None => (None, Import::Skipped),
                Some((id, Profile::Login(login))) => {
                    let import = copy(store, &id, login).await?;
                    (Some(id), import)
                }
                Some((id, profile)) => {
                    let import = insert(store, &id, &profile).await?;
                    (Some(id), import)
                }
            };
            outcome.profiles.push(Imported {
                from: source.path.clone(),
                name: name.chars().filter(|c| !c.is_control()).take(200).collect(),
                id,
                import,
            });
        }
    }
    adopt_order(store, from, &mut outcome).await?;
    Ok(outcome)
}

/// Adopts the order of the providers of which a profile was imported.
async fn adopt_order(
    store: &dyn CredentialStore,
    from: &[OpenClawStore],
    outcome: &mut OpenClawImport,
) -> Result<(), Error> {
    let imported = outcome.profiles.iter();
    let imported: HashSet<String> = imported
        .filter(|each| each.import == Import::Imported)
        .filter_map(|each| Some(each.id.as_ref()?.provider().to_owned()))
        .collect();
    let ids: HashMap<&str, &ProfileId> = outcome
        .profiles
        .iter()
        .filter_map(|each| Some((each.name.as_str(), each.id.as_ref()?)))
        .collect();
    let id_of = |provider: &Provider, name: &Value| {
        let id = *ids.get(name.as_str()?)?;
        (id.provider() == provider.id()).then(|| id.clone())
    };
    let mut orders: BTreeMap<String, Vec<ProfileId>> = BTreeMap::new();
    for (provider, names) in from.iter().flat_map(|source| source.state("order")) {
        let mut order: Vec<ProfileId> = Vec::new();
        for name in names.as_array().into_iter().flatten() {
            order.extend(id_of(&provider, name).filter(|id| !order.contains(id)));
        }
        if !order.is_empty() {
            orders.entry(provider.id().to_owned()).or_insert(order);
        }
    }
    for (provider, name) in from.iter().flat_map(|source| source.state("lastGood")) {
        let Some(id) = id_of(&provider, name) else {
            continue;
        };
        if orders.contains_key(provider.id()) {
            continue;
        }
        let ranked = store.ranked(provider.id()).await?;
        if ranked.first().is_some_and(|(first, _)| *first != id) {
            orders.insert(provider.id().to_owned(), vec![id]);
        }
    }
    for (provider, order) in orders {
        if imported.contains(&provider) && store.order(&provider).await?.is_empty() {
            store.set_order(&provider, &order).await?;
            outcome.orders.insert(provider, order);
        }
    }
    Ok(())
}

/// Parses a profile from OpenClaw's file; `None` if it cannot be used.
fn read(name: &str, value: &Value) -> Option<(ProfileId, Profile)> {
    let text = |name: &str| {
        let text = value.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    };
    let provider = Provider::by_name(text("provider")?)?;
    let account = name.split_once(':').map_or(name, |(_, account)| account);
    let id = ProfileId::new(provider.id(), account).ok()?;
    let key = |name| ApiKey::parse(text(name)?).ok();
    let expires = value
        .get("expires")
        .and_then(Value::as_f64)
        // The conversion saturates.
        .map(|millis| from_millis(millis as u64));
    let profile = match text("type")? {
        "api_key" => Profile::from(key("key")?),
        "token" => {
            let token = StaticToken::new(key("token")?);
            Profile::Token(match expires {
                Some(expires) => token.expires_at(expires),
                None => token,
            })
        }
        "oauth" => {
            let refresh = SecretText::new(text("refresh")?);
            let expires = expires.unwrap_or(SystemTime::UNIX_EPOCH);
            // Its URL is in OpenClaw's configuration, which is not read here; it is assumed to be
            // the portal's.
            Profile::Login(Login::new(key("access")?, Some(refresh), expires))
        }
        _ => return None,
    };
    Some((id, profile))
}
