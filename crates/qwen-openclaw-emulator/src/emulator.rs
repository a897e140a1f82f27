//! The running emulator and its builder.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::Instant};

use crate::{
    capture::{CapturedRequest, Captures},
    chat::{EncryptedDelivery, EncryptedReasoning, PromptCache},
    endpoint::{BaseUrl, Endpoint, Plan, Region},
    fault::{FaultRule, Faults},
    id::Ids,
    key,
    models::Models,
    oauth::{self, OAuth, OAuthScenario},
    script::{Script, Scripts},
    server,
    state::{Config, Connections, State},
    video::{Studio, Video, VideoLimits, VideoSettings},
};

/// An emulator of Model Studio on loopback. Dropping it stops the server and closes every
/// connection.
#[derive(Debug)]
pub struct Emulator {
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator with default settings on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When it cannot listen on a port.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts building an emulator.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// Returns the origin, such as `http://127.0.0.1:4711`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.state.origin
    }

    /// Returns the base URL of the Standard plan in the global region.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.base_url_for(Plan::Standard, Region::Global)
    }

    /// Returns the OpenAI-compatible base URL of a plan in a region.
    #[must_use]
    pub fn base_url_for(&self, plan: Plan, region: Region) -> String {
        self.url(Endpoint::open_ai(plan, region))
    }

    /// Returns the base URL of DashScope's own API (AIGC) in a region.
    #[must_use]
    pub fn native_url(&self, region: Region) -> String {
        self.url(Endpoint::native(region))
    }

    /// Returns every base URL with its name.
    #[must_use]
    pub fn base_urls(&self) -> Vec<BaseUrl> {
        Endpoint::all()
            .map(|endpoint| BaseUrl::new(endpoint, self.origin()))
            .collect()
    }

    /// Creates a key accepted only by the endpoints of `plan` and `region`.
    #[must_use]
    pub fn key_for(plan: Plan, region: Region) -> String {
        key::key_for(plan, region)
    }

    /// Returns the recorded requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<CapturedRequest> {
        self.state.captures.all()
    }

    /// Removes and returns the recorded requests, oldest first.
    #[must_use]
    pub fn take_requests(&self) -> Vec<CapturedRequest> {
        self.state.captures.take()
    }

    /// Returns the connection and request counts.
    #[must_use]
    pub fn connections(&self) -> Connections {
        *self.state.counts.borrow()
    }

    /// Waits until `wanted` accepts the counts, and returns them.
    ///
    /// ```
    /// # async fn example(emulator: qwen_openclaw_emulator::Emulator) {
    /// emulator.connections_until(|counts| counts.open == 0).await;
    /// # }
    /// ```
    pub async fn connections_until(&self, wanted: impl FnMut(&Connections) -> bool) -> Connections {
        let mut counts = self.state.counts.subscribe();
        // The sender lives in `self`, so this cannot fail.
        counts
            .wait_for(wanted)
            .await
            .map_or_else(|_| self.connections(), |counts| *counts)
    }

    /// Adds a script, which is used once the earlier ones are exhausted.
    pub fn script(&self, script: impl Into<Script>) {
        self.state.scripts.push(script.into());
    }

    /// Adds a fault rule.
    pub fn fault(&self, rule: impl Into<FaultRule>) {
        self.state.faults.push(rule.into());
    }

    /// Removes every fault rule.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Returns a handle to the video API: its tasks, emulated time, and observed rates.
    #[must_use]
    pub fn video(&self) -> Video<'_> {
        Video::new(&self.state)
    }

    /// Returns a handle to the portal's login server.
    #[must_use]
    pub fn oauth(&self) -> OAuth<'_> {
        OAuth::new(&self.state)
    }

    /// Stops the server, and waits until every connection is closed.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The only possible error is the cancellation just requested.
        let _ = (&mut self.server).await;
    }

    fn url(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.origin(), endpoint.path())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Builds an emulator. Created by [`Emulator::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct EmulatorBuilder {
    port: u16,
    seed: u64,
    captures: usize,
    models: Models,
    scripts: Vec<Script>,
    faults: Vec<FaultRule>,
    video: VideoSettings,
    auto_approve: bool,
    scenarios: Vec<(OAuthScenario, Option<u32>)>,
    config: Config,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 0,
            captures: 10_000,
            models: Models::default(),
            scripts: Vec::new(),
            faults: Vec::new(),
            video: VideoSettings::default(),
            auto_approve: false,
            scenarios: Vec::new(),
            config: Config {
                keys: Vec::new(),
                chunk_delay: Duration::ZERO,
                first_chunk_delay: Duration::ZERO,
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
        self.config.chunk_delay = delay;
        self
    }

    /// Sets the pause before the first event of a stream. Default: none.
    pub fn first_chunk_delay(mut self, delay: Duration) -> Self {
        self.config.first_chunk_delay = delay;
        self
    }

    /// Sets when `encrypted_content` comes in a stream. Default:
    /// [`EncryptedDelivery::AfterReasoning`].
    pub fn encrypted_content(mut self, delivery: EncryptedDelivery) -> Self {
        self.config.encrypted_delivery = delivery;
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
    /// When it cannot listen on the port.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let state = Arc::new(State {
            origin: format!("http://{}", listener.local_addr()?),
            config: self.config,
            models: self.models,
            captures: Captures::new(self.captures),
            scripts: Scripts::new(self.scripts),
            faults: Faults::new(self.faults),
            oauth: oauth::Setup::new(self.auto_approve, self.scenarios),
            ids: Ids::new(self.seed),
            cache: PromptCache::default(),
            reasoning: EncryptedReasoning::new(self.seed),
            video: Studio::new(self.video, self.seed),
            counts: watch::Sender::default(),
            started: Instant::now(),
        });
        let server = tokio::spawn(server::serve(listener, Arc::clone(&state)));
        Ok(Emulator { state, server })
    }
}
