//! Long-running tasks of the service as jobs that cannot be lost.
//!
//! Nothing in here knows what a task makes: clips today, images and speech are made the same way.
//!
//! A [`Tasks`] writes each job to a [`JobStore`] before the request leaves, and again with the
//! task's id before the first poll. A submission is never blindly sent twice: when it is unclear
//! whether the service took it, the service's own list of tasks decides, and where that cannot, the
//! job is [`Phase::Ambiguous`] until somebody does ([`Tasks::adopt`], [`Tasks::resubmit`]).

mod answer;
mod api;
mod builder;
mod clock;
mod download;
mod engine;
mod fault;
mod finished;
mod job;
mod pace;
mod reconcile;
mod record;
mod resume;
mod running;
mod schedule;
mod stamp;
mod state;
mod store;
mod submit;
mod upload;

#[cfg(test)]
mod tests;

pub use self::{
    answer::TaskReport,
    builder::TasksBuilder,
    download::{FileKind, Progress, SaveOptions, check_target},
    engine::{Likeness, NewTask, Product, Tasks},
    finished::Finished,
    job::{Job, Watch},
    record::{Failure, JobId, JobRecord, Phase, ResultFile, Upload},
    resume::Resumed,
    schedule::PollSchedule,
    state::TaskState,
    store::{FileJobs, JobLease, JobList, JobStore, MemoryJobs, Replaced},
};
