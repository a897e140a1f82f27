//! Qwen Cloud (Alibaba Model Studio / DashScope) for Rust: streaming chat with token usage, images and
//! videos, embeddings and reranking, on every plan and in both regions.
//!
//! ```no_run
//! use qwen_openclaw::{Qwen, chat::Event};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let qwen = Qwen::from_env()?; // QWEN_API_KEY
//! let mut reply = qwen
//!     .chat("qwen/qwen3.5-plus")
//!     .system("Answer in one sentence.")
//!     .user("Why is the sky blue?")
//!     .stream()
//!     .await?; // an error here is the server's own, typed, with its request id
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
//! * [`Qwen`] holds one connection per provider, opened on first use. [`Qwen::from_home`] sets up as
//!   the command does, with stored credentials and a job ledger; [`Qwen::from_env`] takes keys from
//!   the environment as OpenClaw does, and keeps nothing on disk; with the feature `config`,
//!   `Qwen::from_openclaw` takes models, endpoints and keys from OpenClaw's configuration too;
//!   [`Qwen::builder`] leaves everything to the caller.
//! * [`Chat`] is a request being built: [`Chat::stream`] sends it and yields the reply as it arrives,
//!   [`Chat::send`] returns it whole, [`Chat::json`] returns a Rust type, and [`Chat::run_tools`]
//!   answers the model's tool calls.
//! * [`Qwen::describe_image`] and [`Qwen::describe_video`] ask what an image or a video shows.
//! * [`Qwen::image`] generates and edits images, as jobs that are often done at once.
//! * [`Qwen::video`] generates videos, as jobs: [`Video::submit`], then [`wait`](video::Job::wait) and
//!   [`save`](video::Finished::save). With [`Qwen::from_home`] a job survives a crash:
//!   [`resume`](video::Client::resume) finds it again.
//! * [`Qwen::embed`] embeds texts, one or a million ([`Embed::stream`]), [`Qwen::embed_contents`] images
//!   and videos too, and [`Qwen::rerank`] orders documents by how well they answer a query.
//! * `Qwen::speak` turns text into speech, also while the text is being written: `Speak::stream` takes the
//!   pieces of a chat and yields audio.
//! * [`QwenBuilder::router`] makes every request accounted for, kept within budgets, and sent to another
//!   account or a fallback model when the first one does not answer; [`Answered`] says who did.
//! * [`Qwen::route`] explains which provider, endpoint, key and model a ref resolves to, and by which
//!   rule, without sending anything.
//!
//! The underlying crates are re-exported as [`catalog`], [`auth`], [`http`], [`client`], [`chat`],
//! [`image`], [`routing`], [`video`] and [`embeddings`]. Each can be used on its own.
//!
//! # Features
//!
//! * `rustls` (default), `rustls-no-provider`, `native-tls`: where TLS comes from; see
//!   [`http`].
//! * `store` (default): stored keys and tokens, and jobs in files: [`Qwen::from_home`] and
//!   [`QwenBuilder::store`]; see [`auth`].
//! * `portal`: logins at the Qwen portal, whose free tier Qwen has discontinued; see [`auth`].
//! * `config`: OpenClaw's configuration file: `Qwen::from_openclaw` and `QwenBuilder::openclaw`; see
//!   [`config`].
//! * `router` (default): failover, several accounts, budgets and usage accounting:
//!   `QwenBuilder::router`; see [`routing`].
//! * `schemars` (default): tools and answers as Rust types ([`Chat::tool`], [`Chat::json`]), and
//!   `JsonSchema` for the data types of [`catalog`]; with `config`, the schema of its file.
//! * `image` (default): image generation and editing, [`Qwen::image`].
//! * `speech`: speech, `Qwen::speak`.
//! * `video` (default): video generation, [`Qwen::video`].
//! * `batch` (default): files of requests at half the price, [`Qwen::batch`].
//! * `embeddings` (default): embeddings and reranking, [`Qwen::embed`] and [`Qwen::rerank`].

#[cfg(feature = "batch")]
mod batch_builder;
mod builder;
mod chat_builder;
mod cost;
#[cfg(feature = "embeddings")]
mod embed_builder;
mod error;
#[cfg(feature = "config")]
mod from_openclaw;
#[cfg(feature = "image")]
mod image_builder;
mod qwen;
#[cfg(feature = "router")]
mod router;
#[cfg(any(feature = "embeddings", feature = "speech"))]
mod service;
#[cfg(feature = "speech")]
mod speak_builder;
#[cfg(feature = "__tasks")]
mod tasks;
#[cfg(feature = "video")]
mod video_builder;

#[doc(inline)]
pub use qwen_openclaw_auth as auth;
#[cfg(feature = "batch")]
#[doc(inline)]
pub use qwen_openclaw_batch as batch;
#[doc(inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(inline)]
pub use qwen_openclaw_client as client;
#[doc(no_inline)]
pub use qwen_openclaw_client::{CustomProvider, Hint, Route, RouteWarning};
#[cfg(feature = "config")]
#[doc(inline)]
pub use qwen_openclaw_config as config;
#[cfg(feature = "embeddings")]
#[doc(inline)]
pub use qwen_openclaw_embeddings as embeddings;
#[doc(inline)]
pub use qwen_openclaw_http as http;
pub use qwen_openclaw_http::{ErrorKind, ErrorScope};
#[cfg(feature = "image")]
#[doc(inline)]
pub use qwen_openclaw_image as image;
#[cfg(feature = "router")]
#[doc(inline)]
pub use qwen_openclaw_router as routing;
#[cfg(feature = "speech")]
#[doc(inline)]
pub use qwen_openclaw_speech as speech;
#[doc(inline)]
pub use qwen_openclaw_transport as chat;
#[cfg(feature = "video")]
#[doc(inline)]
pub use qwen_openclaw_video as video;

#[cfg(feature = "config")]
pub use crate::from_openclaw::{media_file, provider_of_entry};
pub use crate::{
    builder::QwenBuilder, chat_builder::Chat, cost::ReplyCost, error::Error, qwen::Qwen,
};

#[cfg(feature = "batch")]
pub use crate::batch_builder::Batches;
#[cfg(feature = "embeddings")]
pub use crate::embed_builder::{Embed, Rerank};
#[cfg(feature = "image")]
pub use crate::image_builder::Image;
#[cfg(feature = "router")]
pub use crate::router::Answered;
#[cfg(feature = "speech")]
pub use crate::speak_builder::Speak;
#[cfg(feature = "video")]
pub use crate::video_builder::Video;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
