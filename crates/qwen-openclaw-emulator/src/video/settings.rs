//! How video tasks are set up.

use std::time::Duration;

/// How fast tasks are, and what they are held to.
#[derive(Clone, Debug)]
pub(crate) struct VideoSettings {
    /// How long a task waits at least before it runs.
    pub(crate) queued: Duration,
    /// How long it runs.
    pub(crate) running: Duration,
    pub(crate) limits: VideoLimits,
}

impl Default for VideoSettings {
    fn default() -> Self {
        Self {
            queued: Duration::from_millis(200),
            running: Duration::from_millis(800),
            limits: VideoLimits::service(),
        }
    }
}

/// The limits of an account for video. Each region is an account, whatever the key.
///
/// ```
/// use qwen_openclaw_emulator::VideoLimits;
///
/// let limits = VideoLimits::service().submits(None).running(Some(2));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct VideoLimits {
    pub(super) submits: Option<usize>,
    pub(super) running: Option<usize>,
    pub(super) queries: Option<usize>,
    pub(super) policies: Option<usize>,
}

impl VideoLimits {
    /// The limits of the service: 5 new tasks a second, 5 that run at once, 20 questions a second
    /// on each of the routes for tasks, and 100 upload policies a second for each model. Models up
    /// to wan2.2 have 2 and 2, those for first and last frames 2 and 1.
    pub const fn service() -> Self {
        Self {
            submits: Some(5),
            running: Some(5),
            queries: Some(20),
            policies: Some(100),
        }
    }

    /// No limit at all.
    pub const fn none() -> Self {
        Self {
            submits: None,
            running: None,
            queries: None,
            policies: None,
        }
    }

    /// Sets the new tasks a second; those above get 429.
    pub const fn submits(mut self, most: Option<usize>) -> Self {
        self.submits = most;
        self
    }

    /// Sets the tasks that run at once; those above stay `PENDING`.
    pub const fn running(mut self, most: Option<usize>) -> Self {
        self.running = most;
        self
    }

    /// Sets the requests a second for each of poll, list and cancel; those above get 429.
    pub const fn queries(mut self, most: Option<usize>) -> Self {
        self.queries = most;
        self
    }

    /// Sets the upload policies a second for each model; those above get 429.
    pub const fn policies(mut self, most: Option<usize>) -> Self {
        self.policies = most;
        self
    }
}

impl Default for VideoLimits {
    fn default() -> Self {
        Self::service()
    }
}
