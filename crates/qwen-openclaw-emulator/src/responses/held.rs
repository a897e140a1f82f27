//! The conversations that are kept.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use serde_json::{Map, Value, json};

use super::text;
use crate::{endpoint::Region, lock::lock};

/// The conversations of one emulator, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Conversations(Mutex<VecDeque<Held>>);

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) region: Region,
    /// In emulated time.
    pub(super) created: Duration,
    pub(super) metadata: Map<String, Value>,
    pub(super) items: Vec<Value>,
}

/// The order of a list of items.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

/// How many are kept.
const MOST: usize = 1000;

impl Conversations {
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(super) fn push(&self, held: Held) {
        let mut all = lock(&self.0);
        all.push_back(held);
        if all.len() > MOST {
            all.pop_front();
        }
    }

    /// Looks at a conversation, or changes it; `None` if there is none.
    pub(super) fn with<T>(
        &self,
        id: &str,
        region: Region,
        look: impl FnOnce(&mut Held) -> T,
    ) -> Option<T> {
        let mut all = lock(&self.0);
        all.iter_mut().find(|held| held.is(id, region)).map(look)
    }

    /// Removes a conversation; false if there is none.
    pub(super) fn remove(&self, id: &str, region: Region) -> bool {
        let mut all = lock(&self.0);
        let found = all.iter().position(|held| held.is(id, region));
        found.and_then(|at| all.remove(at)).is_some()
    }
}

impl Held {
    fn is(&self, id: &str, region: Region) -> bool {
        self.id == id && self.region == region
    }

    /// The conversation as it is told. Unlike a response's, its time is in milliseconds.
    pub(super) fn object(&self) -> Value {
        let created = u64::try_from(self.created.as_millis()).unwrap_or(u64::MAX);
        json!({"id": self.id, "object": "conversation", "created_at": created,
            "metadata": self.metadata})
    }

    pub(super) fn item(&self, id: &str) -> Option<&Value> {
        self.items.iter().find(|item| text(item, "id") == id)
    }

    /// Removes an item; false if there is none.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.items.len();
        self.items.retain(|item| text(item, "id") != id);
        self.items.len() < before
    }

    /// Some items after one, from the first if its id is empty, and whether there are more; `None` if
    /// there is no such item.
    pub(super) fn page(
        &self,
        order: Order,
        after: &str,
        limit: usize,
    ) -> Option<(Vec<Value>, bool)> {
        let mut items: Vec<&Value> = self.items.iter().collect();
        if order == Order::NewestFirst {
            items.reverse();
        }
        let start = match after {
            "" => 0,
            id => 1 + items.iter().position(|item| text(item, "id") == id)?,
        };
        let rest = items.get(start..).unwrap_or_default();
        let page = rest.iter().take(limit).map(|item| (*item).clone());
        Some((page.collect(), rest.len() > limit))
    }
}
