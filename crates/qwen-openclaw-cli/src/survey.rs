//! What is set up: configuration, credentials, and where the configured models lead. Nothing is sent.

use std::{sync::Arc, time::SystemTime};

use qwen_openclaw::{
    CustomProvider, Qwen, Route,
    auth::{
        self, ApiKey, Credential, Environment, FileStore, ProfileId, Source, StaticCredential,
        portal::QwenCliFile,
    },
    catalog::Provider,
    config::{self, Config, Document, ModelChoice, ProviderEntry},
};

use crate::{
    auth::list::{Row, Status},
    configuration::Configuration,
    failure::Failure,
};

/// The configuration and the stored credentials, read once.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) configuration: Configuration,
    /// The file without its includes, if it can be read.
    pub(crate) document: Option<Document>,
    /// What the file says; nothing if it is broken.
    pub(crate) config: Config,
    /// Why the file cannot be used.
    pub(crate) broken: Option<config::Error>,
    pub(crate) store: Arc<FileStore>,
    pub(crate) profiles: Vec<Row>,
    /// Why the stored credentials cannot be read.
    pub(crate) unreadable_store: Option<auth::Error>,
    /// The Qwen Code CLI's login, which the portal uses while it has no other.
    pub(crate) cli_login: Option<Row>,
    pub(crate) now: SystemTime,
}

impl Survey {
    /// Reads everything. What is broken is part of the result.
    pub(crate) async fn take() -> Result<Self, Failure> {
        let configuration = Configuration::locate()?;
        let (file, environment) = (&configuration.file, &configuration.environment);
        let (config, broken) = match configuration.load() {
            Ok(config) => (config, None),
            Err(error) => (Config::of(&Document::new(), environment), Some(error)),
        };
        let document = file.read().ok().flatten();
        let store = crate::auth::store(environment)?;
        let now = SystemTime::now();
        let (profiles, unreadable_store) = match Row::all(&store, None, now).await {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let cli_login = cli_login(environment, now).await;
        Ok(Self {
            configuration,
            document,
            config,
            broken,
            store,
            profiles,
            unreadable_store,
            cli_login,
            now,
        })
    }

    /// The variables, with those that the configuration sets.
    pub(crate) fn environment(&self) -> &Environment {
        self.config.environment()
    }

    /// The model and fallbacks of an agent, or else those of all.
    pub(crate) fn choice(&self, agent: Option<&str>) -> Result<&ModelChoice, Failure> {
        let default = &self.config.agents.defaults.model;
        let Some(id) = agent else {
            return Ok(default);
        };
        match self.config.agents.agent(id) {
            Some(agent) if agent.model.primary.is_some() => Ok(&agent.model),
            Some(_) => Ok(default),
            // OpenClaw's own agent, which needs no entry.
            None if id.trim().eq_ignore_ascii_case("main") => Ok(default),
            None => Err(self.unknown_agent(id)),
        }
    }

    fn unknown_agent(&self, id: &str) -> Failure {
        let agents = self.config.agents.agents.iter();
        let ids: Vec<_> = agents.map(|agent| agent.id.as_str()).collect();
        let failure = Failure::other(format!("no agent \"{id}\" is configured"));
        match &ids[..] {
            [] => failure,
            _ => failure.with_hint(format!("the agents are {}", ids.join(", "))),
        }
    }

    /// The default model: the configured one, or else that of the provider `qwen`.
    pub(crate) fn default_model(&self, choice: &ModelChoice) -> Result<String, Failure> {
        Ok(match self.config.primary(choice)? {
            Some(model) => model,
            None => format!(
                "{}/{}",
                Provider::QWEN,
                Provider::QWEN.default_model().unwrap_or_default()
            ),
        })
    }

    /// The provider whose credentials a name in a model reference stands for.
    ///
    /// The names of the portal are one. Otherwise an entry of exactly that name is a provider of its
    /// own, even if the name is an alias.
    pub(crate) fn owner(&self, name: &str) -> Option<Provider> {
        match Provider::by_name(name) {
            Some(known) if known == Provider::QWEN_OAUTH || known.id() == name => Some(known),
            Some(known) if self.config.models.exact(name).is_none() => Some(known),
            _ => Provider::exactly(name).ok(),
        }
    }

    /// The entry of a provider.
    pub(crate) fn entry(&self, provider: &Provider) -> Option<&ProviderEntry> {
        let mut entries = self.config.models.providers.iter();
        entries.find(|entry| self.owner(&entry.name).as_ref() == Some(provider))
    }

    /// The key in a provider's entry, and where it comes from.
    pub(crate) fn configured_key(
        &self,
        provider: &Provider,
    ) -> Result<Option<(ApiKey, Source)>, config::Error> {
        let setting = self
            .entry(provider)
            .and_then(|entry| entry.api_key.as_ref());
        match setting {
            Some(setting) => setting.key(self.environment()),
            None => Ok(None),
        }
    }

    /// Where requests for a model go, and with which key: a stored profile, one from the environment,
    /// or else that of the configuration.
    pub(crate) async fn route(&self, model: &str) -> Result<Route, Failure> {
        let model = self.config.reference(model)?.text;
        let provider = self.provider_of(&model)?;
        let builder = self.builder(&provider)?;
        let route = builder.clone().build()?.route(&model).await?;
        if route.credential().is_some() {
            return Ok(route);
        }
        match self.configured_key(&provider)? {
            Some((key, source)) => {
                let credential = Arc::new(StaticCredential::new(Credential::new(key, source)));
                let builder = builder.credential_for(provider, credential);
                Ok(builder.build()?.route(&model).await?)
            }
            None => Ok(route),
        }
    }

    fn builder(&self, provider: &Provider) -> Result<qwen_openclaw::QwenBuilder, Failure> {
        let store = Arc::<FileStore>::clone(&self.store);
        let builder = Qwen::builder()
            .environment(self.environment().clone())
            .store(store);
        let url = self.entry(provider).map(ProviderEntry::base_url);
        Ok(match url.transpose()?.flatten() {
            None => builder,
            Some(url) if provider.is_well_known() => {
                let path = self.configuration.file.shown().to_owned();
                let (provider, source) = (provider.clone(), Source::Config { path });
                builder.routes(|routes| routes.configured_base_url(provider, url, source))
            }
            Some(url) => {
                let custom = CustomProvider::new(provider.id(), url);
                builder.provider(custom.map_err(qwen_openclaw::Error::from)?)
            }
        })
    }
}

/// The login in the Qwen Code CLI's file, if there is a readable one.
async fn cli_login(environment: &Environment, now: SystemTime) -> Option<Row> {
    let file = QwenCliFile::of(environment).ok()?;
    let login = file.read().await.ok()??;
    let is_valid = now < login.expires();
    Some(Row {
        id: ProfileId::new(Provider::QWEN_OAUTH.id(), "qwen-cli").ok()?,
        profile: file.to_profile(),
        status: if is_valid {
            Status::Valid
        } else {
            Status::Expired
        },
        expires: Some(login.expires()).filter(|expires| *expires > SystemTime::UNIX_EPOCH),
    })
}
