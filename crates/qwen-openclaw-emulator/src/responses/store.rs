//! The responses that can be asked for and followed later.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use super::text;
use crate::{endpoint::Region, lock::lock};

/// The responses of one emulator, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Responses(Mutex<VecDeque<Stored>>);

/// A response with the conversation that led to it.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) region: Region,
    /// When it was made, in emulated time.
    pub(super) since: Duration,
    pub(super) response: Value,
    /// The length of what only this response keeps, as JSON.
    pub(super) bytes: usize,
    /// Its own turn is the last. They are shared by the responses that follow each other.
    pub(super) turns: Vec<Arc<Turn>>,
}

/// What was said at once, and what was answered.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) input: Vec<Value>,
    pub(super) output: Vec<Value>,
}

impl Turn {
    pub(super) fn items(&self) -> impl Iterator<Item = &Value> {
        self.input.iter().chain(&self.output)
    }
}

/// How long a response is kept.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many are kept.
const MOST: usize = 1000;
/// How large all of them are at most: those of agents that send pictures with every request.
const MOST_BYTES: usize = 256 << 20;

impl Responses {
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    pub(super) fn push(&self, stored: Stored) {
        let mut all = lock(&self.0);
        all.push_back(stored);
        let mut bytes: usize = all.iter().map(|stored| stored.bytes).sum();
        while all.len() > MOST || bytes > MOST_BYTES && all.len() > 1 {
            let oldest = all.pop_front();
            bytes -= oldest.map_or(0, |oldest| oldest.bytes);
        }
    }

    pub(super) fn response(&self, id: &str, region: Region, now: Duration) -> Option<Value> {
        self.find(id, region, now, |stored| stored.response.clone())
    }

    /// The conversation up to a response and with it.
    pub(super) fn conversation(
        &self,
        id: &str,
        region: Region,
        now: Duration,
    ) -> Option<Vec<Arc<Turn>>> {
        self.find(id, region, now, |stored| stored.turns.clone())
    }

    /// An item of the output of a response.
    pub(super) fn item(&self, id: &str, region: Region, now: Duration) -> Option<Value> {
        let all = lock(&self.0);
        let here = all
            .iter()
            .rev()
            .filter(|stored| stored.is_there(region, now));
        let mut items = here
            .filter_map(|stored| stored.turns.last())
            .flat_map(|turn| &turn.output);
        items.find(|item| text(item, "id") == id).cloned()
    }

    /// Removes a response; false if there is none.
    pub(super) fn remove(&self, id: &str, region: Region, now: Duration) -> bool {
        let mut all = lock(&self.0);
        let found = all.iter().position(|stored| stored.is(id, region, now));
        found.and_then(|at| all.remove(at)).is_some()
    }

    fn find<T>(
        &self,
        id: &str,
        region: Region,
        now: Duration,
        take: impl FnOnce(&Stored) -> T,
    ) -> Option<T> {
        let all = lock(&self.0);
        let found = all.iter().rev().find(|stored| stored.is(id, region, now));
        found.map(take)
    }
}

impl Stored {
    fn is(&self, id: &str, region: Region, now: Duration) -> bool {
        self.is_there(region, now) && text(&self.response, "id") == id
    }

    /// Regions do not share their responses, and none is kept for ever.
    fn is_there(&self, region: Region, now: Duration) -> bool {
        self.region == region && now.saturating_sub(self.since) < LIFE
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(number: usize) -> Stored {
        let output = vec![json!({"id": format!("msg_{number}")})];
        Stored {
            region: Region::Global,
            since: Duration::ZERO,
            response: json!({"id": number.to_string()}),
            bytes: 1,
            turns: vec![Arc::new(Turn {
                input: Vec::new(),
                output,
            })],
        }
    }

    #[test]
    fn number_and_age_are_bounded() {
        let store = Responses::default();
        for number in 0..=MOST {
            store.push(stored(number));
        }
        let has = |id: &str, region, now| store.response(id, region, now).is_some();
        assert!(!has("0", Region::Global, Duration::ZERO));
        assert!(has("1", Region::Global, Duration::ZERO));
        assert!(!has("1", Region::China, Duration::ZERO));
        let last = LIFE - Duration::from_secs(1);
        assert!(has("1", Region::Global, last) && !has("1", Region::Global, LIFE));
        assert!(store.item("msg_1", Region::Global, last).is_some());
        assert!(store.item("msg_1", Region::Global, LIFE).is_none());
        assert!(store.remove("1", Region::Global, last));
        assert!(!store.remove("1", Region::Global, last));
        // One is kept however large it is.
        store.push(Stored {
            bytes: MOST_BYTES + 1,
            ..stored(2000)
        });
        assert!(!has("1000", Region::Global, last) && has("2000", Region::Global, last));
    }
}
