//! Streaming chat with Qwen Cloud (Alibaba Model Studio) and whatever speaks like it, so that no
//! token, no usage figure and no error is lost on the way.
//!
//! ```no_run
//! use qwen_openclaw_transport::{ChatRequest, Client, Event, auth::ApiKey};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ApiKey::parse("sk-...")?;
//! let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
//! let client = Client::builder(base, key).build()?;
//!
//! let mut reply = client.stream(&ChatRequest::new("qwen3.5-plus").user("Hello!")).await?;
//! while let Some(event) = reply.next().await {
//!     if let Event::Text(text) = event? {
//!         print!("{text}");
//!     }
//! }
//! let reply = reply.finish().await?;
//! println!("{:?}", reply.usage());
//! # Ok(())
//! # }
//! ```
//!
//! * [`Client`] is one endpoint with one credential. [`Client::stream`] gives the reply as it
//!   arrives, [`Client::send`] the same reply when it is complete.
//! * [`ChatRequest`] and [`Message`] are what is asked.
//!   A [`Part`] is an image, a video or audio in a message, [`Media`] where it comes from. What a
//!   model wants (how it is told to think, how it gives JSON, what it can be shown) is known from
//!   the catalog, or from [`ModelCapabilities`]; what the service would refuse is refused before it is
//!   sent.
//! * [`Tools`] are functions the model may call; [`Client::run_tools`] calls them until the model
//!   has its answer. [`Reply::json`] reads an answer as a Rust type.
//! * [`Client::describe_image`] and [`Client::describe_video`] ask what is to be seen.
//! * [`ReplyStream`] yields [`Event`]s, or [`EventRef`]s that copy nothing, and folds them into a
//!   [`Reply`]. [`ReplyStream::ready`] waits for the first of them, and [`ReplyStream::on_end`] learns
//!   what was used, however the stream ends.
//! * [`Error`] says what ended a reply early, whether a retry may help, and what had arrived:
//!   [`Error::partial`].
//! * [`decode`] and [`sse`] are the same reading without any I/O, for callers that have the bytes
//!   already; [`encode`] is the way back, and [`ReplyStream::tap`] the bytes themselves, for
//!   programs that pass a stream on.
//!
//! Where a request goes, with which key, and when it is sent again, is the business of the
//! [`Connection`] below. The crate reads no configuration, and spawns no task but the rest of
//! a hook whose stream was dropped ([`ReplyStream::on_end`]).
//!
//! Each chat is a `tracing` span named `chat`, with the fields that OpenTelemetry names for generative
//! AI (`gen_ai.request.model`, `gen_ai.usage.input_tokens` and so on). No field holds a prompt, an
//! answer or a key.
//!
//! # Features
//!
//! * `rustls` (default), `rustls-no-provider`, `native-tls`: where TLS comes from; see
//!   `qwen-openclaw-http`.
//! * `schemars`: tools and answers from Rust types, `Tool::of` and `ChatRequest::json_of`. Costs the
//!   schemars crate.

mod client;
mod error;
mod payload;
mod reply;
mod request;
mod trace;

// Whoever depends on this crate alone has the types of its interface.
#[doc(no_inline)]
pub use qwen_openclaw_auth as auth;
#[doc(no_inline)]
pub use qwen_openclaw_catalog as catalog;
#[doc(no_inline)]
pub use qwen_openclaw_catalog::Level;
#[doc(no_inline)]
pub use qwen_openclaw_client::{Connection, Hint, Route};
#[doc(no_inline)]
pub use qwen_openclaw_http as http;
pub use qwen_openclaw_http::{ErrorKind, RetryPolicy};

pub use crate::{
    client::{
        Client, ClientBuilder, Describe, Description, DiscoveredModel, Json, Progress,
        ProgressHook, ReplyEnd, ReplyStream, Stall, StreamSource, StreamTimeouts, ToolLoop,
        ToolOutput, Tools,
    },
    error::Error,
    payload::{ModelCapabilities, RequestNote, ThinkingStyle},
    reply::{
        Billing, Event, EventRef, FinishReason, JsonFailure, Reply, Timings, TokenLogprob,
        ToolCall, Usage, decode, encode, sse,
    },
    request::{
        CacheTtl, ChatRequest, Function, Media, Message, Part, ResponseFormat, Role, Tool,
        ToolChoice, unchecked_keywords,
    },
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
