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
/// Addresses that a server gave are kept out of the caller's own network on both sides of this
/// seam: the client looks the name up, refuses what is private, and puts a
/// [`CheckedTarget`](crate::CheckedTarget) into the request's extensions; the sender says in
/// [`lookup`](Self::lookup) what it makes of it.
///
/// The trait is not called `Send`, as the marker trait of that name appears in every second
/// signature around it.
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

    /// Says how this sender finds the machine behind a name. The default is [`Lookup::Own`], with
    /// which nothing is taken on trust.
    fn lookup(&self) -> Lookup {
        Lookup::Own
    }
}

/// How a sender finds the machine behind a name. It decides what a client does before it hands over
/// a request to an address that a server gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Lookup {
    /// By the addresses of the request's [`CheckedTarget`](crate::CheckedTarget) and by nothing
    /// else: where there are none, the request goes to a proxy or fails. A name that changes its
    /// addresses after the check gains nothing.
    Checked,
    /// By a lookup of its own. The client has checked the name just before, and refuses one that
    /// does not resolve here, unless
    /// [`names_go_to_proxy`](crate::ClientBuilder::names_go_to_proxy) was said. A name that changes
    /// its addresses in between gets through.
    Own,
    /// Not at all: it connects to nothing, such as a canned answer. Nothing is looked up.
    Never,
}
