//! The HTTP client underneath `qwen-openclaw`: one place for TLS, limits, retries, address rules
//! and the error bodies of Qwen Cloud (Alibaba Model Studio).
//!
//! ```no_run
//! use qwen_openclaw_http::{BaseUrl, Client};
//!
//! # async fn run() -> Result<(), qwen_openclaw_http::Error> {
//! let client = Client::builder().build()?;
//! let base = BaseUrl::parse("https://dashscope-intl.aliyuncs.com/compatible-mode/v1")?;
//! let request = client.get(base.join("models")).bearer("sk-...")?;
//! let models: serde_json::Value = client.json(request).await?;
//! # let _ = models;
//! # Ok(())
//! # }
//! ```
//!
//! * [`Client`] sends a [`Request`] and answers with a [`Response`] whose [`Body`] arrives piece by
//!   piece. Any status but a success is an [`Error`] that has read the server's own words.
//! * [`BaseUrl`] is an address a credential may be sent to: https, or plain http to loopback.
//! * [`SendRequest`] is the seam below: hand in another implementation for tests, for recording or
//!   for another HTTP stack. Its [`Lookup`] says what it does with names that were checked.
//! * [`Secrets`] cleans what a server says of what it must not say: keys and tokens that were sent,
//!   and characters that drive a terminal. Errors and ids are cleaned already.
//! * [`UrlPolicy`] says which addresses that a server gave are asked for: [`Client::fetch`] asks
//!   without a credential, and never inside the caller's own network.
//! * [`RetryPolicy`] says when and after how long a failed request is worth another try. This
//!   crate computes the waits; who sends decides whether a second try may act twice.
//! * [`ErrorKind`] tells a throttle from an exhausted quota from an unpaid bill, which on this
//!   service share status codes. It is the vocabulary of all crates that send: their errors hold
//!   an [`Error`] of this one.
//! * [`json`] reads what a server sent without refusing the whole for one odd field.
//!
//! The crate knows nothing of chat, of models, or of where a key came from.
//!
//! # Features
//!
//! * `rustls` (default): TLS by rustls with ring and the platform's trust store.
//! * `rustls-no-provider`: TLS by rustls with the crypto provider the process installed.
//! * `native-tls`: TLS by the platform's library.
//! * `reqwest-0-13`: adds `ClientBuilder::reqwest`, to hand in a configured reqwest 0.13 client.

mod backend;
mod base_url;
mod body;
mod classify;
mod clean;
mod client;
mod error;
mod error_body;
mod error_kind;
mod form;
mod headers;
pub mod json;
mod multipart;
mod request;
mod retry;
mod send;
mod target;
mod url_policy;

pub use crate::{
    base_url::{BaseUrl, UrlText},
    body::Body,
    classify::classify,
    clean::Secrets,
    client::{BufferedResponse, Client, ClientBuilder},
    error::Error,
    error_body::ServerError,
    error_kind::ErrorKind,
    headers::ExtraHeaders,
    multipart::FormFile,
    request::{Request, Response},
    retry::{Attempts, RetryPolicy},
    send::{Lookup, SendRequest},
    target::CheckedTarget,
    url_policy::{AllowedUrl, UrlPolicy},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
