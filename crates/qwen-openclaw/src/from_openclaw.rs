//! OpenClaw's configuration as settings: which of its entries belongs to which provider, and what of
//! an entry becomes a base URL, a key, or a capability of a model.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};

use qwen_openclaw_auth::ProfileId;
use qwen_openclaw_catalog::{Modality, ModelRef, Provider, classify, price::FlatPrice};
use qwen_openclaw_config::{Config, ConfigFile, KeyForm, ProfileMode, ProviderEntry};
#[cfg(doc)]
use qwen_openclaw_http::ErrorKind;
use qwen_openclaw_transport::{Media, ModelCapabilities};

use crate::{Chat, Error, Qwen, QwenBuilder, qwen::environment};

mod entries;
mod rows;

use self::rows::{capabilities, with_fields};

/// What the configuration says of a provider beside its route.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderSettings {
    /// What holds for every model without capabilities of its own.
    pub(crate) models: ModelCapabilities,
    /// The limit for a request.
    pub(crate) timeout: Option<Duration>,
    pub(crate) prices: HashMap<String, FlatPrice>,
}

impl Qwen {
    /// Sets up as [`from_home`](Self::from_home), and takes from OpenClaw's configuration file what
    /// it says of providers, models, and accounts; see [`QwenBuilder::openclaw`].
    ///
    /// The file is `$OPENCLAW_CONFIG_PATH`, otherwise `openclaw.json` in `$OPENCLAW_STATE_DIR`,
    /// otherwise in `.openclaw` of `$OPENCLAW_HOME` or the home folder. If it does not exist, nothing
    /// is configured.
    ///
    /// No process is started: where `env.shellEnv` is on, the login shell is asked for missing keys only
    /// by [`ConfigFile::load_with_shell`], whose result [`QwenBuilder::openclaw`] takes.
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

    /// Starts a chat request for the [`default_model`](Self::default_model), or that of an
    /// [`agent`](Chat::agent). With a router, the configured fallbacks are tried after it: the agent's,
    /// or else those of the default model.
    ///
    /// # Errors
    ///
    /// As [`default_model`](Self::default_model).
    pub fn chat_default(&self) -> Result<Chat, Error> {
        let chat = self.chat(self.default_model()?.to_string());
        Ok(chat.by_configuration())
    }

    /// The configured model and its fallbacks.
    pub(crate) fn configured_models(&self, agent: Option<&str>) -> Result<Vec<String>, Error> {
        let default = || Ok::<_, Error>(vec![self.default_model()?.to_string()]);
        let Some(config) = self.openclaw_config() else {
            return default();
        };
        let agent = agent.and_then(|id| config.agents.agent(id));
        let own = agent.map(|agent| &agent.model);
        let mut models = match own.map(|own| config.primary(own)).transpose()?.flatten() {
            Some(model) => vec![model],
            None => default()?,
        };
        models.extend(match agent {
            Some(agent) => config.agent_fallbacks(&agent.id)?,
            None => config.fallbacks()?,
        });
        Ok(models)
    }
}

/// Reads an image, video, or audio file as [`Media::file`] does, unless it is larger than the
/// configuration allows for its kind (`agents.defaults.mediaMaxMb`, `tools.media.KIND.maxBytes`). No
/// more than its first bytes are read of a file that is too large.
///
/// # Errors
///
/// The same as [`Media::file`]; for a file that is too large, the message names the limit and its key.
pub fn media_file(config: &Config, path: impl AsRef<Path>) -> Result<Media, Error> {
    let media = Media::file_within(path, |kind| {
        let limit = config.media_limit(kind)?;
        let name = format!("`{}` in {}", limit.key, config.file());
        Some((limit.bytes, name))
    });
    Ok(media?)
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
    /// - The headers of an entry and of its model rows are sent to the origin of its base URL alone,
    ///   without one to the provider's own hosts alone. The configured key of the mode `token` or `oauth`
    ///   is a token, of which nothing is shown; `aws-sdk` is not supported.
    /// - A custom provider's API must be `openai-completions`.
    /// - `timeoutSeconds` limits a request from the connection to the end of the reply. The default is
    ///   that of [`stream_timeouts`](Self::stream_timeouts).
    /// - `params` of an entry, a model row, and `agents.defaults.models` are fields of request bodies
    ///   that do not set them, the last one taking precedence.
    /// - The `cost` of a model row takes the place of the catalog's price; see [`Qwen::cost`].
    /// - A model row sets limits and, by its `compat`, how requests are written. Whether a model thinks
    ///   and what it can be given is taken from the row only for models that the catalog does not
    ///   know: OpenClaw itself writes rows that say less than the catalog. A row can only add that a
    ///   model thinks.
    /// - `auth.order`, otherwise `auth.profiles`, ranks the stored profiles of a provider that have no
    ///   order in the store. Profiles that a list of `auth.order` leaves out are not used.
    /// - With the plugin `qwen` switched off, requests to `qwen` and `qwen-token-plan` are refused with
    ///   [`NotFound`](ErrorKind::NotFound).
    /// - Aliases are accepted in place of model refs.
    ///
    /// What cannot be used, such as a key in a variable that is not set, is an error only for the
    /// request that needs it.
    pub fn openclaw(mut self, config: Config) -> Self {
        let mut routes = self.routes.environment(config.environment().clone());
        let mut rows = Vec::new();
        for (provider, group) in groups(&config) {
            let fields = group.fields();
            for row in group.entries.iter().flat_map(|entry| &entry.models) {
                let capabilities = with_fields(capabilities(&provider, row), &fields);
                let capabilities = with_fields(capabilities, &row.params);
                rows.push((provider.clone(), row.id.clone(), capabilities));
            }
            let settings = ProviderSettings {
                models: with_fields(ModelCapabilities::new(), &fields),
                timeout: group.timeout(),
                prices: group.prices(),
            };
            self.configured.insert(provider.clone(), settings);
            routes = routes.configured(group.describe(provider, &config));
        }
        for settings in &config.agents.defaults.models {
            let model = match routes.parse(&settings.model) {
                Ok(model) if !settings.params.is_empty() => model,
                _ => continue,
            };
            let (provider, id) = (model.provider, model.model);
            let mut known = rows.iter().rev();
            let known = known.find(|(owner, row, _)| *owner == provider && *row == id);
            let all = || self.configured.get(&provider).map(|all| all.models.clone());
            let capabilities = known.map(|(.., known)| known.clone()).or_else(all);
            let capabilities = with_fields(capabilities.unwrap_or_default(), &settings.params);
            rows.push((provider, id, capabilities));
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

    /// Returns the configured models that look at media of a kind, the first to be asked first.
    pub(crate) fn media_models(&self, kind: Modality) -> Result<Vec<String>, Error> {
        Ok(match (&self.config, kind) {
            (Some(config), Modality::Image) => config.image_models()?,
            (Some(config), Modality::Video) => config.video_models()?,
            _ => Vec::new(),
        })
    }
}

/// The entries of one provider, the one of its own name first, and the order of its profiles.
#[derive(Debug, Default)]
struct Group<'a> {
    is_custom: bool,
    entries: Vec<&'a ProviderEntry>,
    order: Vec<ProfileId>,
    /// Whether profiles that are not in the order are left out.
    is_order_complete: bool,
    plugin_that_is_off: Option<&'static str>,
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
    let listed = config.auth.order.values().flatten();
    for id in listed.filter_map(|id| id.parse::<ProfileId>().ok()) {
        if let Ok(provider) = Provider::exactly(id.provider()) {
            groups.entry(provider).or_default().is_order_complete = true;
        }
    }
    for provider in Provider::well_known() {
        if let Some(plugin) = config.plugin_that_is_off(&provider) {
            groups.entry(provider).or_default().plugin_that_is_off = Some(plugin);
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
