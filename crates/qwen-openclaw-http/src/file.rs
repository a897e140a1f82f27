//! Request bodies that are read from a file while they are sent.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::{Error, ErrorKind};

/// How much of a file is in memory at a time.
const PIECE: usize = 64 << 10;

/// The file of a multipart form that is read while it is sent.
#[derive(Clone, Copy, Debug)]
pub struct FormPath<'a> {
    /// The name of the field.
    pub field: &'a str,
    /// The file name to send.
    pub file_name: &'a str,
    /// The media type of the file.
    pub media_type: &'a str,
    /// Where the file is.
    pub path: &'a Path,
}

/// A request body: the content of a file, and what is sent before and after it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FileBody {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    head: String,
    path: PathBuf,
    /// The length of the file when the request was made.
    length: u64,
    tail: String,
}

impl FileBody {
    pub(crate) fn new(head: String, path: &Path, tail: String) -> Result<Self, Error> {
        let about = File::open(path).and_then(|file| file.metadata());
        let about = about.map_err(|error| unreadable(path, error))?;
        if !about.is_file() {
            let error = io::Error::other("it is not a regular file");
            return Err(unreadable(path, error));
        }
        let inner = Inner {
            head,
            path: path.to_owned(),
            length: about.len(),
            tail,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Returns the length of the whole body in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        let Inner {
            head, length, tail, ..
        } = &*self.inner;
        length.saturating_add((head.len() + tail.len()) as u64)
    }

    /// Reads the whole body.
    ///
    /// # Errors
    ///
    /// [`Storage`](ErrorKind::Storage) when the file cannot be read, or has another length than when the
    /// request was made.
    pub async fn read(&self) -> Result<Bytes, Error> {
        let mut reader = self.open().await?;
        let mut body = BytesMut::new();
        while let Some(piece) = reader.next().await {
            body.extend_from_slice(&piece.map_err(|error| unreadable(&self.inner.path, error))?);
        }
        Ok(body.freeze())
    }

    pub(crate) async fn open(&self) -> Result<Reader, Error> {
        let path = &self.inner.path;
        let file = tokio::fs::File::open(path).await;
        let file = file.map_err(|error| unreadable(path, error))?;
        Ok(Reader {
            // One byte more than there should be, to see whether there is more.
            file: Box::pin(file.take(self.inner.length.saturating_add(1))),
            piece: vec![0; PIECE].into(),
            left: self.inner.length,
            next: Next::Head,
            body: self.clone(),
        })
    }
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::unsent(ErrorKind::Storage)
        .with_message(format!("could not read {}: {error}", path.display()))
        .with_source(error)
}

/// A body while it is read.
pub(crate) struct Reader {
    body: FileBody,
    file: Pin<Box<tokio::io::Take<tokio::fs::File>>>,
    piece: Box<[u8]>,
    left: u64,
    next: Next,
}

#[derive(Clone, Copy)]
enum Next {
    Head,
    File,
    Tail,
    End,
}

impl Reader {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        std::future::poll_fn(|cx| self.poll_piece(cx)).await
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let inner = &*self.body.inner;
        match self.next {
            Next::Head => {
                self.next = Next::File;
                Poll::Ready(Some(Ok(Bytes::copy_from_slice(inner.head.as_bytes()))))
            }
            Next::File => {
                let mut piece = ReadBuf::new(&mut self.piece);
                let read = ready!(self.file.as_mut().poll_read(cx, &mut piece));
                let piece = piece.filled();
                let rest = self.left.checked_sub(piece.len() as u64);
                Poll::Ready(Some(match (read, rest) {
                    (Ok(()), Some(0)) if piece.is_empty() => {
                        self.next = Next::Tail;
                        return self.poll_piece(cx);
                    }
                    (Ok(()), Some(rest)) if !piece.is_empty() => {
                        self.left = rest;
                        Ok(Bytes::copy_from_slice(piece))
                    }
                    (Ok(()), _) => {
                        self.next = Next::End;
                        Err(io::Error::other("the file changed while it was sent"))
                    }
                    (Err(error), _) => {
                        self.next = Next::End;
                        Err(error)
                    }
                }))
            }
            Next::Tail => {
                self.next = Next::End;
                Poll::Ready(Some(Ok(Bytes::copy_from_slice(inner.tail.as_bytes()))))
            }
            Next::End => Poll::Ready(None),
        }
    }
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = ready!(self.poll_piece(cx));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.next, Next::End)
    }

    fn size_hint(&self) -> SizeHint {
        // Asked for before anything is read.
        match self.next {
            Next::Head => SizeHint::with_exact(self.body.length()),
            _ => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Mutex};

    use async_trait::async_trait;
    use tempfile::NamedTempFile;
    use wiremock::{
        Mock, MockServer, ResponseTemplate,
        matchers::{header, method},
    };

    use super::*;
    use crate::{Body, Client, Request, SendRequest};

    fn file(content: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn upload(client: &Client, url: &str, path: &Path) -> Result<Request, Error> {
        let file = FormPath {
            field: "file",
            file_name: "lines.jsonl",
            media_type: "application/jsonl",
            path,
        };
        client
            .post(url)
            .multipart_file(&[("purpose", "batch")], &file)
    }

    #[tokio::test]
    async fn a_file_is_sent_as_a_form_with_its_length() {
        let content: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
        let file = file(&content);
        let client = Client::builder().build().unwrap();
        let server = MockServer::start().await;
        let request = upload(&client, &server.uri(), file.path()).unwrap();
        let length = request.file.as_ref().unwrap().length();
        Mock::given(method("POST"))
            .and(header("content-length", length.to_string()))
            .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
            .expect(2)
            .mount(&server)
            .await;
        // Twice, as after a failure.
        for request in [request.clone(), request] {
            client.json::<serde_json::Value>(request).await.unwrap();
        }
        let seen = server.received_requests().await.unwrap();
        let form = seen[0].headers["content-type"].to_str().unwrap();
        let boundary = form.strip_prefix("multipart/form-data; boundary=").unwrap();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"lines.jsonl\"\r\nContent-Type: application/jsonl\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let expected = [head.as_bytes(), &content, tail.as_bytes()].concat();
        assert!(seen.iter().all(|seen| seen.body == expected));
    }

    #[tokio::test]
    async fn a_sender_of_the_caller_gets_the_whole_body() {
        #[derive(Debug)]
        struct Keep(Arc<Mutex<Bytes>>);

        #[async_trait]
        impl SendRequest for Keep {
            async fn send(
                &self,
                request: http::Request<Bytes>,
            ) -> Result<http::Response<Body>, Error> {
                *self.0.lock().unwrap() = request.into_body();
                Ok(http::Response::new(Body::full("{}")))
            }
        }

        let kept = Arc::default();
        let client = Client::builder().sender(Keep(Arc::clone(&kept)));
        let client = client.build().unwrap();
        let file = file(b"one\ntwo\n");
        let request = upload(&client, "https://a.example/", file.path()).unwrap();
        let length = request.file.as_ref().unwrap().length();
        client.send(request).await.unwrap();
        let kept = kept.lock().unwrap();
        assert_eq!(kept.len() as u64, length);
        assert!(kept.windows(12).any(|part| part == b"\r\n\r\none\ntwo\n"));
    }

    #[tokio::test]
    async fn a_file_that_changes_is_not_sent_as_if_it_were_whole() {
        let client = Client::builder().build().unwrap();
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200))
            .expect(0)
            .mount(&server)
            .await;
        for change in [2, 5] {
            let file = file(b"abcd");
            let request = upload(&client, &server.uri(), file.path()).unwrap();
            file.as_file().set_len(change).unwrap();
            let body = request.file.clone().unwrap();
            let error = body.read().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert!(
                error
                    .to_string()
                    .ends_with("the file changed while it was sent")
            );
            client.send(request).await.unwrap_err();
        }
    }

    #[test]
    fn what_is_no_file_is_refused_before_anything_is_sent() {
        let client = Client::builder().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), &folder.path().join("none")] {
            let error = upload(&client, "https://a.example/", path).unwrap_err();
            assert_eq!(
                (error.kind(), error.was_sent()),
                (ErrorKind::Storage, false)
            );
            assert!(error.to_string().contains(&*path.to_string_lossy()));
        }
    }
}
