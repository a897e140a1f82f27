//! The credentials file's JSON, kept whole: what is not understood survives a change.

use std::{collections::BTreeMap, path::Path};

use secrecy::{SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    profile::{Login, Profile, StaticToken, from_millis, to_millis},
    profile_id::ProfileId,
};
use crate::{error::Error, key::ApiKey};

/// The form of the file that is written here.
const VERSION: u64 = 1;

/// The file's content.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Document {
    version: u64,
    #[serde(default)]
    profiles: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    order: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            version: VERSION,
            profiles: BTreeMap::new(),
            order: BTreeMap::new(),
            other: Map::new(),
        }
    }
}

impl Document {
    /// Reads the file's text; `path` is for messages.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, Error> {
        // The cause is left out: it could show what stands around the place.
        let document: Self = serde_json::from_slice(text)
            .map_err(|_| Error::corrupt(path, "is no JSON of the expected form"))?;
        if document.version > VERSION {
            return Err(Error::newer(path));
        }
        Ok(document)
    }

    pub(super) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        // Maps with text keys, and values that were JSON before: nothing in them can fail.
        let mut text = Zeroizing::new(serde_json::to_vec_pretty(self).unwrap_or_default());
        text.push(b'\n');
        text
    }

    pub(super) fn ids(&self) -> Vec<ProfileId> {
        let readable = |(id, value): (&String, &Value)| {
            let id: ProfileId = id.parse().ok()?;
            read(&id, value).map(|_| id)
        };
        let mut ids: Vec<ProfileId> = self.profiles.iter().filter_map(readable).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// The profile of this id; an error when there is one that cannot be read.
    pub(super) fn profile(&self, path: &Path, id: &ProfileId) -> Result<Option<Profile>, Error> {
        let Some(value) = self.profiles.get(id.as_str()) else {
            return Ok(None);
        };
        match read(id, value) {
            Some(profile) => Ok(Some(profile)),
            None => Err(Error::corrupt(path, "holds a damaged profile")),
        }
    }

    /// Whether there is anything of this id, readable or not.
    pub(super) fn has(&self, id: &ProfileId) -> bool {
        self.profiles.contains_key(id.as_str())
    }

    pub(super) fn set(&mut self, id: &ProfileId, profile: Option<&Profile>) {
        match profile {
            Some(profile) => {
                let present = self.profiles.remove(id.as_str());
                let value = write(id, profile, present);
                self.profiles.insert(id.to_string(), value);
            }
            None => {
                self.profiles.remove(id.as_str());
                for order in self.order.values_mut() {
                    order.retain(|ordered| ordered != id.as_str());
                }
                self.order.retain(|_, order| !order.is_empty());
            }
        }
    }

    pub(super) fn order(&self, provider: &str) -> Vec<ProfileId> {
        let order = self.order.get(provider).into_iter().flatten();
        order.filter_map(|id| id.parse().ok()).collect()
    }

    pub(super) fn set_order(&mut self, provider: &str, order: &[ProfileId]) -> Result<(), Error> {
        let known =
            |id: &&ProfileId| id.provider() != provider || !self.profiles.contains_key(id.as_str());
        if let Some(unknown) = order.iter().find(known) {
            return Err(Error::no_profile(unknown));
        }
        if order.is_empty() {
            self.order.remove(provider);
        } else {
            let order = order.iter().map(ProfileId::to_string).collect();
            self.order.insert(provider.to_owned(), order);
        }
        Ok(())
    }
}

/// A profile as it is written. The names are those of OpenClaw's own file where it has them.
#[derive(Deserialize, Serialize)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifetime: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imported: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

fn read(id: &ProfileId, value: &Value) -> Option<Profile> {
    let written = Written::deserialize(value).ok()?;
    // A credential that says it belongs to another provider belongs to nobody here.
    if let Some(provider) = &written.provider
        && ProfileId::new(provider, id.account()).ok()?.provider() != id.provider()
    {
        return None;
    }
    let key = |text: Option<String>| ApiKey::parse(text?).ok();
    Some(match written.kind.as_str() {
        "api_key" => Profile::ApiKey(key(written.key)?),
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

/// A profile as JSON; keys of `present` that nobody here knows are kept.
fn write(id: &ProfileId, profile: &Profile, present: Option<Value>) -> Value {
    let text = |text: &str| Some(text.to_owned());
    let mut written = Written {
        kind: profile.kind().to_owned(),
        provider: Some(id.provider().to_owned()),
        key: None,
        token: None,
        access: None,
        refresh: None,
        expires: profile.expires().map(to_millis),
        lifetime: None,
        resource_url: None,
        server: None,
        generation: None,
        imported: None,
        path: None,
        extra: Map::new(),
    };
    match profile {
        Profile::ApiKey(key) => written.key = text(key.expose()),
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
    if let Some(Value::Object(present)) = present
        && present.get("type").and_then(Value::as_str) == Some(profile.kind())
        && let Ok(present) = Written::deserialize(Value::Object(present))
    {
        for (key, value) in present.extra {
            written.extra.entry(key).or_insert(value);
        }
    }
    serde_json::to_value(&written).unwrap_or_default()
}
