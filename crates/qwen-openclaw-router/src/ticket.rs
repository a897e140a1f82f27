//! What remains to be done for an answer: saying what it used.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, MutexGuard, PoisonError},
};

use qwen_openclaw_http::ErrorKind;

use crate::{EntryId, Outcome, Target, UsageEntry, Used, router::Shared};

/// The reservation of an attempt, which is settled once it is known what the attempt used.
///
/// A ticket that is dropped is settled later as [`Canceled`](Outcome::Canceled), with nothing used. If
/// the process dies, the reservation expires.
#[derive(Debug)]
#[must_use]
pub struct Ticket {
    shared: Arc<Shared>,
    id: EntryId,
    settlement: Option<Settlement>,
}

/// What is to be stored at the next opportunity, oldest first.
pub(crate) type Unsettled = VecDeque<Settlement>;

#[derive(Debug)]
pub(crate) struct Settlement {
    entry: UsageEntry,
    target: Target,
}

impl Ticket {
    /// A ticket for the entry of a reservation, whose outcome is [`Outcome::Lost`].
    pub(crate) fn new(shared: Arc<Shared>, entry: UsageEntry, target: Target) -> Self {
        Self {
            shared,
            id: entry.id.clone(),
            settlement: Some(Settlement { entry, target }),
        }
    }

    /// Returns the id of the usage entry.
    #[must_use]
    pub fn id(&self) -> &EntryId {
        &self.id
    }

    /// Stores what the attempt used and how it ended. If the store is busy, it is stored later, as by
    /// [`settle_later`](Self::settle_later).
    ///
    /// If it was answered, the failures of its model and credential are forgotten.
    pub async fn settle(mut self, used: Used, outcome: Outcome) {
        self.fill(used, outcome);
        self.store().await;
    }

    /// Like [`settle`](Self::settle), but stores it at the next request of the router, or at
    /// [`Router::flush`]: for where nothing can wait, as when a stream is dropped.
    ///
    /// [`Router::flush`]: crate::Router::flush
    pub fn settle_later(mut self, used: Used, outcome: Outcome) {
        self.fill(used, outcome);
    }

    /// Notes what will be stored, at the latest when the ticket is dropped.
    pub(crate) fn fill(&mut self, used: Used, outcome: Outcome) {
        let Some(Settlement { entry, .. }) = &mut self.settlement else {
            return;
        };
        let took = self.shared.now().duration_since(entry.time);
        entry.sends = used.sends;
        entry.tokens = used.tokens;
        entry.images = used.images;
        entry.media = used.media;
        entry.cost = used.cost;
        entry.price_date = used.price_date;
        entry.outcome = outcome;
        entry.latency = took.unwrap_or_default();
    }

    /// Stores an attempt that another one follows.
    pub(crate) async fn store_superseded(mut self) {
        if let Some(Settlement { entry, .. }) = &mut self.settlement {
            entry.is_last = false;
        }
        self.store().await;
    }

    /// Stores the ticket as it was filled.
    pub(crate) async fn store(mut self) {
        let settlement = self.settlement.take();
        self.shared.store(settlement.into_iter().collect()).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(settlement) = &self.settlement else {
            return;
        };
        if settlement.entry.outcome == Outcome::Lost {
            let used = Used {
                sends: settlement.entry.sends,
                ..Used::default()
            };
            self.fill(used, Outcome::Canceled);
        }
        let settlement = self.settlement.take();
        self.shared.unsettled().extend(settlement);
    }
}

impl Shared {
    /// Stores what was left to be settled later.
    pub(crate) async fn flush(&self) {
        let unsettled = mem::take(&mut *self.unsettled());
        self.store(unsettled).await;
    }

    async fn store(&self, settlements: Unsettled) {
        let mut rest = Rest {
            shared: self,
            settlements,
        };
        while let Some(Settlement { entry, target }) = rest.settlements.front() {
            let settled = self.usage.settle(entry).await;
            let is_busy = settled
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::Busy);
            self.checked(settled);
            // It may succeed at the next opportunity, and so may the rest.
            if is_busy && self.unsettled().len() + rest.settlements.len() <= MOST_UNSETTLED {
                return;
            }
            if entry.outcome == Outcome::Answered {
                self.checked(self.failover.succeed(target).await);
            }
            rest.settlements.pop_front();
        }
    }

    fn unsettled(&self) -> MutexGuard<'_, Unsettled> {
        let unsettled = self.unsettled.lock();
        unsettled.unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many settlements wait for a store that is busy. Beyond that, the oldest are given up, and their
/// reservations expire.
const MOST_UNSETTLED: usize = 10_000;

/// What is still to be stored, and goes back if its future is dropped. Settling twice does no harm.
struct Rest<'a> {
    shared: &'a Shared,
    settlements: Unsettled,
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        if !self.settlements.is_empty() {
            // In front of what came meanwhile, so that the oldest stays first.
            let mut unsettled = self.shared.unsettled();
            self.settlements.append(&mut unsettled);
            std::mem::swap(&mut *unsettled, &mut self.settlements);
        }
    }
}
