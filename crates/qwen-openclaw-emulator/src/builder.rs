//! The settings of an emulator.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Mutex,
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, time::Instant};

use crate::{
    batches::Batches,
    capture::Captures,
    chat::{EncryptedDelivery, EncryptedReasoning, PromptCache, ToolCalls},
    control::ControlToken,
    emulator::Emulator,
    fault::{FaultRule, Faults},
    files::Files,
    id::Ids,
    limits::{Gate, Limits, Quota},
    models::Models,
    oauth::{self, OAuthScenario},
    responses::{Conversations, Responses},
    screen::Access,
    script::{Script, Scripts},
    served::{Observer, ServedRequest},
    speech::Voices,
    state::{Config, Settings, State},
    video::{Studio, VideoLimits, VideoSettings},
};

/// Builds an emulator. Created by [`Emulator::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct EmulatorBuilder {
    host: IpAddr,
    port: u16,
    seed: u64,
    captures: usize,
    models: Models,
    control_token: Option<ControlToken>,
    pub(crate) scripts: Vec<Script>,
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) quotas: Vec<Quota>,
    pub(crate) gates: Vec<Gate>,
    pub(crate) video: VideoSettings,
    pub(crate) auto_approve: bool,
    pub(crate) scenarios: Vec<(OAuthScenario, Option<u32>)>,
    pub(crate) settings: Settings,
    config: Config,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            seed: 0,
            captures: 10_000,
            models: Models::default(),
            control_token: None,
            scripts: Vec::new(),
            faults: Vec::new(),
            quotas: Vec::new(),
            gates: Vec::new(),
            video: VideoSettings::default(),
            auto_approve: false,
            scenarios: Vec::new(),
            settings: Settings::default(),
            config: Config {
                keys: Vec::new(),
                access: Access::default(),
                observer: None,
                max_body: 64 << 20,
                encrypted_delivery: EncryptedDelivery::default(),
            },
        }
    }
}

impl EmulatorBuilder {
    /// Sets the port. Default: 0, any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the address to listen on. Default: 127.0.0.1.
    ///
    /// An address other than loopback gives every machine that reaches it access. The emulator then
    /// also answers to any IP address, to names without a dot, and to names below `.internal` and
    /// `.local`, none of which a foreign web page can have.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self.config.access.network = !host.is_loopback();
        self
    }

    /// Lets web pages of any origin use the API: preflight requests are answered, and responses
    /// have CORS headers. Default: they are rejected.
    ///
    /// The login server and the remote control stay closed to them, and scripted replies are sent as
    /// they are.
    pub fn cors(mut self) -> Self {
        self.config.access.cors = true;
        self
    }

    /// Calls `observer` after each request, such as to log it. Default: no one is told.
    ///
    /// It is called on the emulator's task, when the response is complete or the client has
    /// disconnected.
    pub fn on_request(mut self, observer: impl Fn(&ServedRequest) + Send + Sync + 'static) -> Self {
        self.config.observer = Some(Observer::new(observer));
        self
    }

    /// Adds a model to every plan, in addition to the service's own.
    ///
    /// It is served as a text model with optional reasoning.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.models.add(id.into());
        self
    }

    /// Accepts only this key, and those of further calls. Default: every well-formed key.
    pub fn require_key(mut self, key: impl Into<String>) -> Self {
        self.config.keys.push(key.into());
        self
    }

    /// Sets the pause between the events of a stream. Default: none.
    pub fn chunk_delay(mut self, delay: Duration) -> Self {
        self.settings.chunk_delay = delay;
        self
    }

    /// Sets the pause before the first event of a stream. Default: none.
    pub fn first_chunk_delay(mut self, delay: Duration) -> Self {
        self.settings.first_chunk_delay = delay;
        self
    }

    /// Sets how many tokens are generated per second. Default: 0, no limit.
    ///
    /// The events of a stream come at this pace, in addition to the other delays; a whole response
    /// comes once all its tokens are generated.
    pub fn tokens_per_second(mut self, tokens: u32) -> Self {
        self.settings.tokens_per_second = tokens;
        self
    }

    /// Sets when `encrypted_content` comes in a stream. Default:
    /// [`EncryptedDelivery::AfterReasoning`].
    pub fn encrypted_content(mut self, delivery: EncryptedDelivery) -> Self {
        self.config.encrypted_delivery = delivery;
        self
    }

    /// Sets when tools are called. Default: [`ToolCalls::Named`].
    pub fn tool_calls(mut self, tool_calls: ToolCalls) -> Self {
        self.settings.tool_calls = tool_calls;
        self
    }

    /// Sets the token of the remote control. Default: a random one,
    /// [`Emulator::control_token`].
    pub fn control_token(mut self, token: ControlToken) -> Self {
        self.control_token = Some(token);
        self
    }

    /// Sets the seed for request ids. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the maximum size of a request body. Default: 64 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.config.max_body = bytes;
        self
    }

    /// Sets the maximum number of requests recorded for [`Emulator::requests`]. Default: 10,000.
    pub fn capture_limit(mut self, requests: usize) -> Self {
        self.captures = requests;
        self
    }

    /// Adds a script. Default: none.
    pub fn script(mut self, script: impl Into<Script>) -> Self {
        self.scripts.push(script.into());
        self
    }

    /// Adds a fault rule. Default: none.
    pub fn fault(mut self, rule: impl Into<FaultRule>) -> Self {
        self.faults.push(rule.into());
        self
    }

    /// Adds a quota for keys. Default: none.
    pub fn quota(mut self, quota: Quota) -> Self {
        self.quotas.push(quota);
        self
    }

    /// Adds a gate for plans or models. Default: none.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gates.push(gate);
        self
    }

    /// Sets the minimum queue time and the run time of video tasks. Default: 200 ms and 800 ms.
    ///
    /// Both are in emulated time.
    pub fn video_times(mut self, queued: Duration, running: Duration) -> Self {
        self.video.queued = queued;
        self.video.running = running;
        self
    }

    /// Sets the limits on video tasks. Default: [`VideoLimits::service`].
    pub fn video_limits(mut self, limits: VideoLimits) -> Self {
        self.video.limits = limits;
        self
    }

    /// Approves every login at the login server immediately. Default: logins are approved on its
    /// page.
    pub fn auto_approve(mut self) -> Self {
        self.auto_approve = true;
        self
    }

    /// Enables a scenario of the login server. Default: none.
    pub fn oauth_scenario(mut self, scenario: OAuthScenario) -> Self {
        self.scenarios.push((scenario, None));
        self
    }

    /// Starts the emulator.
    ///
    /// # Errors
    ///
    /// When it cannot listen on the address, or the operating system has no random token.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind((self.host, self.port)).await?;
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let control_token = match &self.control_token {
            Some(token) => token.clone(),
            None => ControlToken::random()?,
        };
        let state = State {
            origin: format!("http://{address}"),
            config: self.config.clone(),
            settings: Mutex::new(self.settings),
            control_token,
            models: self.models.clone(),
            captures: Captures::new(self.captures),
            scripts: Scripts::new(self.scripts.clone()),
            faults: Faults::new(self.faults.clone()),
            limits: Limits::new(self.quotas.clone(), self.gates.clone()),
            oauth: oauth::Setup::new(self.auto_approve, self.scenarios.clone()),
            ids: Ids::new(self.seed),
            cache: PromptCache::default(),
            reasoning: EncryptedReasoning::new(self.seed),
            responses: Responses::default(),
            conversations: Conversations::default(),
            video: Studio::new(self.video, self.seed),
            files: Files::default(),
            voices: Voices::default(),
            batches: Batches::default(),
            counts: watch::Sender::default(),
            started: Instant::now(),
            start: self,
        };
        Ok(Emulator::spawn(listener, state))
    }
}
