//! What is going on while nothing of an answer has come: one line, drawn again and again, which is gone
//! before anything else is written.
//!
//! It is drawn between two polls of what is waited for, on the same thread. A bar of indicatif draws
//! from a thread of its own, into the answer if it begins at that moment.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use qwen_openclaw::{ErrorKind, chat::Progress};
use tokio::time::{Instant, interval};

use crate::{output, terminal};

/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(120);

/// What is over sooner needs no explanation.
const PATIENCE: Duration = Duration::from_millis(400);

/// When a request that has not been answered is on its way no more, but in a queue.
const CONNECTED: Duration = Duration::from_secs(3);

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// A wait for an answer. Dropping it removes the line.
pub(crate) struct Waiting {
    is_shown: bool,
    /// What goes on when the service has the request.
    accepted: &'static str,
    started: Instant,
    stage: Arc<Mutex<(Stage, Instant)>>,
}

/// What is going on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Connecting,
    Retrying(Duration, ErrorKind),
    /// The service has the request.
    Accepted,
    Thinking,
}

impl Waiting {
    /// Starts to wait; `accepted` is what goes on when the service has the request. Nothing is
    /// shown where standard error is not a terminal, or may be that of a pager.
    pub(crate) fn start(accepted: &'static str) -> Self {
        let now = Instant::now();
        Self {
            is_shown: terminal::redraws() && !terminal::is_paged(),
            accepted,
            started: now,
            stage: Arc::new(Mutex::new((Stage::Connecting, now))),
        }
    }

    /// What is to be told how far the request is.
    pub(crate) fn hook(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let stage = Arc::clone(&self.stage);
        move |progress| {
            let next = match progress {
                Progress::Sending => Stage::Connecting,
                Progress::Retrying { after, error } => Stage::Retrying(after, error),
                Progress::Accepted => Stage::Accepted,
                _ => return,
            };
            set(&stage, next);
        }
    }

    /// The model thinks, and what it thinks is not shown.
    pub(crate) fn thinks(&self) {
        set(&self.stage, Stage::Thinking);
    }

    /// Something is shown from now on.
    pub(crate) fn end(&mut self) {
        self.is_shown = false;
        output::wipe();
    }

    /// Waits for `future`, and says meanwhile what is going on.
    pub(crate) async fn during<T>(&self, future: impl Future<Output = T>) -> T {
        if !self.is_shown {
            return future.await;
        }
        let mut future = pin!(future);
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                biased;
                result = &mut future => return result,
                _ = ticks.tick() => self.draw(),
            }
        }
    }

    fn draw(&self) {
        let waited = self.started.elapsed();
        if waited < PATIENCE {
            return;
        }
        let (stage, since) = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = (waited.as_millis() / TICK.as_millis()) % FRAMES.len() as u128;
        let frame = FRAMES[usize::try_from(frame).unwrap_or_default()];
        let words = words(stage, since.elapsed(), self.accepted);
        output::transient(&format!("{frame} {words} · {} s", waited.as_secs()));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end();
    }
}

/// The same stage again, as with each piece of reasoning, has begun when it began first.
fn set(stage: &Mutex<(Stage, Instant)>, next: Stage) {
    let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
    if stage.0 != next {
        *stage = (next, Instant::now());
    }
}

fn words(stage: Stage, since: Duration, accepted: &str) -> String {
    match stage {
        Stage::Connecting if since < CONNECTED => "connecting".to_owned(),
        Stage::Connecting => "queued".to_owned(),
        Stage::Accepted => accepted.to_owned(),
        Stage::Thinking => "thinking".to_owned(),
        Stage::Retrying(after, error) => {
            let left = after.saturating_sub(since).as_secs_f64().ceil();
            let why = match error {
                ErrorKind::RateLimited => "too many requests",
                ErrorKind::Timeout => "no answer in time",
                ErrorKind::Network => "the connection failed",
                ErrorKind::Truncated => "the answer broke off",
                ErrorKind::Server => "the service failed",
                _ => "it failed",
            };
            format!("sent again in {left} s: {why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_going_on_is_said() {
        let second = Duration::from_secs(1);
        let retrying = Stage::Retrying(2 * second, ErrorKind::RateLimited);
        for (stage, since, expected) in [
            (Stage::Connecting, second, "connecting"),
            (Stage::Connecting, 5 * second, "queued"),
            (Stage::Accepted, second, "describing"),
            (Stage::Thinking, second, "thinking"),
            (
                retrying,
                Duration::ZERO,
                "sent again in 2 s: too many requests",
            ),
            (
                retrying,
                second + second / 2,
                "sent again in 1 s: too many requests",
            ),
            (retrying, 9 * second, "sent again in 0 s: too many requests"),
        ] {
            assert_eq!(words(stage, since, "describing"), expected);
        }
    }

    #[test]
    fn a_stage_lasts_until_another_one_begins() {
        let waiting = Waiting::start("queued");
        let stage = || *waiting.stage.lock().unwrap();
        waiting.thinks();
        let begun = stage();
        assert_eq!(begun.0, Stage::Thinking);
        waiting.thinks();
        assert_eq!(stage(), begun);
        waiting.hook()(Progress::Sending);
        assert_eq!(stage().0, Stage::Connecting);
        assert!(stage().1 >= begun.1);
    }
}
