//! Base URLs that a credential may be sent to.

use std::{
    fmt,
    hash::{Hash, Hasher},
    net::IpAddr,
};

use url::{Host, Url};

use crate::{Error, ErrorKind};

/// The base URL of a service, such as `https://dashscope-intl.aliyuncs.com/compatible-mode/v1`.
///
/// It is https, or plain http to loopback, and contains no user name, password, query or fragment.
/// Surrounding whitespace and a trailing slash are ignored, and the path of the chat API is
/// [cut off](Self::cut).
#[derive(Clone)]
pub struct BaseUrl {
    url: Url,
    cut: Option<&'static str>,
}

/// The path that chats are sent to, below the base URL. Pasted with it, it would be appended twice.
const CHAT: &str = "/chat/completions";

impl BaseUrl {
    /// Parses a base URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when the text is not an absolute http(s) URL, contains
    /// credentials, a query or a fragment, or is plain http to another machine. The message never
    /// shows a credential.
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

    /// Parses a base URL and also accepts plain http to any machine, which sends the key unencrypted.
    ///
    /// # Errors
    ///
    /// Same as [`BaseUrl::parse`], except that plain http is accepted.
    pub fn parse_allowing_plain_http(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(
                Error::unsent(ErrorKind::InvalidRequest).with_message("the base URL is empty")
            );
        }
        let mut url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                refused(text, "it must start with https:// and include a host")
            }
            other => refused(text, "it is not a valid URL").with_source(other),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused(
                text,
                "only https (and http to loopback) is supported",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(
                text,
                "it contains a user name or password; pass the key separately",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(
                text,
                "it must end with its path, without `?` or `#`",
            ));
        }
        // Otherwise it would be sent to DNS servers.
        if let Some(Host::Domain(name)) = url.host()
            && !name.contains('.')
            && name.starts_with("sk-")
        {
            return Err(refused(text, "its host looks like an API key"));
        }
        let path = url.path().trim_end_matches('/');
        let (path, cut) = match path.strip_suffix(CHAT) {
            Some(base) => (base.trim_end_matches('/'), Some(CHAT)),
            None => (path, None),
        };
        let path = path.to_owned();
        url.set_path(&path);
        Ok(Self { url, cut })
    }

    /// Returns the path that was cut off the end of the text, because it is that of a request and
    /// not part of the base URL: `/chat/completions`.
    #[must_use]
    pub fn cut(&self) -> Option<&'static str> {
        self.cut
    }

    /// Returns the URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Returns the full URL of `path` below this one.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.as_str(), path.trim_start_matches('/'))
    }

    /// Returns scheme, host and, unless it is the scheme's default, port.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Returns true for https.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns true when the host is a loopback IP address or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

/// What was cut off makes no difference: requests go to the same place.
impl PartialEq for BaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for BaseUrl {}

impl Hash for BaseUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url.hash(state);
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
    let message = match shown(text) {
        Some(shown) => format!("cannot use the base URL `{shown}`: {why}"),
        None => format!("cannot use the base URL: {why}"),
    };
    Error::unsent(ErrorKind::InvalidRequest).with_message(message)
}

/// Text given as a URL that has not been checked yet.
///
/// It may just as well be a key pasted in the wrong place, so `Debug` shows only the parts that look
/// like a URL.
#[derive(Clone, Eq, PartialEq)]
pub struct UrlText(String);

impl UrlText {
    /// Returns the text as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text in a form that is safe to show, or `None` if it does not look like a URL.
    ///
    /// It consists of scheme, host, port and path, with `***` in place of possible secrets.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        shown(&self.0)
    }
}

impl<T: Into<String>> From<T> for UrlText {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for UrlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        fmt::Debug::fmt(shown.as_deref().unwrap_or("[redacted]"), f)
    }
}

const HIDDEN: &str = "***";

fn shown(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let is_scheme = |scheme: &str| scheme.len() <= 12 && is_plain(scheme) && !may_be_key(scheme);
    if scheme.is_some_and(|scheme| !is_scheme(scheme)) {
        return None;
    }
    // Anything before the last `@`, wherever it is, may be a user name and password.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => ("***@", rest),
        None => ("", rest),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match rest.find(['/', '\\']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let mut shown = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
    shown.push_str(user);
    shown.push_str(&shown_authority(authority));
    for segment in path.split(['/', '\\']).skip(1) {
        let is_safe = segment.is_empty() || (is_plain(segment) && !may_be_key(segment));
        shown.push('/');
        shown.push_str(if is_safe { segment } else { HIDDEN });
    }
    let says_something = shown.chars().any(char::is_alphanumeric) && shown.len() <= 200;
    // Without a scheme, only text that looks like a host counts as a URL.
    let is_address = scheme.is_some() || !shown.contains('*');
    (says_something && is_address).then_some(shown)
}

fn shown_authority(authority: &str) -> String {
    let is_v6 = |host: &str| {
        let inner = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_safe = is_v6(host) || (is_plain(host) && !host.split('.').any(may_be_key));
    let mut shown = if is_safe { host } else { HIDDEN }.to_owned();
    if let Some(port) = port {
        let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
        shown.push(':');
        shown.push_str(if is_port { port } else { HIDDEN });
    }
    shown
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-._~+".contains(c))
}

/// Whether part of a URL may be a key: it starts like one, or is too long for a word.
fn may_be_key(part: &str) -> bool {
    let has_prefix = part
        .get(..3)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("sk-"));
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    has_prefix || part.len() >= 32 || (part.len() >= 12 && has_digit)
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = shown(self.as_str());
        write!(f, "BaseUrl({})", shown.as_deref().unwrap_or("[redacted]"))
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
            Err(
                "cannot use the base URL `dashscope`: it must start with https:// and include a host",
            ),
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
                 supported",
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
            "sk-secret",
            "sk-secret:8080",
            "SK-secret/v1",
            "https://sk-secret",
            "https://a.example:sk-secret/v1",
            "https://a.example:sk-secret",
            "http://a.example/v1/sk-secret",
            "http://a.example/@sk-secret",
            "http://me:pa?sk-secret@a.example",
            "http://me:pa/sk-secret@a.example",
            "sk-secret://a.example",
            "ftp:\\\\sk-secret",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("sk-secret"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn shows_what_looks_like_a_url() {
        for (text, expect) in [
            ("dashscope", Some("dashscope")),
            ("dashscope.example/v1", Some("dashscope.example/v1")),
            (
                "https://a.example:8080/v1",
                Some("https://a.example:8080/v1"),
            ),
            ("http://[::1]:80", Some("http://[::1]:80")),
            (
                "https://me:word@a.example/v1",
                Some("https://***@a.example/v1"),
            ),
            ("https://a.example:word", Some("https://a.example:***")),
            ("https://0123456789abcdef/v1", Some("https://***/v1")),
            (
                "https://a.example/0123456789abcdef",
                Some("https://a.example/***"),
            ),
            ("0123456789abcdef", None),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", None),
            ("sk-secret", None),
            ("a key\u{1b}[2J", None),
            ("", None),
        ] {
            assert_eq!(shown(text).as_deref(), expect, "{text}");
        }
        let text = UrlText::from("https://me:word@a.example");
        assert_eq!(format!("{text:?}"), "\"https://***@a.example\"");
        assert_eq!(
            format!("{:?}", UrlText::from("sk-secret")),
            "\"[redacted]\""
        );
    }

    #[test]
    fn loopback_lookalikes_are_not_loopback() {
        for text in [
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "http://128.0.0.1/",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ignores_what_is_pasted_around_it() {
        let plain = BaseUrl::parse("https://a.example/v1").unwrap();
        assert_eq!(plain.cut(), None);
        for text in [
            "  https://a.example/v1\r\n",
            "\u{a0}https://a.example/v1/\u{3000}",
            "https://a.example/v1/chat/completions",
            " https://a.example/v1/chat/completions/ ",
        ] {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!((base.as_str(), &base), (plain.as_str(), &plain), "{text:?}");
            let pasted = text.contains("/chat/").then_some("/chat/completions");
            assert_eq!(base.cut(), pasted, "{text:?}");
        }
        let root = BaseUrl::parse("https://a.example/chat/completions").unwrap();
        assert_eq!(root.join("models"), "https://a.example/models");
        for text in [
            "https://a.example/my-chat/completions",
            "https://a.example/chat",
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().cut(), None, "{text}");
        }
    }

    #[test]
    fn joins_paths() {
        let base = BaseUrl::parse("https://a.example/v1/").unwrap();
        assert_eq!(base.join("models"), "https://a.example/v1/models");
        assert_eq!(base.join("/models"), "https://a.example/v1/models");
    }
}
