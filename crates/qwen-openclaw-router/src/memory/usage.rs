//! Usage in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;

use crate::{
    Amount, BudgetWindow, EntryId, Error, Exceeded, Outcome, Reservation, Tokens, UsageEntry,
    UsageFilter, UsageGroup, UsageQuery, UsageRow, UsageStore, UsageSum,
};

/// How many entries are kept one by one.
const KEPT: usize = 10_000;

/// The most periods of budgets whose sums are kept.
const WINDOWS: usize = 64;

/// What old entries are summed up by.
const QUARTER: u64 = 15 * 60;

/// Keeps usage in memory, for one process.
///
/// It keeps at least the latest 10,000 entries one by one; older ones are summed up by quarters of an
/// hour, as by [`compact`](UsageStore::compact), so that its size is bounded by time and not by the
/// number of requests.
#[derive(Debug, Default)]
pub struct MemoryUsage {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number breaks ties between entries of the same time.
    entries: BTreeMap<(SystemTime, u64), UsageEntry>,
    positions: HashMap<EntryId, (SystemTime, u64)>,
    count: u64,
    reservations: HashMap<EntryId, Reservation>,
    old: BTreeMap<(SystemTime, Labels), UsageSum>,
    windows: HashMap<(UsageFilter, SystemTime), UsageSum>,
}

/// What entries are told apart by in reports.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Labels {
    provider: String,
    credential: String,
    model: String,
    agent: Option<String>,
    kind: String,
}

impl MemoryUsage {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl UsageStore for MemoryUsage {
    async fn reserve(
        &self,
        reservation: &Reservation,
        budgets: &[BudgetWindow],
    ) -> Result<Option<Exceeded>, Error> {
        let mut state = self.state();
        let id = &reservation.entry.id;
        if state.reservations.contains_key(id) || state.positions.contains_key(id) {
            return Ok(None);
        }
        let wanted = reservation.entry.amount();
        for budget in budgets {
            let (used, reserved) = state.standing(budget, reservation.entry.time);
            if !budget.has_room(&used, &reserved, &wanted) {
                return Ok(Some(Exceeded {
                    budget: budget.clone(),
                    used,
                    reserved,
                }));
            }
        }
        state.reservations.insert(id.clone(), reservation.clone());
        Ok(None)
    }

    async fn settle(&self, entry: &UsageEntry) -> Result<(), Error> {
        let mut state = self.state();
        state.reservations.remove(&entry.id);
        state.record(entry.clone());
        Ok(())
    }

    async fn expire(&self, now: SystemTime) -> Result<u64, Error> {
        let mut state = self.state();
        let expired = |reservation: &Reservation| reservation.expires <= now;
        let lost: Vec<_> = state
            .reservations
            .extract_if(|_, reservation| expired(reservation))
            .collect();
        let count = lost.len();
        for (_, Reservation { entry, .. }) in lost {
            state.record(UsageEntry {
                tokens: Tokens::default(),
                cost: None,
                price_date: None,
                outcome: Outcome::Lost,
                ..entry
            });
        }
        Ok(count as u64)
    }

    async fn standing(
        &self,
        budget: &BudgetWindow,
        now: SystemTime,
    ) -> Result<(Amount, Amount), Error> {
        Ok(self.state().standing(budget, now))
    }

    async fn report(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, Error> {
        let state = self.state();
        let mut rows = BTreeMap::new();
        let range = query.since..query.until;
        for ((time, labels), sum) in &state.old {
            if range.contains(time)
                && labels.match_filter(&query.filter)
                && let Some(key) = labels.key(*time, &query.by)
            {
                rows.entry(key).or_insert_with(UsageSum::default).merge(sum);
            }
        }
        for entry in state.entries.values() {
            if range.contains(&entry.time)
                && query.filter.matches(entry)
                && let Some(key) = Labels::of(entry).key(entry.time, &query.by)
            {
                rows.entry(key).or_insert_with(UsageSum::default).add(entry);
            }
        }
        let rows = rows.into_iter();
        Ok(rows.map(|((_, key), sum)| UsageRow { key, sum }).collect())
    }

    async fn latest(&self, count: usize) -> Result<Vec<UsageEntry>, Error> {
        let state = self.state();
        let newest = state.entries.values().rev();
        Ok(newest.take(count).cloned().collect())
    }

    async fn compact(&self, before: SystemTime) -> Result<u64, Error> {
        Ok(self.state().compact(before))
    }
}

impl State {
    /// Adds an entry, unless there is one with its id that was not lost.
    fn record(&mut self, entry: UsageEntry) {
        if let Some(position) = self.positions.get(&entry.id) {
            let is_lost = |known: &&mut UsageEntry| known.outcome == Outcome::Lost;
            if let Some(known) = self.entries.get_mut(position).filter(is_lost)
                && entry.outcome != Outcome::Lost
            {
                let time = known.time;
                *known = UsageEntry { time, ..entry };
                // Sums cannot be subtracted from.
                self.windows.clear();
            }
            return;
        }
        for ((filter, since), sum) in &mut self.windows {
            if *since <= entry.time && filter.matches(&entry) {
                sum.add(&entry);
            }
        }
        let position = (entry.time, self.count);
        self.count += 1;
        self.positions.insert(entry.id.clone(), position);
        self.entries.insert(position, entry);
        if self.entries.len() >= 2 * KEPT && self.entries.len().is_multiple_of(KEPT) {
            let newest = self.entries.keys().nth_back(KEPT);
            if let Some((time, _)) = newest.copied() {
                self.compact(quarter(time));
            }
        }
    }

    fn standing(&mut self, budget: &BudgetWindow, now: SystemTime) -> (Amount, Amount) {
        let used = self.used(&budget.filter, budget.since).amount(budget.limit);
        let mut reserved = UsageSum::default();
        for reservation in self.reservations.values() {
            if reservation.expires > now && budget.counts(&reservation.entry) {
                reserved.add(&reservation.entry);
            }
        }
        (used, reserved.amount(budget.limit))
    }

    /// The sum of a period, which is kept up to date once it has been asked for.
    fn used(&mut self, filter: &UsageFilter, since: SystemTime) -> &UsageSum {
        if self.windows.len() >= WINDOWS && !self.windows.contains_key(&(filter.clone(), since)) {
            self.windows.clear();
        }
        let (old, entries) = (&self.old, &self.entries);
        self.windows
            .entry((filter.clone(), since))
            .or_insert_with(|| {
                let mut sum = UsageSum::default();
                for ((time, labels), part) in old {
                    if since <= *time && labels.match_filter(filter) {
                        sum.merge(part);
                    }
                }
                for entry in entries.range((since, 0)..).map(|(_, entry)| entry) {
                    if filter.matches(entry) {
                        sum.add(entry);
                    }
                }
                sum
            })
    }

    fn compact(&mut self, before: SystemTime) -> u64 {
        let kept = self.entries.split_off(&(before, 0));
        let old = std::mem::replace(&mut self.entries, kept);
        for entry in old.values() {
            self.positions.remove(&entry.id);
            let key = (quarter(entry.time), Labels::of(entry));
            self.old.entry(key).or_default().add(entry);
        }
        old.len() as u64
    }
}

/// The beginning of its quarter of an hour.
fn quarter(time: SystemTime) -> SystemTime {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => {
            let seconds = since.as_secs() / QUARTER * QUARTER;
            SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
        }
        // Nothing was used before 1970; a wrong clock is not rounded.
        Err(_) => time,
    }
}

impl Labels {
    fn match_filter(&self, filter: &UsageFilter) -> bool {
        filter.matches_labels(
            &self.provider,
            &self.credential,
            &self.model,
            self.agent.as_deref(),
        )
    }

    /// The key of the group, with its place among the periods; `None` before the first period.
    fn key(&self, time: SystemTime, by: &UsageGroup) -> Option<(usize, String)> {
        Some(match by {
            UsageGroup::Model => (0, format!("{}/{}", self.provider, self.model)),
            UsageGroup::Credential => (0, self.credential.clone()),
            UsageGroup::Agent => (0, self.agent.clone().unwrap_or_default()),
            UsageGroup::Kind => (0, self.kind.clone()),
            UsageGroup::Since(starts) => {
                let index = starts
                    .partition_point(|start| *start <= time)
                    .checked_sub(1)?;
                (index, index.to_string())
            }
        })
    }

    fn of(entry: &UsageEntry) -> Self {
        Self {
            provider: entry.provider.clone(),
            credential: entry.credential.clone(),
            model: entry.model.clone(),
            agent: entry.agent.clone(),
            kind: entry.kind.clone(),
        }
    }
}
