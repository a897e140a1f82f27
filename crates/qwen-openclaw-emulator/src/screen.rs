//! Access control: programs on this machine may connect, foreign web pages may not.
//!
//! A browser sends requests to loopback for any page, and a page whose name is made to point at
//! 127.0.0.1 can read the answers too. What a browser does not let a page forge are the name the
//! page used (`Host`) and where it came from (`Origin`).

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{
    HeaderMap, Method, Uri,
    header::{HOST, ORIGIN},
    request::Parts,
};
use serde_json::json;

use crate::{answer::Answer, cors, state::State};

/// Why a request is rejected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Foreign {
    /// It was sent to a name that is not the emulator's.
    Host(String),
    /// It comes from a page that is not the emulator's, and would change something.
    Origin(String),
}

/// The names of the emulator's address. The port is not compared: it differs where it is
/// forwarded, and says nothing about who asks.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whom an emulator lets in beside programs on its machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Access {
    /// Whether it listens on more than loopback.
    pub(crate) network: bool,
    /// Whether web pages of others may use the API.
    pub(crate) cors: bool,
}

/// Decides whether a request may be answered by an emulator at `own`, its scheme, host and port.
pub(crate) fn check(own: &str, access: Access, head: &Parts) -> Result<(), Foreign> {
    let ports = check_host(access, &head.uri, &head.headers)?;
    if is_safe(&head.method) || access.cors && cors::covers(head.uri.path()) {
        return Ok(());
    }
    check_origin(own, access, &ports, head)
}

/// Decides whether a request may be answered by the remote control: pages of others get no answer,
/// whatever the method, so that they cannot try tokens.
pub(crate) fn check_control(own: &str, access: Access, head: &Parts) -> Result<(), Foreign> {
    let ports = check_host(access, &head.uri, &head.headers)?;
    check_origin(own, access, &ports, head)
}

fn check_origin(
    own: &str,
    access: Access,
    ports: &[Option<u16>],
    head: &Parts,
) -> Result<(), Foreign> {
    let own_port = parse_origin(own);
    let hosts: Vec<&str> = names(&head.uri, &head.headers).collect();
    for origin in head.headers.get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or("?");
        let port = parse_origin(origin);
        let is_own = port.is_some() && (port == own_port || ports.contains(&port));
        // Beyond loopback, a page is the emulator's own if it has the very name that was asked for.
        let same = || {
            let host = origin.strip_prefix("http://");
            host.is_some_and(|host| hosts.iter().any(|name| name.eq_ignore_ascii_case(host)))
        };
        let allowed = is_own || access.network && same();
        if !allowed {
            return Err(Foreign::Origin(origin.to_owned()));
        }
    }
    Ok(())
}

/// The origin by which a request reached an emulator at `own`: beyond loopback, only its client knows.
pub(crate) fn origin(own: &str, access: Access, headers: &HeaderMap) -> String {
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok());
    match asked {
        Some(host) if access.network => format!("http://{host}"),
        _ => own.to_owned(),
    }
}

/// The refusal: in a form of the emulator's own, since the service has none for it.
pub(crate) fn refuse(state: &State, foreign: &Foreign) -> Answer {
    let (code, message) = explain(&state.origin, foreign);
    let error = json!({
        "error": {"message": message, "type": "emulator_refusal", "param": null, "code": code},
    });
    Answer::json(403, error.to_string(), state.ids.next())
}

/// The code and the message of a refusal.
pub(crate) fn explain(own: &str, foreign: &Foreign) -> (&'static str, String) {
    match foreign {
        Foreign::Host(name) => (
            "foreign_host",
            format!(
                "The emulator at {own} answers under its own address and `localhost`, not as `{name}`."
            ),
        ),
        Foreign::Origin(origin) => (
            "foreign_origin",
            format!(
                "The emulator at {own} is not changed by web pages of others, such as `{origin}`."
            ),
        ),
    }
}

/// The names a request is for. A request without one is not a browser's.
fn names<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
    // A target in absolute form has a name of its own, which counts instead of the header.
    let target = uri.authority().map(|authority| authority.as_str());
    let named = headers.get_all(HOST).iter();
    let named = named.map(|name| name.to_str().unwrap_or("?"));
    target.into_iter().chain(named)
}

/// Checks every name the request is for, and returns their ports.
fn check_host(access: Access, uri: &Uri, headers: &HeaderMap) -> Result<Vec<Option<u16>>, Foreign> {
    let own = |name: &str| match parse_own(name) {
        Some(port) => Ok(Some(port)),
        None if access.network => match split_port(name) {
            Some((name, port)) if is_unclaimed(name) => Ok(Some(port)),
            _ => Err(Foreign::Host(name.to_owned())),
        },
        None => Err(Foreign::Host(name.to_owned())),
    };
    names(uri, headers).map(own).collect()
}

/// Tells whether no stranger's web page can have a name: it is an address, or a name that is not in
/// the public DNS.
fn is_unclaimed(name: &str) -> bool {
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    if let Some(address) = address {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let lower = name.to_ascii_lowercase();
    let private = !lower.contains('.') || lower.ends_with(".internal") || lower.ends_with(".local");
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = !name.is_empty() && name.bytes().all(letters);
    name.parse::<Ipv4Addr>().is_ok() || is_name && private
}

/// Returns true for a method that changes nothing.
fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// The port of an origin with one of the emulator's names; `None` for any other.
fn parse_origin(origin: &str) -> Option<u16> {
    parse_own(origin.strip_prefix("http://")?)
}

/// The port after one of the emulator's names; `None` for any other name.
fn parse_own(authority: &str) -> Option<u16> {
    let (name, port) = split_port(authority)?;
    let known = NAMES.iter().any(|own| own.eq_ignore_ascii_case(name));
    known.then_some(port)
}

/// Cuts a name and its port apart.
fn split_port(authority: &str) -> Option<(&str, u16)> {
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (authority, "80"),
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.then(|| port.parse().ok()).flatten()?;
    Some((name, port))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const OWN: &str = "http://127.0.0.1:4711";

    fn checked(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), Foreign> {
        checked_for(Access::default(), method, target, headers)
    }

    fn checked_for(
        access: Access,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<(), Foreign> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(OWN, access, &request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn own_names_pass_with_any_port() {
        for host in [
            "127.0.0.1:4711",
            "localhost:4711",
            "[::1]:4711",
            "LocalHost:4711",
            "localhost",
            "127.0.0.1",
            "[::1]",
            // Forwarded.
            "localhost:9000",
            "127.0.0.1:9000",
        ] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                assert_eq!(checked(method, "/x", &[("host", host)]), Ok(()), "{host}");
                let absolute = format!("http://{host}/x");
                assert_eq!(checked(method, &absolute, &[("host", host)]), Ok(()));
            }
        }
        assert_eq!(checked("POST", "/x", &[]), Ok(()));
    }

    #[test]
    fn other_names_are_refused_whatever_the_method() {
        for host in [
            "evil.example",
            "evil.example:4711",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "127.0.0.2:4711",
            "0.0.0.0:4711",
            "192.168.1.2:4711",
            "[::2]:4711",
            "::1",
            "x@localhost",
            "localhost:4711@evil.example",
            "localhost:",
            "localhost:x",
            "localhost:+1",
            "localhost:99999",
            "localhost, evil.example",
            "",
        ] {
            for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE"] {
                let refused = Err(Foreign::Host(host.to_owned()));
                assert_eq!(checked(method, "/x", &[("host", host)]), refused);
                // One good name does not make up for it.
                let both = [("host", "localhost:4711"), ("host", host)];
                assert_eq!(checked(method, "/x", &both), refused);
            }
        }
        // The target counts, and the header beside it too.
        let evil = Err(Foreign::Host("evil.example".to_owned()));
        let absolute = "http://evil.example/oauth/admin";
        assert_eq!(checked("GET", absolute, &[("host", "localhost")]), evil);
        let own = "http://localhost:4711/oauth/admin";
        assert_eq!(checked("GET", own, &[("host", "evil.example")]), evil);
    }

    #[test]
    fn a_foreign_origin_changes_nothing() {
        for origin in [
            "http://127.0.0.1:4711",
            "http://localhost:4711",
            "http://[::1]:4711",
            "http://LOCALHOST:4711",
            // The port that was asked for: it is forwarded.
            "http://localhost:9000",
        ] {
            let headers = [("host", "localhost:9000"), ("origin", origin)];
            assert_eq!(checked("POST", "/x", &headers), Ok(()), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://evil.example:4711",
            "http://localhost.evil.example:4711",
            // Another server on this machine.
            "http://localhost:8000",
            "http://localhost",
            "https://localhost:4711",
            "http://localhost:4711/x",
            "http://localhost:4711@evil.example",
            "file://",
        ] {
            let headers = [("host", "localhost:4711"), ("origin", origin)];
            for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
                let refused = Err(Foreign::Origin(origin.to_owned()));
                assert_eq!(checked(method, "/x", &headers), refused);
            }
            for method in ["GET", "HEAD", "OPTIONS"] {
                assert_eq!(checked(method, "/x", &headers), Ok(()), "{origin}");
            }
            let both = [("origin", "http://localhost:4711"), ("origin", origin)];
            assert!(checked("POST", "/x", &both).is_err(), "{origin}");
        }
    }

    #[test]
    fn beyond_loopback_names_that_no_page_can_have_pass() {
        let network = Access {
            network: true,
            ..Access::default()
        };
        for host in [
            "192.168.1.2:4711",
            "[fe80::1]:4711",
            "emulator:4711",
            "host.docker.internal:4711",
            "box.local",
            "localhost:4711",
        ] {
            let own = format!("http://{host}");
            let headers = [("host", host), ("origin", &own)];
            assert_eq!(
                checked_for(network, "POST", "/x", &headers),
                Ok(()),
                "{host}"
            );
            for origin in ["http://192.168.1.9:4711", "http://evil.example"] {
                let headers = [("host", host), ("origin", origin)];
                let refused = Err(Foreign::Origin(origin.to_owned()));
                assert_eq!(checked_for(network, "POST", "/x", &headers), refused);
            }
        }
        for host in [
            "evil.example:4711",
            "1.2.3.4.evil.example",
            "x@box",
            "[::x]:1",
            ":80",
        ] {
            let refused = Err(Foreign::Host(host.to_owned()));
            assert_eq!(
                checked_for(network, "GET", "/x", &[("host", host)]),
                refused
            );
        }
    }

    #[test]
    fn pages_that_are_let_in_do_not_get_to_the_login_server() {
        let cors = Access {
            cors: true,
            ..Access::default()
        };
        let page = "https://page.example";
        let headers = [("host", "localhost:4711"), ("origin", page)];
        let refused = Err(Foreign::Origin(page.to_owned()));
        let chat = "/compatible-mode/v1/chat/completions";
        assert_eq!(checked_for(cors, "POST", chat, &headers), Ok(()));
        for path in [
            "/oauth/admin",
            "/oauth/authorize",
            "/oauth/api/v1/oauth2/token",
        ] {
            assert_eq!(checked_for(cors, "POST", path, &headers), refused);
        }
        let evil = [("host", "evil.example"), ("origin", page)];
        assert!(checked_for(cors, "POST", chat, &evil).is_err());
    }
}
