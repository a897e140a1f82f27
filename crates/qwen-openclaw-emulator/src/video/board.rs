//! The tasks of one emulator and what becomes of them.
//!
//! Nothing runs in the background: each access first brings the tasks up to date.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use serde_json::Value;

use super::{clock::DAY, models::Pace, settings::VideoSettings, work::Work};
use crate::{endpoint::Region, id::Id, images::PartialFailure};

/// The state of a task.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum VideoStatus {
    /// It is queued.
    Pending,
    /// It is running.
    Running,
    /// It finished, and its results are available.
    Succeeded,
    /// It failed.
    Failed,
    /// It was canceled while queued.
    Canceled,
    /// It is older than a day, or was lost.
    Unknown,
}

impl VideoStatus {
    /// Returns the service's name for the status, such as `SUCCEEDED`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Why a task fails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
}

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) request_id: Id,
    pub(super) region: Region,
    pub(super) work: Work,
    /// The request's body.
    pub(super) body: Value,
    pub(super) submitted: Duration,
    /// How long it will run.
    pub(super) takes: Duration,
    pub(super) failure: Option<Failure>,
    /// Which of several results fail, and why.
    pub(super) partial: Option<PartialFailure>,
    pub(super) started: Option<Duration>,
    pub(super) canceled: Option<Duration>,
    pub(super) lost: bool,
}

impl Task {
    pub(super) fn status(&self, now: Duration) -> VideoStatus {
        if self.lost || self.submitted + DAY <= now {
            VideoStatus::Unknown
        } else if self.canceled.is_some() {
            VideoStatus::Canceled
        } else if let Some(ended) = self.ended() {
            match &self.failure {
                _ if now < ended => VideoStatus::Running,
                Some(_) => VideoStatus::Failed,
                None => VideoStatus::Succeeded,
            }
        } else {
            VideoStatus::Pending
        }
    }

    /// Whether it has results.
    pub(super) fn succeeded(&self, now: Duration) -> bool {
        self.failure.is_none() && self.ended().is_some_and(|ended| ended <= now)
    }

    /// When it ends or has ended by itself, once that is known.
    pub(super) fn ended(&self) -> Option<Duration> {
        self.started
            .map(|started| started.saturating_add(self.takes))
    }
}

/// The tasks, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Board {
    tasks: Vec<Task>,
    /// When each place to run is free, by account and pace.
    places: HashMap<(Region, Pace), Vec<Duration>>,
}

impl Board {
    pub(super) fn add(&mut self, task: Task) {
        self.tasks.push(task);
    }

    /// Brings the tasks to `now`: those whose turn it was have started. The oldest are forgotten,
    /// long after the service would have.
    pub(super) fn settle(&mut self, now: Duration, settings: &VideoSettings) {
        self.tasks.retain(|task| now < task.submitted + DAY * 4);
        let mut full = HashSet::new();
        for task in &mut self.tasks {
            let waits = task.started.is_none() && task.canceled.is_none() && !task.lost;
            let line = (task.region, task.work.pace());
            if !waits || full.contains(&line) {
                continue;
            }
            let ready = task.submitted.saturating_add(settings.queued);
            let limits = settings.limits.running;
            let most = limits.map(|most| most.min(task.work.pace().running()));
            let places = self.places.entry(line).or_default();
            places.retain(|free| ready < *free);
            let start = match most {
                Some(most) if places.len() >= most => places
                    .iter()
                    .min()
                    .map_or(Duration::MAX, |free| ready.max(*free)),
                _ => ready,
            };
            if now < start {
                full.insert(line);
                continue;
            }
            // The place it takes is the one that is free first.
            if most.is_some_and(|most| places.len() >= most)
                && let Some(first) = (0..places.len()).min_by_key(|place| places[*place])
            {
                places.swap_remove(first);
            }
            places.push(start.saturating_add(task.takes));
            task.started = Some(start);
        }
    }

    /// The tasks of a region that the service still knows, the newest first.
    pub(super) fn known(&self, region: Region, now: Duration) -> impl Iterator<Item = &Task> {
        let known =
            move |task: &&Task| task.region == region && task.status(now) != VideoStatus::Unknown;
        self.tasks.iter().rev().filter(known)
    }

    pub(super) fn find(&mut self, region: Region, id: &str) -> Option<&mut Task> {
        let mut tasks = self.tasks.iter_mut();
        tasks.find(|task| task.region == region && task.id == id)
    }

    /// Every task, in the order in which they came.
    pub(super) fn all(&self) -> &[Task] {
        &self.tasks
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        id::Ids,
        video::{request::Order, settings::VideoLimits},
    };

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(1_000_000 + milliseconds)
    }

    fn settings(running: Option<usize>) -> VideoSettings {
        VideoSettings {
            queued: Duration::from_millis(100),
            running: Duration::from_millis(1000),
            limits: VideoLimits::service().running(running),
        }
    }

    fn task(name: &str, model: &str, submitted: Duration) -> Task {
        let body = json!({"model": model, "input": {"prompt": "x"}});
        Task {
            id: name.to_owned(),
            request_id: Ids::new(0).next(),
            region: Region::Global,
            work: Work::Video(Order::read(&body, Region::Global, false).unwrap()),
            body,
            submitted,
            takes: Duration::from_millis(1000),
            failure: None,
            partial: None,
            started: None,
            canceled: None,
            lost: false,
        }
    }

    fn words(board: &mut Board, now: Duration, settings: &VideoSettings) -> Vec<&'static str> {
        board.settle(now, settings);
        let statuses = board.all().iter().map(|task| task.status(now));
        statuses.map(VideoStatus::word).collect()
    }

    #[test]
    fn tasks_wait_run_and_end() {
        let (mut board, settings) = (Board::default(), settings(Some(5)));
        board.add(task("1", "wan2.6-t2v", at(0)));
        for (now, word) in [
            (0, "PENDING"),
            (99, "PENDING"),
            (100, "RUNNING"),
            (1099, "RUNNING"),
            (1100, "SUCCEEDED"),
        ] {
            assert_eq!(words(&mut board, at(now), &settings), [word], "{now}");
        }
        let day_later = at(0) + DAY;
        assert_eq!(words(&mut board, day_later, &settings), ["UNKNOWN"]);
        assert_eq!(board.known(Region::Global, day_later).count(), 0);
    }

    #[test]
    fn those_beyond_the_limit_wait_for_a_place_in_order() {
        let (mut board, settings) = (Board::default(), settings(Some(2)));
        for number in 0..5 {
            board.add(task(&number.to_string(), "wan2.6-t2v", at(number * 10)));
        }
        let mut now = |time| words(&mut board, at(time), &settings).join(" ");
        assert_eq!(now(200), "RUNNING RUNNING PENDING PENDING PENDING");
        assert_eq!(now(1105), "SUCCEEDED RUNNING RUNNING PENDING PENDING");
        // No access happened when the slots became free; the times are correct anyway.
        assert_eq!(now(3099), "SUCCEEDED SUCCEEDED SUCCEEDED SUCCEEDED RUNNING");
        let ends = board.all().iter().map(|task| task.ended().unwrap());
        assert_eq!(
            ends.collect::<Vec<_>>(),
            [1100, 1110, 2100, 2110, 3100].map(at)
        );
    }

    #[test]
    fn paces_do_not_wait_for_each_other() {
        let (mut board, settings) = (Board::default(), settings(Some(1)));
        for model in ["wan2.6-t2v", "wan2.6-t2v", "wan2.2-t2v-plus"] {
            board.add(task(model, model, at(0)));
        }
        assert_eq!(
            words(&mut board, at(500), &settings),
            ["RUNNING", "PENDING", "RUNNING"]
        );
    }

    #[test]
    fn without_a_limit_no_task_waits() {
        let (mut board, settings) = (Board::default(), settings(None));
        for number in 0..50 {
            board.add(task(&number.to_string(), "wan2.2-t2v-plus", at(0)));
        }
        let now = words(&mut board, at(100), &settings);
        assert!(now.iter().all(|word| *word == "RUNNING"));
    }

    #[test]
    fn a_canceled_task_takes_no_place() {
        let (mut board, settings) = (Board::default(), settings(Some(1)));
        for name in ["1", "2", "3"] {
            board.add(task(name, "wan2.6-t2v", at(0)));
        }
        board.settle(at(500), &settings);
        board.find(Region::Global, "2").unwrap().canceled = Some(at(500));
        assert!(board.find(Region::China, "2").is_none());
        assert_eq!(
            words(&mut board, at(1200), &settings),
            ["SUCCEEDED", "CANCELED", "RUNNING"]
        );
    }
}
