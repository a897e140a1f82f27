//! The time of day, as it stands in answers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time since 1970; none on a clock that is set to before.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
