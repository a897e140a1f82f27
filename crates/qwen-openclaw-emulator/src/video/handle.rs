//! What a test sees of the video tasks, and does to them.

use std::time::Duration;

use serde_json::Value;

use super::{VideoRoute, VideoStatus, board::Task, upload::File};
use crate::{endpoint::Region, state::State};

/// The video side of an emulator. Made by [`Emulator::video`](crate::Emulator::video).
///
/// ```
/// use std::time::Duration;
/// use qwen_openclaw_emulator::{Emulator, VideoRoute, VideoStatus};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::start().await?;
/// // … submit a clip, then let its time pass without waiting.
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

    /// Returns every task so far, oldest first; those that are unknown to the service now, too.
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

    /// Returns the emulated time, counted from 1970.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.state.video.clock.now()
    }

    /// Puts the emulated time forward: tasks start, end, and are forgotten after a day; addresses
    /// and uploads expire. Nothing else is affected. A century, all in all, is the most.
    pub fn advance(&self, by: Duration) {
        self.state.video.clock.advance(by);
    }

    /// Loses a task, as if it had never been: it is `UNKNOWN` from now on, and not in the list.
    /// Returns false when there is none with this id.
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

    /// Returns how many requests a route has had, those refused or broken by a fault included.
    #[must_use]
    pub fn requests(&self, route: VideoRoute) -> usize {
        self.state.video.books().rates.requests(route)
    }

    /// Returns the most requests that a route has had within any second.
    #[must_use]
    pub fn highest_rate(&self, route: VideoRoute) -> usize {
        self.state.video.books().rates.highest(route)
    }

    /// Returns how many requests for result files and uploads came with an `Authorization` header,
    /// which has no business there.
    #[must_use]
    pub fn credentials_seen(&self) -> usize {
        self.state.video.books().credentials
    }
}

/// A video task as it is at one moment.
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
        &self.task.order.id
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

    /// Returns when it was submitted, in emulated time since 1970.
    #[must_use]
    pub fn submitted(&self) -> Duration {
        self.task.submitted
    }

    /// Returns when it left the queue, in emulated time since 1970.
    #[must_use]
    pub fn started(&self) -> Option<Duration> {
        self.task.started
    }

    /// Returns width and height of the clip.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.task.order.width, self.task.order.height)
    }

    /// Returns the length of the clip in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.task.order.seconds
    }
}

/// A file that was uploaded for a model.
#[derive(Clone, Debug)]
pub struct VideoUpload {
    file: File,
}

impl VideoUpload {
    /// Returns the address under which requests name it, such as `oss://dashscope-instant/…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("oss://{}", self.file.key)
    }

    /// Returns the id of the model for which alone it can be used.
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
