//! A server that answers from a recorded list, without a socket.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body::Frame;
use qwen_openclaw_http::{Body, Error, ErrorKind, SendRequest};
use serde_json::Value;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers requests with recorded responses, in order; the last one repeats.
#[derive(Clone, Debug, Default)]
pub(super) struct Canned(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    responses: VecDeque<Value>,
    requests: Vec<http::Request<Bytes>>,
}

impl Canned {
    pub(super) fn new(responses: &Value) -> Self {
        let responses = responses.as_array().cloned().unwrap_or_default().into();
        Self(Arc::new(Mutex::new(State {
            responses,
            requests: Vec::new(),
        })))
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<http::Request<Bytes>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.clone()
    }
}

#[async_trait]
impl SendRequest for Canned {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let response = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.requests.push(request);
            match state.responses.len() {
                0 => Value::Null,
                1 => state.responses[0].clone(),
                _ => state.responses.pop_front().unwrap_or_default(),
            }
        };
        if let Some(code) = response["network_error"].as_str() {
            return Err(Error::unsent(ErrorKind::Network).with_source(code.to_owned()));
        }
        let status = response["status"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok());
        let mut answer = http::Response::builder().status(status.unwrap_or(200));
        match response["headers"].as_object() {
            Some(headers) => {
                for (name, value) in headers {
                    answer = answer.header(name, value.as_str().unwrap_or_default());
                }
            }
            None => answer = answer.header("content-type", "application/json"),
        }
        // The recordings leave out how a body is delimited. Every server says it in some way.
        let told = ["content-length", "transfer-encoding"];
        let is_delimited = answer
            .headers_ref()
            .is_some_and(|headers| told.iter().any(|name| headers.contains_key(*name)));
        if !is_delimited {
            answer = answer.header("transfer-encoding", "chunked");
        }
        let pieces = Pieces {
            pieces: pieces(&response),
            end: End::of(&response),
        };
        answer
            .body(Body::wrap(pieces))
            .map_err(|error| Error::new(ErrorKind::Protocol).with_source(error))
    }
}

/// The recorded reads of a body.
fn pieces(response: &Value) -> VecDeque<Bytes> {
    if let Some(chunks) = response["chunks_base64"].as_array() {
        let decode = |chunk: &Value| STANDARD.decode(chunk.as_str()?).ok();
        return chunks.iter().filter_map(decode).map(Bytes::from).collect();
    }
    let whole = match (&response["body_base64"], &response["body"]) {
        (Value::String(base64), _) => STANDARD.decode(base64).unwrap_or_default(),
        (_, Value::Null) => Vec::new(),
        (_, Value::String(text)) => text.clone().into_bytes(),
        (_, json) => json.to_string().into_bytes(),
    };
    VecDeque::from([Bytes::from(whole)])
}

#[derive(Clone, Copy)]
enum End {
    Complete,
    Reset,
    Hang,
}

impl End {
    fn of(response: &Value) -> Self {
        let is = |name: &str| response[name].as_bool().unwrap_or_default();
        match (is("reset"), is("hang") || is("hang_body")) {
            (true, _) => Self::Reset,
            (_, true) => Self::Hang,
            _ => Self::Complete,
        }
    }
}

struct Pieces {
    pieces: VecDeque<Bytes>,
    end: End,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match (self.pieces.pop_front(), self.end) {
            (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            (None, End::Complete) => Poll::Ready(None),
            (None, End::Reset) => Poll::Ready(Some(Err(io::Error::from(
                io::ErrorKind::ConnectionReset,
            )
            .into()))),
            (None, End::Hang) => Poll::Pending,
        }
    }
}
