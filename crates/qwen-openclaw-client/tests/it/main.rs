//! Routes and calls against a server on loopback.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod calls;
mod routes;
