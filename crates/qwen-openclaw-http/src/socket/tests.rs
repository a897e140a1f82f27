//! WebSockets against a server in memory, and against one on loopback.

use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    accept_async,
    tungstenite::{Message, handshake::derive_accept_key, protocol::frame::coding::CloseCode},
};

use super::*;
use crate::{Client, Lookup, Request, SendRequest};

const KEY: &str = "sk-0123456789abcdef";

/// A sender that opens one WebSocket, to a pipe.
#[derive(Debug)]
struct Pipe {
    connection: Mutex<Option<DuplexStream>>,
    /// What the handshake is answered with instead.
    spoiled: Option<(&'static str, &'static str)>,
}

#[async_trait]
impl SendRequest for Pipe {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        Err(Error::new(ErrorKind::Setup))
    }

    async fn upgrade(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Upgrade>, Error> {
        let key = &request.headers()["sec-websocket-key"];
        let mut headers = HeaderMap::new();
        let accept = derive_accept_key(key.as_bytes());
        headers.insert(
            "sec-websocket-accept",
            HeaderValue::try_from(accept).unwrap(),
        );
        headers.insert(
            "connection",
            HeaderValue::from_static("keep-alive, Upgrade"),
        );
        headers.insert("upgrade", HeaderValue::from_static("WebSocket"));
        if let Some((name, value)) = self.spoiled {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let connection = self.connection.lock().unwrap().take().unwrap();
        let mut response = http::Response::new(Upgrade::Accepted(Upgraded::new(connection)));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn lookup(&self) -> Lookup {
        Lookup::Never
    }
}

type Server = WebSocketStream<DuplexStream>;

fn request() -> Request {
    let client = Client::builder().build().unwrap();
    client.get("wss://a.example/ws").bearer(KEY).unwrap()
}

/// A socket, and the server's end of it, with room for `capacity` bytes on their way.
async fn opened(options: SocketOptions, capacity: usize) -> (Socket, Server) {
    let (here, there) = duplex(capacity);
    let pipe = Pipe {
        connection: Mutex::new(Some(here)),
        spoiled: None,
    };
    let client = Client::builder().sender(pipe).build().unwrap();
    let socket = client.open_socket(request(), options).await.unwrap();
    let server = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
    (socket, server)
}

fn text(text: &str) -> SocketMessage {
    SocketMessage::Text(text.to_owned())
}

async fn error_of(socket: &mut Socket) -> Error {
    let error = socket.next().await.unwrap().unwrap_err();
    assert!(socket.next().await.is_none(), "it has ended");
    error
}

#[tokio::test]
async fn messages_go_both_ways_until_both_have_closed() {
    let (mut socket, mut server) = opened(SocketOptions::default(), 64).await;
    let echo = tokio::spawn(async move {
        while let Some(Ok(message)) = server.next().await {
            if !message.is_close() {
                server.send(message).await.unwrap();
            }
        }
    });
    let long = SocketMessage::Binary(Bytes::from(vec![7; 300_000]));
    let sender = socket.sender();
    let sent = long.clone();
    let sending = tokio::spawn(async move {
        sender.send(text("one")).await.unwrap();
        sender.send(sent).await.unwrap();
        sender.close().await.unwrap();
        sender.send(text("late")).await.unwrap_err().kind()
    });
    assert_eq!(socket.next().await.unwrap().unwrap(), text("one"));
    assert_eq!(socket.next().await.unwrap().unwrap(), long);
    assert!(socket.next().await.is_none());
    assert_eq!(sending.await.unwrap(), ErrorKind::Network);
    echo.await.unwrap();
}

#[tokio::test]
async fn several_senders_do_not_mix_their_messages() {
    let (socket, mut server) = opened(SocketOptions::default(), 16).await;
    let senders = ["a", "b", "c"].map(|letter| {
        let sender = socket.sender();
        tokio::spawn(async move {
            for _ in 0..50 {
                sender.send(text(&letter.repeat(100))).await.unwrap();
            }
        })
    });
    for _ in 0..150 {
        let message = server.next().await.unwrap().unwrap();
        let message = message.to_text().unwrap();
        assert_eq!(message, message[..1].repeat(100));
    }
    for sender in senders {
        sender.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_an_error_and_is_pinged_before() {
    let options = SocketOptions::default();
    let (mut socket, mut server) = opened(options, 1_024).await;
    let pings = tokio::spawn(async move {
        let mut pings = 0;
        // Reading answers them, which does not count as a message.
        while let Some(Ok(message)) = server.next().await {
            pings += u32::from(message.is_ping());
        }
        pings
    });
    let started = Instant::now();
    let error = error_of(&mut socket).await;
    assert_eq!(started.elapsed(), Duration::from_secs(60));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "a.example sent no message for 60 s");
    drop(socket);
    assert_eq!(pings.await.unwrap(), 2);
}

#[tokio::test]
async fn pings_of_the_server_are_answered_while_waiting() {
    let (mut socket, mut server) = opened(SocketOptions::default(), 1_024).await;
    let server = tokio::spawn(async move {
        server.send(Message::Ping("x".into())).await.unwrap();
        let pong = server.next().await.unwrap().unwrap();
        server.send(Message::text("done")).await.unwrap();
        pong
    });
    assert_eq!(socket.next().await.unwrap().unwrap(), text("done"));
    assert_eq!(server.await.unwrap(), Message::Pong("x".into()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_nothing_is_given_up() {
    let (socket, server) = opened(SocketOptions::default(), 16).await;
    let error = socket.sender().send(text(&"x".repeat(1_000))).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "a.example took no more messages for 30 s"
    );
    drop(server);
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused() {
    let options = SocketOptions::default().message_limit(10);
    let (mut socket, mut server) = opened(options, 1_024).await;
    server.send(Message::text("0123456789")).await.unwrap();
    server.send(Message::text("0123456789a")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("0123456789"));
    let error = error_of(&mut socket).await;
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(
        error.to_string(),
        "a message from a.example is larger than 10 bytes"
    );
}

#[tokio::test]
async fn the_reason_of_a_close_is_told_without_the_key() {
    for (code, kind) in [
        (CloseCode::Error, ErrorKind::Server),
        (CloseCode::Away, ErrorKind::Server),
        (CloseCode::Policy, ErrorKind::InvalidRequest),
        (CloseCode::Invalid, ErrorKind::Protocol),
    ] {
        let (mut socket, mut server) = opened(SocketOptions::default(), 1_024).await;
        let frame = CloseFrame {
            code,
            reason: format!("no {KEY}\u{1b}").into(),
        };
        server.close(Some(frame)).await.unwrap();
        let error = error_of(&mut socket).await;
        assert_eq!(error.kind(), kind);
        let expected = format!(
            "a.example closed the connection (code {}): no [key]",
            u16::from(code)
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_lost_wherever_it_breaks() {
    // Between two messages, in a head, and in the middle of a message.
    for end in [&[][..], &[0x81], &[0x81, 5, b'h']] {
        let (mut socket, server) = opened(SocketOptions::default(), 1_024).await;
        let mut server = server.into_inner();
        server.write_all(&[0x81, 2, b'h', b'i']).await.unwrap();
        server.write_all(end).await.unwrap();
        drop(server);
        assert_eq!(socket.next().await.unwrap().unwrap(), text("hi"));
        let error = error_of(&mut socket).await;
        assert_eq!(error.kind(), ErrorKind::Network, "{end:?}");
        assert_eq!(error.to_string(), "the connection to a.example was lost");
        let sent = socket.sender().send(text("x")).await.unwrap_err();
        assert_eq!(sent.kind(), ErrorKind::Network);
    }
}

#[tokio::test]
async fn what_is_no_websocket_is_a_protocol_error() {
    // A reserved opcode, a masked frame from a server, and text that is not UTF-8.
    for bytes in [&[0x83, 0][..], &[0x81, 0x80, 1, 2, 3, 4], &[0x81, 1, 0xff]] {
        let (mut socket, server) = opened(SocketOptions::default(), 1_024).await;
        server.into_inner().write_all(bytes).await.unwrap();
        let error = error_of(&mut socket).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{bytes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_server_that_does_not() {
    let (socket, server) = opened(SocketOptions::default(), 1_024).await;
    let started = Instant::now();
    socket.close().await;
    assert_eq!(started.elapsed(), CLOSE_TIMEOUT);
    drop(server);
}

#[tokio::test]
async fn a_handshake_that_belongs_to_another_request_is_refused() {
    for spoiled in [
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("upgrade", "h2c"),
        ("connection", "close"),
    ] {
        let (here, _there) = duplex(64);
        let pipe = Pipe {
            connection: Mutex::new(Some(here)),
            spoiled: Some(spoiled),
        };
        let client = Client::builder().sender(pipe).build().unwrap();
        let error = client.open_socket(request(), SocketOptions::default());
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(
            error.to_string(),
            "a.example did not open a WebSocket as asked"
        );
    }
}

/// Serves one connection on loopback.
async fn serve<F: Future<Output = ()> + Send + 'static>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    format!("ws://{address}/ws?x=1")
}

/// Answers one request with `response`.
async fn answer(mut stream: TcpStream, response: String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(response.as_bytes()).await.unwrap();
}

async fn open(url: String) -> Result<Socket, Error> {
    let client = Client::builder().build().unwrap();
    let request = client.get(url).bearer(KEY).unwrap();
    client.open_socket(request, SocketOptions::default()).await
}

#[tokio::test]
async fn a_server_on_loopback_is_reached() {
    let url = serve(async |stream| {
        let mut server = accept_async(stream).await.unwrap();
        let message = server.next().await.unwrap().unwrap();
        server.send(message).await.unwrap();
        while server.next().await.is_some() {}
    })
    .await;
    let mut socket = open(url).await.unwrap();
    socket.sender().send(text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("hello"));
    let shown = format!("{socket:?} {:?}", socket.sender());
    assert!(!shown.contains(KEY), "{shown}");
    socket.close().await;
}

#[tokio::test]
async fn a_refusal_is_the_error_of_the_service() {
    let url = serve(|stream| {
        let body = format!(r#"{{"code":"InvalidApiKey","message":"no {KEY}","request_id":"r-1"}}"#);
        let length = body.len();
        let head = format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {length}\r\n\r\n");
        answer(stream, head + &body)
    })
    .await;
    let error = open(url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(
        (error.status(), error.request_id()),
        (Some(401), Some("r-1"))
    );
    assert_eq!(error.to_string(), "no [key]");
}

#[tokio::test]
async fn other_answers_are_no_websockets() {
    for (head, message) in [
        (
            "200 OK",
            "127.0.0.1 answered with status 200 instead of a WebSocket",
        ),
        (
            "302 Found\r\nlocation: https://b.example/",
            "127.0.0.1 redirects to b.example (status 302), but keys are not sent to redirect \
             targets: check the base URL",
        ),
    ] {
        let response = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
        let url = serve(|stream| answer(stream, response)).await;
        let error = open(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = proxy.local_addr().unwrap().port();
    let seen = tokio::spawn(async move {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    });
    let proxy = reqwest::Proxy::all(format!("http://127.0.0.1:{port}")).unwrap();
    let client = Client::builder().proxy(proxy).build().unwrap();
    let request = client.get("wss://a.example/ws").bearer(KEY).unwrap();
    let error = client.open_socket(request, SocketOptions::default()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Network);
    let head = seen.await.unwrap();
    assert!(
        head.starts_with("CONNECT a.example:443 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        !head.contains(KEY),
        "the key is for the other end of the tunnel"
    );
}

#[tokio::test]
async fn a_sender_without_websockets_says_so() {
    #[derive(Debug)]
    struct Canned;

    #[async_trait]
    impl SendRequest for Canned {
        async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
            Ok(http::Response::new(Body::from(Bytes::new())))
        }
    }

    let client = Client::builder().sender(Canned).build().unwrap();
    let error = client.open_socket(request(), SocketOptions::default());
    let error = error.await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Setup, false));
}

#[tokio::test]
async fn a_url_from_a_server_stays_out_of_the_local_network() {
    let client = Client::builder().build().unwrap();
    let url = crate::UrlPolicy::strict()
        .check("https://a.example/")
        .unwrap();
    let request = client.get("wss://10.0.0.1/").for_url(&url);
    let error = client.open_socket(request, SocketOptions::default()).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.was_sent()),
        (ErrorKind::InvalidRequest, false)
    );
}
