//! The Qwen portal: login by device code, refresh, and the Qwen Code CLI's credentials.

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
mod pending;
mod poll;
mod refresh;
mod resource;
mod server;
mod token;

use self::server::LoginServer;
pub use self::{
    cli_file::QwenCliFile,
    device::DeviceLogin,
    import::{Import, Imported, import_openclaw, import_qwen_cli},
    login::PortalCredential,
    pending::wait_for_pending_refreshes,
    server::{CLIENT_ID, PUBLIC_SERVER, SCOPE},
};

/// What a user should read before a login starts.
pub const CLOSURE_NOTICE: &str = "Qwen discontinued the free tier of Qwen OAuth on 2026-04-15: \
    logins at the public server may fail, and tokens may be refused. For a key that works, use \
    Model Studio or a Coding Plan. This login is for accounts whose tokens still work, and for \
    other servers that speak the same protocol.";

/// A login server and how it is spoken to. Cheap to clone; clones share connections.
///
/// The free tier behind the public server was discontinued on 2026-04-15; see
/// [`CLOSURE_NOTICE`]. The protocol is the device grant of RFC 8628 with PKCE (RFC 7636), as
/// published clients of the portal speak it.
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

/// How long a request may take, connection and answer together. It is well below the time after
/// which the Qwen Code CLI takes a lock for orphaned.
const TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug)]
struct Settings {
    http: Client,
    server: LoginServer,
    options: PortalBuilder,
}

impl Portal {
    /// Starts to set up a portal.
    pub fn builder() -> PortalBuilder {
        PortalBuilder::default()
    }

    /// Asks for a login: the answer says where the user has to go.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable),
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked),
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) or
    /// [`ErrorKind::LoginRefused`](crate::ErrorKind::LoginRefused), as the server answers;
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when it sends the user to a page that
    /// is not https.
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

/// Sets up a [`Portal`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PortalBuilder {
    http: Option<Client>,
    server: Option<UrlText>,
    client_id: String,
    scope: String,
    base_url: Option<BaseUrl>,
    allowed_hosts: Vec<String>,
    poll_interval: Duration,
    ahead: Duration,
    failure_pause: Duration,
    second_refusal: Duration,
    stale_lock: Duration,
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
            poll_interval: Duration::from_secs(5),
            ahead: Duration::from_secs(90),
            failure_pause: Duration::from_secs(10),
            second_refusal: Duration::from_secs(60),
            stale_lock: Duration::from_secs(35),
            clock: Clock(Arc::new(SystemTime::now)),
        }
    }
}

impl PortalBuilder {
    /// Sends through `http`. Default: a client of its own.
    pub fn http(mut self, http: Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Sets the server that logins are started at, by its origin: https, or loopback. Default:
    /// [`PUBLIC_SERVER`].
    ///
    /// A login remembers its server, and is renewed there.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Some(UrlText::from(url));
        self
    }

    /// Takes the server from `QWEN_OAUTH_BASE_URL`, where that is set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnicode`](crate::ErrorKind::NotUnicode) when it is no text.
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

    /// Sets the scopes, separated by blanks. Default: [`SCOPE`].
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sends tokens to this address, whatever the login server says. Default: where it says, if
    /// that is one of the portal's hosts.
    pub fn base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// Lets the login server send tokens to this host too. Default: `*.qwen.ai`,
    /// `dashscope*.aliyuncs.com` and the login server's own host.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Sets how often a login asks whether it was approved, where the server does not say.
    /// Default: 5 seconds (RFC 8628, section 3.2).
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Sets how long before its end a token is renewed, though never before half its life.
    /// Default: 90 seconds; for the Qwen Code CLI's file always that program's 30.
    pub fn refresh_ahead(mut self, ahead: Duration) -> Self {
        self.ahead = ahead;
        self
    }

    /// Sets how long a refresh that failed is not tried again. Default: 10 seconds.
    pub fn failure_pause(mut self, pause: Duration) -> Self {
        self.failure_pause = pause;
        self
    }

    /// Sets the time in which a token that replaced a refused one must not be refused itself: the
    /// second refusal is final. Default: a minute.
    pub fn second_refusal(mut self, within: Duration) -> Self {
        self.second_refusal = within;
        self
    }

    /// Sets the age at which a lock in the Qwen Code CLI's folder counts as orphaned. Default:
    /// 35 seconds, as that program has it.
    pub fn stale_lock(mut self, age: Duration) -> Self {
        self.stale_lock = age;
        self
    }

    #[cfg(test)]
    fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock(Arc::new(clock));
        self
    }

    /// Finishes. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the server's URL is neither https nor
    /// loopback, [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when no HTTP client can
    /// be set up.
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
