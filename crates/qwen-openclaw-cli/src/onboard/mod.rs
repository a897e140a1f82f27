//! `onboard`: a key, checked and stored, and what it needs in OpenClaw's configuration.

use std::{
    io::{self, IsTerminal},
    sync::Arc,
};

use qwen_openclaw::{
    auth::{CredentialStore, FileStore, KeyEndpoint, Profile, ProfileId, StoredKey},
    catalog::{AuthChoice, Plan},
    config::{Config, ModelSlot, Preset},
};

use crate::{
    auth::{profile_id, store, store_profile},
    block_on,
    configuration::Configuration,
    failure::Failure,
    interrupt::Interrupt,
    key_check::{KeyCheck, is_emulator_key},
    output::note,
};

pub(crate) mod args;
mod check;
mod choose;
mod key;
mod report;

use self::{
    args::{Onboard, SecretInputMode},
    check::{Checked, Place},
    key::{FoundKey, KeySource},
    report::Report,
};

pub(crate) fn run(arguments: Onboard) -> Result<(), Failure> {
    block_on(async {
        let onboarding = Onboarding::open(&arguments).await?;
        let report = onboarding.run().await?;
        report.print(&arguments)
    })
}

/// What is the same for every choice.
struct Onboarding<'a> {
    arguments: &'a Onboard,
    configuration: Configuration,
    config: Config,
    store: Arc<FileStore>,
    check: KeyCheck,
    /// Whether the user can be asked.
    asks: bool,
}

impl<'a> Onboarding<'a> {
    async fn open(arguments: &'a Onboard) -> Result<Self, Failure> {
        let configuration = Configuration::locate()?;
        // A file that is broken is better reported before anything is asked.
        let config = configuration.load()?;
        Ok(Self {
            arguments,
            config,
            store: store(&configuration.environment)?,
            configuration,
            check: check::open(arguments).await?,
            asks: !arguments.non_interactive && io::stdin().is_terminal(),
        })
    }

    async fn run(&self) -> Result<Report, Failure> {
        let mut choice = choose::choice(self).await?;
        let id = self.profile_of(choice)?;
        // What keeps it from being stored is better known before the key is asked for.
        self.try_out(choice)?;
        self.store.check_writable().await.map_err(Failure::from)?;
        let key = key::find(self, choice, &id).await?;
        if let Some(warning) = key::doubt(&key.key, choice) {
            note(&format!("warning: {warning}"));
        }
        let checked = if self.arguments.no_verify {
            Checked::Skipped
        } else {
            // A prompt before it has taken Ctrl-C from the system.
            let mut interrupt = Interrupt::listen()?;
            interrupt.or(check::run(self, choice, &key)).await?
        };
        if let Checked::Belongs(other) = checked {
            choice = other;
        }
        let id = self.profile_of(choice)?;
        self.write(choice, id, key, checked).await
    }

    fn profile_of(&self, choice: AuthChoice) -> Result<ProfileId, Failure> {
        profile_id(choice.provider().id(), Some(&self.arguments.profile))
    }

    fn preset(&self, choice: AuthChoice) -> Result<Preset, Failure> {
        let preset = Preset::of(choice)
            .account(self.profile_of(choice)?.account())
            .set_default(self.arguments.set_default);
        Ok(match Place::configured(self, choice)? {
            Some(url) => preset.base_url(url),
            None => preset,
        })
    }

    fn try_out(&self, choice: AuthChoice) -> Result<(), Failure> {
        let preset = self.preset(choice)?;
        self.configuration
            .try_edit(|document| preset.apply(document))
    }

    /// A stored key that the emulator's own would replace is still needed.
    async fn protect(&self, id: &ProfileId, key: &FoundKey) -> Result<(), Failure> {
        if !self.arguments.emulator || key.source == KeySource::Stored {
            return Ok(());
        }
        match self.store.load(id).await.map_err(Failure::from)? {
            Some(Profile::ApiKey(stored))
                if is_emulator_key(stored.key()) || stored.key() == &key.key =>
            {
                Ok(())
            }
            None => Ok(()),
            Some(_) => Err(Failure::other(format!(
                "the profile {id} has a credential, which the emulator's would replace"
            ))
            .with_hint("use `--profile NAME` to keep both")),
        }
    }

    /// Stores the key, and writes the configuration.
    async fn write(
        &self,
        choice: AuthChoice,
        id: ProfileId,
        key: FoundKey,
        checked: Checked,
    ) -> Result<Report, Failure> {
        let preset = self.preset(choice)?;
        self.try_out(choice)?;
        self.protect(&id, &key).await?;
        let replaced = match self.arguments.secret_input_mode {
            SecretInputMode::Ref => {
                self.must_not_be_stored(&id, &key).await?;
                None
            }
            SecretInputMode::Plaintext if key.source == KeySource::Stored => Some(false),
            SecretInputMode::Plaintext => {
                let profile = Profile::ApiKey(StoredKey::new(key.key.clone(), place_of(choice)));
                Some(store_profile(&self.store, &id, &profile).await?)
            }
        };
        let edit = self.configuration.edit(|document| {
            preset.apply(document)?;
            Ok(document.model(ModelSlot::Chat).map(str::to_owned))
        });
        let default = edit.await?.unwrap_or_default();
        Ok(Report {
            choice,
            base_url: Place::after(self, choice)?,
            id,
            key,
            replaced,
            checked,
            default,
            own_default: preset.default_model(),
            config_path: self.configuration.file.path().to_owned(),
            store_path: self.store.path().to_owned(),
        })
    }

    /// A stored profile comes before the environment, where the key is to stay.
    async fn must_not_be_stored(&self, id: &ProfileId, key: &FoundKey) -> Result<(), Failure> {
        match self.store.load(id).await.map_err(Failure::from)? {
            None => Ok(()),
            Some(_) => Err(Failure::other(format!(
                "the profile {id} is stored, and comes before {}",
                key.source
            ))
            .with_hint(format!(
                "remove it first with `models auth logout {id}`, or omit `--secret-input-mode ref`"
            ))),
        }
    }
}

/// What is remembered with the key.
fn place_of(choice: AuthChoice) -> KeyEndpoint {
    let mut endpoint = KeyEndpoint::default();
    // The portal has one place, and no plans.
    if choice.plan() != Plan::Portal {
        endpoint.plan = Some(choice.plan());
        endpoint.region = Some(choice.region());
    }
    endpoint
}
