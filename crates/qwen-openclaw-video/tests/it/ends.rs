//! How a download ends on a real connection, where the end of a body is the end of a connection or
//! of its framing.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_http::RetryPolicy;
use qwen_openclaw_video::{
    Client, Error, ErrorKind, VideoRequest,
    task::{PollSchedule, SaveOptions},
};

use crate::standard;

/// A file that is large enough to be half there.
fn clip() -> Vec<u8> {
    let mut clip = b"\0\0\0\x18ftypisom".to_vec();
    clip.extend(vec![7; 5_000]);
    clip
}

/// The last answer for the file is given again and again.
struct Server {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(files: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, address) = (Arc::clone(&asked), base.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let head = read_request(&mut connection);
                let answer = match head.split(' ').nth(1).unwrap() {
                    "/clip.mp4" => {
                        let mut seen = seen.lock().unwrap();
                        let answer = files[seen.len().min(files.len() - 1)].clone();
                        seen.push(head);
                        answer
                    }
                    _ => task(&address),
                };
                // Who has heard enough is gone.
                let _ = connection.write_all(&answer);
            }
        });
        Self { base, asked }
    }

    async fn save(&self) -> Result<Vec<u8>, Error> {
        let retry = RetryPolicy::default()
            .base(Duration::from_millis(2))
            .retries(2);
        let polls = PollSchedule::default().first(Duration::from_millis(2));
        let client = Client::builder(&self.base, ApiKey::parse(standard()).unwrap());
        let client = client.tasks(|tasks| tasks.schedule(polls)).build().unwrap();
        let request = VideoRequest::new("wan2.6-t2v").prompt("a cat").seconds(2);
        let done = client.submit(&request).await?.wait().await?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        let options = SaveOptions::default().retry(retry);
        let saved = done.save_with(&path, options, |_| {}).await;
        assert_eq!(saved.is_ok(), path.exists());
        saved.map(|_| fs::read(&path).unwrap())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The head of a request; its body is read and forgotten.
fn read_request(connection: &mut impl Read) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        text.extend(byte);
    }
    let head = String::from_utf8(text).unwrap().to_ascii_lowercase();
    let length = head
        .split("\r\ncontent-length: ")
        .nth(1)
        .map_or(0, |rest| rest.split('\r').next().unwrap().parse().unwrap());
    connection.read_exact(&mut vec![0; length]).unwrap();
    head
}

fn task(base: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"output":{{"task_id":"t","task_status":"SUCCEEDED","video_url":"{base}/clip.mp4"}}}}"#
    );
    answer(
        "200 OK",
        &format!("content-length: {}", body.len()),
        body.as_bytes(),
    )
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn chunks(body: &[u8], end: &str) -> Vec<u8> {
    let chunk = format!("{:x}\r\n", body.len());
    let body = [chunk.as_bytes(), body, b"\r\n", end.as_bytes()].concat();
    answer("200 OK", "transfer-encoding: chunked", &body)
}

#[tokio::test]
async fn the_end_of_a_connection_is_not_the_end_of_a_file() {
    // Half of it, and nobody says how long it is.
    let half = answer("200 OK", "etag: \"one\"", &clip()[..2_000]);
    let rest = format!(
        "etag: \"one\"\r\ncontent-length: {}\r\ncontent-range: bytes 1999-{}/{}",
        clip().len() - 1_999,
        clip().len() - 1,
        clip().len()
    );
    let rest = answer("206 Partial Content", &rest, &clip()[1_999..]);
    let server = Server::start(vec![half, rest]);
    assert_eq!(server.save().await.unwrap(), clip());
    let asked = server.asked();
    assert!(asked[1].contains("\r\nrange: bytes=1999-\r\n"), "{asked:?}");
    assert!(asked[1].contains("\r\nif-range: \"one\"\r\n"), "{asked:?}");

    let server = Server::start(vec![answer("200 OK", "x: y", &clip()[..2_000])]);
    let error = server.save().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn the_last_chunk_is_the_end_of_a_file() {
    let server = Server::start(vec![
        chunks(&clip()[..2_000], ""),
        chunks(&clip(), "0\r\n\r\n"),
    ]);
    assert_eq!(server.save().await.unwrap(), clip());
    assert_eq!(server.asked().len(), 2);
}
