//! `usage --csv` (RFC 4180).

use std::borrow::Cow;

use qwen_openclaw::catalog::price::Currency;
use qwen_openclaw::routing::{UsageRow, UsageSum};

use super::report::{Report, cached, decimal};

/// The rows with a header. There is a column of costs for each currency, empty where it has none.
pub(super) fn document(report: &Report) -> String {
    let mut columns = vec![
        report.by.as_str(),
        "requests",
        "sends",
        "failures",
        "lost",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "images",
        "media_seconds",
        "unpriced",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect::<Vec<_>>();
    columns.extend(
        Currency::ALL
            .iter()
            .map(|currency| format!("cost_{currency}")),
    );
    let rows = report.rows.iter().map(fields);
    let lines = std::iter::once(columns).chain(rows);
    lines.map(|fields| record(&fields)).collect()
}

fn fields(row: &UsageRow) -> Vec<String> {
    let UsageSum {
        requests,
        sends,
        failures,
        lost,
        tokens,
        images,
        media,
        cost,
        unpriced,
    } = &row.sum;
    let mut fields = vec![row.key.clone()];
    fields.extend(
        [
            requests,
            sends,
            failures,
            lost,
            &tokens.input,
            &tokens.output,
            &cached(&row.sum),
            &tokens.cache_write,
            &tokens.reasoning,
            images,
        ]
        .map(ToString::to_string),
    );
    fields.extend([media.as_secs_f64().to_string(), unpriced.to_string()]);
    fields.extend(Currency::ALL.iter().map(|currency| {
        let cost = cost.iter().find(|cost| cost.currency() == *currency);
        cost.map_or_else(String::new, |cost| decimal(*cost))
    }));
    fields
}

/// One line, with its line break.
fn record(fields: &[String]) -> String {
    let fields: Vec<Cow<'_, str>> = fields.iter().map(|field| quoted(field)).collect();
    format!("{}\r\n", fields.join(","))
}

fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}
