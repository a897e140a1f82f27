//! The context cache: prompts that were sent before cost less.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use tokio::time::Instant;

use super::usage::{Prefix, Prompt};
use crate::{id::splitmix, lock::lock};

/// The prompts seen, in memory of the emulator.
///
/// Rules: help.aliyun.com, Model Studio, "context cache". Without markers any start of an earlier
/// prompt hits; with markers only starts that were marked do, for five minutes.
#[derive(Debug, Default)]
pub(crate) struct PromptCache(Mutex<VecDeque<Entry>>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    explicit: bool,
    used: Instant,
}

/// What the cache did for a prompt.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cached {
    /// Tokens read from the cache.
    pub(crate) read: usize,
    /// Tokens written to the cache; only told when the caller marked something.
    pub(crate) created: Option<usize>,
}

/// The shortest start that is cached without being marked.
const MIN_IMPLICIT: usize = 256;
/// The shortest start that is cached when marked.
const MIN_EXPLICIT: usize = 1024;
/// Markers before the last four are ignored.
const MAX_MARKERS: usize = 4;
/// How long a marked start lives after its last use.
const EXPLICIT_LIFE: Duration = Duration::from_secs(300);
/// How many starts are remembered.
const MAX_ENTRIES: usize = 4096;

impl PromptCache {
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// Finds the longest start of `prompt` that is known, and remembers all of it.
    pub(super) fn look_up(&self, model: &str, prompt: &Prompt, now: Instant) -> Cached {
        let salt = model
            .bytes()
            .fold(0, |salt, byte| splitmix(salt ^ u64::from(byte)));
        let mut entries = lock(&self.0);
        entries.retain(|entry| !entry.explicit || now - entry.used <= EXPLICIT_LIFE);
        let marked = prompt.prefixes.iter().rev().filter(|prefix| prefix.marked);
        let marked: Vec<&Prefix> = marked.take(MAX_MARKERS).collect();
        let explicit = !marked.is_empty();
        let candidates: Vec<&Prefix> = if explicit {
            let long = marked.into_iter();
            long.filter(|prefix| prefix.tokens >= MIN_EXPLICIT)
                .collect()
        } else {
            let long = prompt.prefixes.iter().rev();
            long.filter(|prefix| prefix.tokens >= MIN_IMPLICIT)
                .collect()
        };
        let read = candidates
            .iter()
            .find(|prefix| hit(&mut entries, prefix.hash ^ salt, explicit, now))
            .map_or(0, |prefix| prefix.tokens);
        for prefix in &candidates {
            remember(&mut entries, prefix.hash ^ salt, explicit, now);
        }
        let longest = candidates.first().map_or(0, |prefix| prefix.tokens);
        Cached {
            read,
            created: explicit.then_some(longest.saturating_sub(read)),
        }
    }
}

fn hit(entries: &mut VecDeque<Entry>, key: u64, explicit: bool, now: Instant) -> bool {
    let entry = entries
        .iter_mut()
        .find(|entry| entry.key == key && entry.explicit == explicit);
    entry.map(|entry| entry.used = now).is_some()
}

fn remember(entries: &mut VecDeque<Entry>, key: u64, explicit: bool, now: Instant) {
    if hit(entries, key, explicit, now) {
        return;
    }
    entries.push_back(Entry {
        key,
        explicit,
        used: now,
    });
    if entries.len() > MAX_ENTRIES {
        entries.pop_front();
    }
}
