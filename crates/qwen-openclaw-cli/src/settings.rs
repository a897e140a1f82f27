//! What the flags, the environment, and OpenClaw's configuration say, read once.

use qwen_openclaw::{
    QwenBuilder,
    auth::Environment,
    catalog::{Edition, ModelRef, Provider, find},
    chat::StreamTimeouts,
    config::{self, Config},
    http,
};
use qwen_openclaw_emulator::Emulator;

use crate::{
    args::{Connection, Seconds},
    auth,
    configuration::{Configuration, choice_of_agent, client, empty},
    connect::to_emulator,
    failure::Failure,
    key::key_from_stdin,
    output,
};

/// The settings of one command.
#[derive(Debug)]
pub(crate) struct Settings {
    connection: Connection,
    /// The environment without the variables of the configuration.
    pub(crate) environment: Environment,
    /// What the environment and the configuration say, before any flag.
    base: QwenBuilder,
    config: Result<Config, config::Error>,
    is_emulated: bool,
}

impl Connection {
    /// Reads the environment and the configuration.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let environment = self.environment()?;
        // Without a home folder nothing is stored and nothing is configured.
        let store = auth::store(&environment).ok();
        let config = match Configuration::of(environment.clone()) {
            Ok(configuration) => configuration.load_with_shell(),
            Err(_) => Ok(empty(&environment)),
        };
        let base = client(environment.clone(), store, config.as_ref().ok().cloned());
        Ok(Settings {
            connection: self.clone(),
            environment,
            base,
            config,
            is_emulated: false,
        })
    }

    /// The same client, with the limit of `--timeout`.
    fn limited(&self, builder: QwenBuilder) -> Result<QwenBuilder, Failure> {
        let Some(Seconds(limit)) = self.timeout else {
            return Ok(builder);
        };
        let http = http::Client::builder().head_timeout(limit);
        let http = http.build().map_err(qwen_openclaw::client::Error::from)?;
        Ok(builder
            .http(http)
            .stream_timeouts(StreamTimeouts::total(limit)))
    }

    /// A client set up as the flags say, for models of `provider`.
    pub(crate) fn qwen(&self, provider: &Provider) -> Result<QwenBuilder, Failure> {
        self.settings()?.builder(provider)
    }
}

impl Settings {
    /// The same for an emulator, which needs no configuration: a broken one is as good as none.
    pub(crate) fn emulated(mut self) -> Self {
        if self.config.is_err() {
            self.config = Ok(empty(&self.environment));
        }
        self.is_emulated = true;
        self
    }

    /// The same, with the key left on standard input.
    pub(crate) fn without_key(mut self) -> Self {
        self.connection.api_key_stdin = false;
        self
    }

    /// A client set up as everything says, for models of `provider`. If the configuration is broken,
    /// this warns and goes on without it.
    pub(crate) fn builder(&self, provider: &Provider) -> Result<QwenBuilder, Failure> {
        if let Err(error) = &self.config {
            let failure = Failure::from(error);
            output::note(&format!(
                "warning: the configuration is not used: {}",
                failure.message()
            ));
        }
        let connection = &self.connection;
        let mut builder = self.base.clone();
        if let Some(plan) = connection.plan {
            builder = builder.plan(plan);
        }
        if let Some(region) = connection.region {
            builder = builder.region(region);
        }
        if let Some(id) = &connection.workspace {
            builder = builder.workspace(id);
        }
        if let Some(url) = &connection.base_url {
            builder = builder.base_url_for(provider.clone(), url);
        }
        if let Some(name) = &connection.profile {
            let id = auth::profile_id(provider.id(), Some(name))?;
            builder = builder.profile(provider.clone(), id);
        }
        if connection.api_key_stdin {
            builder = builder.api_key_for(provider.clone(), key_from_stdin()?);
        }
        if connection.allow_http {
            output::note("warning: the key may be sent unencrypted (--allow-http)");
            builder = builder.allow_plain_http();
        }
        connection.limited(builder)
    }

    /// The same, or a client of an emulator, which stops when it is dropped.
    pub(crate) async fn open(
        &self,
        provider: &Provider,
    ) -> Result<(Option<Emulator>, QwenBuilder), Failure> {
        if !self.is_emulated {
            return Ok((None, self.builder(provider)?));
        }
        let (emulator, builder) = to_emulator(&self.connection, provider).await?;
        Ok((Some(emulator), self.connection.limited(builder)?))
    }

    /// The configuration, for what cannot do without it.
    pub(crate) fn config(&self) -> Result<&Config, Failure> {
        self.config.as_ref().map_err(Failure::from)
    }

    /// The configuration, unless it is broken.
    pub(crate) fn usable_config(&self) -> Option<&Config> {
        self.config.as_ref().ok()
    }

    /// The provider of an id that names none.
    pub(crate) fn default_provider(&self) -> Provider {
        self.connection.default_provider()
    }

    /// Whether requests to a provider have somewhere to go.
    pub(crate) fn knows(&self, provider: &Provider) -> bool {
        provider.is_well_known() || self.base.current_routes().is_custom(provider)
    }

    /// The ref that `text` is, whose provider may be anything.
    pub(crate) fn parse(&self, text: &str) -> Result<ModelRef, Failure> {
        let model = self.base.current_routes().parse(text);
        Ok(model.map_err(qwen_openclaw::Error::from)?)
    }

    /// The model that `text` refers to; without a text, the default model.
    pub(crate) fn model(&self, text: Option<&str>) -> Result<ModelRef, Failure> {
        let Some(text) = text else {
            return self.default_model();
        };
        let name = self.resolve(text)?;
        if is_key(name) {
            let failure = Failure::usage("an API key was given in the place of a model");
            return Err(failure.with_hint("`--api-key-stdin` reads a key from standard input"));
        }
        if !name.contains('/') {
            // A bare id belongs to the provider of the plan.
            return Ok(ModelRef::new(self.connection.default_provider(), name)?);
        }
        let model = self.parse(name)?;
        // Without a base URL there is nowhere to send the request.
        if self.knows(&model.provider) || self.connection.base_url.is_some() {
            return Ok(model);
        }
        self.config()?;
        Err(model.provider.unknown().into())
    }

    /// The model that an alias stands for, or else the text itself.
    pub(crate) fn resolve<'a>(&'a self, text: &'a str) -> Result<&'a str, Failure> {
        match &self.config {
            Ok(config) => Ok(config.resolve(text)?),
            Err(_) if text.contains('/') || self.is_listed(text) => Ok(text),
            Err(error) => Err(Failure::from(error).with_hint(
                "an alias is looked up there; PROVIDER/MODEL does without the configuration",
            )),
        }
    }

    /// The alias that a mistyped name is closest to.
    pub(crate) fn nearest_alias(&self, name: &str) -> Option<&str> {
        let config = self.usable_config()?;
        config.agents.nearest_aliases(name).first().copied()
    }

    /// The model of an agent: its own, or else the default.
    pub(crate) fn model_of_agent(&self, id: &str) -> Result<ModelRef, Failure> {
        let config = self.config()?;
        match config.primary(choice_of_agent(config, id)?)? {
            Some(model) => self.model(Some(&model)),
            None => self.default_model(),
        }
    }

    /// The configured fallbacks of an agent's model, or of the default one, if `first` is that model.
    /// An emulator stands in for one provider alone.
    pub(crate) fn fallbacks(
        &self,
        agent: Option<&str>,
        first: &ModelRef,
    ) -> Result<Vec<String>, Failure> {
        let config = self.config()?;
        let choice = match agent {
            Some(id) => choice_of_agent(config, id)?,
            None => &config.agents.defaults.model,
        };
        let primary = config.primary(choice)?.map(|text| self.parse(&text));
        if !primary.is_some_and(|primary| primary.is_ok_and(|primary| primary == *first)) {
            return Ok(Vec::new());
        }
        let mut fallbacks = match agent {
            Some(id) => config.agent_fallbacks(id)?,
            None => config.fallbacks()?,
        };
        if self.is_emulated {
            let is_served = |text: &String| {
                self.parse(text)
                    .is_ok_and(|model| model.provider == first.provider)
            };
            fallbacks.retain(is_served);
        }
        Ok(fallbacks)
    }

    /// The configured default model, unless a flag names a plan of another provider; otherwise the
    /// plan's.
    fn default_model(&self) -> Result<ModelRef, Failure> {
        let provider = self.connection.default_provider();
        let without = |failure: Failure| failure.with_hint("`-m PROVIDER/MODEL` does without it");
        let config = self.config().map_err(without)?;
        if let Some(model) = config.default_model()? {
            let model = self.model(Some(&model))?;
            let is_served = model.provider.is_qwen() || !self.is_emulated;
            if is_served && (self.connection.plan.is_none() || model.provider == provider) {
                return Ok(model);
            }
        }
        let model = provider.default_model().unwrap_or_default();
        Ok(ModelRef::new(provider, model)?)
    }

    /// Whether the catalog lists a bare id.
    fn is_listed(&self, id: &str) -> bool {
        find(&self.connection.default_provider(), id, Edition::Merged).is_some()
    }
}

/// Whether a key was pasted in the place of a model. It would be sent to whoever is asked for the model,
/// recorded, and shown.
fn is_key(name: &str) -> bool {
    let id = name.rsplit('/').next().unwrap_or(name);
    id.starts_with("sk-") && id.len() >= 20
}
