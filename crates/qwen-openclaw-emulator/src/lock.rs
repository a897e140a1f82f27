//! Mutexes whose data stays good when a holder panics.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. Nothing here leaves its data half changed, so that poison means nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
