//! Policy for server-supplied URLs, such as those of results and uploads.
//!
//! A compromised server, or a proxy in front of it, can return any URL. The request would come from
//! inside the caller's network, so URLs that point into that network are rejected.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use url::{Host, Url};

use crate::{Error, ErrorKind, base_url::is_loopback};

/// Which server-supplied URLs may be fetched; by default only public https ones.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct UrlPolicy {
    loopback: bool,
    private: bool,
}

impl UrlPolicy {
    /// Allows only public https URLs.
    pub fn strict() -> Self {
        Self::default()
    }

    /// Also allows loopback, including plain http, for local servers. Default: not allowed.
    pub fn allow_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Also allows private networks and loopback, including plain http. Default: not allowed.
    pub fn allow_private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Checks a URL.
    ///
    /// This checks only the name of a host; the addresses it resolves to are checked before
    /// connecting.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] with the reason.
    pub fn check(&self, text: &str) -> Result<AllowedUrl, Error> {
        let url = Url::parse(text.trim())
            .map_err(|error| refused("it is not a valid URL").with_source(error))?;
        self.check_url(url)
    }

    pub(crate) fn check_url(&self, url: Url) -> Result<AllowedUrl, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("only https is allowed"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it contains a user name or password"));
        }
        let here = is_loopback(&url);
        let inside = here || url.host().is_none_or(|host| is_private_host(&host));
        let allowed = self.private || (here && self.loopback);
        if inside && !allowed {
            return Err(refused(
                "it lies in a private network or on this machine; allow private addresses if that \
                 is meant",
            ));
        }
        if url.scheme() == "http" && !(inside && allowed) {
            return Err(refused("plain http can be read and modified in transit"));
        }
        let private = self.private || here;
        Ok(AllowedUrl { url, private })
    }
}

/// A URL that has passed a [`UrlPolicy`].
///
/// Its query is never shown, since it may be a signature.
#[derive(Clone, Eq, PartialEq)]
pub struct AllowedUrl {
    pub(crate) url: Url,
    /// Whether the name may resolve to a private address.
    pub(crate) private: bool,
}

impl AllowedUrl {
    /// Returns the whole URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }
}

impl fmt::Debug for AllowedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllowedUrl({self})")
    }
}

impl fmt::Display for AllowedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, path) = (self.url.scheme(), self.host(), self.path());
        write!(f, "{scheme}://{host}{path}")
    }
}

pub(crate) fn refused(why: &str) -> Error {
    Error::unsent(ErrorKind::InvalidRequest)
        .with_message(format!("rejected the URL from the server: {why}"))
}

fn is_private_host(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_local_name(name),
        Host::Ipv4(ip) => is_private(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => is_private(IpAddr::V6(*ip)),
    }
}

/// Names that are only meaningful inside a network.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.contains('.')
        || matches!(
            last,
            "localhost" | "local" | "internal" | "localdomain" | "lan" | "intranet"
        )
}

/// Returns true for an address outside the public internet (the IANA special-purpose registries).
pub(crate) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224.., ..)
    )
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = embedded_v4(ip) {
        return is_private_v4(v4);
    }
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3, which includes Teredo, ORCHID, benchmarking and documentation.
    a & 0xe000 != 0x2000 || (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x3fff
}

/// The IPv4 address inside a mapped, translated or 6to4 address.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return Some(mapped);
    }
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(policy: UrlPolicy, url: &str) -> bool {
        policy.check(url).is_ok()
    }

    #[test]
    fn public_https_passes() {
        for url in [
            "https://dashscope-result-sh.oss-cn-shanghai.aliyuncs.com/a.mp4?Expires=1&Signature=x",
            " https://cdn.example.com./v.mp4 ",
            "https://8.8.8.8/v.mp4",
            "https://[2001:4860:4860::8888]/v.mp4",
            "https://100.63.0.1/",
        ] {
            assert!(passes(UrlPolicy::strict(), url), "{url}");
        }
    }

    #[test]
    fn private_hosts_are_rejected_in_any_spelling() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://localhost/",
            "https://a.localhost/",
            "https://nas/",
            "https://nas.local/",
            "https://a.internal./",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://100.100.100.200/latest/meta-data",
            "https://169.254.169.254/",
            "https://172.16.5.4/",
            "https://192.168.1.1/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[2001:db8::1]/",
            "https://[ff02::1]/",
        ] {
            let error = UrlPolicy::strict().check(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
            assert!(passes(UrlPolicy::strict().allow_private(), url), "{url}");
        }
    }

    #[test]
    fn other_schemes_and_credentials_never_pass() {
        for url in [
            "file:///etc/passwd",
            "ftp://a.example.com/",
            "javascript:alert(1)",
            "hello",
            "",
            "https://me:secret@a.example.com/",
        ] {
            assert!(!passes(UrlPolicy::strict().allow_private(), url), "{url}");
        }
    }

    #[test]
    fn plain_http_requires_an_explicit_allowance() {
        let (public, here) = ("http://a.example.com/", "http://127.0.0.1:9/");
        assert!(!passes(UrlPolicy::strict().allow_private(), public));
        assert!(!passes(UrlPolicy::strict(), here));
        assert!(passes(UrlPolicy::strict().allow_loopback(), here));
        assert!(!passes(
            UrlPolicy::strict().allow_loopback(),
            "http://10.0.0.1/"
        ));
        assert!(passes(
            UrlPolicy::strict().allow_private(),
            "http://10.0.0.1/"
        ));
    }

    #[test]
    fn signatures_are_not_shown() {
        let url = UrlPolicy::strict().check("https://a.example.com/v.mp4?Signature=secret");
        let url = url.unwrap();
        assert_eq!(url.to_string(), "https://a.example.com/v.mp4");
        assert!(!format!("{url:?}").contains("secret"));
    }
}
