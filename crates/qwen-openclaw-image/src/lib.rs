//! Images on Qwen Cloud (Alibaba Model Studio), generated and edited, as jobs that cannot be lost.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use qwen_openclaw_image::{
//!     Client, ImageRequest,
//!     auth::{ApiKey, Environment, StateDir},
//!     catalog::image::Size,
//!     task::FileJobs,
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
//! let folder = StateDir::of(&Environment::capture())?;
//! let client = Client::builder(base, ApiKey::parse("sk-...")?)
//!     .tasks(|tasks| tasks.store(Arc::new(FileJobs::in_folder(&folder))))
//!     .build()?;
//! let request = ImageRequest::new("qwen-image-3.0")
//!     .prompt("a red crane over a pine wood, woodcut")
//!     .size(Size::new(1328, 1328));
//! let job = client.submit(&request).await?;
//! println!("{} is in the ledger", job.id());
//! job.wait().await?.save("crane.png").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Requests
//!
//! One [`ImageRequest`] serves every model: the catalog says whether it is sent over the
//! OpenAI-compatible path or a native one, and what the model takes. With [`Strictness::Exact`] any
//! other value is an [`Error`], with [`Strictness::Normalise`] the nearest one is taken and each
//! [`Change`] reported. What is not documented is left to the service. The number of images is
//! always sent: several models make four otherwise, and bill them.
//!
//! # Jobs
//!
//! A job is written down before the request leaves. Where the response is a task, it is resumed
//! after a crash ([`Client::resume`]) as videos are. Where the response has the images, there is
//! nothing to ask about: if it is lost, the images may have been made and billed. Such a job is
//! [`Ambiguous`](task::Phase::Ambiguous), and sent again only by
//! [`resubmit`](task::Tasks::resubmit).
//!
//! # Features
//!
//! `rustls` (default), `rustls-no-provider` and `native-tls` say where TLS comes from; see
//! `qwen-openclaw-http`.

mod client;
mod request;
mod usage;

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
    request::{Checked, ImageRequest, InputImage},
    usage::ImageUsage,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
