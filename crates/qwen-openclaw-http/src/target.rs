//! Where a request to an address that a server gave would lead, found out before it is sent.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
};

use async_trait::async_trait;
use tracing::info;
use url::{Host, Url};

use crate::{
    Error, Lookup,
    url_policy::{is_private, refused},
};

/// The machine that a request to an address given by a server may reach, in the extensions of that
/// request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckedTarget {
    host: String,
    addresses: Vec<IpAddr>,
}

impl CheckedTarget {
    /// Returns the host of the request.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns its addresses, none of them private. Empty when the name does not resolve here: only
    /// a proxy may be asked for it then.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }
}

/// Finds the addresses of names: a seam for tests, which have no names of their own.
#[async_trait]
pub(crate) trait ResolveName: fmt::Debug + Send + Sync {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of this machine.
#[derive(Debug)]
pub(crate) struct SystemNames;

#[async_trait]
impl ResolveName for SystemNames {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|found: SocketAddr| found.ip()).collect())
    }
}

/// What is done about names that do not resolve here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unresolved {
    /// They are refused, where the sender would look them up once more, unchecked.
    Refused,
    /// The sender has a proxy, and leaves them to it.
    ToProxy,
}

/// Looks up where `url` leads, and refuses what is private. With a proxy the name is looked up a
/// second time, over there: what it means here is what can be judged.
pub(crate) async fn check(
    url: &str,
    names: &dyn ResolveName,
    lookup: Lookup,
    unresolved: Unresolved,
) -> Result<CheckedTarget, Error> {
    let url =
        Url::parse(url).map_err(|error| refused("it is not a valid URL").with_source(error))?;
    let (host, addresses) = match url.host() {
        None => return Err(refused("it names no host")),
        Some(Host::Ipv4(ip)) => (ip.to_string(), vec![IpAddr::V4(ip)]),
        Some(Host::Ipv6(ip)) => (ip.to_string(), vec![IpAddr::V6(ip)]),
        Some(Host::Domain(name)) => {
            let found = names.resolve(name).await;
            (name.to_owned(), found.unwrap_or_default())
        }
    };
    // One private address among public ones is how a name is made to lead inward at times.
    if addresses.iter().any(|address| is_private(*address)) {
        return Err(refused(
            "its name leads into a private network or to this machine; allow private addresses if \
             that is meant",
        ));
    }
    if addresses.is_empty() {
        if lookup != Lookup::Checked && unresolved == Unresolved::Refused {
            return Err(refused(
                "its name does not resolve here, and the sender that was handed in would look it \
                 up unchecked; say so if that has a proxy which resolves names",
            ));
        }
        info!(host, "the name does not resolve here: left to the proxy");
    }
    Ok(CheckedTarget { host, addresses })
}

#[cfg(test)]
mod tests;
