//! The command as its users meet it: spawned, with a bare environment.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod auth;
mod chat;
mod emulator;
mod faults;
mod help;
mod json;
mod kills;
mod models;
mod notes;
mod onboard;
#[cfg(unix)]
mod openclaw;
#[cfg(unix)]
mod prompt;
#[cfg(unix)]
mod pty;
mod refusals;
mod requests;
mod run;
mod schemas;
mod symptoms;
#[cfg(unix)]
mod terminal;
mod video;
