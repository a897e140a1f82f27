//! What a route answers, before it is known how it goes over the wire.

use bytes::Bytes;

use crate::{
    clock,
    endpoint::Endpoint,
    event_form::{EventForm, native_error},
    id::Id,
    refusal::Refusal,
    reply::Reply,
    served::TokenCounts,
    speech::Socket,
};

/// The answer of a route.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: AnswerBody,
    /// What a model used that counts tokens.
    pub(crate) tokens: Option<TokenCounts>,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub(crate) enum AnswerBody {
    Whole(Bytes),
    Stream(EventStream),
    /// The connection becomes a WebSocket.
    Socket(Box<Socket>),
}

/// An answer given as events.
#[derive(Clone, Debug)]
pub(crate) struct EventStream {
    /// The payloads, without `[DONE]`.
    pub(crate) events: Vec<String>,
    /// How many tokens each of them has.
    pub(crate) tokens: Vec<usize>,
    /// The same answer as one object.
    pub(crate) whole: String,
    pub(crate) form: EventForm,
}

/// The content type of event streams.
const EVENT_STREAM: &str = "text/event-stream;charset=UTF-8";
const JSON: &str = "application/json";

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Bytes>, id: Id) -> Self {
        Self::whole(status, JSON, body, id)
    }

    pub(crate) fn text(body: impl Into<Bytes>, id: Id) -> Self {
        Self::whole(200, "text/plain; charset=utf-8", body, id)
    }

    pub(crate) fn whole(status: u16, content_type: &str, body: impl Into<Bytes>, id: Id) -> Self {
        Self {
            status,
            headers: service_headers(content_type, id, true),
            body: AnswerBody::Whole(body.into()),
            tokens: None,
        }
    }

    pub(crate) fn stream(stream: EventStream, id: Id) -> Self {
        Self {
            status: 200,
            headers: service_headers(EVENT_STREAM, id, false),
            body: AnswerBody::Stream(stream),
            tokens: None,
        }
    }

    /// A refusal as DashScope's own protocol gives it to who asked for a stream.
    pub(crate) fn native_error_stream(refusal: &Refusal, id: Id) -> Self {
        let event = native_error(0, refusal.status, &refusal.native_body(id));
        Self::whole(refusal.status, EVENT_STREAM, event, id)
    }

    pub(crate) fn refusal(refusal: &Refusal, endpoint: Endpoint, id: Id) -> Self {
        Self::json(refusal.status, refusal.body(endpoint.protocol, id), id)
    }

    pub(crate) fn tokens(mut self, tokens: TokenCounts) -> Self {
        self.tokens = Some(tokens);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(present, _)| present != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// The headers seen on answers of the real service.
fn service_headers(content_type: &str, id: Id, finished: bool) -> Vec<(String, String)> {
    let timeout = if finished { "180" } else { "3600" };
    let now = clock::since_epoch().as_millis().to_string();
    [
        ("set-cookie", "acw_tc=emulator;path=/;HttpOnly;Max-Age=1800"),
        ("req-arrive-time", &now),
        ("resp-start-time", &now),
        ("content-type", content_type),
        ("x-request-id", &id.to_string()),
        ("x-dashscope-call-gateway", "true"),
        (
            "x-dashscope-finished",
            if finished { "true" } else { "false" },
        ),
        ("x-dashscope-timeout", timeout),
        ("req-cost-time", "0"),
        ("x-envoy-upstream-service-time", "0"),
        ("server", "istio-envoy"),
        (
            "vary",
            "Origin,Access-Control-Request-Method,Access-Control-Request-Headers",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What is sent for a request.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A well-formed response, which hyper sends.
    Plain(Answer),
    /// Exact bytes, for which the connection is taken over from hyper.
    Exact(Reply),
}
