//! Reports as they are shown.

use std::time::{Duration, SystemTime};

use qwen_openclaw::catalog::price::{Cost, Currency};
use qwen_openclaw::routing::{Amount, Limit, Tokens, UsageFilter, UsageRow, UsageSum};
use serde_json::Value;

use super::{
    args::By,
    csv,
    days::Zone,
    document::Document,
    report::{Meter, Report, decimal},
    text,
};

/// Noon in Shanghai.
fn now() -> SystemTime {
    "2026-11-28T04:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .into()
}

fn shanghai() -> Zone {
    "Asia/Shanghai".parse().unwrap()
}

fn usd(picos: u128) -> Cost {
    Cost::from_picos(Currency::Usd, picos)
}

fn row(key: &str, requests: u64, cost: Vec<Cost>) -> UsageRow {
    let tokens = Tokens {
        input: requests * 12_345,
        implicit_cached: requests * 1_000,
        explicit_cached: requests * 24,
        cache_write: requests,
        output: requests * 678,
        reasoning: requests * 78,
    };
    UsageRow {
        key: key.to_owned(),
        sum: UsageSum {
            requests,
            sends: requests,
            tokens,
            cost,
            ..UsageSum::default()
        },
    }
}

fn report(by: By, rows: Vec<UsageRow>) -> Report {
    Report::of(by, shanghai(), shanghai().days(now(), 3), rows)
}

fn full() -> Report {
    let mut failing = row("anthropic/claude-sonnet-4-20250514", 3, Vec::new());
    failing.sum.sends = 7;
    failing.sum.failures = 2;
    failing.sum.lost = 1;
    failing.sum.unpriced = 3;
    let yuan = Cost::from_picos(Currency::Cny, 12_000_000_000_000);
    let mut both = row("qwen/qwen3.5-plus", 1_234, vec![yuan, usd(412_000_000_001)]);
    both.sum.images = 1;
    both.sum.media = Duration::from_millis(2_500);
    both.sum.unpriced = 1;
    let mut report = report(By::Model, vec![failing, both]);
    let ends = Some((now() + Duration::from_secs(12 * 3600), shanghai()));
    report.meters = vec![
        Meter {
            name: "qwen-oauth:default".to_owned(),
            filter: UsageFilter {
                provider: Some("qwen-oauth".to_owned()),
                credential: Some("qwen-oauth:default".to_owned()),
                ..UsageFilter::default()
            },
            used: Amount {
                requests: 1_012,
                ..Amount::default()
            },
            reserved: Amount::default(),
            limit: Limit::Requests(2_000),
            uncounted: UsageSum::default(),
            per: "day",
            ends,
            is_inferred: true,
        },
        Meter {
            name: "team".to_owned(),
            filter: UsageFilter::default(),
            used: Amount {
                requests: 1,
                tokens: 2,
                cost: Some(usd(1_250_000_000_000)),
            },
            reserved: Amount {
                requests: 1,
                tokens: 100,
                cost: Some(usd(250_000_000_000)),
            },
            limit: Limit::Cost(usd(5_000_000_000_000)),
            uncounted: UsageSum {
                cost: vec![Cost::from_picos(Currency::Cny, 12_000_000_000_000)],
                unpriced: 1,
                ..UsageSum::default()
            },
            per: "total",
            ends: None,
            is_inferred: false,
        },
    ];
    report
}

fn shown(report: &Report) -> String {
    let lines = text::lines(report);
    for line in lines.iter().flat_map(|line| line.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    lines.join("\n")
}

fn json(report: &Report) -> (String, Value) {
    let text = serde_json::to_string_pretty(&Document::of(report)).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

#[test]
fn a_table_with_bars() {
    insta::assert_snapshot!(shown(&full()), @r"
    Usage from 2026-11-26 to 2026-11-28, Asia/Shanghai

    Model              Requests    Input   Output   Cached  Cost
    qwen/qwen3.5-plus     1,234    15.2M  836,652    1.26M  CNY 12.00
                                                            USD 0.412 + ?
    anthropic/claude-sonnet-4-20250514
                              3   37,035    2,034    3,072  ?
    Total                 1,237    15.2M  838,686    1.26M  CNY 12.00
                                                            USD 0.412 + ?

    Sent 1,241 times.
    1 attempt failed or was canceled.
    1 attempt lost: the process ended before it could say what was used.
    Images made: 1.
    Media made or heard: 2.5 s.
    ?: the cost of 4 attempts is unknown.

    qwen-oauth:default quota
      [##########..........] 50%  1,012 of 2,000 requests, until 2026-11-29 00:00
      Asia/Shanghai, the quota is inferred
    budget team
      [######..............] 30%  USD 1.25 of USD 5.00, USD 0.25 reserved, not
      counted: CNY 12.00 + ?
    ");
}

#[test]
fn nothing_yet() {
    insta::assert_snapshot!(shown(&report(By::Model, Vec::new())), @r"
    Usage from 2026-11-26 to 2026-11-28, Asia/Shanghai

    Nothing was used in these 3 days.
    ");
    let (_, value) = json(&report(By::Model, Vec::new()));
    assert_eq!(value["total"]["requests"], 0);
    assert_eq!(value["rows"], serde_json::json!([]));
    let csv = csv::document(&report(By::Agent, Vec::new()));
    assert_eq!(csv.lines().count(), 1);
}

#[test]
fn one_row_needs_no_total() {
    let text = shown(&report(By::Agent, vec![row("", 1, vec![usd(1)])]));
    assert!(text.contains("\n(no agent) "), "{text}");
    assert!(!text.contains("Total"), "{text}");
}

#[test]
fn days_without_use_are_shown_between_others() {
    let rows = vec![row("1", 2, vec![usd(5)])];
    let report = report(By::Day, rows);
    let keys: Vec<_> = report.rows.iter().map(|row| &*row.key).collect();
    assert_eq!(keys, ["2026-11-27", "2026-11-28"]);
    assert_eq!(report.total.requests, 2);
}

#[test]
fn the_largest_numbers_fit() {
    let mut row = row("m", 1, vec![usd(u128::MAX), usd(u128::MAX)]);
    row.sum.requests = u64::MAX;
    row.sum.tokens.input = u64::MAX;
    let report = report(By::Model, vec![row.clone(), row]);
    assert_eq!(report.total.requests, u64::MAX);
    let lines = text::lines(&report);
    assert!(lines[3].contains("18446744T 18446744T"), "{lines:?}");
    let (_, value) = json(&report);
    assert_eq!(value["total"]["requests"], u64::MAX);
}

#[test]
fn json_has_exact_amounts() {
    let (text, value) = json(&full());
    assert!(text.contains("\"amount\": 0.412000000001\n"), "{text}");
    assert!(text.contains("\"amount\": 12\n"), "{text}");
    assert_eq!(value["days"], 3);
    assert_eq!(value["rows"][0]["key"], "qwen/qwen3.5-plus");
    assert_eq!(value["total"]["requests"], 1_237);
    assert_eq!(value["total"]["cached_tokens"], 1_237 * 1_024);
    assert_eq!(value["total"]["cost"][1]["currency"], "USD");
    assert_eq!(value["quotas"][0]["inferred"], true);
    assert_eq!(value["quotas"][0]["used"], 1_012);
    assert_eq!(value["budgets"][0]["unit"], "USD");
    assert_eq!(value["budgets"][0]["limit"], 5);
}

#[test]
fn decimals_have_all_their_digits() {
    for (picos, shown) in [
        (0, "0"),
        (1, "0.000000000001"),
        (1_000_000_000_000, "1"),
        (10_500_000_000_000, "10.5"),
        (123_456_789_123_456_789, "123456.789123456789"),
    ] {
        assert_eq!(decimal(usd(picos)), shown);
    }
}

#[test]
fn csv_is_quoted() {
    let rows = vec![row("a,\"b\"\n", 1, vec![usd(500_000_000_000)])];
    let text = csv::document(&report(By::Profile, rows));
    assert!(text.starts_with("profile,requests,sends,"));
    assert!(
        text.contains(",unpriced,cost_CNY,cost_USD\r\n\"a,\"\"b\"\"\n\",1,1,0,0,12345,678,1024,")
    );
    assert!(text.ends_with(",0,,0.5\r\n"), "{text}");
}
