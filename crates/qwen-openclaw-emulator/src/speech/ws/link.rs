//! A socket that sends and receives, and breaks where a fault wants it to.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{
    fault::{Fault, FaultKind},
    rewind::Rewind,
};

/// The connection is over, or is to be.
#[derive(Debug)]
pub(super) struct Gone;

/// What a client sent.
#[derive(Debug)]
pub(super) enum Incoming {
    Text(String),
    Binary(Bytes),
    /// Nothing in the time that it had.
    Nothing,
    /// It closed the connection.
    Closed,
}

pub(super) struct Link {
    stream: WebSocketStream<Rewind>,
    /// The fault that is still to come, and how many messages come before it.
    fault: Option<Fault>,
    sent: usize,
}

impl Link {
    pub(super) const fn new(stream: WebSocketStream<Rewind>, fault: Option<Fault>) -> Self {
        Self {
            stream,
            fault,
            sent: 0,
        }
    }

    /// Counts messages from here on, until a fault.
    pub(super) fn expect(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.sent = 0;
    }

    /// Takes the fault that makes a task fail, if its time has come.
    pub(super) fn failure(&mut self) -> Option<Fault> {
        self.fault.take_if(|fault| {
            let fails = matches!(
                fault.kind(),
                FaultKind::TaskFails
                    | FaultKind::StreamError
                    | FaultKind::StreamErrorNative
                    | FaultKind::StreamErrorEvent
            );
            fails && self.sent >= fault.events()
        })
    }

    /// Receives the next message, or waits as long as it may take.
    pub(super) async fn receive(&mut self, patience: Option<Duration>) -> Result<Incoming, Gone> {
        loop {
            let next = match patience {
                None => self.stream.next().await,
                Some(patience) => match tokio::time::timeout(patience, self.stream.next()).await {
                    Ok(next) => next,
                    Err(_) => match self.late().await {
                        Some(next) => next,
                        None => return Ok(Incoming::Nothing),
                    },
                },
            };
            return Ok(match next {
                Some(Ok(Message::Text(text))) => Incoming::Text(text.to_string()),
                Some(Ok(Message::Binary(data))) => Incoming::Binary(data),
                // The answers to these are sent by the stream itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_))) => {
                    // Its answer goes out before the end is seen.
                    while let Some(Ok(_)) = self.stream.next().await {}
                    Incoming::Closed
                }
                Some(Err(_)) | None => return Err(Gone),
            });
        }
    }

    /// What came at the last moment. A paused clock goes to the next timer although a client of the same
    /// runtime is about to write.
    async fn late(&mut self) -> Option<Option<Result<Message, Error>>> {
        for _ in 0..16 {
            tokio::task::yield_now().await;
            if let Some(next) = self.stream.next().now_or_never() {
                return Some(next);
            }
        }
        None
    }

    /// Sends an event.
    pub(super) async fn send(&mut self, event: Value) -> Result<(), Gone> {
        let mut event = event;
        if let Some(fault) = &self.fault {
            match fault.kind() {
                FaultKind::UnknownFields => {
                    event["x_new"] = json!({"list": [1, {"a": null}], "text": "é\u{0}"});
                }
                FaultKind::HugeLine if self.sent == fault.events() => {
                    event["x_new"] = "x".repeat(fault.size_or(8 << 20)).into();
                }
                _ => {}
            }
        }
        self.message(Message::text(event.to_string())).await
    }

    /// Sends audio.
    pub(super) async fn send_audio(&mut self, audio: Vec<u8>) -> Result<(), Gone> {
        self.message(Message::binary(audio)).await
    }

    async fn message(&mut self, message: Message) -> Result<(), Gone> {
        if let Some(fault) = self.due() {
            self.break_off(&fault, &message).await?;
        }
        self.sent += 1;
        self.stream.send(message).await.map_err(|_| Gone)
    }

    /// Takes the fault that happens in place of the next message, or before it.
    fn due(&mut self) -> Option<Fault> {
        let sent = self.sent;
        self.fault.take_if(|fault| {
            let breaks = matches!(
                fault.kind(),
                FaultKind::Stall
                    | FaultKind::Reset
                    | FaultKind::Truncate
                    | FaultKind::TruncateCleanly
                    | FaultKind::SocketCloses
                    | FaultKind::MalformedEvent
            );
            breaks && sent >= fault.events()
        })
    }

    async fn break_off(&mut self, fault: &Fault, message: &Message) -> Result<(), Gone> {
        match fault.kind() {
            FaultKind::MalformedEvent => {
                let broken = Message::text(r#"{"header":{"event":"#);
                return self.stream.send(broken).await.map_err(|_| Gone);
            }
            FaultKind::Stall => self.silence().await,
            FaultKind::TruncateCleanly => self.close(1000, "").await,
            FaultKind::SocketCloses => self.close(fault.close_code(), "").await,
            kind => {
                let half = half(message);
                let io = self.stream.get_mut();
                let written = io.write_all(&half).await.is_ok();
                if kind == FaultKind::Reset {
                    // Lingering for no time at all makes the close that follows a reset.
                    let _ = socket2::SockRef::from(io.stream()).set_linger(Some(Duration::ZERO));
                } else if written && io.shutdown().await.is_ok() {
                    io.drain().await;
                }
            }
        }
        Err(Gone)
    }

    /// Reads on without a word, until the client leaves.
    async fn silence(&mut self) {
        self.stream.get_mut().drain().await;
    }

    /// Closes the connection.
    pub(super) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.to_owned().into(),
        };
        if self.stream.close(Some(frame)).await.is_ok() {
            // Until the client has seen it.
            while let Some(Ok(_)) = self.stream.next().await {}
        }
    }
}

/// The first half of the frame of a message.
fn half(message: &Message) -> Vec<u8> {
    let payload = message.clone().into_data();
    let mut frame = vec![if message.is_binary() { 0x82 } else { 0x81 }];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..126) => frame.push(length as u8),
        Ok(length) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(&payload[..payload.len() / 2]);
    frame
}
