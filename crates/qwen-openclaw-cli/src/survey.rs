//! What is set up: configuration, credentials, and where the configured models lead. Nothing is sent.

use std::{sync::Arc, time::SystemTime};

use qwen_openclaw::routing::Cooldown;
use qwen_openclaw::{
    Qwen,
    auth::{self, ApiKey, Environment, FileStore, ProfileId, Source, portal::QwenCliFile},
    catalog::Provider,
    config::{self, Config, Document, ModelChoice, ProviderEntry},
    provider_of_entry,
};

use crate::{
    auth::list::{Row, Status},
    configuration::{Configuration, choice_of_agent, client, empty},
    failure::Failure,
    state::{self, State},
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
    /// The client that requests are sent with, unless a flag says otherwise.
    pub(crate) qwen: Qwen,
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
        let (config, broken) = match configuration.load_with_shell() {
            Ok(config) => (config, None),
            Err(error) => (empty(environment), Some(error)),
        };
        let document = file.read().ok().flatten();
        let store = crate::auth::store(environment)?;
        let known = broken.is_none().then(|| config.clone());
        let qwen = client(environment.clone(), Some(Arc::clone(&store)), known).build()?;
        let now = SystemTime::now();
        let profiles = Row::all(&store, Some(&config), None, now).await;
        let (profiles, unreadable_store) = match profiles {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let cli_login = cli_login(environment, now).await;
        Ok(Self {
            configuration,
            document,
            config,
            broken,
            qwen,
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

    /// Whether the login shell is asked for keys, and which it gave.
    pub(crate) fn shell_text(&self) -> String {
        let names: Vec<&str> = self.environment().shell_variables().collect();
        match (self.config.env.shell.is_enabled, &names[..]) {
            (false, _) => "off".to_owned(),
            (true, []) => "on, gave no key".to_owned(),
            (true, names) => format!("on, gave {}", names.join(", ")),
        }
    }

    /// The model and fallbacks of an agent, or else those of all.
    pub(crate) fn choice(&self, agent: Option<&str>) -> Result<&ModelChoice, Failure> {
        match agent {
            Some(id) => choice_of_agent(&self.config, id),
            None => Ok(&self.config.agents.defaults.model),
        }
    }

    /// The default model: the configured one, or else that of the provider `qwen`.
    pub(crate) fn default_model(&self, choice: &ModelChoice) -> Result<String, Failure> {
        Ok(match self.config.primary(choice)? {
            Some(model) => model,
            None => built_in_default(),
        })
    }

    /// What is not tried for a while.
    pub(crate) async fn cooldowns(&self) -> Result<Vec<Cooldown>, Failure> {
        let state = State::existing(&self.configuration.environment).await?;
        let running = state.failover().running(self.now).await;
        running.map_err(state::failure)
    }

    /// The provider of a model, as for a request.
    pub(crate) fn provider_of(&self, model: &str) -> Result<Provider, Failure> {
        Ok(self.qwen.parse(model)?.provider)
    }

    /// The entry of a provider.
    pub(crate) fn entry(&self, provider: &Provider) -> Option<&ProviderEntry> {
        let mut entries = self.config.models.providers.iter();
        entries.find(|entry| provider_of_entry(entry).as_ref() == Some(provider))
    }

    /// The entry of a provider, if it sets a base URL.
    pub(crate) fn entry_with_url(&self, provider: &Provider) -> Option<&ProviderEntry> {
        let entry = self.entry(provider);
        entry.filter(|entry| matches!(entry.base_url(), Ok(Some(_))))
    }

    /// The key that the configuration has for a provider, and where it comes from.
    pub(crate) fn configured_key(
        &self,
        provider: &Provider,
    ) -> Result<Option<&(ApiKey, Source)>, &auth::Error> {
        let found = self.qwen.routes().configured_key(provider);
        found.map(Result::as_ref).transpose()
    }
}

/// The default model where none is configured.
pub(crate) fn built_in_default() -> String {
    let qwen = Provider::QWEN;
    format!("{qwen}/{}", qwen.default_model().unwrap_or_default())
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
        is_excluded: false,
        expires: Some(login.expires()).filter(|expires| *expires > SystemTime::UNIX_EPOCH),
    })
}
