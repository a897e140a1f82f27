//! How often an account may call.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use crate::endpoint::Region;

/// What can be done with batches.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Call {
    Create,
    Get,
    List,
    Cancel,
}

/// The maximum number of calls per minute and region; none if `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchLimits {
    create: Option<usize>,
    get: Option<usize>,
    list: Option<usize>,
    cancel: Option<usize>,
}

impl Default for BatchLimits {
    /// The service's.
    fn default() -> Self {
        Self {
            create: Some(1000),
            get: Some(1000),
            list: Some(100),
            cancel: Some(1000),
        }
    }
}

impl BatchLimits {
    /// The limits with their names.
    pub(crate) fn fields_mut(&mut self) -> [(&'static str, &mut Option<usize>); 4] {
        [
            ("create", &mut self.create),
            ("get", &mut self.get),
            ("list", &mut self.list),
            ("cancel", &mut self.cancel),
        ]
    }

    const fn of(&self, call: Call) -> Option<usize> {
        match call {
            Call::Create => self.create,
            Call::Get => self.get,
            Call::List => self.list,
            Call::Cancel => self.cancel,
        }
    }
}

/// The calls of the last minute.
#[derive(Debug, Default)]
pub(super) struct Rates {
    pub(super) limits: BatchLimits,
    calls: HashMap<(Region, Call), VecDeque<Duration>>,
}

impl Rates {
    /// Counts a call, unless there were too many.
    pub(super) fn take(&mut self, region: Region, call: Call, now: Duration) -> bool {
        const MINUTE: Duration = Duration::from_secs(60);
        let Some(most) = self.limits.of(call) else {
            return true;
        };
        let calls = self.calls.entry((region, call)).or_default();
        while calls.front().is_some_and(|first| *first + MINUTE <= now) {
            calls.pop_front();
        }
        let free = calls.len() < most;
        if free {
            calls.push_back(now);
        }
        free
    }
}
