//! A streaming response body.

use std::{
    error::Error as StdError,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::Body as HttpBody;

use crate::{Error, ErrorKind};

type BoxError = Box<dyn StdError + Send + Sync>;

/// The unread body of a response.
///
/// Dropping it aborts the transfer. Trailers are skipped.
pub struct Body(Inner);

enum Inner {
    Full(Option<Bytes>),
    // Not boxed: this is the hot path, and `reqwest::Body` is boxed internally.
    Reqwest(reqwest::Body),
    Boxed(Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send + Sync>>),
}

impl Body {
    /// Creates a body that yields `bytes` in one chunk.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Inner::Full(Some(bytes.into())))
    }

    /// Creates a body from any [`http_body::Body`], for implementations of
    /// [`SendRequest`](crate::SendRequest).
    #[must_use]
    pub fn wrap<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error = BoxError> + Send + Sync + 'static,
    {
        Self(Inner::Boxed(Box::pin(body)))
    }

    pub(crate) fn from_reqwest(body: reqwest::Body) -> Self {
        Self(Inner::Reqwest(body))
    }

    /// Polls for the next chunk; `None` is the end of the body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Network`] when the connection is lost before the end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let frame = match &mut self.0 {
                Inner::Full(bytes) => return Poll::Ready(bytes.take().map(Ok)),
                Inner::Reqwest(body) => match ready!(Pin::new(body).poll_frame(cx)) {
                    Some(frame) => frame.map_err(|error| interrupted(error.without_url())),
                    None => return Poll::Ready(None),
                },
                Inner::Boxed(body) => match ready!(body.as_mut().poll_frame(cx)) {
                    Some(frame) => frame.map_err(interrupted),
                    None => return Poll::Ready(None),
                },
            };
            match frame {
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok(frame) => {
                    // Trailers end up in the `Err` side and are not needed.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }

    /// Waits for the next chunk; `None` is the end of the body.
    ///
    /// # Errors
    ///
    /// Same as [`Body::poll_chunk`].
    pub async fn chunk(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// Reads the whole body, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`] when the body is longer, [`ErrorKind::Network`] when the connection is
    /// lost before the end.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let (bytes, end) = self.read_up_to(limit).await;
        match end {
            End::Complete => Ok(bytes),
            End::Limit => Err(Error::too_large("response body", limit)),
            End::Broken(error) => Err(error),
        }
    }

    /// Reads up to `limit` bytes, ignoring errors: part of an error body is better than nothing.
    pub(crate) async fn bytes_lossy(mut self, limit: usize) -> Bytes {
        self.read_up_to(limit).await.0
    }

    async fn read_up_to(&mut self, limit: usize) -> (Bytes, End) {
        let mut whole = BytesMut::new();
        loop {
            match self.chunk().await {
                None => return (whole.freeze(), End::Complete),
                Some(Err(error)) => return (whole.freeze(), End::Broken(error)),
                Some(Ok(piece)) => {
                    let room = limit - whole.len();
                    whole.extend_from_slice(&piece[..piece.len().min(room)]);
                    if piece.len() > room {
                        return (whole.freeze(), End::Limit);
                    }
                }
            }
        }
    }
}

enum End {
    Complete,
    Limit,
    Broken(Error),
}

fn interrupted(error: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Network)
        .with_message("the connection was lost")
        .with_source(error)
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_whole_bodies_up_to_the_limit() {
        assert_eq!(Body::full("abc").bytes(3).await.unwrap(), "abc");
        let error = Body::full("abcd").bytes(3).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(error.to_string(), "response body is larger than 3 bytes");
    }

    #[tokio::test]
    async fn lossy_reads_keep_the_part_that_fits() {
        assert_eq!(Body::full("abcd").bytes_lossy(3).await, "abc");
    }
}
