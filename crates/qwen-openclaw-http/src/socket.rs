//! WebSockets: messages, limits and the end of a connection.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::{Body, Error, ErrorKind, Secrets};

/// How long the other side has for its part of an orderly end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The answer to a request for a WebSocket; see [`SendRequest::upgrade`](crate::SendRequest::upgrade).
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum Upgrade {
    /// Status 101: the connection is a WebSocket from here on.
    Accepted(Upgraded),
    /// Any other status, with its body.
    Refused(Body),
}

/// A connection that was an HTTP connection before.
pub struct Upgraded(Box<dyn Duplex>);

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Upgraded {
    /// Wraps a connection. The first byte read is the first one after the response head.
    pub fn new(connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Box::new(connection))
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgraded")
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A message of a WebSocket.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "the protocol has these two")]
pub enum SocketMessage {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// The limits of a WebSocket.
#[derive(Clone, Debug)]
#[must_use]
pub struct SocketOptions {
    message_limit: usize,
    idle_timeout: Duration,
    ping_interval: Duration,
    send_timeout: Duration,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            message_limit: 16 << 20,
            idle_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            send_timeout: Duration::from_secs(30),
        }
    }
}

impl SocketOptions {
    /// Sets the maximum size of a message that is received. The default is 16 MiB.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.message_limit = bytes;
        self
    }

    /// Sets how long [`Socket::next`] waits for a message. Pings and their answers do not count: a
    /// server whose connection is alive may still have stalled. The default is one minute.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets after how long a wait in [`Socket::next`] the server is pinged, again and again, so that
    /// nothing on the way takes the connection for abandoned. The default is 20 seconds.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets how long a message may wait for the connection to take it. The default is 30 seconds.
    pub fn send_timeout(mut self, timeout: Duration) -> Self {
        self.send_timeout = timeout;
        self
    }
}

/// An open WebSocket. Dropping it, and the last of its [senders](Self::sender), closes the connection.
///
/// Pings are answered while [`next`](Self::next) waits.
pub struct Socket {
    shared: Arc<Shared>,
    /// Whether nothing more is to come.
    has_ended: bool,
}

/// The sending end of a [`Socket`]. Clones send to the same one.
#[derive(Clone)]
pub struct SocketSender {
    shared: Arc<Shared>,
}

struct Shared {
    stream: Mutex<WebSocketStream<Upgraded>>,
    /// Held while a message is sent: the stream wakes one writer only.
    sending: tokio::sync::Mutex<()>,
    host: String,
    secrets: Secrets,
    options: SocketOptions,
}

impl Socket {
    pub(crate) async fn new(
        upgraded: Upgraded,
        host: String,
        secrets: Secrets,
        options: SocketOptions,
    ) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(options.message_limit))
            .max_frame_size(Some(options.message_limit));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let shared = Shared {
            stream: Mutex::new(stream),
            sending: tokio::sync::Mutex::new(()),
            host,
            secrets,
            options,
        };
        Self {
            shared: Arc::new(shared),
            has_ended: false,
        }
    }

    /// Returns a sending end, for use while another task waits for messages.
    #[must_use]
    pub fn sender(&self) -> SocketSender {
        SocketSender {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Returns the secrets that were sent, for cleaning texts from the server.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    /// Waits for the next message; `None` after the server has closed the connection in order, and
    /// after an error. No message is lost when the future is dropped.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ErrorKind::Timeout) when none comes in time, [`TooLarge`](ErrorKind::TooLarge) for
    /// one beyond the limit, [`Server`](ErrorKind::Server) or [`Protocol`](ErrorKind::Protocol) when
    /// the server closes with a reason of that kind, [`Network`](ErrorKind::Network) when the
    /// connection is lost.
    pub async fn next(&mut self) -> Option<Result<SocketMessage, Error>> {
        if self.has_ended {
            return None;
        }
        let next = self.wait().await;
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }

    async fn wait(&self) -> Option<Result<SocketMessage, Error>> {
        let shared = &*self.shared;
        let SocketOptions {
            idle_timeout,
            ping_interval,
            ..
        } = shared.options;
        let late = Instant::now() + idle_timeout;
        let mut ping_at = Instant::now() + ping_interval;
        loop {
            let received = poll_fn(|cx| Pin::new(&mut *shared.stream()).poll_next(cx));
            let Ok(received) = timeout_at(late.min(ping_at), received).await else {
                if Instant::now() >= late {
                    return Some(Err(shared.silent()));
                }
                shared.ping().await;
                ping_at = Instant::now() + ping_interval;
                continue;
            };
            return match received {
                Some(Ok(Message::Text(text))) => Some(Ok(SocketMessage::Text(text.to_string()))),
                Some(Ok(Message::Binary(bytes))) => Some(Ok(SocketMessage::Binary(bytes))),
                Some(Ok(Message::Close(frame))) => frame
                    .filter(|frame| !is_in_order(frame.code))
                    .map(|frame| Err(shared.closed(&frame))),
                // Answered or taken note of by reading.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => Some(Err(shared.failed(error))),
                None => Some(Err(shared.lost())),
            };
        }
    }

    /// Closes the connection in order, and waits a moment for the server to do its part. Messages that
    /// still come are dropped.
    pub async fn close(mut self) {
        if self.has_ended || self.shared.close().await.is_err() {
            return;
        }
        let rest = async { while let Some(Ok(_)) = self.next().await {} };
        let _ = timeout(CLOSE_TIMEOUT, rest).await;
    }
}

impl SocketSender {
    /// Sends a message, and waits until the connection has taken it. When the future is dropped, the
    /// message may still be sent.
    ///
    /// # Errors
    ///
    /// [`Network`](ErrorKind::Network) when the connection is closed or lost,
    /// [`Timeout`](ErrorKind::Timeout) when it does not take the message in time.
    pub async fn send(&self, message: SocketMessage) -> Result<(), Error> {
        let message = match message {
            SocketMessage::Text(text) => Message::text(text),
            SocketMessage::Binary(bytes) => Message::Binary(bytes),
        };
        self.shared.send(message).await
    }

    /// Tells the server that nothing more will be sent. [`Socket::next`] gives what it still has to
    /// say.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn close(&self) -> Result<(), Error> {
        self.shared.close().await
    }
}

impl Shared {
    fn stream(&self) -> MutexGuard<'_, WebSocketStream<Upgraded>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn close(&self) -> Result<(), Error> {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.send(Message::Close(Some(frame))).await
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        let limit = self.options.send_timeout;
        let sent = async {
            let _sending = self.sending.lock().await;
            self.write(message).await
        };
        match timeout(limit, sent).await {
            Ok(sent) => sent.map_err(|error| self.failed(error)),
            Err(_) => Err(Error::new(ErrorKind::Timeout).with_message(format!(
                "{} took no more messages for {} s",
                self.host,
                limit.as_secs_f32()
            ))),
        }
    }

    /// Writes a message; the caller holds `sending`.
    async fn write(&self, message: Message) -> Result<(), tungstenite::Error> {
        let mut message = Some(message);
        poll_fn(|cx| {
            let mut stream = self.stream();
            let mut stream = Pin::new(&mut *stream);
            if message.is_some() {
                ready!(stream.as_mut().poll_ready(cx))?;
            }
            if let Some(message) = message.take() {
                stream.as_mut().start_send(message)?;
            }
            stream.poll_flush(cx)
        })
        .await
    }

    /// Pings the server, unless something is being sent, which shows as well that the connection is in
    /// use. It does not wait: a connection that is lost is found lost by reading.
    async fn ping(&self) {
        let Ok(_sending) = self.sending.try_lock() else {
            return;
        };
        poll_fn(|cx| {
            let mut stream = self.stream();
            let mut stream = Pin::new(&mut *stream);
            if let Poll::Ready(Ok(())) = stream.as_mut().poll_ready(cx)
                && stream
                    .as_mut()
                    .start_send(Message::Ping(Bytes::new()))
                    .is_ok()
            {
                let _ = stream.poll_flush(cx);
            }
            Poll::Ready(())
        })
        .await;
    }

    fn silent(&self) -> Error {
        let seconds = self.options.idle_timeout.as_secs_f32();
        Error::new(ErrorKind::Timeout)
            .with_message(format!("{} sent no message for {seconds} s", self.host))
    }

    fn lost(&self) -> Error {
        Error::new(ErrorKind::Network)
            .with_message(format!("the connection to {} was lost", self.host))
    }

    /// The error of a connection that the server closed for a reason.
    fn closed(&self, frame: &CloseFrame) -> Error {
        let code = u16::from(frame.code);
        let kind = match frame.code {
            CloseCode::Away | CloseCode::Error | CloseCode::Restart | CloseCode::Again => {
                ErrorKind::Server
            }
            CloseCode::Policy => ErrorKind::InvalidRequest,
            _ => ErrorKind::Protocol,
        };
        let host = &self.host;
        let message = match self.secrets.clean(&frame.reason) {
            Some(reason) => format!("{host} closed the connection (code {code}): {reason}"),
            None => format!("{host} closed the connection (code {code})"),
        };
        Error::new(kind).with_message(message)
    }

    fn failed(&self, error: tungstenite::Error) -> Error {
        use tungstenite::{Error as Cause, error::ProtocolError};

        match error {
            Cause::Capacity(_) => {
                let limit = self.options.message_limit;
                Error::new(ErrorKind::TooLarge).with_message(format!(
                    "a message from {} is larger than {limit} bytes",
                    self.host
                ))
            }
            Cause::ConnectionClosed | Cause::AlreadyClosed => self.lost(),
            Cause::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => self.lost(),
            Cause::Io(error) => self.lost().with_source(error),
            // Neither shows what was received.
            Cause::Protocol(error) => Error::new(ErrorKind::Protocol)
                .with_message(format!(
                    "{} does not keep to the WebSocket protocol",
                    self.host
                ))
                .with_source(error),
            _ => Error::new(ErrorKind::Protocol).with_message(format!(
                "{} does not keep to the WebSocket protocol",
                self.host
            )),
        }
    }
}

/// Whether a code ends a connection that is done.
fn is_in_order(code: CloseCode) -> bool {
    matches!(code, CloseCode::Normal | CloseCode::Status)
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("host", &self.shared.host)
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSender")
            .field("host", &self.shared.host)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
