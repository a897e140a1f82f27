//! Wan videos on Qwen Cloud (Alibaba Model Studio), as jobs that cannot be lost.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use qwen_openclaw_video::{
//!     Client, VideoRequest,
//!     auth::{ApiKey, Environment, StateDir},
//!     catalog::video::Resolution,
//!     task::FileJobs,
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
//! let folder = StateDir::of(&Environment::capture())?;
//! let client = Client::builder(base, ApiKey::parse("sk-...")?)
//!     .tasks(|tasks| tasks.store(Arc::new(FileJobs::in_folder(&folder))))
//!     .build()?;
//! let request = VideoRequest::new("wan2.6-t2v")
//!     .prompt("a lobster surfing at sunset")
//!     .seconds(5)
//!     .resolution(Resolution::P720);
//! let job = client.submit(&request).await?;
//! println!("{} is in the ledger", job.id());
//! job.wait().await?.save("lobster.mp4").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Requests
//!
//! A value that a model does not take may only show up as a failed task, minutes later. So what is
//! sent comes from the catalog's table: with [`Strictness::Exact`] any other value is an [`Error`],
//! with [`Strictness::Normalise`] the nearest one is taken and each [`Change`] reported.
//!
//! # Jobs
//!
//! A video takes minutes and is billed when it is made. So a job is written down before the request
//! leaves, and again with its task's id before the service is asked about it: after a crash
//! [`Client::resume`](Client::resume) resumes each that is not over. A request is never blindly
//! sent twice; see `qwen-openclaw-tasks`, whose items are in [`task`].
//!
//! # Features
//!
//! `rustls` (default), `rustls-no-provider` and `native-tls` say where TLS comes from; see
//! `qwen-openclaw-http`.

mod client;
mod wan;

// Whoever depends on this crate alone has the types of its interface.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;
#[doc(no_inline)]
pub use qwen_openclaw_tasks as task;
#[doc(no_inline)]
pub use qwen_openclaw_tasks::{
    Change, Error, ErrorKind, Finished, Hint, Job, NextStep, Strictness,
};

pub use crate::{
    client::{Client, ClientBuilder},
    wan::{AspectRatio, Checked, Reference, ShotType, VideoRequest},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
