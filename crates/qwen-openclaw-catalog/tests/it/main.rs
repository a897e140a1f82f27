//! The catalog held against recorded behaviour of the real program.
//!
//! The recordings are not part of this repository: `QWEN_OPENCLAW_SHARED` names the folder that
//! holds them. Without it the tests say so and pass.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that is not as documented fails its test"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests report what they compared"
)]

mod catalog;
mod deviations;
mod onboarding;
mod recordings;
#[cfg(feature = "schemars")]
mod schema;
mod thinking;
mod video;
