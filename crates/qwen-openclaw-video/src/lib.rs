//! Requests for Wan video clips on Qwen Cloud (Alibaba Model Studio), checked against the catalog
//! before they are sent.
//!
//! ```
//! use qwen_openclaw_catalog::video::Resolution;
//! use qwen_openclaw_video::{Strictness, VideoRequest};
//!
//! let request = VideoRequest::new("wan2.6-t2v")
//!     .prompt("a lobster surfing at sunset")
//!     .seconds(5)
//!     .resolution(Resolution::P720);
//! let checked = request.check(Strictness::Exact)?;
//! assert_eq!(checked.body()["parameters"]["size"], "1280*720");
//! # Ok::<(), qwen_openclaw_video::Error>(())
//! ```
//!
//! A value that a model does not take may only show up as a failed task, minutes later. So what is
//! sent comes from the catalog's table: with [`Strictness::Exact`] any other value is an [`Error`],
//! with [`Strictness::Normalise`] the nearest one is taken and each [`Change`] reported.
//!
//! The crate writes requests and sends none yet: the jobs that they start are still to come.

mod error;
mod wan;

pub use crate::{
    error::Error,
    wan::{Change, Checked, Reference, ShotType, Strictness, VideoRequest},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
