//! Routes and calls against a server on loopback.
#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

#[cfg(feature = "store")]
mod accounts;
mod calls;
mod configured;
mod errors;
mod routes;
