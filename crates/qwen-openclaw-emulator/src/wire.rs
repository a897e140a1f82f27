//! A small HTTP/1.1 responder for what hyper would never send.

use std::{fmt::Write as _, io, time::Duration};

use bytes::Bytes;
use http::Version;
use tokio::{io::AsyncWriteExt, time::sleep};

use crate::{
    reply::{End, Framing, HeadTime, Reply, Step},
    rewind::Rewind,
};

/// What is left of a connection after a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum After {
    /// The next request can be read.
    Open,
    /// Over, as the reply wanted it.
    Closed,
    /// Over, because the client left before the reply was.
    Abandoned,
}

/// The request a reply answers, as far as it matters for the framing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) version: Version,
    pub(crate) keep_alive: bool,
    /// Whether the method is `HEAD`, whose answers have no body.
    pub(crate) head_only: bool,
}

/// Sends `reply` over `io`.
pub(crate) async fn send(io: &mut Rewind, reply: &Reply, asked: Asked) -> After {
    let mut writer = Writer {
        framing: framing(reply, asked),
        size: reply.write_size,
        io,
    };
    let sent = writer.send(reply, asked).await;
    sent.unwrap_or(After::Abandoned)
}

/// An HTTP/1.0 client knows no chunks.
fn framing(reply: &Reply, asked: Asked) -> Framing {
    if reply.framing == Framing::Chunked && asked.version < Version::HTTP_11 {
        Framing::UntilClose
    } else {
        reply.framing
    }
}

struct Writer<'a> {
    io: &'a mut Rewind,
    framing: Framing,
    size: Option<usize>,
}

impl Writer<'_> {
    async fn send(&mut self, reply: &Reply, asked: Asked) -> io::Result<After> {
        match reply.head {
            HeadTime::Never => {
                self.io.until_peer_leaves().await;
                return Ok(After::Closed);
            }
            HeadTime::After(delay) => self.pause(delay).await?,
        }
        if self.framing != Framing::Raw {
            let head = self.head(reply, asked);
            self.io.write_all(head.as_bytes()).await?;
        }
        if asked.head_only && self.framing != Framing::Raw {
            // Where the body would tell the end, the connection must not be used again.
            self.framing = match self.framing {
                Framing::UntilClose => Framing::UntilClose,
                _ => Framing::Length,
            };
            return self.complete(asked).await;
        }
        for step in &reply.steps {
            match step {
                Step::Write(bytes) => self.body(bytes).await?,
                Step::Pause(pause) => self.pause(*pause).await?,
            }
        }
        self.finish(&reply.end, asked).await
    }

    async fn finish(&mut self, end: &End, asked: Asked) -> io::Result<After> {
        match end {
            End::Complete => self.complete(asked).await,
            End::Late(delay) => {
                self.pause(*delay).await?;
                self.complete(asked).await
            }
            End::Eof => self.close().await,
            End::Reset => {
                // Lingering for no time at all makes the close that follows a reset.
                socket2::SockRef::from(self.io.stream()).set_linger(Some(Duration::ZERO))?;
                Ok(After::Closed)
            }
            End::Hang => {
                self.io.until_peer_leaves().await;
                Ok(After::Closed)
            }
            End::Endless { chunk, every } => loop {
                self.pause(*every).await?;
                self.body(chunk).await?;
            },
        }
    }

    async fn complete(&mut self, asked: Asked) -> io::Result<After> {
        if self.framing == Framing::Chunked {
            self.pieces(b"0\r\n\r\n").await?;
        }
        let framed = matches!(self.framing, Framing::Chunked | Framing::Length);
        if framed && asked.keep_alive {
            Ok(After::Open)
        } else {
            self.close().await
        }
    }

    /// Closes our side only: closing both while the client still sends would reset the connection
    /// and could destroy what it has not read yet.
    async fn close(&mut self) -> io::Result<After> {
        self.io.shutdown().await?;
        self.io.drain().await;
        Ok(After::Closed)
    }

    fn head(&self, reply: &Reply, asked: Asked) -> String {
        let reason = http::StatusCode::from_u16(reply.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Unknown");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", reply.status);
        let mut line = |name: &str, value: &str| {
            // Writing to a String cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        };
        for (name, value) in &reply.headers {
            line(name, value);
        }
        match self.framing {
            Framing::Chunked => line("transfer-encoding", "chunked"),
            Framing::Length => line("content-length", &reply.length().to_string()),
            Framing::UntilClose | Framing::Raw => {}
        }
        if !asked.keep_alive || self.framing == Framing::UntilClose {
            line("connection", "close");
        }
        head.push_str("\r\n");
        head
    }

    /// Writes a chunk of the body.
    async fn body(&mut self, bytes: &Bytes) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.framing != Framing::Chunked {
            return self.pieces(bytes).await;
        }
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.pieces(&framed).await
    }

    async fn pieces(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(size) = self.size else {
            return self.io.write_all(bytes).await;
        };
        for piece in bytes.chunks(size) {
            self.io.write_all(piece).await?;
            // The reader gets a chance to see the piece alone.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits, but not for a client that has left.
    async fn pause(&mut self, pause: Duration) -> io::Result<()> {
        if pause.is_zero() {
            return Ok(());
        }
        tokio::select! {
            biased;
            () = sleep(pause) => Ok(()),
            () = self.io.until_peer_leaves() => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}
