//! Selects the model and the account that answer a request, fails over for the right reasons and no
//! others, keeps budgets, and accounts for every token and cent.
//!
//! ```
//! use qwen_openclaw_router::{
//!     Candidate, Outcome, Router, Used,
//!     auth::ApiKey,
//!     catalog::Provider,
//!     client::Routes,
//!     http::{Error, ErrorKind},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let routes = Routes::new().api_key(Provider::QWEN, ApiKey::parse("sk-0123456789abcdef")?);
//! let candidates = [
//!     Candidate::new(routes.route("qwen/qwen3.5-plus").await?),
//!     Candidate::new(routes.route("qwen/qwen3-coder-plus").await?),
//! ];
//!
//! let router = Router::new();
//! let routed = router
//!     .request("chat")
//!     .run(&candidates, async |choice| match choice.position {
//!         0 => Err(Error::new(ErrorKind::RateLimited)),
//!         _ => Ok("Because of Rayleigh scattering."),
//!     })
//!     .await?;
//! assert_eq!(routed.position, 1);
//! assert_eq!(routed.attempts[0].to_string(), "qwen/qwen3.5-plus (explicit): rate_limit");
//!
//! let used = Used { sends: 1, ..Used::default() };
//! routed.ticket.settle(used, Outcome::Answered).await;
//! # Ok(())
//! # }
//! ```
//!
//! * [`Router`] holds stores, budgets and settings. [`RouteRequest::run`] tries one [`Candidate`] after
//!   the other; the caller sends, so that the crate does not know what.
//! * [`Policy`] is the table that decides which errors lead to the next candidate and what cools down;
//!   [`Cooldown::after`] computes for how long.
//! * [`Routed`] and [`RouteError`] tell what became of each candidate. A [`Ticket`] is settled when it
//!   is known what the answer used.
//! * [`Budget`] limits requests, tokens or money in a period. Room is reserved before anything is sent.
//! * [`UsageStore`] keeps one [`UsageEntry`] for each attempt, and the reservations; [`FailoverStore`]
//!   keeps what is cooling down. Both are made for stores that several processes or hosts share: the
//!   caller gives the time, reservations are values with an id and an expiry, and nothing is called
//!   back under a lock. [`MemoryUsage`] and [`MemoryFailover`] are those for one process. No prompt,
//!   body or key is stored.
//!
//! # Features
//!
//! * `rustls` (default), `rustls-no-provider`, `native-tls`: the TLS implementation; see
//!   `qwen-openclaw-http`.
//! * `contract`: the module `contract`, the test suites for implementers of stores. Needs a tokio runtime.

mod attempt;
mod budget;
mod candidate;
#[cfg(any(feature = "contract", test))]
pub mod contract;
mod cooldown;
mod error;
mod failover;
mod memory;
mod policy;
mod probe;
mod report;
mod request;
mod route_error;
mod router;
mod run;
mod ticket;
mod usage;
mod used;

// The types in this crate's interface, for those who depend on this crate alone.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(no_inline)]
pub use qwen_openclaw_client as client;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;

pub use crate::{
    attempt::{Attempt, AttemptOutcome},
    budget::{Budget, PORTAL_REQUESTS_A_DAY, PORTAL_ZONE, Period},
    candidate::{Candidate, Choice},
    cooldown::{Cooldown, Failure},
    error::Error,
    failover::{FailoverStore, Target},
    memory::{MemoryFailover, MemoryUsage},
    policy::{CooldownScope, Policy, Steps},
    report::{UsageGroup, UsageQuery, UsageRow, UsageSum},
    request::{RouteRequest, Routed},
    route_error::RouteError,
    router::{Router, RouterBuilder},
    ticket::Ticket,
    usage::{
        Amount, BudgetWindow, EntryId, Exceeded, Limit, Outcome, Reservation, Tokens, UsageEntry,
        UsageFilter, UsageStore,
    },
    used::{AttemptError, Used},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
