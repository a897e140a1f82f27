//! Finds the API key for requests to Qwen Cloud, validates it, and keeps it out of logs.
//!
//! ```
//! use qwen_openclaw_auth::{Environment, KeyKind, catalog::Provider, resolve};
//!
//! // A program calls `Environment::capture().with_openclaw_dotenv()` once.
//! let environment = Environment::from_pairs([
//!     ("QWEN_API_KEY", "  "),
//!     ("DASHSCOPE_API_KEY", "sk-0123456789abcdef"),
//! ]);
//!
//! let found = resolve(Provider::QWEN, &environment)?;
//! assert_eq!(found.key().kind(), KeyKind::Standard);
//! assert_eq!(found.key().masked(), "sk-01234...89abcdef");
//! assert_eq!(found.source().to_string(), "env: DASHSCOPE_API_KEY");
//! # Ok::<(), qwen_openclaw_auth::Error>(())
//! ```
//!
//! # The parts
//!
//! - [`ApiKey`] is a validated key. A key with a line break, whitespace, or a non-ASCII character
//!   cannot be constructed; the [`Error`] says what is wrong and never shows the key.
//! - [`Environment`] is a snapshot of the environment variables: the process environment, dotenv
//!   files, OpenClaw's `~/.openclaw/.env`, and what a configuration file adds. Nothing else in the
//!   workspace reads the process environment; [`variables`] lists the known names.
//! - [`resolve`], and [`Resolver`] for the full order of precedence, find the key for a provider
//!   and its [`Source`].
//! - [`CredentialProvider`] is the interface to code that sends requests; [`StaticCredential`]
//!   implements it with a fixed key.
//! - [`StateDir`] and [`openclaw_dir`] locate the folders where state is stored.
//!
//! The names, their order, and the masking match OpenClaw (OpenClaw documentation, "Qwen Cloud"
//! provider page) and its current release where the page is silent. Key prefixes are from
//! help.aliyun.com, model-studio "coding-plan" and "generate-temporary-api-key"; `sk-ws-` is known
//! from keys in use.
//!
//! Most people want the crate `qwen-openclaw`, which does all of this for each request.
//!
//! # Features
//!
//! No feature is enabled by default.
//!
//! * `shell`: `Environment::with_login_shell` takes missing variables from the login shell. It is the
//!   only method that starts a process. Costs rustix on Unix.
//! * `store`: [`CredentialStore`] stores API keys, tokens, and logins under ids such as
//!   `qwen:default`; [`FileStore`] does so in a file that several processes can share;
//!   [`StoredCredential`] provides the stored credential for requests. [`state`] has the building
//!   blocks, for other files in the state folder. Costs serde_json and tempfile.
//! * `portal`: [`portal`], device-code login at the Qwen portal, token refresh, and the Qwen Code
//!   CLI's credentials. Costs `store` and the HTTP client. Qwen discontinued the free tier behind
//!   it on 2026-04-15.

mod credential;
mod dotenv;
mod environment;
mod error;
#[cfg(feature = "store")]
#[doc(hidden)]
pub mod fault;
mod folders;
mod key;
mod key_endpoint;
#[cfg(feature = "portal")]
pub mod portal;
mod resolve;
mod source;
#[cfg(feature = "store")]
pub mod state;
#[cfg(feature = "store")]
mod store;
pub mod variables;

// Re-exported so that users of this crate alone can name the types in its API.
#[doc(no_inline)]
pub use async_trait::async_trait;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;

pub use crate::{
    credential::{Credential, CredentialProvider, StaticCredential},
    environment::{Environment, Trust, Variable},
    error::{Error, ErrorKind, KeyProblem},
    folders::{StateDir, openclaw_dir},
    key::{ApiKey, KeyKind},
    key_endpoint::KeyEndpoint,
    resolve::{Resolved, Resolver, resolve},
    source::Source,
};

#[cfg(feature = "store")]
pub use crate::store::{
    CredentialStore, FileStore, Lease, LeaseGuard, Login, MemoryStore, Profile, ProfileId,
    SecretText, StaticToken, StoredCredential, StoredKey,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
