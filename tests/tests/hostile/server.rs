//! A server that writes to its connections what a script says, HTTP or not.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// What a server does with a connection, once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// The same again and again, until nobody reads it.
    Forever(Vec<u8>),
    /// As `Forever`, with a pause before each.
    Slowly(Vec<u8>, Duration),
    /// So many times.
    Times(Vec<u8>, usize),
    Wait(Duration),
    /// Ends the connection with a reset; otherwise it ends in order.
    Reset,
}

pub(crate) fn write(text: impl Into<Vec<u8>>) -> Step {
    Step::Write(text.into())
}

/// The head of an answer whose body ends with the connection.
pub(crate) fn head(status: &str, fields: &str) -> Step {
    write(format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{fields}\r\n"
    ))
}

pub(crate) fn events() -> Step {
    head("200 OK", "content-type: text/event-stream\r\n")
}

/// An answer with its length.
pub(crate) fn answer(status: &str, fields: &str, body: &[u8]) -> Vec<Step> {
    let length = format!("content-length: {}\r\n{fields}", body.len());
    vec![head(status, &length), write(body)]
}

/// Something that many bytes can be made of quickly.
pub(crate) fn block(text: &str) -> Vec<u8> {
    text.repeat((32 << 10) / text.len()).into_bytes()
}

type Script = dyn Fn(usize, &str) -> Vec<Step> + Send + Sync;

/// A server on loopback. It ends with the runtime.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `script` gets the number of the request, from 0, and its head.
    pub(crate) async fn start(
        script: impl Fn(usize, &str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
        };
        let requests = server.requests.clone();
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, requests.clone(), script.clone()));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, begin: &str) -> usize {
        let requests = self.requests();
        requests
            .iter()
            .filter(|head| head.starts_with(begin))
            .count()
    }
}

async fn serve(mut stream: TcpStream, requests: Arc<Mutex<Vec<String>>>, script: Arc<Script>) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let number = {
        let mut requests = requests.lock().unwrap();
        requests.push(request.clone());
        requests.len() - 1
    };
    // Whoever is written to may have heard enough.
    let _ = run(&mut stream, script(number, &request)).await;
}

async fn run(stream: &mut TcpStream, steps: Vec<Step>) -> std::io::Result<()> {
    for step in steps {
        match step {
            Step::Write(bytes) => stream.write_all(&bytes).await?,
            Step::Forever(bytes) => loop {
                stream.write_all(&bytes).await?;
                tokio::task::yield_now().await;
            },
            Step::Slowly(bytes, pause) => loop {
                sleep(pause).await;
                stream.write_all(&bytes).await?;
            },
            Step::Times(bytes, times) => {
                for _ in 0..times {
                    stream.write_all(&bytes).await?;
                }
            }
            Step::Wait(time) => sleep(time).await,
            Step::Reset => {
                return socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
            }
        }
    }
    stream.shutdown().await?;
    // Data that is left unread would make a reset of the end.
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}
