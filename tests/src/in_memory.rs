//! A service without a socket, which answers chats at once.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body::Frame;
use qwen_openclaw_http::{Body, Client, Error, ErrorKind, SendRequest};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const CHUNK: &str = concat!(
    r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":"#,
    r#"[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}"#,
    "\n\n"
);

const END: &str = concat!(
    r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":"#,
    r#"[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"#,
    r#""usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}"#,
    "\n\ndata: [DONE]\n\n"
);

/// Answers every chat with a stream, and every list of models with none.
#[derive(Clone)]
pub struct InMemory {
    chunks: usize,
    accepts: Option<&'static str>,
    seen: Option<Arc<Mutex<Vec<String>>>>,
}

impl InMemory {
    /// A service that accepts any key, and answers with that many chunks of text.
    #[must_use]
    pub fn new(chunks: usize) -> Self {
        Self {
            chunks,
            accepts: None,
            seen: None,
        }
    }

    /// Accepts keys only at URLs that begin with `base_url`, and remembers what was asked.
    #[must_use]
    pub fn only_at(mut self, base_url: &'static str) -> Self {
        self.accepts = Some(base_url);
        self.seen = Some(Arc::default());
        self
    }

    /// A client whose requests it answers.
    ///
    /// # Errors
    ///
    /// As `ClientBuilder::build`.
    pub fn client(&self) -> Result<Client, Error> {
        Client::builder().sender(self.clone()).build()
    }

    /// The method, URL and size of the body of the requests since the last call.
    #[must_use]
    pub fn take_seen(&self) -> Vec<String> {
        let seen = self.seen.as_ref().map(|seen| seen.lock());
        let seen =
            seen.map(|seen| std::mem::take(&mut *seen.unwrap_or_else(PoisonError::into_inner)));
        seen.unwrap_or_default()
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").finish_non_exhaustive()
    }
}

#[async_trait]
impl SendRequest for InMemory {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        if let Some(seen) = &self.seen {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let (method, url) = (request.method(), request.uri());
            seen.push(format!("{method} {url} {}", request.body().len()));
        }
        let is_accepted = self
            .accepts
            .is_none_or(|base| request.uri().to_string().starts_with(base));
        let json =
            |status, body: &'static str| answer(status, "application/json", Body::full(body));
        if !is_accepted {
            return json(
                401,
                r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided."}}"#,
            );
        }
        if request.method() == http::Method::GET {
            return json(200, r#"{"object":"list","data":[]}"#);
        }
        let chunks = Chunks {
            left: self.chunks + 1,
        };
        answer(200, "text/event-stream", Body::wrap(chunks))
    }
}

fn answer(status: u16, media: &str, body: Body) -> Result<http::Response<Body>, Error> {
    let answer = http::Response::builder()
        .status(status)
        .header("content-type", media)
        .header("transfer-encoding", "chunked");
    answer
        .body(body)
        .map_err(|error| Error::new(ErrorKind::Protocol).with_source(error))
}

/// Chunks of text, and the end.
struct Chunks {
    left: usize,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let text = match self.left {
            0 => return Poll::Ready(None),
            1 => END,
            _ => CHUNK,
        };
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
    }
}
