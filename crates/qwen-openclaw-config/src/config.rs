//! The typed view of a configuration.

use std::{io, path::Path};

use qwen_openclaw_auth::{Environment, openclaw_dir};
use qwen_openclaw_catalog::{Modality, Provider};
use serde_json::Value;

#[cfg(feature = "schemars")]
use crate::schema;
use crate::{
    document::Document, error::Error, file::ConfigFile, include, path::KeyPath, problem::Problem,
};

pub(crate) mod agents;
mod aliases;
pub(crate) mod base_url;
pub(crate) mod models;
mod reader;
pub(crate) mod rows;
pub(crate) mod secret;
pub(crate) mod sections;
pub(crate) mod text;

use self::{
    agents::{Agents, ModelChoice},
    models::Models,
    reader::{Context, Object, Reader},
    sections::{EnvSettings, MediaLimit, MediaModel, MediaTools, Plugins, Profiles},
    text::Text,
};

/// The plugin of the providers `qwen` and `qwen-token-plan`.
const PLUGIN: &str = "qwen";

/// The members of a configuration that OpenClaw 2026.9 knows.
const ROOT: &[&str] = &[
    "$include",
    "$schema",
    "accessGroups",
    "acp",
    "agents",
    "approvals",
    "audio",
    "auth",
    "bindings",
    "broadcast",
    "browser",
    "canvasHost",
    "channels",
    "cli",
    "commands",
    "crestodian",
    "cron",
    "diagnostics",
    "discovery",
    "env",
    "gateway",
    "hooks",
    "logging",
    "mcp",
    "media",
    "memory",
    "messages",
    "meta",
    "models",
    "nodeHost",
    "plugins",
    "proxy",
    "secrets",
    "security",
    "session",
    "skills",
    "surfaces",
    "talk",
    "tools",
    "transcripts",
    "ui",
    "update",
    "web",
    "wizard",
];

/// What OpenClaw's configuration says, as far as it concerns models.
///
/// Reading never fails because of a value that is odd: it is skipped, and
/// [`problems`](Self::problems) says so.
///
/// ```
/// use qwen_openclaw_config::{Config, Document, auth::Environment};
///
/// let document = Document::parse(
///     "{
///       models: { providers: { qwen: { baseUrl: 'https://x.example/v1', apiKey: '${MY_KEY}' } } },
///       agents: { defaults: { model: 'Qwen', models: { 'qwen/m': { alias: 'Qwen' } } } },
///     }",
/// )?;
/// let environment = Environment::from_pairs([("MY_KEY", "sk-0123456789abcdef")]);
/// let config = Config::of(&document, &environment);
///
/// assert_eq!(config.default_model()?.as_deref(), Some("qwen/m"));
/// let entry = config.models.provider("qwen").ok_or("no entry")?;
/// assert_eq!(entry.base_url()?, Some("https://x.example/v1"));
/// let key = entry.api_key.as_ref().ok_or("no key")?.key(config.environment())?;
/// let (key, source) = key.ok_or("a marker")?;
/// assert_eq!((key.masked().as_str(), source.to_string().as_str()), ("sk-01234...89abcdef", "env: MY_KEY"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(
        title = "OpenClaw configuration",
        description = "The part of `openclaw.json` that concerns models."
    )
)]
pub struct Config {
    /// The `models` section.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Models>"))]
    pub models: Models,
    /// The `agents` section.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::AgentsSection>"))]
    pub agents: Agents,
    /// The `auth` section.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<Profiles>"))]
    pub auth: Profiles,
    /// The `env` section.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Env>"))]
    pub env: EnvSettings,
    /// The `plugins` section.
    #[cfg_attr(
        feature = "schemars",
        schemars(with = "Option<schema::PluginSwitches>")
    )]
    pub plugins: Plugins,
    /// The `tools.media` section.
    #[cfg_attr(
        feature = "schemars",
        schemars(rename = "tools", with = "Option<schema::Tools>")
    )]
    pub media: MediaTools,
    #[cfg_attr(feature = "schemars", schemars(skip))]
    file: String,
    #[cfg_attr(feature = "schemars", schemars(skip))]
    environment: Environment,
    #[cfg_attr(feature = "schemars", schemars(skip))]
    problems: Vec<Problem>,
}

impl ConfigFile {
    /// Reads the file with its includes merged into one document; `None` if it does not exist.
    ///
    /// Without an `$include`, this is the same as [`read`](Self::read). Otherwise the text is not that of
    /// a file: it is for looking at.
    ///
    /// # Errors
    ///
    /// The same as [`load`](Self::load).
    pub fn read_merged(&self) -> Result<Option<Document>, Error> {
        let Some(document) = self.read()? else {
            return Ok(None);
        };
        let value = document.to_value();
        let merged = include::resolve(value.clone(), self.path())
            .map_err(|error| error.in_file(self.shown()))?;
        if merged == value {
            return Ok(Some(document));
        }
        Document::parse(format!("{merged:#}")).map(Some)
    }

    /// Reads the file with its includes; an empty configuration if it does not exist.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read), and [`ErrorKind::Include`](crate::ErrorKind::Include).
    pub fn load(&self, environment: &Environment) -> Result<Config, Error> {
        let Some(document) = self.read()? else {
            return Ok(Config::of(&Document::new(), environment));
        };
        let value = include::resolve(document.to_value(), self.path())
            .map_err(|error| error.in_file(self.shown()))?;
        let mut config = Config::build(&value, self.path(), environment);
        let duplicates = document.duplicates().into_iter().map(Problem::from);
        config.problems.splice(0..0, duplicates);
        Ok(config)
    }

    /// The same as [`load`](Self::load), and starts the login shell if `env.shellEnv` or
    /// `OPENCLAW_LOAD_SHELL_ENV` says so: keys of providers that have none in the environment or in the
    /// file are taken from it, below everything else.
    ///
    /// If the shell fails, nothing is taken, and
    /// [`Environment::problems`](qwen_openclaw_auth::Environment::problems) of
    /// [`Config::environment`] says why. See
    /// [`Environment::with_login_shell`](qwen_openclaw_auth::Environment::with_login_shell).
    ///
    /// # Errors
    ///
    /// The same as [`load`](Self::load).
    pub fn load_with_shell(&self, environment: &Environment) -> Result<Config, Error> {
        let config = self.load(environment)?;
        let shell = config.env.shell;
        let names = config.environment.missing_keys();
        if !shell.is_enabled || names.is_empty() {
            return Ok(config);
        }
        let environment = environment.clone().with_login_shell(&names, shell.timeout);
        self.load(&environment)
    }
}

impl Config {
    /// Reads a document, whose `$include`s are not resolved.
    #[must_use]
    pub fn of(document: &Document, environment: &Environment) -> Self {
        let path = Path::new("openclaw.json");
        let mut config = Self::build(&document.to_value(), path, environment);
        let duplicates = document.duplicates().into_iter().map(Problem::from);
        config.problems.splice(0..0, duplicates);
        config
    }

    fn build(value: &Value, path: &Path, environment: &Environment) -> Self {
        let file = environment.shown(path);
        // Variables that the file sets are there for the rest of it.
        let first = Context::new(environment, &file);
        let section = |context| Reader::new(value, context).object(&[])?.get("env");
        let (mut env, pairs) = section(&first)
            .map(|reader| EnvSettings::read(&reader))
            .unwrap_or_default();
        env.shell = env.shell.with(environment);
        let mut problems = first.problems.into_inner();
        let environment = environment.clone().with_config_variables(path, pairs);

        let context = Context::new(&environment, &file);
        let root = Reader::new(value, &context).object(ROOT);
        let get = |name: &str| root.as_ref().and_then(|root| root.get(name));
        let models = get("models").map(|reader| Models::read(&reader));
        let agents = get("agents").map(|reader| Agents::read(&reader));
        let auth = get("auth").map(|reader| Profiles::read(&reader));
        let plugins = Plugins::read(get("plugins").as_ref());
        let media = get("tools")
            .and_then(|reader| reader.object(&[]))
            .and_then(|tools: Object<'_>| tools.get("media"))
            .map(|reader| MediaTools::read(&reader));
        problems.extend(context.problems.into_inner());
        let agents = agents.unwrap_or_default();
        problems.extend(agents.alias_problems());
        Self {
            models: models.unwrap_or_default(),
            agents,
            auth: auth.unwrap_or_default(),
            env,
            plugins,
            media: media.unwrap_or_default(),
            file,
            environment,
            problems,
        }
    }

    /// Returns the display path of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the environment with the variables that the file sets (`env.vars`).
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns what is odd in the file, in the order of its sections.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns the model that a name stands for: the model of an alias, or else the name itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AmbiguousAlias`](crate::ErrorKind::AmbiguousAlias).
    pub fn resolve<'a>(&'a self, name: &'a str) -> Result<&'a str, Error> {
        let name = name.trim();
        Ok(self.agents.lookup(name)?.unwrap_or(name))
    }

    /// Returns the default model, if one is configured.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AmbiguousAlias`](crate::ErrorKind::AmbiguousAlias), and
    /// [`ErrorKind::Unset`](crate::ErrorKind::Unset) when it names a variable that is not set.
    pub fn default_model(&self) -> Result<Option<String>, Error> {
        self.primary(&self.agents.defaults.model)
    }

    /// Returns the fallbacks of the default model, in order, without the model itself.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn fallbacks(&self) -> Result<Vec<String>, Error> {
        self.fallbacks_of(&self.agents.defaults.model)
    }

    /// Returns the model of an agent: its own, or else the default.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn agent_model(&self, id: &str) -> Result<Option<String>, Error> {
        match self.agents.agent(id) {
            Some(agent) if agent.model.primary.is_some() => self.primary(&agent.model),
            _ => self.default_model(),
        }
    }

    /// Returns the fallbacks of an agent, in order, without its model: its own, even if those are none,
    /// or else those of the default model.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn agent_fallbacks(&self, id: &str) -> Result<Vec<String>, Error> {
        let own = self
            .agents
            .agent(id)
            .and_then(|agent| agent.model.fallbacks.as_ref());
        let texts = own.or(self.agents.defaults.model.fallbacks.as_ref());
        self.fallbacks_in(texts, self.agent_model(id)?)
    }

    /// Returns the first model of a choice.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn primary(&self, choice: &ModelChoice) -> Result<Option<String>, Error> {
        let Some(text) = &choice.primary else {
            return Ok(None);
        };
        let model = self.resolve(text.get()?)?;
        Ok(Some(model.to_owned()).filter(|model| !model.is_empty()))
    }

    /// Returns the fallbacks of a choice, in order, without the first model and without repetitions.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn fallbacks_of(&self, choice: &ModelChoice) -> Result<Vec<String>, Error> {
        self.fallbacks_in(choice.fallbacks.as_ref(), self.primary(choice)?)
    }

    fn fallbacks_in(
        &self,
        texts: Option<&Vec<Text>>,
        primary: Option<String>,
    ) -> Result<Vec<String>, Error> {
        let mut fallbacks: Vec<String> = Vec::new();
        for text in texts.into_iter().flatten() {
            let model = self.resolve(text.get()?)?.to_owned();
            if Some(&model) != primary.as_ref() && !fallbacks.contains(&model) {
                fallbacks.push(model);
            }
        }
        Ok(fallbacks)
    }

    /// Returns the models that look at images, the first to be asked first: those of
    /// `tools.media.image`, those of `tools.media`, and `agents.defaults.imageModel` with its
    /// fallbacks.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn image_models(&self) -> Result<Vec<String>, Error> {
        let mut models = self.media_models(&self.media.image, "image")?;
        let choice = &self.agents.defaults.image_model;
        models.extend(self.primary(choice)?);
        models.extend(self.fallbacks_of(choice)?);
        Ok(models)
    }

    /// Returns the models that look at videos, the first to be asked first: those of
    /// `tools.media.video`, then those of `tools.media`.
    ///
    /// # Errors
    ///
    /// The same as [`default_model`](Self::default_model).
    pub fn video_models(&self) -> Result<Vec<String>, Error> {
        self.media_models(&self.media.video, "video")
    }

    /// Returns the limit for files of this kind that are read or sent: the smaller one of
    /// `agents.defaults.mediaMaxMb` and `tools.media.KIND.maxBytes`; `None` if neither is set.
    #[must_use]
    pub fn media_limit(&self, kind: Modality) -> Option<MediaLimit> {
        let general = self.agents.defaults.media_max_bytes();
        let general = general.map(|bytes| MediaLimit {
            bytes,
            key: KeyPath::from(["agents", "defaults", "mediaMaxMb"]),
        });
        let kind = kind.as_str();
        let own = self.media.max_bytes.get(kind).copied();
        let own = own.map(|bytes| MediaLimit {
            bytes,
            key: KeyPath::from(["tools", "media", kind, "maxBytes"]),
        });
        general
            .into_iter()
            .chain(own)
            .min_by_key(|limit| limit.bytes)
    }

    /// Returns the plugin that has to be on for a provider, if the file turns it off.
    #[must_use]
    pub fn plugin_that_is_off(&self, provider: &Provider) -> Option<&'static str> {
        let needs_it = [Provider::QWEN, Provider::QWEN_TOKEN_PLAN].contains(provider);
        (needs_it && self.plugins.is_on(PLUGIN) == Some(false)).then_some(PLUGIN)
    }

    fn media_models(&self, own: &[MediaModel], kind: &str) -> Result<Vec<String>, Error> {
        let shared = self.media.shared.iter().filter(|model| {
            let kinds = &model.capabilities;
            kinds.is_empty() || kinds.iter().any(|other| other == kind)
        });
        let mut models = Vec::new();
        for model in own.iter().chain(shared) {
            let get = |text: &Option<Text>| text.as_ref().map(|text| text.get().map(str::to_owned));
            match (
                get(&model.provider).transpose()?,
                get(&model.model).transpose()?,
            ) {
                (Some(provider), Some(model)) => models.push(format!("{provider}/{model}")),
                (None, Some(model)) => models.push(self.resolve(&model)?.to_owned()),
                _ => {}
            }
        }
        Ok(models)
    }
}

impl Models {
    /// Reads the `models.json` that OpenClaw derives for an agent; `None` if it does not exist.
    ///
    /// An old documentation page puts provider entries there. The file is never written.
    ///
    /// # Errors
    ///
    /// Those of [`ConfigFile::read`], and [`ErrorKind::Read`](crate::ErrorKind::Read) when the agent's
    /// id is not the name of a folder.
    pub fn derived(environment: &Environment, agent: &str) -> Result<Option<Self>, Error> {
        let is_name = !agent.is_empty()
            && agent
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name {
            return Err(Error::read(io::ErrorKind::InvalidInput.into()));
        }
        let folder = openclaw_dir(environment).map_err(Error::auth)?;
        let path = folder
            .join("agents")
            .join(agent)
            .join("agent")
            .join("models.json");
        let file = ConfigFile::at(path);
        let Some(document) = file.read()? else {
            return Ok(None);
        };
        let value = document.to_value();
        let shown = environment.shown(file.path());
        let context = Context::new(environment, &shown);
        Ok(Some(Self::read(&Reader::new(&value, &context))))
    }
}

#[cfg(test)]
mod tests;
