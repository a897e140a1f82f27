//! Where a token may be sent: the login server's choice, within limits.

use qwen_openclaw_catalog::Endpoint;
use qwen_openclaw_http::UrlText;
use url::{Host, Url};

use super::server::LoginServer;
use crate::{error::Error, store::Login};

impl Login {
    /// Returns the base URL for requests with the login's token, from its
    /// [`resource_url`](Self::resource_url).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the token must not be sent
    /// there: only the portal's hosts and the login server's own are accepted, over https.
    pub fn base_url(&self) -> Result<String, Error> {
        let server = LoginServer::parse(self.server())?;
        base_url(self.resource_url(), &server, &[])
    }
}

/// Builds the base URL for requests from a login server's `resource_url`, which is usually a bare
/// host, or a URL with or without `/v1`.
///
/// The token is sent wherever this leads, and any process that can write the file can change it.
/// Therefore only the portal's hosts, the login server's own host, and those in `allowed` are
/// accepted, over https; loopback only from a login server on loopback.
pub(super) fn base_url(
    resource_url: Option<&str>,
    server: &LoginServer,
    allowed: &[String],
) -> Result<String, Error> {
    let text = resource_url.unwrap_or_default().trim();
    if text.is_empty() {
        if server.is_public() {
            return Ok(Endpoint::Portal.base_url().to_owned());
        }
        return Err(Error::address(
            "the API",
            "the login server did not say where it is: set a base URL",
        ));
    }
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let refused = |why| Error::address(shown(text), why);
    let mut url = Url::parse(&full).map_err(|_| refused("it is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it contains a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it contains a query or a fragment"));
    }
    check_host(&url, server, allowed).map_err(refused)?;
    let mut path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/v1") {
        path.push_str("/v1");
    }
    url.set_path(&path);
    Ok(url.into())
}

fn check_host(url: &Url, server: &LoginServer, allowed: &[String]) -> Result<(), &'static str> {
    let host = url.host().ok_or("it has no host")?;
    if is_loopback(&host) {
        return match (server.is_loopback(), url.scheme()) {
            (true, "http" | "https") => Ok(()),
            (false, _) => Err(
                "a loopback URL is accepted only from a login server on this machine; log in, or \
                 import the login, with that server's URL",
            ),
            (true, _) => Err("only https is supported"),
        };
    }
    if url.scheme() != "https" {
        return Err("only https is supported");
    }
    let Host::Domain(name) = host else {
        return Err("it is not one of the portal's hosts");
    };
    if allowed.iter().any(|allowed| allowed == name) || server.host().as_deref() == Some(name) {
        return Ok(());
    }
    let known = name.ends_with(".qwen.ai")
        || name
            .strip_suffix(".aliyuncs.com")
            .is_some_and(|label| label.starts_with("dashscope") && !label.contains('.'));
    if !known {
        return Err("it is not one of the portal's hosts; if it is right, allow it by name");
    }
    match url.port() {
        None => Ok(()),
        Some(_) => Err("the portal's hosts use no other port"),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// Returns the part of a server's text that is safe to show: its host, or a placeholder.
fn shown(text: &str) -> String {
    let shown = UrlText::from(text).shown();
    let shown = shown.as_deref().unwrap_or_default();
    let host = shown.split_once("://").map_or(shown, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.contains('*') {
        return "the login server's resource URL".to_owned();
    }
    host.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[track_caller]
    fn check(server: Option<&str>, resource: &str, expect: Option<&str>) {
        let server = LoginServer::parse(server).unwrap();
        let found = base_url(Some(resource), &server, &["ours.example".to_owned()]);
        match (found, expect) {
            (Ok(url), expect) => assert_eq!(Some(url.as_str()), expect, "{resource}"),
            (Err(error), None) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{resource}");
                assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
            }
            (Err(error), Some(_)) => panic!("{resource}: {error}"),
        }
    }

    #[test]
    fn every_published_shape_leads_to_the_portal() {
        for resource in [
            "portal.qwen.ai",
            " portal.qwen.ai ",
            "portal.qwen.ai/",
            "Portal.Qwen.AI/v1",
            "https://portal.qwen.ai",
            "https://portal.qwen.ai/v1",
            "https://portal.qwen.ai/v1/",
            "https://portal.qwen.ai//",
            "https://portal.qwen.ai:443/v1",
            "",
            "  ",
        ] {
            check(None, resource, Some("https://portal.qwen.ai/v1"));
        }
        check(
            None,
            "dashscope.aliyuncs.com/compatible-mode/v1",
            Some("https://dashscope.aliyuncs.com/compatible-mode/v1"),
        );
        check(
            None,
            "https://dashscope-intl.aliyuncs.com/compatible-mode",
            Some("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        );
        check(None, "ours.example", Some("https://ours.example/v1"));
    }

    #[test]
    fn the_token_goes_nowhere_else() {
        for resource in [
            "evil.example",
            "https://portal.qwen.ai.evil.example/v1",
            "https://portal.qwen.ai@evil.example/v1",
            "https://secret:secret@portal.qwen.ai/v1",
            "https://portal.qwen.ai/v1?key=secret",
            "https://portal.qwen.ai/v1#secret",
            "http://portal.qwen.ai/v1",
            "ftp://portal.qwen.ai/v1",
            "https://portal.qwen.ai:8443",
            "https://qwen.ai.evil.example",
            "https://evilqwen.ai",
            "https://dashscope.evil.aliyuncs.com",
            "https://dashscopeevil.example",
            "https://10.0.0.1/v1",
            "http://127.0.0.1:1/v1",
            "https://localhost/v1",
            "https://[::1]/v1",
            "https://",
            "javascript:alert(1)",
            "sk-secret",
            "https://portal.qwen.ai:sk-secret",
            "https://sk-secret.example",
        ] {
            check(None, resource, None);
        }
    }

    #[test]
    fn loopback_and_its_own_host_are_open_to_another_server() {
        let loopback = Some("http://127.0.0.1:1/oauth");
        check(
            loopback,
            "http://127.0.0.1:2/portal/v1",
            Some("http://127.0.0.1:2/portal/v1"),
        );
        check(
            loopback,
            "http://localhost:2/portal",
            Some("http://localhost:2/portal/v1"),
        );
        check(loopback, "http://evil.example/v1", None);
        check(loopback, "", None);
        let other = Some("https://login.example");
        check(
            other,
            "login.example/api",
            Some("https://login.example/api/v1"),
        );
        check(other, "http://login.example/api", None);
        check(other, "api.example", None);
        check(other, "http://127.0.0.1:2/v1", None);
    }
}
