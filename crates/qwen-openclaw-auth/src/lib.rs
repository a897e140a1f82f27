//! Finds the key that a request to Qwen Cloud is sent with, checks it, and keeps it from view.
//!
//! ```
//! use qwen_openclaw_auth::{Environment, KeyKind, catalog::Provider, resolve};
//!
//! // A program takes `Environment::capture().with_openclaw_dotenv()`, once.
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
//! - [`ApiKey`] is a key that is fit to be sent. A key with a line break, a blank or a character
//!   outside ASCII does not come into being; the [`Error`] says what is wrong and never shows the
//!   key.
//! - [`Environment`] is a snapshot of the variables that count: the process environment, dotenv
//!   files, OpenClaw's `~/.openclaw/.env`, and what a configuration file adds. Nothing else in the
//!   workspace reads the process environment; [`variables`] lists the names that are known.
//! - [`resolve`], and [`Resolver`] for the whole order of precedence, find the key for a provider,
//!   and its [`Source`].
//! - [`CredentialProvider`] is the seam to whoever sends requests; [`StaticCredential`] is a fixed
//!   key behind it.
//! - [`StateDir`] and [`openclaw_dir`] name the folders that state is kept in.
//!
//! The names, their order and the masking are those of OpenClaw (OpenClaw documentation, "Qwen
//! Cloud" provider page) and of its current release where the page is silent. The prefixes of keys
//! are from help.aliyun.com, model-studio "coding-plan" and "generate-temporary-api-key"; `sk-ws-`
//! is known from keys in use.
//!
//! Most people want the crate `qwen-openclaw`, which does all of this on the way to an answer.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `store`: [`CredentialStore`] keeps API keys, tokens and logins under ids such as
//!   `qwen:default`, [`FileStore`] in a file that several processes may use at once; and
//!   [`StoredCredential`] sends requests with what is stored. [`state`] has what they are made of,
//!   for other files in the state folder. Costs serde_json and tempfile.
//! * `portal`: [`portal`], the login by device code at the Qwen portal and its refresh, and the
//!   Qwen Code CLI's credentials. Costs `store` and the HTTP client. The free tier behind it was
//!   discontinued by Qwen on 2026-04-15.

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

// Whoever depends on this crate alone has the types of its interface.
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
