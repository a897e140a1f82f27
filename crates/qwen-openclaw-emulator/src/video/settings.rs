//! Settings for video tasks.

use std::time::Duration;

/// Task timing and limits.
#[derive(Clone, Copy, Debug)]
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

/// An account's limits for video. Each region is one account, whatever the key.
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
    /// Returns the service's limits.
    ///
    /// They are 5 new tasks per second, 5 running at once, 20 requests per second to each task
    /// route, and 100 upload policies per second per model. Models up to wan2.2 have 2 and 2, those
    /// for first and last frames 2 and 1.
    pub const fn service() -> Self {
        Self {
            submits: Some(5),
            running: Some(5),
            queries: Some(20),
            policies: Some(100),
        }
    }

    /// Returns no limits at all.
    pub const fn none() -> Self {
        Self {
            submits: None,
            running: None,
            queries: None,
            policies: None,
        }
    }

    /// The limits with their names.
    pub(crate) fn fields_mut(&mut self) -> [(&'static str, &mut Option<usize>); 4] {
        [
            ("submits", &mut self.submits),
            ("running", &mut self.running),
            ("queries", &mut self.queries),
            ("policies", &mut self.policies),
        ]
    }

    /// Sets the maximum number of new tasks per second; further requests get 429.
    pub const fn submits(mut self, most: Option<usize>) -> Self {
        self.submits = most;
        self
    }

    /// Sets the maximum number of running tasks; further tasks stay `PENDING`.
    pub const fn running(mut self, most: Option<usize>) -> Self {
        self.running = most;
        self
    }

    /// Sets the maximum requests per second to each of poll, list, and cancel; further requests get
    /// 429.
    pub const fn queries(mut self, most: Option<usize>) -> Self {
        self.queries = most;
        self
    }

    /// Sets the maximum upload policies per second per model; further requests get 429.
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
