//! `status`: what is set up, on one screen.

use std::collections::BTreeMap;

use clap::Args;
use qwen_openclaw::routing::Cooldown;
use qwen_openclaw::{
    Route,
    auth::StateDir,
    catalog::Provider,
    client::Explanation,
    video::task::{FileJobs, JobList, JobRecord, JobStore, Phase},
};
use serde_json::{Value, json};

use crate::{
    auth::list::{Row, timestamp},
    block_on,
    columns::field,
    explain,
    failure::{Failure, plain},
    jobs::{Kind, state},
    output::Out,
    survey::Survey,
    usage::cooldowns,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Example: qwen-openclaw status\n\n`doctor` looks for problems, and says what fixes each."
)]
pub(crate) struct Status {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// The most unfinished jobs that are shown.
const MOST: usize = 5;

pub(crate) fn run(arguments: &Status) -> Result<(), Failure> {
    block_on(show(arguments))
}

async fn show(arguments: &Status) -> Result<(), Failure> {
    let survey = Survey::take().await?;
    let overview = Overview::of(&survey).await;
    let mut out = Out::new();
    if arguments.json {
        return out.document(&overview.to_json(&survey));
    }
    for (name, text) in overview.lines(&survey) {
        out.line(&field(name, 10, &text))?;
    }
    Ok(())
}

struct Overview {
    model: Option<String>,
    fallbacks: Vec<String>,
    route: Option<Route>,
    jobs: JobList,
    /// What is not tried for a while.
    cooldowns: Vec<Cooldown>,
    /// What keeps a part from being shown, or OpenClaw from using the configuration.
    problems: Vec<String>,
}

impl Overview {
    /// What cannot be determined is a problem, and the rest is shown.
    async fn of(survey: &Survey) -> Self {
        let mut problems: Vec<String> = Vec::new();
        problems.extend(survey.broken.as_ref().map(ToString::to_string));
        problems.extend(survey.unreadable_store.as_ref().map(ToString::to_string));
        problems.extend(survey.config.problems().iter().map(ToString::to_string));
        let off = survey.config.plugin_that_is_off(&Provider::QWEN);
        problems.extend(off.map(|plugin| {
            format!("the plugin {plugin} is switched off: requests to qwen are refused")
        }));
        let mut note = |result: Result<Option<String>, Failure>| {
            result.unwrap_or_else(|failure| {
                problems.push(failure.message().to_owned());
                None
            })
        };
        let choice = &survey.config.agents.defaults.model;
        let model = note(survey.default_model(choice).map(Some));
        let fallbacks = survey.config.fallbacks_of(choice).unwrap_or_default();
        let route = match &model {
            Some(model) => survey
                .qwen
                .route(model)
                .await
                .map(Some)
                .map_err(Failure::from),
            None => Ok(None),
        };
        let route = route.unwrap_or_else(|failure| {
            if off.is_none() {
                problems.push(failure.message().to_owned());
            }
            None
        });
        let folder = StateDir::of(&survey.configuration.environment);
        let jobs = match folder {
            Ok(folder) => FileJobs::in_folder(&folder).list().await,
            Err(_) => Ok(JobList::new(Vec::new(), Vec::new())),
        };
        let jobs = jobs.unwrap_or_else(|error| {
            problems.push(plain(error.to_string()));
            JobList::new(Vec::new(), Vec::new())
        });
        problems.extend(jobs.unreadable.iter().map(ToString::to_string));
        let cooldowns = survey.cooldowns().await.unwrap_or_else(|failure| {
            problems.push(failure.message().to_owned());
            Vec::new()
        });
        Self {
            model,
            fallbacks,
            route,
            jobs,
            cooldowns,
            problems,
        }
    }

    fn lines(&self, survey: &Survey) -> Vec<(&'static str, String)> {
        let none = || "-".to_owned();
        let mut lines = vec![
            ("Model", self.model_text(survey)),
            (
                "Fallbacks",
                match &self.fallbacks[..] {
                    [] => none(),
                    models => models.join(", "),
                },
            ),
        ];
        if let Some(route) = &self.route {
            let explanation = route.explain();
            lines.extend([
                (
                    "Provider",
                    format!("{} ({})", explanation.provider, route.provider().label()),
                ),
                ("Plan", explain::endpoint(route)),
                (
                    "Endpoint",
                    format!("{} ({})", explanation.base_url, route.endpoint().rule()),
                ),
                ("Key", explain::key(&explanation)),
            ]);
        }
        lines.extend(list("Profiles", survey.profiles.iter().map(Row::label)));
        lines.extend(list("Videos", self.job_lines().into_iter()));
        if !self.cooldowns.is_empty() {
            lines.extend(list(
                "Cooldowns",
                self.cooldowns.iter().map(cooldowns::line),
            ));
        }
        let exists = survey.document.is_some() || survey.broken.is_some();
        let path = survey.configuration.file.shown();
        lines.push((
            "Config",
            match exists {
                true => path.to_owned(),
                false => format!("{path} (does not exist)"),
            },
        ));
        lines.extend(list("Problems", self.problems.iter().cloned()));
        if !self.problems.is_empty() {
            lines.push(("", "`qwen-openclaw doctor` says what fixes them".to_owned()));
        }
        lines
    }

    fn model_text(&self, survey: &Survey) -> String {
        let is_configured = survey.config.agents.defaults.model.primary.is_some();
        match &self.model {
            None => "-".to_owned(),
            Some(model) if is_configured => model.clone(),
            Some(model) => format!("{model} (built-in default)"),
        }
    }

    /// How many jobs there are in each state, and those that are not finished.
    fn job_lines(&self) -> Vec<String> {
        if self.jobs.records.is_empty() {
            return Vec::new();
        }
        let counts = self.counts();
        let counts = counts
            .iter()
            .map(|(phase, count)| format!("{count} {phase}"));
        let unfinished: Vec<&JobRecord> = self.unfinished().collect();
        let mut lines = vec![counts.collect::<Vec<_>>().join(", ")];
        for record in unfinished.iter().take(MOST) {
            lines.push(format!(
                "{} {}: {}",
                record.id(),
                record.model(),
                state(record)
            ));
        }
        if let Some(more) = unfinished.len().checked_sub(MOST).filter(|more| *more > 0) {
            let has = |kind: Kind| unfinished.iter().any(|record| kind.makes(record));
            let kinds = [Kind::Image, Kind::Video]
                .into_iter()
                .filter(|kind| has(*kind));
            let list = |kind: Kind| format!("`qwen-openclaw {} list --unfinished`", kind.name());
            let lists: Vec<String> = kinds.map(list).collect();
            lines.push(format!("{more} more: {}", lists.join(", ")));
        }
        lines
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for record in &self.jobs.records {
            *counts.entry(record.phase().as_str()).or_default() += 1;
        }
        counts
    }

    fn unfinished(&self) -> impl Iterator<Item = &JobRecord> {
        let records = self.jobs.records.iter();
        records.filter(|record| !Phase::is_settled(record.phase()))
    }

    fn to_json(&self, survey: &Survey) -> Value {
        let explanation: Option<Explanation> = self.route.as_ref().map(Route::explain);
        let part = |get: fn(&Explanation) -> Value| explanation.as_ref().map_or(Value::Null, get);
        let profiles = survey.profiles.iter().map(|row| {
            json!({
                "id": row.id.as_str(),
                "type": row.profile.kind(),
                "status": row.status.as_str(),
                "expires": row.expires.and_then(timestamp),
            })
        });
        let unfinished = self.unfinished().map(|record| {
            json!({
                "id": record.id().as_str(),
                "model": record.model(),
                "phase": record.phase().as_str(),
                "createdAt": timestamp(record.created_at()),
            })
        });
        json!({
            "model": self.model,
            "fallbacks": self.fallbacks,
            "provider": part(|found| json!(found.provider)),
            "plan": part(|found| json!(found.plan)),
            "region": part(|found| json!(found.region)),
            "baseUrl": part(|found| json!(found.base_url)),
            "baseUrlSource": part(|found| json!(found.base_url_source)),
            "key": part(|found| json!(found.key)),
            "keySource": part(|found| json!(found.key_source)),
            "keyProblem": part(|found| json!(found.key_problem)),
            "profiles": profiles.collect::<Vec<_>>(),
            "jobs": {"counts": self.counts(), "unfinished": unfinished.collect::<Vec<_>>()},
            "cooldowns": self.cooldowns.iter().map(cooldowns::to_json).collect::<Vec<_>>(),
            "configPath": survey.configuration.file.path(),
            "configExists": survey.document.is_some() || survey.broken.is_some(),
            "problems": self.problems,
        })
    }
}

/// One line for each of them, the first with the name.
fn list(
    name: &'static str,
    texts: impl Iterator<Item = String>,
) -> impl Iterator<Item = (&'static str, String)> {
    let mut texts = texts.peekable();
    let none = texts.peek().is_none().then(|| (name, "none".to_owned()));
    let lines = texts.enumerate();
    let lines = lines.map(move |(index, text)| (if index == 0 { name } else { "" }, text));
    none.into_iter().chain(lines)
}
