//! A connection to which bytes can be given back that were read too early.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A connection that changes hands between hyper and the hand-written responder.
#[derive(Debug)]
pub(crate) struct Rewind {
    early: Bytes,
    stream: TcpStream,
}

/// How much a client may send ahead before it is no longer read from.
const MAX_EARLY: usize = 64 * 1024;

impl Rewind {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self {
            early: Bytes::new(),
            stream,
        }
    }

    pub(crate) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Puts bytes back in front of those not read yet.
    pub(crate) fn give_back(&mut self, bytes: &Bytes) {
        if !bytes.is_empty() {
            self.early = [bytes.as_ref(), self.early.as_ref()].concat().into();
        }
    }

    /// Waits until the client closes its side. What it sends before that is kept.
    pub(crate) async fn until_peer_leaves(&mut self) {
        let mut buffer = [0; 1024];
        while self.early.len() < MAX_EARLY {
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => self.early = [self.early.as_ref(), &buffer[..count]].concat().into(),
            }
        }
        // A client that sends this much unasked is not listening to us either.
    }

    /// Reads and forgets until the client closes its side.
    pub(crate) async fn drain(&mut self) {
        let mut buffer = [0; 4096];
        while matches!(self.stream.read(&mut buffer).await, Ok(count) if count > 0) {}
    }
}

impl AsyncRead for Rewind {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let count = self.early.len().min(buf.remaining());
        buf.put_slice(&self.early[..count]);
        self.early.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewind {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}
