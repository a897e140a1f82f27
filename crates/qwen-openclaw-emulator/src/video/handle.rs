//! The handle with which tests inspect and control video tasks.

use std::time::Duration;

use serde_json::Value;

use super::{VideoRoute, VideoStatus, board::Task, upload::File};
use crate::{endpoint::Region, state::State};

/// A handle to an emulator's video API. Created by [`Emulator::video`](crate::Emulator::video).
///
/// ```
/// use std::time::Duration;
/// use qwen_openclaw_emulator::{Emulator, VideoRoute, VideoStatus};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::start().await?;
/// // … submit a video task, then let its time pass without waiting.
/// emulator.video().advance(Duration::from_secs(60));
/// for task in emulator.video().tasks() {
///     assert_eq!(task.status(), VideoStatus::Succeeded);
/// }
/// assert!(emulator.video().highest_rate(VideoRoute::Poll) <= 20);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Video<'a> {
    state: &'a State,
}

impl<'a> Video<'a> {
    pub(crate) const fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// Returns every task so far, of every kind, oldest first, including those now unknown to the
    /// service.
    #[must_use]
    pub fn tasks(&self) -> Vec<VideoTask> {
        let studio = &self.state.video;
        let now = studio.clock.now();
        let books = studio.books();
        let tasks = books.board.all().iter();
        tasks.map(|task| VideoTask::new(task, now)).collect()
    }

    /// Returns the files uploaded so far, oldest first.
    #[must_use]
    pub fn uploads(&self) -> Vec<VideoUpload> {
        let books = self.state.video.books();
        let files = books.store.files().iter().cloned();
        files.map(|file| VideoUpload { file }).collect()
    }

    /// Returns the emulated time since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.state.video.clock.now()
    }

    /// Moves the emulated time forward.
    ///
    /// Tasks start, end, and are forgotten after a day; URLs and uploads expire, and so do the portal's
    /// logins and tokens, marked prompts in the cache, quotas, and the responses of the Responses API.
    /// The maximum is a century in total.
    pub fn advance(&self, by: Duration) {
        self.state.video.clock.advance(by);
    }

    /// Loses a task, as if it had never existed; false if no task has this id.
    ///
    /// It is `UNKNOWN` from now on, and not in the list.
    pub fn lose(&self, id: &str) -> bool {
        let mut books = self.state.video.books();
        let mut found = false;
        for region in Region::ALL {
            if let Some(task) = books.board.find(region, id) {
                task.lost = true;
                found = true;
            }
        }
        found
    }

    /// Returns the number of requests to a route, including those rejected or broken by a fault.
    #[must_use]
    pub fn requests(&self, route: VideoRoute) -> usize {
        self.state.video.books().rates.requests(route)
    }

    /// Returns the highest number of requests to a route within any second.
    #[must_use]
    pub fn highest_rate(&self, route: VideoRoute) -> usize {
        self.state.video.books().rates.highest(route)
    }

    /// Returns the number of requests for result files and uploads with an `Authorization` header,
    /// which must not be sent there.
    #[must_use]
    pub fn credentials_seen(&self) -> usize {
        self.state.video.books().credentials
    }
}

/// A snapshot of a task: for a video, for images, for transcripts, or for the vectors of a file.
#[derive(Clone, Debug)]
pub struct VideoTask {
    task: Task,
    status: VideoStatus,
}

impl VideoTask {
    fn new(task: &Task, now: Duration) -> Self {
        Self {
            task: task.clone(),
            status: task.status(now),
        }
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.task.id
    }

    /// Returns the model's id.
    #[must_use]
    pub fn model(&self) -> &str {
        self.task.work.model()
    }

    /// Returns the region in which it was submitted.
    #[must_use]
    pub fn region(&self) -> Region {
        self.task.region
    }

    /// Returns the state.
    #[must_use]
    pub fn status(&self) -> VideoStatus {
        self.status
    }

    /// Returns the body of the request.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.task.body
    }

    /// Returns when it was submitted, in emulated time since the Unix epoch.
    #[must_use]
    pub fn submitted(&self) -> Duration {
        self.task.submitted
    }

    /// Returns when it left the queue, in emulated time since the Unix epoch.
    #[must_use]
    pub fn started(&self) -> Option<Duration> {
        self.task.started
    }

    /// Returns the width and height of the video or of the images; 0 for other tasks.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.task.work.size()
    }

    /// Returns the video's length in seconds; 0 for other tasks.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.task.work.seconds()
    }
}

/// A file uploaded for a model.
#[derive(Clone, Debug)]
pub struct VideoUpload {
    file: File,
}

impl VideoUpload {
    /// Returns the URL by which requests refer to it, such as `oss://dashscope-instant/…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("oss://{}", self.file.key)
    }

    /// Returns the id of the only model it can be used with.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.file.model
    }

    /// Returns its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.file.length
    }
}
