//! Addresses a credential may be sent to.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

use crate::{Error, ErrorKind};

/// The address below which all paths of one service live, such as
/// `https://dashscope-intl.aliyuncs.com/compatible-mode/v1`.
///
/// It is https, or plain http to loopback; it holds no user name, password, query or fragment.
/// A slash at the end means nothing.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct BaseUrl {
    url: Url,
}

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Address`] when the text is no absolute http(s) URL, holds credentials, a query
    /// or a fragment, or is plain http to another machine. The message never shows a credential.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let base = Self::parse_allowing_plain_http(text)?;
        if base.is_encrypted() || base.is_loopback() {
            return Ok(base);
        }
        Err(refused(
            text,
            "plain http would send the key unencrypted; use https, or allow plain http explicitly",
        ))
    }

    /// Reads a base URL, plain http to any machine included: the key then travels unencrypted.
    ///
    /// # Errors
    ///
    /// As [`BaseUrl::parse`], except for plain http.
    pub fn parse_allowing_plain_http(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::new(ErrorKind::Address).with_message("the base URL is empty"));
        }
        let mut url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                refused(text, "it must start with https:// and name a host")
            }
            other => refused(text, "it is not a valid URL").with_source(other),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused(
                text,
                "only https (and http to loopback) is spoken here",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(
                text,
                "it holds a user name or password; pass the key on its own",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(
                text,
                "it must end with its path, without `?` or `#`",
            ));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self { url })
    }

    /// Returns the address without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Returns the full address of `path` below this one.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.as_str(), path.trim_start_matches('/'))
    }

    /// Returns true for https.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns true when the host is this machine by its literal address, or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => match ip.to_ipv4_mapped() {
            Some(mapped) => IpAddr::V4(mapped).is_loopback(),
            None => ip.is_loopback(),
        },
        None => false,
    }
}

fn refused(text: &str, why: &str) -> Error {
    Error::new(ErrorKind::Address)
        .with_message(format!("cannot use the base URL {}: {why}", masked(text)))
}

/// The text as it may be shown: whatever stands where a URL keeps credentials is left out.
fn masked(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let shown: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_CHARS)
        .collect();
    let shown = shown.split(['?', '#']).next().unwrap_or_default();
    match shown.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("`{scheme}://***@{host}`")
        }
        None => format!("`{shown}`"),
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        let parsed = BaseUrl::parse(text)
            .map(|url| url.to_string())
            .map_err(|e| e.to_string());
        assert_eq!(parsed.as_deref().map_err(String::as_str), expect, "{text}");
    }

    #[test]
    fn accepts_https_and_loopback() {
        check("https://a.example/v1/", Ok("https://a.example/v1"));
        check(" https://a.example ", Ok("https://a.example"));
        check("http://127.0.0.1:8080/v1", Ok("http://127.0.0.1:8080/v1"));
        check("http://[::1]:1/v1", Ok("http://[::1]:1/v1"));
        check("http://localhost/v1", Ok("http://localhost/v1"));
    }

    #[test]
    fn says_what_is_wrong() {
        check("", Err("the base URL is empty"));
        check(
            "dashscope",
            Err("cannot use the base URL `dashscope`: it must start with https:// and name a host"),
        );
        check(
            "http://a.example/v1",
            Err(
                "cannot use the base URL `http://a.example/v1`: plain http would send the key \
                 unencrypted; use https, or allow plain http explicitly",
            ),
        );
        check(
            "ftp://a.example",
            Err(
                "cannot use the base URL `ftp://a.example`: only https (and http to loopback) is \
                 spoken here",
            ),
        );
        check(
            "https://a.example/v1?key=sk-secret",
            Err(
                "cannot use the base URL `https://a.example/v1`: it must end with its path, \
                 without `?` or `#`",
            ),
        );
    }

    #[test]
    fn never_shows_credentials() {
        for text in [
            "https://me:sk-secret@a.example/v1",
            "http://sk-secret@a.example",
            "https://me:sk-secret@:bad",
            "me:sk-secret@host",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("sk-secret"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn loopback_in_disguise_is_no_loopback() {
        for text in [
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "http://128.0.0.1/",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn joins_paths() {
        let base = BaseUrl::parse("https://a.example/v1/").unwrap();
        assert_eq!(base.join("models"), "https://a.example/v1/models");
        assert_eq!(base.join("/models"), "https://a.example/v1/models");
    }
}
