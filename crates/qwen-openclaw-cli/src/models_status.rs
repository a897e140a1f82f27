//! `models status`: the configured models, and whether there are credentials for them.

use std::time::Duration;

use clap::Args;
use qwen_openclaw::{catalog::Provider, provider_of_entry};

use crate::{
    block_on,
    failure::Failure,
    output::{Out, note},
    survey::Survey,
};

mod document;
mod provider;
mod text;

pub(crate) use self::provider::{Effective, ProviderStatus, Readiness};

/// How long before it expires a credential that cannot be renewed is reported, as OpenClaw does.
pub(crate) const WARN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Args, Debug)]
#[command(after_help = "Example: qwen-openclaw models status --json | jq '.auth.profiles'")]
pub(crate) struct ModelsStatus {
    /// Print one JSON document
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,

    /// Print the default model only
    #[arg(long)]
    pub(crate) plain: bool,

    /// Exit with 1 if a credential is missing, expired or unclear, with 2 if one expires within a day
    #[arg(long)]
    pub(crate) check: bool,

    /// Show the model of this OpenClaw agent
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
}

pub(crate) fn run(arguments: &ModelsStatus) -> Result<(), Failure> {
    block_on(show(arguments))
}

async fn show(arguments: &ModelsStatus) -> Result<(), Failure> {
    let mut survey = Survey::take().await?;
    if let Some(error) = survey.broken.take() {
        return Err(error.into());
    }
    if let Some(error) = survey.unreadable_store.take() {
        return Err(error.into());
    }
    let status = ModelStatus::of(&survey, arguments.agent.as_deref()).await?;
    let mut out = Out::new();
    if arguments.plain {
        out.line(&status.default)?;
    } else if arguments.json {
        out.document(&document::of(&survey, &status))?;
    } else {
        for line in text::lines(&survey, &status) {
            out.line(&line)?;
        }
    }
    for problem in &status.problems {
        note(&format!("warning: {problem}"));
    }
    match status.readiness() {
        _ if !arguments.check => Ok(()),
        Readiness::Ready => Ok(()),
        // The code of usage errors is OpenClaw's for what expires soon.
        Readiness::Expiring => Err(Failure::usage("a credential expires soon").silent()),
        _ => Err(Failure::other("a credential is missing").silent()),
    }
}

/// The models, and the state of every provider that matters.
#[derive(Debug)]
pub(crate) struct ModelStatus {
    /// The default model as configured.
    pub(crate) default: String,
    /// The same as it is used.
    pub(crate) resolved: String,
    pub(crate) fallbacks: Vec<String>,
    pub(crate) image: Option<String>,
    pub(crate) image_fallbacks: Vec<String>,
    pub(crate) providers: Vec<ProviderStatus>,
    /// Models whose provider cannot be determined.
    pub(crate) problems: Vec<String>,
}

impl ModelStatus {
    pub(crate) async fn of(survey: &Survey, agent: Option<&str>) -> Result<Self, Failure> {
        let choice = survey.choice(agent)?;
        let default = survey.default_model(choice)?;
        let image = &survey.config.agents.defaults.image_model;
        let fallbacks = match agent {
            Some(id) => survey.config.agent_fallbacks(id)?,
            None => survey.config.fallbacks()?,
        };
        let image_fallbacks = survey.config.fallbacks_of(image)?;
        let image = survey.config.primary(image)?;
        let mut problems = Vec::new();
        let mut used: Vec<Provider> = Vec::new();
        let models = [&default].into_iter().chain(&fallbacks);
        for model in models.chain(&image).chain(&image_fallbacks) {
            match survey.provider_of(model) {
                Ok(provider) if used.contains(&provider) => {}
                Ok(provider) => used.push(provider),
                Err(failure) => problems.push(failure.message().to_owned()),
            }
        }
        let resolved = match survey.qwen.parse(&default) {
            Ok(model) => model.to_string(),
            Err(_) => default.clone(),
        };
        let mut providers = Vec::new();
        for provider in survey.known_providers(&used) {
            let is_used = used.contains(&provider);
            let status = ProviderStatus::of(survey, provider, is_used).await;
            if is_used || status.effective != Effective::Missing {
                providers.push(status);
            }
        }
        Ok(Self {
            default,
            resolved,
            fallbacks,
            image,
            image_fallbacks,
            providers,
            problems,
        })
    }

    /// The models: the default one, its fallbacks, the image model and its fallbacks.
    pub(crate) fn models(&self) -> impl Iterator<Item = &String> {
        let chat = [&self.default].into_iter().chain(&self.fallbacks);
        chat.chain(&self.image).chain(&self.image_fallbacks)
    }

    /// The providers with tokens or logins, each with how many it has.
    fn with_logins(&self, survey: &Survey) -> Vec<String> {
        let providers = self.providers.iter().filter_map(|status| {
            let logins = status.count(survey, |kind| kind != "api_key");
            (logins > 0).then(|| format!("{} ({logins})", status.provider))
        });
        providers.collect()
    }

    /// The worst of the providers that are used.
    pub(crate) fn readiness(&self) -> Readiness {
        let used = self.providers.iter().filter(|status| status.is_used);
        let worst = used.map(|status| status.readiness).max();
        match self.problems[..] {
            [] => worst.unwrap_or(Readiness::Ready),
            _ => Readiness::Unclear,
        }
    }
}

impl Survey {
    /// The providers that are used, configured, or well known, or have profiles.
    fn known_providers(&self, used: &[Provider]) -> Vec<Provider> {
        let mut all: Vec<Provider> = used.to_vec();
        let entries = self.config.models.providers.iter();
        let profiles = self.profiles.iter();
        all.extend(Provider::well_known());
        all.extend(entries.filter_map(provider_of_entry));
        all.extend(profiles.filter_map(|row| Provider::exactly(row.id.provider()).ok()));
        all.sort();
        all.dedup();
        all
    }
}
