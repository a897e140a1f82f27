//! The sender underneath the client: one request out, one response back.

use async_trait::async_trait;
use bytes::Bytes;

#[cfg(feature = "files")]
use crate::FileBody;
use crate::{Body, Error};
#[cfg(feature = "ws")]
use crate::{ErrorKind, Upgrade};

/// Sends one request and returns the response head with its unread body.
///
/// The client handles limits and error statuses, so an implementation may be as small as a canned
/// response in a test. It must not follow redirects: a credential sent to one host is not meant for
/// another.
///
/// Client and sender together keep server-supplied URLs out of the caller's own network: the client
/// resolves the name, rejects private addresses, and puts a
/// [`CheckedTarget`](crate::CheckedTarget) into the request's extensions; the sender declares in
/// [`lookup`](Self::lookup) how it uses it.
///
/// The trait is not called `Send` because the marker trait of that name appears in so many
/// signatures around it.
#[async_trait]
pub trait SendRequest: std::fmt::Debug + Send + Sync {
    /// Sends `request` and waits for the response head.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Network`](crate::ErrorKind::Network), made with
    /// [`Error::unsent`](crate::Error::unsent) when nothing reached the server and with
    /// [`Error::new`](crate::Error::new) otherwise. A response with an error status is an `Ok`
    /// here.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error>;

    /// Sends `request` with a body that is read from a file. By default, all of it is read first.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`ErrorKind::Storage`](crate::ErrorKind::Storage) when the file cannot
    /// be read.
    #[cfg(feature = "files")]
    async fn send_file(
        &self,
        request: http::Request<()>,
        file: FileBody,
    ) -> Result<http::Response<Body>, Error> {
        let content = file.read().await?;
        self.send(request.map(|()| content)).await
    }

    /// Sends a request that asks for a WebSocket, and waits for the response head. By default, the
    /// sender does not do that.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`ErrorKind::Setup`](crate::ErrorKind::Setup) by default. A response
    /// that refuses is an `Ok` here.
    #[cfg(feature = "ws")]
    async fn upgrade(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Upgrade>, Error> {
        let _ = request;
        Err(Error::unsent(ErrorKind::Setup)
            .with_message("the sender of this HTTP client does not open WebSockets"))
    }

    /// Returns how this sender resolves names. The default is [`Lookup::Unchecked`], which trusts nothing.
    fn lookup(&self) -> Lookup {
        Lookup::Unchecked
    }
}

/// How a sender resolves names.
///
/// It determines what the client checks before it passes on a request to a server-supplied URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Lookup {
    /// It uses only the addresses of the request's [`CheckedTarget`](crate::CheckedTarget). If there
    /// are none, the request goes to a proxy or fails. Changing a name's addresses after the check
    /// has no effect.
    Checked,
    /// It does its own lookup. The client checks the name just before, and rejects one that does not
    /// resolve on this machine unless
    /// [`names_go_to_proxy`](crate::ClientBuilder::names_go_to_proxy) is set. A change of addresses
    /// in between goes unnoticed.
    Unchecked,
    /// It does not connect to anything, like a canned response, so no names are looked up.
    Never,
}
