//! Long-running tasks of Qwen Cloud (Alibaba Model Studio) as jobs that cannot be lost.
//!
//! Videos, images and speech are generated the same way: a request creates a task, the task is
//! polled until it finishes, and its results are downloaded within 24 hours. This crate does that
//! for any [`Product`]; `qwen-openclaw-video` defines one.
//!
//! ```no_run
//! use qwen_openclaw_tasks::{
//!     FileKind, Likeness, NewTask, Product, Rates, Tasks, auth::ApiKey,
//! };
//! use serde_json::json;
//!
//! // Images, in a few lines.
//! const IMAGES: Product = Product {
//!     name: "image",
//!     file: FileKind { name: "PNG file", matches: |head| head.starts_with(b"\x89PNG") },
//!     results: |output| {
//!         let results = output.get("results").and_then(|results| results.as_array());
//!         let urls = results.into_iter().flatten().filter_map(|result| result["url"].as_str());
//!         urls.collect()
//!     },
//!     likeness: |_, _| Likeness::Untold,
//!     rates: Rates { submits_per_second: Some(2), queries_per_second: Some(15), running: Some(2) },
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let origin = "https://dashscope-intl.aliyuncs.com"; let tasks = Tasks::builder(IMAGES, origin,
//! ApiKey::parse("sk-...")?).build()?; let body = json!({"model": "some-model", "input": {"prompt":
//! "a lobster"}, "parameters": {"n": 2}}); let task = NewTask::new("some-model",
//! "/api/v1/services/aigc/text2image/image-synthesis", body)
//!     .header("X-DashScope-Async", "enable");
//! let finished = tasks.submit(task).await?.wait().await?;
//! // `lobster-1.png` and `lobster-2.png`.
//! finished.save("lobster.png").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Jobs
//!
//! [`Tasks`] writes each job to a [`JobStore`] before sending the request, and again with the task
//! id before the first poll. A submission is never blindly repeated: if it is unclear whether the
//! service accepted it, the service's task list decides. If that is inconclusive, the job is
//! [`Phase::Ambiguous`] until the caller decides ([`Tasks::adopt`], [`Tasks::resubmit`]). The
//! possible next steps are data: [`NextStep`].
//!
//! A request whose response has the results themselves ([`NewTask::synchronous`]) is a job too. It
//! has no task that could be found again: if its process dies while the request is under way, it is
//! unknown whether the results were made and billed, and it is sent again only on request.
//!
//! # Features
//!
//! `rustls` (default), `rustls-no-provider` and `native-tls` select the TLS implementation; see
//! `qwen-openclaw-http`. `contract` adds the module of that name, for tests of a [`JobStore`].

mod builder;
mod check;
mod engine;
mod error;
mod finished;
mod hint;
mod job;
mod ledger;
mod likeness;
mod next;
mod reconcile;
mod resume;
mod service;
mod submit;
mod transfer;

#[cfg(test)]
mod tests;

// The types in this crate's interface, for those who depend on this crate alone.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_client as client;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;
pub use qwen_openclaw_http::ErrorKind;

#[cfg(any(test, feature = "contract"))]
pub use crate::ledger::store::contract;
pub use crate::{
    builder::TasksBuilder,
    check::{Change, Changes, Strictness, is_remote, unknown_model},
    engine::{NewTask, Product, Rates, Tasks},
    error::Error,
    finished::Finished,
    hint::Hint,
    job::{Job, Watch},
    ledger::record::{Failure, JobId, JobRecord, Phase, ResultFile, Upload},
    ledger::store::{FileJobs, JobLease, JobList, JobStore, MemoryJobs, Replaced},
    likeness::Likeness,
    next::NextStep,
    resume::Resumed,
    service::answer::TaskReport,
    service::schedule::PollSchedule,
    service::state::TaskState,
    transfer::download::{FileKind, Progress, SaveOptions, check_target, numbered},
    transfer::upload::read_file,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
