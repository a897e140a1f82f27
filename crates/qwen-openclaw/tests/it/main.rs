//! The facade against the emulator.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]
#![allow(clippy::duplicate_mod, reason = "each example brings the same helper")]

mod custom_provider;
#[cfg(feature = "embeddings")]
mod embeddings;
mod examples;
#[cfg(feature = "config")]
mod from_openclaw;
#[cfg(feature = "image")]
mod image;
#[cfg(feature = "config")]
mod openclaw_effects;
mod plans;
mod qwen4;
#[cfg(feature = "router")]
mod router;
#[cfg(feature = "video")]
mod video;
