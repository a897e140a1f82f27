//! The client against servers: the emulator on loopback, and canned answers on paused time.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod canned;
mod chat;
mod connections;
mod ends;
mod faults;
mod features;
mod load;
mod models;
mod remedies;
mod retries;
mod stalls;
mod traces;
