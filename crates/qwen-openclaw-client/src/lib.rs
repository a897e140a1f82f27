//! Where a request to Qwen Cloud (Alibaba Model Studio) goes and with which key, and the core of
//! every call.
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
//! * [`Routes`] holds everything that decides: base URLs, plan and region, keys, stored
//!   credentials, the environment, servers of one's own. [`Routes::route`] resolves a ref.
//! * [`Route`] is the result, decided once and read by everything else: provider, endpoint,
//!   credential with its source, and the model's row. [`Route::explain`] says which rule gave each
//!   part.
//! * [`Connection`] calls one provider: [`Connection::call`] makes a [`Call`], which authorizes,
//!   renews the credential once after a 401, tries again as the policy says, and explains errors.
//! * [`Error`] is the failure of a call, with a [`Hint`] where it is known what to do.
//!
//! The crate does not know what a chat or a task is, and reads no configuration file.
//!
//! # Features
//!
//! * `rustls` (default), `rustls-no-provider`, `native-tls`: where TLS comes from; see
//!   `qwen-openclaw-http`.
//! * `store`: [`Routes::store`], stored credentials as a source of keys. Costs serde_json and
//!   tempfile.
//! * `portal`: renews portal logins, and reads that of the Qwen Code CLI.

mod call;
mod connection;
mod credentials;
mod drain;
mod endpoint;
mod error;
mod hint;
mod request;
mod route;
mod routes;
mod standard;

// Whoever depends on this crate alone has the types of its interface.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(no_inline)]
pub use qwen_openclaw_http as http;

pub use crate::{
    call::Call,
    connection::{Connection, ConnectionBuilder},
    endpoint::{EndpointRule, EndpointRules, RoutedEndpoint},
    error::Error,
    hint::{Hint, SentKey},
    request::{Place, RequestTemplate},
    route::{Explanation, Route, UnknownModel},
    routes::{OwnProvider, Routes},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
