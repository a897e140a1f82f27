//! Speech on Qwen Cloud (Alibaba Model Studio).
//!
//! ```no_run
//! use qwen_openclaw_speech::{Client, SpeechRequest, auth::ApiKey};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
//! let client = Client::builder(base, ApiKey::parse("sk-...")?).build()?;
//! let speech = client.speak(&SpeechRequest::new("qwen3-tts-flash"), "Good morning.").await?;
//! std::fs::write("morning.wav", speech.audio())?;
//! # Ok(())
//! # }
//! ```
//!
//! * [`Client::speak`] speaks a text of any length, and returns the audio as a whole.
//! * [`Client::speaker`] creates a [`Speaker`], which takes the texts of a stream and yields audio while
//!   the text is still being written: a [`SpeechStream`].
//! * [`AudioFile`] writes what a stream yields to a file, and its length into the header of a wav file.
//!
//! How a model is asked is told by its id; see [`catalog::synthesis`]. [`SpeechRequest`] is checked against
//! the catalog before anything is sent.
//!
//! # Errors
//!
//! Requests are sent again as the [`RetryPolicy`](http::RetryPolicy) says, and never once audio has come.
//! [`Error::spoken`] says how far the speech had come.
//!
//! # Features
//!
//! `rustls` (default), `rustls-no-provider` and `native-tls` say where TLS comes from; see
//! `qwen-openclaw-http`.

mod client;
mod error;
mod synthesis;

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
    client::{Client, ClientBuilder},
    error::Error,
    synthesis::{
        AudioFile, AudioFormat, Sentence, Speaker, Speech, SpeechEnd, SpeechEvent, SpeechRequest,
        SpeechStream, Spoken, Usage, Word,
    },
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
