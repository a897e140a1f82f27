//! The running emulator.

use std::{io, sync::Arc};

use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    builder::EmulatorBuilder,
    capture::CapturedRequest,
    endpoint::{BaseUrl, Endpoint, Plan, Region},
    fault::FaultRule,
    key,
    limits::{Gate, Quota},
    oauth::OAuth,
    script::Script,
    server,
    state::{Connections, State},
    video::Video,
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

    pub(crate) fn spawn(listener: TcpListener, state: State) -> Self {
        let state = Arc::new(state);
        let server = tokio::spawn(server::serve(listener, Arc::clone(&state)));
        Self { state, server }
    }

    /// Returns the origin, such as `http://127.0.0.1:4711`.
    ///
    /// It has the loopback address if the emulator listens on every address.
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

    /// Returns the base URL of the Standard plan in Anthropic's protocol, as its SDK expects it: without
    /// `/v1`.
    #[must_use]
    pub fn anthropic_url(&self, region: Region) -> String {
        self.url(Endpoint::anthropic(Plan::Standard, region))
    }

    /// Returns every base URL with its name.
    ///
    /// The plans have Anthropic's protocol too, at `/coding/apps/anthropic` and
    /// `/token-plan/apps/anthropic`; these are not listed.
    #[must_use]
    pub fn base_urls(&self) -> Vec<BaseUrl> {
        Endpoint::listed()
            .map(|endpoint| BaseUrl::new(endpoint, self.origin()))
            .collect()
    }

    /// Creates a key accepted only by the endpoints of `plan` and `region`.
    #[must_use]
    pub fn key_for(plan: Plan, region: Region) -> String {
        key::key_for(plan, region)
    }

    /// Returns the token of the remote control below `/emulator/`.
    ///
    /// It is sent as `Authorization: Bearer TOKEN` or `x-emulator-token: TOKEN`.
    #[must_use]
    pub fn control_token(&self) -> &str {
        self.state.control_token.as_str()
    }

    /// Puts everything back to how it was at the start: requests, scripts, faults, quotas, gates,
    /// video tasks and uploads, logins, settings, and the emulated time.
    pub fn reset(&self) {
        self.state.reset();
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
        self.state.faults.set(Vec::new());
    }

    /// Adds a quota for keys.
    pub fn quota(&self, quota: Quota) {
        self.state.limits.add_quota(quota);
    }

    /// Removes every quota.
    pub fn clear_quotas(&self) {
        self.state.limits.set_quotas(Vec::new());
    }

    /// Adds a gate for plans or models.
    pub fn gate(&self, gate: Gate) {
        self.state.limits.add_gate(gate);
    }

    /// Removes every gate.
    pub fn clear_gates(&self) {
        self.state.limits.set_gates(Vec::new());
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
