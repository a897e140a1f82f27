//! What `usage` shows: rows, their total, and what is left of quotas and budgets.

use std::time::SystemTime;

use qwen_openclaw::catalog::price::Cost;
use qwen_openclaw::routing::{
    Amount, Error, Limit, UsageFilter, UsageGroup, UsageQuery, UsageRow, UsageStore, UsageSum,
};

use super::{
    amount::counts_of,
    args::By,
    days::{Day, Zone},
};

/// Everything that is shown.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) by: By,
    pub(super) zone: Zone,
    pub(super) days: Vec<Day>,
    pub(super) rows: Vec<UsageRow>,
    pub(super) total: UsageSum,
    pub(super) meters: Vec<Meter>,
    /// How many requests are in progress, or were when their process was killed a moment ago.
    pub(super) in_progress: u64,
}

/// How much of a quota or a budget is used.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) name: String,
    pub(super) filter: UsageFilter,
    pub(super) used: Amount,
    pub(super) reserved: Amount,
    pub(super) limit: Limit,
    /// What a limit of money does not count: costs in other currencies and unknown ones.
    pub(super) uncounted: UsageSum,
    /// `day`, `month` or `total`.
    pub(super) per: &'static str,
    /// When the period ends, and the zone that it ends in.
    pub(super) ends: Option<(SystemTime, Zone)>,
    /// True for a quota of the service, which is not known to be exactly this.
    pub(super) is_inferred: bool,
}

impl Report {
    /// Reads the rows of the last days.
    pub(super) async fn read(
        store: &dyn UsageStore,
        by: By,
        count: u16,
        zone: Zone,
        now: SystemTime,
    ) -> Result<Self, Error> {
        let (days, until) = zone.days(now, count);
        let since = days.first().map_or(until, |day| day.since);
        let group = match by {
            By::Model => UsageGroup::Model,
            By::Profile => UsageGroup::Credential,
            By::Agent => UsageGroup::Agent,
            By::Kind => UsageGroup::Kind,
            By::Day => UsageGroup::Since(days.iter().map(|day| day.since).collect()),
        };
        let query = UsageQuery {
            since,
            until,
            filter: UsageFilter::default(),
            by: group,
        };
        let rows = store.report(&query).await?;
        Ok(Self::of(by, zone, (days, until), rows))
    }

    /// The report of what a store has returned.
    pub(super) fn of(
        by: By,
        zone: Zone,
        (days, _): (Vec<Day>, SystemTime),
        mut rows: Vec<UsageRow>,
    ) -> Self {
        match by {
            By::Day => rows = each_day(&days, &rows),
            _ => rows.sort_by(|a, b| {
                let requests = b.sum.requests.cmp(&a.sum.requests);
                requests.then_with(|| a.key.cmp(&b.key))
            }),
        }
        let mut total = UsageSum::default();
        for row in &rows {
            total.merge(&row.sum);
        }
        Self {
            by,
            zone,
            days,
            rows,
            total,
            meters: Vec::new(),
            in_progress: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == UsageSum::default()
    }
}

/// A row for each day from the first one with an entry, under its date.
fn each_day(days: &[Day], rows: &[UsageRow]) -> Vec<UsageRow> {
    let of = |index: usize| rows.iter().find(|row| row.key.parse() == Ok(index));
    let dated = days.iter().enumerate().map(|(index, day)| UsageRow {
        key: day.date.to_string(),
        sum: of(index).map(|row| row.sum.clone()).unwrap_or_default(),
    });
    dated
        .skip_while(|row| row.sum == UsageSum::default())
        .collect()
}

/// All input tokens that were read from a cache.
pub(super) fn cached(sum: &UsageSum) -> u64 {
    let tokens = &sum.tokens;
    tokens
        .implicit_cached
        .saturating_add(tokens.explicit_cached)
}

/// An amount of money in full: as many decimals as it has.
pub(super) fn decimal(cost: Cost) -> String {
    let text = format!("{cost:.12}");
    let number = text.split_once(' ').map_or(&*text, |(_, number)| number);
    if number.contains('.') {
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    } else {
        number.to_owned()
    }
}

impl Meter {
    /// Returns what counts against the limit, with what is reserved, and the limit, in the same unit.
    pub(super) fn counts(&self) -> (u128, u128) {
        let used = counts_of(&self.used, &self.limit);
        let reserved = counts_of(&self.reserved, &self.limit);
        let limit = match self.limit {
            Limit::Requests(limit) | Limit::Tokens(limit) => limit.into(),
            Limit::Cost(limit) => limit.picos(),
            // A limit that this version does not know.
            _ => 0,
        };
        (used.saturating_add(reserved), limit)
    }
}
