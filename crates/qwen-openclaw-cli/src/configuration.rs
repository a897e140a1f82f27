//! OpenClaw's configuration file, for the commands that read or edit it.

use qwen_openclaw::{
    auth::Environment,
    config::{self, Config, ConfigFile, Document, ErrorKind},
};

use crate::{failure::Failure, output};

/// The file, and the environment that it is read in.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) file: ConfigFile,
    pub(crate) environment: Environment,
}

impl Configuration {
    pub(crate) fn locate() -> Result<Self, Failure> {
        let environment = Environment::capture().with_openclaw_dotenv();
        let file = ConfigFile::locate(&environment)?;
        Ok(Self { file, environment })
    }

    /// What it says; without a file, nothing.
    pub(crate) fn load(&self) -> Result<Config, config::Error> {
        self.file.load(&self.environment)
    }

    /// Finds out whether a change can be made, and writes nothing.
    pub(crate) fn try_edit<T>(
        &self,
        change: impl FnOnce(&mut Document) -> Result<T, config::Error>,
    ) -> Result<T, Failure> {
        let mut document = self.file.read()?.unwrap_or_default();
        Ok(change(&mut document)?)
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

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&config::Error> for Failure {
    fn from(error: &config::Error) -> Self {
        // What was asked for is at fault, not the file or the machine.
        let is_request = matches!(
            error.kind(),
            ErrorKind::InvalidModel | ErrorKind::InvalidAlias | ErrorKind::InvalidPath
        );
        let kind = if is_request {
            "invalid_request"
        } else {
            "config"
        };
        Self::of(1, kind, error).with_position(error.position().cloned())
    }
}
