//! The WebSocket API: `/api-ws/v1/inference` for tasks and `/api-ws/v1/realtime` for sessions.
//!
//! Events and rules: help.aliyun.com, Model Studio, "cosyvoice-websocket-api", the events of
//! "fun-asr-realtime", "qwen-tts-realtime-api" and "qwen-asr-realtime-api".

mod failure;
mod inference;
mod link;
mod listener;
mod realtime;
mod realtime_recognition;
mod realtime_synthesis;
mod recognition;
mod synthesis;

use std::{sync::Arc, time::Duration};

use http::{
    Method,
    header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use self::link::Link;
use super::models::{self, Seat, Stage};
use crate::{
    answer::{Answer, AnswerBody},
    capture::CapturedRequest,
    endpoint::{Endpoint, Region},
    fault::{Fault, FaultKind},
    id::Id,
    query,
    refusal::Refusal,
    rewind::Rewind,
    route::Exchange,
    state::{OpenReply, State},
};

/// The largest message taken. The largest of the service's has 15 MiB of audio.
const MAX_MESSAGE: usize = 32 << 20;

/// Which of the two protocols a socket speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Inference,
    Realtime,
}

/// A socket that a request opened.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    kind: Kind,
    id: Id,
    request: CapturedRequest,
    /// What the handshake asked for, or a rule for it.
    fault: Option<Fault>,
}

fn kind(path: &str) -> Option<Kind> {
    match path.trim_end_matches('/') {
        "/api-ws/v1/inference" => Some(Kind::Inference),
        "/api-ws/v1/realtime" => Some(Kind::Realtime),
        _ => None,
    }
}

/// Finds the endpoint of a path where sockets open, and the rest of the path.
pub(crate) fn route(path: &str) -> Option<(Endpoint, &str)> {
    // The region without a prefix is the first, and comes last.
    Region::ALL.into_iter().rev().find_map(|region| {
        let rest = path.strip_prefix(region.prefix())?;
        kind(rest).map(|_| (Endpoint::native(region), rest))
    })
}

/// Answers a handshake whose key has been checked.
pub(crate) fn open(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    exchange.only(&Method::GET)?;
    let Some(kind) = kind(path) else {
        return Err(Refusal::unknown_path(path));
    };
    let request = exchange.request;
    let names = |name, wanted: &str| {
        let values = request.headers.get_all(name).iter();
        let values = values.filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let key = request.headers.get(SEC_WEBSOCKET_KEY);
    let key = key.filter(|_| names(UPGRADE, "websocket") && names(CONNECTION, "upgrade"));
    let key = key.filter(|_| names(SEC_WEBSOCKET_VERSION, "13"));
    // Inferred: no page tells what a request gets that is not a handshake.
    let key = key.ok_or_else(|| {
        Refusal::parameter("This path takes WebSocket handshakes of version 13 only.")
    })?;
    if kind == Kind::Realtime {
        // Inferred: that it is the handshake that is refused.
        let model = query::parameter(request.query(), "model").unwrap_or_default();
        let speaks = models::find_speaker(exchange.endpoint, &model, Stage::Realtime);
        let listens = models::find_listener(exchange.endpoint, &model, &[Seat::Realtime]);
        speaks.map(|_| ()).or_else(|_| listens.map(|_| ()))?;
    }
    let socket = Socket {
        kind,
        id: exchange.id,
        request: request.clone(),
        fault: exchange.fault.cloned(),
    };
    let headers = [
        ("upgrade", "websocket".to_owned()),
        ("connection", "Upgrade".to_owned()),
        ("sec-websocket-accept", derive_accept_key(key.as_bytes())),
        ("x-request-id", exchange.id.to_string()),
    ];
    Ok(Answer {
        status: 101,
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: AnswerBody::Socket(Box::new(socket)),
        tokens: None,
    })
}

/// Serves a socket until it closes.
pub(crate) async fn serve(
    mut io: Rewind,
    state: Arc<State>,
    headers: &[(String, String)],
    socket: Socket,
    open: OpenReply,
) {
    if let Some(fault) = socket
        .fault
        .as_ref()
        .filter(|fault| fault.kind() == FaultKind::LateHeaders)
    {
        tokio::time::sleep(fault.delay_or(2000)).await;
    }
    let mut head = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    if io.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    let mut session = Session {
        link: Link::new(stream, socket.fault.clone()),
        state,
        socket,
        open,
    };
    let ended = match session.socket.kind {
        Kind::Inference => inference::run(&mut session).await,
        Kind::Realtime => realtime::run(&mut session).await,
    };
    if ended.is_ok() {
        session.open.finish();
    }
}

/// A socket at work.
struct Session {
    link: Link,
    state: Arc<State>,
    socket: Socket,
    open: OpenReply,
}

impl Session {
    /// What a pace that is set makes a piece of audio wait.
    async fn pause(&self, first: bool) {
        let settings = self.state.settings();
        let pause = if first {
            settings.first_chunk_delay
        } else {
            settings.chunk_delay
        };
        if pause > Duration::ZERO {
            tokio::time::sleep(pause).await;
        }
    }
}
