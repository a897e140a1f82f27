//! Time that passes while nothing else happens.

use std::time::Duration;

/// Longer than anything of a case lasts.
const FOREVER: Duration = Duration::from_secs(6 * 3600);

/// Runs `future` with a clock that jumps to the next timer.
///
/// # Errors
///
/// That there is no runtime, or that the future never ends.
pub(super) fn run<F: Future>(future: F) -> Result<F::Output, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime
        .block_on(async { tokio::time::timeout(FOREVER, future).await })
        .map_err(|_| "it never ends".to_owned())
}
