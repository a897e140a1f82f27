//! Helpers for the tests across the crates, and the conformance runner.

pub mod conformance;
