//! The smaller sections: `auth`, `env`, `plugins`, and `tools.media`.

use std::{collections::BTreeMap, time::Duration};

use qwen_openclaw_auth::{Environment, ProfileId};

use super::{
    reader::{Object, Reader},
    text::Text,
};
#[cfg(feature = "schemars")]
use crate::schema;
use crate::{path::KeyPath, problem::ProblemKind};

/// The `auth` section: which profiles there are, without their secrets.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct Profiles {
    /// The profiles.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Profiles"))]
    pub profiles: Vec<ProfileEntry>,
    /// The order of a provider's profiles.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Order"))]
    pub order: BTreeMap<String, Vec<String>>,
}

/// A profile: its id and what kind it is of.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct ProfileEntry {
    /// The id, such as `qwen:default`.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub id: String,
    /// The provider.
    pub provider: Option<String>,
    /// The kind of credential.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub mode: Option<ProfileMode>,
    /// The account's email address.
    pub email: Option<String>,
}

/// The kind of a profile's credential.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProfileMode {
    /// An API key.
    ApiKey,
    /// A login.
    OAuth,
    /// A static token.
    Token,
    /// A kind that this version does not know, as written.
    Other(String),
}

impl Profiles {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let Some(object) = reader.object(&["profiles", "order"]) else {
            return Self::default();
        };
        let profiles = object.object("profiles", &[]);
        let order = object.object("order", &[]);
        Self {
            profiles: profiles
                .iter()
                .flat_map(Object::entries)
                .filter_map(|(id, reader)| ProfileEntry::read(id, &reader))
                .collect(),
            order: order
                .iter()
                .flat_map(Object::entries)
                .map(|(provider, reader)| (provider.to_owned(), reader.plain_texts()))
                .collect(),
        }
    }
}

impl Profiles {
    /// Returns whether `order` leaves a profile out, so that it is not used: its provider has a
    /// list that is not empty, and the profile is not in it.
    #[must_use]
    pub fn excludes(&self, id: &ProfileId) -> bool {
        let mut is_listed = self
            .order
            .values()
            .flatten()
            .filter_map(|listed| listed.parse::<ProfileId>().ok())
            .filter(|listed| listed.provider() == id.provider())
            .map(|listed| listed == *id)
            .peekable();
        is_listed.peek().is_some() && !is_listed.any(|is_it| is_it)
    }
}

impl ProfileEntry {
    fn read(id: &str, reader: &Reader<'_>) -> Option<Self> {
        let object = reader.object(&["provider", "mode", "email", "displayName"])?;
        let plain = |name: &str| object.get(name).and_then(|reader| reader.plain());
        Some(Self {
            id: id.to_owned(),
            provider: plain("provider"),
            mode: plain("mode").map(|mode| match mode.as_str() {
                "api_key" => ProfileMode::ApiKey,
                "oauth" => ProfileMode::OAuth,
                "token" => ProfileMode::Token,
                _ => ProfileMode::Other(mode),
            }),
            email: plain("email"),
        })
    }
}

/// The `env` section.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct EnvSettings {
    /// The names of the variables that the file sets. Their values are in
    /// [`Config::environment`](crate::Config::environment).
    pub names: Vec<String>,
    /// Whether the variables of the login shell are used, and how.
    pub shell: ShellEnv,
}

/// `env.shellEnv`: missing keys are taken from the login shell.
///
/// This is data: only [`ConfigFile::load_with_shell`](crate::ConfigFile::load_with_shell) starts the
/// shell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ShellEnv {
    /// Whether the shell is asked. Default: false.
    pub is_enabled: bool,
    /// How long the shell may take. Default: 15 seconds.
    pub timeout: Duration,
}

impl Default for ShellEnv {
    fn default() -> Self {
        Self {
            is_enabled: false,
            timeout: Duration::from_secs(15),
        }
    }
}

impl EnvSettings {
    /// Reads the section, and the variables that it sets.
    pub(super) fn read(reader: &Reader<'_>) -> (Self, Vec<(String, String)>) {
        let mut settings = Self::default();
        let mut pairs = Vec::new();
        let Some(object) = reader.object(&[]) else {
            return (settings, pairs);
        };
        let mut add = |name: &str, reader: &Reader<'_>| {
            // A value that needs a variable which is not set does not set one either.
            if let Some(Ok(value)) = reader.text().as_ref().map(Text::get) {
                pairs.push((name.to_owned(), value.to_owned()));
                settings.names.push(name.to_owned());
            }
        };
        for (name, reader) in object.entries() {
            match name {
                "vars" => {
                    let vars = reader.object(&[]);
                    for (name, reader) in vars.iter().flat_map(Object::entries) {
                        add(name, &reader);
                    }
                }
                "shellEnv" => {}
                name if reader.value.is_string() => {
                    reader.note(ProblemKind::VariableOutsideVars);
                    add(name, &reader);
                }
                _ => reader.note(ProblemKind::UnknownKey),
            }
        }
        if let Some(shell) = object.object("shellEnv", &["enabled", "timeoutMs"]) {
            if let Some(enabled) = shell.get("enabled").and_then(|reader| reader.boolean()) {
                settings.shell.is_enabled = enabled;
            }
            if let Some(timeout) = shell.get("timeoutMs").and_then(|reader| reader.integer()) {
                settings.shell.timeout = Duration::from_millis(timeout);
            }
        }
        (settings, pairs)
    }
}

impl ShellEnv {
    /// Applies `OPENCLAW_LOAD_SHELL_ENV` and `OPENCLAW_SHELL_ENV_TIMEOUT_MS`, which come before the
    /// file.
    #[must_use]
    pub(super) fn with(mut self, environment: &Environment) -> Self {
        let value = |name| environment.value(name).ok().flatten();
        if let Some(value) = value("OPENCLAW_LOAD_SHELL_ENV") {
            let yes = ["1", "true", "yes", "on"];
            self.is_enabled |= yes.iter().any(|yes| value.eq_ignore_ascii_case(yes));
        }
        if let Some(Ok(timeout)) = value("OPENCLAW_SHELL_ENV_TIMEOUT_MS").map(str::parse) {
            self.timeout = Duration::from_millis(timeout);
        }
        self
    }
}

/// The `plugins` section.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Plugins {
    /// Whether each configured plugin is on; `None` if its entry does not say.
    pub entries: BTreeMap<String, Option<bool>>,
    /// Whether plugins are on at all. Default: true.
    pub is_enabled: bool,
    /// The only plugins that may be on; empty means any.
    pub allow: Vec<String>,
    /// The plugins that are off whatever their entries say.
    pub deny: Vec<String>,
}

impl Plugins {
    pub(super) fn read(reader: Option<&Reader<'_>>) -> Self {
        let mut plugins = Self {
            is_enabled: true,
            ..Self::default()
        };
        let Some(object) = reader.and_then(|reader| reader.object(&[])) else {
            return plugins;
        };
        let entries = object.object("entries", &[]);
        for (id, reader) in entries.iter().flat_map(Object::entries) {
            let enabled = reader
                .object(&[])
                .and_then(|entry| entry.get("enabled")?.boolean());
            plugins.entries.insert(id.to_owned(), enabled);
        }
        if let Some(enabled) = object.get("enabled").and_then(|reader| reader.boolean()) {
            plugins.is_enabled = enabled;
        }
        let texts = |name| object.get(name).map(|reader| reader.plain_texts());
        plugins.allow = texts("allow").unwrap_or_default();
        plugins.deny = texts("deny").unwrap_or_default();
        plugins
    }

    /// Returns whether a plugin is on; `None` if the file does not say.
    #[must_use]
    pub fn is_on(&self, id: &str) -> Option<bool> {
        let is_in = |ids: &[String]| ids.iter().any(|other| other == id);
        let is_allowed = self.allow.is_empty() || is_in(&self.allow);
        if !self.is_enabled || !is_allowed || is_in(&self.deny) {
            return Some(false);
        }
        self.entries.get(id).copied().flatten()
    }
}

/// The `tools.media` section: the models that look at media.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct MediaTools {
    /// The models for several kinds of media.
    #[cfg_attr(
        feature = "schemars",
        schemars(rename = "models", with = "Option<Vec<MediaModel>>")
    )]
    pub shared: Vec<MediaModel>,
    /// The models for images.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::MediaSection>"))]
    pub image: Vec<MediaModel>,
    /// The models for videos.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::MediaSection>"))]
    pub video: Vec<MediaModel>,
    /// The largest file of each kind (`image`, `video`, `audio`) that is read, in bytes.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub max_bytes: BTreeMap<&'static str, u64>,
}

/// A limit for the size of media files.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MediaLimit {
    /// The largest file, in bytes.
    pub bytes: u64,
    /// The key of the configuration that sets it.
    pub key: KeyPath,
}

/// A model that looks at media.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct MediaModel {
    /// The provider.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub provider: Option<Text>,
    /// The model id.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub model: Option<Text>,
    /// The kinds of media; empty means those that the provider supports.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Vec<String>>"))]
    pub capabilities: Vec<String>,
}

impl MediaTools {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let Some(object) = reader.object(&[]) else {
            return Self::default();
        };
        let models = |object: &Object<'_>| -> Vec<MediaModel> {
            let models = object.get("models");
            models
                .iter()
                .flat_map(Reader::elements)
                .filter_map(|reader| MediaModel::read(&reader))
                .collect()
        };
        let of = |name: &str| {
            let section = object.object(name, &[]);
            section.as_ref().map(models).unwrap_or_default()
        };
        let max_bytes = ["image", "video", "audio"].into_iter().filter_map(|kind| {
            let section = object.get(kind)?;
            let limit = section.value.get("maxBytes").is_some();
            let limit = limit.then(|| section.object(&[])?.get("maxBytes")?.integer());
            Some((kind, limit??))
        });
        Self {
            shared: models(&object),
            image: of("image"),
            video: of("video"),
            max_bytes: max_bytes.collect(),
        }
    }
}

impl MediaModel {
    fn read(reader: &Reader<'_>) -> Option<Self> {
        let object = reader.object(&[])?;
        // A command line is none of ours.
        if object
            .get("type")
            .is_some_and(|reader| reader.value.as_str() == Some("cli"))
        {
            return None;
        }
        let text = |name: &str| object.get(name).and_then(|reader| reader.text());
        Some(Self {
            provider: text("provider"),
            model: text("model"),
            capabilities: object
                .get("capabilities")
                .map(|reader| reader.plain_texts())
                .unwrap_or_default(),
        })
    }
}
