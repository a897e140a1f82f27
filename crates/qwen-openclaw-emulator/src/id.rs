//! Request ids, reproducible from the emulator's seed.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Makes the ids of one emulator.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    issued: AtomicU64,
}

impl Ids {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            seed,
            issued: AtomicU64::new(0),
        }
    }

    /// Starts from the first one again.
    pub(crate) fn reset(&self) {
        self.issued.store(0, Ordering::Relaxed);
    }

    pub(crate) fn next(&self) -> Id {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        Id(mix(self.seed, number))
    }
}

/// The id of a request. Displays in the service's form, that of a UUID.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Id(u128);

impl Id {
    /// The id of the answer as a chat completion.
    pub(crate) fn completion(self) -> String {
        format!("chatcmpl-{self}")
    }

    pub(crate) const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// An id like this one that depends on the time too, in case something outlives the emulator.
    pub(crate) fn at(self, time: Duration) -> Self {
        Self(mix(self.0 as u64, time.as_nanos() as u64))
    }

    /// The id of the `index`th part of what this one is the id of.
    pub(crate) fn part(self, index: usize) -> Self {
        Self(mix(self.0 as u64, index as u64))
    }

    /// The id of the request's `index`th tool call.
    pub(crate) fn call(self, index: usize) -> String {
        let number = mix(self.0 as u64, index as u64);
        format!("call_{:024x}", number & ((1 << 96) - 1))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let (a, rest) = hex.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

/// Spreads two numbers over 128 bits.
fn mix(seed: u64, number: u64) -> u128 {
    let high = splitmix(seed ^ splitmix(number));
    let low = splitmix(high ^ number);
    (u128::from(high) << 64) | u128::from(low)
}

/// The finalizer of SplitMix64.
pub(crate) const fn splitmix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follow_the_seed() {
        let (one, other) = (Ids::new(7), Ids::new(8));
        let first = one.next();
        assert_eq!(Ids::new(7).next(), first);
        assert_ne!(one.next(), first);
        assert_ne!(other.next(), first);
    }

    #[test]
    fn have_the_form_of_the_service() {
        let id = Ids::new(0).next();
        let text = id.to_string();
        let lengths: Vec<_> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id.call(0).len(), "call_".len() + 24);
        assert_ne!(id.call(0), id.call(1));
        let at = |seconds| id.at(Duration::from_secs(seconds));
        assert!(at(1) == at(1) && at(1) != at(2) && at(1) != id);
    }
}
