//! Helpers for the tests across the crates, the conformance runner, and what must hold for any input.

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod in_memory;

/// The programs of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Those of the Chinese one.
#[cfg(doctest)]
#[doc = include_str!("../../README.zh.md")]
struct ChineseReadme;
