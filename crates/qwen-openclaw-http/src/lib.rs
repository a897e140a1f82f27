//! The HTTP client underneath `qwen-openclaw`: a single place for TLS, limits, retries, URL rules
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
//! * [`Client`] sends a [`Request`] and returns a [`Response`] with a streaming [`Body`]. Any status
//!   other than success is an [`Error`] that includes the server's own message.
//! * [`BaseUrl`] is a URL that a credential may be sent to: https, or plain http to loopback.
//! * [`SendRequest`] is the transport underneath: substitute your own for tests, for recording or
//!   for another HTTP stack. Its [`Lookup`] tells how it resolves checked names.
//! * [`Secrets`] removes what must not be shown from server output: keys and tokens that were sent,
//!   and terminal control characters. Errors and ids are already clean.
//! * [`UrlPolicy`] decides which server-supplied URLs are fetched: [`Client::fetch`] sends no
//!   credential, and never reaches into the caller's own network.
//! * [`RetryPolicy`] decides when a failed request is retried, and after how long. This crate
//!   computes the waits; the caller decides whether a request is safe to repeat.
//! * [`ErrorKind`] distinguishes throttling from an exhausted quota and an unpaid bill, which share
//!   status codes on this service. All crates that send requests use it: their errors wrap an
//!   [`Error`] of this crate. [`ErrorScope`] says how far an error reaches: to this request, to the
//!   model, to the account or to the whole provider.
//! * [`json`] reads a server's JSON without rejecting all of it for one odd field.
//!
//! The crate knows nothing about chat, about models, or about where a key came from.
//!
//! # Features
//!
//! * `rustls` (default): TLS by rustls with ring and the platform's trust store.
//! * `rustls-no-provider`: TLS by rustls with the crypto provider that the process installed.
//! * `native-tls`: TLS by the platform's library.
//! * `files`: forms whose file is read while it is sent ([`Request::multipart_file`]).
//! * `ws`: WebSockets, opened by [`Client::open_socket`] under the same rules as requests.
//! * `reqwest-0-13`: adds `ClientBuilder::reqwest`, to pass in a configured reqwest 0.13 client.

mod backend;
mod base_url;
mod body;
mod classify;
mod clean;
mod client;
mod error;
mod error_body;
mod error_kind;
mod error_scope;
#[cfg(feature = "files")]
mod file;
mod form;
mod headers;
pub mod json;
mod multipart;
mod request;
mod retry;
mod send;
#[cfg(feature = "ws")]
mod socket;
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
    error_scope::ErrorScope,
    headers::ExtraHeaders,
    multipart::FormFile,
    request::{Request, Response},
    retry::{Attempts, RetryPolicy},
    send::{Lookup, SendRequest},
    target::CheckedTarget,
    url_policy::{AllowedUrl, UrlPolicy},
};

#[cfg(feature = "files")]
pub use crate::file::{FileBody, FormPath};
#[cfg(feature = "ws")]
pub use crate::socket::{Socket, SocketMessage, SocketOptions, SocketSender, Upgrade, Upgraded};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
