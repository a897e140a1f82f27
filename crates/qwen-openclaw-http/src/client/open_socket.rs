//! Opening a WebSocket.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::{Client, failed, redirected};
use crate::{Error, ErrorKind, Request, Socket, SocketOptions, Upgrade};

impl Client {
    /// Opens a WebSocket with a GET `request`, whose URL may begin with `wss` as well as `https`, or
    /// with `ws` as well as `http`. Proxies, TLS, the rules for URLs and the time limit of the head are
    /// those of every request.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), qwen_openclaw_http::Error> {
    /// use qwen_openclaw_http::{Client, SocketMessage, SocketOptions};
    ///
    /// let client = Client::builder().build()?;
    /// let request = client.get("wss://dashscope-intl.aliyuncs.com/api-ws/v1/inference");
    /// let request = request.bearer("sk-...")?;
    /// let mut socket = client.open_socket(request, SocketOptions::default()).await?;
    /// socket.sender().send(SocketMessage::Text("{}".into())).await?;
    /// while let Some(message) = socket.next().await {
    ///     println!("{:?}", message?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Same as [`send`](Self::send) when the server refuses;
    /// [`Protocol`](ErrorKind::Protocol) when it answers something else;
    /// [`Setup`](ErrorKind::Setup) when a custom sender opens no WebSockets.
    pub async fn open_socket(
        &self,
        mut request: Request,
        options: SocketOptions,
    ) -> Result<Socket, Error> {
        request.url = over_http(request.url);
        let key = generate_key();
        let headers = [
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
        ];
        request.headers.extend(headers);
        request = request.header(SEC_WEBSOCKET_KEY.as_str(), &key)?;
        let secrets = request.secrets();
        let sent = self.exchange_by(request, &secrets, |sender, request| sender.upgrade(request));
        let (host, response) = sent.await?;
        let (head, upgrade) = response.into_parts();
        let upgraded = match upgrade {
            Upgrade::Accepted(upgraded) => upgraded,
            Upgrade::Refused(body) => {
                let status = head.status.as_u16();
                return Err(match status {
                    200..=299 => Error::new(ErrorKind::Protocol).with_message(format!(
                        "{host} answered with status {status} instead of a WebSocket"
                    )),
                    300..=399 => redirected(status, &host, &head.headers, &secrets),
                    _ => failed(status, &head.headers, body, &secrets).await,
                });
            }
        };
        if head.status != StatusCode::SWITCHING_PROTOCOLS || !agrees(&head.headers, &key) {
            return Err(Error::new(ErrorKind::Protocol)
                .with_message(format!("{host} did not open a WebSocket as asked")));
        }
        Ok(Socket::new(upgraded, host, secrets, options).await)
    }
}

/// The same URL in the scheme that the handshake is sent in.
fn over_http(url: String) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => format!("https://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http://{rest}"),
        _ => url,
    }
}

/// Whether the server agrees to the handshake with `key`, and is no cache that repeats another one.
fn agrees(headers: &HeaderMap, key: &str) -> bool {
    let says = |name, word: &str| {
        let values = headers.get_all(name).iter();
        let mut words = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        words.any(|found| found.trim().eq_ignore_ascii_case(word))
    };
    let accept = headers.get(SEC_WEBSOCKET_ACCEPT);
    says(UPGRADE, "websocket")
        && says(CONNECTION, "upgrade")
        && accept.is_some_and(|accept| accept == derive_accept_key(key.as_bytes()).as_str())
}
