//! `usage budget`: limits on what is used.

use std::time::{Duration, SystemTime};

use qwen_openclaw::catalog::{
    Provider,
    price::{Cost, Currency},
};
use qwen_openclaw::routing::{
    Budget, BudgetWindow, Error, Limit, Period, UsageFilter, UsageGroup, UsageQuery, UsageStore,
    UsageSum,
};
use serde_json::json;

use super::{
    amount,
    args::{BudgetCommand, SetBudget},
    days::QUARTER,
    document::Gauge,
    report::Meter,
    text,
};
use crate::{
    auth::profile_id,
    configuration::environment,
    failure::Failure,
    output::Out,
    state::{self, State},
};

pub(super) async fn run(command: &BudgetCommand) -> Result<(), Failure> {
    match command {
        BudgetCommand::List { json } => list(*json).await,
        BudgetCommand::Set(set) => add(set).await,
        BudgetCommand::Remove { name, json } => remove(name, *json).await,
    }
}

async fn list(json: bool) -> Result<(), Failure> {
    let state = State::existing(&environment()).await?;
    let meters = meters(&state, SystemTime::now()).await?;
    let mut out = Out::new();
    if json {
        let gauges: Vec<Gauge<'_>> = meters.iter().map(Gauge::of).collect();
        let document = serde_json::to_string_pretty(&Budgets { budgets: gauges });
        return out.line(&document.unwrap_or_default());
    }
    if meters.is_empty() {
        out.line("No budgets.")?;
        return out
            .line("`qwen-openclaw usage budget set NAME --limit LIMIT --per PERIOD` adds one.");
    }
    let mut lines = meters.iter().flat_map(text::meter);
    lines.try_for_each(|line| out.line(&line))
}

#[derive(serde::Serialize)]
struct Budgets<'a> {
    budgets: Vec<Gauge<'a>>,
}

async fn add(set: &SetBudget) -> Result<(), Failure> {
    let zone = set.zone.as_deref().unwrap_or("UTC");
    let budget = Budget::new(&set.name, set.per.into(), set.limit)
        .filter(filter(set)?)
        .advances(set.advance)
        .zone(zone)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let state = State::open(&environment()).await?;
    let was = state.set_budget(&budget).await?;
    let mut out = Out::new();
    if set.json {
        let document = json!({"name": budget.name(), "replaced": was});
        return out.line(&format!("{document:#}"));
    }
    out.line(&format!(
        "{} budget {}: {} {}{}",
        if was { "Changed" } else { "Added" },
        budget.name(),
        amount::whole(&budget.limit()),
        period(&budget),
        counted(budget.counted()),
    ))
}

async fn remove(name: &str, json: bool) -> Result<(), Failure> {
    let state = State::existing(&environment()).await?;
    if !state.remove_budget(name).await? {
        let names: Vec<&str> = state.budgets().iter().map(Budget::name).collect();
        let failure = Failure::other(format!("no such budget: {}", name.escape_debug()));
        return Err(failure.with_hint(match &names[..] {
            [] => "there are no budgets".to_owned(),
            [name] => format!("the only budget is {name}"),
            names => format!("the budgets are {}", names.join(", ")),
        }));
    }
    let mut out = Out::new();
    if json {
        return out.line(&format!("{:#}", json!({"name": name, "removed": true})));
    }
    out.line(&format!("Removed budget {name}"))
}

/// How much of each budget is used.
pub(super) async fn meters(state: &State, now: SystemTime) -> Result<Vec<Meter>, Failure> {
    let mut meters = Vec::new();
    for budget in state.budgets() {
        let window = budget.window(now);
        let standing = state.usage().standing(&window, now).await;
        let (used, reserved) = standing.map_err(state::failure)?;
        let uncounted = uncounted(&**state.usage(), &window, now).await;
        let zone = budget.zone_name().parse().ok();
        meters.push(Meter {
            name: budget.name().to_owned(),
            filter: window.filter.clone(),
            used,
            reserved,
            limit: window.limit,
            uncounted: uncounted.map_err(state::failure)?,
            per: per(budget.period()),
            ends: budget.ends(now).zip(zone),
            is_inferred: false,
        });
    }
    Ok(meters)
}

/// The costs that a limit of money does not count.
async fn uncounted(
    store: &dyn UsageStore,
    budget: &BudgetWindow,
    now: SystemTime,
) -> Result<UsageSum, Error> {
    let mut sum = UsageSum::default();
    let Limit::Cost(limit) = budget.limit else {
        return Ok(sum);
    };
    let query = UsageQuery {
        since: budget.since,
        // There is nothing from the future but what was sent a moment ago.
        until: now.checked_add(Duration::from_secs(QUARTER)).unwrap_or(now),
        filter: budget.filter.clone(),
        by: UsageGroup::Kind,
    };
    for row in store.report(&query).await? {
        sum.merge(&row.sum);
    }
    sum.cost.retain(|cost| cost.currency() != limit.currency());
    Ok(sum)
}

fn per(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Month => "month",
        _ => "total",
    }
}

/// `per day (UTC)`, or `in total`.
fn period(budget: &Budget) -> String {
    match budget.period() {
        Period::Total => "in total".to_owned(),
        period => format!("per {} ({})", per(period), budget.zone_name()),
    }
}

/// What counts, if not everything.
fn counted(filter: &UsageFilter) -> String {
    let parts = [
        ("provider", &filter.provider),
        ("profile", &filter.credential),
        ("model", &filter.model),
        ("agent", &filter.agent),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
        .collect();
    match &parts[..] {
        [] => String::new(),
        parts => format!(", for {}", parts.join(", ")),
    }
}

fn filter(set: &SetBudget) -> Result<UsageFilter, Failure> {
    let mut provider = set.provider.as_deref().map(canonical).transpose()?;
    let model = match &set.model {
        None => None,
        Some(model) => Some(match model.split_once('/') {
            None => model.clone(),
            Some((owner, model)) => {
                let owner = canonical(owner)?;
                let stated = provider.get_or_insert_with(|| owner.clone());
                if *stated != owner {
                    return Err(Failure::usage(format!(
                        "the model is of {owner}, and --provider says {stated}"
                    )));
                }
                model.to_owned()
            }
        }),
    };
    let credential = match &set.profile {
        None => None,
        Some(name) => {
            let owner = name.split_once(':').map(|(owner, _)| canonical(owner));
            let owner = owner.transpose()?.or_else(|| provider.clone());
            let owner = owner.ok_or_else(|| {
                let failure = Failure::usage(format!("whose profile is {}?", name.escape_debug()));
                failure.with_hint("write PROVIDER:NAME, or add --provider")
            })?;
            Some(profile_id(&owner, Some(name))?.as_str().to_owned())
        }
    };
    Ok(UsageFilter {
        provider,
        credential,
        model,
        agent: set.agent.clone(),
    })
}

/// A provider's id, by which its usage is counted.
fn canonical(name: &str) -> Result<String, Failure> {
    let provider = name.parse::<Provider>()?;
    Ok(provider.id().to_owned())
}

/// The name of a budget, which appears in messages.
pub(super) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | ' ');
    if text.is_empty() || text.chars().count() > 64 || !text.chars().all(is_plain) {
        return Err("must be up to 64 letters, digits, spaces, and any of - _ . : /".to_owned());
    }
    Ok(text.to_owned())
}

/// `5 USD`, `2000 requests`, or `1000000 tokens`.
pub(super) fn limit(text: &str) -> Result<Limit, String> {
    let wrong = || "must be like \"5 USD\", \"2000 requests\", or \"1000000 tokens\"".to_owned();
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit = unit.trim();
    let whole = || number.parse::<u64>().map_err(|_| wrong());
    let same = |currency: &&Currency| unit.eq_ignore_ascii_case(currency.as_str());
    if let Some(currency) = Currency::ALL.iter().find(same) {
        let picos = picos(number).ok_or_else(wrong)?;
        return Ok(Limit::Cost(Cost::from_picos(*currency, picos)));
    }
    match &*unit.to_ascii_lowercase() {
        "request" | "requests" => Ok(Limit::Requests(whole()?)),
        "token" | "tokens" => Ok(Limit::Tokens(whole()?)),
        _ => Err(wrong()),
    }
}

/// A decimal in millionths of a millionth, exactly.
fn picos(number: &str) -> Option<u128> {
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    // A limit beyond a trillion is a mistake.
    if whole.len() > 12 || rest.is_empty() || rest.len() > 12 {
        return None;
    }
    let whole: u128 = whole.parse().ok()?;
    let rest: u128 = format!("{rest:0<12}").parse().ok()?;
    Some(whole * 1_000_000_000_000 + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_exactly() {
        let cost = |currency, picos| Limit::Cost(Cost::from_picos(currency, picos));
        for (text, expected) in [
            ("5 USD", cost(Currency::Usd, 5_000_000_000_000)),
            ("0.1usd", cost(Currency::Usd, 100_000_000_000)),
            (
                " 30.000000000001 CNY ",
                cost(Currency::Cny, 30_000_000_000_001),
            ),
            ("2000 requests", Limit::Requests(2_000)),
            ("1 request", Limit::Requests(1)),
            ("1000000tokens", Limit::Tokens(1_000_000)),
        ] {
            assert_eq!(limit(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "5",
            "USD",
            "5 EUR",
            "-1 USD",
            "1.5 requests",
            "1e3 tokens",
            "1.2.3 USD",
            ". USD",
            "5. USD",
            "9999999999999 USD",
            "99999999999999999999 tokens",
            "2,000 requests",
        ] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(name(" team a "), Ok("team a".to_owned()));
        for text in ["", " ", "a\u{1b}[2J", "a\"b", &"x".repeat(65)] {
            assert!(name(text).is_err(), "{text}");
        }
    }
}
