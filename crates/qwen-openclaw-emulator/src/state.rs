//! State shared by all connections of an emulator.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use crate::{
    batches::Batches,
    builder::EmulatorBuilder,
    capture::{CapturedRequest, Captures},
    chat::{EncryptedDelivery, EncryptedReasoning, PromptCache, ToolCalls},
    control::ControlToken,
    fault::Faults,
    files::Files,
    id::Ids,
    limits::Limits,
    lock::lock,
    models::Models,
    oauth,
    responses::{Conversations, Responses},
    screen::Access,
    script::Scripts,
    served::{Observer, ServedRequest, TokenCounts},
    speech::Voices,
    video::Studio,
};

/// The emulator's settings that never change.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) keys: Vec<String>,
    pub(crate) access: Access,
    pub(crate) observer: Option<Observer>,
    pub(crate) max_body: usize,
    pub(crate) encrypted_delivery: EncryptedDelivery,
}

/// The emulator's settings that can be changed while it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) chunk_delay: Duration,
    pub(crate) first_chunk_delay: Duration,
    /// No limit if 0.
    pub(crate) tokens_per_second: u32,
    pub(crate) tool_calls: ToolCalls,
}

impl Settings {
    /// The pauses before the events of a stream, given the tokens of each. It never ends.
    pub(crate) fn delays(&self, tokens: &[usize]) -> impl Iterator<Item = Duration> {
        let chunks = [self.first_chunk_delay]
            .into_iter()
            .chain(std::iter::repeat(self.chunk_delay));
        let tokens = tokens.iter().copied().chain(std::iter::repeat(0));
        chunks
            .zip(tokens)
            .map(|(pause, tokens)| pause.saturating_add(self.generation(tokens)))
    }

    /// How long some tokens take.
    pub(crate) fn generation(&self, tokens: usize) -> Duration {
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        let token = Duration::from_secs(1).checked_div(self.tokens_per_second);
        token.unwrap_or_default().saturating_mul(tokens)
    }
}

/// State shared by the connections of an emulator.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) origin: String,
    pub(crate) config: Config,
    pub(crate) settings: Mutex<Settings>,
    /// What the emulator was started with.
    pub(crate) start: EmulatorBuilder,
    pub(crate) control_token: ControlToken,
    pub(crate) models: Models,
    pub(crate) captures: Captures,
    pub(crate) scripts: Scripts,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) oauth: oauth::Setup,
    pub(crate) ids: Ids,
    pub(crate) cache: PromptCache,
    pub(crate) reasoning: EncryptedReasoning,
    pub(crate) responses: Responses,
    pub(crate) conversations: Conversations,
    pub(crate) video: Studio,
    pub(crate) files: Files,
    pub(crate) voices: Voices,
    pub(crate) batches: Batches,
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
    /// The present on the emulated clock, for what expires.
    pub(crate) fn now(&self) -> Instant {
        Instant::now() + self.video.advanced()
    }

    pub(crate) fn settings(&self) -> Settings {
        *lock(&self.settings)
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        *lock(&self.settings) = settings;
    }

    /// Puts everything back to how it was at the start.
    pub(crate) fn reset(&self) {
        // All fields are named, so that none is forgotten.
        let Self {
            // What never changes.
            origin: _,
            config: _,
            control_token: _,
            models: _,
            started: _,
            start,
            settings,
            captures,
            scripts,
            faults,
            limits,
            oauth,
            ids,
            cache,
            reasoning,
            responses,
            conversations,
            video,
            files,
            voices,
            batches,
            counts,
        } = self;
        *lock(settings) = start.settings;
        captures.reset();
        scripts.set(start.scripts.clone());
        faults.set(start.faults.clone());
        limits.set_quotas(start.quotas.clone());
        limits.set_gates(start.gates.clone());
        oauth.reset(start.auto_approve, start.scenarios.clone());
        ids.reset();
        cache.clear();
        reasoning.clear();
        responses.clear();
        conversations.clear();
        video.reset(start.video);
        files.clear();
        voices.clear();
        batches.clear();
        counts.send_modify(|counts| {
            *counts = Connections {
                accepted: counts.open,
                open: counts.open,
                ..Connections::default()
            };
        });
    }

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

/// A reply on its way: counts as abandoned unless it is finished, and tells the observer either way.
#[derive(Debug)]
pub(crate) struct OpenReply {
    state: Arc<State>,
    /// When the request had arrived.
    since: Duration,
    served: Option<Box<ServedRequest>>,
    finished: bool,
}

impl OpenReply {
    /// Opens the reply to `request`.
    pub(crate) fn new(state: &Arc<State>, request: &CapturedRequest) -> Self {
        let served = state.config.observer.as_ref().map(|_| {
            Box::new(ServedRequest {
                method: request.method.clone(),
                path: request.path.clone(),
                model: request.json()["model"].as_str().map(str::to_owned),
                status: None,
                tokens: None,
                elapsed: Duration::ZERO,
                complete: false,
            })
        });
        Self {
            state: Arc::clone(state),
            since: request.at,
            served,
            finished: false,
        }
    }

    /// Notes what is sent.
    pub(crate) fn sending(&mut self, status: Option<u16>, tokens: Option<TokenCounts>) {
        if let Some(served) = &mut self.served {
            served.status = status;
            served.tokens = tokens;
        }
    }

    /// Notes the model of a socket, which its handshake does not tell.
    pub(crate) fn model(&mut self, model: &str) {
        if let Some(served) = &mut self.served {
            served.model = Some(model.to_owned());
        }
    }

    /// Notes what a socket spent so far.
    pub(crate) fn spent(&mut self, tokens: Option<TokenCounts>) {
        if let (Some(served), Some(more)) = (&mut self.served, tokens) {
            let so_far = served.tokens.get_or_insert(TokenCounts {
                prompt: 0,
                completion: 0,
            });
            so_far.prompt += more.prompt;
            so_far.completion += more.completion;
        }
    }

    /// Opens a reply that counts for nothing and that no one is told of.
    pub(crate) fn unnoticed(state: &Arc<State>) -> Self {
        Self {
            state: Arc::clone(state),
            since: Duration::ZERO,
            served: None,
            finished: true,
        }
    }

    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for OpenReply {
    fn drop(&mut self) {
        if !self.finished {
            self.state.count(|counts| counts.abandoned += 1);
        }
        if let (Some(served), Some(observer)) = (&mut self.served, &self.state.config.observer) {
            served.elapsed = self.state.started.elapsed().saturating_sub(self.since);
            served.complete = self.finished;
            observer.tell(served);
        }
    }
}
