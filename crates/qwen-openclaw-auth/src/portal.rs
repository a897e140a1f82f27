//! The Qwen portal: device-code login, refresh, and the Qwen Code CLI's credentials.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use qwen_openclaw_http::{BaseUrl, Client, UrlText};

use crate::{Environment, error::Error, variables::QWEN_OAUTH_BASE_URL};

mod answer;
mod cli_file;
mod cli_lock;
mod device;
mod fingerprint;
mod flight;
mod import;
mod login;
mod login_location;
mod note;
mod pending;
mod poll;
mod refresh;
mod resource;
mod server;
mod status;
mod token;

use self::server::LoginServer;
pub use self::{
    cli_file::QwenCliFile,
    device::DeviceLogin,
    import::{Import, Imported, OpenClawImport, OpenClawStore, import_openclaw, import_qwen_cli},
    login::PortalCredential,
    pending::wait_for_pending_refreshes,
    server::{CLIENT_ID, PUBLIC_SERVER, SCOPE},
    status::{LoginState, LoginStatus, login_status},
};

/// A notice to show to the user before a login starts.
pub const CLOSURE_NOTICE: &str = "Qwen discontinued the free tier of Qwen OAuth on 2026-04-15: \
    logins at the public server may fail, and tokens may be refused. For a key that works, use \
    Model Studio or a Coding Plan. This login is for accounts whose tokens still work, and for other servers that implement the same protocol.";

/// A client for a login server. Cheap to clone; clones share connections.
///
/// The free tier behind the public server was discontinued on 2026-04-15; see [`CLOSURE_NOTICE`].
/// The protocol is the device grant of RFC 8628 with PKCE (RFC 7636), as implemented by published
/// clients of the portal.
///
/// ```no_run
/// use qwen_openclaw_auth::{FileStore, CredentialStore, Profile, ProfileId, portal::Portal};
/// use qwen_openclaw_catalog::Provider;
///
/// # async fn run(store: FileStore) -> Result<(), qwen_openclaw_auth::Error> {
/// let device = Portal::builder().build()?.start_login().await?;
/// println!("Open {} to approve access.", device.url());
/// if let Some(code) = device.user_code() {
///     println!("If prompted, enter the code {code}.");
/// }
/// let login = device.wait().await?;
/// let id = ProfileId::default_of(&Provider::QWEN_OAUTH);
/// store.put(&id, &Profile::Login(login)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Portal {
    settings: Arc<Settings>,
}

/// The timeout of a request, from connecting to the end of the response. It is well below the age
/// at which the Qwen Code CLI treats a lock as orphaned.
const TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug)]
struct Settings {
    http: Client,
    server: LoginServer,
    options: PortalBuilder,
}

impl Portal {
    /// Starts building a portal.
    pub fn builder() -> PortalBuilder {
        PortalBuilder::default()
    }

    /// Starts a device-code login, which the user must then approve in a browser.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable),
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked),
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) or
    /// [`ErrorKind::LoginRefused`](crate::ErrorKind::LoginRefused), depending on the server's
    /// response; [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when it names a
    /// login page that is not https.
    pub async fn start_login(&self) -> Result<DeviceLogin, Error> {
        DeviceLogin::start(self.clone()).await
    }

    fn options(&self) -> &PortalBuilder {
        &self.settings.options
    }

    fn now(&self) -> SystemTime {
        (self.options().clock.0)()
    }
}

/// Builds a [`Portal`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PortalBuilder {
    http: Option<Client>,
    server: Option<UrlText>,
    client_id: String,
    scope: String,
    base_url: Option<BaseUrl>,
    allowed_hosts: Vec<String>,
    /// How long before its expiry a token is renewed, though never before half of its lifetime has
    /// passed.
    ahead: Duration,
    /// How long to wait after a failed refresh before the next attempt.
    failure_pause: Duration,
    /// If a token that replaced a rejected one is itself rejected within this time, no further
    /// refresh is attempted.
    second_refusal: Duration,
    clock: Clock,
}

impl Default for PortalBuilder {
    fn default() -> Self {
        Self {
            http: None,
            server: None,
            client_id: CLIENT_ID.to_owned(),
            scope: SCOPE.to_owned(),
            base_url: None,
            allowed_hosts: Vec::new(),
            ahead: Duration::from_secs(90),
            failure_pause: Duration::from_secs(10),
            second_refusal: Duration::from_secs(60),
            clock: Clock(Arc::new(SystemTime::now)),
        }
    }
}

impl PortalBuilder {
    /// Sets the HTTP client. Default: a new one.
    pub fn http(mut self, http: Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Sets the server for new logins. Default: [`PUBLIC_SERVER`].
    ///
    /// The URL must be https or loopback.
    ///
    /// A login remembers its server and is renewed there.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Some(UrlText::from(url));
        self
    }

    /// Takes the server from `QWEN_OAUTH_BASE_URL`, if set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnicode`](crate::ErrorKind::NotUnicode) when the value is not UTF-8.
    pub fn environment(mut self, environment: &Environment) -> Result<Self, Error> {
        if let Some(url) = environment.value(QWEN_OAUTH_BASE_URL)? {
            self.server = Some(UrlText::from(url));
        }
        Ok(self)
    }

    /// Sets the client id. Default: [`CLIENT_ID`], the public one of the Qwen Code CLI.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// Sets the scopes, separated by spaces. Default: [`SCOPE`].
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sets the base URL for requests, overriding the login server's. Default: none.
    ///
    /// Without it, tokens go where the login server says, if that is an allowed host.
    pub fn base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// Adds a host to which the login server may direct tokens. Default: none.
    ///
    /// Always allowed are `*.qwen.ai`, `dashscope*.aliyuncs.com`, and the login server's own host.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into().to_ascii_lowercase());
        self
    }

    #[cfg(test)]
    fn refresh_ahead(mut self, ahead: Duration) -> Self {
        self.ahead = ahead;
        self
    }

    #[cfg(test)]
    fn failure_pause(mut self, pause: Duration) -> Self {
        self.failure_pause = pause;
        self
    }

    #[cfg(test)]
    fn second_refusal(mut self, within: Duration) -> Self {
        self.second_refusal = within;
        self
    }

    #[cfg(test)]
    fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock(Arc::new(clock));
        self
    }

    /// Builds the portal. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the server's URL is
    /// neither https nor loopback, [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when
    /// no HTTP client can be created.
    pub fn build(self) -> Result<Portal, Error> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => Client::builder().build().map_err(Error::unavailable)?,
        };
        let server = LoginServer::parse(self.server.as_ref().map(UrlText::as_str))?;
        let options = self;
        Ok(Portal {
            settings: Arc::new(Settings {
                http,
                server,
                options,
            }),
        })
    }
}

/// The wall clock.
#[derive(Clone)]
struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests;
