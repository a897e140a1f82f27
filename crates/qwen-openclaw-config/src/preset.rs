//! What onboarding writes.

use qwen_openclaw_catalog::{AuthChoice, ChatModel, Edition, Endpoint, Provider, Row, models};
use serde_json::{Map, Value};

use crate::{
    config::sections::ProfileMode,
    document::Document,
    error::Error,
    operations::{self, ModelSlot, Pairs},
    path::KeyPath,
};

/// What an onboarding choice writes into a configuration.
///
/// It writes what OpenClaw writes: the provider's entry without a key, the default model, the list of
/// models, the profile, and the plugin. What else is in the configuration stays.
///
/// ```
/// use qwen_openclaw_config::{Document, ModelSlot, Preset};
///
/// let preset = Preset::by_id("qwen-standard-api-key")?;
/// let mut document = Document::parse("{ agents: { defaults: { model: 'anthropic/m' } } }")?;
/// preset.apply(&mut document)?;
/// assert_eq!(document.model(ModelSlot::Chat), Some("anthropic/m"));
/// preset.set_default(true).apply(&mut document)?;
/// assert_eq!(document.model(ModelSlot::Chat), Some("qwen/qwen3.5-plus"));
/// # Ok::<(), qwen_openclaw_config::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Preset {
    provider: String,
    base_url: String,
    source: Source,
    edition: Edition,
    set_default: bool,
    account: String,
}

/// Where a preset's models come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Choice(AuthChoice),
    Portal,
}

/// The id of the portal's provider, which is an alias elsewhere.
const PORTAL: &str = "qwen-portal";

/// The plugin of the portal's login.
const PORTAL_PLUGIN: &str = "qwen-portal-auth";

/// The plugin of all other providers.
const PLUGIN: &str = "qwen";

/// The marker in place of the portal's key.
const PORTAL_MARKER: &str = "qwen-oauth";

/// The API of every provider here.
const API: &str = "openai-completions";

impl Preset {
    /// Returns what an auth choice writes.
    #[must_use]
    pub fn of(choice: AuthChoice) -> Self {
        Self {
            provider: choice.provider().id().to_owned(),
            base_url: choice.endpoint().base_url().to_owned(),
            source: Source::Choice(choice),
            edition: Edition::V2026_9,
            set_default: false,
            account: "default".to_owned(),
        }
    }

    /// Returns what the choice of this id writes, the value of `--auth-choice`; `qwen-portal` is the
    /// portal's login.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownChoice`](crate::ErrorKind::UnknownChoice) when there is no such choice.
    pub fn by_id(id: &str) -> Result<Self, Error> {
        if id.trim().eq_ignore_ascii_case(PORTAL) {
            return Ok(Self::portal());
        }
        match AuthChoice::by_id(id) {
            Some(choice) => Ok(Self::of(choice)),
            None => Err(Error::unknown_choice(id, &AuthChoice::nearest(id))),
        }
    }

    /// Returns what the portal's login writes: an entry of the provider `qwen-portal`, whose key is a
    /// marker, with the alias `qwen` for its first model.
    #[must_use]
    pub fn portal() -> Self {
        Self {
            provider: PORTAL.to_owned(),
            base_url: Endpoint::Portal.base_url().to_owned(),
            source: Source::Portal,
            edition: Edition::V2026_9,
            set_default: false,
            account: "default".to_owned(),
        }
    }

    /// Selects the release of OpenClaw whose behavior is followed. Default: 2026.9.
    ///
    /// 2026.4 always makes its model the default, writes model rows, and takes over entries of the
    /// name `modelstudio`.
    #[must_use]
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// Sets the base URL, such as the one that a login returned. Default: the endpoint's.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Makes the preset's model the default even if there is another one. Default: false.
    #[must_use]
    pub fn set_default(mut self, set_default: bool) -> Self {
        self.set_default = set_default;
        self
    }

    /// Sets the account whose profile is recorded. Default: `default`.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// Returns the id of the provider that is set up.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Returns the id of the profile that is recorded, such as `qwen:default`.
    #[must_use]
    pub fn profile(&self) -> String {
        format!("{}:{}", self.provider, self.account)
    }

    /// Returns the model that becomes the default.
    #[must_use]
    pub fn default_model(&self) -> String {
        let id = match self.source {
            Source::Choice(choice) => choice.default_model(),
            Source::Portal => portal_models().next().map_or("", ChatModel::id),
        };
        format!("{}/{id}", self.provider)
    }

    /// Writes everything: [`apply_models`](Self::apply_models),
    /// [`record_profile`](Self::record_profile), and the plugin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Included`](crate::ErrorKind::Included) when the keys come from another file,
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) when something in their place has another
    /// type. The document may then be changed in part: edit a [`ConfigFile`](crate::ConfigFile), which
    /// writes all or nothing.
    pub fn apply(&self, document: &mut Document) -> Result<(), Error> {
        self.apply_models(document)?;
        self.record_profile(document)?;
        document.switch_plugin(self.plugin(), true)
    }

    /// Records that the profile exists.
    ///
    /// # Errors
    ///
    /// The same as [`apply`](Self::apply).
    pub fn record_profile(&self, document: &mut Document) -> Result<(), Error> {
        let mode = match self.source {
            Source::Choice(_) => ProfileMode::ApiKey,
            Source::Portal => ProfileMode::OAuth,
        };
        document.record_profile(&self.profile(), &self.provider, &mode)
    }

    /// Returns the id of the plugin that is turned on.
    #[must_use]
    pub fn plugin(&self) -> &'static str {
        match self.source {
            Source::Choice(_) => PLUGIN,
            Source::Portal => PORTAL_PLUGIN,
        }
    }

    /// Writes the provider's entry and the models, but neither profile nor plugin.
    ///
    /// # Errors
    ///
    /// The same as [`apply`](Self::apply).
    pub fn apply_models(&self, document: &mut Document) -> Result<(), Error> {
        if self.is_early() {
            take_over(document)?;
        }
        join_spellings(document, &self.provider)?;
        self.write_entry(document)?;
        if let Source::Choice(_) = self.source {
            let mode = KeyPath::from(["models", "mode"]);
            if document.get_text(&mode) != Some("replace") {
                document.set(&mode, &"merge")?;
            }
        }
        self.list_models(document)?;
        self.choose_default(document)
    }

    fn is_early(&self) -> bool {
        self.edition == Edition::V2026_4 && matches!(self.source, Source::Choice(_))
    }

    fn write_entry(&self, document: &mut Document) -> Result<(), Error> {
        let entry = entry(&self.provider);
        let rows = entry.clone().name("models");
        if !document.contains(&entry) {
            let mut pairs = vec![("baseUrl", Value::from(self.base_url.as_str()))];
            if let Source::Portal = self.source {
                pairs.push(("apiKey", PORTAL_MARKER.into()));
            }
            pairs.push(("api", API.into()));
            pairs.push(("models", Value::Array(Vec::new())));
            document.set(&entry, &Pairs(pairs))?;
        }
        document.set(&entry.clone().name("baseUrl"), &self.base_url)?;
        document.set(&entry.clone().name("api"), &API)?;
        self.clean_key(document, &entry.name("apiKey"))?;
        if !document.contains(&rows) {
            document.set(&rows, &[(); 0])?;
        }
        if self.writes_rows(document) {
            let known = document.get(&rows);
            let known = known.as_ref().and_then(Value::as_array);
            let ids: Vec<&str> = known
                .into_iter()
                .flatten()
                .filter_map(|row| row.get("id")?.as_str())
                .collect();
            let missing: Vec<Row> = self
                .models()
                .into_iter()
                .filter(|model| !ids.contains(&model.id()))
                .map(Row::of)
                .collect();
            if known.is_some_and(Vec::is_empty) && !missing.is_empty() {
                return document.set(&rows, &missing);
            }
            for row in missing {
                document.append(&rows, &row)?;
            }
        }
        Ok(())
    }

    /// Whether the entry gets rows; later releases take them from their plugin.
    fn writes_rows(&self, document: &Document) -> bool {
        let mode = KeyPath::from(["models", "mode"]);
        self.is_early()
            || document.get_text(&mode) == Some("replace")
            || match self.source {
                Source::Portal => true,
                // Recorded from 2026.6, which has no plugin for it.
                Source::Choice(choice) => choice.provider() == Provider::QWEN_OAUTH,
            }
    }

    /// Keeps a key that is text. A profile takes the place of a reference, and the portal's marker that
    /// of nothing.
    fn clean_key(&self, document: &mut Document, path: &KeyPath) -> Result<(), Error> {
        let value = document.get(path);
        if let Source::Portal = self.source {
            return match value {
                Some(_) => Ok(()),
                None => document.set(path, &PORTAL_MARKER),
            };
        }
        match value.as_ref().map(|value| value.as_str().map(str::trim)) {
            None => Ok(()),
            Some(Some("") | None) => document.unset(path).map(drop),
            Some(Some(key)) => document.set(path, &key),
        }
    }

    fn list_models(&self, document: &mut Document) -> Result<(), Error> {
        let default = self.default_model();
        let refs: Vec<String> = self
            .models()
            .into_iter()
            .flat_map(|model| {
                let prefixes = self.prefixes();
                prefixes
                    .into_iter()
                    .map(|prefix| format!("{prefix}/{}", model.id()))
            })
            .collect();
        let empty = || Value::Object(Map::new());
        let list = operations::models();
        if !document.contains(&list) {
            let pairs = refs.iter().map(|text| (text.as_str(), empty()));
            document.set(&list, &Pairs(pairs.collect()))?;
        }
        for text in &refs {
            let path = operations::settings(text);
            if !document.contains(&path) {
                document.set(&path, &empty())?;
            }
        }
        let alias = operations::settings(&default).name("alias");
        if document.contains(&alias) {
            return Ok(());
        }
        document.set(&alias, &self.alias())
    }

    fn choose_default(&self, document: &mut Document) -> Result<(), Error> {
        let path = ModelSlot::Chat.path();
        let default = self.default_model();
        let has_one = document.model(ModelSlot::Chat).is_some();
        if has_one && !self.set_default && !self.is_early() {
            return Ok(());
        }
        if self.is_early() && document.get_text(&path).is_some() {
            return document.set(&path, &Pairs(vec![("primary", default.into())]));
        }
        document.set_model(ModelSlot::Chat, &default)
    }

    fn models(&self) -> Vec<&'static ChatModel> {
        match self.source {
            Source::Portal => portal_models().collect(),
            Source::Choice(choice) if choice.provider() == Provider::QWEN_OAUTH => {
                models(&Provider::QWEN, Edition::V2026_4)
                    .iter()
                    .filter(|model| !model.is_media())
                    .collect()
            }
            Source::Choice(choice) => choice.models(self.edition).collect(),
        }
    }

    fn prefixes(&self) -> Vec<&str> {
        match self.source {
            Source::Portal => vec![PORTAL],
            Source::Choice(ref choice) => choice.model_prefixes(),
        }
    }

    fn alias(&self) -> &str {
        match &self.source {
            Source::Portal => "qwen",
            Source::Choice(choice) => choice.alias(),
        }
    }
}

/// The models that the portal's login lists: those that only the portal has, its coder first.
fn portal_models() -> impl Iterator<Item = &'static ChatModel> {
    let all = models(&Provider::QWEN_OAUTH, Edition::Merged).iter();
    all.filter(|model| !model.is_default())
}

fn entry(provider: &str) -> KeyPath {
    KeyPath::from(["models", "providers", provider])
}

fn entries(document: &Document) -> Vec<String> {
    let names = document.names(&KeyPath::from(["models", "providers"]));
    names.into_iter().map(ToOwned::to_owned).collect()
}

/// Leaves one spelling of each Qwen provider: the usual one if it is there. The entry of `provider` is
/// renamed to it otherwise.
fn join_spellings(document: &mut Document, provider: &str) -> Result<(), Error> {
    for known in Provider::well_known().filter(Provider::is_qwen) {
        let id = known.id();
        for name in entries(document) {
            if name == id || !name.eq_ignore_ascii_case(id) {
                continue;
            }
            if document.contains(&entry(id)) {
                document.unset(&entry(&name))?;
            } else if id == provider {
                document.rename(&entry(&name), id)?;
            }
        }
    }
    Ok(())
}

/// Makes the first entry of `qwen` and its former names that of `qwen`, and removes the others, as
/// 2026.4 does.
fn take_over(document: &mut Document) -> Result<(), Error> {
    const NAMES: [&str; 3] = ["qwen", "modelstudio", "qwencloud"];
    let mut names = entries(document).into_iter().filter(|name| {
        let same = |known: &&str| known.eq_ignore_ascii_case(name);
        NAMES.iter().any(same)
    });
    let Some(first) = names.next() else {
        return Ok(());
    };
    for other in names {
        document.unset(&entry(&other))?;
    }
    if first != NAMES[0] {
        document.rename(&entry(&first), NAMES[0])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
