//! OpenClaw's configuration file, for the commands that read or edit it.

use std::sync::Arc;

use qwen_openclaw::{
    Qwen, QwenBuilder,
    auth::{Environment, FileStore},
    config::{self, Config, ConfigFile, Document, ModelChoice},
};

use crate::{failure::Failure, output};

/// The agent that there is without being configured.
const MAIN_AGENT: &str = "main";

/// The file, and the environment that it is read in.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) file: ConfigFile,
    pub(crate) environment: Environment,
}

impl Configuration {
    pub(crate) fn locate() -> Result<Self, Failure> {
        Ok(Self::of(environment())?)
    }

    /// The file that an environment leads to.
    pub(crate) fn of(environment: Environment) -> Result<Self, config::Error> {
        let file = ConfigFile::locate(&environment)?;
        Ok(Self { file, environment })
    }

    /// What it says; without a file, nothing.
    pub(crate) fn load(&self) -> Result<Config, config::Error> {
        self.file.load(&self.environment)
    }

    /// What it says, for commands that need keys: where `env.shellEnv` is on, this starts the login
    /// shell. If that fails, it warns.
    pub(crate) fn load_with_shell(&self) -> Result<Config, config::Error> {
        let config = self.file.load_with_shell(&self.environment)?;
        let known = self.environment.problems().len();
        for problem in config.environment().problems().iter().skip(known) {
            let failure = Failure::of(1, "other", problem);
            output::note(&format!("warning: {}", failure.message()));
        }
        Ok(config)
    }

    /// Finds out whether a change can be made, and writes nothing.
    pub(crate) fn try_edit<T>(
        &self,
        change: impl FnOnce(&mut Document) -> Result<T, config::Error>,
    ) -> Result<T, Failure> {
        Ok(self.file.try_edit(change)?)
    }

    /// Changes it, and says on standard error what was written, as OpenClaw does on standard output.
    pub(crate) async fn edit<T>(
        &self,
        change: impl FnMut(&mut Document) -> Result<T, config::Error>,
    ) -> Result<T, Failure> {
        let edited = self.file.edit(change).await?;
        if edited.is_written {
            output::note(&format!("Updated config: {}", self.file.shown()));
        }
        if let Some(backup) = &edited.backup {
            output::note(&format!("  Backup: {}", self.environment.shown(backup)));
        }
        Ok(edited.value)
    }
}

/// The environment of the process, with OpenClaw's own dotenv file.
pub(crate) fn environment() -> Environment {
    Environment::capture().with_openclaw_dotenv()
}

/// The configuration that says nothing.
pub(crate) fn empty(environment: &Environment) -> Config {
    Config::of(&Document::new(), environment)
}

/// What keys, base URLs and models of the configuration need and cannot get, such as a variable that
/// is not set.
pub(crate) fn unresolved(config: &Config) -> Vec<config::Error> {
    let mut errors = Vec::new();
    for entry in &config.models.providers {
        let key = entry.api_key.as_ref();
        errors.extend(key.and_then(|key| key.key(config.environment()).err()));
        errors.extend(entry.base_url().err());
    }
    let defaults = &config.agents.defaults;
    for choice in [
        &defaults.model,
        &defaults.image_model,
        &defaults.image_generation_model,
        &defaults.video_generation_model,
    ] {
        let texts = choice
            .primary
            .iter()
            .chain(choice.fallbacks.iter().flatten());
        errors.extend(texts.filter_map(|text| text.get().err()));
    }
    errors
}

/// A client as it is without flags.
pub(crate) fn client(
    environment: Environment,
    store: Option<Arc<FileStore>>,
    config: Option<Config>,
) -> QwenBuilder {
    let mut builder = Qwen::builder().environment(environment);
    if let Some(store) = store {
        builder = builder.store(store);
    }
    match config {
        Some(config) => builder.openclaw(config),
        None => builder,
    }
}

/// The model and fallbacks of an agent: its own, or else those of all.
pub(crate) fn choice_of_agent<'a>(
    config: &'a Config,
    id: &str,
) -> Result<&'a ModelChoice, Failure> {
    let agents = &config.agents;
    match agents.agent(id) {
        Some(agent) if agent.model.primary.is_some() => Ok(&agent.model),
        Some(_) => Ok(&agents.defaults.model),
        None if id.trim().eq_ignore_ascii_case(MAIN_AGENT) => Ok(&agents.defaults.model),
        None => {
            let ids: Vec<&str> = agents.agents.iter().map(|agent| &*agent.id).collect();
            let failure = Failure::other(format!("no such agent: {}", id.escape_debug()));
            Err(match &ids[..] {
                [] => failure.with_hint("the configuration has no agents"),
                ids => failure.with_hint(format!("there are {}", ids.join(", "))),
            })
        }
    }
}
