//! The client against a service made up from the vendor's documentation.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod errors;
mod forms;
mod kills;
mod service;
