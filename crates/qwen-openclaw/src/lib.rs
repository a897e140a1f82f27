//! Qwen Cloud (Alibaba Model Studio / DashScope) for Rust: chat models in streams, with usage, on
//! every plan and region.
//!
//! ```no_run
//! use qwen_openclaw::{Qwen, chat::Event};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let qwen = Qwen::from_env()?;
//! let mut reply = qwen
//!     .chat("qwen/qwen3.5-plus")
//!     .system("Answer in one sentence.")
//!     .user("Why is the sky blue?")
//!     .stream()
//!     .await?; // Err here: the server's own error, typed, with its request id
//! while let Some(event) = reply.next().await {
//!     if let Event::Text(text) = event? {
//!         print!("{text}");
//!     }
//! }
//! let reply = reply.finish().await?; // text, reasoning, tool calls, usage, finish reason, timings
//! println!("{:?}", reply.usage());
//! # Ok(())
//! # }
//! ```
//!
//! * [`Qwen`] holds one connection for each provider and opens it at first use.
//!   [`Qwen::from_home`] does as the command does, with stored credentials and a ledger of jobs;
//!   [`Qwen::from_env`] takes keys from the environment as OpenClaw does and keeps nothing;
//!   [`Qwen::builder`] takes everything by hand.
//! * [`Chat`] is a request being put together: [`Chat::stream`] sends it and gives the reply as it
//!   arrives, [`Chat::send`] gives it whole, [`Chat::json`] as a Rust type, and
//!   [`Chat::run_tools`] lets the model call tools on the way.
//! * [`Qwen::describe_image`] and [`Qwen::describe_video`] ask what is to be seen.
//! * [`Qwen::video`] makes videos, as jobs that outlast a crash: [`Video::submit`], then
//!   [`wait`](video::Job::wait) and [`save`](video::Finished::save).
//! * [`Qwen::route`] says which provider, endpoint, key and model a ref means, and which rule gave
//!   each, without sending anything.
//!
//! The crates underneath are re-exported: [`catalog`], [`auth`], [`http`], [`client`],
//! [`chat`] and [`video`]. Each can be
//! used on its own.
//!
//! # Features
//!
//! * `rustls` (default), `rustls-no-provider`, `native-tls`: where TLS comes from; see
//!   [`http`].
//! * `store` (default): [`Qwen::from_home`] and [`QwenBuilder::store`], keys and tokens from a
//!   credential store; see [`auth`].
//! * `portal`: logins at the Qwen portal, whose free tier Qwen has discontinued; see [`auth`].
//! * `schemars` (default): tools and answers from Rust types ([`Chat::tool`], [`Chat::json`]), and
//!   `JsonSchema` for the data of [`catalog`].
//! * `video` (default): [`Qwen::video`].

mod builder;
mod chat_builder;
mod error;
mod qwen;
#[cfg(feature = "video")]
mod video_builder;

#[doc(inline)]
pub use qwen_openclaw_auth as auth;
#[doc(inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(inline)]
pub use qwen_openclaw_client as client;
#[doc(no_inline)]
pub use qwen_openclaw_client::{Hint, OwnProvider, Route};
#[doc(inline)]
pub use qwen_openclaw_http as http;
pub use qwen_openclaw_http::ErrorKind;
#[doc(inline)]
pub use qwen_openclaw_transport as chat;
#[cfg(feature = "video")]
#[doc(inline)]
pub use qwen_openclaw_video as video;

pub use crate::{builder::QwenBuilder, chat_builder::Chat, error::Error, qwen::Qwen};

#[cfg(feature = "video")]
pub use crate::video_builder::Video;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
