//! How often the video routes are asked, and the service's limits on it.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use super::{models::Pace, result, settings::VideoLimits, upload};
use crate::{
    endpoint::{Endpoint, Protocol},
    images,
    refusal::Refusal,
    speech,
};

/// A route of the video API.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum VideoRoute {
    /// Creates a task: `POST …/video-synthesis`, `…/transcription`, or one of the paths for images.
    Create,
    /// Polls a task: `GET /tasks/{id}`.
    Poll,
    /// Lists tasks: `GET /tasks`.
    List,
    /// Cancels a task: `POST /tasks/{id}/cancel`.
    Cancel,
    /// Downloads a result: `GET` of a signed URL.
    Result,
    /// Requests an upload policy: `GET /uploads`.
    Policy,
    /// Uploads a file: the form's `POST`.
    Upload,
}

/// The path of models for first and last frames.
pub(super) const FRAMES_PATH: &str = "/services/aigc/image2video/video-synthesis";

impl VideoRoute {
    /// Finds the route of a path below the origin.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match Endpoint::split(path) {
            Some((endpoint, rest)) if endpoint.protocol == Protocol::Native => Self::below(rest),
            Some(_) => None,
            None if result::name(path).is_some() => Some(Self::Result),
            None => upload::is_host(path).then_some(Self::Upload),
        }
    }

    /// Finds the route of a path below DashScope's own API.
    pub(super) fn below(path: &str) -> Option<Self> {
        match path.trim_end_matches('/') {
            "/services/aigc/video-generation/video-synthesis"
            | FRAMES_PATH
            | speech::TRANSCRIPTION_PATH => Some(Self::Create),
            path if images::task_path(path).is_some() => Some(Self::Create),
            "/tasks" => Some(Self::List),
            "/uploads" => Some(Self::Policy),
            path => {
                let id = path.strip_prefix("/tasks/")?;
                Some(match id.split_once('/') {
                    None => Self::Poll,
                    Some((_, "cancel")) => Self::Cancel,
                    Some(_) => return None,
                })
            }
        }
    }

    /// Every route, with the name by which rules for faults know it.
    pub(crate) const NAMES: [(Self, &str); 7] = [
        (Self::Create, "create"),
        (Self::Poll, "poll"),
        (Self::List, "list"),
        (Self::Cancel, "cancel"),
        (Self::Result, "result"),
        (Self::Policy, "policy"),
        (Self::Upload, "upload"),
    ];
}

const SECOND: Duration = Duration::from_secs(1);

/// The times of the last second.
#[derive(Debug, Default)]
struct Window(VecDeque<Duration>);

impl Window {
    /// How many there were in the second before `now`.
    fn count(&mut self, now: Duration) -> usize {
        while self.0.front().is_some_and(|at| *at + SECOND <= now) {
            self.0.pop_front();
        }
        self.0.len()
    }
}

/// What was asked of one route.
#[derive(Debug, Default)]
struct Asked {
    requests: usize,
    recent: Window,
    highest: usize,
}

/// The counts of one emulator.
#[derive(Debug, Default)]
pub(super) struct Rates {
    asked: HashMap<VideoRoute, Asked>,
    submits: HashMap<Pace, Window>,
    queries: HashMap<VideoRoute, Window>,
    policies: HashMap<String, Window>,
}

impl Rates {
    /// Counts a request, taken or not.
    pub(super) fn count(&mut self, route: VideoRoute, now: Duration) {
        let asked = self.asked.entry(route).or_default();
        asked.requests += 1;
        asked.recent.0.push_back(now);
        asked.highest = asked.highest.max(asked.recent.count(now));
    }

    pub(super) fn requests(&self, route: VideoRoute) -> usize {
        self.asked.get(&route).map_or(0, |asked| asked.requests)
    }

    pub(super) fn highest(&self, route: VideoRoute) -> usize {
        self.asked.get(&route).map_or(0, |asked| asked.highest)
    }

    /// Takes a request for a task, or refuses it.
    pub(super) fn submit(
        &mut self,
        pace: Pace,
        limits: &VideoLimits,
        now: Duration,
    ) -> Result<(), Refusal> {
        let most = limits.submits.map(|most| most.min(pace.submits()));
        take(self.submits.entry(pace).or_default(), most, now)
    }

    /// Takes a question about tasks, or refuses it.
    pub(super) fn query(
        &mut self,
        route: VideoRoute,
        limits: &VideoLimits,
        now: Duration,
    ) -> Result<(), Refusal> {
        take(self.queries.entry(route).or_default(), limits.queries, now)
    }

    /// Takes a wish for an upload policy for a model that is known, or refuses it.
    pub(super) fn policy(
        &mut self,
        model: &str,
        limits: &VideoLimits,
        now: Duration,
    ) -> Result<(), Refusal> {
        let window = self.policies.entry(model.to_owned()).or_default();
        take(window, limits.policies, now)
    }
}

fn take(window: &mut Window, most: Option<usize>, now: Duration) -> Result<(), Refusal> {
    if most.is_some_and(|most| window.count(now) >= most) {
        return Err(Refusal::coded(
            429,
            "Throttling.RateQuota",
            "Requests rate limit exceeded, please try again later.",
        ));
    }
    window.0.push_back(now);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_highest_rate_is_that_of_any_second() {
        let mut rates = Rates::default();
        for time in [0, 900, 999, 1000, 1500, 5000] {
            rates.count(VideoRoute::Poll, at(time));
        }
        assert_eq!(rates.requests(VideoRoute::Poll), 6);
        assert_eq!(rates.highest(VideoRoute::Poll), 4);
        assert_eq!(rates.highest(VideoRoute::List), 0);
    }

    #[test]
    fn a_limit_counts_what_was_taken() {
        let limits = VideoLimits::service();
        let mut rates = Rates::default();
        let mut taken = |time| {
            let route = VideoRoute::Poll;
            (0..30)
                .filter(|_| rates.query(route, &limits, at(time)).is_ok())
                .count()
        };
        assert_eq!(taken(0), 20);
        assert_eq!(taken(999), 0);
        assert_eq!(taken(1000), 20);
    }

    #[test]
    fn policies_are_counted_by_model() {
        let limits = VideoLimits::service().policies(Some(1));
        let mut rates = Rates::default();
        let mut taken = |model, time| rates.policy(model, &limits, at(time)).is_ok();
        assert!(taken("a", 0) && taken("b", 0));
        assert!(!taken("a", 999) && taken("a", 1000));
    }

    #[test]
    fn older_models_have_a_lower_limit_and_none_is_none() {
        let count = |pace, limits: &VideoLimits| {
            let mut rates = Rates::default();
            (0..9)
                .filter(|_| rates.submit(pace, limits, at(0)).is_ok())
                .count()
        };
        let service = VideoLimits::service();
        assert_eq!(count(Pace::Current, &service), 5);
        assert_eq!(count(Pace::Old, &service), 2);
        assert_eq!(
            count(Pace::Current, &VideoLimits::service().submits(Some(1))),
            1
        );
        assert_eq!(count(Pace::Old, &VideoLimits::none()), 9);
    }
}
