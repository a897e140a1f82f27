//! Helpers for the tests across the crates, and the conformance runner.

#[cfg(feature = "conformance")]
pub mod conformance;

/// The programs of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
