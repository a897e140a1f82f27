//! State shared by all connections of an emulator.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::{
    capture::Captures,
    chat::{EncryptedDelivery, EncryptedReasoning, PromptCache},
    fault::Faults,
    id::Ids,
    models::Models,
    oauth,
    script::Scripts,
    video::Studio,
};

/// The emulator's settings.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) keys: Vec<String>,
    pub(crate) chunk_delay: Duration,
    pub(crate) first_chunk_delay: Duration,
    pub(crate) max_body: usize,
    pub(crate) encrypted_delivery: EncryptedDelivery,
}

/// State shared by the connections of an emulator.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) origin: String,
    pub(crate) config: Config,
    pub(crate) models: Models,
    pub(crate) captures: Captures,
    pub(crate) scripts: Scripts,
    pub(crate) faults: Faults,
    pub(crate) oauth: oauth::Setup,
    pub(crate) ids: Ids,
    pub(crate) cache: PromptCache,
    pub(crate) reasoning: EncryptedReasoning,
    pub(crate) video: Studio,
    pub(crate) counts: watch::Sender<Connections>,
    pub(crate) started: Instant,
}

/// An emulator's connection and reply counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Connections {
    /// Connections accepted since the start.
    pub accepted: usize,
    /// Connections open now.
    pub open: usize,
    /// Requests received since the start.
    pub requests: usize,
    /// Replies whose client disconnected before the end.
    pub abandoned: usize,
}

impl State {
    pub(crate) fn count(&self, change: impl FnOnce(&mut Connections)) {
        self.counts.send_modify(change);
    }
}

/// Counts a connection as open for as long as it lives.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<State>);

impl OpenConnection {
    pub(crate) fn new(state: Arc<State>) -> Self {
        state.count(|counts| {
            counts.accepted += 1;
            counts.open += 1;
        });
        Self(state)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.count(|counts| counts.open -= 1);
    }
}

/// Counts a reply as abandoned unless it is finished.
#[derive(Debug)]
pub(crate) struct OpenReply(Option<Arc<State>>);

impl OpenReply {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self(Some(state))
    }

    pub(crate) fn finish(&mut self) {
        self.0 = None;
    }
}

impl Drop for OpenReply {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            state.count(|counts| counts.abandoned += 1);
        }
    }
}
