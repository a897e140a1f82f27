//! `models status`: the configured models, and whether there are credentials for them.

use std::time::{Duration, SystemTime};

use clap::Args;
use qwen_openclaw::{
    auth::{ApiKey, Profile, Source},
    catalog::Provider,
    provider_of_entry,
};

use crate::{
    auth::list::{Row, Status},
    block_on,
    failure::Failure,
    output::{Out, note},
    survey::Survey,
};

mod document;
mod text;

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
    let status = ModelStatus::of(&survey, arguments.agent.as_deref())?;
    let mut out = Out::new();
    if arguments.plain {
        out.line(&status.default)?;
    } else if arguments.json {
        out.line(&format!("{:#}", document::of(&survey, &status)))?;
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

/// A provider's credentials.
#[derive(Debug)]
pub(crate) struct ProviderStatus {
    pub(crate) provider: Provider,
    /// Whether a configured model needs it.
    pub(crate) is_used: bool,
    pub(crate) rows: Vec<usize>,
    /// The masked key of a variable, and its source.
    pub(crate) variable: Option<(String, String)>,
    /// The masked key of the configuration, and its source.
    pub(crate) configured: Option<(String, String)>,
    /// Why the key of the configuration cannot be used.
    pub(crate) problem: Option<String>,
    pub(crate) effective: Effective,
    pub(crate) readiness: Readiness,
}

/// Which credential counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Effective {
    Profiles,
    Variable,
    Configuration,
    QwenCli,
    /// A server of one's own, without a key.
    NotNeeded,
    Missing,
}

/// Whether requests can be made; the worst is last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Readiness {
    Ready,
    Expiring,
    Unclear,
    Expired,
    Missing,
}

impl ModelStatus {
    pub(crate) fn of(survey: &Survey, agent: Option<&str>) -> Result<Self, Failure> {
        let choice = survey.choice(agent)?;
        let default = survey.default_model(choice)?;
        let image = &survey.config.agents.defaults.image_model;
        let fallbacks = survey.config.fallbacks_of(choice)?;
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
        let providers = survey
            .known_providers(&used)
            .into_iter()
            .map(|provider| {
                let is_used = used.contains(&provider);
                ProviderStatus::of(survey, provider, is_used)
            })
            .filter(|status| status.is_used || status.effective != Effective::Missing)
            .collect();
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

impl ProviderStatus {
    fn of(survey: &Survey, provider: Provider, is_used: bool) -> Self {
        let rows = survey.profiles.iter().enumerate();
        let rows = rows.filter(|(_, row)| row.id.provider() == provider.id());
        let rows: Vec<usize> = rows.map(|(index, _)| index).collect();
        let variables = provider.env_vars().iter();
        let variable = variables
            .copied()
            .find_map(|name| survey.environment().get(name));
        let masked = |key: &ApiKey, source: &Source| (key.masked(), source.to_string());
        let mut problem = None;
        let variable = variable.and_then(|variable| {
            let key = variable.value().and_then(ApiKey::parse);
            match key {
                Ok(key) => Some(masked(&key, &variable.source())),
                Err(error) => {
                    problem = Some(error.at(variable.source()).to_string());
                    None
                }
            }
        });
        let configured = match survey.configured_key(&provider) {
            Ok(found) => found.map(|(key, source)| masked(key, source)),
            Err(error) => {
                problem = Some(error.to_string());
                None
            }
        };
        let ready: Vec<Readiness> = rows
            .iter()
            .filter_map(|index| survey.profiles.get(*index))
            .filter(|row| !row.is_excluded)
            .map(|row| row.readiness(survey.now))
            .collect();
        let best = ready.iter().min().copied();
        let cli = survey.cli_login.as_ref();
        let cli = cli.filter(|row| row.id.provider() == provider.id() && !row.status.is_dead());
        let needs_none = !provider.is_well_known() && survey.entry(&provider).is_some();
        let (effective, readiness) = match best {
            Some(best) if best < Readiness::Unclear => (Effective::Profiles, best),
            _ if variable.is_some() => (Effective::Variable, Readiness::Ready),
            _ if configured.is_some() => (Effective::Configuration, Readiness::Ready),
            _ if problem.is_some() => (Effective::Missing, Readiness::Unclear),
            _ if cli.is_some() => (Effective::QwenCli, Readiness::Ready),
            Some(dead) => (Effective::Profiles, dead),
            None if needs_none => (Effective::NotNeeded, Readiness::Ready),
            None => (Effective::Missing, Readiness::Missing),
        };
        Self {
            provider,
            is_used,
            rows,
            variable,
            configured,
            problem,
            effective,
            readiness,
        }
    }

    /// The masked key or the file that counts.
    pub(crate) fn detail(&self, survey: &Survey) -> String {
        let key = |found: &Option<(String, String)>| {
            found
                .as_ref()
                .map(|(key, _)| key.clone())
                .unwrap_or_default()
        };
        match self.effective {
            Effective::Profiles => survey.environment().shown(survey.store.path()),
            Effective::Variable => key(&self.variable),
            Effective::Configuration => key(&self.configured),
            Effective::QwenCli => "the Qwen Code CLI's login".to_owned(),
            Effective::NotNeeded => "no key needed".to_owned(),
            Effective::Missing => self.problem.clone().unwrap_or_else(|| "missing".to_owned()),
        }
    }

    pub(crate) fn rows<'a>(&'a self, survey: &'a Survey) -> impl Iterator<Item = &'a Row> {
        self.rows
            .iter()
            .filter_map(|index| survey.profiles.get(*index))
    }
}

impl Effective {
    /// OpenClaw's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Profiles => "profiles",
            Self::Variable => "env",
            Self::Configuration => "models.json",
            Self::QwenCli => "qwen-cli",
            Self::NotNeeded => "none",
            Self::Missing => "missing",
        }
    }
}

impl Row {
    /// A login that is renewed by itself is ready.
    pub(crate) fn readiness(&self, now: SystemTime) -> Readiness {
        match (self.status, self.expires) {
            (Status::Stored | Status::Renewable, _) => Readiness::Ready,
            (Status::Valid, Some(expires)) if !self.is_renewed() && expires <= now + WARN_AFTER => {
                Readiness::Expiring
            }
            (Status::Valid, _) => Readiness::Ready,
            (Status::Interrupted, _) => Readiness::Unclear,
            (Status::Expired | Status::Refused | Status::Unreadable, _) => Readiness::Expired,
        }
    }

    fn is_renewed(&self) -> bool {
        match &self.profile {
            Profile::Login(login) => login.is_refreshable(),
            Profile::QwenCli { .. } => true,
            _ => false,
        }
    }

    /// OpenClaw's word for the state.
    pub(crate) fn health(&self, now: SystemTime) -> &'static str {
        match (self.status, self.readiness(now)) {
            (Status::Stored, _) => "static",
            (_, Readiness::Ready) => "ok",
            (_, Readiness::Expiring) => "expiring",
            _ => "expired",
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
