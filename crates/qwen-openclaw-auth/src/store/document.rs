//! The credentials file's JSON, in which unrecognized content survives a change verbatim.

use std::{collections::BTreeMap, path::Path};

use secrecy::{SecretString, zeroize::Zeroizing};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    profile::{Login, Profile, StaticToken, StoredKey, from_millis, to_millis},
    profile_id::{ProfileId, canonical},
};
use crate::{error::Error, key::ApiKey, key_endpoint::KeyEndpoint, state::Fields};

/// The file format's version.
const VERSION: u64 = 1;

/// The contents of the file.
///
/// Names are kept as written, for instance with an alias of the provider, and compared by the id
/// they mean. If a profile occurs twice, the one under the canonical id is used, and the other is
/// left alone.
#[derive(Clone, Serialize)]
pub(super) struct Document {
    version: u64,
    profiles: BTreeMap<String, Entry>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    order: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    other: Fields,
}

/// The entry under a name.
#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Entry {
    /// Unchanged since it was read.
    Kept(Box<RawValue>),
    /// Changed.
    Changed(Fields),
}

impl Entry {
    fn fields(&self) -> Option<Fields> {
        match self {
            Self::Kept(value) => Fields::parse(value.get().as_bytes()),
            Self::Changed(fields) => Some(fields.clone()),
        }
    }
}

impl Default for Document {
    fn default() -> Self {
        Self {
            version: VERSION,
            profiles: BTreeMap::new(),
            order: BTreeMap::new(),
            other: Fields::default(),
        }
    }
}

impl Document {
    /// Parses the file's text; `path` is for messages.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, Error> {
        // The cause is omitted, because it could quote the surrounding text.
        let corrupt = || Error::corrupt(path, "is not JSON of the expected form");
        let mut other = Fields::parse(text).ok_or_else(corrupt)?;
        let version: u64 = other.get("version").ok_or_else(corrupt)?;
        if version > VERSION {
            return Err(Error::newer(path));
        }
        let profiles: BTreeMap<String, Box<RawValue>> = match other.text("profiles") {
            Some(_) => other.get("profiles").ok_or_else(corrupt)?,
            None => BTreeMap::new(),
        };
        let order = match other.text("order") {
            Some(_) => other.get("order").ok_or_else(corrupt)?,
            None => BTreeMap::new(),
        };
        other.retain(|name| !matches!(name, "version" | "profiles" | "order"));
        let profiles = profiles.into_iter();
        Ok(Self {
            version,
            profiles: profiles
                .map(|(id, value)| (id, Entry::Kept(value)))
                .collect(),
            order,
            other,
        })
    }

    pub(super) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        // String-keyed maps of values that were JSON before always serialize.
        let mut text = Zeroizing::new(serde_json::to_vec_pretty(self).unwrap_or_default());
        text.push(b'\n');
        text
    }

    pub(super) fn ids(&self) -> Vec<ProfileId> {
        let readable = |(name, entry): (&String, &Entry)| {
            let id: ProfileId = name.parse().ok()?;
            read(&id, entry).map(|_| id)
        };
        let mut ids: Vec<ProfileId> = self.profiles.iter().filter_map(readable).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Returns the profile with this id; an error if it is corrupt.
    pub(super) fn profile(&self, path: &Path, id: &ProfileId) -> Result<Option<Profile>, Error> {
        match self.find(id) {
            None => Ok(None),
            Some((_, Some(profile))) => Ok(Some(profile)),
            Some((_, None)) => Err(Error::corrupt(path, "contains a corrupt profile")),
        }
    }

    /// Replaces the profile that [`profile`](Self::profile) finds, or removes it.
    pub(super) fn set(&mut self, id: &ProfileId, profile: Option<&Profile>) {
        let name = self.find(id).map(|(name, _)| name.to_owned());
        let present = name.as_ref().and_then(|name| self.profiles.remove(name));
        match profile {
            Some(profile) => {
                // Under the canonical id, unless a corrupt entry is there.
                let name = match name {
                    Some(alias) if self.profiles.contains_key(id.as_str()) => alias,
                    _ => id.to_string(),
                };
                let fields = write(id, profile, present.as_ref());
                self.profiles.insert(name, Entry::Changed(fields));
            }
            None if self.find(id).is_none() => self.forget_order(id),
            None => {}
        }
    }

    /// Removes every entry for this id, corrupt or not; false if there is none.
    pub(super) fn discard(&mut self, id: &ProfileId) -> bool {
        let before = self.profiles.len();
        self.profiles.retain(|name, _| !means(name, id));
        self.forget_order(id);
        self.profiles.len() < before
    }

    pub(super) fn order(&self, provider: &str) -> Vec<ProfileId> {
        let provider = canonical(provider);
        let own = self.order.get_key_value(provider);
        let aliases = self.order.iter().filter(|(name, _)| *name != provider);
        let aliases = aliases.filter(|(name, _)| canonical(name) == provider);
        let mut order: Vec<ProfileId> = Vec::new();
        for id in own.into_iter().chain(aliases).flat_map(|(_, ids)| ids) {
            if let Ok(id) = id.parse()
                && !order.contains(&id)
            {
                order.push(id);
            }
        }
        order
    }

    pub(super) fn set_order(&mut self, provider: &str, order: &[ProfileId]) -> Result<(), Error> {
        let provider = canonical(provider);
        let is_unknown = |id: &&ProfileId| id.provider() != provider || self.find(id).is_none();
        if let Some(unknown) = order.iter().find(is_unknown) {
            return Err(Error::no_profile(unknown));
        }
        self.order.retain(|name, _| canonical(name) != provider);
        if !order.is_empty() {
            let order = order.iter().map(ProfileId::to_string).collect();
            self.order.insert(provider.to_owned(), order);
        }
        Ok(())
    }

    /// Finds the entry for this profile, and its profile if it is intact: the first intact one,
    /// with the canonical id before aliases.
    fn find(&self, id: &ProfileId) -> Option<(&str, Option<Profile>)> {
        let own = self.profiles.get_key_value(id.as_str());
        let aliases = self.profiles.iter();
        let aliases = aliases.filter(|(name, _)| *name != id.as_str() && means(name, id));
        let mut damaged = None;
        for (name, entry) in own.into_iter().chain(aliases) {
            match read(id, entry) {
                Some(profile) => return Some((name, Some(profile))),
                None => damaged = damaged.or(Some((name.as_str(), None))),
            }
        }
        damaged
    }

    fn forget_order(&mut self, id: &ProfileId) {
        for order in self.order.values_mut() {
            order.retain(|ordered| !means(ordered, id));
        }
        self.order.retain(|_, order| !order.is_empty());
    }
}

/// Returns whether a name in the file means this id.
fn means(name: &str, id: &ProfileId) -> bool {
    name.parse::<ProfileId>().is_ok_and(|named| named == *id)
}

/// A profile in the file's format. Field names match OpenClaw's own file where it has them.
#[derive(Default)]
struct Written {
    kind: Option<String>,
    provider: Option<String>,
    key: Option<String>,
    plan: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    token: Option<String>,
    access: Option<String>,
    refresh: Option<String>,
    /// Milliseconds since 1970.
    expires: Option<u64>,
    /// Seconds.
    lifetime: Option<u64>,
    resource_url: Option<String>,
    server: Option<String>,
    generation: Option<u64>,
    imported: Option<String>,
    path: Option<String>,
    extra: Fields,
}

impl Written {
    /// Returns `None` if one of the fields has the wrong type.
    fn of(mut fields: Fields) -> Option<Self> {
        Some(Self {
            kind: fields.take("type")?,
            provider: fields.take("provider")?,
            key: fields.take("key")?,
            plan: fields.take("plan")?,
            region: fields.take("region")?,
            base_url: fields.take("base_url")?,
            token: fields.take("token")?,
            access: fields.take("access")?,
            refresh: fields.take("refresh")?,
            expires: fields.take("expires")?,
            lifetime: fields.take("lifetime")?,
            resource_url: fields.take("resource_url")?,
            server: fields.take("server")?,
            generation: fields.take("generation")?,
            imported: fields.take("imported")?,
            path: fields.take("path")?,
            extra: fields,
        })
    }

    fn into_fields(self) -> Fields {
        let mut fields = self.extra;
        let texts = [
            ("type", self.kind),
            ("provider", self.provider),
            ("key", self.key),
            ("plan", self.plan),
            ("region", self.region),
            ("base_url", self.base_url),
            ("token", self.token),
            ("access", self.access),
            ("refresh", self.refresh),
            ("resource_url", self.resource_url),
            ("server", self.server),
            ("imported", self.imported),
            ("path", self.path),
        ];
        let numbers = [
            ("expires", self.expires),
            ("lifetime", self.lifetime),
            ("generation", self.generation),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                fields.set(name, &text);
            }
        }
        for (name, number) in numbers {
            if let Some(number) = number {
                fields.set(name, &number);
            }
        }
        fields
    }
}

fn read(id: &ProfileId, entry: &Entry) -> Option<Profile> {
    let written = Written::of(entry.fields()?)?;
    // A credential that names another provider must not be used for this one.
    if let Some(provider) = &written.provider
        && ProfileId::new(provider, id.account()).ok()?.provider() != id.provider()
    {
        return None;
    }
    let key = |text: Option<String>| ApiKey::parse(text?).ok();
    Some(match written.kind.as_deref()? {
        "api_key" => {
            // If only a newer version knows the name, no profile is better than the wrong endpoint.
            let (plan, region) = (written.plan.as_deref(), written.region.as_deref());
            let endpoint = KeyEndpoint {
                plan: plan.map(str::parse).transpose().ok()?,
                region: region.map(str::parse).transpose().ok()?,
                base_url: written.base_url,
            };
            Profile::ApiKey(StoredKey::new(key(written.key)?, endpoint))
        }
        "token" => Profile::Token(StaticToken {
            token: key(written.token)?,
            expires: written.expires.map(from_millis),
        }),
        "oauth" => Profile::Login(Login {
            access: key(written.access)?,
            refresh: written
                .refresh
                .filter(|text| !text.trim().is_empty())
                .map(SecretString::from),
            expires: from_millis(written.expires.unwrap_or(0)),
            lifetime: written.lifetime.map(std::time::Duration::from_secs),
            resource_url: written.resource_url,
            server: written.server,
            generation: written.generation.unwrap_or(0),
            imported: written.imported,
            extra: written.extra,
        }),
        "qwen_cli" => Profile::QwenCli {
            path: written.path?.into(),
            server: written.server,
        },
        _ => return None,
    })
}

/// Serializes a profile; unrecognized fields of `present` are kept.
fn write(id: &ProfileId, profile: &Profile, present: Option<&Entry>) -> Fields {
    let text = |text: &str| Some(text.to_owned());
    let mut written = Written {
        kind: text(profile.kind()),
        provider: text(id.provider()),
        expires: profile.expires().map(to_millis),
        ..Written::default()
    };
    match profile {
        Profile::ApiKey(StoredKey { key, endpoint }) => {
            written.key = text(key.expose());
            written.plan = endpoint.plan.map(|plan| plan.as_str().to_owned());
            written.region = endpoint.region.map(|region| region.as_str().to_owned());
            written.base_url.clone_from(&endpoint.base_url);
        }
        Profile::Token(token) => written.token = text(token.token.expose()),
        Profile::Login(login) => {
            written.access = text(login.access.expose());
            written.refresh = login.refresh_text().and_then(text);
            written.lifetime = login.lifetime.map(|lifetime| lifetime.as_secs());
            written.resource_url.clone_from(&login.resource_url);
            written.server.clone_from(&login.server);
            written.generation = Some(login.generation);
            written.imported.clone_from(&login.imported);
            written.extra.clone_from(&login.extra);
        }
        Profile::QwenCli { path, server } => {
            written.path = Some(path.display().to_string());
            written.server.clone_from(server);
        }
    }
    if let Some(present) = present.and_then(Entry::fields).and_then(Written::of)
        && present.kind.as_deref() == Some(profile.kind())
    {
        written.extra.add_missing(present.extra);
    }
    written.into_fields()
}
