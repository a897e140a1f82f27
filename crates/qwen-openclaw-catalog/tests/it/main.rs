//! Integration tests of the catalog's public API.

#![allow(clippy::unwrap_used, reason = "a failure fails the test")]

#[cfg(feature = "schemars")]
mod schema;
