//! A small HTTP client that hides nothing of what arrives.

use std::io;

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to the emulator.
pub(crate) struct Client {
    stream: TcpStream,
    address: String,
    buffer: Vec<u8>,
}

/// What arrived for a request.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    /// The HTTP chunks; for other framings the body is the only one.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// Whether the body came to its proper end.
    pub(crate) complete: bool,
    /// How the connection failed, if it did.
    pub(crate) error: Option<io::ErrorKind>,
}

impl Client {
    pub(crate) async fn connect(emulator: &Emulator) -> Self {
        let address = emulator.origin().strip_prefix("http://").unwrap();
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            address: address.to_owned(),
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.write(request.as_bytes()).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a chat request to the Standard endpoint.
    pub(crate) async fn chat(&mut self, body: &Value, headers: &[(&str, &str)]) {
        let mut all = vec![
            ("authorization", "Bearer sk-test"),
            ("content-type", "application/json"),
        ];
        all.extend(headers);
        self.send(
            "POST",
            "/compatible-mode/v1/chat/completions",
            &all,
            &body.to_string(),
        )
        .await;
    }

    /// Sends a request to DashScope's own API.
    pub(crate) async fn native(&mut self, path: &str, body: &Value, headers: &[(&str, &str)]) {
        let mut all = vec![
            ("authorization", "Bearer sk-test"),
            ("content-type", "application/json"),
        ];
        all.extend(headers);
        let path = format!("/api/v1{path}");
        self.send("POST", &path, &all, &body.to_string()).await;
    }

    /// Reads more; false at the end of the connection.
    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }

    /// Takes bytes up to and with a delimiter.
    async fn until(&mut self, delimiter: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            let found = self
                .buffer
                .windows(delimiter.len())
                .position(|window| window == delimiter);
            if let Some(at) = found {
                return Ok(self.buffer.drain(..at + delimiter.len()).collect());
            }
            if !self.fill().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(crate) async fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            if !self.fill().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// Reads the head of an answer.
    pub(crate) async fn head(&mut self) -> io::Result<Answer> {
        let head = String::from_utf8(self.until(b"\r\n\r\n").await?)
            .unwrap()
            .to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer {
            status,
            head,
            ..Answer::default()
        })
    }

    /// Reads the next HTTP chunk, empty for the last.
    pub(crate) async fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let line = String::from_utf8(self.until(b"\r\n").await?).unwrap();
        let size = usize::from_str_radix(line.trim(), 16).unwrap();
        let mut chunk = self.exactly(size + 2).await?;
        chunk.truncate(size);
        Ok(chunk)
    }

    /// Reads a whole answer, or as much as comes.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = match self.head().await {
            Ok(answer) => answer,
            Err(error) => {
                return Answer {
                    error: Some(error.kind()),
                    ..Answer::default()
                };
            }
        };
        if let Err(error) = self.body(&mut answer).await {
            answer.error = Some(error.kind());
        }
        answer
    }

    /// Reads the rest of a chunked answer whose head was read, and tells whether it is complete.
    pub(crate) async fn answer_rest(&mut self) -> bool {
        loop {
            match self.chunk().await {
                Ok(chunk) if chunk.is_empty() => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    async fn body(&mut self, answer: &mut Answer) -> io::Result<()> {
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let chunk = self.chunk().await?;
                if chunk.is_empty() {
                    answer.complete = true;
                    return Ok(());
                }
                answer.chunks.push(chunk);
            }
        }
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.chunks.push(self.exactly(length).await?);
        } else {
            answer.chunks.push(self.rest().await?);
        }
        answer.complete = true;
        Ok(())
    }

    /// Reads to the end of the connection.
    pub(crate) async fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill().await? {}
        Ok(std::mem::take(&mut self.buffer))
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| (key == name).then_some(value))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.chunks.concat()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The payloads of the events, read in the plainest way.
    pub(crate) fn payloads(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(str::to_owned).collect()
    }

    /// The events that are chunks, `[DONE]` left out.
    pub(crate) fn events(&self) -> Vec<Value> {
        let payloads = self.payloads();
        let chunks = payloads.iter().filter(|payload| *payload != "[DONE]");
        chunks
            .map(|payload| serde_json::from_str(payload).unwrap())
            .collect()
    }

    /// The text of the first choice.
    pub(crate) fn content(&self) -> String {
        join(&self.events(), "content")
    }

    /// The thoughts of the first choice.
    pub(crate) fn reasoning(&self) -> String {
        join(&self.events(), "reasoning_content")
    }
}

fn join(events: &[Value], field: &str) -> String {
    let deltas = events
        .iter()
        .map(|event| &event["choices"][0]["delta"][field]);
    deltas.filter_map(Value::as_str).collect()
}

/// A streamed chat request with one message.
pub(crate) fn stream(model: &str, prompt: &str) -> Value {
    json!({
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": true,
        "stream_options": {"include_usage": true},
    })
}

/// Sends a chat request on a connection of its own and reads the answer.
pub(crate) async fn ask(emulator: &Emulator, body: &Value) -> Answer {
    let mut client = Client::connect(emulator).await;
    client.chat(body, &[]).await;
    client.answer().await
}
