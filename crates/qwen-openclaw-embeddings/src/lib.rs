//! Embeddings and reranking on Qwen Cloud (Alibaba Model Studio).
//!
//! ```no_run
//! use qwen_openclaw_embeddings::{Client, EmbeddingRequest, auth::ApiKey};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
//! let client = Client::builder(base, ApiKey::parse("sk-...")?).build()?;
//! let request = EmbeddingRequest::new("text-embedding-v4").dimensions(256);
//! let embeddings = client.embed(&request, ["a red fox", "a blue whale"]).await?;
//! for vector in embeddings.vectors() {
//!     println!("{} numbers", vector.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! * [`Client::embed`] embeds any number of texts: split into requests of the size that the model
//!   allows, several of them at once, the vectors in order. [`EmbeddingRequest`] has the settings.
//! * [`Client::stream`] takes the texts from a stream and yields each [`Embedding`] in order. It
//!   asks for texts only as fast as vectors are taken, so that it needs the same memory for a
//!   million of them as for a hundred.
//! * [`Client::embed_contents`] embeds texts, images and videos with a multimodal model, each for
//!   itself or as one vector ([`MultimodalRequest::fuse`]).
//! * [`Client::rerank`] orders documents by how well they answer a query.
//!
//! # Answers
//!
//! An answer must have exactly one vector for each text, of the length asked for, of finite numbers;
//! otherwise it is an [`Error`] of kind [`Protocol`](ErrorKind::Protocol). Vectors are asked for in
//! base64 where the model is documented to have it, which is read several times faster than
//! numbers, and are understood in both forms.
//!
//! # Errors
//!
//! A request is sent again as the [`RetryPolicy`](http::RetryPolicy) says, and always has a time
//! limit. [`Error::inputs`] says which texts failed, and [`Error::embedded`] has the vectors of all
//! texts before them.
//!
//! # Features
//!
//! `rustls` (default), `rustls-no-provider` and `native-tls` say where TLS comes from; see
//! `qwen-openclaw-http`.

mod answer;
mod client;
mod content;
mod error;
mod host;
mod request;
mod rerank;
mod stream;
mod usage;
mod vector;

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
    answer::{ContentEmbedding, ContentEmbeddings, ContentKind, Embeddings, Ranked, Reranking},
    client::{Client, ClientBuilder},
    content::{Content, MultimodalRequest},
    error::Error,
    request::{EmbeddingRequest, Encoding, TextType, estimated_tokens},
    rerank::{Document, RerankRequest},
    stream::{Embedding, EmbeddingSource, EmbeddingStream},
    usage::Usage,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
