//! A WebSocket client for tests.

use futures_util::{SinkExt, StreamExt};
use qwen_openclaw_emulator::Emulator;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// A socket on the emulator.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// What arrives on a socket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    Event(Value),
    Audio(Vec<u8>),
    /// Text that is not JSON.
    Text(String),
    /// A close, with its code.
    Closed(u16),
    /// The end without a close.
    Broken,
}

impl Got {
    pub(crate) fn event(self) -> Value {
        match self {
            Self::Event(event) => event,
            other => panic!("{other:?} is not an event"),
        }
    }
}

impl Socket {
    /// Opens a socket, or returns the status with which the handshake was refused.
    pub(crate) async fn open(
        emulator: &Emulator,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let address = emulator.origin().strip_prefix("http://").unwrap();
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .unwrap();
        let headers = headers.iter().chain(&[("authorization", "Bearer sk-test")]);
        for (name, value) in headers {
            let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().entry(name).or_insert(value);
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    pub(crate) async fn inference(emulator: &Emulator) -> Self {
        let opened = Self::open(emulator, "/api-ws/v1/inference", &[]).await;
        opened.unwrap_or_else(|status| panic!("{status}"))
    }

    pub(crate) async fn realtime(emulator: &Emulator, model: &str) -> Self {
        let path = format!("/api-ws/v1/realtime?model={model}");
        let opened = Self::open(emulator, &path, &[]).await;
        opened.unwrap_or_else(|status| panic!("{status}"))
    }

    pub(crate) async fn send(&mut self, event: Value) {
        self.0.send(Message::text(event.to_string())).await.unwrap();
    }

    pub(crate) async fn send_audio(&mut self, audio: &[u8]) {
        self.0.send(Message::binary(audio.to_vec())).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Got {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(event) => Got::Event(event),
                Err(_) => Got::Text(text.to_string()),
            },
            Some(Ok(Message::Binary(audio))) => Got::Audio(audio.to_vec()),
            Some(Ok(Message::Close(frame))) => {
                Got::Closed(frame.map_or(1005, |frame| frame.code.into()))
            }
            _ => Got::Broken,
        }
    }

    /// Receives until a message that is wanted, which is the last.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Got) -> bool) -> Vec<Got> {
        let mut got = Vec::new();
        loop {
            let next = self.next().await;
            let last = wanted(&next) || matches!(next, Got::Closed(_) | Got::Broken);
            got.push(next);
            if last {
                return got;
            }
        }
    }

    /// Receives until an event of this kind, by its header or its type.
    pub(crate) async fn until_event(&mut self, kind: &str) -> Vec<Got> {
        self.until(|got| matches!(got, Got::Event(event) if name(event) == kind))
            .await
    }

    pub(crate) async fn close(mut self) {
        self.0.close(None).await.unwrap();
        while self.0.next().await.is_some() {}
    }
}

/// The kind of an event.
pub(crate) fn name(event: &Value) -> &str {
    let header = event["header"]["event"].as_str();
    header
        .or_else(|| event["type"].as_str())
        .unwrap_or_default()
}

/// The audio of what arrived.
pub(crate) fn audio(got: &[Got]) -> Vec<u8> {
    let pieces = got.iter().filter_map(|got| match got {
        Got::Audio(audio) => Some(&**audio),
        _ => None,
    });
    pieces.collect::<Vec<_>>().concat()
}

/// The events of what arrived.
pub(crate) fn events(got: &[Got]) -> Vec<Value> {
    let events = got.iter().filter_map(|got| match got {
        Got::Event(event) => Some(event.clone()),
        _ => None,
    });
    events.collect()
}
