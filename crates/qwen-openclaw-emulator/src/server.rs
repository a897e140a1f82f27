//! The listening socket and its connections.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header::CONNECTION};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    answer::{Answer, AnswerBody, Outgoing},
    body::ReplyBody,
    capture::CapturedRequest,
    control, cors,
    refusal::Refusal,
    reply::Reply,
    rewind::Rewind,
    route, screen,
    speech::{self, Socket},
    state::{OpenConnection, OpenReply, State},
    wire::{self, After, Asked},
};

/// Accepts connections forever. Dropping the future closes the listener and every connection.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let open = OpenConnection::new(Arc::clone(&state));
                    let state = Arc::clone(&state);
                    connections.spawn(async move {
                        connection(stream, state).await;
                        drop(open);
                    });
                }
                // Out of descriptors, or the client left while it waited: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The sending end of the wish to answer a request by hand.
type Takeover = mpsc::Sender<Taken>;

/// What a connection is taken over for.
enum Taken {
    Reply(Reply, Asked, OpenReply),
    /// A socket, with the headers of its handshake.
    Socket(Vec<(String, String)>, Box<Socket>, OpenReply),
}

/// Serves one connection until it closes. Hyper does, until a reply needs exact bytes; those are
/// written by hand, and then hyper gets the connection back.
async fn connection(stream: TcpStream, state: Arc<State>) {
    // Without it small writes would be held back. A socket that refuses it still works.
    let _ = stream.set_nodelay(true);
    let mut io = Rewind::new(stream);
    loop {
        let (takeover, mut taken) = mpsc::channel(1);
        let service = service_fn(|request| respond(Arc::clone(&state), takeover.clone(), request));
        let mut http = http1::Builder::new().serve_connection(TokioIo::new(io), service);
        let taken = tokio::select! {
            // An error here is the client's doing, such as leaving early.
            _ = &mut http => return,
            Some(taken) = taken.recv() => taken,
        };
        let parts = http.into_parts();
        io = parts.io.into_inner();
        io.give_back(&parts.read_buf);
        let (reply, asked, mut open) = match taken {
            Taken::Reply(reply, asked, open) => (reply, asked, open),
            Taken::Socket(headers, socket, open) => {
                return speech::serve(io, state, &headers, *socket, open).await;
            }
        };
        let after = wire::send(&mut io, &reply, asked).await;
        if after != After::Abandoned {
            open.finish();
        }
        if after != After::Open {
            return;
        }
    }
}

async fn respond(
    state: Arc<State>,
    takeover: Takeover,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Infallible> {
    let (mut head, body) = request.into_parts();
    if control::covers(head.uri.path()) {
        let answer = control::answer(&state, &head, body).await;
        return Ok(plain(answer, &state, OpenReply::unnoticed(&state)));
    }
    control::strip_token(&state, &mut head.headers);
    let access = state.config.access;
    let screened = screen::check(&state.origin, access, &head);
    let asked = Asked {
        version: head.version,
        head_only: head.method == Method::HEAD,
        keep_alive: keep_alive(head.version, &head.headers),
    };
    let body = Limited::new(body, state.config.max_body)
        .collect()
        .await
        .map(Collected::to_bytes)
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                Refusal::body_too_large()
            } else {
                Refusal::unreadable_body()
            }
        });
    let captured = CapturedRequest {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: body.clone().unwrap_or_default(),
        at: state.started.elapsed(),
    };
    state.captures.push(captured.clone());
    state.count(|counts| counts.requests += 1);
    let mut open = OpenReply::new(&state, &captured);
    let outgoing = match (screened, body) {
        // Before scripts, faults and scenarios, none of which it may use up.
        (Err(foreign), body) => {
            let answer = screen::refuse(&state, &foreign);
            Outgoing::Plain(match body {
                Ok(_) => answer,
                // The rest of the body is not read.
                Err(_) => answer.header("connection", "close"),
            })
        }
        (Ok(()), Ok(_)) if access.cors && cors::is_preflight(&captured) => {
            Outgoing::Plain(cors::preflight(&captured, state.ids.next()))
        }
        (Ok(()), Ok(_)) => route::answer(&state, &captured),
        (Ok(()), Err(refusal)) => route::refuse(&state, &captured, &refusal),
    };
    match outgoing {
        Outgoing::Plain(Answer {
            status,
            headers,
            body: AnswerBody::Socket(socket),
            ..
        }) => {
            open.sending(Some(status), None);
            let _ = takeover.try_send(Taken::Socket(headers, socket, open));
            std::future::pending().await
        }
        Outgoing::Plain(answer) => {
            open.sending(Some(answer.status), answer.tokens);
            if let (AnswerBody::Whole(_), Some(tokens)) = (&answer.body, answer.tokens) {
                let time = state.settings().generation(tokens.completion);
                if !time.is_zero() {
                    tokio::time::sleep(time).await;
                }
            }
            let answer = if access.cors && cors::covers(&captured.path) {
                cors::open(answer)
            } else {
                answer
            };
            Ok(plain(answer, &state, open))
        }
        Outgoing::Exact(reply) => {
            open.sending(reply.sent_status(), None);
            // There is one request at a time, and room for one reply.
            let _ = takeover.try_send(Taken::Reply(reply, asked, open));
            // The connection's task drops this future when it takes over.
            std::future::pending().await
        }
    }
}

fn keep_alive(version: Version, headers: &HeaderMap) -> bool {
    let wants = |option: &str| {
        headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(option))
    };
    if version >= Version::HTTP_11 {
        !wants("close")
    } else {
        wants("keep-alive")
    }
}

fn plain(answer: Answer, state: &State, open: OpenReply) -> Response<ReplyBody> {
    let body = match answer.body {
        AnswerBody::Whole(bytes) => ReplyBody::whole(bytes, open),
        // Those are taken over before.
        AnswerBody::Socket(_) => ReplyBody::whole(Bytes::new(), open),
        AnswerBody::Stream(stream) => ReplyBody::stream(&stream, state.settings(), open),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    response
        .headers_mut()
        .extend(answer.headers.iter().filter_map(|(name, value)| {
            let name = http::HeaderName::try_from(name).ok()?;
            Some((name, http::HeaderValue::try_from(value).ok()?))
        }));
    response
}
