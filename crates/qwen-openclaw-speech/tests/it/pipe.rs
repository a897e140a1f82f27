//! A server of WebSockets in memory, and the part of the service that speaks.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode};
use qwen_openclaw_speech::{
    Client,
    auth::{ApiKey, async_trait},
    http::{
        self as qwen, Body, Error, ErrorKind, Lookup, RetryPolicy, SendRequest, Upgrade, Upgraded,
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};

pub(crate) type Server = WebSocketStream<DuplexStream>;

/// A sender that opens WebSockets only, and hands the other end to the test.
#[derive(Debug)]
struct Pipe {
    servers: mpsc::UnboundedSender<(String, Server)>,
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
        let (here, there) = duplex(1 << 12);
        let server = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
        let url = request.uri().to_string();
        assert_eq!(
            request.headers()["authorization"],
            "Bearer sk-0123456789abcdef"
        );
        self.servers.send((url, server)).unwrap();
        let key = &request.headers()["sec-websocket-key"];
        let accept = derive_accept_key(key.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(
            "sec-websocket-accept",
            HeaderValue::try_from(accept).unwrap(),
        );
        headers.insert("connection", HeaderValue::from_static("Upgrade"));
        headers.insert("upgrade", HeaderValue::from_static("websocket"));
        let mut response = http::Response::new(Upgrade::Accepted(Upgraded::new(here)));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        Ok(response)
    }

    fn lookup(&self) -> Lookup {
        Lookup::Never
    }
}

/// A client, and the connections that it opens.
pub(crate) fn client() -> (Client, mpsc::UnboundedReceiver<(String, Server)>) {
    let (servers, opened) = mpsc::unbounded_channel();
    let http = qwen::Client::builder()
        .sender(Pipe { servers })
        .build()
        .unwrap();
    let base = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";
    let client = Client::builder(base, ApiKey::parse("sk-0123456789abcdef").unwrap())
        .http(http)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    (client, opened)
}

/// What was said to the server: actions, and the texts.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// Speaks: 480 bytes of audio for each character, which is 10 ms at 24 kHz. It goes on until the client
/// has closed the connection.
pub(crate) async fn speak(mut server: Server, log: Log) {
    let mut characters = 0;
    while let Some(Ok(message)) = server.next().await {
        let Message::Text(message) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(&message).unwrap();
        let action = message["header"]["action"].as_str().unwrap().to_owned();
        let id = message["header"]["task_id"].clone();
        let event = |event: &str, payload: Value| {
            let header = json!({"task_id": id, "event": event, "attributes": {}});
            Message::text(json!({"header": header, "payload": payload}).to_string())
        };
        match &*action {
            "run-task" => {
                characters = 0;
                log.lock().unwrap().push(action);
                server.send(event("task-started", json!({}))).await.unwrap();
            }
            "continue-task" => {
                let text = message["payload"]["input"]["text"].as_str().unwrap();
                log.lock().unwrap().push(text.to_owned());
                characters += text.chars().count();
                let audio = vec![1; 480 * text.chars().count()];
                server.send(Message::binary(audio)).await.unwrap();
                let words = json!([{"text": text, "begin_time": 0, "end_time": 10}]);
                let output = json!({"type": "sentence-end", "original_text": text,
                    "sentence": {"index": 0, "words": words}});
                let payload = json!({"output": output, "usage": {"characters": characters}});
                server
                    .send(event("result-generated", payload))
                    .await
                    .unwrap();
            }
            _ => {
                log.lock().unwrap().push(action);
                let payload = json!({"usage": {"characters": characters}});
                server.send(event("task-finished", payload)).await.unwrap();
            }
        }
    }
    log.lock().unwrap().push("closed".to_owned());
}
