//! What there is: everything that the checks look at, read once.

use std::path::PathBuf;

use qwen_openclaw::routing::Cooldown;
use qwen_openclaw::{
    Route,
    auth::{ApiKey, openclaw_dir},
    config::{KeyPath, Models},
};

use super::{
    keys::{self, FoundKey},
    trials::Trial,
};
use crate::{
    auth::openclaw::Found as Stores, failure::Failure, models_status::ModelStatus, state::State,
    survey::Survey,
};

#[derive(Debug)]
pub(super) struct Home {
    pub(super) survey: Survey,
    /// The models and providers, or what of the configuration makes that impossible.
    pub(super) status: Result<ModelStatus, Failure>,
    /// The route of the default model, if there is one.
    pub(super) route: Option<Route>,
    pub(super) openclaw: OpenClaw,
    /// Every key, each once.
    pub(super) keys: Vec<FoundKey>,
    /// What is not tried for a while.
    pub(super) cooldowns: Vec<Cooldown>,
    /// Why the file of usage and cooldowns cannot be used.
    pub(super) bad_state: Option<String>,
    /// What the keys were found to be good for; empty unless asked for.
    pub(super) trials: Vec<Trial>,
}

/// What is known of OpenClaw itself.
#[derive(Debug)]
pub(super) struct OpenClaw {
    pub(super) folder: PathBuf,
    /// The version that changed the configuration last.
    pub(super) version: Option<String>,
    pub(super) stores: Stores,
    /// The `models.json` of each agent, with its agent.
    pub(super) derived: Vec<(String, Models)>,
}

impl Home {
    pub(super) async fn look() -> Result<Self, Failure> {
        let survey = Survey::take().await?;
        let folder = openclaw_dir(&survey.configuration.environment)?;
        let stores = Stores::in_folder(&folder, None);
        let openclaw = OpenClaw {
            version: version(&survey),
            derived: derived(&survey, &folder),
            stores,
            folder,
        };
        let status = ModelStatus::of(&survey, None).await;
        let route = match &status {
            Ok(status) => survey.qwen.route(&status.resolved).await.ok(),
            Err(_) => None,
        };
        let keys = keys::all(&survey, &openclaw).await;
        let (cooldowns, bad_state) = match kept(&survey).await {
            Ok(cooldowns) => (cooldowns, None),
            Err(failure) => (Vec::new(), Some(failure.message().to_owned())),
        };
        Ok(Self {
            survey,
            status,
            route,
            openclaw,
            keys,
            cooldowns,
            bad_state,
            trials: Vec::new(),
        })
    }

    /// The key that requests for the default model are sent with.
    pub(super) fn used_key(&self) -> Option<&ApiKey> {
        Some(self.route.as_ref()?.credential()?.key())
    }

    pub(super) fn is_used(&self, key: &FoundKey) -> bool {
        let provider = self.route.as_ref().map(Route::provider);
        provider == Some(&key.provider) && self.used_key() == Some(&key.key)
    }
}

/// The cooldowns of a file that is sound as a whole.
async fn kept(survey: &Survey) -> Result<Vec<Cooldown>, Failure> {
    let state = State::existing(&survey.configuration.environment).await?;
    if !state.is_sound().await? {
        return Err(Failure::other(
            "state.sqlite, with usage, cooldowns and budgets, is damaged",
        ));
    }
    survey.cooldowns().await
}

fn version(survey: &Survey) -> Option<String> {
    let document = survey.document.as_ref()?;
    let paths = [["meta", "lastTouchedVersion"], ["wizard", "lastRunVersion"]];
    let mut found = paths
        .into_iter()
        .filter_map(|path| document.get_text(&KeyPath::from(path)));
    found.next().map(ToOwned::to_owned)
}

/// The files of all agents; one that cannot be read is of no interest, because OpenClaw makes it anew.
fn derived(survey: &Survey, folder: &std::path::Path) -> Vec<(String, Models)> {
    let mut agents: Vec<String> = std::fs::read_dir(folder.join("agents"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    agents.sort();
    let environment = survey.environment();
    agents
        .into_iter()
        .filter_map(|agent| {
            let models = Models::derived(environment, &agent).ok()??;
            Some((agent, models))
        })
        .collect()
}
