//! The seam below the client: one request out, one response back.

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Body, Error};

/// Sends one request and answers with the response head and its unread body.
///
/// The client does everything else (limits, status handling, retries), so that an implementation
/// may be as small as a canned answer in a test. It must not follow redirects: a credential sent to
/// one host is not meant for another.
///
/// The trait is not called `Send`, as the marker trait of that name appears in every second
/// signature around it.
#[async_trait]
pub trait SendRequest: std::fmt::Debug + Send + Sync {
    /// Sends `request` and waits for the response head.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect) when nothing reached the server, otherwise
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted). A response with an error status is
    /// an `Ok` here.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error>;
}
