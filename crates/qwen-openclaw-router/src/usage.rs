//! What was used and what it cost: the store's trait and its values.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use qwen_openclaw_catalog::price::Cost;
use qwen_openclaw_http::ErrorKind;

use crate::{Error, UsageQuery, UsageRow};

/// The id of an entry or a reservation, unique across processes and hosts: 16 random bytes as 32
/// lowercase hexadecimal digits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryId(Box<str>);

impl EntryId {
    /// Creates a new id, from the system's random numbers; from the process's own if the system has
    /// none to give.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        let number = match getrandom::fill(&mut bytes) {
            Ok(()) => u128::from_ne_bytes(bytes),
            Err(_) => fastrand::u128(..),
        };
        Self(format!("{number:032x}").into())
    }

    /// Reads an id as a store keeps it; `None` for anything but 32 lowercase hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(is_digit)).then(|| Self(text.into()))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tokens of an attempt, by kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tokens {
    /// All input tokens, including cached ones.
    pub input: u64,
    /// Input tokens read from the implicit cache.
    pub implicit_cached: u64,
    /// Input tokens read from the explicit cache.
    pub explicit_cached: u64,
    /// Input tokens written to the explicit cache.
    pub cache_write: u64,
    /// All output tokens, including reasoning.
    pub output: u64,
    /// Output tokens spent on reasoning.
    pub reasoning: u64,
}

impl Tokens {
    /// Returns input and output tokens together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// With a complete answer.
    Answered,
    /// The caller stopped reading; the counts may be incomplete.
    Canceled,
    /// With an error. A kind that a newer version recorded is [`ErrorKind::Server`].
    Failed(ErrorKind),
    /// The process that sent it never reported: it was killed. What it used is unknown.
    Lost,
}

/// One attempt of a request at one model with one credential.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsageEntry {
    /// Its id. An entry with the id of another replaces nothing and adds nothing.
    pub id: EntryId,
    /// When it was sent.
    pub time: SystemTime,
    /// The provider.
    pub provider: String,
    /// The name of the credential: a profile such as `qwen:default`, otherwise its source.
    pub credential: String,
    /// The model.
    pub model: String,
    /// The agent that it was for.
    pub agent: Option<String>,
    /// The service, such as `chat` or `video`.
    pub kind: String,
    /// True for the attempt that ended its request, so that each request counts once.
    pub is_last: bool,
    /// How often it was sent, including the retries of the client.
    pub sends: u32,
    /// The tokens.
    pub tokens: Tokens,
    /// The number of images made.
    pub images: u64,
    /// The length of what was made or heard.
    pub media: Duration,
    /// What it cost at list price; `None` if unknown.
    pub cost: Option<Cost>,
    /// The date of the price, as `YYYY-MM-DD`.
    pub price_date: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub latency: Duration,
}

impl UsageEntry {
    /// Returns what the entry takes from a budget.
    #[must_use]
    pub fn amount(&self) -> Amount {
        Amount {
            requests: u64::from(self.sends),
            tokens: self.tokens.total(),
            cost: self.cost,
        }
    }
}

/// What something takes from a budget.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Amount {
    /// Requests, counted as the service does: every send.
    pub requests: u64,
    /// Input and output tokens together.
    pub tokens: u64,
    /// The cost; `None` if unknown, which a budget of money cannot limit.
    pub cost: Option<Cost>,
}

/// Which entries count; a field that is `None` matches all.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct UsageFilter {
    /// The provider.
    pub provider: Option<String>,
    /// The name of the credential.
    pub credential: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The agent.
    pub agent: Option<String>,
}

impl UsageFilter {
    /// Returns true if an entry counts.
    #[must_use]
    pub fn matches(&self, entry: &UsageEntry) -> bool {
        self.matches_labels(
            &entry.provider,
            &entry.credential,
            &entry.model,
            entry.agent.as_deref(),
        )
    }

    /// Returns true if entries with these labels count.
    #[must_use]
    pub fn matches_labels(
        &self,
        provider: &str,
        credential: &str,
        model: &str,
        agent: Option<&str>,
    ) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        is(&self.provider, provider)
            && is(&self.credential, credential)
            && is(&self.model, model)
            && (self.agent.is_none() || self.agent.as_deref() == agent)
    }
}

/// The limit of a budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// A number of requests.
    Requests(u64),
    /// A number of tokens.
    Tokens(u64),
    /// Money. What is counted in another currency or has an unknown price does not count.
    Cost(Cost),
}

/// A budget in its current period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BudgetWindow {
    /// The name of the budget.
    pub name: String,
    /// What counts.
    pub filter: UsageFilter,
    /// When the period began.
    pub since: SystemTime,
    /// The limit.
    pub limit: Limit,
}

impl BudgetWindow {
    /// Returns true if an entry counts: its time and what the filter says. There is no end: entries
    /// are not from the future.
    #[must_use]
    pub fn counts(&self, entry: &UsageEntry) -> bool {
        self.since <= entry.time && self.filter.matches(entry)
    }

    /// Returns true if `wanted` fits beside what is `used` and `reserved`. All stores ask here, so that
    /// they agree.
    ///
    /// What takes nothing from the budget always fits, even if the limit is exceeded: a cost that is
    /// unknown or in another currency.
    #[must_use]
    pub fn has_room(&self, used: &Amount, reserved: &Amount, wanted: &Amount) -> bool {
        let count = |amount: &Amount| -> u128 {
            match self.limit {
                Limit::Requests(_) => amount.requests.into(),
                Limit::Tokens(_) => amount.tokens.into(),
                Limit::Cost(limit) => {
                    let cost = amount.cost;
                    let cost = cost.filter(|cost| cost.currency() == limit.currency());
                    cost.map_or(0, Cost::picos)
                }
            }
        };
        let limit = match self.limit {
            Limit::Requests(limit) | Limit::Tokens(limit) => limit.into(),
            Limit::Cost(limit) => limit.picos(),
        };
        let taken = count(used).saturating_add(count(reserved));
        count(wanted) == 0 || taken.saturating_add(count(wanted)) <= limit
    }
}

/// A budget that has no room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exceeded {
    /// The budget.
    pub budget: BudgetWindow,
    /// What its period has used so far.
    pub used: Amount,
    /// What is reserved for requests that are on their way.
    pub reserved: Amount,
}

/// What a request that is about to be sent may use, until it is settled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reservation {
    /// The entry as far as it is known, with an estimate as its tokens and cost. If it expires, it
    /// becomes an entry with the outcome [`Lost`](Outcome::Lost), without tokens and cost.
    pub entry: UsageEntry,
    /// When it no longer counts.
    pub expires: SystemTime,
}

/// Stores what was used. Several processes or hosts may use a store at once.
///
/// Each method is atomic: after a crash, what it was to record is there in full or not at all.
#[async_trait]
pub trait UsageStore: fmt::Debug + Send + Sync + 'static {
    /// Reserves room in every budget, or in none: returns the first budget without room.
    ///
    /// Reservations that have expired at the time of the entry do not count. A reservation with the id
    /// of another, or of an entry, adds nothing and has room.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn reserve(
        &self,
        reservation: &Reservation,
        budgets: &[BudgetWindow],
    ) -> Result<Option<Exceeded>, Error>;

    /// Records what was used, and ends the reservation with the same id, if there is one. An entry
    /// that was lost is replaced; one that was never sent counts for no budget.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn settle(&self, entry: &UsageEntry) -> Result<(), Error>;

    /// Turns the reservations that have expired at `now` into entries with the outcome
    /// [`Lost`](Outcome::Lost), and returns how many there were.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn expire(&self, now: SystemTime) -> Result<u64, Error>;

    /// Returns what a budget has used, and what is reserved, at `now`.
    ///
    /// The cost of both is in the currency of the budget's limit, or `None` if it does not limit money.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn standing(
        &self,
        budget: &BudgetWindow,
        now: SystemTime,
    ) -> Result<(Amount, Amount), Error>;

    /// Returns the rows of a report, in order of their keys (periods in order of time); groups without
    /// an entry have none.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn report(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, Error>;

    /// Returns the latest entries, newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn latest(&self, count: usize) -> Result<Vec<UsageEntry>, Error>;

    /// Sums up the entries before `before`, a quarter of an hour, by everything but their ids, and
    /// returns how many there were. Reports stay the same.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    async fn compact(&self, before: SystemTime) -> Result<u64, Error>;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_can_be_read_again() {
        let ids: HashSet<EntryId> = (0..1_000).map(|_| EntryId::random()).collect();
        assert_eq!(ids.len(), 1_000);
        for id in ids {
            assert_eq!(EntryId::parse(id.as_str()), Some(id));
        }
        let digit = "0123456789abcdef0123456789abcde";
        for wrong in ["", digit, &format!("{digit}F"), &format!("{digit}é")] {
            assert_eq!(EntryId::parse(wrong), None, "{wrong}");
        }
    }
}
