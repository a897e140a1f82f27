//! `usage --json`.

use qwen_openclaw::catalog::price::Cost;
use qwen_openclaw::routing::{Amount, Limit, UsageFilter, UsageSum};
use serde::Serialize;
use serde_json::value::RawValue;

use super::report::{Meter, Report, cached, decimal};
use crate::auth::list::timestamp;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    days: usize,
    by: &'static str,
    zone: &'a str,
    since: Option<String>,
    total: Sum,
    rows: Vec<Row<'a>>,
    quotas: Vec<Gauge<'a>>,
    budgets: Vec<Gauge<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    #[serde(flatten)]
    sum: Sum,
}

#[derive(Serialize)]
struct Sum {
    requests: u64,
    sends: u64,
    failures: u64,
    lost: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    cache_write_tokens: u64,
    reasoning_tokens: u64,
    images: u64,
    media_seconds: f64,
    cost: Vec<Money>,
    unpriced: u64,
}

#[derive(Serialize)]
struct Money {
    currency: &'static str,
    /// All of its digits: as a float, some of them would be lost or made up.
    amount: Box<RawValue>,
}

#[derive(Serialize)]
pub(super) struct Gauge<'a> {
    name: &'a str,
    provider: Option<&'a str>,
    profile: Option<&'a str>,
    model: Option<&'a str>,
    agent: Option<&'a str>,
    per: &'static str,
    /// `requests`, `tokens`, or a currency.
    unit: &'static str,
    limit: Box<RawValue>,
    used: Box<RawValue>,
    reserved: Box<RawValue>,
    zone: Option<&'a str>,
    ends: Option<String>,
    inferred: bool,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let gauges = |is_inferred| {
            let meters = report.meters.iter();
            let meters = meters.filter(move |meter| meter.is_inferred == is_inferred);
            meters.map(Gauge::of).collect()
        };
        let row = |row: &'a qwen_openclaw::routing::UsageRow| Row {
            key: &row.key,
            sum: Sum::of(&row.sum),
        };
        Self {
            days: report.days.len(),
            by: report.by.as_str(),
            zone: report.zone.name(),
            since: report.days.first().and_then(|day| timestamp(day.since)),
            total: Sum::of(&report.total),
            rows: report.rows.iter().map(row).collect(),
            quotas: gauges(true),
            budgets: gauges(false),
        }
    }
}

impl Sum {
    fn of(sum: &UsageSum) -> Self {
        let tokens = &sum.tokens;
        Self {
            requests: sum.requests,
            sends: sum.sends,
            failures: sum.failures,
            lost: sum.lost,
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cached_tokens: cached(sum),
            cache_write_tokens: tokens.cache_write,
            reasoning_tokens: tokens.reasoning,
            images: sum.images,
            media_seconds: sum.media.as_secs_f64(),
            cost: sum.cost.iter().copied().map(Money::of).collect(),
            unpriced: sum.unpriced,
        }
    }
}

impl Money {
    fn of(cost: Cost) -> Self {
        Self {
            currency: cost.currency().as_str(),
            amount: number(decimal(cost)),
        }
    }
}

impl<'a> Gauge<'a> {
    pub(super) fn of(meter: &'a Meter) -> Self {
        let UsageFilter {
            provider,
            credential,
            model,
            agent,
        } = &meter.filter;
        let of = |amount: &Amount| match meter.limit {
            Limit::Requests(_) => number(amount.requests.to_string()),
            Limit::Tokens(_) => number(amount.tokens.to_string()),
            Limit::Cost(limit) => {
                let same = amount
                    .cost
                    .filter(|cost| cost.currency() == limit.currency());
                number(decimal(same.unwrap_or(Cost::zero(limit.currency()))))
            }
            _ => number(String::new()),
        };
        let (unit, limit) = match meter.limit {
            Limit::Requests(limit) => ("requests", number(limit.to_string())),
            Limit::Tokens(limit) => ("tokens", number(limit.to_string())),
            Limit::Cost(limit) => (limit.currency().as_str(), number(decimal(limit))),
            _ => ("unknown", number(String::new())),
        };
        Self {
            name: &meter.name,
            provider: provider.as_deref(),
            profile: credential.as_deref(),
            model: model.as_deref(),
            agent: agent.as_deref(),
            per: meter.per,
            unit,
            limit,
            used: of(&meter.used),
            reserved: of(&meter.reserved),
            zone: meter.ends.as_ref().map(|(_, zone)| zone.name()),
            ends: meter.ends.as_ref().and_then(|(end, _)| timestamp(*end)),
            inferred: meter.is_inferred,
        }
    }
}

/// A number as it is written; what is none becomes null.
fn number(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
