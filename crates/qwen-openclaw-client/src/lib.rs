//! Decides where a request to Qwen Cloud (Alibaba Model Studio) goes and with which key, and
//! implements the core of every call.
//!
//! ```
//! use qwen_openclaw_client::{
//!     EndpointRule, Routes,
//!     auth::ApiKey,
//!     catalog::{Plan, Provider},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let routes = Routes::new().api_key(Provider::QWEN, ApiKey::parse("sk-sp-0123456789abcdef")?);
//! let route = routes.route("qwen/qwen3.5-plus").await?;
//! assert_eq!(route.endpoint().plan(), Some(Plan::Coding));
//! assert_eq!(route.endpoint().rule(), &EndpointRule::KeyPrefix);
//! assert!(route.availability().is_available());
//! # Ok(())
//! # }
//! ```
//!
//! * [`Routes`] holds the settings: base URLs, plan and region, keys, stored credentials, the
//!   environment, custom providers. [`Routes::route`] resolves a model ref.
//! * [`Route`] is the result, decided once and used by everything else: provider, endpoint,
//!   credential with its source, and the model's row. [`Route::explain`] tells which rule determined
//!   each part.
//! * [`Routes::accounts`] lists the credentials of a provider, so that another one can be tried.
//! * [`Connection`] calls one provider: [`Connection::call`] creates a [`Call`], which authorizes,
//!   refreshes the credential once after a 401, retries according to the policy, and explains errors.
//! * [`KeyCheck`] finds out which endpoint accepts a key.
//! * [`Error`] is the failure of a call: its kind, its scope (how far it reaches), and a [`Hint`] if
//!   the remedy is known.
//!
//! The crate knows nothing about chats or tasks, and reads no configuration file.
//!
//! # Features
//!
//! * `rustls` (default), `rustls-no-provider`, `native-tls`: the TLS implementation; see
//!   `qwen-openclaw-http`.
//! * `store`: `Routes::store`, stored credentials as a source of keys. Adds serde_json and tempfile.
//! * `files`: [`RequestTemplate::form`], a form whose file is read while it is sent.
//! * `ws`: [`Call::open_socket`], a WebSocket.
//! * `portal`: refreshes portal logins, and reads the login of the Qwen Code CLI.

mod accounts;
mod call;
mod configured;
mod connection;
mod credentials;
mod drain;
mod endpoint;
mod entry_headers;
mod error;
mod hint;
mod key_check;
mod portal;
mod request;
mod route;
mod routes;
mod standard;

// Reexported so that the types in this crate's API are available without further dependencies.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;

pub use crate::{
    accounts::Account,
    call::Call,
    configured::ConfiguredProvider,
    connection::{Connection, ConnectionBuilder},
    endpoint::{EndpointRule, EndpointRules, RoutedEndpoint},
    error::Error,
    hint::{Hint, SentKey},
    key_check::{KeyCheck, KeySearch, KeyVerdict},
    request::{RequestTemplate, ServiceHost},
    route::{Explanation, Route, RouteWarning, UnknownModel},
    routes::{CustomProvider, Routes},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
