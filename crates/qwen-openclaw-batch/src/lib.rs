//! Batches on Qwen Cloud (Alibaba Model Studio): a file of requests, answered within a day or two, at
//! half the price.
//!
//! ```no_run
//! use qwen_openclaw_batch::{BatchFile, Client, Ledger, SaveOptions, SubmitOptions, auth::ApiKey};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let file = BatchFile::check("requests.jsonl")?;
//! let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
//! let client = Client::builder(base, ApiKey::parse("sk-...")?)
//!     .ledger(Ledger::new("batches"))
//!     .build()?;
//! let batch = client.submit(&file, &SubmitOptions::new()).await?;
//! client.wait(batch.id()).await?;
//! let saved = client.save(batch.id(), &SaveOptions::new("results.jsonl")).await?;
//! if let Some(usage) = saved.record.usage() {
//!     println!("{} of {} lines", usage.succeeded, saved.record.lines());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! * [`BatchFile::check`] checks a file before it is uploaded and names the line at fault;
//!   [`BatchWriter`] writes one.
//! * [`Client::submit`] uploads it and creates a batch. Each step is written to a [`Ledger`] first, and
//!   [`Client::resume`] goes on after a crash: nothing is stored, created or paid for twice.
//! * [`Client::wait`] and [`Client::watch`] poll it, once a minute at most; [`Client::cancel`] stops it.
//! * [`Client::save`] fetches answers and errors, writes them in the order of the input, and adds up what
//!   the successful lines cost ([`BatchUsage`]).
//!
//! Files and results of any size take the same memory.
//!
//! # Features
//!
//! `rustls` (default), `rustls-no-provider` and `native-tls` say where TLS comes from; see
//! `qwen-openclaw-http`.

mod api;
mod batch;
mod check;
mod client;
mod error;
mod fetch;
mod record;
mod results;
mod schedule;
mod store;
mod submit;
mod tokens;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

// Whoever depends on this crate alone has the types of its interface.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(no_inline)]
pub use qwen_openclaw_client::Hint;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;
#[doc(no_inline)]
pub use qwen_openclaw_http::ErrorKind;

pub use crate::{
    batch::{Batch, BatchStatus, Counts, Problem},
    check::{BatchFile, CHAT, EMBEDDINGS, Estimate},
    client::{Client, ClientBuilder},
    error::Error,
    fetch::{SaveOptions, Saved},
    record::{BatchRecord, BatchUsage, RecordId, Step},
    schedule::PollSchedule,
    store::{Ledger, Records},
    submit::SubmitOptions,
    watch::Watch,
    writer::BatchWriter,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
