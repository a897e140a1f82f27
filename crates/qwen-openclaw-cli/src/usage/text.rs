//! `usage` for people: a table, and bars.

use qwen_openclaw::catalog::price::Cost;
use qwen_openclaw::routing::UsageSum;

use super::{
    amount::{amount, counts_of, plural, whole},
    args::By,
    report::{Meter, Report, cached},
};
use crate::{
    columns::field,
    number::{bar, percent, short, thousands},
};

/// The widest key that shares a line with its numbers.
const KEY: usize = 22;

pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![title(report), String::new()];
    if report.is_empty() {
        lines.push(format!(
            "Nothing was used {}.",
            match report.days.len() {
                0 | 1 => "today".to_owned(),
                days => format!("in these {days} days"),
            }
        ));
    } else {
        lines.extend(table(report));
        lines.extend(notes(&report.total));
    }
    if report.in_progress > 0 {
        let requests = plural(report.in_progress, "request");
        lines.push(format!(
            "In progress, or killed in the last minutes: {requests}."
        ));
    }
    if !report.meters.is_empty() {
        lines.push(String::new());
    }
    lines.extend(report.meters.iter().flat_map(meter));
    lines
}

fn title(report: &Report) -> String {
    let zone = &report.zone;
    match &report.days[..] {
        [] => format!("Usage, {zone}"),
        [day] => format!("Usage of {}, {zone}", day.date),
        [first, .., last] => format!("Usage from {} to {}, {zone}", first.date, last.date),
    }
}

fn table(report: &Report) -> Vec<String> {
    let title = match report.by {
        By::Model => "Model",
        By::Profile => "Profile",
        By::Agent => "Agent",
        By::Day => "Day",
        By::Kind => "Kind",
    };
    let keys = report.rows.iter().map(|row| row.key.chars().count());
    let widest = keys.filter(|width| *width <= KEY).max();
    let width = widest.unwrap_or_default().max("(no agent)".len());
    let line = |key: &str, [requests, input, output, cached, cost]: [&str; 5]| {
        let line = format!("{key:width$} {requests:>9} {input:>8} {output:>8} {cached:>8}  {cost}");
        line.trim_end().to_owned()
    };
    let header = ["Requests", "Input", "Output", "Cached", "Cost"];
    let mut lines = vec![line(title, header)];
    let rows = report.rows.iter().map(|row| (shown(&row.key), &row.sum));
    let total = (report.rows.len() != 1).then(|| ("Total".to_owned(), &report.total));
    for (key, sum) in rows.chain(total) {
        let costs = costs(sum);
        let numbers = [
            &*short(sum.requests),
            &*short(sum.tokens.input),
            &*short(sum.tokens.output),
            &*short(cached(sum)),
            costs.first().map_or("", |cost| cost),
        ];
        // A long key has a line of its own.
        if key.chars().count() > width {
            lines.push(key);
            lines.push(line("", numbers));
        } else {
            lines.push(line(&key, numbers));
        }
        let more = costs.iter().skip(1);
        lines.extend(more.map(|cost| line("", ["", "", "", "", cost])));
    }
    lines
}

fn shown(key: &str) -> String {
    match key {
        "" => "(no agent)".to_owned(),
        key => key.to_owned(),
    }
}

/// One line for each currency; a question mark where some of it is not known.
fn costs(sum: &UsageSum) -> Vec<String> {
    let mut lines: Vec<String> = sum.cost.iter().copied().map(money).collect();
    match (lines.last_mut(), sum.unpriced) {
        (_, 0) => {}
        (Some(last), _) => last.push_str(" + ?"),
        (None, _) => lines.push("?".to_owned()),
    }
    lines
}

/// An amount with as many decimals as there is room for.
fn money(cost: Cost) -> String {
    match cost.amount() {
        ..100.0 => cost.to_string(),
        ..1_000_000.0 => format!("{cost:.2}"),
        _ => format!("{cost:.0}"),
    }
}

/// What the columns do not say.
fn notes(total: &UsageSum) -> Vec<String> {
    let mut notes = Vec::new();
    if total.sends > total.requests {
        notes.push(format!("Sent {}.", plural(total.sends, "time")));
    }
    let failures = total.failures.saturating_sub(total.lost);
    if failures > 0 {
        notes.push(format!(
            "{} failed or {} canceled.",
            plural(failures, "attempt"),
            if failures == 1 { "was" } else { "were" }
        ));
    }
    if total.lost > 0 {
        notes.push(format!(
            "{} lost: the process ended before it could say what was used.",
            plural(total.lost, "attempt")
        ));
    }
    if total.images > 0 {
        notes.push(format!("Images made: {}.", thousands(total.images)));
    }
    if !total.media.is_zero() {
        notes.push(format!(
            "Media made or heard: {:.1} s.",
            total.media.as_secs_f64()
        ));
    }
    if total.unpriced > 0 {
        notes.push(format!(
            "?: the cost of {} is unknown.",
            plural(total.unpriced, "attempt")
        ));
    }
    if !notes.is_empty() {
        notes.insert(0, String::new());
    }
    notes
}

/// A quota or a budget: its bar, then when it resets.
pub(super) fn meter(meter: &Meter) -> Vec<String> {
    let (used, limit) = meter.counts();
    let name = if meter.is_inferred {
        format!("{} quota", meter.name)
    } else {
        format!("budget {}", meter.name)
    };
    let bar = format!("[{}] {}", bar(used, limit), percent(used, limit));
    let amounts = format!(
        "{} of {}",
        amount(&meter.used, &meter.limit),
        whole(&meter.limit)
    );
    let mut text = vec![amounts];
    if counts_of(&meter.reserved, &meter.limit) > 0 {
        let reserved = amount(&meter.reserved, &meter.limit);
        text.push(format!("{reserved} reserved"));
    }
    text.extend(
        meter
            .ends
            .as_ref()
            .map(|(end, zone)| format!("until {}", zone.shown(*end))),
    );
    if meter.is_inferred {
        text.push("the quota is inferred".to_owned());
    }
    let other = costs(&meter.uncounted);
    if !other.is_empty() {
        text.push(format!("not counted: {}", other.join(" + ")));
    }
    vec![name, field("", 1, &format!("{bar}  {}", text.join(", ")))]
}
