//! The catalog from outside.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails its test")]

#[cfg(feature = "schemars")]
mod schema;
