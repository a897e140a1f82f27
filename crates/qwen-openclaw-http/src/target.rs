//! Resolves and checks the target of a request to a server-supplied URL before it is sent.

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

/// The checked target of a request to a server-supplied URL.
///
/// It is passed in the extensions of the request.
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

    /// Returns its addresses, none of them private.
    ///
    /// Empty when the name does not resolve on this machine: then only a proxy may resolve it.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }
}

/// Resolves names; a trait so that tests can supply their own.
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

/// How to handle names that do not resolve on this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unresolved {
    /// Reject them if the sender would look them up again, unchecked.
    Refused,
    /// Leave them to the sender's proxy.
    ToProxy,
}

/// Resolves the host of `url` and rejects private addresses. A proxy resolves the name again on its
/// side; only the addresses seen here can be checked.
pub(crate) async fn check(
    url: &str,
    names: &dyn ResolveName,
    lookup: Lookup,
    unresolved: Unresolved,
) -> Result<CheckedTarget, Error> {
    let url =
        Url::parse(url).map_err(|error| refused("it is not a valid URL").with_source(error))?;
    let (host, addresses) = match url.host() {
        None => return Err(refused("it has no host")),
        Some(Host::Ipv4(ip)) => (ip.to_string(), vec![IpAddr::V4(ip)]),
        Some(Host::Ipv6(ip)) => (ip.to_string(), vec![IpAddr::V6(ip)]),
        Some(Host::Domain(name)) => {
            let found = names.resolve(name).await;
            (name.to_owned(), found.unwrap_or_default())
        }
    };
    // A single private address among public ones could be picked for the connection.
    if addresses.iter().any(|address| is_private(*address)) {
        return Err(refused(
            "its name resolves to a private network or to this machine; allow private addresses if \
             that is intended",
        ));
    }
    if addresses.is_empty() {
        if lookup != Lookup::Checked && unresolved == Unresolved::Refused {
            return Err(refused(
                "its name does not resolve on this machine, and the custom sender would look it up \
                 unchecked; set `names_go_to_proxy` if it uses a proxy that resolves names",
            ));
        }
        info!(
            host,
            "name does not resolve on this machine, leaving it to the proxy"
        );
    }
    Ok(CheckedTarget { host, addresses })
}

#[cfg(test)]
mod tests;
