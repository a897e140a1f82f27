//! `usage`: what was used and what it cost, quotas, and budgets.

pub(crate) mod amount;
mod args;
mod budget;
pub(crate) mod cooldowns;
mod csv;
pub(crate) mod days;
mod document;
mod quota;
mod report;
mod text;
mod watch;

use std::time::{Duration, SystemTime};

use qwen_openclaw::routing::{BudgetWindow, Limit, UsageFilter};

pub(crate) use self::args::Usage;
use self::{args::UsageCommand, days::Zone, document::Document, report::Report};
use crate::{
    block_on,
    configuration::environment,
    failure::Failure,
    output::Out,
    state::{self, State},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn run(arguments: &Usage) -> Result<(), Failure> {
    match &arguments.command {
        Some(UsageCommand::Budget { command }) => block_on(budget::run(command)),
        Some(UsageCommand::Cooldowns { command }) => block_on(cooldowns::run(command)),
        None => block_on(show(arguments)),
    }
}

async fn show(arguments: &Usage) -> Result<(), Failure> {
    if arguments.watch {
        watch::check()?;
    }
    let state = State::existing(&environment()).await?;
    if arguments.watch {
        return watch::run(async || Ok(text::lines(&read(arguments, &state).await?))).await;
    }
    let report = read(arguments, &state).await?;
    let mut out = Out::new();
    if arguments.csv {
        return out.piece(&csv::document(&report));
    }
    if arguments.json {
        let document = serde_json::to_string_pretty(&Document::of(&report));
        let document = document.map_err(|error| Failure::other(error.to_string()))?;
        return out.line(&document);
    }
    let lines = text::lines(&report);
    lines.iter().try_for_each(|line| out.line(line))
}

async fn read(arguments: &Usage, state: &State) -> Result<Report, Failure> {
    let now = SystemTime::now();
    // What a process that was killed has left counts from now on.
    state.usage().expire(now).await.map_err(state::failure)?;
    let zone = arguments.zone.clone().unwrap_or_else(Zone::system);
    let report = Report::read(&**state.usage(), arguments.by, arguments.days, zone, now).await;
    let mut report = report.map_err(state::failure)?;
    let quotas = quota::meters(&**state.usage(), &report, arguments.zone.as_ref(), now).await;
    report.meters = quotas.map_err(state::failure)?;
    report.meters.extend(budget::meters(state, now).await?);
    let everything = BudgetWindow {
        name: String::new(),
        filter: UsageFilter::default(),
        since: now.checked_sub(DAY).unwrap_or(now),
        limit: Limit::Requests(u64::MAX),
    };
    let standing = state.usage().standing(&everything, now).await;
    let (_, reserved) = standing.map_err(state::failure)?;
    report.in_progress = reserved.requests;
    Ok(report)
}

#[cfg(test)]
mod tests;
