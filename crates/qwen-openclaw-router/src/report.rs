//! Reports of what was used: what they count, how they are grouped, and their sums.

use std::time::{Duration, SystemTime};

use qwen_openclaw_catalog::price::Cost;

use crate::{Amount, Limit, Outcome, Tokens, UsageEntry, UsageFilter};

/// How a report is grouped.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UsageGroup {
    /// By `provider/model`.
    Model,
    /// By credential.
    Credential,
    /// By agent; the key of entries without one is empty.
    Agent,
    /// By service.
    Kind,
    /// By period: the key of an entry is the index of the last of these instants that is not after
    /// it. They are in order, and the caller's: a day begins at different times in different places.
    /// Use quarters of an hour, which old entries are summed up by. Entries before the first instant
    /// are left out.
    Since(Vec<SystemTime>),
}

/// Which entries a report counts, and how they are grouped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsageQuery {
    /// The beginning, inclusive: a quarter of an hour.
    pub since: SystemTime,
    /// The end, exclusive: a quarter of an hour.
    pub until: SystemTime,
    /// What counts.
    pub filter: UsageFilter,
    /// The groups.
    pub by: UsageGroup,
}

/// What a number of entries add up to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UsageSum {
    /// The number of requests, however often each was attempted.
    pub requests: u64,
    /// How often something was sent.
    pub sends: u64,
    /// The number of entries that failed, were canceled, or were lost.
    pub failures: u64,
    /// The number of entries that were lost, which are among the failures.
    pub lost: u64,
    /// The tokens.
    pub tokens: Tokens,
    /// The number of images.
    pub images: u64,
    /// The length of what was made or heard.
    pub media: Duration,
    /// The cost, one amount for each currency.
    pub cost: Vec<Cost>,
    /// The number of entries whose cost is unknown although they were answered, or canceled after they
    /// had been sent.
    pub unpriced: u64,
}

impl UsageSum {
    /// Adds an entry.
    pub fn add(&mut self, entry: &UsageEntry) {
        let is_answered = entry.outcome == Outcome::Answered;
        let is_billed = is_answered || (entry.outcome == Outcome::Canceled && entry.sends > 0);
        self.merge(&Self {
            requests: u64::from(entry.is_last),
            sends: u64::from(entry.sends),
            failures: u64::from(!is_answered),
            lost: u64::from(entry.outcome == Outcome::Lost),
            tokens: entry.tokens,
            images: entry.images,
            media: entry.media,
            cost: entry.cost.into_iter().collect(),
            unpriced: u64::from(is_billed && entry.cost.is_none()),
        });
    }

    /// Adds another sum. The costs stay in order of their currencies' codes.
    pub fn merge(&mut self, other: &Self) {
        let add = |to: &mut u64, more: u64| *to = to.saturating_add(more);
        add(&mut self.requests, other.requests);
        add(&mut self.sends, other.sends);
        add(&mut self.failures, other.failures);
        add(&mut self.lost, other.lost);
        add(&mut self.tokens.input, other.tokens.input);
        add(
            &mut self.tokens.implicit_cached,
            other.tokens.implicit_cached,
        );
        add(
            &mut self.tokens.explicit_cached,
            other.tokens.explicit_cached,
        );
        add(&mut self.tokens.cache_write, other.tokens.cache_write);
        add(&mut self.tokens.output, other.tokens.output);
        add(&mut self.tokens.reasoning, other.tokens.reasoning);
        add(&mut self.images, other.images);
        self.media = self.media.saturating_add(other.media);
        add(&mut self.unpriced, other.unpriced);
        for cost in &other.cost {
            let currency = cost.currency();
            match self.cost.iter_mut().find(|sum| sum.currency() == currency) {
                Some(sum) => {
                    let picos = sum.picos().saturating_add(cost.picos());
                    *sum = Cost::from_picos(currency, picos);
                }
                None => self.cost.push(*cost),
            }
        }
        self.cost.sort_by_key(|cost| cost.currency().as_str());
    }

    /// Returns what the sum takes from a budget; the cost is that in the currency of a limit of money.
    #[must_use]
    pub fn amount(&self, limit: Limit) -> Amount {
        Amount {
            requests: self.sends,
            tokens: self.tokens.total(),
            cost: match limit {
                Limit::Cost(limit) => Some(
                    self.cost
                        .iter()
                        .find(|cost| cost.currency() == limit.currency())
                        .copied()
                        .unwrap_or(Cost::zero(limit.currency())),
                ),
                _ => None,
            },
        }
    }
}

/// One row of a report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsageRow {
    /// The key of the group.
    pub key: String,
    /// Its sum.
    pub sum: UsageSum,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BudgetWindow;

    #[test]
    fn sums_end_at_the_largest_number() {
        use qwen_openclaw_catalog::price::Currency;

        let large = UsageSum {
            requests: u64::MAX,
            tokens: Tokens {
                input: u64::MAX,
                output: u64::MAX,
                ..Tokens::default()
            },
            media: Duration::MAX,
            cost: vec![Cost::from_picos(Currency::Usd, u128::MAX)],
            ..UsageSum::default()
        };
        let mut sum = large.clone();
        sum.merge(&large);
        assert_eq!(sum, large);
        let limit = Limit::Tokens(u64::MAX);
        let amount = sum.amount(limit);
        assert_eq!((amount.tokens, amount.cost), (u64::MAX, None));
        let window = BudgetWindow {
            name: String::new(),
            filter: UsageFilter::default(),
            since: SystemTime::UNIX_EPOCH,
            limit,
        };
        assert!(!window.has_room(&amount, &amount, &amount));
    }
}
