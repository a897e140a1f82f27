//! OpenClaw's configuration file.
mod document;
mod error;
mod file;
mod include;
mod path;
mod substitute;
mod syntax;
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;

pub use crate::{
    document::{Document, Duplicate},
    error::{Error, ErrorKind},
    file::{ConfigFile, Edited},
    path::{KeyPath, Segment},
    syntax::Position,
};
