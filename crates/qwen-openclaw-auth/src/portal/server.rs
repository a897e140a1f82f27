//! Login servers and their URLs.

use qwen_openclaw_http::BaseUrl;
use url::Url;

use crate::error::Error;

/// The public login server of the portal.
pub const PUBLIC_SERVER: &str = "https://chat.qwen.ai";

/// The client id of the Qwen Code CLI, a public client without a secret. The public server accepts
/// no other.
pub const CLIENT_ID: &str = "f0304373b74a44d2b584a3fb70ca9e56";

/// The scopes that a login requests.
pub const SCOPE: &str = "openid profile email model.completion";

/// The path of the protocol below the server's URL.
const PATH: &str = "api/v1/oauth2";

/// A login server: https, or loopback.
#[derive(Clone, Debug)]
pub(super) struct LoginServer {
    base: BaseUrl,
    public: bool,
}

impl LoginServer {
    /// Parses the server's URL, which may include the path of the protocol; `None` means the public
    /// server.
    pub(super) fn parse(url: Option<&str>) -> Result<Self, Error> {
        let text = url.unwrap_or(PUBLIC_SERVER).trim().trim_end_matches('/');
        let text = text.strip_suffix(PATH).unwrap_or(text);
        let base = BaseUrl::parse(text).map_err(|error| {
            // The cause's message masks secrets in the URL.
            Error::address(
                "the login server",
                "its URL must be https, or on this machine",
            )
            .caused_by(std::sync::Arc::new(error))
        })?;
        let public = base.as_str() == PUBLIC_SERVER;
        Ok(Self { base, public })
    }

    pub(super) fn device_url(&self) -> String {
        self.base.join(&format!("{PATH}/device/code"))
    }

    pub(super) fn token_url(&self) -> String {
        self.base.join(&format!("{PATH}/token"))
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.base.is_loopback()
    }

    pub(super) fn is_public(&self) -> bool {
        self.public
    }

    pub(super) fn host(&self) -> Option<String> {
        Some(Url::parse(self.base.as_str()).ok()?.host_str()?.to_owned())
    }

    /// Returns the server in the form that a login remembers: nothing for the public one.
    pub(super) fn remembered(&self) -> Option<String> {
        (!self.public).then(|| self.base.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn urls_are_those_that_published_clients_use() {
        let server = LoginServer::parse(None).unwrap();
        assert_eq!(
            server.device_url(),
            "https://chat.qwen.ai/api/v1/oauth2/device/code"
        );
        assert_eq!(
            server.token_url(),
            "https://chat.qwen.ai/api/v1/oauth2/token"
        );
        assert!(server.is_public() && server.remembered().is_none());
    }

    #[test]
    fn other_servers_are_https_or_loopback() {
        for url in [
            "http://127.0.0.1:1/oauth",
            "http://127.0.0.1:1/oauth/",
            "http://127.0.0.1:1/oauth/api/v1/oauth2",
        ] {
            let server = LoginServer::parse(Some(url)).unwrap();
            assert_eq!(
                server.token_url(),
                "http://127.0.0.1:1/oauth/api/v1/oauth2/token"
            );
            assert_eq!(
                server.remembered().as_deref(),
                Some("http://127.0.0.1:1/oauth")
            );
        }
        for url in ["http://login.example", "login.example", "", "https://a:b@c"] {
            let error = LoginServer::parse(Some(url)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
        }
    }
}
