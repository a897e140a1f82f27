//! Tests of what is written down, sent and resumed.

mod crashes;
mod service;
mod submitting;
