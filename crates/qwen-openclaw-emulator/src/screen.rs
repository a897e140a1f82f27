//! Access control: programs on this machine may connect, foreign web pages may not.
//!
//! A browser sends requests to loopback for any page, and a page whose name is made to point at
//! 127.0.0.1 can read the answers too. What a browser does not let a page forge are the name the
//! page used (`Host`) and where it came from (`Origin`).

use http::{
    HeaderMap, Method, Uri,
    header::{HOST, ORIGIN},
    request::Parts,
};
use serde_json::json;

use crate::{answer::Answer, state::State};

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

/// Decides whether a request may be answered by an emulator at `own`, its scheme, host and port.
pub(crate) fn check(own: &str, head: &Parts) -> Result<(), Foreign> {
    let ports = check_host(&head.uri, &head.headers)?;
    if is_safe(&head.method) {
        return Ok(());
    }
    let own_port = parse_origin(own);
    for origin in head.headers.get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or("?");
        let port = parse_origin(origin);
        if port.is_none() || port != own_port && !ports.contains(&port) {
            return Err(Foreign::Origin(origin.to_owned()));
        }
    }
    Ok(())
}

/// The refusal: in a form of the emulator's own, since the service has none for it.
pub(crate) fn refuse(state: &State, foreign: &Foreign) -> Answer {
    let own = &state.origin;
    let (code, message) = match foreign {
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
    };
    let error = json!({
        "error": {"message": message, "type": "emulator_refusal", "param": null, "code": code},
    });
    Answer::json(403, error.to_string(), state.ids.next())
}

/// Checks every name the request is for, and returns their ports. A request without one is not a
/// browser's.
fn check_host(uri: &Uri, headers: &HeaderMap) -> Result<Vec<Option<u16>>, Foreign> {
    // A target in absolute form has a name of its own, which counts instead of the header.
    let target = uri.authority().map(|authority| authority.as_str());
    let named = headers.get_all(HOST).iter();
    let named = named.map(|name| name.to_str().unwrap_or("?"));
    let own = |name: &str| match parse_own(name) {
        Some(port) => Ok(Some(port)),
        None => Err(Foreign::Host(name.to_owned())),
    };
    target.into_iter().chain(named).map(own).collect()
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
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (authority, "80"),
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let known = NAMES.iter().any(|own| own.eq_ignore_ascii_case(name));
    (known && digits).then(|| port.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const OWN: &str = "http://127.0.0.1:4711";

    fn checked(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(), Foreign> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(OWN, &request.body(()).unwrap().into_parts().0)
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
}
