//! A provider's credentials, and which of them counts.

use std::time::SystemTime;

use qwen_openclaw::{
    auth::{ApiKey, ErrorKind, Profile, Source},
    catalog::Provider,
};

use super::WARN_AFTER;
use crate::{
    auth::list::{Row, Status},
    failure::plain,
    survey::Survey,
};

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

impl ProviderStatus {
    /// What counts is what a request would be sent with.
    pub(super) async fn of(survey: &Survey, provider: Provider, is_used: bool) -> Self {
        let rows = survey.profiles.iter().enumerate();
        let rows = rows.filter(|(_, row)| row.id.provider() == provider.id());
        let rows: Vec<usize> = rows.map(|(index, _)| index).collect();
        let mut status = Self {
            variable: variable_of(survey, &provider),
            configured: match survey.configured_key(&provider) {
                Ok(Some((key, source))) => Some((key.masked(), source.to_string())),
                _ => None,
            },
            problem: None,
            effective: Effective::Missing,
            readiness: Readiness::Missing,
            provider,
            is_used,
            rows,
        };
        let route = survey.qwen.route_to(&status.provider).await;
        let problem = match &route {
            Ok(route) => match (route.credential(), route.credential_error()) {
                (Some(credential), _) => {
                    status.set(survey, credential.source());
                    return status;
                }
                (None, None) => {
                    status.effective = Effective::NotNeeded;
                    status.readiness = Readiness::Ready;
                    return status;
                }
                (None, Some(error)) if error.kind() == ErrorKind::Missing => None,
                (None, Some(error)) => Some(plain(error.to_string())),
            },
            Err(error) => Some(plain(error.to_string())),
        };
        // Of profiles that cannot be used, that which says most; those that `auth.order` leaves out
        // are as good as missing.
        let rows = status.rows(survey);
        let best = rows
            .filter(|row| !row.is_excluded)
            .map(|row| row.readiness(survey.now))
            .min();
        if let Some(best) = best {
            status.effective = Effective::Profiles;
            status.readiness = best.max(Readiness::Unclear);
        } else if problem.is_some() && status.rows.is_empty() {
            status.readiness = Readiness::Unclear;
        }
        status.problem = problem;
        status
    }

    /// Notes the credential that counts by where it is from.
    fn set(&mut self, survey: &Survey, source: &Source) {
        (self.effective, self.readiness) = match source {
            Source::Profile(id) => {
                let mut rows = self.rows(survey);
                let row = rows.find(|row| row.id.as_str() == id);
                let readiness = row.map(|row| row.readiness(survey.now));
                (Effective::Profiles, readiness.unwrap_or(Readiness::Ready))
            }
            Source::Config { .. } => (Effective::Configuration, Readiness::Ready),
            // That program renews its login; nothing here does.
            Source::File { .. } => match &survey.cli_login {
                Some(login) if login.status.is_dead() => (Effective::Missing, Readiness::Missing),
                _ => (Effective::QwenCli, Readiness::Ready),
            },
            _ => (Effective::Variable, Readiness::Ready),
        };
    }

    /// How many profiles are of a kind.
    pub(super) fn count(&self, survey: &Survey, is_it: impl Fn(&str) -> bool) -> usize {
        let rows = self.rows(survey);
        rows.filter(|row| is_it(row.profile.kind())).count()
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

/// The first key in a provider's variables, masked, and its source.
fn variable_of(survey: &Survey, provider: &Provider) -> Option<(String, String)> {
    let names = provider.env_vars().iter();
    let mut variables = names.filter_map(|name| survey.environment().get(name));
    let variable = variables.next()?;
    let key = variable.value().and_then(ApiKey::parse).ok()?;
    Some((key.masked(), variable.source().to_string()))
}
