//! OpenClaw's configuration as settings: which of its entries belongs to which provider, and what of
//! an entry becomes a base URL, a key, or a capability of a model.

use std::{collections::BTreeMap, sync::Arc};

use qwen_openclaw_auth::{self as auth, ProfileId, Source};
use qwen_openclaw_catalog::{Edition, Modality, ModelRef, Provider, classify, find};
use qwen_openclaw_client::ConfiguredProvider;
use qwen_openclaw_config::{
    Config, ConfigFile, KeyForm, ModelRow, ProfileMode, ProviderEntry, RowFlags,
};
use qwen_openclaw_http::{BaseUrl, Error as HttpError, ErrorKind};
use qwen_openclaw_transport::{ModelCapabilities, ThinkingStyle};

use crate::{Chat, Error, Qwen, QwenBuilder, qwen::environment};

impl Qwen {
    /// Sets up as [`from_home`](Self::from_home), and takes from OpenClaw's configuration file what
    /// it says of providers, models, and accounts; see [`QwenBuilder::openclaw`].
    ///
    /// The file is `$OPENCLAW_CONFIG_PATH`, otherwise `openclaw.json` in `$OPENCLAW_STATE_DIR`,
    /// otherwise in `.openclaw` of `$OPENCLAW_HOME` or the home folder. If it does not exist, nothing
    /// is configured.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use qwen_openclaw::Qwen;
    ///
    /// let qwen = Qwen::from_openclaw()?;
    /// let reply = qwen.chat_default()?.user("Why is the sky blue?").send().await?;
    /// println!("{}: {}", qwen.default_model()?, reply.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_home`](Self::from_home), and [`Setup`](ErrorKind::Setup) when the file cannot be read
    /// or is not JSON5; [`Error::as_config`] has the position.
    pub fn from_openclaw() -> Result<Self, Error> {
        let environment = environment();
        let config = ConfigFile::locate(&environment)?.load(&environment)?;
        let builder = Self::builder().environment(environment).home()?;
        builder.openclaw(config).build()
    }

    /// Returns OpenClaw's configuration, if it was set: fallbacks, aliases, agents, and everything
    /// else that it says.
    #[must_use]
    pub fn openclaw_config(&self) -> Option<&Config> {
        self.inner.settings.config.as_deref()
    }

    /// Returns the configured default model, otherwise that of the provider `qwen`.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) when the alias that is configured is ambiguous or
    /// the ref malformed, [`Setup`](ErrorKind::Setup) when it needs a variable that is not set.
    pub fn default_model(&self) -> Result<ModelRef, Error> {
        let config = self.openclaw_config();
        match config.map(Config::default_model).transpose()?.flatten() {
            Some(model) => self.parse(&model),
            None => {
                let model = Provider::QWEN.default_model().unwrap_or_default();
                Ok(ModelRef::new(Provider::QWEN, model)?)
            }
        }
    }

    /// Starts a chat request for the [`default_model`](Self::default_model).
    ///
    /// # Errors
    ///
    /// As [`default_model`](Self::default_model).
    pub fn chat_default(&self) -> Result<Chat, Error> {
        Ok(self.chat(self.default_model()?.to_string()))
    }
}

impl QwenBuilder {
    /// Takes settings from OpenClaw's configuration. Whatever is set in code or in the environment
    /// takes precedence, and so do stored profiles over its keys.
    ///
    /// - The environment is replaced by the one the configuration was read in, with the variables
    ///   that it sets (`env.vars`) ranked below all others.
    /// - An entry of `models.providers` named like a well-known provider sets its base URL, key, and
    ///   headers. `qwen-portal` and `qwen-cli` are `qwen-oauth`. Another alias, such as `modelstudio`,
    ///   stands for its provider if the entry has no key of its own and no base URL but the service's;
    ///   otherwise it is a custom provider, as is every entry of another name.
    /// - A custom provider's API must be `openai-completions`.
    /// - A model row sets limits and, by its `compat`, how requests are written. Whether a model thinks
    ///   and what it can be given is taken from the row only for models that the catalog does not
    ///   know: OpenClaw itself writes rows that say less than the catalog. A row can only add that a
    ///   model thinks.
    /// - `auth.order`, otherwise `auth.profiles`, ranks the stored profiles of a provider that have no
    ///   order in the store.
    /// - Aliases are accepted in place of model refs.
    ///
    /// What cannot be used, such as a key in a variable that is not set, is an error only for the
    /// request that needs it.
    pub fn openclaw(mut self, config: Config) -> Self {
        let mut routes = self.routes.environment(config.environment().clone());
        let mut rows = Vec::new();
        for (provider, group) in groups(&config) {
            for row in group.entries.iter().flat_map(|entry| &entry.models) {
                let capabilities = capabilities(&provider, row);
                rows.push((provider.clone(), row.id.clone(), capabilities));
            }
            routes = routes.configured(group.describe(provider, &config));
        }
        self.routes = routes;
        // What was set in code comes later, and counts.
        self.models.splice(0..0, rows);
        self.config = Some(Arc::new(config));
        self
    }

    /// Returns the model that a name stands for: that of an alias, or else the name itself.
    pub(crate) fn resolve<'a>(&'a self, name: &'a str) -> Result<&'a str, Error> {
        match &self.config {
            Some(config) => Ok(config.resolve(name)?),
            None => Ok(name),
        }
    }

    /// Returns the configured model that looks at media of a kind.
    pub(crate) fn media_model(&self, kind: Modality) -> Result<Option<String>, Error> {
        let models = match (&self.config, kind) {
            (Some(config), Modality::Image) => config.image_models()?,
            (Some(config), Modality::Video) => config.video_models()?,
            _ => Vec::new(),
        };
        Ok(models.into_iter().next())
    }
}

/// The entries of one provider, the one of its own name first, and the order of its profiles.
#[derive(Debug, Default)]
struct Group<'a> {
    is_custom: bool,
    entries: Vec<&'a ProviderEntry>,
    order: Vec<ProfileId>,
}

/// Sorts the configuration by provider.
fn groups(config: &Config) -> BTreeMap<Provider, Group<'_>> {
    let mut groups = BTreeMap::<Provider, Group<'_>>::new();
    for entry in &config.models.providers {
        let Some((provider, is_custom)) = owner(entry) else {
            tracing::warn!(
                "`{}` cannot be the id of a provider",
                entry.name.escape_debug()
            );
            continue;
        };
        let is_own = entry.name == provider.id();
        let group = groups.entry(provider).or_default();
        group.is_custom = is_custom;
        let place = if is_own { 0 } else { group.entries.len() };
        group.entries.insert(place, entry);
    }
    for id in order(config) {
        if let Ok(provider) = Provider::exactly(id.provider()) {
            groups.entry(provider).or_default().order.push(id);
        }
    }
    groups
}

/// Returns the provider that an entry of `models.providers` belongs to, as
/// [`QwenBuilder::openclaw`] does; `None` if its name cannot be the id of a provider.
#[must_use]
pub fn provider_of_entry(entry: &ProviderEntry) -> Option<Provider> {
    owner(entry).map(|(provider, _)| provider)
}

/// The provider that an entry belongs to, and whether it is a custom one.
fn owner(entry: &ProviderEntry) -> Option<(Provider, bool)> {
    let custom = || Some((Provider::exactly(&entry.name).ok()?, true));
    let Some(known) = Provider::by_name(&entry.name) else {
        return custom();
    };
    let is_name = known.id().eq_ignore_ascii_case(entry.name.trim());
    // The portal's three names are one account.
    if is_name || known == Provider::QWEN_OAUTH || is_legacy(entry, &known) {
        return Some((known, false));
    }
    custom()
}

/// Whether an entry named like an alias stands for the well-known provider: it has no key of its own,
/// and leads to no other server.
fn is_legacy(entry: &ProviderEntry, known: &Provider) -> bool {
    let has_key = entry
        .api_key
        .as_ref()
        .is_some_and(|key| !matches!(key.form(), KeyForm::Marker(_)));
    let is_here = match entry.base_url() {
        Ok(None) => true,
        Ok(Some(url)) => classify(url)
            .plan()
            .is_some_and(|plan| known.plans().contains(&plan)),
        Err(_) => false,
    };
    !has_key && entry.tokens.is_none() && is_here
}

/// The profiles of all providers: those of `auth.order`, or else those of `auth.profiles`, logins
/// before tokens before keys, as OpenClaw ranks them.
fn order(config: &Config) -> Vec<ProfileId> {
    let rank = |mode: &Option<ProfileMode>| match mode {
        Some(ProfileMode::OAuth) => 0,
        Some(ProfileMode::Token) => 1,
        _ => 2,
    };
    let orders = config.auth.order.values().flatten();
    let mut ids: Vec<ProfileId> = orders.filter_map(|id| id.parse().ok()).collect();
    let mut profiles: Vec<_> = config.auth.profiles.iter().collect();
    profiles.sort_by_key(|profile| rank(&profile.mode));
    let profiles = profiles
        .into_iter()
        .filter_map(|profile| profile.id.parse().ok());
    let unordered: Vec<ProfileId> = profiles
        .filter(|id: &ProfileId| ids.iter().all(|other| other.provider() != id.provider()))
        .collect();
    ids.extend(unordered);
    ids
}

impl Group<'_> {
    fn describe(&self, provider: Provider, config: &Config) -> ConfiguredProvider {
        let file = Source::Config {
            path: config.file().to_owned(),
        };
        let mut described = ConfiguredProvider::new(provider.clone(), file.clone());
        if self.is_custom {
            described = described.custom();
        }
        described = match self.base_url(&provider, config) {
            Ok(Some(url)) => described.base_url(url),
            Ok(None) => described,
            Err(error) => described.unusable(error),
        };
        let keys = self
            .entries
            .iter()
            .filter_map(|entry| entry.api_key.as_ref());
        let key = keys
            .filter_map(|key| key.key(config.environment()).transpose())
            .next();
        // An old documentation page shows a login in the entry.
        let mut tokens = self
            .entries
            .iter()
            .filter_map(|entry| entry.tokens.as_ref());
        described = match (key, tokens.find_map(|tokens| tokens.access.clone())) {
            (Some(Ok((key, source))), _) => described.key(key, source),
            (Some(Err(error)), _) => {
                described.unusable_key(auth::Error::configured(&provider, error))
            }
            (None, Some(token)) => described.key(token, file),
            (None, None) => described,
        };
        for header in self.entries.iter().flat_map(|entry| &entry.headers) {
            described = match header.value(config.environment()) {
                Ok(value) => described.header(header.name(), value),
                Err(error) => described.unusable(setup(error.to_string())),
            };
        }
        described.order(self.order.clone())
    }

    /// The first base URL of the entries.
    fn base_url(&self, provider: &Provider, config: &Config) -> Result<Option<String>, HttpError> {
        let place = |entry: &ProviderEntry| {
            let file = config.file();
            format!("`models.providers.{}` in {file}", entry.name.escape_debug())
        };
        for entry in &self.entries {
            let url = entry.base_url().map_err(|error| setup(error.to_string()))?;
            let api = entry.api.as_deref().unwrap_or("openai-completions");
            if api == "openai-completions" {
                match url {
                    Some(url) => return Ok(Some(url.to_owned())),
                    None => continue,
                }
            }
            // Vendors have an OpenAI-compatible API beside their own.
            let default = provider.default_base_url();
            let is_vendor = |url| default.is_some_and(|default| have_same_origin(url, default));
            if default.is_none() || url.is_some_and(|url| !is_vendor(url)) {
                return Err(setup(format!(
                    "{} has the API `{}`; only `openai-completions` is supported",
                    place(entry),
                    api.escape_debug(),
                )));
            }
        }
        match self.entries.first() {
            Some(entry) if self.is_custom => {
                Err(setup(format!("{} has no base URL", place(entry))))
            }
            _ => Ok(None),
        }
    }
}

fn have_same_origin(url: &str, other: &str) -> bool {
    let origin = |url| Some(BaseUrl::parse(url).ok()?.origin().to_owned());
    origin(url).is_some_and(|origin_of_url| Some(origin_of_url) == origin(other))
}

fn setup(message: String) -> HttpError {
    HttpError::unsent(ErrorKind::Setup).with_message(message)
}

/// What a row says that its model can do.
fn capabilities(provider: &Provider, row: &ModelRow) -> ModelCapabilities {
    let is_known = find(provider, &row.id, Edition::Merged).is_some();
    let mut capabilities = ModelCapabilities::new();
    if let Some(thinks) = row.reasoning.filter(|thinks| *thinks || !is_known) {
        capabilities = capabilities.reasoning(thinks);
    }
    if let Some(input) = row.input.as_ref().filter(|_| !is_known) {
        let other = [Modality::Image, Modality::Video, Modality::Audio];
        let other = other.into_iter().filter(|kind| {
            let mut named = input.iter();
            named.any(|name| name.eq_ignore_ascii_case(kind.as_str()))
        });
        capabilities = capabilities.input([Modality::Text].into_iter().chain(other));
    }
    if let Some(tokens) = tokens(row.context_window) {
        capabilities = capabilities.context_window(tokens);
    }
    if let Some(tokens) = tokens(row.max_tokens) {
        capabilities = capabilities.max_output(tokens);
    }
    if !row.headers.is_empty() {
        let id = row.id.escape_debug();
        tracing::warn!("the headers of the model row {provider}/{id} are not sent");
    }
    with_flags(capabilities, provider, &row.compat)
}

/// A limit; zero says nothing.
fn tokens(limit: Option<u64>) -> Option<u32> {
    let limit = limit.filter(|limit| *limit > 0)?;
    Some(u32::try_from(limit).unwrap_or(u32::MAX))
}

fn with_flags(
    mut capabilities: ModelCapabilities,
    provider: &Provider,
    flags: &RowFlags,
) -> ModelCapabilities {
    if let Some(format) = &flags.thinking_format {
        capabilities = capabilities.thinking(match format.as_str() {
            "qwen-chat-template" => ThinkingStyle::ChatTemplate,
            // Qwen's own providers write the switch in every other format.
            _ if provider.is_qwen() => ThinkingStyle::Switch,
            "qwen" => ThinkingStyle::Switch,
            _ => ThinkingStyle::Untouched,
        });
    }
    if let Some(has_it) = flags.supports_developer_role {
        capabilities = capabilities.developer_role(has_it);
    }
    if let Some(ask) = flags.supports_usage_in_streaming {
        capabilities = capabilities.usage(ask);
    }
    if flags.max_tokens_field.as_deref() == Some("max_tokens") {
        capabilities = capabilities.legacy_max_tokens();
    }
    if flags.supports_strict_mode == Some(false) {
        capabilities = capabilities.without_strict_tools();
    }
    for (supported, field) in [
        (flags.supports_prompt_cache_key, "prompt_cache_key"),
        (flags.supports_store, "store"),
        (flags.supports_reasoning_effort, "reasoning_effort"),
    ] {
        if supported == Some(false) {
            capabilities = capabilities.without_field(field);
        }
    }
    capabilities
}
