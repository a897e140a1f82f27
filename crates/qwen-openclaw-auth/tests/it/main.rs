//! What the crate does with real files, folders and the process environment.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail the test")]

mod files;
#[cfg(feature = "store")]
mod folders;
mod providers;
