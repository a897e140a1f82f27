//! Speech against servers on loopback and in memory.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod pipe;
mod spoken;
mod spoken_http;
