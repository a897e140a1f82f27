//! The command as its users meet it: spawned, with a bare environment.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod auth;
mod bad_input;
mod batch;
mod chat;
mod completions;
mod config;
mod config_home;
#[cfg(unix)]
mod conversation;
mod default_models;
mod defaults;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod documented;
mod effects;
mod embed;
mod emulator;
mod emulator_page;
mod faults;
mod help;
mod image;
mod json;
mod kills;
#[cfg(unix)]
mod looks;
#[cfg(target_os = "linux")]
mod million;
mod models;
mod models_status;
mod notes;
mod onboard;
#[cfg(unix)]
mod openclaw;
#[cfg(unix)]
mod openclaw_page;
mod output;
mod piped;
mod plugins;
#[cfg(unix)]
mod prompt;
#[cfg(unix)]
mod pty;
mod qwen4;
mod refusals;
mod requests;
mod rerank;
mod routing;
mod run;
mod schemas;
mod session;
mod speak;
mod stand_in;
mod status;
mod symptoms;
#[cfg(unix)]
mod terminal;
mod tools;
mod tour;
#[cfg(unix)]
mod transcript;
mod usage;
mod video;
