//! The durations a video can have.

use serde::Serialize;

/// The durations that a model offers, in whole seconds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Durations {
    offered: &'static [u32],
    default: u32,
}

impl Durations {
    /// Creates the set; the durations must be in increasing order.
    pub(super) const fn new(offered: &'static [u32], default: u32) -> Self {
        Self { offered, default }
    }

    /// Returns every duration, shortest first.
    #[must_use]
    pub const fn all(self) -> &'static [u32] {
        self.offered
    }

    /// Returns the duration that the service uses if none is sent.
    #[must_use]
    pub const fn default_seconds(self) -> u32 {
        self.default
    }

    /// Returns whether a duration is offered.
    #[must_use]
    pub fn contains(self, seconds: u32) -> bool {
        self.offered.contains(&seconds)
    }

    /// Returns the offered duration closest to the requested one; ties go to the longer.
    #[must_use]
    pub fn nearest(self, seconds: u32) -> u32 {
        let distance = |offered: &&u32| (offered.abs_diff(seconds), u32::MAX - **offered);
        self.offered
            .iter()
            .min_by_key(distance)
            .copied()
            .unwrap_or(self.default)
    }

    /// Returns the shortest duration.
    #[must_use]
    pub fn min(self) -> u32 {
        self.offered.first().copied().unwrap_or(self.default)
    }

    /// Returns the longest duration.
    #[must_use]
    pub fn max(self) -> u32 {
        self.offered.last().copied().unwrap_or(self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_duration_is_found() {
        let durations = Durations::new(&[5, 10], 5);
        for (wanted, expected) in [(0, 5), (5, 5), (7, 5), (8, 10), (10, 10), (u32::MAX, 10)] {
            assert_eq!(durations.nearest(wanted), expected, "{wanted}");
        }
        assert_eq!(Durations::new(&[2, 4], 2).nearest(3), 4);
        assert_eq!((durations.min(), durations.max()), (5, 10));
        assert!(durations.contains(10) && !durations.contains(7));
    }
}
