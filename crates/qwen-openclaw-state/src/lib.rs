//! Usage, budgets, cooldowns and jobs in one SQLite file that processes share.
//!
//! [`SqliteState`] is a [`UsageStore`](router::UsageStore) and a
//! [`FailoverStore`](router::FailoverStore) of `qwen-openclaw-router`, keeps the budgets that a user has
//! set, and with the feature `jobs` is a `JobStore` of `qwen-openclaw-tasks`.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use qwen_openclaw_state::{
//!     SqliteState,
//!     auth::StateDir,
//!     router::{Budget, Error, FailoverStore, Limit, Period},
//! };
//!
//! # async fn run(home: StateDir) -> Result<(), Error> {
//! let state = SqliteState::in_folder(&home).await?;
//! for path in state.set_aside() {
//!     eprintln!("the old file was damaged and is now {}", path.display());
//! }
//! state.set_budget(&Budget::new("daily", Period::Day, Limit::Requests(2_000))).await?;
//! assert!(state.running(SystemTime::now()).await?.is_empty());
//! # Ok(())
//! # }
//! # let folder = tempfile::tempdir().unwrap();
//! # let home = StateDir::new(folder.path().join("home"));
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(home)).unwrap();
//! ```
//!
//! # Processes and crashes
//!
//! Any number of processes may use a file at once. Each method is one transaction: a killed process
//! leaves all of it or nothing, and nothing that was reported as done is lost. A crash of the whole
//! system may undo the last usage and cooldowns, never jobs and budgets. Writers wait for each other for
//! up to 30 seconds; after that the error is [`Busy`](http::ErrorKind::Busy). SQLite works on Tokio's
//! blocking threads, so that the runtime goes on; a method needs a Tokio runtime to be called in.
//!
//! # Damage
//!
//! A process checks the file before it first writes to it, for 40 ms at most: that is all of a file
//! of some ten thousand entries, and the first part of a larger one. When damage is met there or
//! later, the file is checked as a whole, and if it is damaged it is renamed to
//! `<name>.damaged-<time>` together with its log, and a new one is begun. Nothing is ever deleted.
//! [`set_aside`](SqliteState::set_aside) tells where it is. [`check`](SqliteState::check) checks
//! everything.
//!
//! # Features
//!
//! `jobs` adds `JobStore`, and costs `qwen-openclaw-tasks`. `rustls` (default), `rustls-no-provider` and
//! `native-tls` select the TLS implementation; see `qwen-openclaw-http`.

mod budgets;
mod error;
mod failover;
mod handle;
#[cfg(feature = "jobs")]
mod jobs;
mod place;
mod pool;
mod schema;
mod state;
mod usage;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use qwen_openclaw_auth::fault;

// The types in this crate's interface, for those who depend on this crate alone.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;
#[doc(no_inline)]
pub use qwen_openclaw_router as router;
#[cfg(feature = "jobs")]
#[doc(no_inline)]
pub use qwen_openclaw_tasks as tasks;

pub use crate::state::SqliteState;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
