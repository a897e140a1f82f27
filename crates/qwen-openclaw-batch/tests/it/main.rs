//! What the crate promises, through its interface.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod checking;
#[cfg(target_os = "linux")]
mod size;
